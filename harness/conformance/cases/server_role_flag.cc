// SPDX-License-Identifier: BSD-3-Clause
// Servers and the role flag: SPEC.md, "role-flag".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_role_flag {
namespace {

using wire::State;
using Preambles = std::vector<std::string>;

// Level 2: role and number in client order less 1.
std::string preamble(char role, int number) {
  return {role, static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
}

// A test that has announced `level`, with these preambles in the order of connecting.
void announce(ServerTest& test, int level, Json changes, Preambles preambles) {
  changes["role_flag"] = level;
  test.ask(changes);
  test.agreed_level = level;
  test.preambles = std::move(preambles);
}

ServerBody answers(int announced, int level) {
  return [=](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.ask({{"role_flag", announced}});
    test.agreed_level = level;
    return test.reach(Phase::Streams);
  };
}

ServerBody does_not_answer(Json changes) {
  return [=](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.ask(changes);
    return test.reach(Phase::Streams);
  };
}

Checked<void> refusal_comes_first(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.control().send(document(parameters({{"role_flag", 2}, {"parallel", 0}}))));
  return test.control().expect(State::ServerError);
}

// The stream on which the client receives comes first.
Checked<void> roles_against_the_order(ServerTest& test) {
  test.senders = {1};
  TRY(test.reach(Phase::Running));
  TRY(test.streams[0].receive(1000, "payload of the server on the stream that receives"));
  TRY(test.send_payload());
  return test.await_read();
}

Checked<void> gives_role_of_level_1(ServerScript& server) {
  ServerTest test(server);
  announce(test, 1, {{"bidirectional", true}}, {"R", "S"});
  return roles_against_the_order(test);
}

Checked<void> gives_role_of_level_2(ServerScript& server) {
  ServerTest test(server);
  announce(test, 2, {{"bidirectional", true}}, {preamble('R', 1), preamble('S', 0)});
  return roles_against_the_order(test);
}

// The second in client order connects first.
Checked<void> identity_against_the_order(ServerTest& test) {
  TRY(test.reach(Phase::Running));
  TRY(test.streams[0].send(std::string(5000, 'b')));
  TRY(test.streams[1].send(std::string(3000, 'a')));
  TRY(test.await_read());
  test.payload = "";
  test.client_results = results({{1, 3000}, {3, 5000}});
  TRY(test.reach(Phase::Display));
  const Json theirs = parsed(test.server_results);
  for (const auto& entry : at(theirs, "/streams")) {
    const std::int64_t wanted = number_at(entry, "/id") == 1 ? 3000 : 5000;
    TRY(require(number_at(entry, "/bytes") == wanted, "3000 bytes of id 1 and 5000 of id 3",
                visible(theirs.dump(), 500)));
  }
  return require(at(theirs, "/streams").size() == 2, "two streams", visible(theirs.dump(), 300));
}

Checked<void> gives_identity(ServerScript& server) {
  ServerTest test(server);
  announce(test, 2, {{"parallel", 2}}, {preamble('S', 1), preamble('S', 0)});
  return identity_against_the_order(test);
}

Checked<void> does_not_count_preambles(ServerScript& server) {
  ServerTest test(server);
  announce(test, 2, Json::object(), {preamble('S', 0)});
  return expect_counted(test, 3000, "of payload");
}

Checked<void> preamble_in_pieces(ServerScript& server) {
  ServerTest test(server);
  announce(test, 2, Json::object(), {});
  TRY(test.reach(Phase::Streams));
  TRY(auto stream, server.connect("stream 1"));
  TRY(stream.send_bytewise(test.cookie + preamble('S', 0)));
  test.streams.push_back(std::move(stream));
  test.received.push_back(0);
  return test.reach(Phase::Done);
}

// The error, and its explanation.
Checked<void> expect_error(ServerTest& test, std::uint32_t number) {
  TRY(test.control().expect(State::ServerError));
  return test.control().expect(length(number) + length(0), fmt::format("({}, 0)", number));
}

ServerBody ends_test_at(int level, Json changes, Preambles preambles) {
  return [=](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    announce(test, level, changes, preambles);
    TRY(test.reach(Phase::Streams));
    for (std::size_t i = 0; i < preambles.size(); ++i) {
      if (!test.open_stream()) break;  // it may have ended by then
    }
    TRY(expect_error(test, 110));
    TRY(test.expect_end("the preamble is wrong"));
    return server.expect_served();
  };
}

// What the server says of a test of two streams, of which the last of these is wrong.
Checked<std::string> explanation(ServerScript& server, Preambles preambles) {
  TRY(server.await_idle());
  ServerTest test(server);
  announce(test, 2, {{"parallel", 2}}, std::move(preambles));
  TRY(server.reach_after_another(test, Phase::Streams));
  while (test.streams.size() < test.preambles.size()) {
    TRY(test.open_stream());
  }
  TRY(expect_error(test, 110));
  TRY(const std::string text, test.control().expect_document("an explanation"));
  TRY(require(!text_at(parsed(text), "/error").empty(), "a text \"error\"", visible(text)));
  return text_at(parsed(text), "/error");
}

// The sentence is the server's own, but not the same for another connection or another fault.
Checked<void> explains_the_error(ServerScript& server) {
  TRY(const auto said, explanation(server, {preamble('X', 0)}));
  TRY(const auto of_the_second, explanation(server, {preamble('S', 0), preamble('X', 1)}));
  TRY(const auto of_a_number, explanation(server, {preamble('S', 7)}));
  TRY(require(of_the_second != said, "other words for the second connection", said));
  return require(of_a_number != said, "other words for a number out of range", said);
}

Checked<void> error_leaves_no_trace(ServerScript& server) {
  {
    ServerTest test(server);
    announce(test, 2, {{"parallel", 2}}, {preamble('X', 0)});
    TRY(test.reach(Phase::Streams));
    TRY(test.open_stream());
    TRY(expect_error(test, 110));
    TRY(test.expect_end("the preamble is wrong"));
  }
  TRY(server.expect_served());
  TRY(server.await_idle());
  ServerTest flagged(server);
  announce(flagged, 1, Json::object(), {"S"});
  return server.reach_after_another(flagged, Phase::Done);
}

Checked<void> preamble_that_never_comes(ServerScript& server) {
  const TimePoint begin = now();
  ServerTest test(server);
  announce(test, 2, Json::object(), {"S"});
  TRY(test.reach(Phase::Streams));
  TRY(test.open_stream());
  test.control().wait_at_least(kLatestDrop);
  TRY(expect_error(test, 110));
  return expect_patience(begin, kEarliestDrop);
}

std::string flagged_cookie() {
  return ServerTest::fresh_cookie().substr(0, 34) + '\0' + "R1";
}

std::string stream_cookie(const std::string& control, bool sends, int number) {
  return control.substr(0, 35) + static_cast<char>((sends ? 0x80 : 0) | number >> 8) +
         static_cast<char>(number & 0xff);
}

Checked<void> open_with(ServerScript& server, ServerTest& test, const std::string& bytes) {
  TRY(auto stream, server.connect(fmt::format("stream {}", test.streams.size() + 1)));
  TRY(stream.send(bytes));
  test.streams.push_back(std::move(stream));
  test.received.push_back(0);
  return ok();
}

Checked<void> understands_the_cookie(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"bidirectional", true}});
  test.cookie = flagged_cookie();
  TRY(test.reach(Phase::Streams));
  TRY(open_with(server, test, stream_cookie(test.cookie, false, 1)));
  TRY(open_with(server, test, stream_cookie(test.cookie, true, 0)));
  return roles_against_the_order(test);
}

