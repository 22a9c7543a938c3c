// SPDX-License-Identifier: BSD-3-Clause
// What a command needs around its scenarios: peers, levers, evidence, progress, interruption; and
// the reports that follow.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/report/explanation.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/evidence_folder.h"
#include "harness/rolecall/terminal.h"
#include "harness/scenario/runner.h"

namespace rolecall::cli {

class Stage {
 public:
  // Finds the peers and opens what will be written. Config or System, saying what to do. Once a
  // process: signals are caught from here on.
  static Result<Stage> open(const CommonOptions& options);
  // The same with peers that were found already, by starting each.
  static Result<Stage> open(const CommonOptions& options, scenario::PeerSet peers);

  // Config where there is no link lever here, with what it lacks.
  Result<void> require_link() const;

  // Runs all of them, with `repeat` in place of each scenario's own count. What is `Missing` here,
  // a peer or a lever, ends all or is left out. Errors are of the environment, or an interruption:
  // then what was run by then has been reported.
  enum class Missing { EndsAll, IsLeftOut };
  Result<std::vector<scenario::ScenarioResult>> run(
      const std::vector<scenario::Scenario>& scenarios, std::optional<int> repeat,
      Missing missing = Missing::EndsAll);
  // Runs one under its schedule, and lets its peers end by themselves.
  Result<scenario::RunResult> run_to_its_end(const scenario::Scenario& scenario);

  // Whatever comes of the whole, evidence of `wanted` runs stays. That of the others goes, unless
  // the user asked for it: the runs then name none.
  void keep_evidence_of(std::vector<scenario::ScenarioResult>& results,
                        const std::function<bool(const scenario::RunResult&)>& wanted);

  // Writes `text`, or the JSON in its place with what explains one of the runs, and the JUnit and
  // HTML files. These and the JSON name the evidence, so that it stays; says where. The command's
  // exit status (kExitEnvironment where a scenario was left out whole), or System.
  Result<int> report(std::vector<scenario::ScenarioResult> results, std::string_view text,
                     std::string_view suite,
                     const std::optional<report::Explanation>& explained = std::nullopt);

  const report::Style& style() const { return style_; }
  const scenario::PeerSet& peers() const { return peers_; }

 private:
  Stage(const CommonOptions& options, scenario::PeerSet peers, EvidenceFolder evidence,
        ReportFile junit, ReportFile html, const StopToken* stop);
  static Result<Stage> prepare(const CommonOptions& options, scenario::PeerSet peers,
                               const StopToken* stop);
  scenario::RunOptions run_options() const;
  void report_so_far(std::vector<scenario::ScenarioResult> made);
  bool names_evidence() const;  // a report that the user asked for, so that it has to stay

  CommonOptions options_;
  scenario::PeerSet peers_;
  EvidenceFolder evidence_;
  ReportFile junit_;
  ReportFile html_;
  const StopToken* stop_;
  report::Style style_ = stdout_style();
};

// Those of this machine, with the user's own. Config when a named one is not there.
Result<scenario::PeerSet> find_peers(const CommonOptions& options);

// The folder of the running program.
Result<std::filesystem::path> own_folder();
// The preload library that was built with the running program.
Result<std::filesystem::path> shim_library();

// What a command that could not go on prints and exits with: 128 + n after signal n.
int exit_after(const Error& error);

}  // namespace rolecall::cli
