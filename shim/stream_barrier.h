// SPDX-License-Identifier: BSD-3-Clause
// Which connections of this process are the streams of an iperf3 test, and the barrier before a
// further one. iperf_api.c make_cookie(), since 3.2: 36 characters of a-z and 2-7, and a NUL, are
// the first bytes that a client writes to its control connection and to each stream connection.
// Any thread, any signal handler; nothing here is a cancellation point unless it says so.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

namespace rolecall::order {

// `fd` was connected to `address`, or is on the way: its first bytes will say whether it is of a
// test.
void note_connect(int fd, const sockaddr* address, socklen_t length);

// `written` bytes of `parts` were taken by the kernel. A cheap look where no connection is open
// whose first bytes are still to come.
void note_write(int fd, const iovec* parts, std::size_t count, std::size_t written);

// Waits until the cookie of the last stream connection to `address` is acknowledged, at most for
// `limit_ms`; returns false when it is not. True at once where there is none, where it was closed,
// and where it is dead: there is no order left to keep. A cancellation point.
bool wait_for_last_stream(const sockaddr* address, socklen_t length, long limit_ms);

}  // namespace rolecall::order
