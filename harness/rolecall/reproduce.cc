// SPDX-License-Identifier: BSD-3-Clause
// rolecall reproduce: the main job. Under one schedule the legacy pair deadlocks and the flagged
// pair does not; the same for the identity of streams; then one deadlock is explained.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/report/explanation.h"
#include "harness/report/results.h"
#include "harness/rolecall/builtin_scenarios.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"
#include "harness/scenario/evidence.h"
#include "harness/scenario/test_shape.h"

namespace rolecall::cli {
namespace {

using scenario::RunResult;
using scenario::Scenario;
using scenario::ScenarioResult;
using scenario::VerdictKind;

struct ReproduceCommand {
  CommonOptions common;
  int runs = 20;
};

Result<std::vector<Scenario>> rows() {
  std::vector<Scenario> scenarios;
  for (const BuiltinScenario& built_in : builtin_scenarios()) {
    TRY(auto scenario, scenario::parse_scenario(built_in.text, built_in.path));
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

const ScenarioResult* deadlock_of(const std::vector<ScenarioResult>& results) {
  const auto at = std::find_if(results.begin(), results.end(), [](const ScenarioResult& r) {
    return !r.runs.empty() && r.runs.front().verdict.kind == VerdictKind::Deadlock;
  });
  return at == results.end() ? nullptr : &*at;
}

// The same deadlock in a test of one second that nobody ends, and what its client says then.
Result<std::string> left_alone(Stage& stage, const Scenario& deadlock) {
  Scenario alone = deadlock;
  alone.name += "-left-alone";
  alone.client.args = {"--bidir", "-t", "1"};
  TRY(alone.shape, scenario::read_shape(alone.client.args));
  TRY(const auto run, stage.run_to_its_end(alone));
  TRY(const auto output, scenario::read_file(scenario::client_output(run.evidence)));
  auto report = scenario::parse_report(output);
  if (!report) return report.error().message() + "\n";
  return report::client_says(run, report.value());
}

Result<std::string> explanation(Stage& stage, const ScenarioResult& deadlock) {
  const RunResult& run = deadlock.runs.front();
  TRY(const auto alone, left_alone(stage, deadlock.scenario));
  return fmt::format(
      "\nOne deadlock, {} as client, {} as server. The server gives the roles by the order\n"
      "in which accept() returns the connections:\n\n{}\n{}.\n\n"
      "The same in a test of one second that is left to end by itself (-t 1):\n{}",
      run.client_peer, run.server_peer, report::explain_deadlock(run, stage.style()),
      run.verdict.reason, alone);
}

Result<int> reproduce(const ReproduceCommand& command) {
  TRY(const auto scenarios, rows());
  TRY(auto stage, Stage::open(command.common));
  TRY(const auto results, stage.run(scenarios, command.runs));
  std::string text = report::results_table(results, report::ScenarioColumn::Hidden, stage.style());
  const ScenarioResult* deadlock = deadlock_of(results);
  if (deadlock != nullptr && !command.common.json) {
    TRY(const auto explained, explanation(stage, *deadlock));
    text += explained;
  }
  const std::string surprises = report::surprises(results, stage.style());
  text += surprises.empty() ? "\nEvery row is as stated.\n" : "\n" + surprises;
  return stage.report(results, text, "rolecall reproduce");
}

}  // namespace

void add_reproduce_command(CLI::App& app, int& exit_status) {
  auto command = std::make_shared<ReproduceCommand>();
  CLI::App* reproduce_app = app.add_subcommand(
      "reproduce",
      "the main job: a legacy pair deadlocks, a flagged pair does not, under the same schedule");
  reproduce_app->add_option("--runs", command->runs, "runs of each row")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  add_common_options(*reproduce_app, command->common);
  reproduce_app->callback([command, &exit_status] {
    auto status = reproduce(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace rolecall::cli
