// SPDX-License-Identifier: BSD-3-Clause
#include "harness/schedule/schedule.h"

#include <set>

#include <gmock/gmock.h>

#include "harness/schedule/pairing.h"

namespace rolecall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string schedule_error(std::string_view text) {
  return parse_schedule(text).error().what;
}

TEST(ScheduleTest, NaturalImposesNothing) {
  EXPECT_TRUE(parse_schedule("natural").value().is_natural());
}

TEST(ScheduleTest, AStrangerIsNothingNaturalAndNeedsTheLink) {
  const Schedule schedule = parse_schedule("stranger after syn 1").value();
  EXPECT_FALSE(schedule.is_natural());
  EXPECT_TRUE(schedule.needs_link());
}

TEST(ScheduleTest, AnAcceptOrderIsReadAsClientOrderNumbers) {
  EXPECT_THAT(parse_schedule("accept 2,1").value().accept, ElementsAre(2, 1));
  EXPECT_THAT(parse_schedule(" accept  3, 1,2 ").value().accept, ElementsAre(3, 1, 2));
}

TEST(ScheduleTest, PrintingAndParsingAreInverse) {
  for (const char* text : {"natural", "accept 2,1", "accept 4,3,2,1",
                           "hold ack 1 until cookie 2 acknowledged; drop syn 2 once",
                           "accept 2,1; drop cookie 1 3 times",
                           "accept 2,1; stranger after cookie 1 acknowledged; drop syn 2 once"})
    EXPECT_EQ(print(parse_schedule(text).value()), text);
}

TEST(ScheduleTest, AnUnknownWordIsRefusedWithTheKnownOnes) {
  EXPECT_THAT(schedule_error("swap 2,1"), HasSubstr("write \"natural\""));
  EXPECT_THAT(schedule_error("accept"), HasSubstr("write \"natural\""));
  EXPECT_THAT(schedule_error("natural 2,1"), HasSubstr("write \"natural\""));
}

TEST(ScheduleTest, WhatIsNoNumberIsNamed) {
  EXPECT_THAT(schedule_error("accept 2,x"), HasSubstr("\"x\" is not a connection number"));
  EXPECT_THAT(schedule_error("accept 2,,1"), HasSubstr("\"\" is not a connection number"));
  EXPECT_THAT(schedule_error("accept 99999999999"), HasSubstr("is not a connection number"));
}

TEST(ScheduleTest, ANumberTwiceIsNoPermutation) {
  EXPECT_THAT(schedule_error("accept 1,1"), HasSubstr("names connection 1 twice"));
}

TEST(ScheduleTest, ANumberOutOfRangeIsNoPermutation) {
  EXPECT_THAT(schedule_error("accept 1,3"), HasSubstr("names connection 3, but it lists 2"));
  EXPECT_THAT(schedule_error("accept 0,1"), HasSubstr("names connection 0"));
}

TEST(ScheduleTest, AnOrderMustNameEveryConnectionOfTheTest) {
  EXPECT_THAT(check_fits(parse_schedule("accept 2,1").value(), 4).error().what,
              HasSubstr("orders 2 connections, but the test opens 4"));
  EXPECT_TRUE(check_fits(parse_schedule("natural").value(), 4).has_value());
}

TEST(PairingTest, TheNaturalOrderMispairsNobody) {
  EXPECT_THAT(mispaired(natural_order(4), Mode::Bidir, 2), IsEmpty());
}

TEST(PairingTest, OneSwapOfABidirPairMakesBothEndsTheSame) {
  EXPECT_THAT(pairings({2, 1}, Mode::Bidir, 1),
              ElementsAre(Pairing{1, true, true}, Pairing{2, false, false}));
}

TEST(PairingTest, ASwapAcrossTheHalvesMispairsOneOfEachDirection) {
  EXPECT_THAT(mispaired({1, 3, 2, 4}, Mode::Bidir, 2), ElementsAre(2, 3));
}

TEST(PairingTest, ASwapWithinAHalfOnlySwapsIdentities) {
  EXPECT_THAT(mispaired({2, 1, 3, 4}, Mode::Bidir, 2), IsEmpty());
  EXPECT_THAT(misidentified({2, 1, 3, 4}), ElementsAre(1, 2));
}

TEST(PairingTest, WithoutBidirNobodyIsMispaired) {
  EXPECT_THAT(mispaired({2, 1}, Mode::Forward, 2), IsEmpty());
  EXPECT_THAT(mispaired({2, 1}, Mode::Reverse, 2), IsEmpty());
}

TEST(PairingTest, AllOrdersAreAllPermutations) {
  const auto orders = all_orders(4).value();
  EXPECT_EQ(std::set(orders.begin(), orders.end()).size(), 24U);
  EXPECT_EQ(all_orders(9).error().code, Errc::Limit);
}

TEST(PairingTest, RoleDistinctOrdersAreOneForEachSetOfMispairedConnections) {
  std::set<std::vector<int>> outcomes;
  const auto orders = role_distinct_orders(3).value();
  for (const auto& order : orders) outcomes.insert(mispaired(order, Mode::Bidir, 3));
  EXPECT_EQ(orders.size(), 20U);
  EXPECT_EQ(outcomes.size(), 20U);
}

TEST(PairingTest, APairingIsSaidClientFirst) {
  EXPECT_EQ(print(Pairing{2, false, true}), "connection 2 receiver/sender");
}

}  // namespace
}  // namespace rolecall
