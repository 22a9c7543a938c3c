// SPDX-License-Identifier: BSD-3-Clause
// Results as a run of scenarios would leave them, for the tests of reports.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/scenario/run_result.h"

namespace rolecall::report {

inline scenario::RunResult run_of(int index, scenario::VerdictKind verdict, std::int64_t ms) {
  scenario::RunResult run;
  run.scenario = "legacy-bidir-deadlocks";
  run.index = index;
  run.client_peer = "iperf3 3.12";
  run.server_peer = "iperf3 3.12";
  run.mode = Mode::Bidir;
  run.schedule = "accept 2,1";
  run.lever = scenario::Lever::Swap;
  run.realised = scenario::Realised::Yes;
  run.verdict = {verdict, "because"};
  run.expected = {scenario::VerdictKind::Deadlock};
  run.as_expected = verdict == scenario::VerdictKind::Deadlock;
  run.time_to_verdict = milliseconds(ms);
  run.replay = "rolecall run x";
  return run;
}

inline scenario::RunResult control_of(int index) {
  scenario::RunResult run = run_of(index, scenario::VerdictKind::Completed, 100);
  run.is_control = true;
  run.schedule = "natural";
  run.lever.reset();
  run.realised = scenario::Realised::NotAsked;
  run.expected = {scenario::VerdictKind::Completed};
  run.as_expected = true;
  return run;
}

inline std::vector<scenario::ScenarioResult> results_of(std::vector<scenario::RunResult> runs) {
  scenario::ScenarioResult result;
  result.controls = {control_of(1)};
  result.runs = std::move(runs);
  return {result};
}

}  // namespace rolecall::report
