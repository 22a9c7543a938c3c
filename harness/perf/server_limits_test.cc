// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/server_limits.h"

#include <gtest/gtest.h>

namespace rolecall::perf {
namespace {

wire::Parameters lasting(std::int64_t time_s, std::int64_t omit_s) {
  wire::Parameters p;
  p.time_s = time_s;
  p.omit_s = omit_s;
  return p;
}

int refused(const Options& server, const wire::Parameters& asked) {
  const auto refusal = refusal_by_limits(server, asked);
  return refusal ? refusal->error_number : 0;
}

TEST(DurationLimit, CountsTheOmittedPart) {
  Options server;
  server.most_duration_s = 10;
  EXPECT_EQ(refused(server, lasting(9, 1)), 0);
  EXPECT_EQ(refused(server, lasting(9, 2)), 37);
}

TEST(DurationLimit, RefusesATestWithoutAnEnd) {
  Options server;
  server.most_duration_s = 10;
  EXPECT_EQ(refused(server, lasting(0, 0)), 37);
  EXPECT_EQ(refused(Options{}, lasting(0, 0)), 0);
}

TEST(BitrateLimit, IsOfAllStreamsInBothDirections) {
  Options server;
  server.most_bitrate_bps = 4000;
  wire::Parameters asked;
  asked.bits_per_second = 1000;
  asked.parallel = 4;
  EXPECT_EQ(refused(server, asked), 0);
  asked.direction = wire::Direction::Bidirectional;
  EXPECT_EQ(refused(server, asked), 27);
}

TEST(BitrateLimit, IsOfTheKernelsPacingToo) {
  Options server;
  server.most_bitrate_bps = 4000;
  wire::Parameters asked;
  asked.fq_bits_per_second = 4001;
  EXPECT_EQ(refused(server, asked), 27);
}

// Of 8000 bits/s over two intervals of a second.
class RateLimitTest : public testing::Test {
 protected:
  static Options server(double interval_s) {
    Options options;
    options.most_bitrate_bps = 8000;
    options.bitrate_limit_s = 2;
    options.interval_s = interval_s;
    return options;
  }
  static TimePoint at(int second) { return TimePoint() + seconds(second); }

  RateLimit limit_ = RateLimit::of(server(1), at(0)).value();
};

TEST_F(RateLimitTest, LooksOnceAnInterval) {
  EXPECT_EQ(limit_.wake_at(), at(1));
  EXPECT_FALSE(limit_.is_exceeded(at(0), 1'000'000));
  EXPECT_FALSE(limit_.is_exceeded(at(1), 1'000'000));
  EXPECT_EQ(limit_.wake_at(), at(2));
}

TEST_F(RateLimitTest, IsOfTheAverageOnceTheTimeHasPassed) {
  EXPECT_FALSE(limit_.is_exceeded(at(1), 2000));
  EXPECT_FALSE(limit_.is_exceeded(at(2), 2000));
  EXPECT_FALSE(limit_.is_exceeded(at(3), 4000));
  EXPECT_TRUE(limit_.is_exceeded(at(4), 4001));
}

TEST_F(RateLimitTest, HoldsWithoutAReportToo) {
  RateLimit silent = RateLimit::of(server(0), at(0)).value();
  EXPECT_FALSE(silent.is_exceeded(at(1), 3000));
  EXPECT_TRUE(silent.is_exceeded(at(2), 3000));
}

TEST_F(RateLimitTest, ThereIsNoneWithoutTheOption) {
  EXPECT_FALSE(RateLimit::of(Options{}, at(0)).has_value());
}

}  // namespace
}  // namespace rolecall::perf
