// SPDX-License-Identifier: BSD-3-Clause
// rolecall fuzz: conversations with a running program, changed until one harms it.
#include <errno.h>

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/files.h"
#include "harness/base/shell_word.h"
#include "harness/conformance/conversations/seeds.h"
#include "harness/report/fuzz_report.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/evidence_folder.h"
#include "harness/rolecall/interruption.h"
#include "harness/rolecall/stage.h"
#include "harness/rolecall/terminal.h"
#include "harness/scenario/conversation_run.h"
#include "harness/scenario/evidence_json.h"
#include "harness/scenario/peer.h"

namespace rolecall::cli {
namespace {

using conformance::FuzzOutcome;
using conformance::Side;

struct FuzzCommand {
  Side side = Side::Server;
  conformance::Command program;
  conformance::FuzzLimits limits;
  int seconds = 60;
  int step_limit_s = static_cast<int>(conformance::kStepLimit.in_seconds());
  std::string keep;
  bool json = false;
};

// What was not the program's doing.
Error as_error(const conformance::Failure& failure) {
  return {Errc::Config, fmt::format("{}: {}", failure.expected, failure.actual)};
}

Result<FuzzOutcome> search(conformance::LiveTarget& target, const FuzzCommand& command) {
  report::Progress progress(progress_writer(), terminal_columns());
  auto outcome = fuzz(
      target, conformance::whole_conversations(command.side), command.limits,
      [&](const FuzzOutcome& so_far) {
        progress.show(so_far.conversations, command.limits.conversations,
                      fmt::format("ways {}, findings {}", so_far.ways, so_far.findings.size()));
      });
  if (outcome.has_error()) return as_error(outcome.error());
  return std::move(outcome).value();
}

// Each as a scenario, whose file's name is the harm and its number.
Result<void> write_findings(report::FuzzRun& run, const std::filesystem::path& folder) {
  for (const conformance::Finding& finding : run.outcome.findings) {
    const auto file =
        folder / fmt::format("{}-{}.json", name(finding.harm.kind), run.files.size() + 1);
    run.files.push_back(file.string());
    TRY(write_file(file, as_scenario_file(finding_scenario(run, finding))));
  }
  return ok();
}

Result<scenario::PeerSpec> as_peer(const FuzzCommand& command) {
  TRY(auto folder, own_folder());
  TRY(const auto peers, scenario::find_peers({{}, std::move(folder)}));
  return spec_of(command.program, command.side, peers);
}

Result<int> run(FuzzCommand& command) {
  TRY(command.program.check(command.side == Side::Client));
  TRY(auto folder, EvidenceFolder::open(command.keep));
  TRY(command.limits.stop, catch_interruption());
  command.limits.time = seconds(command.seconds);
  const auto target =
      make_live_target(command.side, command.program, folder.path(), seconds(command.step_limit_s));
  std::vector<std::string> words;
  for (const std::string& word : command.program.words) words.push_back(shell_word(word));
  report::FuzzRun run{.side = command.side,
                      .subject = fmt::format("{}", fmt::join(words, " ")),
                      .program = {},
                      .seed = command.limits.seed,
                      .replay_command = shell_word(program_invocation_name) + " run"};
  TRY(run.outcome, search(*target, command));
  if (!run.outcome.findings.empty()) {
    TRY(run.program, as_peer(command));
    TRY(write_findings(run, folder.path()));
    folder.keep();
  }
  TRY(write_stdout(command.json ? fuzz_json(run) : fuzz_text(run, stdout_style())));
  if (command.limits.stop->is_raised()) return 128 + interrupting_signal();
  return run.outcome.findings.empty() ? kExitAsExpected : kExitUnexpected;
}

void add_fuzzed_side(CLI::App& fuzz, Side side, int& exit_status) {
  auto command = std::make_shared<FuzzCommand>();
  command->side = side;
  CLI::App* app = fuzz.add_subcommand(
      name(side), side == Side::Server
                      ? "a server: -- CMD with {port}; it is started, and again when it has died"
                      : "a client: -- CMD with {host} {port} {options}; started for each");
  app->add_option("--conversations", command->limits.conversations, "so many at most")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app->add_option("--seconds", command->seconds, "no new one after so long")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app->add_option("--timeout", command->step_limit_s,
                  "seconds that the program may take to come up, to serve on or to end before it "
                  "counts as a hang")
      ->check(CLI::Range(1, 600))
      ->type_name("SECONDS")
      ->capture_default_str();
  app->add_option("--findings", command->limits.findings, "stop after so many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app->add_option("--seed", command->limits.seed, "draws the changes")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--keep", command->keep,
                  "write findings there (otherwise into a temporary folder)")
      ->type_name("DIR");
  app->add_flag("--json", command->json, "print JSON");
  app->add_option("command", command->program.words, "the program")->type_name("CMD");
  app->callback([command, &exit_status] {
    auto status = run(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace

void add_fuzz_command(CLI::App& app, int& exit_status) {
  CLI::App* fuzz = app.add_subcommand(
      "fuzz", "change whole conversations until one crashes, ends or hangs a running program");
  fuzz->require_subcommand(1);
  add_fuzzed_side(*fuzz, Side::Server, exit_status);
  add_fuzzed_side(*fuzz, Side::Client, exit_status);
}

}  // namespace rolecall::cli
