// SPDX-License-Identifier: BSD-3-Clause
// What roleperf says of itself: version, system, and how to call it.
#pragma once

#include <string>
#include <string_view>

namespace rolecall::perf {

// "roleperf 0.1.0": what -v and every report begin with.
std::string program_version();

// Name, node, release, version and machine of this system, as iperf3 strings them together.
std::string system_info();

// The three lines of -v.
std::string version_text();

// The two lines that follow every error on the command line.
std::string_view short_usage();

// What -h prints.
std::string_view long_usage();

}  // namespace rolecall::perf
