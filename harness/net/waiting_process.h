// SPDX-License-Identifier: BSD-3-Clause
// Interrupting a program where it can take it.
#pragma once

#include <sys/types.h>

#include "harness/base/deadline.h"

namespace rolecall {

// Sends `signal` while the first thread of our own child `pid` waits for descriptors, and nowhere
// else. iperf3 leaves its signal handler by longjmp() (main.c, 3.22), and one in 100 clients of
// 3.22 that were interrupted while they built an interval then waited for a lock of the C library
// for ever: malloc()'s, it seems. False, with nothing sent, when it has ended or does not wait so
// by the deadline. The thread that started it.
bool signal_where_it_waits(pid_t pid, int signal, const Deadline& deadline);

}  // namespace rolecall
