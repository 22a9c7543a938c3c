// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/process_pace.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/deadline.h"

namespace rolecall::scenario {
namespace {

using ::testing::HasSubstr;

TimePoint at_ms(std::int64_t ms) {
  return TimePoint{ms * 1'000'000};
}

const TimeSpan kSecond{at_ms(1000), at_ms(2000)};

TEST(ProcessPaceTest, WhoCouldRunIsNotHindered) {
  ProcessPace pace;
  pace.add({at_ms(900), Duration{}});
  pace.add({at_ms(2100), milliseconds(100)});
  EXPECT_EQ(pace.hindrance(kSecond, "the client"), std::nullopt);
}

TEST(ProcessPaceTest, WhoWasNeverSeenIsNotHindered) {
  EXPECT_EQ(ProcessPace().hindrance(kSecond, "the client"), std::nullopt);
}

TEST(ProcessPaceTest, WhoGotNoProcessorIsHindered) {
  ProcessPace pace;
  pace.add({at_ms(1000), milliseconds(5)});
  pace.add({at_ms(2000), milliseconds(985)});
  EXPECT_EQ(pace.hindrance(kSecond, "the client"),
            "the client was stopped for 0 and got no processor for 980 of 1000 ms");
}

TEST(ProcessPaceTest, WhatCameBeforeAndAfterDoesNotCount) {
  ProcessPace pace;
  pace.add({at_ms(0), Duration{}});
  pace.add({at_ms(1000), milliseconds(1000)});
  pace.add({at_ms(2000), milliseconds(1000)});
  pace.add({at_ms(3000), milliseconds(2000)});
  EXPECT_EQ(pace.hindrance(kSecond, "the client"), std::nullopt);
}

// The kernel's own figures of a process that SIGSTOP holds.
TEST(ProcessPaceTest, WhoWasStoppedIsHindered) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  ProcessPace pace;
  pace.look(child, at_ms(1000));
  pace.look(child, at_ms(2000));
  ::kill(child, SIGCONT);
  ::waitpid(child, &status, 0);
  EXPECT_THAT(pace.hindrance(kSecond, "the client").value_or("nothing"),
              HasSubstr("the client was stopped for 1000 and"));
}

}  // namespace
}  // namespace rolecall::scenario
