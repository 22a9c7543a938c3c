// SPDX-License-Identifier: BSD-3-Clause
// -D and -I as programs: the same rules for iperf3 3.12 and for us, and what is better in ours.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/patience.h"
#include "harness/perf/program.h"

namespace rolecall::perf {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class InTheBackground : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!iperf3_is_installed()) GTEST_SKIP() << "no iperf3 on PATH: apt-get install iperf3";
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // a daemon becomes our child
    fs::create_directory(folder_);
  }

  void TearDown() override {
    std::ifstream children(fmt::format("/proc/self/task/{}/children", ::getpid()));
    for (pid_t child = 0; children >> child;) ::kill(child, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    fs::remove_all(folder_);
  }

  // Whether "-s -D" on a port of its own came to serve it.
  bool starts(std::uint16_t port) {
    Program program(words(fmt::format("{} -s -D -p {} -I {}", GetParam(), port, pid_file_)));
    if (program.status() != 0 || !await_listener(port)) return false;
    std::ifstream(pid_file_) >> daemon_;
    // iperf3 (3.12, iperf_create_pidfile()) writes the number and nothing behind it, and the next
    // one reads it into memory that it has not cleared: a digit that lies there makes it another
    // number.
    if (GetParam() == kIperf3) std::ofstream(pid_file_, std::ios::app) << '\n';
    return daemon_ > 0;
  }

  // The exit status of the next child that ends, -1 at the limit.
  static int next_status() {
    const Deadline limit = Deadline::after(kPatience);
    int status = 0;
    while (::waitpid(-1, &status, WNOHANG) <= 0) {
      if (limit.expired()) return -1;
      ::poll(nullptr, 0, 1);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string pid_in_file() const {
    std::string pid;
    std::ifstream(pid_file_) >> pid;
    return pid;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / fmt::format("daemon-{}", ::getpid());
  const std::string pid_file_ = folder_ / "pid";
  pid_t daemon_ = 0;
};

TEST_P(InTheBackground, ServesWhenTheProgramThatWasStartedHasEnded) {
  const std::uint16_t port = free_port();
  ASSERT_TRUE(starts(port));
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -n 1M", ROLEPERF, port)));
  EXPECT_EQ(client.status(), 0) << client.output();
}

TEST_P(InTheBackground, RemovesItsPidFileOnASignal) {
  ASSERT_TRUE(starts(free_port()));
  ::kill(daemon_, SIGTERM);
  EXPECT_NE(next_status(), -1);
  EXPECT_FALSE(fs::exists(pid_file_));
}

TEST_P(InTheBackground, LeavesThePidFileOfARunningDaemonAlone) {
  ASSERT_TRUE(starts(free_port()));
  Program second(words(fmt::format("{} -s -D -p {} -I {}", GetParam(), free_port(), pid_file_)));
  const bool is_iperf3 = GetParam() == kIperf3;  // says that all is well, and ends with 1 later
  EXPECT_EQ(second.status(), is_iperf3 ? 0 : 1);
  if (is_iperf3) {
    EXPECT_EQ(next_status(), 1);
  }
  EXPECT_EQ(pid_in_file(), std::to_string(daemon_));
}

TEST_P(InTheBackground, RefusesThePidFileOfARunningDaemonInTheForeground) {
  ASSERT_TRUE(starts(free_port()));
  Program second(words(fmt::format("{} -s -p {} -I {}", GetParam(), free_port(), pid_file_)));
  EXPECT_EQ(second.status(), 1);
  EXPECT_THAT(second.output(), HasSubstr("nother instance"));
}

TEST_P(InTheBackground, TakesAPidFileWhoseProcessIsGone) {
  std::ofstream(pid_file_) << 999999999;  // above every pid_max
  ASSERT_TRUE(starts(free_port()));
  EXPECT_EQ(pid_in_file(), std::to_string(daemon_));
}

INSTANTIATE_TEST_SUITE_P(Of, InTheBackground, testing::Values(ROLEPERF, kIperf3),
                         [](const auto& of) { return of.index == 0 ? "Roleperf" : "Iperf3"; });

TEST(RoleperfInTheBackground, ServesOnceTheProgramThatWasStartedHasEnded) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // it becomes our child
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -D -p {}", ROLEPERF, port)));
  ASSERT_EQ(server.status(), 0);
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -n 1M", ROLEPERF, port)));
  EXPECT_EQ(client.status(), 0) << client.output();
  EXPECT_GT(::waitpid(-1, nullptr, 0), 0);
}

// iperf3 removes whatever the path is: the link, or a device.
TEST(RoleperfPidFile, ThatIsALinkStays) {
  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("pid-{}", ::getpid());
  fs::create_directory(folder);
  std::ofstream(folder / "elsewhere") << "0";
  fs::create_symlink("elsewhere", folder / "link");
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -I {}", ROLEPERF, free_port(),
                                   (folder / "link").string())));
  EXPECT_EQ(client.status(), 1) << client.output();
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  fs::remove_all(folder);
}

TEST(RoleperfInTheBackground, SaysWhatKeepsItFromServing) {
  const std::uint16_t port = free_port();
  Program first(words(fmt::format("{} -s -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  Program second(words(fmt::format("{} -s -D -p {}", ROLEPERF, port)));
  EXPECT_EQ(second.status(), 1);
  EXPECT_THAT(second.output(), HasSubstr("Address already in use"));
  Program third(words(fmt::format("{} -s -D -p {} --logfile /dev/null", ROLEPERF, port)));
  EXPECT_EQ(third.status(), 1);
  EXPECT_THAT(third.output(), HasSubstr("Address already in use"));
}

}  // namespace
}  // namespace rolecall::perf
