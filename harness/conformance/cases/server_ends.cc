// SPDX-License-Identifier: BSD-3-Clause
// Servers, the ends of tests, others that come meanwhile, and peers that misbehave: SPEC.md,
// "test-end", "errors-and-busy", "stream-setup", "robustness", "timeouts", "output".
#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::server_ends {
namespace {

using wire::State;

constexpr Duration kDropLimit = seconds(20);  // the protocol's 10 s, and time to notice

Checked<void> two_tests(ServerScript& server) {
  for (int i = 0; i < 2; ++i) {
    TRY(server.expect_served());
  }
  return ok();
}

Checked<void> thirty_tests(ServerScript& server) {
  for (int i = 0; i < 30; ++i) {
    TRY(server.expect_served());
  }
  return ok();
}

ServerBody terminated_at(Phase phase) {
  return [phase](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(phase));
    TRY(test.control().send(State::ClientTerminate));
    TRY(const std::string answer, test.expect_end("the client has said 12"));
    return server.expect_served();
  };
}

ServerBody vanishes_at(Phase phase, bool by_reset, bool reverse) {
  return [=](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    if (reverse) test.ask({{"reverse", true}});
    TRY(test.reach(phase));
    if (by_reset) {
      test.control().reset();
    } else {
      test.control().close();
    }
    for (Connection& stream : test.streams) stream.reset();
    return server.expect_served();
  };
}

// While `test` runs: 0xff, and nothing is waited for.
Checked<void> expect_denied(ServerScript& server, std::string_view hello) {
  TRY(auto other, server.connect("another client"));
  if (!hello.empty()) {
    TRY(other.send(hello));
  }
  TRY(const std::string answer, other.expect_end("the server is busy"));
  return require(answer == "\xff" || (answer.empty() && !hello.empty()), "0xff, and the end",
                 visible(answer));
}

Checked<void> denies_while_busy(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(expect_denied(server, ""));
  return test.reach(Phase::Done);
}

Checked<void> many_denied_change_nothing(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  for (int i = 0; i < 20; ++i) {
    TRY(expect_denied(server, i % 2 == 0 ? "" : "GET / HTTP/1.1\r\n\r\n"));
  }
  TRY(test.reach(Phase::Display));
  const auto counted = number_at(parsed(test.server_results), "/streams/0/bytes");
  TRY(require(counted == 3000, "the 3000 bytes of the test", fmt::format("{}", counted)));
  return test.reach(Phase::Done);
}

Checked<void> stream_beyond_the_count(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(expect_denied(server, test.cookie));
  return test.reach(Phase::Done);
}

// Dialled before the server has said 10.
Checked<void> waiting_connection_becomes_a_stream(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.open_stream());
  return test.reach(Phase::Done);
}

ServerBody survives_words(std::string words) {
  return [words = std::move(words)](ServerScript& server) -> Checked<void> {
    TRY(auto stranger, server.connect("stranger"));
    TRY(stranger.send(words));
    stranger.end_sending();
    stranger.set_limit(kDropLimit);
    TRY(const std::string answer, stranger.expect_end("this is no iperf3"));
    return server.expect_served();
  };
}

// A server that makes its listening socket anew after each of them refuses some.
Checked<void> fifty_strangers(ServerScript& server) {
  for (int i = 0; i < 50; ++i) {
    auto stranger = server.connect("stranger");
    if (!stranger) continue;
    if (i % 3 == 1) (void)stranger.value().send("hello");
    if (i % 3 == 2) {
      stranger.value().reset();
    } else {
      stranger.value().close();
    }
  }
  return server.expect_served();
}

Checked<void> old_streams_begin_nothing(ServerScript& server) {
  ServerTest old(server);
  TRY(old.reach(Phase::Done));
  TRY(server.await_idle());
  ServerTest test(server);
  TRY(server.reach_after_another(test, Phase::Streams));
  TRY(auto stranger, server.connect("old stream"));
  TRY(stranger.send(old.cookie));
  TRY(const std::string answer, stranger.expect_end("its test has ended"));
  return test.reach(Phase::Done);
}

Checked<void> interrupted_server_says_so(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  server.program()->send_signal(SIGTERM);
  TRY(const std::string answer, test.expect_end("the server is interrupted"));
  return require(answer.find('\x0b') != std::string::npos, "11 before the end", visible(answer));
}

