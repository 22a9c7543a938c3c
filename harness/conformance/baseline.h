// SPDX-License-Identifier: BSD-3-Clause
// The failures that a project knows of and lives with: a file beside its code, each entry with a
// reason and a link. What passes in spite of an entry is as unexpected as a new failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/conformance/profile.h"
#include "harness/conformance/runner.h"

namespace rolecall::conformance {

struct KnownFailure {
  std::string id;  // of the case, "server/cookie-in-pieces"
  std::string reason;
  std::string link;
};

// {"known_failures": [{"case": ID, "reason": TEXT, "link": URL}]}. Malformed, naming the entry, for
// anything else, an empty reason or link, a case that does not exist, and one that comes twice.
Result<std::vector<KnownFailure>> parse_baseline(std::string_view json);

// What the user counts on beforehand.
struct Expectations {
  std::vector<KnownFailure> known = {};
  std::optional<Profile> recorded = {};  // then just these outcomes are as expected
  bool is_strict = false;                // a SHOULD that is not kept is as bad as a MUST
};

struct Judged {
  CaseResult result;
  std::string known_because;            // reason and link of its entry in the baseline
  std::optional<std::string> recorded;  // its outcome in the profile
  bool as_expected = true;
};

// A failure that is not known, a known one that passes, and what the suite itself could not do
// are never as expected without a profile.
std::vector<Judged> judge(std::vector<CaseResult> results, const Expectations& expectations);

}  // namespace rolecall::conformance
