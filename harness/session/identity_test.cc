// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/identity.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/session/in_memory_pair.h"

namespace rolecall::session {
namespace {

using testing::ElementsAre;
using testing::Optional;

using Totals = std::vector<std::uint64_t>;

// This end receives: for each sender the index of its receiver.
auto matched(const Totals& sent, const Totals& received, std::uint64_t block = 100) {
  std::vector<ConnectionTotal> ours;
  for (const std::uint64_t bytes : received) ours.push_back({.connection = 0, .bytes = bytes});
  return match_totals(ours, sent, wire::Role::Receiver, block);
}

TEST(MatchTotalsTest, PairsEachSenderWithItsReceiver) {
  EXPECT_THAT(matched({5000, 1000, 3000}, {1000, 2990, 4950}), Optional(ElementsAre(2, 0, 1)));
}

TEST(MatchTotalsTest, ADifferenceOfOneBlockFits) {
  EXPECT_THAT(matched({1000, 3000}, {2900, 900}), Optional(ElementsAre(1, 0)));
}

TEST(MatchTotalsTest, MoreThanOneBlockDoesNot) {
  EXPECT_EQ(matched({1000, 3000}, {2899, 1000}), std::nullopt);
}

TEST(MatchTotalsTest, MoreReceivedThanSentDoesNot) {
  EXPECT_EQ(matched({1000, 3000}, {1001, 3000}), std::nullopt);
}

TEST(MatchTotalsTest, TwoAssignmentsThatFitAreNone) {
  EXPECT_EQ(matched({1000, 1050}, {960, 970}), std::nullopt);
}

TEST(MatchTotalsTest, OfEqualOwnTotalsAnyIsRight) {
  EXPECT_THAT(matched({3000, 1000, 3000}, {3000, 3000, 1000}), Optional(ElementsAre(0, 2, 1)));
}

TEST(MatchTotalsTest, EqualTotalsOfThePeerTellNothing) {
  EXPECT_EQ(matched({1000, 1000}, {960, 970}), std::nullopt);
}

TEST(MatchTotalsTest, EqualTotalsWithOtherRetransmitsAreNotTheSame) {
  const std::vector<ConnectionTotal> ours = {{1, 1000, 0}, {2, 1000, 7}};
  EXPECT_EQ(match_totals(ours, Totals{1000, 1000}, wire::Role::Sender, 100), std::nullopt);
}

TEST(MatchTotalsTest, NeighboursOfWhichOnlyOneCouldMoveAreTold) {
  EXPECT_THAT(matched({1000, 1050}, {940, 1010}), Optional(ElementsAre(0, 1)));
}

Totals chosen(const Totals& received, const std::vector<std::size_t>& match) {
  Totals figures;
  for (const std::size_t receiver : match) figures.push_back(received[receiver]);
  return figures;
}

// What all assignments that fit give each sender, as the definition has it.
std::set<Totals> every_figures(const Totals& sent, const Totals& received, std::uint64_t block) {
  std::vector<std::size_t> order(sent.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::set<Totals> all;
  do {
    bool fits = true;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      fits = fits && sent[i] >= received[order[i]] && sent[i] - received[order[i]] <= block;
    }
    if (fits) all.insert(chosen(received, order));
  } while (std::ranges::next_permutation(order).found);
  return all;
}

TEST(MatchTotalsTest, SaysWhatTryingEveryAssignmentSays) {
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
  };
  int found = 0;
  for (int round = 0; round < 3000; ++round) {
    Totals sent;
    Totals received;
    for (int i = 0; i < 4; ++i) {
      sent.push_back(draw(40));
      received.push_back(sent.back() - std::min(sent.back(), draw(9)));
    }
    std::ranges::reverse(received);
    const auto all = every_figures(sent, received, 8);
    std::set<Totals> figures;
    if (const auto one = matched(sent, received, 8)) figures.insert(chosen(received, *one));
    ASSERT_EQ(figures, all.size() == 1 ? all : std::set<Totals>()) << "round " << round;
    found += static_cast<int>(figures.size());
  }
  EXPECT_GT(found, 100);
}

// --- all that was sent has come

auto received(const Totals& sent, const Totals& came) {
  std::vector<ConnectionTotal> ours;
  for (const std::uint64_t bytes : came) ours.push_back({.connection = 0, .bytes = bytes});
  return match_received(ours, sent, 100);
}

TEST(MatchReceivedTest, ATotalIsThatOfItsStreamOrUpToABlockAbove) {
  const auto match = received({5000, 1000, 3000}, {1100, 3000, 5099});
  ASSERT_TRUE(match);
  EXPECT_THAT(match->own, ElementsAre(2, 0, 1));
  EXPECT_THAT(match->alike, testing::Each(std::nullopt));
}

TEST(MatchReceivedTest, LessThanWasSentIsStillUnderWay) {
  EXPECT_FALSE(received({1000, 3000}, {1000, 2999}));
}

TEST(MatchReceivedTest, MoreThanABlockAboveFitsNothing) {
  EXPECT_FALSE(received({1000, 3000}, {1101, 3000}));
}

TEST(MatchReceivedTest, NeighboursThatCouldChangePlacesAreReportedAsTheLeastOfThem) {
  const auto match = received({3000, 1000, 1000}, {1080, 3000, 1020});
  ASSERT_TRUE(match);
  EXPECT_THAT(match->alike, ElementsAre(std::nullopt, Optional(1020U), Optional(1020U)));
}

TEST(MatchReceivedTest, ExactTotalsAreToldApartHoweverNear) {
  const auto match = received({1000, 1001}, {1001, 1000});
  ASSERT_TRUE(match);
  EXPECT_THAT(match->own, ElementsAre(1, 0));
  EXPECT_THAT(match->alike, testing::Each(std::nullopt));
}

// --- both ends

InMemoryPair parallel(wire::Direction direction, int streams, std::vector<int> order,
                      std::int64_t omit_s = 0) {
  ClientConfig config;
  config.mode = FlagMode::Off;
  config.parameters.direction = direction;
  config.parameters.parallel = streams;
  config.parameters.omit_s = omit_s;
  InMemoryPair pair(config, ServerConfig{});
  pair.accept_order(std::move(order));
  return pair;
}

TEST(IdentityTest, TheClientsResultsTellWhichStreamIsWhich) {
  auto pair = parallel(wire::Direction::Forward, 3, {3, 1, 2});
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::Results);
  EXPECT_EQ(pair.identified_rightly(), 3);
}

