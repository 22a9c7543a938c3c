// SPDX-License-Identifier: BSD-3-Clause
// What came out for one program, recorded: a later run that differs in a single case is seen.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/conformance/runner.h"

namespace rolecall::conformance {

// By the case's id ("server/whole-test"): "passed", "failed" ...
using Outcomes = std::map<std::string, std::string>;

struct Profile {
  std::string subject;  // "iperf3 3.22"
  Outcomes outcomes;
};

// {"subject": TEXT, "outcomes": {ID: OUTCOME}}. Malformed for anything else.
Result<Profile> parse_profile(std::string_view json);
// `recorded` with the outcomes of `results` put over it, those of the other side kept, as text.
std::string print_profile(Profile recorded, const std::vector<CaseResult>& results);

// One line for each case of `results` whose outcome is not the recorded one; cases that the profile
// does not have, and those of that side that it has and nobody runs any more where `all` were run,
// are differences too.
std::vector<std::string> differences(const Profile& recorded,
                                     const std::vector<CaseResult>& results, bool all);

// Whether the program keeps a clause, by the cases whose first clause it is, or else by those that
// check it beside another one and passed.
enum class Kept {
  Yes,
  Partly,  // some of the cases passed
  No,
  Unknown,  // no case was asked of this program
};
Kept kept(const Profile& profile, const Clause& clause);

}  // namespace rolecall::conformance
