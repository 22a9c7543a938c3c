// SPDX-License-Identifier: BSD-3-Clause
// Clients and the control states: SPEC.md, "states".
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_states {
namespace {

using wire::State;

constexpr const char* kShort = "-n 8K -l 1K";
constexpr const char* kReverse = "-t 1 -l 1K -R";
constexpr const char* kTwoStreams = "-n 8K -l 1K -P 2";
constexpr const char* kSecond = "-t 1 -b 1M -l 1K";
constexpr const char* kLong = "-t 10 -b 1M -l 1K";

Checked<void> parameters_wait(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  TRY(client.control().expect_silence("9 has not come"));
  TRY(client.reach(Phase::Streams));
  return ok();
}

Checked<void> streams_wait(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  return client.expect_no_connection("before 10");
}

Checked<void> start_and_running_apart(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  TRY(client.control().send(State::TestStart));
  TRY(client.control().await_acknowledged());
  TRY(client.streams[0].expect_silence("2 has not come"));
  TRY(client.control().send(State::TestRunning));
  client.is_running();
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

Checked<void> payload_waits(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  TRY(client.control().send(State::TestStart));
  TRY(client.control().await_acknowledged());
  return client.streams[0].expect_silence("1 is no leave to send");
}

Checked<void> repeated_running(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.control().send(State::TestRunning));
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

Checked<void> whole_test(ClientScript& client) {
  TRY(client.reach(Phase::Done));
  TRY(require(client.behind_done.empty(), "nothing behind 16", visible(client.behind_done)));
  return client.expect_success();
}

// A client that sends several may not be told by the first one's end.
Checked<void> two_streams(ClientScript& client) {
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

ClientBody fails_at(int value, Phase phase) {
  return [value, phase](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    TRY(client.control().send(std::string(1, static_cast<char>(value))));
    return client.expect_failure();
  };
}

Checked<void> answers_unknown_state(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  TRY(client.control().send("\x07"));
  return client.control().expect(State::IperfDone);
}

Checked<void> negative_state_is_not_answered(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  TRY(client.control().send(State::AccessDenied));
  TRY(const std::string rest, client.control().expect_end("the client is denied"));
  return require(rest.empty(), "no byte before the end", visible(rest));
}

// Before the test runs: from then on 3.18 and 3.22 have threads, and some clients crash.
Checked<void> done_from_the_server(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.control().send(State::IperfDone));
  TRY(const std::string rest, client.control().expect_end("the server is done"));
  return client.expect_success();
}

ClientBody fails_at_end_of_control(Phase phase) {
  return [phase](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    client.control().close();
    return client.expect_failure();
  };
}

ClientBody fails_at_reset_of_control(Phase phase) {
  return [phase](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    client.control().reset();
    return client.expect_failure();
  };
}

constexpr std::array kUnknown = {0, 3, 4, 5, 7, 8, 12, 15, 17, 100, 127, 128, 200};

std::vector<ClientCase> unknown_states() {
  std::vector<ClientCase> cases;
  for (const int state : kUnknown) {
    cases.push_back({fmt::format("state-{}-after-the-parameters", state),
                     {"unknown-state-fails-the-client"},
                     kShort,
                     fails_at(state, Phase::Streams)});
  }
  return cases;
}

}  // namespace

std::vector<Case> cases() {
  auto all = unknown_states();
  all.insert(
      all.end(),
      std::initializer_list<ClientCase>{
          {"parameters-wait", {"parameters-wait-for-param-exchange"}, kShort, parameters_wait},
          {"streams-wait", {"streams-wait-for-create-streams"}, kShort, streams_wait},
          {"start-and-running-at-once", {"start-and-running-may-come-apart"}, kShort, whole_test},
          {"start-and-running-apart",
           {"start-and-running-may-come-apart"},
           kShort,
           start_and_running_apart},
          {"payload-waits", {"payload-waits-for-running"}, kShort, payload_waits},
          {"repeated-running", {"repeated-running-is-ignored"}, kSecond, repeated_running},
          {"whole-test",
           {"client-states-come-in-order", "display-results-is-answered-by-done",
            "unused-states-are-never-sent", "success-exits-with-0"},
           kShort,
           whole_test},
          {"whole-reverse-test",
           {"client-states-come-in-order"},
           kReverse,
           whole_test,
           {"reverse"}},
          {"whole-test-of-two-streams",
           {"client-states-come-in-order"},
           kTwoStreams,
           two_streams,
           {"parallel"}},
          {"state-127-while-running",
           {"unknown-state-fails-the-client"},
           kLong,
           fails_at(127, Phase::Running)},
          {"unknown-state-is-answered",
           {"unknown-state-is-answered-by-done"},
           kShort,
           answers_unknown_state},
          {"negative-state-is-not-answered",
           {"negative-state-is-not-answered"},
           kShort,
           negative_state_is_not_answered},
          {"done-from-the-server",
           {"done-from-a-server-ends-the-client"},
           kLong,
           done_from_the_server},
          {"control-closed-after-the-cookie",
           {"server-eof-fails-the-client"},
           kShort,
           fails_at_end_of_control(Phase::Cookie)},
          {"control-closed-after-the-parameters",
           {"server-eof-fails-the-client"},
           kShort,
           fails_at_end_of_control(Phase::Streams)},
          {"control-closed-while-running",
           {"server-eof-fails-the-client"},
           kLong,
           fails_at_end_of_control(Phase::Running)},
          {"control-closed-before-the-results",
           {"server-eof-fails-the-client"},
           kShort,
           fails_at_end_of_control(Phase::Results)},
          {"control-reset-while-running",
           {"client-survives-server-loss"},
           kLong,
           fails_at_reset_of_control(Phase::Running)}});
  return of(std::move(all));
}

}  // namespace rolecall::conformance::client_states
