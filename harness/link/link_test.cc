// SPDX-License-Identifier: BSD-3-Clause
// The link with real kernel TCP at both ends. Skipped, with the reason printed, only where the
// kernel refuses namespaces or TUN devices.
#include "harness/link/link.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "harness/base/deadline.h"
#include "harness/link/two_ends.h"
#include "harness/schedule/schedule.h"

namespace rolecall::link {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::UnorderedElementsAre;

class LinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_link(); !why.empty()) GTEST_SKIP() << why;
  }
};

LinkOptions with_schedule(std::string_view text) {
  const Schedule schedule = parse_schedule(text).value();
  LinkOptions options = with_rules(schedule.rules);
  options.stranger = schedule.stranger;
  return options;
}

int count(const LinkLog& log, PacketFate fate) {
  int n = 0;
  for (const PacketAction& action : log.actions) n += action.fate == fate ? 1 : 0;
  return n;
}

TEST_F(LinkTest, CarriesTcpOverIpv4) {
  TwoEnds ends({});
  const auto port = ends.connect();
  EXPECT_THAT(ends.accept(1), ElementsAre(port));
  EXPECT_EQ(ends.read(1, kCookieSize), std::string(kCookieSize, 'b'));
}

TEST_F(LinkTest, CarriesTcpOverIpv6) {
  TwoEnds ends({}, kServerAddressIpv6);
  const auto port = ends.connect();
  EXPECT_THAT(ends.accept(1), ElementsAre(port));
  EXPECT_EQ(text(ends.stop().connections.front().client), kClientAddressIpv6);
}

TEST_F(LinkTest, WithoutRulesTheAcceptOrderIsTheClientOrder) {
  TwoEnds ends({});
  const auto one = ends.connect();
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), ElementsAre(one, two));
}

TEST_F(LinkTest, AHeldHandshakeIsAcceptedAfterTheOneItWaitsFor) {
  TwoEnds ends(with_schedule("hold ack 1 until cookie 2 acknowledged"));
  const auto one = ends.connect();
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), ElementsAre(two, one));
  const LinkLog log = ends.stop();
  EXPECT_TRUE(log.rules.at(0).is_fulfilled()) << log.text();
  EXPECT_EQ(count(log, PacketFate::Released), count(log, PacketFate::Held));
}

TEST_F(LinkTest, AHeldHandshakeIsAcceptedLaterOverIpv6Too) {
  TwoEnds ends(with_schedule("hold ack 1 until cookie 2 acknowledged"), kServerAddressIpv6);
  const auto one = ends.connect();
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), ElementsAre(two, one));
}

TEST_F(LinkTest, AnyAcceptOrderCanBeImposed) {
  TwoEnds ends(with_rules(rules_for({3, 1, 2})));
  const auto one = ends.connect();
  const auto two = ends.connect();
  const auto three = ends.connect();
  EXPECT_THAT(ends.accept(3), ElementsAre(three, one, two));
}

TEST_F(LinkTest, ACookieThatIsLostThreeTimesStillArrives) {
  TwoEnds ends(with_schedule("drop cookie 1 3 times"));
  ends.connect();
  ends.accept(1);
  EXPECT_EQ(ends.read(1, kCookieSize), std::string(kCookieSize, 'b'));
  const LinkLog log = ends.stop();
  EXPECT_EQ(count(log, PacketFate::Dropped), 3);
  EXPECT_TRUE(log.rules.at(0).is_fulfilled());
}

TEST_F(LinkTest, ASynThatIsLostAndSentAgainKeepsItsNumber) {
  TwoEnds ends(with_schedule("drop syn 1 once; hold syn 1 until cookie 2 acknowledged"));
  Fd first = ends.begin_connect();
  const auto one = port_of(first);
  const auto two = ends.connect();
  ends.finish_connect(std::move(first));
  EXPECT_THAT(ends.accept(2), ElementsAre(two, one));
  const LinkLog log = ends.stop();
  EXPECT_EQ(count(log, PacketFate::Dropped), 1);
  EXPECT_EQ(log.stream(1)->client_port, one);
  EXPECT_EQ(log.stream(2)->client_port, two);
}

