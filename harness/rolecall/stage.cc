// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/stage.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/base/shell_word.h"
#include "harness/net/netns.h"
#include "harness/report/html.h"
#include "harness/report/junit.h"
#include "harness/report/progress.h"
#include "harness/report/results.h"
#include "harness/rolecall/interruption.h"
#include "harness/scenario/rig.h"

namespace rolecall::cli {

namespace fs = std::filesystem;
using scenario::RunResult;
using scenario::Scenario;
using scenario::ScenarioResult;

Result<fs::path> own_folder() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return Error{Errc::System, "readlink(/proc/self/exe)", failed.value()};
  return program.parent_path();
}

Result<fs::path> shim_library() {
  TRY(const auto folder, own_folder());
  return (folder / ".." / "lib" / "librolecall_shim.so").lexically_normal();
}

int exit_after(const Error& error) {
  const int signal = interrupting_signal();
  if (signal == 0) return fail(error);
  fmt::print(stderr, "rolecall: ended by SIG{}; its peers are ended too\n", ::sigabbrev_np(signal));
  return 128 + signal;
}

Stage::Stage(const CommonOptions& options, scenario::PeerSet peers, EvidenceFolder evidence,
             ReportFile junit, ReportFile html, const StopToken* stop)
    : options_(options),
      peers_(std::move(peers)),
      evidence_(std::move(evidence)),
      junit_(std::move(junit)),
      html_(std::move(html)),
      stop_(stop) {}

Result<scenario::PeerSet> find_peers(const CommonOptions& options) {
  TRY(auto folder, own_folder());
  return scenario::find_peers({options.peers, std::move(folder)});
}

Result<Stage> Stage::open(const CommonOptions& options) {
  TRY(const auto* stop, catch_interruption());
  TRY(auto peers, find_peers(options));
  return prepare(options, std::move(peers), stop);
}

Result<Stage> Stage::open(const CommonOptions& options, scenario::PeerSet peers) {
  TRY(const auto* stop, catch_interruption());
  return prepare(options, std::move(peers), stop);
}

Result<Stage> Stage::prepare(const CommonOptions& options, scenario::PeerSet peers,
                             const StopToken* stop) {
  if (!options.junit.empty() && options.junit == options.html)
    return Error{Errc::Config,
                 fmt::format("--junit and --html both name {}: give each its own", options.junit)};
  TRY(auto junit, ReportFile::open(options.junit));
  TRY(auto html, ReportFile::open(options.html));
  TRY(auto evidence, EvidenceFolder::open(options.keep));
  return Stage(options, std::move(peers), std::move(evidence), std::move(junit), std::move(html),
               stop);
}

scenario::RunOptions Stage::run_options() const {
  scenario::RunOptions run;
  run.out = evidence_.path();
  run.stop = stop_;
  if (auto shim = shim_library()) {
    run.shim = std::move(shim).value();
    run.retrofit = run.shim.parent_path() / "librolecall_order.so";
  }
  run.replay_command = shell_word(program_invocation_name) + " run";
  for (const std::string& peer : options_.peers)
    run.replay_command += " --peer " + shell_word(peer);
  return run;
}

namespace {

// While the process has one thread: without root, networks of our own need a user namespace of our
// own. What this machine lacks for a lever is said once, and the other levers are used.
void prepare_levers(const std::vector<Scenario>& scenarios, const fs::path& shim) {
  static_cast<void>(gain_namespace_rights());
  std::set<scenario::Lever> wanted;
  for (const Scenario& s : scenarios) wanted.insert(s.levers.begin(), s.levers.end());
  for (const scenario::Lever lever : wanted) {
    const auto possible = scenario::check_lever(lever, shim);
    if (possible.has_error())
      fmt::print(stderr, "rolecall: without the {} lever: {}\n", name(lever),
                 possible.error().message());
  }
}

}  // namespace

Result<void> Stage::require_link() const {
  static_cast<void>(gain_namespace_rights());
  const auto possible = scenario::check_lever(scenario::Lever::Link, run_options().shim);
  if (possible) return ok();
  return Error{Errc::Config,
               fmt::format("this needs the link lever: {}", possible.error().message())};
}

