// SPDX-License-Identifier: BSD-3-Clause
// How long a thread has wanted a processor and had none.
#pragma once

#include <cstdint>

namespace rolecall::shim {

// A thread, and the time in nanoseconds that it has been runnable without running since it began.
struct Starvation {
  std::uint32_t tid = 0;
  std::uint64_t ns = 0;  // 0 where the kernel does not count (no /proc, no CONFIG_SCHED_INFO)
};

// Of the calling thread. Any thread, any signal handler; does not wait.
Starvation starvation_so_far();

// What came to it since `earlier`; 0 when that was another thread.
std::uint64_t starved_since(const Starvation& earlier);

}  // namespace rolecall::shim
