// SPDX-License-Identifier: BSD-3-Clause
// What a receiver with -F writes into a pipe that its reader leaves full.
#include "harness/perf/disk_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

namespace rolecall::perf {
namespace {

constexpr std::size_t kPipeBytes = std::size_t{64} << 10;

class PipeTest : public testing::Test {
 protected:
  PipeTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    reader_ = Fd(ends[0]);
    file_ = {Fd(ends[1]), "pipe"};
    EXPECT_EQ(::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(kPipeBytes)),
              static_cast<int>(kPipeBytes));
  }

  Fd reader_;
  DiskFile file_;
  std::optional<Deadline> limit_;
};

TEST_F(PipeTest, WhatFindsRoomIsWrittenAfterTheLimitToo) {
  limit_ = Deadline(now());
  EXPECT_TRUE(write_whole(file_, Bytes(kPipeBytes), Fd(), limit_).has_value());
}

// Part of it is taken, and that gives the rest no time of its own.
TEST_F(PipeTest, NobodyIsWaitedForAfterTheLimit) {
  limit_ = Deadline(now());
  const auto written = write_whole(file_, Bytes(kPipeBytes + 1), Fd(), limit_);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::Timeout);
}

// Set by whoever has to wait first, it holds for the next, of another stream say.
TEST_F(PipeTest, TheLimitBeginsWhenTheTestIsOverAndDoesNotBeginAgain) {
  std::array<int, 2> told{};
  ASSERT_EQ(::pipe2(told.data(), O_CLOEXEC), 0);
  const Fd wake(told[0]);
  Fd(told[1]).reset();  // an end can be read: what the worker sees once it is told to stop
  EXPECT_TRUE(write_whole(file_, Bytes(kPipeBytes), wake, limit_).has_value());
  EXPECT_FALSE(limit_.has_value()) << "nobody had to wait";
  EXPECT_FALSE(write_whole(file_, Bytes(1), wake, limit_).has_value());
  ASSERT_TRUE(limit_.has_value());
  const TimePoint at = limit_->at();
  EXPECT_FALSE(write_whole(file_, Bytes(1), wake, limit_).has_value());
  EXPECT_EQ(limit_->at(), at);
}

}  // namespace
}  // namespace rolecall::perf
