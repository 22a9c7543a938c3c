// SPDX-License-Identifier: BSD-3-Clause
// What a thread waited for: a processor, or something that it went to sleep for by itself.
#pragma once

#include <cstdint>

namespace rolecall::shim {

// Of one thread since it began. Both are 0 where the kernel does not count.
struct Waits {
  std::uint32_t tid = 0;
  std::uint64_t starved_ns = 0;  // runnable without running (/proc/thread-self/schedstat)
  std::uint64_t sleeps = 0;      // voluntary context switches (ru_nvcsw)
};

// Of the calling thread. Any thread, any signal handler; does not wait.
Waits waits_so_far();

// What came to them since `earlier`; nothing when that was another thread.
Waits waits_since(const Waits& earlier);

}  // namespace rolecall::shim
