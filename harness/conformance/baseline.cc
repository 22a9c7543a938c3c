// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/baseline.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::conformance {
namespace {

Error malformed(std::string what) {
  return {Errc::Malformed, "baseline: " + std::move(what)};
}

std::string text_of(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  const auto* text = found == entry.end() ? nullptr : found->get_ptr<const std::string*>();
  return text == nullptr ? std::string() : *text;
}

bool exists(const std::string& id) {
  const auto& cases = all_cases();
  return std::any_of(cases.begin(), cases.end(),
                     [&](const Case& a_case) { return a_case.id() == id; });
}

const KnownFailure* find(const std::vector<KnownFailure>& known, const std::string& id) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const KnownFailure& failure) { return failure.id == id; });
  return found == known.end() ? nullptr : &*found;
}

// Without a profile and an entry in the baseline.
bool is_good(Outcome outcome, bool is_strict) {
  switch (outcome) {
    case Outcome::Failed:
    case Outcome::Crashed:
    case Outcome::Broken:
      return false;
    case Outcome::Warning:
      return !is_strict;
    case Outcome::Passed:
    case Outcome::Noted:
    case Outcome::Unsupported:
    case Outcome::Skipped:
      break;
  }
  return true;
}

Judged judge_one(CaseResult result, const Expectations& expectations) {
  const std::string id = result.a_case->id();
  const Outcome outcome = result.outcome;
  Judged judged;
  judged.result = std::move(result);
  if (expectations.recorded) {
    const auto& outcomes = expectations.recorded->outcomes;
    if (const auto before = outcomes.find(id); before != outcomes.end())
      judged.recorded = before->second;
    judged.as_expected = judged.recorded == name(outcome);
  } else if (const KnownFailure* known = find(expectations.known, id)) {
    judged.known_because = fmt::format("{} ({})", known->reason, known->link);
    judged.as_expected = outcome != Outcome::Passed && outcome != Outcome::Broken;
  } else {
    judged.as_expected = is_good(outcome, expectations.is_strict);
  }
  return judged;
}

}  // namespace

Result<std::vector<KnownFailure>> parse_baseline(std::string_view json) {
  const Json all = Json::parse(json, nullptr, false);
  if (!all.is_object() || !all.contains("known_failures") || !all["known_failures"].is_array()) {
    return malformed("not a JSON object with an array \"known_failures\"");
  }
  std::vector<KnownFailure> known;
  for (const Json& entry : all["known_failures"]) {
    if (!entry.is_object()) return malformed(fmt::format("{} is no object", entry.dump()));
    KnownFailure failure{text_of(entry, "case"), text_of(entry, "reason"), text_of(entry, "link")};
    if (!exists(failure.id)) return malformed(fmt::format("there is no case '{}'", failure.id));
    if (failure.reason.empty() || failure.link.empty()) {
      return malformed(
          fmt::format("the entry of {} needs a \"reason\" and a \"link\"", failure.id));
    }
    if (find(known, failure.id) != nullptr) {
      return malformed(fmt::format("{} is listed twice", failure.id));
    }
    known.push_back(std::move(failure));
  }
  return known;
}

std::vector<Judged> judge(std::vector<CaseResult> results, const Expectations& expectations) {
  std::vector<Judged> all;
  for (CaseResult& result : results) all.push_back(judge_one(std::move(result), expectations));
  return all;
}

}  // namespace rolecall::conformance
