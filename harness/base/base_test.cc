// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/shell_word.h"

namespace rolecall {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

Result<int> half(int n) {
  if (n % 2 != 0) return Error{Errc::Malformed, "half(odd)"};
  return n / 2;
}

Result<int> quarter(int n) {
  TRY(auto h, half(n));
  return half(h);
}

TEST(ShellWordTest, IsQuotedOnlyWhereAShellWouldReadItOtherwise) {
  EXPECT_EQ(shell_word("scenarios/a-b_1.json"), "scenarios/a-b_1.json");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
}

TEST(FdTest, ClosesWhatItOwnsWhenItDies) {
  const int raw = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  { const Fd fd(raw); }
  EXPECT_FALSE(is_open(raw));
}

TEST(FdTest, MovingLeavesOneOwner) {
  Fd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int raw = a.get();
  Fd b(std::move(a));
  EXPECT_EQ(b.get(), raw);
  EXPECT_TRUE(is_open(raw));
}

TEST(FdDeathTest, ADoubleCloseIsOurBug) {
  EXPECT_DEATH(
      {
        const int raw = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        Fd fd(raw);
        ::close(raw);
        fd.reset();
      },
      "CHECK failed");
}

TEST(ResultTest, TryPassesTheErrorUp) {
  ASSERT_TRUE(quarter(6).has_error());
  EXPECT_EQ(quarter(6).error().code, Errc::Malformed);
  EXPECT_EQ(quarter(8).value(), 2);
}

TEST(ResultDeathTest, AskingAnErrorForItsValueAborts) {
  EXPECT_DEATH({ (void)half(1).value(); }, "result holds a value");
}

TEST(ErrorTest, MessageEndsWithTheSystemsText) {
  const Error e{Errc::System, "connect(127.0.0.1:5201)", ECONNREFUSED};
  EXPECT_EQ(e.message(), "connect(127.0.0.1:5201): Connection refused");
}

TEST(BytesTest, IntegersAreBigEndian) {
  Bytes b;
  append_be32(b, 0x01020304);
  EXPECT_EQ(b[0], std::byte{1});
  EXPECT_EQ(be32(b), 0x01020304U);
  EXPECT_EQ(be16(b, 2), 0x0304U);
}

TEST(DeadlineTest, NothingRemainsOfAPastDeadline) {
  const Deadline d(now() + milliseconds(-5));
  EXPECT_TRUE(d.expired());
  EXPECT_EQ(d.poll_ms(), 0);
}

}  // namespace
}  // namespace rolecall
