// SPDX-License-Identifier: BSD-3-Clause
// CATALOGUE.md against the recorded profiles: each case is red and green where the table says so.
#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/conformance/profile.h"

namespace rolecall::conformance {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream from(text);
  for (std::string part; std::getline(from, part, separator);) {
    const auto first = part.find_first_not_of(' ');
    const auto last = part.find_last_not_of(' ');
    if (first != part.npos) parts.push_back(part.substr(first, last - first + 1));
  }
  return parts;
}

struct Row {
  std::string report;
  std::string a_case;
  std::vector<std::string> red;
  std::vector<std::string> green;
};

std::vector<Row> catalogue() {
  std::vector<Row> rows;
  std::istringstream text(read_file(CATALOGUE).value());
  for (std::string line; std::getline(text, line);) {
    const auto cells = split(line, '|');
    if (cells.size() != 5 || cells[0] == "report" || cells[0].starts_with("---")) continue;
    rows.push_back({cells[0], cells[2], split(cells[3], ','), split(cells[4], ',')});
  }
  return rows;
}

std::string outcome(const std::string& program, const std::string& a_case) {
  const std::string name = program == "roleperf" ? program : "iperf3-" + program;
  const auto text = read_file(std::string(PROFILES) + "/" + name + ".json");
  if (!text) return "no profile of " + name;
  const auto profile = parse_profile(text.value()).value();
  const auto found = profile.outcomes.find(a_case);
  return found == profile.outcomes.end() ? "not recorded" : found->second;
}

bool is_slow(const std::string& id) {
  const auto found = std::ranges::find(all_cases(), id, &Case::id);
  return found == all_cases().end() || found->has_tag("slow");
}

// A case that is not slow waits for no timeout of the protocol: 5 s are the most that a step takes.
TEST(Catalogue, HasTwelveBugsThatCasesShowWithoutTheProtocolsLongWaits) {
  std::set<std::string> reports;
  for (const Row& row : catalogue()) {
    if (!is_slow(row.a_case)) reports.insert(row.report);
  }
  EXPECT_GE(reports.size(), 12U);
}

TEST(Catalogue, IsRedOnAReleaseThatHasTheBugAndGreenOnOneThatDoesNot) {
  for (const Row& row : catalogue()) {
    EXPECT_FALSE(row.red.empty() || row.green.empty()) << row.a_case;
    for (const std::string& program : row.red) {
      const std::string found = outcome(program, row.a_case);
      EXPECT_TRUE(found == "failed" || found == "crashed" || found == "warning")
          << row.a_case << " of " << program << ": " << found;
    }
    for (const std::string& program : row.green) {
      EXPECT_EQ(outcome(program, row.a_case), "passed") << row.a_case << " of " << program;
    }
  }
}

}  // namespace
}  // namespace rolecall::conformance
