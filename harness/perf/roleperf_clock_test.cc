// SPDX-License-Identifier: BSD-3-Clause
// Both ends with a wall clock that jumps by two hours at each look: no time limit, no figure and no
// pace goes by it.
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

constexpr double kHour = 3600;

class RoleperfClock : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { ::setenv("LD_PRELOAD", JUMPING_CLOCK, 1); }
  static void TearDownTestSuite() { ::unsetenv("LD_PRELOAD"); }
};

// Times are said in seconds, jitter in milliseconds: what went by the clock would be off by more.
void expect_no_jump(const ordered_json& document) {
  ASSERT_FALSE(document.is_discarded());
  ASSERT_FALSE(document.contains("error")) << document;
  const auto stamp = document["start"]["timestamp"]["timesecs"].get<double>();
  ASSERT_GT(std::abs(stamp - static_cast<double>(::time(nullptr))), kHour / 2) << "no clock jumped";
  ASSERT_FALSE(document["intervals"].empty());
  for (const ordered_json& interval : document["intervals"]) {
    EXPECT_GE(interval["sum"]["seconds"].get<double>(), 0);
    EXPECT_LT(interval["sum"]["seconds"].get<double>(), kHour);
  }
  const ordered_json& sum = document["end"]["sum_received"];
  EXPECT_GE(sum["seconds"].get<double>(), 0);
  EXPECT_LT(sum["seconds"].get<double>(), kHour);
  EXPECT_LT(sum.value("jitter_ms", 0.0), 1000 * kHour);
}

TEST_P(RoleperfClock, MayJump) {
  const Outcome run = perf::run(
      ROLEPERF, ROLEPERF, {fmt::format("-t 1 -i 0.25 -J {}", GetParam()), "-J --rcv-timeout 5000"});
  EXPECT_EQ(run.client_status, 0) << run.client;
  EXPECT_EQ(run.server_status, 0) << run.server;
  expect_no_jump(parse(run.client));
  expect_no_jump(parse(run.server));
}

INSTANTIATE_TEST_SUITE_P(In, RoleperfClock,
                         testing::Values("", "-R -O 1", "--bidir -b 10M", "-u -b 1M",
                                         "-u -R -b 1M"));

}  // namespace
}  // namespace rolecall::perf
