// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/matrix.h"

#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>

namespace rolecall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MatrixPeer peer(Conduct conduct, Release release = {3, 12, 0}) {
  MatrixPeer one;
  one.conduct = conduct;
  one.release = release;
  return one;
}

MatrixClaim claim(Conduct client, Conduct server, Mode mode = Mode::Bidir, int streams = 1) {
  return declared(peer(client), peer(server), mode, streams);
}

TEST(MatrixClaimTest, ALegacyPairDeadlocksWhereverTheOrderIsMade) {
  const auto adverse = claim(Conduct::Legacy, Conduct::Legacy).adverse.value();
  EXPECT_EQ(adverse.above, Outcome{VerdictKind::Deadlock});
  EXPECT_EQ(adverse.below, Outcome{VerdictKind::Deadlock});
}

TEST(MatrixClaimTest, AReleaseIsNoExcuse) {
  const auto adverse =
      declared(peer(Conduct::Legacy, {3, 22, 0}), peer(Conduct::Legacy, {3, 22, 0}), Mode::Bidir, 1)
          .adverse.value();
  EXPECT_EQ(adverse.below, Outcome{VerdictKind::Deadlock});
}

TEST(MatrixClaimTest, ABarrierHoldsBelowTheQueueAndNotAbove) {
  const auto adverse = claim(Conduct::Retrofit, Conduct::Legacy).adverse.value();
  EXPECT_EQ(adverse.above, Outcome{VerdictKind::Deadlock});
  EXPECT_EQ(adverse.below, kNotRealisable);
}

TEST(MatrixClaimTest, LateBindingCompletesUnderEveryLever) {
  const auto adverse = claim(Conduct::Legacy, Conduct::Auto).adverse.value();
  EXPECT_EQ(adverse.above, Outcome{});
  EXPECT_EQ(adverse.below, Outcome{});
}

TEST(MatrixClaimTest, SeveralStreamsOfALegacyPairAreMisattributed) {
  const auto adverse = claim(Conduct::Legacy, Conduct::Off, Mode::Forward, 2).adverse.value();
  EXPECT_EQ(adverse.below, Outcome{VerdictKind::Misattributed});
}

TEST(MatrixClaimTest, RequireRefusesWhoHasNoFlag) {
  EXPECT_EQ(claim(Conduct::Require, Conduct::Legacy).natural, VerdictKind::Refused);
  EXPECT_EQ(claim(Conduct::Legacy, Conduct::Require).natural, VerdictKind::Refused);
  EXPECT_EQ(claim(Conduct::Auto, Conduct::Require).natural, VerdictKind::Completed);
}

TEST(MatrixClaimTest, ByItsResultsALegacyClientsStreamsAreToldWhereItSends) {
  const Outcome completed;
  EXPECT_EQ(claim(Conduct::Legacy, Conduct::Auto, Mode::Forward, 2).adverse.value().below,
            completed);
  EXPECT_FALSE(claim(Conduct::Legacy, Conduct::Auto, Mode::Reverse, 2).adverse.has_value());
}

TEST(MatrixClaimTest, ARetrofitKeepsAFlaggedServersQueueInOrderToo) {
  EXPECT_EQ(claim(Conduct::Retrofit, Conduct::Auto).adverse.value().below, kNotRealisable);
}

TEST(MatrixClaimTest, ForceIsCountedAsPayloadUpTo315) {
  const auto natural = [](Release release) {
    return declared(peer(Conduct::Force), peer(Conduct::Legacy, release), Mode::Forward, 1).natural;
  };
  EXPECT_EQ(natural({3, 15, 0}), VerdictKind::WrongFigures);
  EXPECT_EQ(natural({3, 16, 0}), VerdictKind::Completed);
}

TEST(MatrixClaimTest, AServerThatSendsNeverReadsAForcedByte) {
  EXPECT_EQ(claim(Conduct::Force, Conduct::Legacy, Mode::Reverse).natural, VerdictKind::Completed);
  EXPECT_EQ(claim(Conduct::Force, Conduct::Auto, Mode::Reverse).natural, VerdictKind::Completed);
}

TEST(MatrixClaimTest, LateBindingTakesAForcedByteForPayload) {
  EXPECT_EQ(claim(Conduct::Force, Conduct::Auto, Mode::Bidir).natural, VerdictKind::Refused);
  EXPECT_EQ(claim(Conduct::Force, Conduct::Auto, Mode::Forward).natural, VerdictKind::WrongFigures);
  EXPECT_EQ(claim(Conduct::Force, Conduct::Off, Mode::Bidir).natural, VerdictKind::WrongFigures);
}