// What needs no adversary: one burst takes the third packet and the first copy of the cookie. TCP
// sends the next one 200 ms later; that connection 2 is through by then the hold sees to, however
// slow the machine is.
TEST_F(LinkTest, ABurstOfTwoLossesReordersTheAcceptQueue) {
  TwoEnds ends(
      with_schedule("drop ack 1 once; drop cookie 1 once; hold ack 1 until cookie 2 acknowledged"));
  const auto one = ends.connect();
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), ElementsAre(two, one));
  EXPECT_EQ(count(ends.stop(), PacketFate::Dropped), 2);
}

TEST_F(LinkTest, TheThirdPacketLostAloneReordersNothing) {
  TwoEnds ends(with_schedule("drop ack 1 once"));
  const auto one = ends.connect();
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), ElementsAre(one, two));
}

TEST_F(LinkTest, AnEventThatNeverComesIsNamedAfterTheLimit) {
  LinkOptions options = with_schedule("hold ack 1 until cookie 3 acknowledged");
  options.hold_limit = milliseconds(100);
  TwoEnds ends(options);
  const auto one = ends.connect();
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), UnorderedElementsAre(one, two));
  const RuleLog rule = ends.stop().rules.at(0);
  EXPECT_FALSE(rule.is_fulfilled());
  EXPECT_THAT(rule.text(), HasSubstr("cookie 3 acknowledged never came; the limit of 0.100 s"));
}

TEST_F(LinkTest, APacketCanArriveTwice) {
  TwoEnds ends(with_schedule("duplicate cookie 1"));
  ends.connect();
  ends.accept(1);
  EXPECT_EQ(ends.read(1, kCookieSize), std::string(kCookieSize, 'b'));
  EXPECT_EQ(count(ends.stop(), PacketFate::Duplicated), 1);
}

TEST_F(LinkTest, ASynAckCanBeHeld) {
  TwoEnds ends(with_schedule("hold syn-ack 1 until cookie 2 acknowledged"));
  Fd first = ends.begin_connect();
  const auto one = port_of(first);
  const auto two = ends.connect();
  ends.finish_connect(std::move(first));
  EXPECT_THAT(ends.accept(2), ElementsAre(two, one));
}

TEST_F(LinkTest, AStrangerFromItsOwnAddressTakesNoNumber) {
  TwoEnds ends(with_schedule("hold ack 1 until cookie 2 acknowledged"));
  const auto one = ends.connect();
  const auto stranger = ends.connect(kStrangerAddress);
  EXPECT_THAT(ends.accept(1), ElementsAre(stranger));
  const auto two = ends.connect();
  EXPECT_THAT(ends.accept(2), ElementsAre(two, one));
  EXPECT_EQ(ends.stop().connections.at(2).role, ConnectionRole::Stranger);
}

constexpr char kStrangerBetween[] =
    "stranger after cookie 1 acknowledged; hold syn 2 until stranger acknowledged";

// The stranger that a link has brought: his SYN may have come before or after the held one's.
const ConnectionLog& stranger_in(const LinkLog& log) {
  return *std::ranges::find(log.connections, ConnectionRole::Stranger, &ConnectionLog::role);
}

TEST_F(LinkTest, AStrangerIsQueuedBetweenTwoStreams) {
  TwoEnds ends(with_schedule(kStrangerBetween));
  const auto one = ends.connect();
  const auto two = ends.connect();
  const auto accepted = ends.accept(3);
  const LinkLog log = ends.stop();
  EXPECT_THAT(accepted, ElementsAre(one, stranger_in(log).client_port, two)) << log.text();
  EXPECT_TRUE(log.stranger->is_fulfilled());
}

