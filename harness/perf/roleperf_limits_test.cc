// SPDX-License-Identifier: BSD-3-Clause
// --server-bitrate-limit and --server-max-duration: the rules are those of iperf3 3.22, which
// stands at either end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr char kTooMuch[] = "total required bandwidth is larger than server limit";

class LimitsBetween : public testing::TestWithParam<Ends> {
 protected:
  void SetUp() override {
    if (iperf3_of("3.22").empty()) GTEST_SKIP() << "no iperf3 3.22: ci/peers.sh fetches it";
  }
  static Outcome with(const std::string& server_words, const std::string& client_words) {
    return run(program_of(GetParam().server), program_of(GetParam().client),
               {client_words, server_words});
  }
  // What a client may say in place of the server's reason: a sender's thread of iperf3's may meet
  // the reset while the main thread still prints.
  static std::string last_word_of_a_sender() {
    return GetParam().client == "ours" ? kTooMuch : "unable to write to stream socket";
  }
};

TEST_P(LimitsBetween, ATestThatWouldTakeTooLongIsRefused) {
  EXPECT_EQ(with("--server-max-duration 5", "-t 1").client_status, 0);
  const Outcome refused = with("--server-max-duration 5", "-t 5 -O 1 -V");
  EXPECT_EQ(refused.client_status, 1);
  EXPECT_THAT(refused.server, HasSubstr("client's requested duration exceeds the server's"));
  for (const char* line :
       {"Connecting to host 127.0.0.1, port ", "      Cookie: ", "      TCP MSS: "}) {
    EXPECT_THAT(refused.client, HasSubstr(line));
  }
}

TEST_P(LimitsBetween, ATestWithoutAnEndByTimeIsRefused) {
  EXPECT_EQ(with("--server-max-duration 5", "-n 1M").client_status, 1);
}

TEST_P(LimitsBetween, ATestThatAsksForTooMuchIsRefused) {
  EXPECT_EQ(with("--server-bitrate-limit 8M", "-t 1 -b 2M -P 2").client_status, 0);
  const Outcome refused = with("--server-bitrate-limit 7M", "-t 1 -b 2M -P 2 --bidir");
  EXPECT_EQ(refused.client_status, 1);
  EXPECT_THAT(refused.server, HasSubstr(kTooMuch));
}

TEST_P(LimitsBetween, ATestThatTakesTooMuchIsEnded) {
  for (const char* direction : {"", "-R"}) {
    const Outcome done =
        with("--server-bitrate-limit 1M/0.5 -i 0.1", fmt::format("-t 30 {}", direction));
    EXPECT_EQ(done.client_status, 1) << done.client;
    EXPECT_EQ(done.server_status, 0) << done.server;
    EXPECT_THAT(done.client, HasSubstr("connected to"));
    EXPECT_THAT(done.server, HasSubstr(kTooMuch));
    EXPECT_THAT(done.client, AnyOf(HasSubstr(kTooMuch), HasSubstr(last_word_of_a_sender())));
  }
}

// The pair without roleperf shows that the rules are iperf3's.
INSTANTIATE_TEST_SUITE_P(Pairs, LimitsBetween,
                         testing::Values(Ends{"3.22", "3.22"}, Ends{"ours", "3.22"},
                                         Ends{"3.22", "ours"}, Ends{"ours", "ours"}));

TEST(Limits, TheServersDocumentHasTheRateThatWasAskedFor) {
  const Outcome refused = run(ROLEPERF, ROLEPERF, {"-b 2M", "--server-bitrate-limit 1M -J"});
  EXPECT_EQ(nlohmann::ordered_json::parse(refused.server)["start"]["target_bitrate"], 2'000'000);
}

TEST(Limits, TheClientHearsWhatTheTestMayHave) {
  const Outcome long_test = run(ROLEPERF, ROLEPERF, {"-t 6", "--server-max-duration 5"});
  EXPECT_THAT(long_test.client, HasSubstr("the test would take 6 s, and may take 5 s here"));
  const Outcome fast_test = run(ROLEPERF, ROLEPERF, {"-b 2M", "--server-bitrate-limit 1M"});
  EXPECT_THAT(fast_test.client, HasSubstr("2000000 bits/s, and may have 1000000 here"));
}

}  // namespace
}  // namespace rolecall::perf
