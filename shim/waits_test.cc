// SPDX-License-Identifier: BSD-3-Clause
// The kernel's counts of what a thread waits for.
#include "shim/waits.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
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

// Of this process.
bool is_asleep(pid_t tid) {
  std::string number;
  std::string name;
  char state = 0;
  std::ifstream("/proc/self/task/" + std::to_string(tid) + "/stat") >> number >> name >> state;
  return state == 'S';
}

TEST(Waits, ForAProcessorGrowWhileAnotherThreadHasTheProcessor) {
  std::thread here([] {
    stay_here();
    const Waits start = waits_so_far();
    std::atomic<bool> is_over{false};
    std::thread other([&] {
      while (!is_over.load()) continue;
    });
    while (waits_since(start).starved_ns < 20 * kMs) continue;
    is_over.store(true);
    other.join();
  });
  here.join();
}

// Three times the thread waits for the other one to write.
TEST(Waits, CountHowOftenAThreadWentToSleep) {
  int both[2];
  ASSERT_EQ(pipe2(both, O_CLOEXEC), 0);
  const pid_t sleeper = gettid();
  std::thread other([&] {
    for (int i = 0; i < 3; ++i) {
      while (!is_asleep(sleeper)) continue;
      EXPECT_EQ(write(both[1], "x", 1), 1);
    }
  });
  const Waits start = waits_so_far();
  char byte = 0;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read(both[0], &byte, 1), 1);
  EXPECT_GE(waits_since(start).sleeps, 3U);
  other.join();
  close(both[0]);
  close(both[1]);
}

TEST(Waits, OfAnotherThreadAreNotKnown) {
  const Waits earlier = {.tid = waits_so_far().tid + 1};
  EXPECT_EQ(waits_since(earlier).starved_ns, 0U);
  EXPECT_EQ(waits_since(earlier).sleeps, 0U);
}

}  // namespace
}  // namespace rolecall::shim
