// SPDX-License-Identifier: BSD-3-Clause
// Whether this process is the one the plan is for, and the two mapped files.
#pragma once

#include <cstdint>

#include "shim/abi.h"

namespace rolecall::shim {

// Cold before anybody looked; Warming while one thread does; then one of the others for good.
enum class Phase : std::uint32_t { Cold, Warming, Inert, Server, Client };

// Arms the library on the first call and says where it stands. Another library's constructor may
// call a wrapper before ours runs, so every wrapper asks; who finds Warming passes straight
// through.
Phase phase();

// The plan; only when the phase is Server or Client.
const Plan& plan_view();

// How many streams accept() is to hand out in an order: 0 under every lever but Swap.
std::uint32_t swapped_streams();

// How many streams the client is to cork: 0 under every lever but Defer.
std::uint32_t deferred_streams();

// The board, or null where there is none (yet).
Board* board_view();

}  // namespace rolecall::shim
