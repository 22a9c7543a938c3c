// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/verdict.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/scenario/figures.h"

namespace rolecall::scenario {
namespace {

struct End {
  const char* role;
  const PeerOutcome& peer;
};

std::string names_of(const RunFacts& facts, const std::vector<std::uint16_t>& ports) {
  std::vector<std::string> names;
  for (const std::uint16_t port : ports) names.push_back(connection_name(facts, port));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<Verdict> judge_crash(const End& end) {
  const PeerOutcome& peer = end.peer;
  if (peer.has_sanitizer_report) {
    return Verdict{VerdictKind::Crashed, fmt::format("the {} ({}) was stopped by a sanitizer: {}",
                                                     end.role, peer.label, peer.complaint)};
  }
  if (peer.ended && peer.ended->by_signal) {
    return Verdict{VerdictKind::Crashed,
                   fmt::format("the {} ({}) died: {}", end.role, peer.label, peer.ended->text())};
  }
  return std::nullopt;
}

std::string figures_of(const RunFacts& facts, std::uint16_t port) {
  const ConnectionSample* c = facts.certified ? find_stream(*facts.certified, port) : nullptr;
  if (c == nullptr) return connection_name(facts, port);
  return fmt::format("{}: client sent {} bytes, server sent {}, nobody read any",
                     connection_name(facts, port), payload_sent_by_client(*c, facts.header_bytes),
                     payload_sent_by_server(*c));
}

Verdict judge_certificate(const RunFacts& facts) {
  const Certificate& found = *facts.certificate;
  std::vector<std::string> senders;
  for (const std::uint16_t port : found.both_send) senders.push_back(figures_of(facts, port));
  std::string reason = fmt::format("sender/sender on {}; receiver/receiver on {}",
                                   fmt::join(senders, "; "), names_of(facts, found.both_receive));
  if (facts.is_wedged) reason += "; windows are closed at both ends";
  if (found.is_on_every_connection()) return {VerdictKind::Deadlock, std::move(reason)};
  return {VerdictKind::PartialDeadlock,
          reason + fmt::format("; data flows on {}", names_of(facts, found.flowing))};
}

// An end that says itself that the test failed: with a status, or (3.10 to 3.13 exit 0 after a
// failure reported as JSON) with a member "error".
std::string refusal_of(const End& end) {
  const PeerOutcome& peer = end.peer;
  if (!peer.ended) return {};
  const std::string said = peer.report ? peer.report->error : std::string();
  if (said.empty() && peer.ended->is_success()) return {};
  return fmt::format("the {} ({}) ended with {}: {}", end.role, peer.label, peer.ended->text(),
                     !said.empty()             ? said
                     : !peer.complaint.empty() ? peer.complaint
                                               : "it gave no reason");
}

std::optional<Verdict> judge_refusal(const End& client, const End& server) {
  std::vector<std::string> lines;
  for (std::string line : {refusal_of(client), refusal_of(server)})
    if (!line.empty()) lines.push_back(std::move(line));
  if (lines.empty()) return std::nullopt;
  return Verdict{VerdictKind::Refused, fmt::format("{}", fmt::join(lines, "; "))};
}

std::string where_bytes_stand(const RunFacts& facts) {
  std::vector<std::string> lines;
  for (const ConnectionSample& c : facts.kernel.streams) {
    if (c.client.closed || c.server.closed) {
      lines.push_back(connection_name(facts, c.client_port) + " is closed");
      continue;
    }
    lines.push_back(fmt::format("{}: client sent {} and read {}, server sent {} and read {}",
                                connection_name(facts, c.client_port),
                                payload_sent_by_client(c, facts.header_bytes),
                                payload_consumed_by_client(c), payload_sent_by_server(c),
                                payload_consumed_by_server(c, facts.header_bytes)));
  }
  if (lines.empty()) return "no stream connection was seen";
  return fmt::format("{}", fmt::join(lines, "; "));
}

Verdict judge_stuck(const RunFacts& facts) {
  const auto state = [](const PeerOutcome& peer) {
    return peer.ended ? peer.ended->text() : std::string("still running");
  };
  return {VerdictKind::Stuck,
          fmt::format("not over at the limit, and no certificate: client {}, server {}; {}",
                      state(facts.client), state(facts.server), where_bytes_stand(facts))};
}

Verdict judge_absence(const RunFacts& facts) {
  const PeerOutcome& server = facts.server;
  if (!server.ended)
    return {VerdictKind::Stuck,
            fmt::format("the server ({}) did not listen within the limit", server.label)};
  return {VerdictKind::Stuck,
          fmt::format("the server ({}) ended before it listened, with {}: {}", server.label,
                      server.ended->text(),
                      server.complaint.empty() ? server.report_problem : server.complaint)};
}

Verdict judge_silence(const End& end) {
  return {VerdictKind::Stuck, fmt::format("the {} ({}) ended with exit status 0, but {}", end.role,
                                          end.peer.label, end.peer.report_problem)};
}

}  // namespace

int number_of(const RunFacts& facts, std::uint16_t client_port) {
  const auto at = std::find(facts.client_order.begin(), facts.client_order.end(), client_port);
  return at == facts.client_order.end() ? 0 : static_cast<int>(at - facts.client_order.begin()) + 1;
}

std::string connection_name(const RunFacts& facts, std::uint16_t client_port) {
  const int number = number_of(facts, client_port);
  return number > 0 ? fmt::format("connection {}", number)
                    : fmt::format("the connection from port {}", client_port);
}

std::optional<std::string> surplus_connections(const RunFacts& facts) {
  const auto opened = facts.client_order.size() -
                      static_cast<std::size_t>(std::ranges::count(facts.client_order, 0));
  const auto due = static_cast<std::size_t>(connection_count(facts.mode, facts.streams));
  if (opened <= due) return std::nullopt;
  return fmt::format("the client opened {} stream connections, the test has {}", opened, due);
}

bool is_decided(const RunFacts& facts) {
  return facts.certificate && (!facts.has_size_goal || facts.is_wedged);
}

Verdict judge(const RunFacts& facts) {
  const End client{"client", facts.client};
  const End server{"server", facts.server};
  if (auto crash = judge_crash(client)) return *crash;
  if (auto crash = judge_crash(server)) return *crash;
  if (!facts.lever_problems.empty()) {
    return {VerdictKind::Inconclusive, fmt::format("the lever could not do its work: {}",
                                                   fmt::join(facts.lever_problems, "; "))};
  }
  if (is_decided(facts)) return judge_certificate(facts);
  if (auto refusal = judge_refusal(client, server)) return *refusal;
  if (!facts.server_listened) return judge_absence(facts);
  if (!facts.client.ended || !facts.server.ended)
    return facts.certificate ? judge_certificate(facts) : judge_stuck(facts);
  if (!facts.client.report) return judge_silence(client);
  if (!facts.server.report) return judge_silence(server);
  return judge_figures(facts);
}

}  // namespace rolecall::scenario
