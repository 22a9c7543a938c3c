// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/rate_options.h"

#include <limits>

#include "harness/perf/option_values.h"

namespace rolecall::perf {

Result<void> set_bitrate(Parsing& parsing, const char* argument) {
  const auto [rate, burst] = split(argument, '/');
  if (burst) {
    TRY(parsing.options.burst_blocks,
        read_int_within(*burst, 1, 1000, "the burst (-b RATE/BURST)"));
  }
  TRY(parsing.options.bitrate_bps, read_rate(rate, "the bit rate (-b)"));
  parsing.bitrate_given = true;
  return ok();
}

Result<void> set_pacing_timer(Parsing& parsing, const char* argument) {
  constexpr int kMost = std::numeric_limits<int>::max();
  TRY(parsing.options.pacing_timer_us,
      read_size_within(argument, kMost, "the pacing timer (--pacing-timer, us)"));
  return ok();
}

Result<void> set_bitrate_limit(Parsing& parsing, const char* argument) {
  const auto [rate, time] = split(argument, '/');
  if (time) {
    TRY(parsing.options.bitrate_limit_s,
        read_interval(*time, "the time of --server-bitrate-limit RATE/TIME"));
  }
  TRY(parsing.options.most_bitrate_bps, read_rate(rate, "the rate of --server-bitrate-limit"));
  return ok();
}

Result<void> set_most_duration(Parsing& parsing, const char* argument) {
  constexpr int kDay = 86400;
  TRY(parsing.options.most_duration_s,
      read_int_within(argument, 0, kDay, "the longest test (--server-max-duration, s)"));
  return ok();
}

}  // namespace rolecall::perf
