// SPDX-License-Identifier: BSD-3-Clause
// With a shell in the program's place.
#include "harness/conformance/program_under_test.h"

#include <gmock/gmock.h>

#include "harness/base/files.h"
#include "harness/conformance/time_line.h"

namespace rolecall::conformance {
namespace {

TEST(ProgramUnderTest, AtRestItHasDoneWhatItHadToDo) {
  const auto folder = TemporaryFolder::make().value();
  TimeLine line;
  const std::string counts = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done";
  const auto program = ProgramUnderTest::start({"/bin/sh", "-c", counts + "; exec sleep 100"}, {},
                                               folder.path(), line);
  ASSERT_TRUE(program.has_value());
  program.value().await_rest(seconds(120));
  EXPECT_EQ(program.value().output(), "done\n");
}

TEST(ProgramUnderTest, WhoNeverRestsIsWaitedForUntilTheLimit) {
  const auto folder = TemporaryFolder::make().value();
  TimeLine line;
  const auto program =
      ProgramUnderTest::start({"/bin/sh", "-c", "while :; do :; done"}, {}, folder.path(), line);
  ASSERT_TRUE(program.has_value());
  const TimePoint begin = now();
  program.value().await_rest(milliseconds(50));
  EXPECT_GE(now() - begin, milliseconds(50));
}

}  // namespace
}  // namespace rolecall::conformance
