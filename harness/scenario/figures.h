// SPDX-License-Identifier: BSD-3-Clause
// Whether what both ends print about each stream is right and about the right stream; for tests
// that ended by themselves.
#pragma once

#include "harness/scenario/verdict.h"

namespace rolecall::scenario {

// Void, Misattributed, WrongFigures or Completed. REQUIRES: both ends have a report without an
// error.
Verdict judge_figures(const RunFacts& facts);

}  // namespace rolecall::scenario