TEST(IdentityTest, TheyDoSoWhereTheServerSends) {
  auto pair = parallel(wire::Direction::Reverse, 3, {3, 1, 2});
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::Results);
  EXPECT_EQ(pair.identified_rightly(), 3);
}

TEST(IdentityTest, AHundredAndTwentyEightStreamsAreNoSearch) {
  std::vector<int> order(128);
  std::iota(order.rbegin(), order.rend(), 1);
  auto pair = parallel(wire::Direction::Forward, 128, order);
  pair.run();
  EXPECT_EQ(pair.identified_rightly(), 128);
}

TEST(IdentityTest, EqualTotalsAreRightInAnyOrderButTellNoNumber) {
  auto pair = parallel(wire::Direction::Forward, 2, {2, 1});
  pair.count([](int) { return std::uint64_t{1000}; }, 0);
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::Results);
  EXPECT_FALSE(pair.bound()[0].is_identified);
}

TEST(IdentityTest, TotalsThatFitTwoWaysStayInAcceptOrder) {
  auto pair = parallel(wire::Direction::Forward, 2, {2, 1});
  pair.count([](int number) { return std::uint64_t{1000} + unsigned(number); }, 10);
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::AcceptOrder);
  EXPECT_EQ(pair.bound()[0].connection, 2U);
  EXPECT_FALSE(pair.bound()[0].is_identified);
}

