// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/figures.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rolecall::scenario {
namespace {

// One connection as both ends report it. The server's own figures end up here by port.
struct Stream {
  std::uint16_t port = 0;
  StreamReport client;
  StreamReport server;
};

// Whose figure travels to the other end in the results: the receiver's when the client sends, the
// sender's when the server does. It is the one that an accept order can put to the wrong stream.
std::optional<std::uint64_t> told_figure(const StreamReport& s, bool client_sends) {
  return client_sends ? s.receiver_bytes : s.sender_bytes;
}

Verdict wrong(std::string reason) {
  return {VerdictKind::WrongFigures, std::move(reason)};
}

std::optional<Verdict> check_streams(const RunFacts& facts) {
  const auto expected = static_cast<std::size_t>(connection_count(facts.mode, facts.streams));
  const auto complete = [&](const char* role, const PeerReport& report) -> std::optional<Verdict> {
    if (report.streams.size() != expected || !report.has_end)
      return wrong(fmt::format("the {} reports {} streams{}, the test has {}", role,
                               report.streams.size(),
                               report.has_end ? "" : " without final figures", expected));
    for (const StreamReport& s : report.streams)
      if (!s.sends || !s.sender_bytes || !s.receiver_bytes)
        return wrong(fmt::format("the {} reports no figures for the stream on ports {}-{}", role,
                                 s.local_port, s.remote_port));
    return std::nullopt;
  };
  if (auto bad = complete("client", *facts.client.report)) return bad;
  return complete("server", *facts.server.report);
}

// Pairs the ends by ports. A stream without a counterpart is the verdict.
std::optional<Verdict> pair_streams(const RunFacts& facts, std::vector<Stream>& into) {
  const auto& servers = facts.server.report->streams;
  for (const StreamReport& client : facts.client.report->streams) {
    const auto server = std::find_if(servers.begin(), servers.end(), [&](const StreamReport& s) {
      return s.remote_port == client.local_port && s.local_port == client.remote_port;
    });
    if (server == servers.end())
      return wrong(fmt::format("the server reports no stream for {} (client port {})",
                               connection_name(facts, client.local_port), client.local_port));
    into.push_back({client.local_port, client, *server});
  }
  return std::nullopt;
}

// What the receiving end's kernel can have given to its program; nothing without its last figure.
std::optional<std::uint64_t> kernel_received(const RunFacts& facts, const Stream& stream) {
  const ConnectionSample* c = find_stream(facts.kernel, stream.port);
  if (c == nullptr) return std::nullopt;
  if (*stream.client.sends) {
    if (!c->server.closed) return std::nullopt;
    return payload_consumed_by_server(*c, facts.header_bytes);
  }
  if (!c->client.closed) return std::nullopt;
  return payload_consumed_by_client(*c);
}

// Whether the receiving program read all that came: its kernel sent a FIN that was acknowledged,
// where unread bytes would have made it a reset (Linux tcp_close()).
bool was_drained(const RunFacts& facts, const Stream& stream) {
  const ConnectionSample* c = find_stream(facts.kernel, stream.port);
  if (c == nullptr) return false;
  constexpr std::uint64_t kFin = 1;
  return *stream.client.sends
             ? c->server.closed && c->server.bytes_acked == kFin
             : c->client.closed && c->client.bytes_acked == 1 + facts.header_bytes + kFin;
}

std::string sent_and_received(const RunFacts& facts, const Stream& stream, std::uint64_t sent,
                              std::uint64_t received) {
  return fmt::format("{}: {} sent, {} received", connection_name(facts, stream.port), sent,
                     received);
}

// A client counts no more once its time is over. Of one that counted nothing of what its kernel may
// have held by then, nobody can tell whether it does not read, or had no processor to read with.
std::optional<std::string> uncounted(const RunFacts& facts, const Stream& stream) {
  if (*stream.client.sends || *stream.client.receiver_bytes > 0 || was_drained(facts, stream))
    return std::nullopt;
  const std::uint64_t sent = *stream.server.sender_bytes;
  if (sent == 0 || sent > facts.kernel_holds_bytes + facts.block_bytes) return std::nullopt;
  return sent_and_received(facts, stream, sent, 0) +
         ", which the kernels may have held until the client's time was over";
}

// The rule of "completed" for one stream, apart from both ends printing the same. A client counts
// no more once it has ended the test, but reads on until the server has heard of it
// (iperf_client_api.c iperf_run_client(), 3.12: "continue draining"). So what a server has sent and
// nobody counted has no bound that holds on every machine; and a receiver that got no processor in
// the time of the test counts nothing of what it drains. With -O each end begins to count by its
// own clock, and one may be late by as long as it gets no processor: then only the kernel's total
// bounds what was received.
std::optional<std::string> broken_rule(const RunFacts& facts, const Stream& stream) {
  const bool client_sends = *stream.client.sends;
  const std::uint64_t sent =
      client_sends ? *stream.client.sender_bytes
                   : std::max(*stream.client.sender_bytes, *stream.server.sender_bytes);
  const std::uint64_t received =
      client_sends ? *stream.server.receiver_bytes : *stream.client.receiver_bytes;
  const std::string what = sent_and_received(facts, stream, sent, received);
  const std::uint64_t under_way = facts.kernel_holds_bytes + facts.block_bytes;
  const PeerOutcome& sender = client_sends ? facts.client : facts.server;
  const std::uint64_t uncounted = sender.has_sender_threads ? facts.block_bytes : 0;
  if (!facts.omits_start && received > sent + uncounted)
    return what + ", which is more than was sent";
  if (sent > 0 && received == 0 && !was_drained(facts, stream)) return what;
  if (!facts.omits_start && client_sends && sent > received + under_way)
    return what + fmt::format("; the kernels and one block hold at most {}", under_way);
  const auto kernel = kernel_received(facts, stream);
  if (kernel && received > *kernel)
    return what + fmt::format(", but the receiver's kernel had {} only", *kernel);
  return std::nullopt;
}

// Whether both ends print the same of a connection whose ends are these two entries. Of a sender
// with threads the figure that it sent and the one that it prints may be a block apart.
std::optional<std::string> disagreement(const RunFacts& facts, std::uint16_t port,
                                        const StreamReport& client, const StreamReport& server) {
  const bool client_sends = *client.sends;
  const auto at_client = *told_figure(client, client_sends);
  const auto at_server = *told_figure(server, client_sends);
  const std::uint64_t apart = std::max(at_client, at_server) - std::min(at_client, at_server);
  const bool may_differ = !client_sends && facts.server.has_sender_threads;
  if (apart <= (may_differ ? facts.block_bytes : 0)) return std::nullopt;
  return fmt::format("{}: the client prints {} as {}'s figure, the server {}",
                     connection_name(facts, port), at_client, client_sends ? "receiver" : "sender",
                     at_server);
}

std::optional<Verdict> judge_mispaired(const RunFacts& facts, const std::vector<Stream>& streams) {
  std::vector<std::string> lines;
  for (const Stream& s : streams) {
    if (*s.client.sends != *s.server.sends) continue;
    const char* role = *s.client.sends ? "sender" : "receiver";
    lines.push_back(fmt::format("{} is {}/{}", connection_name(facts, s.port), role, role));
  }
  if (lines.empty()) return std::nullopt;
  return Verdict{VerdictKind::Void,
                 fmt::format("{}: it delivered nothing, and both peers report success",
                             fmt::join(lines, ", "))};
}

// The n-th streams of the ends are different connections, and what the client was told of its n-th
// stream is what the server has for its own n-th.
bool is_told_by_place(const RunFacts& facts) {
  const auto& clients = facts.client.report->streams;
  const auto& servers = facts.server.report->streams;
  bool same_order = true;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    same_order = same_order && clients[i].local_port == servers[i].remote_port;
    if (*clients[i].sends == *servers[i].sends ||
        disagreement(facts, clients[i].local_port, clients[i], servers[i]))
      return false;
  }
  return !same_order;
}

