// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of a socket, for both preload libraries: asked by raw system calls, so that
// errno and the program's own view stay as they are.
#pragma once

#include <sys/socket.h>

#include <cstdint>

namespace rolecall::shim {

// Every stream connection of iperf3 opens with this many bytes (iperf_api.h COOKIE_SIZE, all
// releases), the NUL included.
inline constexpr int kCookieSize = 37;

// How far the first kCookieSize bytes that a program wrote to a TCP connection of its own have got.
enum class CookieState : std::uint32_t {
  Unwritten,     // not all of them are in the kernel's queue yet
  Queued,        // written, and no data has left: the cork holds them
  Sent,          // on the way
  Acknowledged,  // the peer's kernel has the connection in its accept queue: it queues before it
                 // acknowledges data
  Dead,          // they will not be: the connection was refused, reset or given up
};

// TCP_INFO and SIOCOUTQ; an MPTCP connection is asked at its own level for what is acknowledged.
// A kernel that says nothing of MPTCP (before 5.16): Unwritten.
CookieState cookie_state(int fd);

// An option that is one int; -1 where there is none.
int int_option(int fd, int level, int option);

// A TCP socket that no connect() was made on yet: asking again for the outcome of one that is under
// way is not a further connection.
bool is_fresh_tcp(int fd);

// SO_COOKIE: tells whether a descriptor is still the same socket. 0 if it is none.
std::uint64_t socket_cookie(int fd);

}  // namespace rolecall::shim
