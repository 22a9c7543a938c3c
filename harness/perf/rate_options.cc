// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/rate_options.h"

#include <limits>
#include <string>

#include <fmt/format.h>

#include "harness/perf/option_values.h"

namespace rolecall::perf {

Result<void> set_bitrate(Parsing& parsing, const char* argument) {
  const std::string text = argument;
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    TRY(parsing.options.burst_blocks,
        read_int_within(argument + slash + 1, 1, 1000, "the burst (-b RATE/BURST)"));
  }
  TRY(parsing.options.bitrate_bps, read_rate(text.substr(0, slash).c_str()));
  parsing.bitrate_given = true;
  return ok();
}

Result<void> set_pacing_timer(Parsing& parsing, const char* argument) {
  constexpr std::uint64_t kMost = std::numeric_limits<int>::max();
  TRY(const auto us, read_size(argument));
  if (us > kMost) {
    return parameter_error(fmt::format(
        "the pacing timer (--pacing-timer) must be 0 to {} us, not '{}'", kMost, argument));
  }
  parsing.options.pacing_timer_us = us;
  return ok();
}

Result<void> set_bitrate_limit(Parsing& parsing, const char* argument) {
  const std::string text = argument;
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    TRY(parsing.options.bitrate_limit_s,
        read_interval(argument + slash + 1, "the time of --server-bitrate-limit RATE/TIME"));
  }
  TRY(parsing.options.most_bitrate_bps, read_rate(text.substr(0, slash).c_str()));
  return ok();
}

Result<void> set_most_duration(Parsing& parsing, const char* argument) {
  constexpr int kDay = 86400;
  TRY(parsing.options.most_duration_s,
      read_int_within(argument, 0, kDay, "the longest test (--server-max-duration, s)"));
  return ok();
}

}  // namespace rolecall::perf
