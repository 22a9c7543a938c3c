// SPDX-License-Identifier: BSD-3-Clause
// Started with some of stdin, stdout and stderr closed, as by a careless parent, roleperf does what
// it does otherwise.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/perf/program.h"

namespace rolecall::perf {
namespace {

class WithClosed : public testing::TestWithParam<const char*> {
 protected:
  static Program::Words closed(const std::string& options) {
    return {"sh", "-c", fmt::format("exec {} {} {}", ROLEPERF, options, GetParam())};
  }

  static int client_status(std::uint16_t port, const std::string& options) {
    return Program(words(fmt::format("{} -c 127.0.0.1 -p {} {}", ROLEPERF, port, options)))
        .status();
  }
};

TEST_P(WithClosed, AServerServesReportsFailuresAndEndsOnASignal) {
  const std::uint16_t port = free_port();
  Program server(closed(fmt::format("-s -p {}", port)));
  ASSERT_TRUE(await_listener(port));
  EXPECT_EQ(client_status(port, "-n 64K -C no-such-algorithm"), 1);
  EXPECT_EQ(client_status(port, "-n 64K"), 0);
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.status(), 0);
}

TEST_P(WithClosed, AServerGoesIntoTheBackground) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // it becomes our child
  const std::uint16_t port = free_port();
  Program starter(closed(fmt::format("-s -1 -D -p {}", port)));
  ASSERT_EQ(starter.status(), 0);
  EXPECT_EQ(client_status(port, "-n 64K"), 0);
  EXPECT_GT(::waitpid(-1, nullptr, 0), 0);
}

TEST_P(WithClosed, AClientEndsAfterATestAndWithoutAServer) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  EXPECT_EQ(Program(closed(fmt::format("-c 127.0.0.1 -p {} -n 64K", port))).status(), 0);
  ASSERT_EQ(server.status(), 0);
  EXPECT_EQ(Program(closed(fmt::format("-c 127.0.0.1 -p {} -n 64K", port))).status(), 1);
}

INSTANTIATE_TEST_SUITE_P(Some, WithClosed,
                         testing::Values("<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"));

}  // namespace
}  // namespace rolecall::perf
