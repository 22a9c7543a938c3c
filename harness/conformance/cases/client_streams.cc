// SPDX-License-Identifier: BSD-3-Clause
// Clients, their streams and what goes over them: SPEC.md, "stream-setup", "connection-order",
// "data".
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/payload.h"

namespace rolecall::conformance::client_streams {
namespace {

using wire::State;

constexpr const char* kTwoStreams = "-n 8K -l 1K -P 2";
constexpr const char* kBidirectional = "-t 1 -b 1M -l 1K --bidir";
constexpr const char* kReverse = "-n 8K -l 1K -R";

Checked<void> exactly_its_streams(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  TRY(require(client.streams.size() == 3, "3 streams with -P 3",
              fmt::format("{}", client.streams.size())));
  return client.expect_no_connection("all 3 streams are there");
}

Checked<void> four_in_both_directions(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  TRY(require(client.streams.size() == 4, "4 streams with -P 2 --bidir",
              fmt::format("{}", client.streams.size())));
  return client.expect_no_connection("all 4 streams are there");
}

// Not a byte from us on any of them.
Checked<void> waits_for_no_answer(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  return client.take_streams();
}

// By the end of the test it has read what came.
Checked<void> silent_receiver(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.streams[0].send(std::string(3000, 'y')));
  TRY(client.control().expect(State::TestEnd));
  return client.streams[0].expect_silence("the client receives on it");
}

Checked<void> first_ones_send(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.require_streams(2));
  TRY(client.streams[0].receive(1000, "payload on the first of two streams"));
  return client.streams[1].expect_silence("the client receives on the second one");
}

// Where the client receives we choose how much goes over which; blocks of 1,024, as some releases
// count whole ones.
Checked<void> ids_in_client_order(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.require_streams(2));
  TRY(client.streams[0].send(std::string(5120, 'y')));
  TRY(client.streams[1].send(std::string(3072, 'y')));
  TRY(client.control().expect(State::TestEnd));
  TRY(client.control().send(State::ExchangeResults));
  TRY(client.exchange_results());
  const Json theirs = parsed(client.client_results);
  Json found = Json::object();
  for (const Json& stream : at(theirs, "/streams")) {
    found[at(stream, "/id").dump()] = at(stream, "/bytes");
  }
  return require(found == Json{{"1", 5120}, {"3", 3072}},
                 "5120 bytes of id 1, the first, and 3072 of id 3", visible(theirs.dump(), 400));
}

Checked<void> listed_all(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  return require(at(parsed(client.client_results), "/streams").size() == 2, "two entries",
                 visible(client.client_results, 400));
}

Checked<void> payload_is_not_constant(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(const std::string block, client.streams[0].receive(1000, "a block"));
  return expect_incompressible(block);
}

Checked<void> repeating_payload(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(const std::string block, client.streams[0].receive(20, "the beginning of a block"));
  return require(block == "01234567890123456789", "0123456789 over and over", visible(block));
}

Checked<void> multiple_of_the_block(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  return require(client.moved[0] % 1024 == 0, "a multiple of the block, 1024 bytes",
                 fmt::format("{} bytes", client.moved[0]));
}

Checked<void> stops_at_its_goal(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  return require(client.moved[0] >= 8192 && client.moved[0] <= 8192 + 1024,
                 "8192 bytes and one block more at most", fmt::format("{}", client.moved[0]));
}

Checked<void> reports_what_it_sent(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const auto bytes = number_at(parsed(client.client_results), "/streams/0/bytes");
  return require(bytes == client.moved[0], fmt::format("the {} bytes that came", client.moved[0]),
                 fmt::format("{}", bytes));
}

// One of two streams is gone; there are figures of the other.
Checked<void> goes_on_after_a_reset(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.require_streams(2));
  TRY(client.streams[0].receive(1000, "payload on the first of two streams"));
  client.streams[0].reset();
  TRY(client.reach(Phase::Display));
  const auto bytes = number_at(parsed(client.client_results), "/streams/1/bytes");
  TRY(require(bytes > 0, "the bytes of the other stream", visible(client.client_results, 400)));
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

