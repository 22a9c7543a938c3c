// SPDX-License-Identifier: BSD-3-Clause
// Which connection of the test an accepted one is: by the client's own record of its connect()s,
// or, where only the server has the library, by the cookie. iperf_tcp.c iperf_tcp_accept(), 3.12,
// compares cookies as C strings, so what follows the first NUL is free here too.
#pragma once

#include <cstdint>

#include "shim/parking.h"

namespace rolecall::shim {

enum class Identity : std::uint32_t { Unknown, Control, Stream, Stranger };

// Looks at a claimed connection; a Stream gets its slot.number. Unknown means that the event that
// tells is still to come: the client is inside connect(), or the cookie has not arrived.
Identity identify(Parked& slot);

// The stream order of the current test, which identify() starts anew when a new control cookie
// comes after a finished one (a server that runs several tests).
struct Round {
  std::atomic<std::uint32_t> handed_out;  // streams the program has got
  std::atomic<bool> given_up;             // the hold limit ended the order: arrival order from here
};
extern Round the_round;

// The number whose turn it is; kNoNumber when the order is used up or given up.
std::uint32_t number_in_turn();

}  // namespace rolecall::shim
