// SPDX-License-Identifier: BSD-3-Clause
// Clients that receive datagrams, and what they report of them: SPEC.md, "udp". Their tests take
// two seconds, as 3.9 does not end one by a goal when it receives; who could not send all by then
// is told so, and no figures are looked at.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/deadline.h"
#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/client_flows.h"
#include "harness/conformance/datagrams.h"
#include "harness/net/socket.h"

namespace rolecall::conformance::client_udp_receiving {
namespace {

using Counter = wire::Counter;
using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kLength = 100;

// Sends one, and waits until the client has read it.
Checked<void> give(Connection& flow, const std::string& datagram) {
  TRY(flow.send(datagram));
  TRY(const auto client, checked(peer_address(flow.socket())));
  return await_datagrams_read(client.port(), flow.line());
}

Checked<void> give(Connection& flow, const Numbers& numbers, Counter counter = Counter::Narrow,
                   std::size_t length = kLength) {
  for (const std::uint64_t number : numbers) {
    TRY(give(flow, datagram(number, counter, length)));
  }
  return ok();
}

// The client's entry of its only stream, once it has ended the test: all was sent before.
Checked<Json> figures(ClientScript& client) {
  if (client.control().next_is(wire::State::TestEnd, Duration())) {
    return environment_failure(
        {Errc::Timeout, "the test was over before the datagrams were sent: the machine is busy"});
  }
  client.control().wait_at_least(seconds(20));
  TRY(client.reach(Phase::Display));
  return at(parsed(client.client_results), "/streams/0");
}

ClientBody counts(Numbers numbers, Json wanted, Counter counter = Counter::Narrow,
                  std::size_t length = kLength) {
  return [=](ClientScript& client) -> Checked<void> {
    std::vector<Connection> flows;
    TRY(run_flows(client, flows, 1));
    TRY(give(flows[0], numbers, counter, length));
    TRY(const Json got, figures(client));
    return has_figures(got, wanted);
  };
}

// The transit time of the second is 100 s shorter: J = 100 s / 16, whatever this machine adds to
// it.
Checked<void> smooths_jitter(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 1));
  TRY(give(flows[0], datagram(1, Counter::Narrow, kLength, 200)));
  TRY(give(flows[0], datagram(2, Counter::Narrow, kLength, 100)));
  TRY(const Json got, figures(client));
  const double jitter = got.value("jitter", -1.0);
  return require(jitter > 5.5 && jitter < 7, "a jitter of 6.25 s", fmt::format("{}", jitter));
}

// The client's own omitted part ends by its clock; four seconds are well behind it.
Checked<void> reports_what_is_omitted(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 1));
  TRY(give(flows[0], Numbers{1, 3}));
  TRY(client.control().expect_silence("the omitted part ends without a word", seconds(4)));
  TRY(give(flows[0], Numbers{4, 6}));
  TRY(const Json got, figures(client));
  return has_figures(
      got, {{"packets", 6}, {"errors", 2}, {"omitted_packets", 3}, {"omitted_errors", 1}});
}

Checked<void> ignores_short_datagrams(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 1));
  TRY(give(flows[0], Numbers{1}));
  TRY(give(flows[0], "four"));
  TRY(give(flows[0], Numbers{2}));
  TRY(const Json got, figures(client));
  TRY(has_figures(got, {{"packets", 2}, {"errors", 0}}));
  return require(got.value("jitter", 0.0) < 3600, "no hour of jitter", got.dump());
}

// Four datagrams are its goal, and all of them are in its figures.
Checked<void> counts_its_goal(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 1));
  TRY(give(flows[0], Numbers{1, 2, 3, 4}));
  TRY(client.reach(Phase::Display));
  return has_figures(at(parsed(client.client_results), "/streams/0"),
                     {{"bytes", 400}, {"packets", 4}});
}

ClientCase receiving(std::string name, std::string clause, ClientBody body,
                     const std::string& more = "") {
  return {std::move(name),
          {std::move(clause)},
          fmt::format("-u -R -t 8 -l {} -b 1M{}", kLength, more),
          std::move(body),
          {"udp", "reverse"}};
}

}  // namespace

std::vector<Case> cases() {
  const std::uint64_t past_2_to_31 = (std::uint64_t{1} << 31) + 1;
  const std::uint64_t past_2_to_32 = (std::uint64_t{1} << 33) + 1;
  ClientCase omitted = receiving("omitted-datagrams", "omitted-datagrams-are-reported",
                                 reports_what_is_omitted, " -O 3");
  omitted.clauses.emplace_back("omitted-part-is-silent");
  omitted.tags.emplace_back("omit");
  return of(std::vector<ClientCase>{
      receiving("number-past-2-to-the-31", "counters-pass-2-to-the-31",
                counts({past_2_to_31}, {{"packets", past_2_to_31}, {"errors", past_2_to_31 - 1}})),
      receiving("wide-number-past-2-to-the-32", "counters-pass-2-to-the-31",
                counts({past_2_to_32}, {{"packets", past_2_to_32}, {"errors", past_2_to_32 - 1}},
                       Counter::Wide),
                " --udp-counters-64bit"),
      receiving("packets-are-the-highest-number", "packets-are-the-highest-number",
                counts({5, 6}, {{"packets", 6}, {"errors", 4}})),
      receiving("gaps-are-lost", "gaps-are-lost", counts({1, 2, 5, 6}, {{"errors", 2}})),
      receiving("late-datagrams", "late-datagrams-are-not-lost",
                counts({1, 3, 2, 4}, {{"errors", 0}, {"packets", 4}})),
      receiving("duplicates-of-datagrams", "duplicates-cancel-losses",
                counts({1, 3, 3, 4}, {{"errors", 0}})),
      receiving("jitter", "jitter-is-smoothed-transit-difference", smooths_jitter),
      receiving("shorter-datagrams", "shorter-datagrams-are-glued",
                counts({1, 2, 3, 4, 5, 6}, {{"packets", 5}}, Counter::Narrow, 50)),
      receiving("short-datagrams", "short-datagrams-harm-no-figures", ignores_short_datagrams),
      std::move(omitted),
      {"udp-goal-of-a-receiver",
       {"receiving-client-counts-its-goal"},
       "-u -R -n 400 -l 100 -b 1M",
       counts_its_goal,
       {"udp", "reverse"}},
  });
}

}  // namespace rolecall::conformance::client_udp_receiving
