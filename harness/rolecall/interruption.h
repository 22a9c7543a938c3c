// SPDX-License-Identifier: BSD-3-Clause
// SIGINT, SIGTERM and SIGHUP: the first one asks all runs to end and their peers with them. A
// second one kills as usual, and the peers die with their parent.
#pragma once

#include "harness/base/result.h"
#include "harness/scenario/runner.h"

namespace rolecall::cli {

// From here on these signals raise the token that is given. Once a process, before any thread is
// started; the token lives as long as the process.
Result<const StopToken*> catch_interruption();

// The signal that came, 0 when none has. Any thread.
int interrupting_signal();

}  // namespace rolecall::cli
