// SPDX-License-Identifier: BSD-3-Clause
// rolecall conform table and coverage: the clauses of SPEC.md, who keeps them and what checks them.
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/base/files.h"
#include "harness/report/clause_table.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/terminal.h"

namespace rolecall::cli {
namespace {

Result<void> print_table(const std::vector<std::string>& files) {
  std::vector<conformance::Profile> profiles;
  for (const std::string& file : files) {
    TRY(const auto text, read_file(file));
    TRY(auto profile, conformance::parse_profile(text));
    profiles.push_back(std::move(profile));
  }
  return write_stdout(report::profile_table(profiles, stdout_style()));
}

int status_of(const Result<void>& done) {
  return done ? kExitAsExpected : fail(done.error());
}

}  // namespace

void add_clause_commands(CLI::App& conform, int& exit_status) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* table = conform.add_subcommand(
      "table", "recorded profiles side by side, clause by clause, and what goes wrong for a user");
  table->add_option("profile", *files, "files that --record has written")
      ->type_name("FILE")
      ->required();
  table->callback([files, &exit_status] { exit_status = status_of(print_table(*files)); });
  conform.add_subcommand("coverage", "the clauses that no case checks, and why")
      ->callback([&exit_status] {
        exit_status = status_of(write_stdout(report::coverage_table(stdout_style())));
      });
}

}  // namespace rolecall::cli
