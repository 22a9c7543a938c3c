// SPDX-License-Identifier: BSD-3-Clause
#include "harness/schedule/rule.h"

#include <gmock/gmock.h>

#include "harness/schedule/schedule.h"

namespace rolecall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string rule_error(std::string_view text) {
  return parse_rule(text).error().what;
}

TEST(RuleTest, PrintingAndParsingAreInverse) {
  for (const char* text :
       {"hold ack 1 until cookie 2 acknowledged", "hold syn-ack 1 until syn 2",
        "hold cookie 3 until syn-ack 4", "hold syn 2 until cookie 1 sent",
        "hold syn 2 until stranger acknowledged", "drop syn 2 once", "drop cookie 1 3 times",
        "delay ack 1 by 20 ms", "duplicate cookie 1", "duplicate ack 256 1000 times",
        "drop datagram 5 of stream 1 once", "drop datagram 1000000 of stream 2 3 times",
        "hold datagram 5 of stream 1 until datagram 8 of stream 1"})
    EXPECT_EQ(print(parse_rule(text).value()), text);
}

TEST(RuleTest, AHoldNamesItsPacketsAndItsEvent) {
  EXPECT_EQ(parse_rule(" hold  ack 1 until cookie 2 acknowledged ").value(),
            (Rule{Verb::Hold, PacketKind::Ack, 1, 1, {EventKind::CookieAcknowledged, 2}}));
}

TEST(RuleTest, ADropWithoutACountIsOnce) {
  EXPECT_EQ(parse_rule("drop syn 2").value(), parse_rule("drop syn 2 once").value());
  EXPECT_EQ(parse_rule("drop syn 2 1 times").value(), parse_rule("drop syn 2 once").value());
}

TEST(RuleTest, ADelayIsInMilliseconds) {
  EXPECT_EQ(parse_rule("delay syn 2 by 50 ms").value().by, milliseconds(50));
  EXPECT_THAT(rule_error("delay syn 2 50 ms"), HasSubstr("write by"));
  EXPECT_THAT(rule_error("delay syn 2 by 50"), HasSubstr("ends too early; write ms"));
  EXPECT_THAT(rule_error("delay syn 2 by 0 ms"), HasSubstr("milliseconds from 1 to 10000"));
}

TEST(RuleTest, AWrongWordIsNamedWithTheRightOnes) {
  EXPECT_THAT(rule_error("hodl ack 1"),
              HasSubstr("\"hodl\" is not known there; write hold or drop"));
  EXPECT_THAT(rule_error("hold synack 1 until syn 2"), HasSubstr("write syn or syn-ack or ack"));
  EXPECT_THAT(rule_error("hold ack 1 till syn 2"),
              HasSubstr("\"till\" is not known there; write until"));
  EXPECT_THAT(rule_error("hold ack 1 until cookie 2 acked"),
              HasSubstr("write sent or acknowledged"));
  EXPECT_THAT(rule_error("drop syn 1 twice"), HasSubstr("write once, or a number from 1 to 1000"));
}

TEST(RuleTest, ADatagramIsNamedByItsPlaceInItsStream) {
  EXPECT_EQ(
      parse_rule("drop datagram 5 of stream 2").value(),
      (Rule{.verb = Verb::Drop, .packet = PacketKind::Datagram, .connection = 2, .datagram = 5}));
  EXPECT_THAT(rule_error("drop datagram 5"), HasSubstr("ends too early; write of"));
  EXPECT_THAT(rule_error("drop datagram 5 of connection 1"), HasSubstr("write stream"));
  EXPECT_THAT(rule_error("drop datagram 0 of stream 1"), HasSubstr("a datagram's place from 1"));
  EXPECT_THAT(rule_error("hold datagram 5 of stream 1 until datagram 8"), HasSubstr("write of"));
}

TEST(RuleTest, AStrangerIsAwaitedByHisAcknowledgementAlone) {
  EXPECT_THAT(rule_error("hold syn 2 until stranger sent"), HasSubstr("write acknowledged"));
}