// A server that says which streams it cannot tell apart, and reports these alike, reports nothing
// for the wrong one: its figures are right for either.
bool are_told_alike(const RunFacts& facts, const std::vector<Stream>& streams) {
  if (!facts.server.report->tells_numbers) return false;
  return std::ranges::all_of(streams, [&](const Stream& s) {
    const auto number = s.server.number;
    return (!number || *number == number_of(facts, s.port)) &&
           !disagreement(facts, s.port, s.client, s.server);
  });
}

std::string misattribution(const RunFacts& facts, const std::vector<Stream>& streams) {
  std::vector<std::string> lines;
  for (const Stream& s : streams)
    if (auto line = disagreement(facts, s.port, s.client, s.server)) lines.push_back(*line);
  if (lines.empty()) lines.emplace_back("the figures happen to be equal");
  std::vector<std::string> order;
  for (const StreamReport& s : facts.server.report->streams)
    order.push_back(fmt::format("{}", number_of(facts, s.remote_port)));
  return fmt::format("the server's streams are connections {}, and figures go by place: {}",
                     fmt::join(order, ","), fmt::join(lines, "; "));
}

}  // namespace

Verdict judge_figures(const RunFacts& facts) {
  if (auto bad = check_streams(facts)) return *bad;
  std::vector<Stream> streams;
  if (auto bad = pair_streams(facts, streams)) return *bad;
  if (auto mispaired = judge_mispaired(facts, streams)) return *mispaired;
  if (is_told_by_place(facts) && !are_told_alike(facts, streams))
    return {VerdictKind::Misattributed, misattribution(facts, streams)};
  std::uint64_t received = 0;
  bool is_proved = true;
  for (const Stream& s : streams) {
    if (auto line = disagreement(facts, s.port, s.client, s.server)) return wrong(*line);
    if (auto line = uncounted(facts, s)) return {VerdictKind::Inconclusive, *line};
    if (auto line = broken_rule(facts, s)) return wrong(*line);
    is_proved = is_proved && kernel_received(facts, s).has_value();
    received += *s.client.sends ? *s.server.receiver_bytes : *s.client.receiver_bytes;
  }
  return {
      VerdictKind::Completed,
      fmt::format("{} streams delivered {} bytes, and both ends print the same{}", streams.size(),
                  received, is_proved ? "" : " (the kernel's last figures are not all known)")};
}

}  // namespace rolecall::scenario