Checked<void> one_off_after_success(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Done));
  TRY(const auto status, server.program()->wait(kStepLimit));
  return require(status.is_success(), "exit status 0", status.text());
}

Checked<void> one_off_after_failure(ServerScript& server) {
  {
    ServerTest test(server);
    TRY(test.reach(Phase::Running));
    TRY(test.control().send("\x07"));
    TRY(const std::string answer, test.expect_end("the state is unknown"));
  }
  TRY(const auto status, server.program()->wait(kStepLimit));
  return require(!status.by_signal, "an exit", status.text());
}

Checked<void> json_of_a_test(ServerScript& server, Json& document) {
  ServerTest test(server);
  TRY(test.reach(Phase::Done));
  TRY(server.program()->wait(kStepLimit));
  document = parsed(server.program()->output());
  return require(document.is_object(), "one JSON object on standard output",
                 visible(server.program()->output(), 300));
}

Checked<void> json_is_one_document(ServerScript& server) {
  Json document;
  return json_of_a_test(server, document);
}

Checked<void> json_has_three_parts(ServerScript& server) {
  Json document;
  TRY(json_of_a_test(server, document));
  for (const char* part : {"start", "intervals", "end"}) {
    TRY(require(document.contains(part), fmt::format("a part \"{}\"", part), "none"));
  }
  return ok();
}

Checked<void> json_names_the_connection(ServerScript& server) {
  Json document;
  TRY(json_of_a_test(server, document));
  const auto port = number_at(document, "/start/connected/0/local_port");
  return require(port == server.address().port(), "the server's port in start.connected",
                 at(document, "/start/connected").dump());
}

Checked<void> json_keys_are_unique(ServerScript& server) {
  Json document;
  TRY(json_of_a_test(server, document));
  return require(has_unique_keys(server.program()->output()), "no key twice in an object",
                 "a key stands there twice");
}

Checked<void> json_of_a_failure(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(test.control().send("\x07"));
  TRY(const std::string answer, test.expect_end("the state is unknown"));
  TRY(server.program()->wait(kStepLimit));
  const std::string output = server.program()->output();
  return require(!text_at(parsed(output), "/error").empty(), "an object with a text \"error\"",
                 visible(output, 300));
}

Checked<void> silent_client(ServerScript& server) {
  TRY(auto silent, server.connect("silent client"));
  silent.set_limit(kDropLimit);
  TRY(const std::string answer, silent.expect_end("it says nothing for 10 s"));
  return server.expect_served();
}

Checked<void> half_cookie(ServerScript& server) {
  TRY(auto silent, server.connect("silent client"));
  TRY(silent.send("half a cookie"));
  silent.set_limit(kDropLimit);
  TRY(const std::string answer, silent.expect_end("it says nothing for 10 s"));
  return server.expect_served();
}

Checked<void> half_parameters(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.control().send(document(parameters()).substr(0, 20)));
  test.control().set_limit(kDropLimit);
  TRY(const std::string answer, test.expect_end("nothing more comes for 10 s"));
  return server.expect_served();
}

Checked<void> missing_results(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  test.control().set_limit(kDropLimit);
  TRY(const std::string answer, test.expect_end("no results come for 10 s"));
  return server.expect_served();
}

Checked<void> client_behind_a_silent_one(ServerScript& server) {
  TRY(auto silent, server.connect("silent stranger"));
  ServerTest test(server);
  return test.reach(Phase::Done);
}

Checked<void> stream_behind_a_silent_one(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(auto silent, server.connect("silent stranger"));
  return test.reach(Phase::Done);
}

Checked<void> test_starts_in_spite_of_a_silent_one(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(auto silent, server.connect("silent stranger"));
  TRY(test.open_stream());
  test.control().set_limit(kDropLimit);
  TRY(test.control().expect(State::TestStart));
  return test.control().expect(State::TestRunning);
}

Checked<void> without_streams(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(const std::string answer, test.expect_end("no stream comes for the receive timeout"));
  return server.expect_served();
}