Checked<void> counts_its_goal(ClientScript& client) {
  client.keeps_to_the_goal = false;
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

Checked<void> ends_after_its_time(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  const TimePoint begin = now();  // before the client's, which can only make it longer
  TRY(client.reach(Phase::Running));
  TRY(client.reach(Phase::Results));
  const double took = (now() - begin).in_seconds();
  return require(took >= 0.9, "the 4 a second after the 1", fmt::format("{:.3f} s", took));
}

Checked<void> ends_behind_the_omitted_part(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  const TimePoint begin = now();  // before the client's, which can only make it longer
  TRY(client.reach(Phase::Running));
  TRY(client.reach(Phase::Results));
  const double took = (now() - begin).in_seconds();
  return require(took >= 1.9, "the 4 two seconds after the 1", fmt::format("{:.3f} s", took));
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ClientCase>{
      {"opens-three-streams",
       {"client-opens-exactly-its-streams", "streams-go-to-the-control-port"},
       "-n 8K -l 1K -P 3",
       exactly_its_streams,
       {"parallel"}},
      {"opens-four-streams-both-ways",
       {"client-opens-exactly-its-streams", "parallel-counts-streams-per-direction"},
       "-n 8K -l 1K -P 2 --bidir",
       four_in_both_directions,
       {"bidir"}},
      {"streams-need-no-answer",
       {"client-does-not-wait-for-stream-answers"},
       kTwoStreams,
       waits_for_no_answer,
       {"parallel"}},
      {"receiving-streams-are-silent",
       {"client-keeps-receiving-streams-silent", "payload-goes-one-way"},
       "-t 1 -l 1K -R",
       silent_receiver,
       {"reverse"}},
      {"senders-are-opened-first",
       {"senders-are-opened-first"},
       kBidirectional,
       first_ones_send,
       {"bidir"}},
      {"ids-in-client-order",
       {"client-ids-follow-client-order", "stream-ids-skip-two"},
       "-t 2 -l 1K -P 2 -R",
       ids_in_client_order,
       {"parallel", "reverse"}},
      {"results-of-two-streams",
       {"results-list-all-streams"},
       kTwoStreams,
       listed_all,
       {"parallel"}},
      {"payload-is-not-constant",
       {"payload-is-not-constant"},
       "-t 1 -b 1M -l 1K",
       payload_is_not_constant},
      {"repeating-payload",
       {"repeating-payload-is-digits"},
       "-n 8K -l 1K --repeating-payload",
       repeating_payload},
      {"multiple-of-the-block", {"length-is-the-block"}, "-n 8K -l 1K", multiple_of_the_block},
      {"stops-at-its-goal", {"goal-of-bytes-limits-the-sender"}, "-n 8K -l 1K", stops_at_its_goal},
      {"reports-what-it-sent",
       {"receiver-counts-what-arrives", "senders-stop-before-test-end",
        "payload-follows-the-cookie"},
       "-n 8K -l 1K",
       reports_what_it_sent},
      {"stream-reset",
       {"stream-reset-is-tolerated"},
       "-t 1 -b 1M -l 1K -P 2",
       goes_on_after_a_reset,
       {"parallel"}},
      {"counts-its-goal",
       {"receiving-client-counts-its-goal"},
       kReverse,
       counts_its_goal,
       {"reverse"}},
      {"ends-after-its-time",
       {"time-is-counted-from-start", "client-ends-the-test"},
       "-t 1 -b 1M -l 1K",
       ends_after_its_time},
      {"ends-behind-the-omitted-part",
       {"omitted-part-precedes-the-test"},
       "-t 1 -O 1 -b 1M -l 1K",
       ends_behind_the_omitted_part,
       {"omit"}},
      {"ends-at-its-goal-without-reports",
       {"bytes-goal-ends-the-test"},
       "-n 8K -l 1K -i 0",
       reports_what_it_sent},
  });
}

}  // namespace rolecall::conformance::client_streams
