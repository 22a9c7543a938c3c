// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/conformance_report.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace rolecall::report {
namespace {

using conformance::Outcome;
using testing::HasSubstr;
using testing::Not;

using Json = nlohmann::json;

const std::string kCase = "server/last-cookie-byte-counts";

conformance::CaseResult result(Outcome outcome) {
  conformance::CaseResult one;
  const auto& cases = conformance::all_cases();
  one.a_case =
      &*std::ranges::find_if(cases, [](const conformance::Case& c) { return c.id() == kCase; });
  one.outcome = outcome;
  if (outcome != Outcome::Passed) {
    one.expected = "a refusal";
    one.actual = "0x0a";
  }
  one.time_line = "control  <-  1 byte \\x0a\n";
  return one;
}

ConformanceRun run_with(Outcome outcome, const std::vector<conformance::KnownFailure>& known = {}) {
  return {conformance::Side::Server, "someperf -s -p {port}", judge({result(outcome)}, known),
          seconds(1), "rolecall conform server {case} -- someperf"};
}

const std::vector<conformance::KnownFailure> kKnown = {{kCase, "old", "https://example.org/1"}};

Json sarif_results(const ConformanceRun& run) {
  return Json::parse(conformance_sarif(run))["runs"][0]["results"];
}

TEST(ConformanceText, FailureHasBothSentencesTheBytesAndTheCommand) {
  const std::string text = conformance_text(run_with(Outcome::Failed), {});
  EXPECT_THAT(text, HasSubstr("  expected  a refusal\n  found     0x0a\n"));
  EXPECT_THAT(text, HasSubstr("control  <-  1 byte \\x0a\n"));
  EXPECT_THAT(text, HasSubstr("rolecall conform server --case last-cookie-byte-counts -- some"));
}

TEST(ConformanceText, PassSaysNoMoreThanThat) {
  const std::string text = conformance_text(run_with(Outcome::Passed), {});
  EXPECT_THAT(text, HasSubstr("passed           MUST    last-cookie-byte-counts\n"));
  EXPECT_THAT(text, Not(HasSubstr("control")));
}

TEST(ConformanceText, UnexpectedPassNamesTheEntryOfTheBaseline) {
  const std::string text = conformance_text(run_with(Outcome::Passed, kKnown), {});
  EXPECT_THAT(text, HasSubstr(kCase + ": unexpected pass\n"));
  EXPECT_THAT(text, HasSubstr("  known     old (https://example.org/1)\n"));
  EXPECT_THAT(text, Not(HasSubstr("expected  \n")));
}

TEST(ConformanceJunit, FailsWhatIsNotExpectedAndSkipsTheRest) {
  EXPECT_THAT(conformance_junit(run_with(Outcome::Failed)),
              HasSubstr("failures=\"1\" errors=\"0\" skipped=\"0\""));
  EXPECT_THAT(conformance_junit(run_with(Outcome::Failed, kKnown)), HasSubstr("skipped=\"1\""));
  EXPECT_THAT(conformance_junit(run_with(Outcome::Skipped)), HasSubstr("skipped=\"1\""));
  EXPECT_THAT(conformance_junit(run_with(Outcome::Passed, kKnown)), HasSubstr("failures=\"1\""));
}

TEST(ConformanceSarif, PointsAtTheClause) {
  const Json results = sarif_results(run_with(Outcome::Failed));
  ASSERT_EQ(results.size(), 1U);
  const conformance::Case& a_case = *result(Outcome::Failed).a_case;
  EXPECT_EQ(results[0]["ruleId"], a_case.clauses.front());
  EXPECT_EQ(results[0]["level"], "error");
  EXPECT_EQ(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"],
            first_clause(a_case).line);
}

TEST(ConformanceSarif, EveryRuleOfAResultIsDeclared) {
  const Json run = Json::parse(conformance_sarif(run_with(Outcome::Warning)))["runs"][0];
  const Json& rules = run["tool"]["driver"]["rules"];
  EXPECT_TRUE(std::ranges::any_of(
      rules, [&](const Json& rule) { return rule["id"] == run["results"][0]["ruleId"]; }));
}

TEST(ConformanceSarif, HasNothingOfWhatPassedOrWasNotRun) {
  EXPECT_TRUE(sarif_results(run_with(Outcome::Passed)).empty());
  EXPECT_TRUE(sarif_results(run_with(Outcome::Skipped)).empty());
  EXPECT_TRUE(sarif_results(run_with(Outcome::Unsupported)).empty());
}

}  // namespace
}  // namespace rolecall::report