TEST_F(LinkTest, AStrangerComesOverIpv6WhereTheTestDoes) {
  TwoEnds ends(with_schedule(kStrangerBetween), kServerAddressIpv6);
  const auto one = ends.connect();
  const auto two = ends.connect();
  const auto accepted = ends.accept(3);
  const LinkLog log = ends.stop();
  EXPECT_THAT(accepted, ElementsAre(one, stranger_in(log).client_port, two)) << log.text();
  EXPECT_EQ(text(stranger_in(log).client), kStrangerAddressIpv6);
}

TEST_F(LinkTest, WhatAStrangerIsAnsweredIsKept) {
  TwoEnds ends(with_schedule("stranger after cookie 1 acknowledged"));
  ends.connect();
  ends.accept(2);
  constexpr std::size_t kHisPlace = 2;
  ends.dismiss(kHisPlace, std::byte{0xff});
  EXPECT_EQ(ends.stop().stranger->text(),
            "stranger after cookie 1 acknowledged: queued, answered 0xff, closed");
}

TEST_F(LinkTest, AStrangerWhoseEventNeverComesIsSaid) {
  TwoEnds ends(with_schedule("stranger after cookie 2 sent"));
  ends.connect();
  ends.accept(1);
  const LinkLog log = ends.stop();
  EXPECT_FALSE(log.stranger->is_fulfilled());
  EXPECT_THAT(log.text(), HasSubstr("cookie 2 sent never came, so nobody connected"));
}

TEST_F(LinkTest, DelayIsAddedToEachWay) {
  LinkOptions options;
  options.delay = milliseconds(20);
  TwoEnds ends(options);
  const TimePoint start = now();
  ends.connect();
  EXPECT_GE((now() - start).in_ms(), 40);
}

TEST_F(LinkTest, RandomLossIsRepairedByTcp) {
  LinkOptions options;
  options.loss_percent = {.to_server = 2, .to_client = 2};
  TwoEnds ends(options);
  ends.connect();
  ends.accept(1);
  ends.transfer(1, 2'000'000);
  const LinkLog log = ends.stop();
  EXPECT_GT(log.traffic.to_server.lost, 0U) << log.text();
}

TEST_F(LinkTest, WithoutLossEveryPacketOfATransferPasses) {
  TwoEnds ends({});
  ends.connect();
  ends.accept(1);
  ends.transfer(1, 20'000'000);
  const LinkLog log = ends.stop();
  EXPECT_GT(log.traffic.to_server.bytes, 20'000'000U);
  EXPECT_EQ(log.traffic.to_server.lost + log.traffic.to_server.overflowed, 0U) << log.text();
}

TEST_F(LinkTest, TheMtuIsThatOfTheDevices) {
  LinkOptions options;
  options.mtu = 9000;
  options.large_segments = false;
  TwoEnds ends(options);
  ends.connect();
  ends.accept(1);
  ends.transfer(1, 2'000'000);
  const TrafficCount count = ends.stop().traffic.to_server;
  EXPECT_THAT(count.bytes / count.packets, AllOf(Ge(1500U), Le(9000U)));
}

TEST_F(LinkTest, LargeSegmentsGoThroughWhole) {
  TwoEnds ends({});
  ends.connect();
  ends.accept(1);
  ends.transfer(1, 2'000'000);
  const TrafficCount count = ends.stop().traffic.to_server;
  EXPECT_GT(count.bytes / count.packets, 1500U);
}

TEST_F(LinkTest, LossHitsPacketsOfTheMtu) {
  LinkOptions options;
  options.loss_percent.to_client = 0.001;
  TwoEnds ends(options);
  ends.connect();
  ends.accept(1);
  ends.transfer(1, 2'000'000);
  const TrafficCount count = ends.stop().traffic.to_server;
  EXPECT_THAT(count.bytes / count.packets, Le(1500U));
}

TEST_F(LinkTest, ALinkWithoutTrafficHasNoPackets) {
  auto link = Link::start({}).value();
  const LinkLog log = link.stop();
  EXPECT_EQ(log.traffic.to_server.packets + log.traffic.to_client.packets, 0U) << log.text();
}

}  // namespace
}  // namespace rolecall::link
