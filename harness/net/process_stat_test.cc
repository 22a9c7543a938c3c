// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/process_stat.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rolecall {
namespace {

std::string folder_of(pid_t pid) {
  return fmt::format("/proc/{}", pid);
}

// The fields are told apart by blanks, after a name that may hold blanks and brackets.
TEST(ProcessStat, AProcessIsReadWhateverItsNameIs) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, ") R (1 2 3");
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  siginfo_t now{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &now, WSTOPPED), 0);
  EXPECT_EQ(process_stat(folder_of(child)).value().state, 'T');
  EXPECT_TRUE(process_stat(folder_of(child)).value().is_stopped());
  EXPECT_FALSE(process_stat(folder_of(child)).value().is_exiting());
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &now, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(process_stat(folder_of(child)).value().state, 'Z');
  EXPECT_TRUE(process_stat(folder_of(child)).value().is_exiting());
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(process_stat(folder_of(child)).has_error());
  EXPECT_TRUE(threads_of(child).empty());
}

TEST(ProcessStat, EachThreadHasItsOwn) {
  const std::size_t before = threads_of(::getpid()).size();
  std::promise<void> end;
  std::thread sleeper([&] { end.get_future().wait(); });
  const std::vector<ProcessStat> threads = threads_of(::getpid());
  end.set_value();
  sleeper.join();
  EXPECT_EQ(threads.size(), before + 1);
}

rusage so_far() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used;
}

Duration from(const timeval& time) {
  return seconds(time.tv_sec) + microseconds(time.tv_usec);
}

TEST(ProcessStat, TimeOnAProcessorIsWhatGetrusageSaysInWholeTicks) {
  const Duration tick = from_seconds(1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  while (from(so_far().ru_utime) < milliseconds(30)) continue;
  while (from(so_far().ru_stime) < milliseconds(30)) continue;
  const rusage before = so_far();
  const ProcessStat stat = process_stat("/proc/self").value();
  const rusage after = so_far();
  EXPECT_GT(stat.user, from(before.ru_utime) - tick);
  EXPECT_LE(stat.user, from(after.ru_utime));
  EXPECT_GT(stat.system, from(before.ru_stime) - tick);
  EXPECT_LE(stat.system, from(after.ru_stime));
}

}  // namespace
}  // namespace rolecall