Checked<void> takes_identity_from_the_cookie(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  test.cookie = flagged_cookie();
  TRY(test.reach(Phase::Streams));
  TRY(open_with(server, test, stream_cookie(test.cookie, true, 1)));
  TRY(open_with(server, test, stream_cookie(test.cookie, true, 0)));
  return identity_against_the_order(test);
}

Checked<void> cookie_that_contradicts(ServerScript& server) {
  ServerTest test(server);
  announce(test, 2, {{"bidirectional", true}}, {});
  test.cookie = flagged_cookie();
  TRY(test.reach(Phase::Streams));
  TRY(open_with(server, test, stream_cookie(test.cookie, false, 0) + preamble('S', 0)));
  return expect_error(test, 110);
}

Checked<void> takes_flagged_cookies_for_plain(ServerScript& server) {
  ServerTest test(server);
  test.cookie = flagged_cookie();
  TRY(test.reach(Phase::Streams));
  TRY(open_with(server, test, stream_cookie(test.cookie, true, 0)));
  return test.reach(Phase::Done);
}

Checked<void> require_refuses_legacy(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.control().send(document(parameters())));
  return expect_error(test, 13);
}

Checked<void> require_accepts_cookie(ServerScript& server) {
  return takes_flagged_cookies_for_plain(server);
}

Checked<void> more_streams(ServerScript& server) {
  ServerTest test(server);
  announce(test, 2, {{"parallel", 129}}, {});
  return test.reach(Phase::Streams);
}

Checked<void> follows_the_payload(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"bidirectional", true}});
  test.senders = {1};
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(test.streams[0].receive(1000, "payload of the server where the client sends none"));
  return test.await_read();
}

Checked<void> off_gives_roles_by_order(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"bidirectional", true}, {"role_flag", 2}});
  TRY(test.reach(Phase::Running));
  return test.streams[1].receive(1000, "payload on the second stream accepted").has_value()
             ? Checked<void>(ok())
             : failure("payload on the second stream accepted", "none");
}

Checked<void> force_expects_a_byte(ServerScript& server) {
  ServerTest test(server);
  test.preambles = {"S"};
  return expect_counted(test, 3000, "of payload");
}

}  // namespace

