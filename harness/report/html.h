// SPDX-License-Identifier: BSD-3-Clause
// One HTML page that needs nothing else: every run a square, coloured by whether it was as stated,
// and behind each row its runs with reason, evidence and replay line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/report/explanation.h"
#include "harness/scenario/run_result.h"

namespace rolecall::report {

// The page, well-formed XML too. What peers printed appears as text only, never as markup. Evidence
// is linked to where a run names its folder.
std::string html_page(std::string_view title, const std::vector<scenario::ScenarioResult>& results,
                      const std::optional<Explanation>& explained = std::nullopt);

}  // namespace rolecall::report
