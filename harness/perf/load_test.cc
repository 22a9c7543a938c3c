// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/load.h"

#include <limits>

#include <gtest/gtest.h>

namespace rolecall::perf {
namespace {

constexpr std::size_t kBlock = 1000;

TEST(BudgetTest, WithoutAGoalEveryClaimIsGranted) {
  Budget budget(0);
  budget.begin();
  EXPECT_EQ(budget.claim(kBlock, 8), 8 * kBlock);
  EXPECT_FALSE(budget.spend(1 << 30));
  EXPECT_FALSE(budget.reached());
}

TEST(BudgetTest, TheLastClaimIsRoundedUpToAWholeBlock) {
  Budget budget(2500);
  budget.begin();
  EXPECT_EQ(budget.claim(kBlock, 2), 2 * kBlock);
  EXPECT_EQ(budget.claim(kBlock, 2), kBlock);
  EXPECT_EQ(budget.claim(kBlock, 2), 0U);
}

TEST(BudgetTest, ExactlyOneSpendReachesTheGoal) {
  Budget budget(2500);
  budget.begin();
  EXPECT_FALSE(budget.spend(2499));
  EXPECT_TRUE(budget.spend(1));
  EXPECT_FALSE(budget.spend(1));
  EXPECT_TRUE(budget.reached());
}

TEST(BudgetTest, WhatWasClaimedAndNotSentIsFreeForOthers) {
  Budget budget(2500);
  budget.begin();
  const std::uint64_t stalled = budget.claim(kBlock, 8);
  EXPECT_EQ(budget.claim(kBlock, 8), 0U);
  EXPECT_FALSE(budget.settle(stalled, 300));
  EXPECT_EQ(budget.claim(kBlock, 8), 3 * kBlock);
}

TEST(BudgetTest, TheRestOfACutBlockNeedsNoFurtherOne) {
  Budget budget(2 * kBlock);
  budget.begin();
  EXPECT_FALSE(budget.settle(budget.claim(kBlock, 8), kBlock + 300));
  EXPECT_EQ(budget.claim(kBlock, 8, kBlock - 300), 0U);
  EXPECT_TRUE(budget.settle(0, kBlock - 300));
}

TEST(BudgetTest, WhatIsOmittedDoesNotCount) {
  Budget budget(2500);
  EXPECT_EQ(budget.claim(kBlock, 8), 8 * kBlock);
  EXPECT_FALSE(budget.spend(8 * kBlock));
  budget.begin();
  EXPECT_FALSE(budget.reached());
  EXPECT_EQ(budget.claim(kBlock, 8), 3 * kBlock);
}

constexpr std::int64_t kMostInJson = std::numeric_limits<std::int64_t>::max();

TEST(GoalTest, IsGivenInBytesOrInBlocks) {
  EXPECT_EQ(goal_in_bytes(2500, 0, kBlock), 2500U);
  EXPECT_EQ(goal_in_bytes(0, 3, kBlock), 3 * kBlock);
  EXPECT_EQ(goal_in_bytes(0, 0, kBlock), 0U);
}

TEST(GoalTest, BlocksWithoutAnEndAreNoSmallGoal) {
  const std::size_t block = 128 * 1024;
  EXPECT_EQ(goal_in_bytes(0, (std::int64_t{1} << 47) + 1, block), kMostInJson);
  EXPECT_EQ(goal_in_bytes(0, kMostInJson, block), kMostInJson);
}

TEST(GoalTest, TheGreatestIsNotReachedByWhatWasOmitted) {
  Budget budget(kMostInJson);
  EXPECT_FALSE(budget.spend(1 << 30));
  budget.begin();
  EXPECT_FALSE(budget.reached());
  EXPECT_EQ(budget.claim(kBlock, 8), 8 * kBlock);
}

// A worker may be in the middle of a call when the omitted part ends.
TEST(BudgetTest, AClaimThatIsSettledInTheMeasuredPartLeavesTheGoalWhole) {
  Budget budget(2500);
  const std::uint64_t under_way = budget.claim(kBlock, 8);
  budget.begin();
  EXPECT_FALSE(budget.settle(under_way, 300));
  EXPECT_EQ(budget.claim(kBlock, 8), 3 * kBlock);
  EXPECT_TRUE(budget.settle(3 * kBlock, 2200));
}

}  // namespace
}  // namespace rolecall::perf
