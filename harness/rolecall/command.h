// SPDX-License-Identifier: BSD-3-Clause
// The commands of rolecall: each adds itself to the command line, and sets the exit status when the
// user has asked for it.
#pragma once

#include <string>
#include <vector>

#include "harness/base/error.h"

namespace CLI {
class App;
}

namespace rolecall::cli {

inline constexpr int kExitAsExpected = 0;
inline constexpr int kExitUnexpected = 1;
inline constexpr int kExitEnvironment = 2;  // usage too; the message says what to install or allow

// What the commands that run scenarios have in common.
struct CommonOptions {
  std::vector<std::string> peers;  // NAME=PATH
  bool json = false;
  std::string junit;  // file; empty: none
  std::string html;   // likewise
  std::string keep;   // folder for the evidence; empty: a temporary one, kept when needed
  int jobs = 1;
};

void add_peer_option(CLI::App& command, CommonOptions& options);
void add_common_options(CLI::App& command, CommonOptions& options);

// Print `error` on stderr as "rolecall: ..." and give kExitEnvironment.
int fail(const Error& error);

// Each adds its command to `app`; when it is the one asked for, it runs while `app` parses and sets
// `exit_status`, which must live as long as `app`.
void add_reproduce_command(CLI::App& app, int& exit_status);
void add_campaign_command(CLI::App& app, int& exit_status);
void add_conform_command(CLI::App& app, int& exit_status);
void add_clause_commands(CLI::App& conform, int& exit_status);
void add_fixes_command(CLI::App& app, int& exit_status);
void add_fuzz_command(CLI::App& app, int& exit_status);
void add_matrix_command(CLI::App& app, int& exit_status);
void add_run_command(CLI::App& app, int& exit_status);
void add_exec_command(CLI::App& app, int& exit_status);
void add_peers_command(CLI::App& app, int& exit_status);

}  // namespace rolecall::cli
