// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/clause_table.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/conformance/coverage.h"

namespace rolecall::report {
namespace {

using conformance::Case;
using conformance::Clause;
using conformance::Kept;
using conformance::Level;
using conformance::Profile;

Cell cell_of(Kept kept, const Clause& clause) {
  const Tone bad = clause.level == Level::Quirk ? Tone::Plain : Tone::Bad;
  switch (kept) {
    case Kept::Yes:
      return {"yes"};
    case Kept::Partly:
      return {"in part", bad};
    case Kept::No:
      return {"no", bad};
    case Kept::Unknown:
      break;
  }
  return {"-", Tone::Faint};
}

std::string share(std::size_t part, std::size_t whole, const char* of_what) {
  return fmt::format("  {} of {} {}: {:.1f} %\n", part, whole, of_what,
                     100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string whom(const Clause& clause) {
  return !clause.binds_server ? "client" : !clause.binds_client ? "server" : "both";
}

}  // namespace

std::string profile_table(const std::vector<Profile>& profiles, const Style& style) {
  std::vector<Column> columns = {{"clause"}, {"level"}, {"binds"}};
  for (const Profile& profile : profiles) columns.push_back({profile.subject});
  std::vector<std::vector<Cell>> rows;
  std::string consequences;
  int alike = 0;
  for (const Clause& clause : conformance::specification()) {
    std::vector<Kept> answers;
    for (const Profile& profile : profiles) answers.push_back(kept(profile, clause));
    const auto is_good = [](Kept k) { return k == Kept::Yes || k == Kept::Unknown; };
    if (std::ranges::all_of(answers, is_good)) {
      alike += std::ranges::count(answers, Kept::Yes) > 0 ? 1 : 0;
      continue;
    }
    rows.push_back({{clause.id}, {name(clause.level)}, {whom(clause)}});
    for (const Kept answer : answers) rows.back().push_back(cell_of(answer, clause));
    if (clause.level == Level::Quirk) continue;
    consequences += fmt::format("{}: {}\n", clause.id, clause.for_a_user);
  }
  return table(columns, rows, style) +
         fmt::format("\n{} further clauses are kept by all that were asked.\n\n", alike) +
         consequences;
}

std::string coverage_table(const Style& style) {
  const auto all = conformance::duties();
  std::vector<std::vector<Cell>> rows;
  std::set<std::string> checked;
  for (const conformance::Duty& duty : all) {
    const Clause& clause = *duty.clause;
    if (duty.is_checked) {
      checked.insert(clause.id);
      continue;
    }
    rows.push_back({{clause.id}, {name(clause.level)}, {name(duty.side)}, {clause.not_checked}});
  }
  return table({{"not checked"}, {"level"}, {"of a"}, {"because"}}, rows, style) +
         fmt::format("\n{} cases check\n{}{}", conformance::all_cases().size(),
                     share(checked.size(), conformance::specification().size(), "clauses"),
                     share(all.size() - rows.size(), all.size(),
                           "clauses and ends: one that binds both has to be checked at both"));
}

}  // namespace rolecall::report
