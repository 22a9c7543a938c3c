// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of a process or a thread: /proc/PID/stat, /proc/PID/task/TID/stat.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/time.h"

namespace rolecall {

struct ProcessStat {
  char state = 0;           // 'R', 'S', 'T', 'Z' and others: proc(5)
  std::uint64_t flags = 0;  // the kernel's PF_...
  Duration user;            // time on a processor, in the kernel's clock ticks (10 ms as a rule)
  Duration system;

  bool is_stopped() const { return state == 'T' || state == 't'; }
  // The kernel closes what a process has open after it has marked it so (PF_EXITING).
  bool is_exiting() const { return (flags & 0x4) != 0; }
};

// Of the process or thread whose folder under /proc this is. Fails when it has gone. Any thread.
Result<ProcessStat> process_stat(const std::filesystem::path& folder);

// Of each thread of the process that has not ended meanwhile; none when it has gone. Any thread.
std::vector<ProcessStat> threads_of(pid_t pid);

// Whether none of its threads works or waits for a disk: it has done with what it has read, and
// only something new wakes it. So has one that has gone. Any thread.
bool is_at_rest(pid_t pid);

}  // namespace rolecall
