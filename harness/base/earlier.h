// SPDX-License-Identifier: BSD-3-Clause
// Limits that may be absent, as event loops collect them.
#pragma once

#include <algorithm>
#include <optional>

#include "harness/base/time.h"

namespace rolecall {

// The sooner of two limits; the one that there is; none where there is neither.
constexpr std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

}  // namespace rolecall
