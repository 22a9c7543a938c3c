// SPDX-License-Identifier: BSD-3-Clause
// rolecall run: scenario files, or all files of a folder, each with its control.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/report/results.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"

namespace rolecall::cli {
namespace {

namespace fs = std::filesystem;

struct RunCommand {
  CommonOptions common;
  std::vector<std::string> paths;
  int repeat = 0;     // 0: as each scenario says
  std::string lever;  // empty: all that each scenario lists
};

// Each file once, however often it is named. Config when two of them share a name: their evidence
// would share a folder.
Result<std::vector<fs::path>> files_of(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  std::map<std::string, fs::path> by_name;
  for (const std::string& path : paths) {
    TRY(const auto found, scenario::find_scenarios(path));
    for (const fs::path& file : found) {
      std::error_code failed;
      const fs::path real = fs::weakly_canonical(file, failed);
      const auto [known, is_new] = by_name.emplace(file.stem(), real);
      if (is_new) files.push_back(file);
      if (known->second == real) continue;
      return Error{Errc::Config, fmt::format("{} and {} have the same name; run them one by one",
                                             known->second.string(), real.string())};
    }
  }
  return files;
}

// Every file, or an error that names all that is wrong in all of them.
Result<std::vector<scenario::Scenario>> load(const std::vector<std::string>& paths) {
  TRY(const auto files, files_of(paths));
  std::vector<scenario::Scenario> scenarios;
  std::string wrong;
  for (const fs::path& file : files) {
    auto loaded = scenario::load_scenario(file);
    if (loaded) {
      scenarios.push_back(std::move(loaded).value());
    } else {
      wrong += (wrong.empty() ? "" : "\nrolecall: ") + loaded.error().message();
    }
  }
  if (!wrong.empty()) return Error{Errc::Config, wrong};
  return scenarios;
}

// By no other lever than this one: those that list it, of a folder that has others too.
Result<void> choose_lever(scenario::Lever lever, std::vector<scenario::Scenario>& scenarios) {
  const std::string first = scenarios.empty() ? "" : scenarios.front().name;
  const auto count = std::erase_if(scenarios, [&](const scenario::Scenario& s) {
    return std::find(s.levers.begin(), s.levers.end(), lever) == s.levers.end();
  });
  if (scenarios.empty())
    return Error{Errc::Config,
                 fmt::format("scenario {} does not list the {} lever", first, name(lever))};
  if (count > 0)
    fmt::print(stderr, "rolecall: without {} of them, which do not list the {} lever\n", count,
               name(lever));
  for (scenario::Scenario& s : scenarios) s.levers = {lever};
  return ok();
}

Result<int> run(const RunCommand& command) {
  TRY(auto scenarios, load(command.paths));
  if (const auto lever = scenario::lever_named(command.lever)) {
    TRY(choose_lever(*lever, scenarios));
  }
  TRY(auto stage, Stage::open(command.common));
  const auto repeat = command.repeat > 0 ? std::optional(command.repeat) : std::nullopt;
  TRY(const auto results, stage.run(scenarios, repeat, Stage::Missing::IsLeftOut));
  std::string text = report::results_table(results, report::ScenarioColumn::Shown, stage.style());
  text += report::left_out(results);
  text += report::surprises(results, stage.style());
  return stage.report(results, text, "rolecall run");
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_status) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* run_app = app.add_subcommand("run", "run scenario files, each with its control");
  run_app->add_option("scenario", command->paths, "scenario files, or folders of them")
      ->type_name("FILE|FOLDER")
      ->required();
  run_app
      ->add_option("--repeat", command->repeat,
                   "runs of each scenario and of its control, in place of its own count")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  run_app->add_option("--lever", command->lever, "only by this lever: swap, defer or link")
      ->check(CLI::IsMember({"swap", "defer", "link"}))
      ->type_name("NAME");
  add_common_options(*run_app, command->common);
  run_app->callback([command, &exit_status] {
    auto status = run(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace rolecall::cli
