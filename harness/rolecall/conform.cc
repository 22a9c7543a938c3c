// SPDX-License-Identifier: BSD-3-Clause
// rolecall conform: any implementation of the protocol, clause by clause.
#include <algorithm>
#include <charconv>
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
#include "harness/conformance/baseline.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/conform_reports.h"
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

// A line for each clause, so that it fits a terminal. --dry-run has the options.
std::string list_of(const std::vector<const Case*>& cases, const report::Style& style) {
  std::vector<std::vector<report::Cell>> rows;
  for (const Case* a_case : cases) {
    for (const std::string& clause : a_case->clauses) {
      if (&clause != &a_case->clauses.front()) {
        rows.push_back({{}, {}, {}, {clause}});
        continue;
      }
      rows.push_back({{a_case->name},
                      {name(first_clause(*a_case).level)},
                      {fmt::format("{}", fmt::join(a_case->tags, ", "))},
                      {clause}});
    }
  }
  return report::table({{"case"}, {"level"}, {"tags"}, {"clauses"}}, rows, style);
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
  if (command.step_limit_s) options.step_limit = seconds(*command.step_limit_s);
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

// All of them, or those that had been run when the user interrupted.
std::vector<CaseResult> run_all(const std::vector<const Case*>& cases,
                                const conformance::RunOptions& options) {
  report::Progress progress(progress_writer(), terminal_columns());
  std::size_t done = 0;
  return conformance::run_cases(cases, options, [&](const CaseResult& result) {
    progress.show(++done, cases.size(), result.a_case->id());
  });
}

// The cases that the user wants; Config where none is left.
Result<std::vector<const Case*>> chosen_cases(const ConformCommand& command) {
  TRY(auto cases, conformance::select(command.side, command.selection));
  if (!cases.empty()) return cases;
  return Error{Errc::Config,
               "no case fits all of what was asked for: --case, --clause, --tag and --level narrow "
               "one another"};
}

Result<conformance::Expectations> read_expectations(const ConformCommand& command) {
  conformance::Expectations expectations;
  expectations.is_strict = command.strict;
  TRY(expectations.known, read_baseline(command.baseline));
  if (command.profile.empty()) return expectations;
  TRY(const auto text, read_file(command.profile));
  TRY(expectations.recorded, conformance::parse_profile(text));
  return expectations;
}

Result<int> run(const ConformCommand& command) {
  TRY(const auto cases, chosen_cases(command));
  if (command.list) {
    TRY(write_stdout(list_of(cases, stdout_style())));
    return kExitAsExpected;
  }
  TRY(check_tags(command));
  TRY(auto options, run_options(command));
  TRY(const auto expectations, read_expectations(command));
  if (command.dry_run) {
    TRY(write_stdout(plan_of(cases, options)));
    return kExitAsExpected;
  }
  TRY(check_subject(options));
  TRY(auto reports, ConformReports::open(command));
  TRY(const auto folder, EvidenceFolder::open(command.keep));
  options.folder = folder.path();
  TRY(options.stop, catch_interruption());
  const TimePoint begin = now();
  auto results = run_all(cases, options);
  const std::size_t done = results.size();
  const bool is_complete = !options.stop->is_raised();
  TRY(const int status,
      reports.write(std::move(results), now() - begin, expectations, is_complete));
  if (is_complete) return status;
  fmt::print(stderr, "rolecall: interrupted: {} of {} cases were run\n", done, cases.size());
  return interruption();
}

const std::map<std::string, Level> kLevels = {
    {"must", Level::Must}, {"should", Level::Should}, {"quirk", Level::Quirk}};

void add_side(CLI::App& conform, Side side, int& exit_status) {
  auto command = std::make_shared<ConformCommand>();
  command->side = side;
  CLI::App* app = conform.add_subcommand(
      name(side),
      fmt::format("a {} under test: -- CMD with {{host}} {{port}} {{options}}; what selects cases "
                  "narrows one another",
                  name(side)));
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
      ->transform(CLI::Transformer(kLevels, CLI::ignore_case).description(""))
      ->transform(
          CLI::IsMember(std::vector<std::string>{"must", "should", "quirk"}, CLI::ignore_case)
              .description(""))
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
  app->add_option("--timeout", command->step_limit_s,
                  "seconds that a step of a case may take before it counts as a hang")
      ->check(CLI::Range(1, 600))
      ->type_name("SECONDS")
      ->default_str(fmt::format("{}", conformance::kStepLimit.in_seconds()));
  app->add_option("--jobs", command->jobs, "cases side by side")
      ->check(CLI::Range(1, 64))
      ->default_str(std::to_string(kJobs));
  auto* list = app->add_flag("--list", command->list, "list the cases, and run none");
  app->add_flag("--dry-run", command->dry_run, "print what would be run");
  app->add_flag("--json", command->json, "print JSON")->excludes(list);
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
