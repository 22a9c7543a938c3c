// SPDX-License-Identifier: BSD-3-Clause
// The client's side: each connect() to the server's port gets its number and shows on the board.
#pragma once

#include <sys/socket.h>

namespace rolecall::shim {

// Whether this connect() begins a connection of the test.
bool begins_a_connection(int fd, const sockaddr* address, socklen_t length);

// Makes that connect(), as the program did. Returns its result, with its errno. A cancellation
// point.
int connect_in_count(int fd, const sockaddr* address, socklen_t length);

}  // namespace rolecall::shim
