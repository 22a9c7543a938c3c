// SPDX-License-Identifier: BSD-3-Clause
// Whose a socket is: the inodes that sock_diag tells, looked up in /proc/<pid>/fd.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

namespace rolecall::scenario {

// The sockets that `pid` and its children hold: inode to descriptor number. Empty when the process
// is gone or not ours to look at.
std::map<std::uint32_t, int> sockets_of(pid_t pid);

}  // namespace rolecall::scenario
