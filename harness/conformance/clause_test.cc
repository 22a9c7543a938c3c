// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/clause.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rolecall::conformance {
namespace {

using testing::HasSubstr;

const std::string kClause =
    "## cookie\n\nProse.\n\n### it-is-so\nSHOULD · client, server · >= 3.17; broken in 3.9\n"
    "What is\nrequired.\n*Known from*: a\nsource.\n";

TEST(ClauseTest, IsReadWithAllItsParts) {
  const auto clauses = parse_clauses(kClause);
  ASSERT_TRUE(clauses) << clauses.error().message();
  ASSERT_EQ(clauses.value().size(), 1U);
  const Clause& clause = clauses.value().front();
  EXPECT_EQ(clause.id, "it-is-so");
  EXPECT_EQ(clause.area, "cookie");
  EXPECT_EQ(clause.line, 5);
  EXPECT_EQ(clause.level, Level::Should);
  EXPECT_TRUE(clause.binds_client && clause.binds_server);
  EXPECT_EQ(clause.releases, ">= 3.17; broken in 3.9");
  EXPECT_EQ(clause.text, "What is required.");
  EXPECT_EQ(clause.known_from, "a source.");
}

TEST(ClauseTest, SaysWhatItMeansForAUserAndWhyNoCaseChecksIt) {
  const auto clauses =
      parse_clauses(kClause + "*For a user*: a test\nhangs.\n*Not checked*: read only.\n");
  ASSERT_TRUE(clauses) << clauses.error().message();
  EXPECT_EQ(clauses.value().front().known_from, "a source.");
  EXPECT_EQ(clauses.value().front().for_a_user, "a test hangs.");
  EXPECT_EQ(clauses.value().front().not_checked, "read only.");
}

TEST(ClauseTest, ThatBindsOneEndBindsOnlyThat) {
  const auto clauses = parse_clauses("### x\nMUST · server · none\nText.\n*Known from*: a test.\n");
  ASSERT_TRUE(clauses) << clauses.error().message();
  EXPECT_FALSE(clauses.value().front().binds_client);
  EXPECT_TRUE(clauses.value().front().binds_server);
}

TEST(ClauseTest, InAnExampleIsNone) {
  const auto clauses = parse_clauses("```text\n" + kClause + "```\n");
  ASSERT_TRUE(clauses) << clauses.error().message();
  EXPECT_TRUE(clauses.value().empty());
}

struct Flaw {
  const char* clause;
  const char* complaint;
};
void PrintTo(const Flaw& flaw, std::ostream* out) {
  *out << flaw.complaint;
}

class FlawedClause : public testing::TestWithParam<Flaw> {};

TEST_P(FlawedClause, IsRefusedByLineAndReason) {
  const auto clauses = parse_clauses(GetParam().clause);
  ASSERT_FALSE(clauses);
  EXPECT_EQ(clauses.error().code, Errc::Malformed);
  EXPECT_THAT(clauses.error().message(), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Of, FlawedClause,
    testing::Values(Flaw{"### Not A Slug\n", "line 1: an id is a slug"},
                    Flaw{"\n### x\n", "line 2: it ends after its id"},
                    Flaw{"### x\nMUST · client\nT.\n*Known from*: t.\n", "line 2: write \"LEVEL"},
                    Flaw{"### x\nMAY · client · none\nT.\n*Known from*: t.\n", "a level is"},
                    Flaw{"### x\nMUST · all · none\nT.\n*Known from*: t.\n", "it binds"},
                    Flaw{"### x\nMUST · client · \nT.\n*Known from*: t.\n",
                         "the releases are missing"},
                    Flaw{"### x\nMUST · client · none\n*Known from*: t.\n", "what is required"},
                    Flaw{"### x\nMUST · client · none\nT.\n", "how that is known"},
                    Flaw{"### x\nMUST · client · none\nT.\n*Known from*: t.\n\n### x\n",
                         "line 6: an id stands"}));

}  // namespace
}  // namespace rolecall::conformance
