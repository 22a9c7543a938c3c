// SPDX-License-Identifier: BSD-3-Clause
// rolecall: the command line. Exit 0 all as expected, 1 something was not, 2 usage or environment,
// 128 + n ended by signal n.
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/base/fd.h"
#include "harness/net/process_guard.h"
#include "harness/rolecall/command.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app(
      "Reproduces the races of the iperf3 protocol on real programs, and shows what removes them.",
      "rolecall");
  app.set_version_flag("--version", "rolecall " ROLECALL_VERSION);
  app.require_subcommand(0, 1);  // one that is not known is then named
  app.fallthrough(false);
  int exit_status = rolecall::cli::kExitAsExpected;
  rolecall::cli::add_reproduce_command(app, exit_status);
  rolecall::cli::add_run_command(app, exit_status);
  rolecall::cli::add_campaign_command(app, exit_status);
  rolecall::cli::add_conform_command(app, exit_status);
  rolecall::cli::add_fuzz_command(app, exit_status);
  rolecall::cli::add_fixes_command(app, exit_status);
  rolecall::cli::add_matrix_command(app, exit_status);
  rolecall::cli::add_exec_command(app, exit_status);
  rolecall::cli::add_peers_command(app, exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with exit code 0.
    return app.exit(error) == 0 ? rolecall::cli::kExitAsExpected : rolecall::cli::kExitEnvironment;
  }
  if (app.get_subcommands().empty()) {
    fmt::print(stderr, "rolecall: name a command; rolecall --help lists them\n");
    return rolecall::cli::kExitEnvironment;
  }
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  rolecall::open_standard_descriptors();
  try {
    rolecall::ProcessGuard::instance();  // before there is anything that it could hold
    return run(argc, argv);
  } catch (const std::exception& error) {
    // No code of ours throws: this is memory that ran out, or a library's own bug.
    fmt::print(stderr, "rolecall: {}\n", error.what());
    return rolecall::cli::kExitEnvironment;
  }
}
