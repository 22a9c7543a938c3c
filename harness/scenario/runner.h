// SPDX-License-Identifier: BSD-3-Clause
// Runs scenarios: starts both peers, imposes the schedule, watches the kernel, gives the verdict,
// ends the peers, keeps the evidence. Nothing is left running when a call returns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/result.h"
#include "harness/net/stop_token.h"
#include "harness/scenario/peer.h"
#include "harness/scenario/run_result.h"
#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {

struct RunOptions {
  std::filesystem::path out;        // evidence goes to <out>/<scenario>/<i>/; made where missing
  std::filesystem::path shim;       // the preload library, for the levers that need it
  std::filesystem::path retrofit;   // the preload library that adds the stream barrier
  std::uint16_t port = 0;           // 0: a free one for each run
  const StopToken* stop = nullptr;  // may be null; must outlive the call
  // Watch to the end of both peers even when the verdict stands before: to see what they then say.
  bool let_peers_end = false;
  // The program's own words that a replay line starts with, e.g. "rolecall run".
  std::string replay_command = "rolecall run";
};

// One run of `scenario`: under its schedule with `lever`, or in natural order with none. `index`
// (from 1) names the evidence folder; a control's gets "control-" in front and is held against the
// control's expectation. What else goes wrong meanwhile (a full disk) makes the run inconclusive.
// Errors are of what was asked for: a missing peer, a taken port, a static binary
// under the shim (Config), or interruption() (stop_token.h). Any thread.
Result<RunResult> run_once(const Scenario& scenario, const PeerSet& peers,
                           std::optional<Lever> lever, int index, bool is_control,
                           const RunOptions& options);

struct SeriesOptions {
  RunOptions run;
  int jobs = 1;               // runs side by side
  std::optional<int> repeat;  // in place of the scenario's own, for the control too
  // Called after each run, from one thread at a time, with how many of how many are over. May be
  // empty.
  std::function<void(const RunResult&, std::size_t done, std::size_t total)> on_run;
  // Called once, by the calling thread, when the series is interrupted: with what was run by then,
  // scenarios without a run or its control left out. May be empty.
  std::function<void(std::vector<ScenarioResult>)> on_interruption;
  // Where a peer or all levers of a scenario are missing: run the others, and say so in a result
  // without runs.
  bool leaves_out = false;
};

// The levers that `scenario` lists: those that exist here, and the others with the reason. Both
// empty for a natural schedule that does not ask for the link.
struct Levers {
  std::vector<Lever> here;
  std::vector<std::pair<Lever, std::string>> missing;
};
Levers levers_of(const Scenario& scenario, const RunOptions& options);

// Every scenario: its control runs, then its runs under each lever that exists here (one result a
// lever, those of a missing one `left_out`). Config when a peer, a proxy or all levers that a
// scenario lists are missing, or a run finds that it cannot be made here: it ends all, and the
// other runs under way are ended cleanly; unless such are left out and something remains.
Result<std::vector<ScenarioResult>> run_scenarios(const std::vector<Scenario>& scenarios,
                                                  const PeerSet& peers,
                                                  const SeriesOptions& options);

}  // namespace rolecall::scenario
