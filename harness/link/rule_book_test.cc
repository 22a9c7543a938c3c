// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/rule_book.h"

#include <string>

#include <gmock/gmock.h>

#include "harness/link/segments.h"
#include "harness/schedule/schedule.h"

namespace rolecall::link {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Duration kLimit = milliseconds(10);

// A book, the table in front of it, and what came out. Packets are their names.
class RuleBookTest : public ::testing::Test, public PacketSink {
 protected:
  void arm(std::string_view rules) {
    book_.emplace(parse_schedule(rules).value().rules, kLimit, *this);
    send("control", control_.syn());
    passed_.clear();
  }

  template <class Packet>
  void send(const std::string& name, const Packet& packet) {
    const Direction direction = direction_of(packet);
    const auto sighting = table_.see(direction, packet, now_).value();
    book_->take(direction, as_bytes(name), sighting, now_);
    book_->note(sighting, now_);
  }

  // The datagrams of a stream whose names these are, which one of "connect" opens.
  void send_datagrams(std::initializer_list<const char*> names) {
    const ScriptedStream stream{.port = 2};
    for (const char* name : names) send(name, stream.from_client(name));
  }

  void on_arrival(Direction, ByteView, std::string_view comment, TimePoint) override {
    arrivals_.emplace_back(comment);
  }
  void on_departure(Direction, ByteView packet, std::string_view comment, TimePoint) override {
    passed_.emplace_back(as_text(packet));
    departures_.emplace_back(comment);
  }

