// SPDX-License-Identifier: BSD-3-Clause
// The server's side: accept() hands out the streams of a test in the order of the plan.
#pragma once

#include <sys/socket.h>

namespace rolecall::shim {

// One call of the program, accept() or accept4(), as it was made.
struct AcceptCall {
  int listener;
  sockaddr* address;
  socklen_t* length;
  int flags;  // of accept4(); 0 for accept()
  bool is_accept4;
};

// What accept() is to return, with errno, address and flags as the program expects them. Blocks
// only where the listener does, and, up to the hold limit, while a connection cannot be told yet.
// A cancellation point, and safe to leave by longjmp: what is held stays held.
int accept_in_order(const AcceptCall& call);

// The call as it was made, with no work of ours.
int accept_as_is(const AcceptCall& call);

// `fd` is listened on, or about to be. Under Lever::Defer the test's listener gets
// TCP_DEFER_ACCEPT: a connection enters its queue with the first data, not with the third packet of
// the handshake.
void defer_accepts(int fd);

// In a forked child: what the parent holds stays the parent's.
void disown_after_fork();

}  // namespace rolecall::shim
