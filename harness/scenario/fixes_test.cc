// SPDX-License-Identifier: BSD-3-Clause
// What the table of fixes declares, row by row.
#include "harness/scenario/fixes.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "harness/scenario/peer.h"

namespace rolecall::scenario {
namespace {

constexpr Duration kBare = milliseconds(40);

Fix fix_named(const std::string& name) {
  for (const Fix& fix : known_fixes(kReleasedFix))
    if (fix.name == name) return fix;
  ADD_FAILURE() << "no fix is named " << name;
  return {};
}

Scenario cell(const std::string& name) {
  for (const FixCell& cell : fix_cells(known_fixes(kReleasedFix)))
    if (cell.scenario.name == name) return cell.scenario;
  ADD_FAILURE() << "no cell is named " << name;
  return {};
}

Outcome declared_of(const std::string& name) {
  const Scenario s = cell(name);
  return s.expect.under(s.levers.front()).value();
}

TEST(FixesTest, WithoutAFixTheOrderOfAcceptIsWrongEverywhere) {
  EXPECT_EQ(declared_of("none.roles"), Outcome{VerdictKind::Deadlock});
  EXPECT_EQ(declared_of("none.roles-above"), Outcome{VerdictKind::Deadlock});
  EXPECT_EQ(declared_of("none.identity"), Outcome{VerdictKind::Misattributed});
}

TEST(FixesTest, TheReleasedFixSettlesNothing) {
  EXPECT_EQ(declared_of("the-fix-of-3.22.roles"), Outcome{VerdictKind::Deadlock});
  EXPECT_EQ(declared_of("the-fix-of-3.22.identity"), Outcome{VerdictKind::Misattributed});
}

TEST(FixesTest, ABarrierSettlesWhatIsBelowTheQueueOnly) {
  EXPECT_EQ(declared_of("ordered-stream-barrier.roles"), kNotRealisable);
  EXPECT_EQ(declared_of("ordered-stream-barrier.identity"), kNotRealisable);
  EXPECT_EQ(declared_of("ordered-stream-barrier.roles-above"), Outcome{VerdictKind::Deadlock});
}

TEST(FixesTest, TheRoleBarrierSettlesTheRolesAlone) {
  EXPECT_EQ(declared_of("ordered-role-barrier.roles"), kNotRealisable);
  EXPECT_EQ(declared_of("ordered-role-barrier.identity"), Outcome{VerdictKind::Misattributed});
}

TEST(FixesTest, LevelOneTellsTheRoleAlone) {
  EXPECT_EQ(declared_of("role-flag-level-1.roles-above"), Outcome{});
  EXPECT_EQ(declared_of("role-flag-level-1.identity"), Outcome{VerdictKind::Misattributed});
}

TEST(FixesTest, LevelTwoTellsBoth) {
  EXPECT_EQ(declared_of("role-flag-level-2.roles"), Outcome{});
  EXPECT_EQ(declared_of("role-flag-level-2.identity-above"), Outcome{});
}

TEST(FixesTest, TheFlagInTheCookieComesInOrderBelowTheQueue) {
  EXPECT_EQ(declared_of("flag-in-the-cookie.roles"), kNotRealisable);
  EXPECT_EQ(declared_of("flag-in-the-cookie.roles-above"), Outcome{});
}

TEST(FixesTest, TheFiguresTellAServerWhatItReceivesAndMayNotTellWhatItSends) {
  EXPECT_EQ(declared_of("late-binding.identity"), Outcome{});
  EXPECT_THAT(cell("late-binding.identity").also_expected, testing::IsEmpty());
  EXPECT_THAT(cell("late-binding.identity-R").also_expected,
              testing::ElementsAre(VerdictKind::Misattributed));
}

TEST(FixesTest, IdentityIsAskedInBothDirections) {
  EXPECT_EQ(declared_of("none.identity-R"), Outcome{VerdictKind::Misattributed});
  EXPECT_EQ(declared_of("ordered-stream-barrier.identity-R"), kNotRealisable);
  EXPECT_EQ(declared_of("role-flag-level-2.identity-R-above"), Outcome{});
}

TEST(FixesTest, EitherEndMeetsALegacyPeer) {
  EXPECT_EQ(cell("late-binding.legacy-client").server.peer, kFlaggedPeer);
  EXPECT_EQ(cell("flag-in-the-cookie.legacy-server").server.peer, kLegacyPeer);
  EXPECT_EQ(cell("flag-in-the-cookie.legacy-client").client.peer, kLegacyPeer);
}

TEST(FixesTest, EveryCellHasANameOfItsOwn) {
  std::vector<std::string> names;
  for (const FixCell& cell : fix_cells(known_fixes(kReleasedFix)))
    names.push_back(cell.scenario.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(FixesTest, AnAgreedFlagSetsUpManyStreamsInThreeRoundTrips) {
  EXPECT_TRUE(keeps_its_bound(fix_named("role flag, level 2"), milliseconds(150), {}));
  EXPECT_FALSE(keeps_its_bound(fix_named("role flag, level 2"), milliseconds(151), {}));
}

TEST(FixesTest, WhatTheMachineTakesWithoutDelayIsNotHeldAgainstAFix) {
  EXPECT_TRUE(keeps_its_bound(fix_named("role flag, level 1"), milliseconds(190), kBare));
  EXPECT_FALSE(keeps_its_bound(fix_named("role flag, level 1"), milliseconds(191), kBare));
}

TEST(FixesTest, NothingIsClaimedOfTheSetUpOfTheOthers) {
  EXPECT_TRUE(keeps_its_bound(fix_named("none"), seconds(7), {}));
}

}  // namespace
}  // namespace rolecall::scenario
