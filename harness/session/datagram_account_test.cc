// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/datagram_account.h"

#include <limits>

#include <gtest/gtest.h>

namespace rolecall::session {
namespace {

DatagramAccount account_of(std::initializer_list<std::uint64_t> sequences,
                           wire::Counter counter = wire::Counter::Narrow) {
  DatagramAccount account(counter);
  for (const std::uint64_t sequence : sequences) account.take({TimePoint{}, sequence}, TimePoint{});
  return account;
}

void expect(const DatagramAccount& account, std::uint64_t packets, std::uint64_t lost,
            std::uint64_t out_of_order) {
  EXPECT_EQ(account.packets(), packets);
  EXPECT_EQ(account.lost(), lost);
  EXPECT_EQ(account.out_of_order(), out_of_order);
}

TEST(DatagramAccountTest, InOrderNothingIsMissing) {
  expect(account_of({1, 2, 3}), 3, 0, 0);
}

TEST(DatagramAccountTest, NumbersLeftOutAreLost) {
  expect(account_of({3, 4, 7}), 7, 4, 0);
}

TEST(DatagramAccountTest, WhatComesLateWasNotLost) {
  expect(account_of({1, 3, 2}), 3, 0, 1);
}

TEST(DatagramAccountTest, ADuplicateCountsAsLateAndMayHideALoss) {
  expect(account_of({1, 1}), 1, 0, 1);
  expect(account_of({1, 3, 3}), 3, 0, 1);
}

TEST(DatagramAccountTest, NumberZeroIsLate) {
  expect(account_of({0}), 0, 0, 1);
}

TEST(DatagramAccountTest, ANarrowCounterGoesOnAfterItsTurn) {
  expect(account_of({0xfffffffe, 0xffffffff, 0, 1}), 0x100000001, 0xfffffffd, 0);
}

TEST(DatagramAccountTest, WhatComesLateAcrossTheTurnIsLate) {
  expect(account_of({0xfffffffe, 0, 0xffffffff}), 0x100000000, 0xfffffffd, 1);
}

TEST(DatagramAccountTest, AWideCounterHasNoTurn) {
  expect(account_of({std::uint64_t{1} << 33}, wire::Counter::Wide), std::uint64_t{1} << 33,
         (std::uint64_t{1} << 33) - 1, 0);
}

TEST(DatagramAccountTest, JitterIsASixteenthOfEachChangeInTransit) {
  DatagramAccount account;
  account.take({TimePoint{0}, 1}, TimePoint{5'000'000});  // the first has nothing to differ from
  EXPECT_EQ(account.jitter_s(), 0);
  account.take({TimePoint{1'000'000}, 2}, TimePoint{7'600'000});  // 1.6 ms longer under way
  EXPECT_NEAR(account.jitter_s(), 0.0001, 1e-12);
  account.take({TimePoint{2'000'000}, 3}, TimePoint{8'600'000});  // as long as that
  EXPECT_NEAR(account.jitter_s(), 0.00009375, 1e-12);
}

TEST(DatagramAccountTest, AfterTheOmittedPartJitterStartsAnewAndNumbersGoOn) {
  DatagramAccount account;
  account.take({TimePoint{0}, 1}, TimePoint{1'000'000});
  account.take({TimePoint{0}, 3}, TimePoint{9'000'000});
  account.restart_jitter();
  account.take({TimePoint{0}, 4}, TimePoint{1'000'000});
  EXPECT_EQ(account.jitter_s(), 0);
  expect(account, 4, 1, 0);
}

// Whoever can send a datagram could else make figures that cannot be added up.
TEST(DatagramAccount, NumbersThatNoTestReachesLoseNoMoreThanCanBeCounted) {
  DatagramAccount account(wire::Counter::Wide);
  account.take({TimePoint{}, std::numeric_limits<std::uint64_t>::max()}, TimePoint{});
  EXPECT_EQ(account.lost(), std::uint64_t{1} << 46);
}

}  // namespace
}  // namespace rolecall::session
