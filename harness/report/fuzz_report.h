// SPDX-License-Identifier: BSD-3-Clause
// What fuzzing a running program came to.
#pragma once

#include <string>
#include <vector>

#include "harness/conformance/conversations/fuzzing.h"
#include "harness/report/table.h"

namespace rolecall::report {

struct FuzzRun {
  conformance::Side side = conformance::Side::Server;
  std::string subject;  // the command, as a shell takes it
  std::uint64_t seed = 0;
  conformance::FuzzOutcome outcome = {};
  std::vector<std::string> files = {};  // where each finding was written
};

// The sums, then each finding with its steps and the command that shows it again.
std::string fuzz_text(const FuzzRun& run, const Style& style);
std::string fuzz_json(const FuzzRun& run);  // one object

// The command that has a kept conversation again.
std::string replay_line(const FuzzRun& run, const std::string& file);
// What a finding is kept as: its steps, with what they did and the replay line as comments.
std::string finding_file(const FuzzRun& run, const conformance::Finding& finding,
                         const std::string& file);

}  // namespace rolecall::report
