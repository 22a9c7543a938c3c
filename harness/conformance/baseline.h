// SPDX-License-Identifier: BSD-3-Clause
// The failures that a project knows of and lives with: a file beside its code, each entry with a
// reason and a link. What passes in spite of an entry is as unexpected as a new failure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/conformance/runner.h"

namespace rolecall::conformance {

struct KnownFailure {
  std::string id;  // of the case, "server/cookie-in-pieces"
  std::string reason;
  std::string link;
};

// {"known_failures": [{"case": ID, "reason": TEXT, "link": URL}]}. Malformed, naming the entry, for
// anything else, an empty reason or link, and a case that does not exist.
Result<std::vector<KnownFailure>> parse_baseline(std::string_view json);

struct Judged {
  CaseResult result;
  std::string known_because;  // reason and link of its entry in the baseline
  bool as_expected = true;    // false for a failure that is not known and a known one that passes
};

std::vector<Judged> judge(std::vector<CaseResult> results,
                          const std::vector<KnownFailure>& baseline);

}  // namespace rolecall::conformance
