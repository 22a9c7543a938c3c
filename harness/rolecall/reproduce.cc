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

#include "harness/base/files.h"
#include "harness/report/explanation.h"
#include "harness/report/results.h"
#include "harness/rolecall/builtin_scenarios.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"
#include "harness/scenario/evidence.h"
#include "harness/scenario/test_shape.h"

namespace rolecall::cli {
namespace {

using report::Explanation;
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
    scenario.levers.resize(1);  // the quickest; `rolecall run` shows that the others agree
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

// `deadlock`, and the same in a test of one second that nobody ends.
Result<Explanation> explain(Stage& stage, const ScenarioResult& deadlock) {
  Scenario alone = deadlock.scenario;
  alone.name += "-left-alone";
  alone.client.args = {"--bidir", "-t", "1"};
  TRY(alone.shape, scenario::read_shape(alone.client.args));
  TRY(auto run, stage.run_to_its_end(alone));
  TRY(const auto output, read_file(scenario::client_output(run.evidence)));
  return Explanation{deadlock.runs.front(), std::move(run), scenario::parse_report(output)};
}

Result<int> reproduce(const ReproduceCommand& command) {
  TRY(const auto scenarios, rows());
  TRY(auto stage, Stage::open(command.common));
  TRY(const auto results, stage.run(scenarios, command.runs));
  std::string text = report::results_table(results, report::ScenarioColumn::Hidden, stage.style());
  std::optional<Explanation> explained;
  if (const ScenarioResult* deadlock = deadlock_of(results)) {
    TRY(explained, explain(stage, *deadlock));
    text += "\n" + report::explanation_text(*explained, stage.style());
  }
  const std::string surprises = report::surprises(results, stage.style());
  text += surprises.empty() ? "\nEvery row is as stated.\n" : surprises;
  return stage.report(results, text, "rolecall reproduce", explained);
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
