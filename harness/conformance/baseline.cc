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
    known.push_back(std::move(failure));
  }
  return known;
}

std::vector<Judged> judge(std::vector<CaseResult> results,
                          const std::vector<KnownFailure>& baseline) {
  std::vector<Judged> all;
  for (CaseResult& result : results) {
    const auto known = std::find_if(
        baseline.begin(), baseline.end(),
        [&](const KnownFailure& failure) { return failure.id == result.a_case->id(); });
    Judged judged;
    if (known != baseline.end()) {
      judged.known_because = fmt::format("{} ({})", known->reason, known->link);
      judged.as_expected = result.outcome != Outcome::Passed;
    } else {
      judged.as_expected = result.outcome != Outcome::Failed &&
                           result.outcome != Outcome::Crashed && result.outcome != Outcome::Broken;
    }
    judged.result = std::move(result);
    all.push_back(std::move(judged));
  }
  return all;
}

}  // namespace rolecall::conformance
