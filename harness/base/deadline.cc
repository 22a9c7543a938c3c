// SPDX-License-Identifier: BSD-3-Clause
#include "harness/base/deadline.h"

#include <time.h>

#include <algorithm>
#include <climits>

namespace rolecall {

TimePoint now() {
  timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return TimePoint{static_cast<std::int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec};
}

Duration Deadline::remaining() const {
  return std::max(at_ - now(), Duration{0});
}

int Deadline::poll_ms() const {
  const std::int64_t ms = (remaining().ns + 999'999) / 1'000'000;
  return static_cast<int>(std::min<std::int64_t>(ms, INT_MAX));
}

}  // namespace rolecall
