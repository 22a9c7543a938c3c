// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/command.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace rolecall::cli {

void add_peer_option(CLI::App& command, CommonOptions& options) {
  command
      .add_option("--peer", options.peers,
                  "another program to run: NAME=PATH; legacy=PATH and flagged=PATH take the place "
                  "of iperf3 and roleperf")
      ->type_name("NAME=PATH")
      ->allow_extra_args(false);
}

void add_common_options(CLI::App& command, CommonOptions& options) {
  add_peer_option(command, options);
  command.add_flag("--json", options.json,
                   "print one JSON object a run, in one array, and the table to standard error");
  command.add_option("--junit", options.junit, "write the runs to FILE as JUnit XML")
      ->type_name("FILE");
  command.add_option("--html", options.html, "write the runs to FILE as one HTML page")
      ->type_name("FILE");
  command
      .add_option(
          "--keep", options.keep,
          "keep every run's evidence in DIR (otherwise in a temporary folder, with --json or "
          "where something was not as expected)")
      ->type_name("DIR");
  command.add_option("--jobs", options.jobs, "runs side by side")
      ->check(CLI::Range(1, 64))
      ->type_name("N")
      ->capture_default_str();
}

int fail(const Error& error) {
  fmt::print(stderr, "rolecall: {}\n", error.message());
  return kExitEnvironment;
}

}  // namespace rolecall::cli
