// SPDX-License-Identifier: BSD-3-Clause
// Scenarios that the program makes itself, with no file: the matrix, the table of fixes, the
// campaign.
#pragma once

#include <array>

#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {

// Arguments of a test whose streams carry different amounts: equal figures hide an exchange. Into
// small buffers a client writes blocks in parts, as its reader makes room, so that its streams
// carry what chance gives them; with large ones 3.12 writes whole blocks in turn, and as many to
// each. By -n, since by -t what the server counts is cut off at another place than the client's
// figures. Not in reverse: there 3.9 never ends such a test; nor on a long path, which takes
// minutes for it.
inline constexpr std::array kUnequalStreams = {"-n", "64M", "-w", "32K"};

// Reads what both peers' arguments say into `shape` and `server_shape`. REQUIRES: words of our own;
// where read_shape() refuses them, that is a bug, and the program ends.
void read_own_arguments(Scenario& scenario);

}  // namespace rolecall::scenario
