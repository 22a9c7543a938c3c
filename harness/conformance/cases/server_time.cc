// SPDX-License-Identifier: BSD-3-Clause
// Servers and time: rates, the omitted part, limits. SPEC.md, "data", "test-end", "timeouts"; and
// the form of their errors. Where a case has to outlast a clock of the server's, it listens to
// silence.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/deadline.h"
#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_time {
namespace {

using wire::State;

// 800 kbit/s are 100,000 bytes a second, of which none can be here early, but for a few blocks.
Checked<void> keeps_its_rate(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"reverse", true}, {"bandwidth", 800000}});
  TRY(test.reach(Phase::Streams));
  const TimePoint begin = now();
  TRY(test.reach(Phase::Running));
  TRY(test.streams[0].receive(150000, "1.5 s of payload"));
  const double took = (now() - begin).in_seconds();
  return require(took > 1.4, "150000 bytes in 1.5 s, not before", fmt::format("{:.3f} s", took));
}

Checked<void> leaves_the_omitted_part_out(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"omit", 3}});
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(test.await_read());
  TRY(test.control().expect_silence("the omitted part ends without a word", seconds(4)));
  test.payload = std::string(2000, 'x');
  test.client_results = results({{1, 5000}});  // from which the server can learn nothing
  return expect_counted(test, 2000, "behind the omitted part");
}

Checked<void> waits_for_test_end(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"time", 1}});
  TRY(test.reach(Phase::Running));
  TRY(test.control().expect_silence("only the client ends a test", seconds(2)));
  return test.reach(Phase::Done);
}

Checked<void> has_two_integers(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.control().send(document(parameters({{"parallel", 0}}))));
  TRY(const std::string answer, test.expect_end("the parameters are out of range"));
  return require(answer.size() == 9 && answer[0] == '\xfe', "0xfe and two integers, and the end",
                 visible(answer));
}

Checked<void> closes_after_error(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.control().send(document(parameters({{"MSS", 32768}}))));
  TRY(test.control().expect(State::ServerError));
  TRY(const std::string rest, test.expect_end("the server has reported an error"));
  return server.expect_served();
}

// A socket from which nothing is sent: to the server nobody is there.
Checked<void> leave_alone(ServerScript& server, Duration span) {
  TRY(auto nobody, server.connect_flow("nobody"));
  return nobody.expect_silence("nothing was sent", span);
}

// One whose timeout of 4 s goes on from before the test ends it after 1 s.
Checked<void> counts_from_the_test(ServerScript& server) {
  TRY(leave_alone(server, seconds(7)));
  const TimePoint begin = now();
  ServerTest test(server);
  TRY(server.reach_after_another(test, Phase::Running));
  test.control().wait_at_least(seconds(20));
  TRY(const std::string answer, test.expect_end("no data comes for the receive timeout"));
  return expect_patience(begin, seconds(3));
}

Checked<void> reverse_without_streams(ServerScript& server) {
  const TimePoint begin = now();
  ServerTest test(server);
  test.ask({{"reverse", true}});
  TRY(test.reach(Phase::Streams));
  TRY(const std::string answer, test.expect_end("no stream comes for the receive timeout"));
  TRY(expect_patience(begin, milliseconds(400)));
  return server.expect_served();
}

Checked<void> listens_after_idling(ServerScript& server) {
  TRY(leave_alone(server, milliseconds(1500)));
  ServerTest test(server);
  return server.reach_after_another(test, Phase::Done);
}

Checked<void> serves_ipv6(ServerScript& server) {
  TRY(const auto addresses, checked(resolve("::1", server.address().port(), AF_INET6)));
  ServerScript over_ipv6(addresses.front(), server.program(), server.line());
  ServerTest test(over_ipv6);
  return test.reach(Phase::Done);
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
      {"rate", {"rate-is-an-average"}, keeps_its_rate, {"reverse"}},
      {"omitted-part",
       {"omitted-part-is-not-counted", "omitted-part-is-silent"},
       leaves_the_omitted_part_out,
       {"omit"}},
      {"time-is-the-clients", {"server-waits-for-test-end"}, waits_for_test_end},
      {"error-of-two-integers", {"server-error-has-two-integers"}, has_two_integers},
      {"end-behind-an-error", {"server-closes-after-server-error"}, closes_after_error},
      {"idle-before-the-test",
       {"receive-timeout-begins-with-the-test"},
       counts_from_the_test,
       {"rcv-timeout"},
       "--rcv-timeout 4000"},
      {"reverse-without-streams",
       {"reverse-client-without-streams-is-dropped"},
       reverse_without_streams,
       {"reverse", "rcv-timeout"},
       "--rcv-timeout 500"},
      {"idle-for-long",
       {"idle-server-goes-on-listening"},
       listens_after_idling,
       {"idle-timeout"},
       "--idle-timeout 1"},
      {"ipv6", {"ipv6-is-served"}, serves_ipv6, {"ipv6"}},
  });
}

}  // namespace rolecall::conformance::server_time
