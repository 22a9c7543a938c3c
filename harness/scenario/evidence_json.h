// SPDX-License-Identifier: BSD-3-Clause
// The evidence of a run as text: what a folder keeps beside the peers' own output.
#pragma once

#include <string>
#include <vector>

#include "harness/scenario/kernel_sample.h"
#include "harness/scenario/scenario_file.h"
#include "harness/scenario/verdict.h"

namespace rolecall::scenario {

// One JSON object a line, in time order. `header` is what precedes the payload (kernel_sample.h).
std::string samples_as_lines(const std::vector<KernelSample>& samples, std::uint64_t header);

// The scenario as a file that load_scenario() reads back to the same.
std::string as_scenario_file(const Scenario& scenario);

}  // namespace rolecall::scenario
