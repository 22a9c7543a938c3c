// SPDX-License-Identifier: BSD-3-Clause
// Wall-clock time as text.
#include "harness/perf/clock_text.h"

#include <time.h>

#include <array>

namespace rolecall::perf {
namespace {

std::string format_time(const std::string& format, const tm& time) {
  std::array<char, 100> text{};
  const std::size_t length = strftime(text.data(), text.size(), format.c_str(), &time);
  return {text.data(), length};
}

}  // namespace

std::int64_t wall_clock_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::string gmt_text(std::int64_t ms) {
  const time_t seconds = ms / 1000;
  tm time{};
  gmtime_r(&seconds, &time);
  return format_time("%a, %d %b %Y %H:%M:%S %Z", time);
}

std::string local_time_text(std::int64_t ms, const std::string& format) {
  const time_t seconds = ms / 1000;
  tm time{};
  localtime_r(&seconds, &time);
  return format_time(format, time);
}

}  // namespace rolecall::perf
