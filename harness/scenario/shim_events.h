// SPDX-License-Identifier: BSD-3-Clause
// What the records on a board come to.
#pragma once

#include "harness/scenario/shim_plan.h"
#include "shim/abi.h"

namespace rolecall::scenario {

// Reads every record that is complete; the programs may go on writing meanwhile.
ShimObservation read_board(const shim::Board& board);

}  // namespace rolecall::scenario