TEST(RuleTest, AStrangerComesAfterAnEventOfTheTest) {
  EXPECT_EQ(parse_stranger("stranger after syn-ack 2").value(), (Event{EventKind::SynAck, 2}));
  EXPECT_THAT(parse_stranger("stranger after stranger acknowledged").error().what,
              HasSubstr("write syn or syn-ack or cookie"));
}

TEST(RuleTest, WhatStandsBehindAStrangerIsRefused) {
  EXPECT_THAT(parse_stranger("stranger after syn 1 once").error().what, HasSubstr("\"once\""));
}

TEST(RuleTest, AnAckIsNoEvent) {
  EXPECT_THAT(rule_error("hold ack 1 until ack 2"), HasSubstr("\"ack\" is not known there"));
}

TEST(RuleTest, AConnectionOutOfRangeIsRefused) {
  EXPECT_THAT(rule_error("drop syn 0"), HasSubstr("\"0\" is not known there"));
  EXPECT_THAT(rule_error("drop syn 257"), HasSubstr("a connection's number from 1 to 256"));
  EXPECT_THAT(rule_error("drop syn 99999999999"), HasSubstr("a connection's number"));
}

TEST(RuleTest, ARuleThatEndsTooEarlyIsRefused) {
  EXPECT_THAT(rule_error(""), HasSubstr("ends too early; write hold"));
  EXPECT_THAT(rule_error("hold ack 1"), HasSubstr("ends too early; write until"));
  EXPECT_THAT(rule_error("drop cookie 1 3"), HasSubstr("ends too early; write times"));
}

TEST(RuleTest, WhatStandsBehindARuleIsRefused) {
  EXPECT_THAT(rule_error("hold ack 1 until syn 2 once"), HasSubstr("\"once\""));
}

TEST(RuleTest, ASemicolonBehindTheLastRuleIsNoRule) {
  EXPECT_THAT(parse_schedule("drop syn 1;").error().what, HasSubstr("\"\" is not known"));
}

TEST(RuleTest, TwoAcceptOrdersAreRefused) {
  EXPECT_THAT(parse_schedule("accept 2,1; accept 1,2").error().what,
              HasSubstr("two accept orders"));
}

TEST(RuleTest, TwoStrangersAreRefused) {
  EXPECT_THAT(parse_schedule("stranger after syn 1; stranger after syn 2").error().what,
              HasSubstr("two strangers"));
}

TEST(RuleTest, AStrangerMayNotComeAfterAConnectionThatTheTestDoesNotOpen) {
  EXPECT_THAT(check_fits(parse_schedule("stranger after syn 3").value(), 2).error().what,
              HasSubstr("\"stranger after syn 3\" names a connection that does not come"));
}

TEST(RuleTest, WhoWaitsForAStrangerMustBringOne) {
  EXPECT_THAT(
      check_fits(parse_schedule("hold syn 2 until stranger acknowledged").value(), 2).error().what,
      HasSubstr("waits for a stranger who does not come; say when"));
}

TEST(RuleTest, ARuleMayNotNameAConnectionThatTheTestDoesNotOpen) {
  EXPECT_THAT(check_fits(parse_schedule("hold ack 1 until syn 3").value(), 2).error().what,
              HasSubstr("names a connection that does not come: the test opens 2"));
  EXPECT_TRUE(check_fits(parse_schedule("hold ack 1 until syn 2").value(), 2).has_value());
}

TEST(RuleTest, AnAcceptOrderIsAChainOfHolds) {
  const Rule three{Verb::Hold, PacketKind::Ack, 1, 1, {EventKind::CookieAcknowledged, 3}};
  const Rule one{Verb::Hold, PacketKind::Ack, 2, 1, {EventKind::CookieAcknowledged, 1}};
  EXPECT_THAT(rules_for({3, 1, 2}), ElementsAre(three, one));
  EXPECT_THAT(rules_for({}), IsEmpty());
}

}  // namespace
}  // namespace rolecall
