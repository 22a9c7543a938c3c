// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/pace.h"

#include <gtest/gtest.h>

namespace rolecall::perf {
namespace {

constexpr std::uint64_t kPacedBlock = 1000;
constexpr std::size_t kManyBlocks = 1000;

// A block a millisecond.
Pace pace(int burst_blocks = 0) {
  return Pace(
      {.block_bytes = kPacedBlock, .bits_per_second = 8'000'000, .burst_blocks = burst_blocks});
}

TEST(PaceTest, TheFirstBlockIsDueAtOnce) {
  EXPECT_EQ(pace().blocks_due(0, {}, kManyBlocks), 1U);
}

TEST(PaceTest, TheNextIsDueWhenTheRateHasPaidForThoseBefore) {
  EXPECT_EQ(pace().due(3 * kPacedBlock), milliseconds(3));
  EXPECT_EQ(pace().blocks_due(3 * kPacedBlock, milliseconds(3) - nanoseconds(1), kManyBlocks), 0U);
  EXPECT_EQ(pace().blocks_due(3 * kPacedBlock, milliseconds(3), kManyBlocks), 1U);
}

TEST(PaceTest, AStreamThatIsBehindCatchesUp) {
  EXPECT_EQ(pace().blocks_due(3 * kPacedBlock, milliseconds(10), kManyBlocks), 7U);
}

TEST(PaceTest, ABurstIsDueAsAWhole) {
  EXPECT_EQ(pace(50).blocks_due(0, {}, kManyBlocks), 50U);
  EXPECT_EQ(pace(50).due(50 * kPacedBlock), milliseconds(50));
  EXPECT_EQ(pace(50).blocks_due(50 * kPacedBlock, milliseconds(49), kManyBlocks), 0U);
  EXPECT_EQ(pace(50).blocks_due(50 * kPacedBlock, milliseconds(50), kManyBlocks), 50U);
}

// The kernel, or a file, gave less than was due.
TEST(PaceTest, OfABurstThatWasBegunOnlyTheRestIsDue) {
  EXPECT_EQ(pace(50).due(9 * kPacedBlock), Duration());
  EXPECT_EQ(pace(50).blocks_due(9 * kPacedBlock, {}, kManyBlocks), 41U);
  EXPECT_EQ(pace(50).blocks_due(59 * kPacedBlock, milliseconds(50), kManyBlocks), 41U);
}

TEST(PaceTest, NoMoreThanACallTakesIsDue) {
  EXPECT_EQ(pace(50).blocks_due(0, {}, 9), 9U);
  EXPECT_EQ(pace().blocks_due(3 * kPacedBlock, seconds(1'000'000'000), 9), 9U);
}

TEST(PaceTest, NoRateIsTooLowForTheClock) {
  const Pace slowest({.block_bytes = 1 << 20, .bits_per_second = 1, .burst_blocks = 1000});
  EXPECT_GE(slowest.due(std::uint64_t{1} << 62), seconds(1'000'000'000));
}

}  // namespace
}  // namespace rolecall::perf
