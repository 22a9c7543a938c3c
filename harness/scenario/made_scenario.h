// SPDX-License-Identifier: BSD-3-Clause
// Scenarios that the program makes itself, with no file: the matrix, the table of fixes, the
// campaign.
#pragma once

#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {

// Reads what both peers' arguments say into `shape` and `server_shape`. REQUIRES: words of our own;
// where read_shape() refuses them, that is a bug, and the program ends.
void read_own_arguments(Scenario& scenario);

}  // namespace rolecall::scenario
