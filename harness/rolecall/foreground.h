// SPDX-License-Identifier: BSD-3-Clause
// A program run by hand, with us in front of it: it has our terminal, our process group and our
// signals, as if the shell had started it itself.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::cli {

// The file that execvp(3) would start for `word`. Config when there is none.
Result<std::string> find_program(const std::string& word);

// Runs `program` as `args` (args[0] is its name), with `environment` (NAME=VALUE) on top of ours,
// and waits. SIGTERM, SIGHUP, and SIGINT sent to us alone are passed on; what the terminal sends
// reaches it anyway. Gives its exit status, or 128 + n after signal n. It dies with us. Config when
// it cannot be started. No other thread may run.
Result<int> run_in_foreground(const std::string& program, const std::vector<std::string>& args,
                              const std::vector<std::string>& environment);

}  // namespace rolecall::cli
