// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/baseline.h"

#include <gmock/gmock.h>

namespace rolecall::conformance {
namespace {

using testing::HasSubstr;

const std::string kCase = "server/last-cookie-byte-counts";
const std::vector<KnownFailure> kKnown = {{kCase, "not mended yet", "https://example.org/1"}};

CaseResult result(Outcome outcome) {
  CaseResult one;
  for (const Case& a_case : all_cases()) {
    if (a_case.id() == kCase) one.a_case = &a_case;
  }
  one.outcome = outcome;
  return one;
}

bool is_as_expected(Outcome outcome, const std::vector<KnownFailure>& baseline) {
  return judge({result(outcome)}, baseline).front().as_expected;
}

TEST(Baseline, TakesEntriesWithReasonAndLink) {
  const auto known =
      parse_baseline(R"({"known_failures": [{"case": ")" + kCase +
                     R"(", "reason": "not mended yet", "link": "https://example.org/1"}]})");
  ASSERT_TRUE(known) << known.error().message();
  EXPECT_EQ(known.value().front().reason, "not mended yet");
}

std::string complaint(const std::string& text) {
  const auto known = parse_baseline(text);
  return known ? "none" : known.error().what;
}

TEST(Baseline, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(complaint("{"), HasSubstr("known_failures"));
  EXPECT_THAT(complaint(R"({"known_failures": 1})"), HasSubstr("known_failures"));
  EXPECT_THAT(complaint(R"({"known_failures": [1]})"), HasSubstr("1 is no object"));
  EXPECT_THAT(complaint(R"({"known_failures": [{"case": "server/none"}]})"),
              HasSubstr("no case 'server/none'"));
  EXPECT_THAT(complaint(R"({"known_failures": [{"case": ")" + kCase + R"("}]})"),
              HasSubstr("needs a \"reason\""));
}

TEST(Baseline, KnownFailureIsExpected) {
  EXPECT_FALSE(is_as_expected(Outcome::Failed, {}));
  EXPECT_FALSE(is_as_expected(Outcome::Crashed, {}));
  EXPECT_TRUE(is_as_expected(Outcome::Failed, kKnown));
}

TEST(Baseline, KnownFailureThatPassesIsNot) {
  EXPECT_TRUE(is_as_expected(Outcome::Passed, {}));
  EXPECT_FALSE(is_as_expected(Outcome::Passed, kKnown));
}

TEST(Baseline, WarningsAndNotesAreNoFailures) {
  EXPECT_TRUE(is_as_expected(Outcome::Warning, {}));
  EXPECT_TRUE(is_as_expected(Outcome::Noted, {}));
  EXPECT_FALSE(is_as_expected(Outcome::Broken, {}));
}

}  // namespace
}  // namespace rolecall::conformance
