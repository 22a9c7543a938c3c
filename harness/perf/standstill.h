// SPDX-License-Identifier: BSD-3-Clause
// When a count has not grown for too long: by looks, four in a limit, so that it is a quarter late
// at most.
#pragma once

#include <cstdint>
#include <utility>

#include "harness/base/time.h"

namespace rolecall::perf {

class Standstill {
 public:
  void begin(Duration limit, TimePoint now) {
    limit_ = limit;
    moved_at_ = now;
    look_at_ = now + step();
  }
  Duration limit() const { return limit_; }
  TimePoint look_at() const { return look_at_; }
  // Whether `count` is what it was when it was looked at a limit ago.
  bool lasts(std::uint64_t count, TimePoint now) {
    if (now < look_at_) return false;
    look_at_ = now + step();
    if (count != std::exchange(before_, count)) moved_at_ = now;
    return now - moved_at_ >= limit_;
  }

 private:
  Duration step() const { return nanoseconds(limit_.ns / 4); }

  Duration limit_;
  TimePoint moved_at_;
  TimePoint look_at_;
  std::uint64_t before_ = 0;
};

}  // namespace rolecall::perf
