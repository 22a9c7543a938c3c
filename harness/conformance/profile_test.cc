// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/profile.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "harness/base/files.h"

namespace rolecall::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<CaseResult> one_result(Outcome outcome) {
  CaseResult result;
  result.a_case = select(Side::Server, {}).value().front();
  result.outcome = outcome;
  return {result};
}

std::string id() {
  return select(Side::Server, {}).value().front()->id();
}

Profile recorded(const std::string& outcome) {
  return {"iperf3 3.22", {{id(), outcome}}};
}

TEST(Profile, IsReadAsItWasPrinted) {
  const auto again =
      parse_profile(print_profile({"iperf3 3.22", {}}, one_result(Outcome::Warning)));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again.value().subject, "iperf3 3.22");
  EXPECT_EQ(again.value().outcomes, (Outcomes{{id(), "warning"}}));
}

TEST(Profile, KeepsTheOtherSide) {
  const Profile before{"iperf3 3.22", {{"client/whole-test", "passed"}}};
  const auto again = parse_profile(print_profile(before, one_result(Outcome::Passed)));
  EXPECT_EQ(again.value().outcomes.size(), 2U);
}

TEST(Profile, OfSomethingElseIsRefused) {
  EXPECT_FALSE(parse_profile("[]"));
  EXPECT_FALSE(parse_profile(R"({"subject": "x"})"));
  EXPECT_FALSE(parse_profile(R"({"subject": "x", "outcomes": {"server/whole-test": 1}})"));
}

TEST(Profile, KeepsAClauseWhereItsCasesPassed) {
  const Clause& clause = first_clause(*select(Side::Server, {}).value().front());
  EXPECT_EQ(kept(recorded("passed"), clause), Kept::Yes);
  EXPECT_EQ(kept(recorded("warning"), clause), Kept::No);
  EXPECT_EQ(kept(recorded("unsupported"), clause), Kept::Unknown);
  EXPECT_EQ(kept({"iperf3 3.22", {}}, clause), Kept::Unknown);
}

TEST(Profile, KeepsAClauseInPartWhereOneOfItsCasesPassed) {
  const Profile profile{"x",
                        {{"server/control-cookie-in-pieces", "passed"},
                         {"server/stream-cookie-in-pieces", "failed"}}};
  const auto clause =
      std::ranges::find(specification(), "cookie-in-pieces-is-accepted", &Clause::id);
  EXPECT_EQ(kept(profile, *clause), Kept::Partly);
}

// What is recorded of iperf3; roleperf's has nothing that is broken.
std::vector<Profile> recorded_profiles() {
  std::vector<Profile> profiles;
  for (const auto& entry : std::filesystem::directory_iterator(PROFILES)) {
    profiles.push_back(parse_profile(read_file(entry.path()).value()).value());
  }
  return profiles;
}

// What the document says, too: of a release that has not even the option no case can tell.
TEST(Profile, OfAReleaseBreaksOnlyWhatHasALineForUsers) {
  const auto profiles = recorded_profiles();
  ASSERT_FALSE(profiles.empty());
  for (const Clause& clause : specification()) {
    const bool is_broken =
        clause.level != Level::Quirk && (clause.releases.find("broken in ") != std::string::npos ||
                                         std::ranges::any_of(profiles, [&](const Profile& profile) {
                                           const Kept answer = kept(profile, clause);
                                           return answer == Kept::No || answer == Kept::Partly;
                                         }));
    EXPECT_EQ(is_broken, !clause.for_a_user.empty())
        << clause.id
        << (is_broken ? " is broken: SPEC.md says no \"*For a user*: \" of it"
                      : " is kept by all that are recorded");
  }
}

// "broken in 3.9, 3.12" at the end of what a clause says of releases.
bool says_broken(const Clause& clause, std::string release) {
  const auto at = clause.releases.find("broken in ");
  if (at == std::string::npos) return false;
  return (clause.releases.substr(at + 10) + ",").find(release + ",") != std::string::npos;
}

TEST(Profile, OfAReleaseBreaksWhatTheSpecificationSaysOfIt) {
  int asked = 0;
  for (const Profile& profile : recorded_profiles()) {
    if (!profile.subject.starts_with("iperf ")) continue;
    const std::string release = profile.subject.substr(6);
    for (const Clause& clause : specification()) {
      const Kept answer = kept(profile, clause);
      if (clause.level == Level::Quirk || answer == Kept::Unknown) continue;
      ++asked;
      EXPECT_EQ(answer != Kept::Yes, says_broken(clause, release))
          << clause.id << " (" << clause.releases << ") in " << release;
    }
  }
  EXPECT_GT(asked, 0);
}

TEST(Profile, OfRoleperfBreaksNothing) {
  const auto profiles = recorded_profiles();
  const auto own = std::ranges::find_if(
      profiles, [](const Profile& profile) { return profile.subject.starts_with("roleperf"); });
  ASSERT_NE(own, profiles.end());
  for (const auto& [id, outcome] : own->outcomes) {
    EXPECT_TRUE(outcome == "passed" || outcome == "noted") << id << ": " << outcome;
  }
}

TEST(Profile, SeesEveryChange) {
  EXPECT_THAT(differences(recorded("passed"), one_result(Outcome::Passed), true), IsEmpty());
  EXPECT_THAT(differences(recorded("passed"), one_result(Outcome::Failed), true),
              ElementsAre(id() + ": passed, is now failed"));
  EXPECT_THAT(differences(recorded("failed"), one_result(Outcome::Passed), true),
              ElementsAre(id() + ": failed, is now passed"));
  EXPECT_THAT(differences(recorded("failed"), one_result(Outcome::Crashed), true),
              ElementsAre(id() + ": failed, is now crashed"));
}

TEST(Profile, SeesCasesThatCameAndWent) {
  const Profile other{"iperf3 3.22", {{"server/no-such-case", "passed"}}};
  EXPECT_THAT(differences(other, one_result(Outcome::Passed), true),
              ElementsAre(id() + ": not recorded, is now passed",
                          "server/no-such-case: passed, is no case any more"));
  EXPECT_EQ(differences(other, one_result(Outcome::Passed), false).size(), 1U);
}

}  // namespace
}  // namespace rolecall::conformance