  TimePoint now_{};
  ConnectionTable table_ = table_of_port_5201();
  std::optional<RuleBook> book_;
  ScriptedConnection control_{.port = 1};
  ScriptedConnection one_{.port = 2};
  ScriptedConnection two_{.port = 3};
  ScriptedConnection stranger_{.port = 4, .client = kStrangerAddress};
  std::vector<std::string> passed_;
  std::vector<std::string> arrivals_;
  std::vector<std::string> departures_;
};

TEST_F(RuleBookTest, WithoutRulesEverythingPasses) {
  arm("natural");
  send("syn", one_.syn());
  send("ack", one_.third());
  EXPECT_THAT(passed_, ElementsAre("syn", "ack"));
}

TEST_F(RuleBookTest, AHoldKeepsEverythingFromTheThirdPacketOn) {
  arm("hold ack 1 until cookie 2 acknowledged");
  send("syn", one_.syn());
  send("ack", one_.third());
  send("cookie", one_.cookie());
  send("cookie again", one_.cookie());
  EXPECT_THAT(passed_, ElementsAre("syn"));
}

TEST_F(RuleBookTest, HeldPacketsGoInTheirOrderBehindTheEvent) {
  arm("hold ack 1 until syn 2");
  send("syn 1", one_.syn());
  send("ack 1", one_.third());
  send("cookie 1", one_.cookie());
  send("syn 2", two_.syn());
  send("more 1", one_.data(37, 1));
  EXPECT_THAT(passed_, ElementsAre("syn 1", "syn 2", "ack 1", "cookie 1", "more 1"));
}

TEST_F(RuleBookTest, AnEventIsSeenEvenIfARuleLosesItsPacket) {
  arm("hold ack 1 until syn 2; drop syn 2 once");
  send("syn 1", one_.syn());
  send("ack 1", one_.third());
  send("syn 2", two_.syn());
  EXPECT_THAT(passed_, ElementsAre("syn 1", "ack 1"));
}

TEST_F(RuleBookTest, AHoldCanWaitForAStranger) {
  arm("stranger after syn 1; hold syn 2 until stranger acknowledged");
  send("syn 1", one_.syn());
  send("syn 2", two_.syn());
  send("his syn", stranger_.syn());
  send("his ack", stranger_.acknowledge(37));
  EXPECT_THAT(passed_, ElementsAre("syn 1", "his syn", "his ack", "syn 2"));
}

TEST_F(RuleBookTest, TheControlConnectionIsNoStranger) {
  arm("stranger after syn 1; hold syn 1 until stranger acknowledged");
  send("syn 1", one_.syn());
  send("control", control_.acknowledge(37));
  EXPECT_THAT(passed_, ElementsAre("control"));
}

TEST_F(RuleBookTest, AHoldWhoseEventHasComeKeepsNothing) {
  arm("hold ack 1 until syn-ack 1");
  send("syn", one_.syn());
  send("syn-ack", one_.syn_ack());
  send("ack", one_.third());
  EXPECT_THAT(passed_, ElementsAre("syn", "syn-ack", "ack"));
  EXPECT_THAT(book_->rules().at(0).text(), HasSubstr("came before there was anything to hold"));
}

TEST_F(RuleBookTest, APacketThatTwoHoldsKeepWaitsForBothEvents) {
  arm("hold ack 1 until syn 2; hold ack 1 until cookie 2 sent");
  send("syn 1", one_.syn());
  send("ack 1", one_.third());
  send("syn 2", two_.syn());
  EXPECT_THAT(passed_, ElementsAre("syn 1", "syn 2"));
  send("cookie 2", two_.cookie());
  EXPECT_THAT(passed_, ElementsAre("syn 1", "syn 2", "cookie 2", "ack 1"));
}

TEST_F(RuleBookTest, AReleasedPacketMeetsTheRulesBehindTheHold) {
  arm("hold cookie 1 until syn 2; drop cookie 1 once");
  send("syn 1", one_.syn());
  send("cookie 1", one_.cookie());
  send("again 1", one_.cookie());
  send("syn 2", two_.syn());
  EXPECT_THAT(passed_, ElementsAre("syn 1", "syn 2", "again 1"));
}

TEST_F(RuleBookTest, TheLimitEndsAHoldForGood) {
  arm("hold ack 1 until syn 2");
  send("syn", one_.syn());
  send("ack", one_.third());
  now_ = now_ + kLimit;
  EXPECT_EQ(book_->next_due(), now_);
  book_->let_go_due(now_);
  send("cookie", one_.cookie());
  EXPECT_THAT(passed_, ElementsAre("syn", "ack", "cookie"));
  EXPECT_FALSE(book_->rules().at(0).is_fulfilled());
  EXPECT_THAT(book_->rules().at(0).text(), HasSubstr("syn 2 never came; the limit of 0.010 s"));
}

TEST_F(RuleBookTest, TheLimitRunsFromTheFirstPacketHeld) {
  arm("hold ack 1 until syn 2");
  send("syn", one_.syn());
  EXPECT_FALSE(book_->next_due().has_value());
  send("ack", one_.third());
  const TimePoint limit = now_ + kLimit;
  now_ = now_ + milliseconds(5);
  send("cookie", one_.cookie());
  EXPECT_EQ(book_->next_due(), limit);
}

TEST_F(RuleBookTest, ADropTakesTheFirstPacketsAlone) {
  arm("drop cookie 1 2 times");
  send("syn", one_.syn());
  for (const char* copy : {"first", "second", "third"}) send(copy, one_.cookie());
  EXPECT_THAT(passed_, ElementsAre("syn", "third"));
}

TEST_F(RuleBookTest, ADuplicateGoesTwice) {
  arm("duplicate cookie 1");
  send("syn", one_.syn());
  send("cookie", one_.cookie());
  send("again", one_.cookie());
  EXPECT_THAT(passed_, ElementsAre("syn", "cookie", "cookie", "again"));
}

TEST_F(RuleBookTest, ADelayLetsEachPacketThroughSoMuchLater) {
  arm("delay ack 1 by 20 ms");
  send("syn 1", one_.syn());
  send("ack 1", one_.third());
  now_ = now_ + milliseconds(15);
  send("cookie 1", one_.cookie());
  send("syn 2", two_.syn());
  EXPECT_EQ(book_->next_due(), now_ + milliseconds(5));
  now_ = now_ + milliseconds(5);
  book_->let_go_due(now_);
  EXPECT_THAT(passed_, ElementsAre("syn 1", "syn 2", "ack 1"));
  EXPECT_EQ(book_->next_due(), now_ + milliseconds(15));
  now_ = now_ + milliseconds(15);
  book_->let_go_due(now_);
  EXPECT_THAT(passed_, ElementsAre("syn 1", "syn 2", "ack 1", "cookie 1"));
  EXPECT_FALSE(book_->next_due().has_value());
  EXPECT_EQ(book_->rules().at(0).text(), "delay ack 1 by 20 ms: 2 packets");
}

TEST_F(RuleBookTest, ARuleConcernsNoOtherConnection) {
  arm("drop syn 2 once");
  send("syn 1", one_.syn());
  EXPECT_THAT(passed_, ElementsAre("syn 1"));
}

TEST_F(RuleBookTest, ARuleThatNeverMatchedSaysSo) {
  arm("drop syn 2 once; drop syn 1 2 times; hold ack 2 until syn 3");
  send("syn 1", one_.syn());
  EXPECT_THAT(book_->rules().at(0).text(), HasSubstr("no such packet came"));
  EXPECT_THAT(book_->rules().at(1).text(), HasSubstr("only 1 such packets came"));
  EXPECT_THAT(book_->rules().at(2).text(), HasSubstr("nothing to hold, and syn 3 never came"));
}

TEST_F(RuleBookTest, WhatIsHeldWhenTheLinkStopsIsSaid) {
  arm("hold ack 1 until syn 2");
  send("syn", one_.syn());
  send("ack", one_.third());
  book_->stop();
  EXPECT_THAT(book_->rules().at(0).text(), HasSubstr("had not come when the link stopped"));
}

TEST_F(RuleBookTest, EachTouchedPacketCarriesAComment) {
  arm("hold ack 1 until syn 2; duplicate syn 2");
  arrivals_.clear();
  departures_.clear();
  send("syn 1", one_.syn());
  send("ack 1", one_.third());
  send("syn 2", two_.syn());
  EXPECT_THAT(arrivals_,
              ElementsAre("", "held by: hold ack 1 until syn 2", "duplicated by: duplicate syn 2"));
  EXPECT_THAT(departures_, ElementsAre("", "", "copy, duplicated by: duplicate syn 2",
                                       "released by: hold ack 1 until syn 2: syn 2 came"));
}

TEST_F(RuleBookTest, TheLogHasWhatWasDoneInItsOrder) {
  arm("hold ack 1 until syn 2");
  send("syn 1", one_.syn());
  send("ack 1", one_.third());
  EXPECT_EQ(book_->actions().size(), 1U);
  send("syn 2", two_.syn());
  ASSERT_EQ(book_->actions().size(), 2U);
  EXPECT_EQ(book_->actions()[0].fate, PacketFate::Held);
  EXPECT_EQ(book_->actions()[1].fate, PacketFate::Released);
}

TEST_F(RuleBookTest, ADatagramOfAStreamIsLostByItsPlace) {
  arm("drop datagram 2 of stream 1");
  send_datagrams({"connect", "1", "2", "3"});
  EXPECT_THAT(passed_, ElementsAre("connect", "1", "3"));
  EXPECT_TRUE(book_->rules().at(0).is_fulfilled());
}

TEST_F(RuleBookTest, ACountIsOfDatagramsInARow) {
  arm("drop datagram 2 of stream 1 2 times");
  send_datagrams({"connect", "1", "2", "3", "4"});
  EXPECT_THAT(passed_, ElementsAre("connect", "1", "4"));
}

TEST_F(RuleBookTest, ADatagramIsHeldUntilALaterOneHasPassed) {
  arm("hold datagram 1 of stream 1 until datagram 3 of stream 1");
  send_datagrams({"connect", "1", "2", "3", "4"});
  EXPECT_THAT(passed_, ElementsAre("connect", "2", "3", "1", "4"));
}

TEST_F(RuleBookTest, ADatagramOfAnotherStreamIsNotMeant) {
  arm("drop datagram 1 of stream 2");
  send_datagrams({"connect", "1"});
  EXPECT_THAT(passed_, ElementsAre("connect", "1"));
}

}  // namespace
}  // namespace rolecall::link
