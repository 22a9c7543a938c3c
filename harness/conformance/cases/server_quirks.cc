// SPDX-License-Identifier: BSD-3-Clause
// Servers, what iperf3 does and others need to tolerate but not to copy: QUIRK clauses of several
// areas of SPEC.md.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_quirks {
namespace {

using wire::State;

Checked<void> says_minus_one_without_its_sign(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Display));
  return require(test.server_results.find("18446744073709551615") != std::string::npos,
                 "18446744073709551615 for -1", visible(test.server_results, 300));
}

// The one that waits is reset when the listening socket is closed.
Checked<void> makes_its_listener_anew(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"nodelay", true}, {"parallel", 2}});
  TRY(test.reach(Phase::Parameters));
  TRY(auto waiting, server.connect("one that waits"));
  TRY(test.reach(Phase::Streams));
  waiting.set_limit(kLongSilence);
  TRY(const std::string rest, waiting.expect_end("it waited at the old socket"));
  return ok();
}

// 3,000 bytes on the first accepted and 5,000 on the second, reported as the other way round.
Checked<void> numbers_by_accept_order(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Running));
  TRY(test.streams[0].send(std::string(3000, 'a')));
  TRY(test.streams[1].send(std::string(5000, 'b')));
  TRY(test.await_read());
  test.payload = "";
  test.client_results = results({{1, 5000}, {3, 3000}});
  TRY(test.reach(Phase::Display));
  return require(number_at(parsed(test.server_results), "/streams/0/bytes") == 3000,
                 "3000 bytes of id 1, the first accepted", visible(test.server_results, 400));
}

Checked<void> gives_roles_by_accept_order(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"bidirectional", true}});
  TRY(test.reach(Phase::Running));
  TRY(test.streams[1].send(test.payload));
  return test.streams[1].receive(1000, "payload of the server on the second stream").has_value()
             ? Checked<void>(ok())
             : failure("payload on the second stream, where the client sends too", "none");
}

Checked<void> loses_the_trailing_part(ServerScript& server) {
  ServerTest test(server);
  test.payload = std::string(4500, 'x');
  return expect_counted(test, 4000, "of 4500 in blocks of 1000");
}

Checked<void> counts_a_byte_before_the_payload(ServerScript& server) {
  ServerTest test(server);
  test.preambles = {"S"};
  return expect_counted(test, 3001, "with the one before the payload");
}

Checked<void> closes_streams_at_the_end(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  test.streams[0].set_limit(kLongSilence);
  TRY(const std::string rest, test.streams[0].expect_end("13 has come"));
  return ok();
}

Checked<void> waits_for_the_close(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Display));
  TRY(test.control().send(State::IperfDone));
  TRY(const std::string rest, test.control().receive_some());  // its end; ours stays open
  TRY(auto next, server.connect("the next client"));
  TRY(next.send(ServerTest::fresh_cookie()));
  return next.expect_silence("the last client has not closed", kLongSilence);
}

Checked<void> keeps_others_waiting(ServerScript& server) {
  TRY(auto control, server.connect("control"));
  TRY(control.send("half a cookie"));
  TRY(auto other, server.connect("another client"));
  TRY(other.send(ServerTest::fresh_cookie()));
  return other.expect_silence("the server reads somebody else's cookie", kLongSilence);
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
      {"minus-one-without-its-sign",
       {"negative-numbers-may-come-unsigned"},
       says_minus_one_without_its_sign},
      {"burst-of-zero", {"burst-of-zero-is-refused"}, names_error({{"burst", 0}}, 15)},
      {"two-errors", {"last-error-is-reported"}, names_error({{"parallel", 0}, {"TOS", 999}}, 21)},
      {"connection-at-the-old-listener", {"listener-is-made-anew"}, makes_its_listener_anew},
      {"ids-by-accept-order",
       {"server-ids-follow-accept-order"},
       numbers_by_accept_order,
       {"parallel"}},
      {"roles-by-accept-order",
       {"roles-follow-accept-order"},
       gives_roles_by_accept_order,
       {"bidir"}},
      {"trailing-part", {"trailing-part-of-a-block-may-be-lost"}, loses_the_trailing_part},
      {"byte-before-the-payload",
       {"byte-before-the-payload-is-counted"},
       counts_a_byte_before_the_payload},
      {"streams-after-the-end", {"streams-are-closed-at-test-end"}, closes_streams_at_the_end},
      {"done-without-close", {"done-without-close-holds-the-server"}, waits_for_the_close},
      {"client-behind-half-a-cookie", {"set-up-keeps-others-waiting"}, keeps_others_waiting},
  });
}

}  // namespace rolecall::conformance::server_quirks
