// SPDX-License-Identifier: BSD-3-Clause
// For tests only.
#pragma once

#include <poll.h>

#include <functional>

#include "harness/base/deadline.h"
#include "harness/base/time.h"

namespace rolecall::perf {

// The limit of every wait for what must come. Only a program that hangs meets it, on any machine.
inline constexpr Duration kPatience = seconds(120);
inline constexpr int kPatienceMs = static_cast<int>(kPatience.in_ms());

// Whether it is seen before the limit; looks once a millisecond, where there is nothing to wait on.
inline bool comes_true(const std::function<bool()>& seen) {
  const Deadline limit = Deadline::after(kPatience);
  while (!seen()) {
    if (limit.expired()) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace rolecall::perf
