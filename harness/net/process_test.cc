// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/process.h"

#include <sys/wait.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "harness/base/files.h"

namespace rolecall {
namespace {

// ThreadSanitizer makes a fork() of vfork(): a child's failure stays its own, and what is held here
// is how its fork() behaves.
constexpr bool vfork_is_fork() {
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
  return true;
#endif
#endif
  return false;
}

class PeerProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (vfork_is_fork()) GTEST_SKIP() << "ThreadSanitizer replaces vfork()";
  }
  Result<Child> start(const std::filesystem::path& program) {
    return Child::start({program, {}, {}, "/dev/null", "/dev/null"});
  }
  TemporaryFolder folder_ = TemporaryFolder::make().value();
};

TEST_F(PeerProcessTest, AProgramThatCannotBeExecutedIsAnErrorAndLeavesNoZombie) {
  const auto path = folder_.path() / "no-program";
  ASSERT_TRUE(write_file(path, "neither a script nor a binary").has_value());
  const auto child = start(path);
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().sys_errno, EACCES);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), 0);  // the guard, which lives
}

// A child that is forked while another thread holds the allocator's lock would never get to its
// exec (seen under ASan, once in about 100 scenario runs with --jobs).
TEST_F(PeerProcessTest, ChildrenStartSideBySideWhileOthersAllocate) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([this] {
      for (size_t n = 1; n <= 50; ++n) {
        const std::vector<std::string> noise(100, std::string(n * 577, 'x'));
        auto child = start("/bin/true");
        ASSERT_TRUE(child.has_value());
        ASSERT_TRUE(child.value().wait(Deadline::after(seconds(60))).has_value());
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace rolecall
