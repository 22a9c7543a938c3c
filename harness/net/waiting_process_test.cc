// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/waiting_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/base/files.h"

namespace rolecall {
namespace {

// A child that does `what`, for ever or until a signal ends it.
class WaitingProcess : public testing::Test {
 protected:
  void start(void (*what)()) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    what();
    ::_exit(0);
  }
  void TearDown() override {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid_ = -1;
};

TEST_F(WaitingProcess, GetsTheSignal) {
  start([] { ::poll(nullptr, 0, -1); });
  EXPECT_TRUE(signal_where_it_waits(pid_, SIGUSR1, Deadline::after(seconds(120))));
  siginfo_t end{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT);
  EXPECT_EQ(end.si_status, SIGUSR1);
}

TEST_F(WaitingProcess, OneThatWorksGetsNothing) {
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr);  // the child's too: it would stay pending
  start([] {
    const volatile bool goes_on = true;
    while (goes_on) continue;
  });
  ::pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
  EXPECT_FALSE(signal_where_it_waits(pid_, SIGUSR1, Deadline::after(milliseconds(20))));
  EXPECT_THAT(read_file(fmt::format("/proc/{}/status", pid_)).value(),
              testing::HasSubstr("ShdPnd:\t0000000000000000\n"));
}

TEST_F(WaitingProcess, OneThatHasEndedGetsNothing) {
  start([] {});
  siginfo_t end{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT);
  EXPECT_FALSE(signal_where_it_waits(pid_, SIGUSR1, Deadline::after(seconds(120))));
}

}  // namespace
}  // namespace rolecall
