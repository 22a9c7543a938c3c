// SPDX-License-Identifier: BSD-3-Clause
// The kernel's count of how long a thread waits for a processor.
#include "shim/starvation.h"

#include <sched.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace rolecall::shim {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

// Binds the calling thread, and those that it starts, to the processor it runs on.
void stay_here() {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &here);
  ASSERT_EQ(sched_setaffinity(0, sizeof here, &here), 0);
}

TEST(Starvation, GrowsWhileAnotherThreadHasTheProcessor) {
  std::thread here([] {
    stay_here();
    const Starvation start = starvation_so_far();
    std::atomic<bool> is_over{false};
    std::thread other([&] {
      while (!is_over.load()) continue;
    });
    while (starved_since(start) < 20 * kMs) continue;
    is_over.store(true);
    other.join();
  });
  here.join();
}

TEST(Starvation, OfAnotherThreadIsNotKnown) {
  const Starvation earlier = {.tid = starvation_so_far().tid + 1, .ns = 0};
  EXPECT_EQ(starved_since(earlier), 0U);
}

}  // namespace
}  // namespace rolecall::shim
