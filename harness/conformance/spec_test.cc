// SPDX-License-Identifier: BSD-3-Clause
// SPEC.md against itself and against the code that it describes.
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/conformance/clause.h"
#include "harness/conformance/state_figure.h"
#include "harness/wire/state.h"

namespace rolecall::conformance {
namespace {

std::string specification() {
  std::ostringstream text;
  text << std::ifstream(SPEC).rdbuf();
  return text.str();
}

TEST(SpecTest, EveryClauseIsWellFormedAndEachIdStandsOnce) {
  const auto clauses = parse_clauses(specification());
  ASSERT_TRUE(clauses) << clauses.error().message();
  EXPECT_FALSE(clauses.value().empty());
}

TEST(SpecTest, ReleasesAreWrittenInOneNotation) {
  const auto clauses = parse_clauses(specification());
  ASSERT_TRUE(clauses);
  const std::string release = R"(3\.\d+(\.\d+)?)";
  const std::regex notation("(role flag|(all releases|none|>= " + release + "|" + release + " to " +
                            release + ")(; broken in " + release + "(, " + release + ")*)?)");
  for (const Clause& clause : clauses.value())
    EXPECT_TRUE(std::regex_match(clause.releases, notation))
        << clause.id << ": " << clause.releases;
}

TEST(SpecTest, TheFigureOfStatesIsThatOfTheSessions) {
  const std::string block = "<!-- states:begin -->\n" + state_figure() + "<!-- states:end -->\n";
  EXPECT_TRUE(specification().find(block) != std::string::npos) << "SPEC.md has to say\n" << block;
}

TEST(SpecTest, TheTableOfStatesNamesEveryStateWithItsValue) {
  const std::string text = specification();
  for (int value = -128; value < 128; ++value) {
    const auto state = wire::decode_state(static_cast<std::byte>(value));
    if (!state) continue;
    const std::string row = fmt::format("| {} | {} |", value, wire::name(*state));
    EXPECT_TRUE(text.find(row) != std::string::npos) << "SPEC.md has no row " << row;
  }
}

}  // namespace
}  // namespace rolecall::conformance
