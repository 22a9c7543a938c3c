// SPDX-License-Identifier: BSD-3-Clause
// With a shell in the program's place.
#include "harness/conformance/silence.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "harness/base/files.h"
#include "harness/conformance/program_under_test.h"

namespace rolecall::conformance {
namespace {

const std::string kWorks = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; ";
const std::string kSleeps = "; exec sleep 100";

class SilenceTest : public testing::Test {
 protected:
  void run(const std::string& script) {
    auto program = ProgramUnderTest::start({"/bin/sh", "-c", script}, {}, folder_.path(), line_);
    ASSERT_TRUE(program.has_value());
    program_.emplace(std::move(program).value());
  }

  TemporaryFolder folder_ = TemporaryFolder::make().value();
  TimeLine line_{seconds(120)};
  std::optional<ProgramUnderTest> program_;
};

TEST_F(SilenceTest, AtRestAProgramHasDoneWhatItHadToDo) {
  run(kWorks + "echo done" + kSleeps);
  await_rest(line_);
  EXPECT_EQ(program_->output(), "done\n");
}

TEST_F(SilenceTest, WhoNeverRestsIsWaitedForUntilTheLimit) {
  line_ = TimeLine(milliseconds(50));
  run("while :; do :; done");
  const TimePoint begin = now();
  await_rest(line_);
  EXPECT_GE(now() - begin, milliseconds(50));
}

// What the program says comes through a pipe.
class PipedSilenceTest : public SilenceTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkfifo(pipe_.c_str(), 0600), 0);
    end_ = Fd(::open(pipe_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

  const std::string pipe_ = (folder_.path() / "pipe").string();
  Fd end_;
};

TEST_F(PipedSilenceTest, WhoWorksLongerThanTheSpanMayStillAnswer) {
  run(kWorks + "echo answer >" + pipe_ + kSleeps);
  EXPECT_FALSE(is_silent(end_, milliseconds(1), line_));
}

TEST_F(PipedSilenceTest, WhoRestsWithoutAWordIsSilent) {
  run(kWorks + "true" + kSleeps);
  EXPECT_TRUE(is_silent(end_, milliseconds(1), line_));
}

TEST_F(PipedSilenceTest, OfSomebodyElsesProgramTheSpanDecides) {
  EXPECT_TRUE(is_silent(end_, milliseconds(1), line_));
}

}  // namespace
}  // namespace rolecall::conformance
