// SPDX-License-Identifier: BSD-3-Clause
// What the options about sockets and their packets do with their argument; rows of option_table.cc
// name them. Limits are those of iperf 3.22.
#pragma once

#include "harness/base/result.h"
#include "harness/perf/option_table.h"

namespace rolecall::perf {

Result<void> set_window(Parsing& parsing, const char* argument);
Result<void> set_mss(Parsing& parsing, const char* argument);
Result<void> set_tos(Parsing& parsing, const char* argument);
Result<void> set_dscp(Parsing& parsing, const char* argument);
Result<void> set_flow_label(Parsing& parsing, const char* argument);
Result<void> set_fq_rate(Parsing& parsing, const char* argument);
Result<void> set_no_fq_rate(Parsing& parsing, const char* argument);
Result<void> set_keep_alive(Parsing& parsing, const char* argument);

// iperf3's rule, which holds for what is given and, once the system's values stand in for what is
// not, for those. Config.
Result<void> check_keep_alive(const KeepAlive& k);

}  // namespace rolecall::perf
