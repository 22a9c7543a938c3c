// SPDX-License-Identifier: BSD-3-Clause
// Clients, the ends of tests and errors of the server: SPEC.md, "test-end", "errors-and-busy".
#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/deadline.h"
#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_ends {
namespace {

using wire::State;

constexpr const char* kShort = "-n 8K -l 1K";
constexpr const char* kLong = "-t 10 -b 1M -l 1K";

Checked<void> results_wait(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.await_test_end());
  return client.control().expect_silence("13 has not come");
}

Checked<void> closes_after_done(ClientScript& client) {
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

Checked<void> ignores_noise_behind_done(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  TRY(client.control().send(byte(State::ServerError) + length(110) + length(0)));
  TRY(client.control().expect(State::IperfDone));
  TRY(client.control().expect_end("the test is over"));
  return client.expect_success();
}

Checked<void> says_so_at(ClientScript& client, int signal) {
  TRY(client.reach(Phase::Running));
  TRY(client.streams[0].receive(1000, "payload"));
  client.program().interrupt(signal);
  return client.control().expect(State::ClientTerminate);
}

Checked<void> interrupted_client_says_so(ClientScript& client) {
  TRY(says_so_at(client, SIGINT));
  TRY(client.restart(kLong));
  TRY(says_so_at(client, SIGTERM));
  TRY(client.restart(kLong));
  return says_so_at(client, SIGHUP);
}

Checked<void> fails_at_server_terminate(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.control().send(State::ServerTerminate));
  return client.expect_failure();
}

ClientBody fails_at_server_error(Phase phase, std::string behind) {
  return [=](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    TRY(client.control().send(byte(State::ServerError) + behind));
    if (behind.size() < 8) client.control().end_sending();
    return client.expect_failure();
  };
}

// What is printed is the client's own business, but it depends on what the server has said.
Checked<void> takes_one_integer_for_the_error(ClientScript& client) {
  TRY(fails_at_server_error(Phase::Cookie, length(142))(client));
  const std::string said = client.program().errors();
  TRY(client.restart(kShort));
  TRY(fails_at_server_error(Phase::Cookie, length(27))(client));
  return require(client.program().errors() != said, "other words for another error",
                 visible(said, 300));
}

ClientBody fails_at_denial(Phase phase) {
  return [phase](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    TRY(client.control().send(State::AccessDenied));
    return client.expect_failure();
  };
}

Checked<void> no_data(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  const TimePoint begin = now();
  TRY(client.reach(Phase::Running));
  client.control().wait_at_least(seconds(20));
  TRY(client.control().expect(State::IperfDone));
  const double took = (now() - begin).in_seconds();
  TRY(require(took > 3, "16 after 6 s without data", fmt::format("after {:.3f} s", took)));
  return client.expect_failure();
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ClientCase>{
      {"results-wait", {"results-follow-exchange-results"}, kShort, results_wait},
      {"closes-after-done", {"client-closes-after-done"}, kShort, closes_after_done},
      {"noise-behind-done", {"error-behind-done-is-noise"}, kShort, ignores_noise_behind_done},
      {"interrupted-client", {"interrupted-client-says-so"}, kLong, interrupted_client_says_so},
      {"server-terminate", {"server-terminate-fails-the-client"}, kLong, fails_at_server_terminate},
      {"server-error-to-the-cookie",
       {"server-error-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Cookie, length(110) + length(0))},
      {"server-error-to-the-parameters",
       {"server-error-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Streams, length(6) + length(0))},
      {"server-error-while-running",
       {"server-error-fails-the-client"},
       kLong,
       fails_at_server_error(Phase::Running, length(141) + length(104))},
      {"unknown-error-number",
       {"unknown-error-number-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Streams, length(9999) + length(9999))},
      {"one-integer", {"one-integer-is-enough"}, kShort, takes_one_integer_for_the_error},
      {"half-server-error",
       {"half-server-error-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Streams, std::string(2, '\0'))},
      {"denial-of-the-cookie", {"denial-fails-the-client"}, kShort, fails_at_denial(Phase::Cookie)},
      {"denial-of-the-parameters",
       {"denial-fails-the-client"},
       kShort,
       fails_at_denial(Phase::Streams)},
      {"no-data-comes",
       {"client-without-data-gives-up"},
       "-t 30 -R --rcv-timeout 6000",
       no_data,
       {"reverse", "rcv-timeout"}},
  });
}

}  // namespace rolecall::conformance::client_ends