TEST(MatrixClaimTest, RequireIsNotSatisfiedByForce) {
  EXPECT_EQ(claim(Conduct::Force, Conduct::Require, Mode::Reverse).natural, VerdictKind::Refused);
}

TEST(MatrixClaimTest, NobodyHearsThatAServerKnowsTheFlagInTheCookieOnly) {
  EXPECT_EQ(claim(Conduct::Require, Conduct::Cookie).natural, VerdictKind::Refused);
  const auto with_auto = claim(Conduct::Auto, Conduct::Cookie).adverse.value();
  EXPECT_EQ(with_auto.above, Outcome{VerdictKind::Completed});
  EXPECT_EQ(with_auto.below, kNotRealisable);
  EXPECT_EQ(claim(Conduct::Cookie, Conduct::Cookie).adverse.value().below, kNotRealisable);
}

TEST(MatrixClaimTest, TheFlagInTheCookieTellsStreamsThatASenderCannot) {
  EXPECT_TRUE(claim(Conduct::Cookie, Conduct::Cookie, Mode::Reverse, 2).adverse.has_value());
  EXPECT_FALSE(claim(Conduct::Auto, Conduct::Cookie, Mode::Reverse, 2).adverse.has_value());
}

TEST(MatrixOrderTest, BidirPutsEveryReceiverFirst) {
  EXPECT_THAT(adverse_order(Mode::Bidir, 2), ElementsAre(3, 4, 1, 2));
}

TEST(MatrixOrderTest, OneDirectionGoesBackwards) {
  EXPECT_THAT(adverse_order(Mode::Reverse, 3), ElementsAre(3, 2, 1));
}

TEST(MatrixOrderTest, OneConnectionHasNoOtherOrder) {
  EXPECT_THAT(adverse_order(Mode::Forward, 1), IsEmpty());
}

PeerSet four_releases() {
  PeerSet set;
  for (const char* text : {"3.12", "3.9", "3.18", "3.22"}) {
    Peer one = parse_version(std::string("iperf ") + text).value();
    one.name = std::string("iperf3-") + text;
    set.found.push_back(one);
  }
  Peer flagged = parse_version("roleperf 0.1.0").value();
  flagged.name = kFlaggedPeer;
  set.found.push_back(flagged);
  return set;
}

TEST(MatrixCellsTest, TheDefaultStaysBelowSixHundred) {
  const auto cells =
      matrix_cells(matrix_clients(four_releases()), matrix_servers(four_releases()), false);
  std::size_t count = 0;
  for (const MatrixCell& cell : cells) count += 1 + cell.scenario.levers.size();
  EXPECT_LE(count, 600U);
  EXPECT_GE(count, 400U);
}

TEST(MatrixCellsTest, EveryCellHasANameOfItsOwn) {
  const auto cells =
      matrix_cells(matrix_clients(four_releases()), matrix_servers(four_releases()), true);
  std::set<std::string> names;
  for (const MatrixCell& cell : cells) names.insert(cell.scenario.name);
  EXPECT_EQ(names.size(), cells.size());
}

TEST(MatrixCellsTest, EveryCellHasANameOfItsOwnWithTwoProgramsOfOneRelease) {
  PeerSet peers = four_releases();
  for (const std::size_t twin : {std::size_t{0}, peers.found.size() - 1}) {
    peers.found.push_back(peers.found[twin]);
    peers.found.back().name = "mine";
  }
  const auto cells = matrix_cells(matrix_clients(peers), matrix_servers(peers), true);
  std::set<std::string> names;
  for (const MatrixCell& cell : cells) names.insert(cell.scenario.name);
  EXPECT_EQ(names.size(), cells.size());
  EXPECT_TRUE(names.contains("iperf3-3.12-mine-retrofit.to.roleperf-mine-auto.bidir-1"));
}

TEST(MatrixCellsTest, BothPeersArgumentsAreRead) {
  const auto cells =
      matrix_cells(matrix_clients(four_releases()), matrix_servers(four_releases()), true);
  const Scenario& last = cells.back().scenario;  // force with force, bidir with 4
  EXPECT_EQ(last.shape.streams, 4);
  EXPECT_EQ(last.server_shape.role_flag, "force");
  EXPECT_EQ(last.shape.role_flag, "force");
}

TEST(MatrixCellsTest, ReleasesStandInTheirOrder) {
  const auto clients = matrix_clients(four_releases());
  EXPECT_EQ(clients.at(0).label, "iperf3 3.9");
  EXPECT_EQ(clients.at(3).label, "iperf3 3.22");
}

}  // namespace
}  // namespace rolecall::scenario
