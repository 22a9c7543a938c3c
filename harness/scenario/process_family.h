// SPDX-License-Identifier: BSD-3-Clause
// A peer may be a script that starts the program: what is asked of a process is asked of all that
// it started.
#pragma once

#include <sys/types.h>

#include <vector>

namespace rolecall::scenario {

// `pid` and its children, theirs too, as /proc/<pid>/task/<pid>/children has them: `pid` alone when
// the kernel tells nothing or the process is gone.
std::vector<pid_t> family_of(pid_t pid);

}  // namespace rolecall::scenario