std::vector<Case> cases() {
  const Json plain = Json::object();
  const Json both_ways = {{"bidirectional", true}};
  const std::vector<std::string> flag = {"role-flag"};
  return of(std::vector<ServerCase>{
      {"announcement-of-level-2",
       {"announcement-is-answered", "answer-is-at-most-8192-bytes"},
       answers(2, 2),
       flag},
      {"announcement-of-level-1", {"announcement-is-answered"}, answers(1, 1), flag},
      {"announcement-of-level-7", {"announcement-is-answered"}, answers(7, 2), flag},
      {"unannounced", {"unannounced-is-not-answered"}, does_not_answer(plain)},
      {"refusal-comes-before-the-answer",
       {"refused-parameters-are-not-answered"},
       refusal_comes_first,
       flag},
      {"announcement-of-level-0",
       {"announcement-without-a-level-is-ignored"},
       does_not_answer({{"role_flag", 0}})},
      {"announcement-of-level-minus-1",
       {"announcement-without-a-level-is-ignored"},
       does_not_answer({{"role_flag", -1}})},
      {"announcement-of-text",
       {"announcement-without-a-level-is-ignored"},
       does_not_answer({{"role_flag", "two"}})},
      {"role-by-level-1", {"preamble-gives-the-role"}, gives_role_of_level_1, flag},
      {"role-by-level-2", {"preamble-gives-the-role"}, gives_role_of_level_2, flag},
      {"identity-by-level-2", {"preamble-gives-the-identity"}, gives_identity, flag},
      {"preamble-is-not-counted", {"preamble-is-not-payload"}, does_not_count_preambles, flag},
      {"preamble-in-pieces", {"preamble-in-pieces-is-accepted"}, preamble_in_pieces, flag},
      {"wrong-preamble-of-level-1",
       {"wrong-preamble-ends-the-test"},
       ends_test_at(1, plain, {"X"}),
       flag},
      {"wrong-preamble-of-level-2",
       {"wrong-preamble-ends-the-test"},
       ends_test_at(2, plain, {preamble('s', 0)}),
       flag},
      {"number-out-of-range",
       {"number-out-of-range-ends-the-test"},
       ends_test_at(2, plain, {preamble('S', 1)}),
       flag},
      {"number-of-65535",
       {"number-out-of-range-ends-the-test"},
       ends_test_at(2, plain, {preamble('S', 65535)}),
       flag},
      {"number-taken",
       {"number-taken-ends-the-test"},
       ends_test_at(2, {{"parallel", 2}}, {preamble('S', 0), preamble('S', 0)}),
       flag},
      {"two-senders-of-one",
       {"too-many-of-a-role-end-the-test"},
       ends_test_at(1, both_ways, {"S", "S"}),
       flag},
      {"receiver-in-a-forward-test",
       {"too-many-of-a-role-end-the-test"},
       ends_test_at(1, plain, {"R"}),
       flag},
      {"error-is-explained", {"error-is-explained"}, explains_the_error, flag},
      {"error-leaves-no-trace", {"flag-errors-leave-no-trace"}, error_leaves_no_trace, flag},
      {"missing-preamble",
       {"missing-preamble-ends-the-test"},
       preamble_that_never_comes,
       {"role-flag", "slow"}},
      {"role-by-the-cookie", {"flag-in-the-cookie-is-understood"}, understands_the_cookie, flag},
      {"identity-by-the-cookie",
       {"flag-in-the-cookie-is-understood"},
       takes_identity_from_the_cookie,
       flag},
      {"cookie-that-contradicts",
       {"preamble-counts-before-the-cookie"},
       cookie_that_contradicts,
       flag},
      {"flagged-cookies-are-cookies",
       {"legacy-server-takes-flagged-cookies"},
       takes_flagged_cookies_for_plain},
      {"require-and-a-legacy-client",
       {"require-refuses-a-legacy-client"},
       require_refuses_legacy,
       flag,
       "--role-flag=require"},
      {"require-and-an-announcement",
       {"require-accepts-a-flag"},
       answers(2, 2),
       flag,
       "--role-flag=require"},
      {"require-and-a-flagged-cookie",
       {"require-accepts-a-flag"},
       require_accepts_cookie,
       flag,
       "--role-flag=require"},
      {"129-streams-with-level-2", {"more-streams-with-level-2"}, more_streams, flag},
      {"late-binding", {"late-binding-follows-the-payload"}, follows_the_payload, flag},
      {"off-answers-nothing",
       {"off-server-is-a-legacy-server"},
       off_gives_roles_by_order,
       flag,
       "--role-flag=off"},
      {"force-expects-a-byte",
       {"force-expects-a-byte"},
       force_expects_a_byte,
       flag,
       "--role-flag=force"},
  });
}

}  // namespace rolecall::conformance::server_role_flag