Checked<void> without_data(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(const std::string answer, test.expect_end("no data comes for the receive timeout"));
  return server.expect_served();
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
      {"two-tests", {"server-is-free-after-done"}, two_tests},
      {"thirty-tests", {"early-and-many-tests"}, thirty_tests},
      {"terminated-before-the-streams",
       {"client-terminate-ends-the-test"},
       terminated_at(Phase::Streams)},
      {"terminated-while-running",
       {"client-terminate-ends-the-test"},
       terminated_at(Phase::Running)},
      {"client-closes-after-cookie",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Parameters, false, false)},
      {"client-resets-after-cookie",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Parameters, true, false)},
      {"client-closes-before-streams",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Streams, false, false)},
      {"client-resets-before-streams",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Streams, true, false)},
      {"client-resets-while-running",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Running, true, false)},
      {"client-resets-before-results",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Results, true, false)},
      {"client-closes-before-done",
       {"vanished-client-frees-the-server"},
       vanishes_at(Phase::Display, false, false)},
      {"receiving-client-vanishes",
       {"vanished-client-frees-the-sending-server"},
       vanishes_at(Phase::Running, true, true),
       {"reverse"}},
      {"denies-while-busy", {"busy-server-denies"}, denies_while_busy},
      {"many-denied", {"busy-server-is-not-disturbed"}, many_denied_change_nothing},
      {"stream-beyond-the-count",
       {"streams-beyond-the-count-are-refused"},
       stream_beyond_the_count},
      {"waiting-connection",
       {"waiting-connections-become-streams"},
       waiting_connection_becomes_a_stream},
      {"http-request",
       {"request-of-another-protocol-is-harmless"},
       survives_words("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n")},
      {"tls-hello",
       {"request-of-another-protocol-is-harmless"},
       survives_words("\x16\x03\x01" + std::string(200, '\x02'))},
      {"fifty-strangers", {"strangers-do-not-end-the-server"}, fifty_strangers},
      {"old-streams", {"streams-without-control-are-no-test"}, old_streams_begin_nothing},
      {"interrupted-server",
       {"interrupted-server-says-so"},
       interrupted_server_says_so,
       {"process"}},
      {"one-off-after-success",
       {"one-off-server-exits"},
       one_off_after_success,
       {"one-off", "process"},
       "-1"},
      {"one-off-after-failure",
       {"one-off-server-exits"},
       one_off_after_failure,
       {"one-off", "process"},
       "-1"},
      {"json-is-one-document",
       {"json-is-one-document"},
       json_is_one_document,
       {"json", "process"},
       "-1 -J"},
      {"json-has-three-parts",
       {"json-has-three-parts"},
       json_has_three_parts,
       {"json", "process"},
       "-1 -J"},
      {"json-names-the-connection",
       {"json-names-the-connections"},
       json_names_the_connection,
       {"json", "process"},
       "-1 -J"},
      {"json-keys-are-unique",
       {"json-keys-are-unique"},
       json_keys_are_unique,
       {"json", "process"},
       "-1 -J"},
      {"json-of-a-failure",
       {"json-of-a-failure-is-a-document"},
       json_of_a_failure,
       {"json", "process"},
       "-1 -J"},
      {"silent-client", {"silent-client-is-dropped"}, silent_client, {"slow"}},
      {"half-cookie", {"half-cookie-is-dropped"}, half_cookie, {"slow"}},
      {"half-parameters", {"half-parameters-are-dropped"}, half_parameters, {"slow"}},
      {"missing-results", {"missing-results-are-dropped"}, missing_results, {"slow"}},
      {"client-behind-a-silent-one",
       {"silent-stranger-does-not-keep-clients-waiting"},
       client_behind_a_silent_one},
      {"stream-behind-a-silent-one",
       {"silent-stranger-does-not-delay-streams"},
       stream_behind_a_silent_one},
      {"test-starts-in-spite-of-a-silent-one",
       {"silent-stranger-cannot-stop-the-test"},
       test_starts_in_spite_of_a_silent_one,
       {"slow"}},
      {"no-streams-come",
       {"server-without-streams-gives-up"},
       without_streams,
       {"rcv-timeout"},
       "--rcv-timeout 500"},
      {"no-data-comes",
       {"server-without-data-gives-up"},
       without_data,
       {"rcv-timeout"},
       "--rcv-timeout 500"},
  });
}

}  // namespace rolecall::conformance::server_ends
