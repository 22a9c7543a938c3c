// SPDX-License-Identifier: BSD-3-Clause
// roleperf -c: one test as its client.
#pragma once

#include "harness/base/fd.h"
#include "harness/perf/options.h"
#include "harness/perf/report.h"

namespace rolecall::perf {

// Runs the test that `options` ask for and gives the exit status. `signals` is open_signals() of
// what ends it early. Main thread; starts and ends its workers.
int run_client(const Options& options, Report& report, const Fd& signals);

}  // namespace rolecall::perf
