// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/profile.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/json_look.h"

namespace rolecall::conformance {

Result<Profile> parse_profile(std::string_view json) {
  const Json document = parsed(std::string(json));
  Profile profile{text_at(document, "/subject"), {}};
  const Json outcomes = at(document, "/outcomes");
  if (profile.subject.empty() || !outcomes.is_object()) {
    return Error{Errc::Malformed,
                 "profile: not a JSON object with a text \"subject\" and an object \"outcomes\""};
  }
  for (const auto& [id, outcome] : outcomes.items()) {
    if (!outcome.is_string()) {
      return Error{Errc::Malformed, fmt::format("profile: the outcome of {} is no text", id)};
    }
    profile.outcomes[id] = outcome.get<std::string>();
  }
  return profile;
}

std::string print_profile(Profile recorded, const std::vector<CaseResult>& results) {
  for (const CaseResult& result : results) {
    recorded.outcomes[result.a_case->id()] = name(result.outcome);
  }
  const Json document = {{"subject", recorded.subject}, {"outcomes", recorded.outcomes}};
  return document.dump(1) + "\n";
}

std::vector<std::string> differences(const Profile& recorded,
                                     const std::vector<CaseResult>& results, bool all) {
  std::vector<std::string> found;
  std::map<std::string, bool> run;
  for (const CaseResult& result : results) {
    const std::string id = result.a_case->id();
    run[id] = true;
    const auto before = recorded.outcomes.find(id);
    const std::string was = before == recorded.outcomes.end() ? "not recorded" : before->second;
    if (was != name(result.outcome)) {
      found.push_back(fmt::format("{}: {}, is now {}", id, was, name(result.outcome)));
    }
  }
  if (!all || results.empty()) return found;
  const std::string side = std::string(name(results.front().a_case->side)) + "/";
  for (const auto& [id, outcome] : recorded.outcomes) {
    if (id.starts_with(side) && !run.contains(id)) {
      found.push_back(fmt::format("{}: {}, is no case any more", id, outcome));
    }
  }
  return found;
}

Kept kept(const Profile& profile, const Clause& clause) {
  int passed = 0;
  int broken = 0;
  for (const Case& a_case : all_cases()) {
    const auto outcome = profile.outcomes.find(a_case.id());
    const bool cites = std::ranges::count(a_case.clauses, clause.id) > 0;
    if (!cites || outcome == profile.outcomes.end()) continue;
    if (outcome->second == name(Outcome::Passed)) {
      ++passed;
    } else if (a_case.clauses.front() == clause.id &&
               outcome->second != name(Outcome::Unsupported) &&
               outcome->second != name(Outcome::Skipped)) {
      ++broken;
    }
  }
  if (passed == 0 && broken == 0) return Kept::Unknown;
  return broken == 0 ? Kept::Yes : passed == 0 ? Kept::No : Kept::Partly;
}

}  // namespace rolecall::conformance
