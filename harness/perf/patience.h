// SPDX-License-Identifier: BSD-3-Clause
// For tests only.
#pragma once

#include "harness/base/time.h"

namespace rolecall::perf {

// The limit of every wait for what must come. Only a program that hangs meets it, on any machine.
inline constexpr Duration kPatience = seconds(120);
inline constexpr int kPatienceMs = static_cast<int>(kPatience.in_ms());

}  // namespace rolecall::perf
