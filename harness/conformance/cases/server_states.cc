// SPDX-License-Identifier: BSD-3-Clause
// Servers and the control states: SPEC.md, "states".
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_states {
namespace {

using wire::State;

Checked<void> reaches(ServerScript& server, Phase phase) {
  ServerTest test(server);
  return test.reach(phase);
}

ServerBody reaching(Phase phase) {
  return [phase](ServerScript& server) { return reaches(server, phase); };
}

Checked<void> cookie_and_parameters_at_once(ServerScript& server) {
  TRY(auto control, server.connect("control"));
  TRY(control.send(ServerTest::fresh_cookie() + document(parameters())));
  TRY(control.expect(State::ParamExchange));
  return control.expect(State::CreateStreams);
}

// 1 comes with the last stream, not before.
Checked<void> start_waits_for_last_stream(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Streams));
  TRY(test.open_stream());
  TRY(test.control().expect_silence("with one of two streams"));
  TRY(test.open_stream());
  return test.control().expect(byte(State::TestStart) + byte(State::TestRunning), "1 and 2");
}

// The other stream is missing, so the server must not begin on the first.
Checked<void> no_payload_before_running(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}, {"reverse", true}});
  TRY(test.reach(Phase::Streams));
  TRY(test.open_stream());
  TRY(test.streams[0].expect_silence("before the test runs"));
  TRY(test.open_stream());
  TRY(test.reach(Phase::Running));
  TRY(const std::string payload, test.streams[0].receive(1, "payload after 2"));
  return ok();
}

Checked<void> done_before_the_streams(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(test.control().send(State::IperfDone));
  TRY(const std::string rest, test.expect_end("16 ends the test"));
  return server.expect_served();
}

Checked<void> done_while_running(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(test.control().send(State::IperfDone));
  TRY(const std::string rest, test.expect_end("16 ends the test"));
  return server.expect_served();
}

ServerBody unknown_state(int value, Phase phase) {
  return [value, phase](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(phase));
    TRY(test.control().send(std::string(1, static_cast<char>(value))));
    TRY(const std::string rest, test.expect_end("the state is unknown"));
    return server.expect_served();
  };
}

Checked<void> names_unknown_state(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(test.control().send("\x07"));
  TRY(test.control().expect(State::ServerError));
  return test.control().expect(length(110), "error 110");
}

Checked<void> test_start_from_the_client(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(test.await_read());
  TRY(test.control().send(State::TestStart));
  TRY(test.control().expect_silence("a 1 of the client is not answered"));
  test.waits_for_reading = false;
  TRY(expect_counted(test, 3000, "before the 1"));
  return test.reach(Phase::Done);
}

Checked<void> test_end_before_streams(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(test.control().send(State::TestEnd));
  TRY(test.control().expect(State::ExchangeResults));
  TRY(test.control().send(document(results({}))));
  TRY(const std::string theirs, test.control().expect_document("the server's results"));
  return test.control().expect(State::DisplayResults);
}

Checked<void> harmless_test_end_before_streams(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(test.control().send(State::TestEnd));
  test.control().reset();
  return server.expect_served();
}

Checked<void> control_closed(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  test.control().close();
  TRY(const std::string rest, test.streams[0].expect_end("the control connection is gone"));
  return server.expect_served();
}

Checked<void> control_half_closed(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  test.control().end_sending();
  TRY(const std::string rest, test.expect_end("the client has closed its half"));
  return server.expect_served();
}

constexpr std::array kUnknown = {0,  2,  3,  5,  7,  8,   9,   10,  11,
                                 13, 14, 15, 17, 64, 127, 128, 254, 255};

std::vector<ServerCase> unknown_states() {
  std::vector<ServerCase> cases;
  for (const int state : kUnknown) {
    cases.push_back({fmt::format("state-{}-while-running", state),
                     {"unknown-state-ends-the-test-at-the-server", "failed-test-keeps-the-server"},
                     unknown_state(state, Phase::Running)});
  }
  return cases;
}

}  // namespace

std::vector<Case> cases() {
  auto all = unknown_states();
  all.insert(
      all.end(),
      std::initializer_list<ServerCase>{
          {"cookie-is-answered",
           {"cookie-is-answered-by-param-exchange"},
           reaching(Phase::Parameters)},
          {"cookie-and-parameters-at-once",
           {"param-exchange-may-find-parameters-waiting"},
           cookie_and_parameters_at_once},
          {"parameters-are-answered",
           {"parameters-are-answered-by-create-streams"},
           reaching(Phase::Streams)},
          {"start-waits-for-last-stream",
           {"streams-are-answered-by-start-and-running", "all-streams-are-needed"},
           start_waits_for_last_stream,
           {"parallel"}},
          {"no-payload-before-running",
           {"server-payload-waits-for-running"},
           no_payload_before_running,
           {"parallel", "reverse"}},
          {"test-end-is-answered",
           {"test-end-is-answered-by-exchange-results"},
           reaching(Phase::Results)},
          {"exchange-is-ended", {"display-results-ends-the-exchange"}, reaching(Phase::Display)},
          {"whole-test",
           {"server-states-come-in-order", "unused-states-are-never-sent"},
           reaching(Phase::Done)},
          {"done-before-the-streams", {"done-ends-the-test"}, done_before_the_streams},
          {"done-while-running", {"done-ends-the-test"}, done_while_running},
          {"unknown-state-before-the-streams",
           {"unknown-state-ends-the-test-at-the-server"},
           unknown_state(7, Phase::Streams)},
          {"unknown-state-after-the-results",
           {"unknown-state-ends-the-test-at-the-server"},
           unknown_state(7, Phase::Display)},
          {"unknown-state-is-named", {"unknown-state-is-named"}, names_unknown_state},
          {"test-start-from-the-client",
           {"test-start-from-a-client-stops-counting"},
           test_start_from_the_client},
          {"test-end-before-streams",
           {"test-end-before-streams-is-answered"},
           test_end_before_streams},
          {"test-end-before-streams-is-harmless",
           {"strangers-do-not-end-the-server"},
           harmless_test_end_before_streams},
          {"control-closed", {"control-half-close-ends-the-test"}, control_closed},
          {"control-half-closed", {"control-half-close-ends-the-test"}, control_half_closed}});
  return of(std::move(all));
}

}  // namespace rolecall::conformance::server_states
