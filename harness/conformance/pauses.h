// SPDX-License-Identifier: BSD-3-Clause
// Waiting for what no event tells of: the kernel's tables of sockets, which somebody has to read
// again and again, at some milliseconds of a processor each time.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cstdint>

#include "harness/base/deadline.h"

namespace rolecall::conformance {

// Between two looks: a millisecond at first, later an eighth of what the wait has taken, so that a
// short one ends at once and a long one costs little.
class Pauses {
 public:
  void wait() const {
    constexpr std::int64_t kMostMs = 100;
    const std::int64_t waited_ms = (now() - begin_).in_ms();
    ::poll(nullptr, 0, static_cast<int>(std::clamp<std::int64_t>(waited_ms / 8, 1, kMostMs)));
  }

 private:
  TimePoint begin_ = now();
};

}  // namespace rolecall::conformance
