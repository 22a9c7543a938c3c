// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/clause_table.h"

#include <algorithm>

#include <fmt/format.h>

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

bool is_checked(const Clause& clause) {
  const auto& cases = conformance::all_cases();
  return std::ranges::any_of(
      cases, [&](const Case& a_case) { return std::ranges::count(a_case.clauses, clause.id) > 0; });
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
  std::vector<std::vector<Cell>> rows;
  const auto& clauses = conformance::specification();
  for (const Clause& clause : clauses) {
    if (is_checked(clause)) continue;
    rows.push_back({{clause.id}, {name(clause.level)}, {whom(clause)}, {clause.not_checked}});
  }
  const std::size_t checked = clauses.size() - rows.size();
  return table({{"not checked"}, {"level"}, {"binds"}, {"because"}}, rows, style) +
         fmt::format("\n{} of {} clauses are checked by {} cases: {:.1f} %\n", checked,
                     clauses.size(), conformance::all_cases().size(),
                     100.0 * static_cast<double>(checked) / static_cast<double>(clauses.size()));
}

}  // namespace rolecall::report
