// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/explanation.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/report/sequence.h"

namespace rolecall::report {
namespace {

using scenario::ConnectionFacts;
using scenario::RunResult;

struct Observed {
  AcceptOrder order;
  std::vector<ConnectionFacts> connections;  // in client order
};

// The connections by number, and the order in which they were accepted. Nothing unless every
// number and place from 1 to n occurs.
std::optional<Observed> observe(const RunResult& run) {
  Observed seen;
  seen.connections = run.connections;
  auto& all = seen.connections;
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.accept_position < b.accept_position; });
  for (const ConnectionFacts& c : all) seen.order.push_back(c.number);
  if (all.empty() || !check_permutation(seen.order)) return std::nullopt;
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return seen;
}

const char* consequence(const Pairing& p) {
  if (!p.is_mispaired()) return "data flows";
  return p.client_sends ? "nobody reads" : "nobody sends";
}

const char* role(bool sends) {
  return sends ? "sender" : "receiver";
}

// What each end's program wrote, and what the other end's program read of it.
std::string bytes_table(const Observed& seen, const std::vector<Pairing>& pairings,
                        std::uint64_t header, const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const ConnectionFacts& c : seen.connections) {
    const Pairing& p = pairings[static_cast<std::size_t>(c.number) - 1];
    rows.push_back({{std::to_string(c.number)},
                    {std::to_string(c.client_port)},
                    {role(p.client_sends)},
                    {role(p.server_sends)},
                    {std::to_string(payload_sent_by_client(c.bytes, header))},
                    {std::to_string(payload_consumed_by_server(c.bytes, header))},
                    {std::to_string(payload_sent_by_server(c.bytes))},
                    {std::to_string(payload_consumed_by_client(c.bytes))},
                    {consequence(p), p.is_mispaired() ? Tone::Bad : Tone::Plain}});
  }
  const auto figure = [](const char* title) { return Column{title, Align::Right}; };
  return table({{"connection"},
                figure("port"),
                {"client"},
                {"server"},
                figure("client sent"),
                figure("server read"),
                figure("server sent"),
                figure("client read"),
                {"so that"}},
               rows, style);
}

std::string figures(const scenario::StreamReport& stream) {
  const auto bytes = [](const std::optional<std::uint64_t>& n) {
    return n ? std::to_string(*n) : std::string("unknown");
  };
  return fmt::format("port {}: {} bytes sent, {} received", stream.local_port,
                     bytes(stream.sender_bytes), bytes(stream.receiver_bytes));
}

}  // namespace

std::string explanation_text(const Explanation& e, const Style& style) {
  return fmt::format(
      "One deadlock, {} as client, {} as server. The server gives the roles by the order\n"
      "in which accept() returns the connections:\n\n{}\n{}.\n\n"
      "The same in a test of one second that is left to end by itself (-t 1):\n{}",
      e.deadlock.client_peer, e.deadlock.server_peer, explain_deadlock(e.deadlock, style),
      e.deadlock.verdict.reason,
      e.client ? client_says(e.left_alone, e.client.value()) : e.client.error().message() + "\n");
}

nlohmann::json explanation_json(const Explanation& e) {
  nlohmann::json alone{{"client_ended", e.left_alone.client_ended},
                       {"error", e.client ? e.client.value().error : e.client.error().message()},
                       {"streams", nlohmann::json::array()},
                       {"evidence", e.left_alone.evidence.string()},
                       {"replay", e.left_alone.replay}};
  const std::vector<scenario::StreamReport> none;
  for (const scenario::StreamReport& s : e.client ? e.client.value().streams : none) {
    nlohmann::json stream{
        {"client_port", s.local_port}, {"bytes_sent", nullptr}, {"bytes_received", nullptr}};
    if (s.sender_bytes) stream["bytes_sent"] = *s.sender_bytes;
    if (s.receiver_bytes) stream["bytes_received"] = *s.receiver_bytes;
    alone["streams"].push_back(std::move(stream));
  }
  return {{"text", explanation_text(e, Style{})}, {"left_alone", std::move(alone)}};
}

std::string explain_deadlock(const RunResult& run, const Style& style) {
  const auto seen = observe(run);
  if (!seen) return run.verdict.reason + "\n";
  const std::vector<Pairing> roles = pairings(seen->order, run.mode, run.streams);
  return sequence_diagram(seen->order, roles, style) + "\n" +
         bytes_table(*seen, roles, run.header_bytes, style);
}

std::string client_says(const RunResult& run, const scenario::PeerReport& client) {
  std::string text = fmt::format("{} as client: {}{}{}.\n", run.client_peer, run.client_ended,
                                 client.error.empty() ? ", no error" : ", error: ", client.error);
  for (const scenario::StreamReport& stream : client.streams) {
    text += fmt::format("  {}\n", figures(stream));
  }
  const bool nothing = std::all_of(client.streams.begin(), client.streams.end(),
                                   [](const auto& stream) { return stream.receiver_bytes == 0U; });
  if (nothing) text += "Nothing was received in either direction.\n";
  return text;
}

}  // namespace rolecall::report
