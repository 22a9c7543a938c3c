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

bool is_as_expected(Outcome outcome, const Expectations& expectations) {
  return judge({result(outcome)}, expectations).front().as_expected;
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
  const std::string entry =
      R"({"case": ")" + kCase + R"(", "reason": "old", "link": "https://example.org/1"})";
  EXPECT_THAT(complaint(R"({"known_failures": [)" + entry + ", " + entry + "]}"),
              HasSubstr(kCase + " is listed twice"));
}

TEST(Baseline, KnownFailureIsExpected) {
  EXPECT_FALSE(is_as_expected(Outcome::Failed, {}));
  EXPECT_FALSE(is_as_expected(Outcome::Crashed, {}));
  EXPECT_TRUE(is_as_expected(Outcome::Failed, {kKnown}));
  EXPECT_TRUE(is_as_expected(Outcome::Warning, {.known = kKnown, .is_strict = true}));
}

TEST(Baseline, WhatCouldNotBeRunIsNoKnownFailure) {
  EXPECT_FALSE(is_as_expected(Outcome::Broken, {kKnown}));
}

TEST(Baseline, KnownFailureThatPassesIsNot) {
  EXPECT_TRUE(is_as_expected(Outcome::Passed, {}));
  EXPECT_FALSE(is_as_expected(Outcome::Passed, {kKnown}));
}

TEST(Baseline, WarningsAndNotesAreNoFailures) {
  EXPECT_TRUE(is_as_expected(Outcome::Warning, {}));
  EXPECT_TRUE(is_as_expected(Outcome::Noted, {}));
  EXPECT_FALSE(is_as_expected(Outcome::Broken, {}));
}

TEST(Baseline, AWarningIsAFailureWhereTheUserIsStrict) {
  EXPECT_FALSE(is_as_expected(Outcome::Warning, {.is_strict = true}));
  EXPECT_TRUE(is_as_expected(Outcome::Noted, {.is_strict = true}));
}

TEST(Baseline, WithAProfileJustWhatItHasIsExpected) {
  const Expectations recorded{.recorded = Profile{"it", {{kCase, "failed"}}}};
  EXPECT_TRUE(is_as_expected(Outcome::Failed, recorded));
  EXPECT_FALSE(is_as_expected(Outcome::Passed, recorded));
  EXPECT_FALSE(is_as_expected(Outcome::Passed, {.recorded = Profile{"it", {}}}));
}

}  // namespace
}  // namespace rolecall::conformance
