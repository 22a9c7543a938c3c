// SPDX-License-Identifier: BSD-3-Clause
// Telling that somebody has nothing to say.
#pragma once

#include "harness/base/fd.h"
#include "harness/conformance/time_line.h"

namespace rolecall::conformance {

// Who stays silent for so long where an answer would be wrong is silent.
inline constexpr Duration kSilence = milliseconds(100);
// Where silence is what iperf3 does and others do not, and so is recorded.
inline constexpr Duration kLongSilence = seconds(2);

// Until the program, where it is ours, is at rest and so has done with what it has read; until the
// step limit, if it never rests.
void await_rest(const TimeLine& line);

// Whether there is nothing to read for `span`, nor until the program has come to rest: on a slow
// machine it may be at work for longer. Reads nothing.
bool is_silent(const Fd& socket, Duration span, const TimeLine& line);

}  // namespace rolecall::conformance
