// SPDX-License-Identifier: BSD-3-Clause
// What fuzzing a running program came to.
#pragma once

#include <string>
#include <vector>

#include "harness/conformance/conversations/fuzzing.h"
#include "harness/report/table.h"
#include "harness/scenario/scenario_file.h"

namespace rolecall::report {

struct FuzzRun {
  conformance::Side side = conformance::Side::Server;
  std::string subject;         // the command, as a shell takes it
  scenario::PeerSpec program;  // the same as scenarios have it
  std::uint64_t seed = 0;
  std::string replay_command;  // the words before a file, e.g. "rolecall run"
  conformance::FuzzOutcome outcome = {};
  std::vector<std::string> files = {};  // where each finding was written
};

// The sums, then each finding with its steps and the command that shows it again.
std::string fuzz_text(const FuzzRun& run, const Style& style);
std::string fuzz_json(const FuzzRun& run);  // one object

// The claim that this program is harmed so by such a conversation.
scenario::Scenario finding_scenario(const FuzzRun& run, const conformance::Finding& finding);

}  // namespace rolecall::report
