// SPDX-License-Identifier: BSD-3-Clause
// The catalogue of cases: what holds of all of them, and how they are chosen.
#include "harness/conformance/case.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "harness/conformance/coverage.h"
#include "harness/conformance/time_line.h"

namespace rolecall::conformance {
namespace {

TEST(Cases, HaveUniqueIds) {
  std::set<std::string> ids;
  for (const Case& a_case : all_cases()) {
    EXPECT_TRUE(ids.insert(a_case.id()).second) << a_case.id() << " stands there twice";
  }
}

TEST(Cases, AreTiedToClausesOfTheSpecification) {
  std::set<std::string> clauses;
  for (const Clause& clause : specification()) clauses.insert(clause.id);
  for (const Case& a_case : all_cases()) {
    EXPECT_FALSE(a_case.clauses.empty()) << a_case.id();
    for (const std::string& clause : a_case.clauses) {
      EXPECT_TRUE(clauses.count(clause) == 1) << a_case.id() << " names " << clause;
    }
  }
}

TEST(Cases, BindTheSideUnderTest) {
  for (const Case& a_case : all_cases()) {
    const Clause& clause = first_clause(a_case);
    EXPECT_TRUE(a_case.side == Side::Server ? clause.binds_server : clause.binds_client)
        << a_case.id() << ": " << clause.id << " does not bind it";
  }
}

TEST(Cases, CheckEveryClauseThatDoesNotSayWhyNotAtEachEndThatItBinds) {
  std::set<std::string> gaps;
  for (const Duty& duty : duties()) {
    if (!duty.is_checked) gaps.insert(duty.clause->id);
  }
  for (const Clause& clause : specification()) {
    EXPECT_EQ(gaps.contains(clause.id), !clause.not_checked.empty())
        << clause.id
        << ": a case of each end for it, or a line \"*Not checked*: \" with the reason";
  }
}

TEST(Cases, CheckNineteenOfTwentyClausesAtTheEndsThatTheyBind) {
  const auto all = duties();
  const auto checked = std::ranges::count(all, true, &Duty::is_checked);
  EXPECT_GE(100 * checked, 95 * std::ssize(all)) << checked << " of " << all.size();
}

std::vector<std::string> names(const Result<std::vector<const Case*>>& chosen) {
  std::vector<std::string> all;
  for (const Case* a_case : chosen.value()) all.push_back(a_case->name);
  return all;
}

Selection by_name(const char* pattern) {
  Selection selection;
  selection.ids = {pattern};
  return selection;
}

Selection by_clause(const char* id) {
  Selection selection;
  selection.clauses = {id};
  return selection;
}

TEST(Selection, OfNothingIsEverythingOfTheSide) {
  const auto all = select(Side::Client, {});
  ASSERT_TRUE(all);
  EXPECT_GT(all.value().size(), 20U);
  for (const Case* a_case : all.value()) EXPECT_EQ(a_case->side, Side::Client);
}

TEST(Selection, ByNameTakesStars) {
  EXPECT_THAT(names(select(Side::Server, by_name("control-cookie-*"))),
              testing::ElementsAre("control-cookie-in-pieces"));
  EXPECT_THAT(names(select(Side::Server, by_name("server/control-cookie-in-pieces"))),
              testing::ElementsAre("control-cookie-in-pieces"));
}

TEST(Selection, ByClause) {
  EXPECT_THAT(names(select(Side::Server, by_clause("last-cookie-byte-counts"))),
              testing::ElementsAre("last-cookie-byte-counts"));
}

TEST(Selection, ByLevel) {
  Selection quirks;
  quirks.levels = {Level::Quirk};
  const auto chosen = select(Side::Server, quirks);
  ASSERT_TRUE(chosen);
  for (const Case* a_case : chosen.value()) {
    EXPECT_EQ(first_clause(*a_case).level, Level::Quirk) << a_case->name;
  }
}

TEST(Selection, SaysWhichWordFitsNothing) {
  const auto chosen = select(Side::Server, by_clause("no-such-clause"));
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, Errc::Config);
  EXPECT_THAT(chosen.error().what, testing::HasSubstr("no-such-clause"));
}

TEST(TimeLine, ShowsBytesAndWhoSentThem) {
  TimeLine line;
  line.add("control", Way::Sent, std::string("\x09\x41", 2));
  line.note("control", "closed");
  EXPECT_THAT(line.text(), testing::HasSubstr("control  ->  2 bytes \\x09A\n"));
  EXPECT_THAT(line.text(), testing::HasSubstr("control  --  closed\n"));
}

TEST(TimeLine, CountsWhatIsNotedAgainAndAgain) {
  TimeLine line;
  for (int i = 0; i < 3; ++i) line.note("control", "refused");
  EXPECT_THAT(line.text(), testing::HasSubstr("control  --  refused (3 times)\n"));
}

TEST(TimeLine, GathersPayloadOfOneConnection) {
  TimeLine line;
  for (int i = 0; i < 3; ++i) line.add("stream 1", Way::Sent, std::string(1000, 'x'));
  EXPECT_THAT(line.text(), testing::HasSubstr("3000 bytes"));
  EXPECT_THAT(line.text(), testing::HasSubstr("(in 3 pieces)"));
}

}  // namespace
}  // namespace rolecall::conformance