Result<std::vector<ScenarioResult>> Stage::run(const std::vector<Scenario>& scenarios,
                                               std::optional<int> repeat, Missing missing) {
  prepare_levers(scenarios, run_options().shim);
  report::Progress progress(progress_writer(), terminal_columns());
  scenario::SeriesOptions series;
  series.run = run_options();
  series.jobs = options_.jobs;
  series.repeat = repeat;
  series.leaves_out = missing == Missing::IsLeftOut;
  series.on_run = [&](const RunResult& run, std::size_t done, std::size_t total) {
    progress.show(done, total, fmt::format("{}: {}", run.scenario, name(run.verdict.kind)));
  };
  series.on_interruption = [&](std::vector<ScenarioResult> made) {
    report_so_far(std::move(made));
  };
  return run_scenarios(scenarios, peers_, series);
}

void Stage::report_so_far(std::vector<ScenarioResult> made) {
  if (made.empty()) return;
  std::string text = report::results_table(made, report::ScenarioColumn::Shown, style());
  text += report::surprises(made, style());
  text += "\nThese runs had been made when it was interrupted.\n";
  if (auto done = report(std::move(made), text, "rolecall, interrupted"); !done)
    fmt::print(stderr, "rolecall: {}\n", done.error().message());
}

Result<RunResult> Stage::run_to_its_end(const Scenario& scenario) {
  scenario::RunOptions options = run_options();
  options.let_peers_end = true;
  const auto levers = levers_of(scenario, options).here;
  CHECK(!levers.empty());
  return run_once(scenario, peers_, levers.front(), 1, false, options);
}

namespace {

template <class Visit>
void for_each_run(std::vector<ScenarioResult>& results, Visit visit) {
  for (ScenarioResult& result : results)
    for (auto* runs : {&result.controls, &result.runs})
      for (RunResult& run : *runs) visit(run);
}

bool is_any_left_out_whole(const std::vector<ScenarioResult>& results) {
  std::set<std::string> run;
  for (const ScenarioResult& r : results)
    if (r.left_out.empty()) run.insert(r.scenario.name);
  return std::any_of(results.begin(), results.end(),
                     [&](const ScenarioResult& r) { return !run.contains(r.scenario.name); });
}

}  // namespace

bool Stage::names_evidence() const {
  return options_.json || junit_.is_wanted() || html_.is_wanted();
}

void Stage::keep_evidence_of(std::vector<ScenarioResult>& results,
                             const std::function<bool(const RunResult&)>& wanted) {
  if (evidence_.will_stay() || names_evidence()) return;
  for_each_run(results, [&](RunResult& run) {
    if (wanted(run)) return evidence_.keep();
    std::error_code ignored;  // what cannot be removed is only too much
    fs::remove_all(run.evidence, ignored);
    run.evidence.clear();
  });
}

Result<int> Stage::report(std::vector<ScenarioResult> results, std::string_view text,
                          std::string_view suite,
                          const std::optional<report::Explanation>& explained) {
  const bool good = std::all_of(results.begin(), results.end(), [](const ScenarioResult& r) {
    return r.as_expected || !r.left_out.empty();
  });
  if (!good || names_evidence()) evidence_.keep();
  if (!evidence_.will_stay()) {
    // The folder goes when we do: say nothing of files that nobody will find.
    for_each_run(results, [](RunResult& run) { run.evidence.clear(); });
  }
  TRY(junit_.write(report::junit(suite, report::junit_cases(results))));
  TRY(html_.write(report::html_page(suite, results, explained)));
  if (options_.json) {
    TRY(write_stdout(report::results_json(results, explained)));
    fmt::print(stderr, "{}", text);
  } else {
    TRY(write_stdout(text));
  }
  if (evidence_.will_stay()) {
    fmt::print(stderr, "rolecall: evidence is in {}\n", evidence_.path().string());
  }
  if (!good) return kExitUnexpected;
  return is_any_left_out_whole(results) ? kExitEnvironment : kExitAsExpected;
}

}  // namespace rolecall::cli
