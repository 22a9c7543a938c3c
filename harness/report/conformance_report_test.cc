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

ConformanceRun run_with(Outcome outcome, const conformance::Expectations& expectations = {}) {
  return {conformance::Side::Server, "someperf -s -p {port}",
          judge({result(outcome)}, expectations), seconds(1),
          "rolecall conform server {case} -- someperf"};
}

const conformance::Expectations kKnown{.known = {{kCase, "old", "https://example.org/1"}}};
const conformance::Expectations kStrict{.is_strict = true};

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

TEST(ConformanceText, WhatIsNotRunHasItsReason) {
  EXPECT_THAT(conformance_text(run_with(Outcome::Skipped), {}),
              HasSubstr("skipped          MUST    last-cookie-byte-counts: 0x0a\n"));
}

TEST(ConformanceText, WhatAProgramWroteCannotSteerATerminal) {
  ConformanceRun run = run_with(Outcome::Failed);
  run.cases.front().result.output = "red: \x1b[31m\n";
  EXPECT_THAT(conformance_text(run, {}), HasSubstr("    red: ?[31m\n"));
}

TEST(ConformanceReports, AgreeOnAShouldWhereTheUserIsStrict) {
  EXPECT_THAT(conformance_junit(run_with(Outcome::Warning)), HasSubstr("skipped=\"1\""));
  EXPECT_THAT(conformance_junit(run_with(Outcome::Warning, kStrict)), HasSubstr("failures=\"1\""));
  EXPECT_EQ(sarif_results(run_with(Outcome::Warning))[0]["level"], "warning");
  EXPECT_EQ(sarif_results(run_with(Outcome::Warning, kStrict))[0]["level"], "error");
}

TEST(ConformanceReports, SayWhyAFailureIsKnown) {
  EXPECT_THAT(conformance_junit(run_with(Outcome::Failed, kKnown)),
              HasSubstr("known: old (https://example.org/1)"));
  EXPECT_EQ(sarif_results(run_with(Outcome::Failed, kKnown))[0]["suppressions"][0]["justification"],
            "old (https://example.org/1)");
}

TEST(ConformanceReports, TakeARecordedFailureForNone) {
  const conformance::Expectations recorded{.recorded =
                                               conformance::Profile{"it", {{kCase, "failed"}}}};
  EXPECT_THAT(conformance_junit(run_with(Outcome::Failed, recorded)), HasSubstr("failures=\"0\""));
  EXPECT_THAT(conformance_junit(run_with(Outcome::Passed, recorded)), HasSubstr("failures=\"1\""));
  const Json passed = Json::parse(conformance_json(run_with(Outcome::Passed, recorded)));
  EXPECT_EQ(passed["cases"][0]["recorded"], "failed");
  EXPECT_EQ(passed["cases"][0]["as_expected"], false);
}

TEST(ConformanceJunit, WhatCouldNotBeRunIsAnError) {
  EXPECT_THAT(conformance_junit(run_with(Outcome::Broken)),
              HasSubstr("failures=\"0\" errors=\"1\" skipped=\"0\""));
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
