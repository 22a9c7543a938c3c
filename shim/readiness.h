// SPDX-License-Identifier: BSD-3-Clause
// Keeps select(), poll() and epoll truthful with no wrapper of theirs: when a held connection's
// turn has come, one connection of our own waits in the listener's queue in its place.
#pragma once

#include "shim/parking.h"

namespace rolecall::shim {

// Queues a connection of our own to the listener of `slot`, which the caller has claimed, and ends
// the claim: Due, or DueUnsaid where the kernel refuses (no descriptor left, loopback down).
void announce(Parked& slot);

// Whether `fd`, just accepted, is our own connection; then both its ends are closed.
bool eat_own_connection(int fd, const Peer& peer);

// In a forked child, and when its listener is gone: the pending connection of our own is forgotten.
void forget_own_connection();

}  // namespace rolecall::shim
