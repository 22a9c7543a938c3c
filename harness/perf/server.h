// SPDX-License-Identifier: BSD-3-Clause
// roleperf -s: one test after another on one listening socket, open to strangers all the while.
#pragma once

#include <functional>

#include "harness/base/fd.h"
#include "harness/perf/options.h"
#include "harness/perf/report.h"

namespace rolecall::perf {

// Serves until a signal comes, or for one test with -1, and gives the exit status. `signals` is
// open_signals() of what ends it; `on_listening` is called once clients can connect. Main thread;
// starts and ends its workers.
int run_server(const Options& options, Report& report, const Fd& signals,
               const std::function<void()>& on_listening);

}  // namespace rolecall::perf
