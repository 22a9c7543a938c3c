// SPDX-License-Identifier: BSD-3-Clause
// Runs cases against a program, each on a process of its own, and says what came out.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/conformance/case.h"
#include "harness/net/stop_token.h"

namespace rolecall::conformance {

enum class Outcome {
  Passed,
  Failed,       // a MUST is not kept
  Crashed,      // the program died of a signal, or a sanitizer complained of it
  Warning,      // a SHOULD is not kept
  Noted,        // a QUIRK that the program does not have; judges nothing
  Unsupported,  // the user said that the program lacks it
  Skipped,      // it cannot be asked of a program that is started like this
  Broken,       // the suite's own part failed: no process, no socket
};
const char* name(Outcome outcome);  // "passed", "failed" ...
bool was_run(Outcome outcome);      // false of Unsupported and Skipped

struct CaseResult {
  const Case* a_case = nullptr;
  Outcome outcome = Outcome::Passed;
  std::string expected;   // of what is not Passed
  std::string actual;     // or the reason
  std::string time_line;  // both sides' bytes
  std::string output;     // what the program wrote, stderr behind stdout
  Duration took = {};
  bool has_lost_the_server = false;  // that runs already: it serves nobody after the case
};

struct RunOptions {
  Command command;                   // empty words with `server`
  std::optional<Address> server;     // that runs already; cases then follow one another
  std::vector<std::string> without;  // tags
  int jobs = 1;
  Duration step_limit = kStepLimit;  // what takes longer hangs
  std::filesystem::path folder;      // for the programs' output; exists
  const StopToken* stop = nullptr;
};

// Before the first case. Config or System, where nobody accepts connections at the server that is
// said to run, or the program to start is not there.
Result<void> check_subject(const RunOptions& options);

// Why a case is not run, with Unsupported or Skipped; Passed for those that are.
struct Hindrance {
  Outcome outcome = Outcome::Passed;
  std::string reason;
};
Hindrance hindrance(const Case& a_case, const RunOptions& options);

// One case. Any thread; the program ends with it.
CaseResult run_case(const Case& a_case, const RunOptions& options);

// All of them, `jobs` at a time, in their order; `done` is told of each as it ends, from one thread
// at a time. Stops early, with what there is, when the token is raised.
std::vector<CaseResult> run_cases(const std::vector<const Case*>& cases, const RunOptions& options,
                                  const std::function<void(const CaseResult&)>& done);

}  // namespace rolecall::conformance
