// SPDX-License-Identifier: BSD-3-Clause
// rolecall fuzz: conversations with a running program, changed until one harms it.
#include <algorithm>
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

namespace rolecall::cli {
namespace {

using conformance::Checked;
using conformance::Conversation;
using conformance::FuzzOutcome;
using conformance::Side;

struct FuzzCommand {
  Side side = Side::Server;
  conformance::Command program;
  conformance::FuzzLimits limits;
  int seconds = 60;
  std::string replay;
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

// The conversation of a file, once.
Result<FuzzOutcome> replay(conformance::LiveTarget& target, const std::string& file) {
  TRY(const auto text, read_file(file));
  TRY(Conversation conversation, conformance::parse_conversation(text));
  const bool opens = std::ranges::any_of(conversation, [](const conformance::Step& step) {
    return step.verb == conformance::Verb::Open;
  });
  if (!opens)
    return Error{Errc::Config, fmt::format("{} opens no connection, so it says nothing: begin with "
                                           "'open 0'",
                                           file)};
  const TimePoint begin = now();
  auto heard = target.talk(conversation);
  if (heard.has_error()) return as_error(heard.error());
  FuzzOutcome outcome{.conversations = 1, .ways = 1, .findings = {}, .took = now() - begin};
  if (heard.value().harm) {
    outcome.findings.push_back({.harm = *heard.value().harm,
                                .conversation = std::move(conversation),
                                .time_line = heard.value().time_line,
                                .output = target.output()});
  }
  return outcome;
}

Result<void> write_findings(report::FuzzRun& run, const std::filesystem::path& folder) {
  for (const conformance::Finding& finding : run.outcome.findings) {
    const auto file =
        folder / fmt::format("{}-{}.txt", name(finding.harm.kind), run.files.size() + 1);
    run.files.push_back(file.string());
    TRY(write_file(file, finding_file(run, finding, run.files.back())));
  }
  return ok();
}

Result<int> run(FuzzCommand& command) {
  TRY(command.program.check(command.side == Side::Client));
  TRY(auto folder, EvidenceFolder::open(command.keep));
  TRY(command.limits.stop, catch_interruption());
  command.limits.time = seconds(command.seconds);
  const auto target = make_live_target(command.side, command.program, folder.path());
  std::vector<std::string> words;
  for (const std::string& word : command.program.words) words.push_back(shell_word(word));
  report::FuzzRun run{.side = command.side,
                      .subject = fmt::format("{}", fmt::join(words, " ")),
                      .seed = command.limits.seed};
  const bool is_replay = !command.replay.empty();
  TRY(run.outcome, is_replay ? replay(*target, command.replay) : search(*target, command));
  if (is_replay) {
    run.files.assign(run.outcome.findings.size(), command.replay);
  } else {
    TRY(write_findings(run, folder.path()));
    if (!run.files.empty()) folder.keep();
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
  auto* conversations =
      app->add_option("--conversations", command->limits.conversations, "so many at most")
          ->check(CLI::Range(1, 100'000'000))
          ->capture_default_str();
  auto* longest = app->add_option("--seconds", command->seconds, "no new one after so long")
                      ->check(CLI::Range(1, 1'000'000))
                      ->capture_default_str();
  auto* findings = app->add_option("--findings", command->limits.findings, "stop after so many")
                       ->check(CLI::Range(1, 1000))
                       ->capture_default_str();
  auto* seed = app->add_option("--seed", command->limits.seed, "draws the changes")
                   ->check(CLI::NonNegativeNumber)
                   ->capture_default_str();
  auto* replayed =
      app->add_option("--replay", command->replay, "have the conversation of a finding once more")
          ->check(CLI::ExistingFile)
          ->type_name("FILE");
  for (CLI::Option* of_a_search : {conversations, longest, findings, seed})
    replayed->excludes(of_a_search);
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
