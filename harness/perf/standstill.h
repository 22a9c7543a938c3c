// SPDX-License-Identifier: BSD-3-Clause
// When a count has not grown for too long.
#pragma once

#include <cstdint>
#include <utility>

#include "harness/base/time.h"

namespace rolecall::perf {

class Standstill {
 public:
  void begin(Duration limit, TimePoint now) {
    limit_ = limit;
    look_at_ = now + limit;
  }
  Duration limit() const { return limit_; }
  TimePoint look_at() const { return look_at_; }
  // Whether `count` is what it was when this was last looked at, a limit ago.
  bool lasts(std::uint64_t count, TimePoint now) {
    if (now < look_at_) return false;
    look_at_ = now + limit_;
    return count == std::exchange(before_, count);
  }

 private:
  Duration limit_;
  TimePoint look_at_;
  std::uint64_t before_ = 0;
};

}  // namespace rolecall::perf
