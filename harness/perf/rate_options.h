// SPDX-License-Identifier: BSD-3-Clause
// What the options about rates, and a server's limits, do with their argument; rows of
// option_table.cc name them. Limits are those of iperf 3.22.
#pragma once

#include "harness/base/result.h"
#include "harness/perf/option_table.h"

namespace rolecall::perf {

Result<void> set_bitrate(Parsing& parsing, const char* argument);
Result<void> set_pacing_timer(Parsing& parsing, const char* argument);
Result<void> set_bitrate_limit(Parsing& parsing, const char* argument);
Result<void> set_most_duration(Parsing& parsing, const char* argument);

}  // namespace rolecall::perf
