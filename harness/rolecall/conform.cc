// SPDX-License-Identifier: BSD-3-Clause
// rolecall conform: any implementation of the protocol, clause by clause.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/base/shell_word.h"
#include "harness/conformance/baseline.h"
#include "harness/conformance/profile.h"
#include "harness/report/conformance_report.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/evidence_folder.h"
#include "harness/rolecall/interruption.h"
#include "harness/rolecall/stage.h"
#include "harness/rolecall/terminal.h"

namespace rolecall::cli {
namespace {

using conformance::Case;
using conformance::CaseResult;
using conformance::Level;
using conformance::Side;

constexpr int kJobs = 16;  // they mostly wait

struct ConformCommand {
  Side side = Side::Server;
  conformance::Selection selection;
  std::vector<std::string> without;
  std::vector<std::string> words;  // of the program
  std::string connect;             // HOST:PORT in its place
  std::string baseline;
  std::string profile;
  std::string record;
  std::string sarif;
  std::string junit;
  std::string keep;
  bool list = false;
  bool dry_run = false;
  bool strict = false;
  bool json = false;
  int jobs = 0;  // 0: kJobs
};

// [::1]:5201 and 127.0.0.1:5201.
Result<Address> address_of(const std::string& text) {
  const auto colon = text.rfind(':');
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string digits = colon == std::string::npos ? "" : text.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  int port = 0;
  const auto read = std::from_chars(digits.data(), end, port);
  if (host.empty() || read.ec != std::errc() || read.ptr != end || port < 1 || port > 65535) {
    return Error{Errc::Config,
                 fmt::format("--connect {}: not HOST:PORT with a port from 1 to 65535", text)};
  }
  TRY(const auto addresses, resolve(host, static_cast<std::uint16_t>(port), AF_UNSPEC));
  return addresses.front();
}

Result<std::vector<conformance::KnownFailure>> read_baseline(const std::string& path) {
  if (path.empty()) return std::vector<conformance::KnownFailure>();
  TRY(const auto text, read_file(path));
  return conformance::parse_baseline(text);
}

// Some options are longer than any table; --dry-run has them whole.
std::string start_of(const std::string& options) {
  constexpr std::size_t kShown = 40;
  return options.size() > kShown ? options.substr(0, kShown) + "..." : options;
}

std::string list_of(const std::vector<const Case*>& cases, const report::Style& style) {
  std::vector<std::vector<report::Cell>> rows;
  for (const Case* a_case : cases) {
    rows.push_back({{a_case->name},
                    {name(first_clause(*a_case).level)},
                    {fmt::format("{}", fmt::join(a_case->tags, ", "))},
                    {start_of(a_case->options)},
                    {fmt::format("{}", fmt::join(a_case->clauses, ", "))}});
  }
  return report::table({{"case"}, {"level"}, {"tags"}, {"options"}, {"clauses"}}, rows, style);
}

std::string plan_of(const std::vector<const Case*>& cases, const conformance::RunOptions& options) {
  std::string text;
  for (const Case* a_case : cases) {
    const auto [outcome, reason] = conformance::hindrance(*a_case, options);
    const auto words = options.command.filled("127.0.0.1", 5201, a_case->options);
    text += fmt::format("{}: {}\n", a_case->id(),
                        !was_run(outcome) ? fmt::format("{}: {}", name(outcome), reason)
                        : options.server  ? options.server->text()
                                          : fmt::format("{}", fmt::join(words, " ")));
  }
  return text;
}

Result<void> check_tags(const ConformCommand& command) {
  for (const std::string& tag : command.without) {
    const auto& cases = conformance::all_cases();
    if (std::none_of(cases.begin(), cases.end(),
                     [&](const Case& a_case) { return a_case.has_tag(tag); })) {
      return Error{Errc::Config, fmt::format("--without {}: no case has that tag; --list shows the "
                                             "tags there are",
                                             tag)};
    }
  }
  return ok();
}

std::string command_line(const ConformCommand& command) {
  if (!command.connect.empty()) return command.connect;
  std::vector<std::string> words;
  for (const std::string& word : command.words) words.push_back(shell_word(word));
  return fmt::format("{}", fmt::join(words, " "));
}

std::string again(const ConformCommand& command) {
  const std::string head = fmt::format("rolecall conform {} {{case}} ", name(command.side));
  return head + (command.connect.empty() ? "-- " : "--connect ") + command_line(command);
}

int exit_status_of(const ConformCommand& command, const std::vector<conformance::Judged>& cases) {
  using conformance::Outcome;
  int status = kExitAsExpected;
  for (const conformance::Judged& judged : cases) {
    if (judged.result.outcome == Outcome::Broken) return kExitEnvironment;
    const bool warns = command.strict && judged.result.outcome == Outcome::Warning;
    if (!judged.as_expected || warns) status = kExitUnexpected;
  }
  return status;
}

// What of the run is not as recorded, each failure of it whole.
std::string compared(report::ConformanceRun run, const conformance::Profile& recorded) {
  std::erase_if(run.cases, [&](const conformance::Judged& judged) {
    const auto before = recorded.outcomes.find(judged.result.a_case->id());
    const auto outcome = judged.result.outcome;
    return outcome == conformance::Outcome::Passed ||
           (before != recorded.outcomes.end() && before->second == name(outcome));
  });
  return run.cases.empty() ? "" : conformance_text(run, stdout_style());
}

// Prints what is not as recorded; the status says whether there was something.
Result<int> compare(const ConformCommand& command, const conformance::Profile& recorded,
                    const report::ConformanceRun& run) {
  const auto& wanted = command.selection;
  const bool all =
      wanted.ids.empty() && wanted.clauses.empty() && wanted.tags.empty() && wanted.levels.empty();
  std::vector<CaseResult> results;
  for (const conformance::Judged& judged : run.cases) results.push_back(judged.result);
  const auto found = differences(recorded, results, all);
  const std::string text = fmt::format(
      "{} cases, {} not as recorded of {} in {}\n{}\n{}", results.size(), found.size(),
      recorded.subject, command.profile, fmt::join(found, "\n"), compared(run, recorded));
  TRY(write_stdout(command.json ? conformance_json(run) : text));
  if (exit_status_of(command, run.cases) == kExitEnvironment) return kExitEnvironment;
  return found.empty() ? kExitAsExpected : kExitUnexpected;
}

Result<void> record(const ConformCommand& command, const std::vector<CaseResult>& results) {
  if (command.record.empty()) return ok();
  conformance::Profile profile{command_line(command), {}};
  if (std::filesystem::exists(command.record)) {
    TRY(const auto text, read_file(command.record));
    TRY(profile, conformance::parse_profile(text));
  }
  return write_file(command.record, print_profile(std::move(profile), results));
}

// What has no meaning for a server that somebody else has started.
Result<void> check_fits_connect(const ConformCommand& command) {
  if (command.jobs > 1) {
    return Error{Errc::Config,
                 "--jobs with --connect: a server runs one test at a time, so its cases follow one "
                 "another; leave --jobs out"};
  }
  if (!command.keep.empty()) {
    return Error{Errc::Config,
                 "--keep with --connect: what a server writes that was started elsewhere is not "
                 "seen here; leave --keep out, or give its command behind --"};
  }
  return ok();
}

Result<conformance::RunOptions> run_options(const ConformCommand& command) {
  conformance::RunOptions options;
  options.command.words = command.words;
  options.without = command.without;
  options.jobs = command.jobs == 0 ? kJobs : command.jobs;
  if (!command.connect.empty()) {
    if (!command.words.empty()) {
      return Error{Errc::Config, "either --connect or a command, not both"};
    }
    TRY(check_fits_connect(command));
    TRY(options.server, address_of(command.connect));
  } else {
    TRY(options.command.check(command.side == Side::Client));
  }
  return options;
}

Result<std::vector<CaseResult>> run_all(const std::vector<const Case*>& cases,
                                        const conformance::RunOptions& options) {
  report::Progress progress(progress_writer(), terminal_columns());
  std::size_t done = 0;
  auto results = conformance::run_cases(cases, options, [&](const CaseResult& result) {
    progress.show(++done, cases.size(), result.a_case->id());
  });
  if (options.stop->is_raised()) return interruption();
  return results;
}

Result<int> run(const ConformCommand& command) {
  TRY(const auto cases, conformance::select(command.side, command.selection));
  if (command.list) {
    TRY(write_stdout(list_of(cases, stdout_style())));
    return kExitAsExpected;
  }
  TRY(check_tags(command));
  TRY(auto options, run_options(command));
  TRY(const auto baseline, read_baseline(command.baseline));
  if (command.dry_run) {
    TRY(write_stdout(plan_of(cases, options)));
    return kExitAsExpected;
  }
  std::optional<conformance::Profile> profile;
  if (!command.profile.empty()) {
    TRY(const auto text, read_file(command.profile));
    TRY(profile, conformance::parse_profile(text));
  }
  TRY(check_server(options));
  TRY(auto junit, ReportFile::open(command.junit));
  TRY(auto sarif, ReportFile::open(command.sarif));
  TRY(const auto folder, EvidenceFolder::open(command.keep));
  options.folder = folder.path();
  TRY(options.stop, catch_interruption());
  const TimePoint begin = now();
  TRY(auto results, run_all(cases, options));
  TRY(record(command, results));
  const report::ConformanceRun finished{command.side, command_line(command),
                                        judge(std::move(results), baseline), now() - begin,
                                        again(command)};
  TRY(junit.write(conformance_junit(finished)));
  TRY(sarif.write(conformance_sarif(finished)));
  if (profile) return compare(command, *profile, finished);
  TRY(write_stdout(command.json ? conformance_json(finished)
                                : conformance_text(finished, stdout_style())));
  return exit_status_of(command, finished.cases);
}

const std::map<std::string, Level> kLevels = {
    {"must", Level::Must}, {"should", Level::Should}, {"quirk", Level::Quirk}};

void add_side(CLI::App& conform, Side side, int& exit_status) {
  auto command = std::make_shared<ConformCommand>();
  command->side = side;
  CLI::App* app = conform.add_subcommand(
      name(side),
      fmt::format("a {} under test: -- CMD with {{host}} {{port}} {{options}}", name(side)));
  app->add_option("--case", command->selection.ids, "cases by name; * stands for anything")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app->add_option("--clause", command->selection.clauses, "cases of this clause of SPEC.md")
      ->type_name("ID")
      ->allow_extra_args(false);
  app->add_option("--tag", command->selection.tags, "cases with this tag")
      ->type_name("TAG")
      ->allow_extra_args(false);
  app->add_option("--level", command->selection.levels, "cases of clauses of this level")
      ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case).description(""))
      ->type_name("must|should|quirk")
      ->allow_extra_args(false);
  app->add_option("--without", command->without,
                  "what the program lacks: cases with this tag are unsupported")
      ->type_name("TAG")
      ->allow_extra_args(false);
  if (side == Side::Server) {
    app->add_option("--connect", command->connect, "a server that runs already")
        ->type_name("HOST:PORT");
  }
  auto* baseline = app->add_option("--baseline", command->baseline, "JSON file of known failures")
                       ->type_name("FILE");
  app->add_flag("--strict", command->strict, "a SHOULD that is not kept fails, too");
  app->add_option("--profile", command->profile,
                  "compare with a recorded profile, and fail only where something differs")
      ->excludes(baseline)
      ->type_name("FILE");
  app->add_option("--record", command->record, "put the outcomes into a profile")
      ->type_name("FILE");
  app->add_option("--jobs", command->jobs, "cases side by side")
      ->check(CLI::Range(1, 64))
      ->default_str(std::to_string(kJobs));
  app->add_flag("--list", command->list, "list the cases, and run none");
  app->add_flag("--dry-run", command->dry_run, "print what would be run");
  app->add_flag("--json", command->json, "print JSON");
  app->add_option("--junit", command->junit, "write JUnit XML")->type_name("FILE");
  app->add_option("--sarif", command->sarif, "write SARIF 2.1.0")->type_name("FILE");
  app->add_option("--keep", command->keep, "keep what the programs wrote")->type_name("DIR");
  app->add_option("command", command->words, "the program under test")->type_name("CMD");
  app->callback([command, &exit_status] {
    auto status = run(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace

void add_conform_command(CLI::App& app, int& exit_status) {
  CLI::App* conform =
      app.add_subcommand("conform", "test any implementation of the protocol, clause by clause");
  conform->require_subcommand(1);
  add_side(*conform, Side::Server, exit_status);
  add_side(*conform, Side::Client, exit_status);
  add_clause_commands(*conform, exit_status);
}

}  // namespace rolecall::cli
