// SPDX-License-Identifier: BSD-3-Clause
// The defer lever at the client: TCP_CORK keeps each stream's cookie
// (iperf_tcp.c iperf_tcp_connect(), all releases: the first 37 bytes) in the kernel's queue until
// the cookie of the connection before it in the accept order is acknowledged. No write is swallowed
// or held up, and what is written shows in SIOCOUTQ: the state is the kernel's, not ours.
// Any thread. A wait looks at the kernel up to the hold limit and may be left by longjmp.
#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace rolecall::shim {

// The connection that has just got its number; corked if it is a stream of the order. The
// caller holds a SignalFence.
void cork(int fd, std::uint32_t port, std::uint32_t number);

// Gives the order up if the kernel has let a cookie go before its turn.
void notice_expired_corks();

// After anything that may have put a cookie into the kernel's queue. Uncorks whose turn it
// is, and those that follow, each once the one before is acknowledged. Leaves errno alone.
void advance_corks();

// Whether there is an order left to impose: a cheap look, for each write of the program.
bool is_corking();

// TCP_NODELAY and TCP_CORK of the program's own would push a cookie that is held, so they
// come into force when it is uncorked. Whether this call was kept back so.
bool keep_back_option(int fd, int level, int name, const void* value, socklen_t length);

}  // namespace rolecall::shim
