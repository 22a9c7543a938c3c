// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/process_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/net/process.h"

namespace rolecall {
namespace {

// An owner of children, itself a child of ours, whose children write to a pipe that we read: its
// end comes when the last of them is gone.
class ProcessGuardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    pipe_.reset(::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_TRUE(pipe_.is_open());
  }
  std::string path() const { return folder_.path() / "pipe"; }

  // An owner that has started a shell with `script` and then waits to be killed.
  pid_t owner_of(const char* script) {
    const pid_t owner = ::fork();
    if (owner != 0) return owner;
    pipe_.reset();
    const auto child = Child::start({"/bin/sh", {"-c", script}, {}, path(), "/dev/null"});
    for (;;) ::pause();
  }

  // What comes until `last` or, for none, until all writers are gone; nothing if that never is.
  std::optional<std::string> read_until(char last) {
    std::string text;
    while (text.empty() || text.back() != last) {
      pollfd p{pipe_.get(), POLLIN, 0};
      if (::poll(&p, 1, limit_.poll_ms()) != 1) return std::nullopt;
      char c = 0;
      if (::read(pipe_.get(), &c, 1) != 1) return text;
      text += c;
    }
    return text;
  }

  TemporaryFolder folder_ = TemporaryFolder::make().value();
  Fd pipe_;
  Deadline limit_ = Deadline::after(seconds(60));
};

TEST_F(ProcessGuardTest, WhatAScriptHasStartedEndsWhenItsOwnerIsKilled) {
  const pid_t owner = owner_of("sleep 1000 & echo $!; wait");
  const auto sleeper = read_until('\n');
  ASSERT_TRUE(sleeper.has_value());
  ::kill(owner, SIGKILL);
  const bool all_gone = read_until('\0').has_value();
  if (!all_gone) ::kill(std::stoi(*sleeper), SIGKILL);
  EXPECT_TRUE(all_gone) << "sleep lived on";
  EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
}

// The group's id may be somebody else's by then.
TEST_F(ProcessGuardTest, AGroupThatHasBeenReapedIsNotKilled) {
  const pid_t bystander = ::fork();
  if (bystander == 0) {
    ::setpgid(0, 0);
    for (;;) ::pause();
  }
  ::setpgid(bystander, bystander);
  const pid_t owner = ::fork();
  if (owner == 0) {
    const ProcessGuard& guard = ProcessGuard::instance();
    guard.watch(bystander);
    guard.forget(bystander);
    ::exit(0);  // waits for the guard
  }
  EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
  EXPECT_EQ(::waitpid(bystander, nullptr, WNOHANG), 0);
  ::kill(bystander, SIGKILL);
  EXPECT_EQ(::waitpid(bystander, nullptr, 0), bystander);
}

}  // namespace
}  // namespace rolecall
