// SPDX-License-Identifier: BSD-3-Clause
// Wakes an event loop when the peer's kernel acknowledges what is written to a TCP socket. Nothing
// but the kernel's time stamps tells of that as an event (SOF_TIMESTAMPING_TX_ACK: a note on the
// socket's error queue, so EPOLLERR). It is a wake-up only: what is acknowledged, TCP_INFO says.
#pragma once

#include "harness/base/fd.h"

namespace rolecall::perf {

// What is written from here on is told of; false where the kernel does not do so.
bool begin_ack_notices(const Fd& socket);
// Makes EPOLLERR go away until the next acknowledgement.
void take_ack_notices(const Fd& socket);
// No more of them. REQUIRES: all that was written is acknowledged, or EPOLLERR may come later
// still.
void end_ack_notices(const Fd& socket);

}  // namespace rolecall::perf
