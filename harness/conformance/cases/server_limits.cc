// SPDX-License-Identifier: BSD-3-Clause
// Servers that limit the rate and the duration of tests: SPEC.md, "parameters", "errors-and-busy".
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_limits {
namespace {

constexpr const char* kDuration = "--server-max-duration 5";
constexpr const char* kRate = "--server-bitrate-limit 1M";
constexpr const char* kRateOfASecond = "--server-bitrate-limit 1M/1";

// At the parameters, or, as releases before 3.21 do, when the streams stand; before it runs.
ServerBody refuses(Json changes) {
  return [changes = std::move(changes)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.ask(changes);
    TRY(test.reach(Phase::Parameters));
    TRY(test.control().send(document(test.parameters_text)));
    if (test.control().next_is(wire::State::CreateStreams) == true) {
      TRY(test.control().expect(wire::State::CreateStreams));
      while (test.streams.size() < test.stream_count) {
        TRY(test.open_stream());
      }
    }
    TRY(const std::string answer, test.expect_end("the test would exceed the limit"));
    TRY(require(answer.find('\x02') == answer.npos || answer[0] == '\xfe', "no 2: it does not run",
                visible(answer)));
    return server.expect_served();
  };
}

// 8 Mbit at once, where 1 Mbit may come in a second.
Checked<void> exceed_the_rate(ServerTest& test, std::string& answer) {
  test.payload = std::string(1000000, 'x');
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(answer, test.expect_end("the test exceeds the limit"));
  return ok();
}

Checked<void> ends_a_fast_test(ServerScript& server) {
  std::string answer;
  {
    ServerTest test(server);
    TRY(exceed_the_rate(test, answer));
  }
  return server.expect_served();
}

Checked<void> reports_the_rate_once(ServerScript& server) {
  ServerTest test(server);
  std::string answer;
  TRY(exceed_the_rate(test, answer));
  return require(std::ranges::count(answer, '\xfe') == 1, "0xfe once, and two integers",
                 visible(answer));
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
      {"longest-test",
       {"longest-test-is-limited"},
       runs({{"time", 5}}),
       {"duration-limit"},
       kDuration},
      {"omitted-part-beyond-the-longest-test",
       {"longest-test-is-limited"},
       names_error({{"time", 5}, {"omit", 1}}, 37),
       {"duration-limit"},
       kDuration},
      {"goal-at-a-limited-duration",
       {"longest-test-is-limited"},
       names_error({{"time", 0}, {"num", 8000}}, 37),
       {"duration-limit"},
       kDuration},
      {"rate-at-the-limit",
       {"requested-rate-is-limited"},
       runs({{"bandwidth", 1000000}}),
       {"rate-limit"},
       kRate},
      {"rates-above-the-limit",
       {"requested-rate-is-limited"},
       refuses({{"bandwidth", 600000}, {"parallel", 2}}),
       {"rate-limit", "parallel"},
       kRate},
      {"rate-above-the-limit-both-ways",
       {"requested-rate-is-limited"},
       refuses({{"bandwidth", 600000}, {"bidirectional", true}}),
       {"rate-limit", "bidir"},
       kRate},
      {"kernel-rate-above-the-limit",
       {"requested-kernel-rate-is-limited"},
       refuses({{"fqrate", 2000000}}),
       {"rate-limit"},
       kRate},
      {"test-faster-than-the-limit",
       {"rate-above-the-limit-ends-the-test"},
       ends_a_fast_test,
       {"rate-limit"},
       kRateOfASecond},
      {"error-of-the-limit",
       {"error-is-sent-once"},
       reports_the_rate_once,
       {"rate-limit"},
       kRateOfASecond},
  });
}

}  // namespace rolecall::conformance::server_limits
