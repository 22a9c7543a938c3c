// SPDX-License-Identifier: BSD-3-Clause
// Servers and those who are no part of the test: others that come meanwhile, other protocols, and
// connections that say nothing. SPEC.md, "errors-and-busy", "stream-setup", "robustness",
// "timeouts".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_strangers {
namespace {

using wire::State;

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
  TRY(expect_counted(test, 3000, "of the test"));
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
    stranger.wait_at_least(kLatestDrop);
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

// Whether the test goes on is another question: SPEC.md, wrong-stream-cookie-harms-nobody.
Checked<void> old_streams_begin_nothing(ServerScript& server) {
  ServerTest old(server);
  TRY(old.reach(Phase::Done));
  TRY(server.await_idle());
  ServerTest test(server);
  TRY(server.reach_after_another(test, Phase::Streams));
  TRY(auto stranger, server.connect("old stream"));
  TRY(stranger.send(old.cookie));
  return stranger.expect(State::AccessDenied);
}

Checked<void> silent_client(ServerScript& server) {
  const TimePoint begin = now();
  TRY(auto silent, server.connect("silent client"));
  TRY(expect_dropped(silent, begin, "it says nothing for 10 s"));
  return server.expect_served();
}

Checked<void> half_cookie(ServerScript& server) {
  const TimePoint begin = now();
  TRY(auto silent, server.connect("silent client"));
  TRY(silent.send("half a cookie"));
  TRY(expect_dropped(silent, begin, "it says nothing for 10 s"));
  return server.expect_served();
}

Checked<void> client_behind_a_silent_one(ServerScript& server) {
  TRY(auto silent, server.connect("silent stranger"));
  ServerTest test(server);
  return test.reach(Phase::Done);
}

Checked<void> client_behind_a_silent_client(ServerScript& server) {
  ServerTest silent(server);
  TRY(silent.reach(Phase::Parameters));
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
  test.control().wait_at_least(kLatestDrop);
  TRY(test.control().expect(State::TestStart));
  return test.control().expect(State::TestRunning);
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
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
      {"silent-client", {"silent-client-is-dropped"}, silent_client, {"slow"}},
      {"half-cookie", {"half-cookie-is-dropped"}, half_cookie, {"slow"}},
      {"client-behind-a-silent-one",
       {"silent-stranger-does-not-keep-clients-waiting"},
       client_behind_a_silent_one},
      {"client-behind-a-silent-client",
       {"silent-client-does-not-keep-clients-waiting"},
       client_behind_a_silent_client},
      {"stream-behind-a-silent-one",
       {"silent-stranger-does-not-delay-streams"},
       stream_behind_a_silent_one},
      {"test-starts-in-spite-of-a-silent-one",
       {"silent-stranger-cannot-stop-the-test"},
       test_starts_in_spite_of_a_silent_one,
       {"slow"}},
  });
}

}  // namespace rolecall::conformance::server_strangers
