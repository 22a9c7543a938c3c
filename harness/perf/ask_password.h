// SPDX-License-Identifier: BSD-3-Clause
// A password from the terminal.
#pragma once

#include "harness/base/result.h"
#include "harness/perf/secret.h"

namespace rolecall::perf {

// Asks on stderr and reads a line from stdin, which shows nothing of it. Leaves SIGINT, SIGTERM and
// SIGHUP blocked. Errors: Config, where stdin is no terminal or one of these came; System.
Result<Secret> ask_password();

}  // namespace rolecall::perf