// The kernels hold more than the streams differ by, as they do after a fast test.
InMemoryPair with_bytes_under_way(InMemoryPair::Late late) {
  auto pair = parallel(wire::Direction::Forward, 2, {2, 1});
  pair.count([](int number) { return std::uint64_t{900'000} + 100'000U * unsigned(number); },
             150'000);
  pair.deliver_late(late);
  pair.run();
  return pair;
}

TEST(IdentityTest, WhatIsUnderWayIsWaitedFor) {
  const auto pair = with_bytes_under_way(InMemoryPair::Late::Everything);
  EXPECT_TRUE(pair.has_awaited());
  EXPECT_EQ(pair.identity_by(), IdentityBy::Results);
  EXPECT_EQ(pair.identified_rightly(), 2);
  EXPECT_TRUE(pair.both_completed());
}

TEST(IdentityTest, WhatNeverComesLeavesThemInAcceptOrder) {
  const auto pair = with_bytes_under_way(InMemoryPair::Late::Nothing);
  EXPECT_EQ(pair.identity_by(), IdentityBy::AcceptOrder);
  EXPECT_TRUE(pair.both_completed());
}

TEST(IdentityTest, TheWaitHasALimit) {
  auto pair = with_bytes_under_way(InMemoryPair::Late::Part);
  EXPECT_FALSE(pair.server().finished());
  ASSERT_TRUE(pair.pass_time());
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::AcceptOrder);
  EXPECT_TRUE(pair.both_completed());
}

TEST(IdentityTest, NothingIsWaitedForWhereOneStreamIsAllThereIs) {
  auto pair = parallel(wire::Direction::Forward, 1, {1});
  pair.count([](int) { return std::uint64_t{1'000'000}; }, 150'000);
  pair.run();
  EXPECT_FALSE(pair.has_awaited());
}

TEST(IdentityTest, WhatCannotBeToldApartIsReportedAlike) {
  auto pair = parallel(wire::Direction::Forward, 2, {2, 1});
  pair.count([](int) { return std::uint64_t{1000}; }, 100);
  pair.deliver_late(InMemoryPair::Late::Everything);
  pair.run();
  EXPECT_EQ(pair.bound()[0].bytes, 1000U);
  EXPECT_EQ(pair.bound()[1].bytes, 1000U);
}

TEST(IdentityTest, WhatTheKernelsStillHoldDoesNotHideTotalsFartherApart) {
  auto pair = parallel(wire::Direction::Reverse, 2, {2, 1});
  pair.count([](int number) { return std::uint64_t{10'000'000} * unsigned(number); }, 8'000'000);
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::Results);
  EXPECT_EQ(pair.identified_rightly(), 2);
}

TEST(IdentityTest, WhereTheServerSendsABlockIsNoBound) {
  auto pair = parallel(wire::Direction::Reverse, 2, {2, 1});
  pair.count([](int number) { return std::uint64_t{900'000} + 100'000U * unsigned(number); },
             120'000);
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::AcceptOrder);
}

TEST(IdentityTest, AnOmittedPartLeavesThemInAcceptOrder) {
  auto pair = parallel(wire::Direction::Forward, 2, {2, 1}, 1);
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::AcceptOrder);
}

TEST(IdentityTest, OfTwoDirectionsOneMayBeTold) {
  auto pair = parallel(wire::Direction::Bidirectional, 2, {2, 1, 4, 3});
  pair.count([](int n) { return n <= 2 ? 1'000'000U * unsigned(n) : 3'000'000U + unsigned(n); },
             10);
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::PartlyResults);
  EXPECT_EQ(pair.bound()[0].connection, 1U);
  EXPECT_EQ(pair.bound()[2].connection, 4U) << "in accept order";
}

TEST(IdentityTest, ResultsThatLackAStreamTellNothing) {
  BindStreams bind;
  bind.streams = {{.connection = 1, .number = 1, .id = 1, .role = wire::Role::Receiver}};
  EXPECT_FALSE(identify_streams(bind, {{1, 1000}}, {}, 100));
}

}  // namespace
}  // namespace rolecall::session
