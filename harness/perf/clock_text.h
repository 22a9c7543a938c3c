// SPDX-License-Identifier: BSD-3-Clause
// Wall-clock time as reports show it.
#pragma once

#include <cstdint>
#include <string>

namespace rolecall::perf {

// Milliseconds since 1970, CLOCK_REALTIME.
std::int64_t wall_clock_ms();

// "Mon, 23 Nov 2026 10:41:13 GMT".
std::string gmt_text(std::int64_t ms);

// In the local time zone, by strftime(3); at most 99 characters, as in iperf3.
std::string local_time_text(std::int64_t ms, const std::string& format);

}  // namespace rolecall::perf
