// SPDX-License-Identifier: BSD-3-Clause
// The clauses of SPEC.md: who keeps them, and which cases check them.
#pragma once

#include <string>
#include <vector>

#include "harness/conformance/profile.h"
#include "harness/report/table.h"

namespace rolecall::report {

// A row for each clause that is not kept alike by all, a column for each profile; below it, for
// each clause that one of them breaks, what goes wrong for a user.
std::string profile_table(const std::vector<conformance::Profile>& profiles, const Style& style);

// The clauses that no case checks, each with the reason, and how many are checked.
std::string coverage_table(const Style& style);

}  // namespace rolecall::report
