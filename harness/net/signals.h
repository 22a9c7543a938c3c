// SPDX-License-Identifier: BSD-3-Clause
// Signals as events: blocked for the whole process, read from a descriptor.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall {

// Blocks `signals` in the calling thread and all that it starts later, so call it before any
// thread; they arrive at the descriptor that is returned.
Result<Fd> open_signals(std::initializer_list<int> signals);

// The next signal that came, nothing when none has.
std::optional<int> take_signal(const Fd& signals);

}  // namespace rolecall
