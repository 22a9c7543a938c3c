// SPDX-License-Identifier: BSD-3-Clause
// Crowds at the door of a roleperf server: a thousand connections at once, before, during and after
// a test, harm neither that test nor the next one.
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/server_fixture.h"

namespace rolecall::perf {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using wire::State;

constexpr int kCrowd = 1000;

// Room for the crowd on this side, whatever the shell allows.
void raise_descriptor_limit() {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_GT(limit.rlim_cur, 2U * kCrowd);
}

// The server has far fewer descriptors than the crowd has heads.
class RoleperfStrangers : public RoleperfServer {
 protected:
  RoleperfStrangers() : RoleperfServer("", "ulimit -n 256;") { raise_descriptor_limit(); }
};

TEST_F(RoleperfStrangers, AClientInFrontOfAThousandIsServed) {
  std::optional<RawTest> test;
  std::vector<RawConnection> strangers;
  at_once([&] {
    test.emplace(port_).control.send(RawTest::kCookie);
    strangers = crowd(kCrowd);
  });
  ASSERT_EQ(test->control.receive(1), byte(State::ParamExchange));
  test->control.send(frame(test->parameters));
  EXPECT_EQ(test->control.receive(1), byte(State::CreateStreams));
}

TEST_F(RoleperfStrangers, AClientBehindAThousandIsServed) {
  std::optional<RawTest> test;
  std::vector<RawConnection> strangers;
  at_once([&] {
    strangers = crowd(kCrowd);
    test.emplace(port_);
  });
  EXPECT_TRUE(test->complete());
}

TEST_F(RoleperfStrangers, AClientAmongAThousandThatSayHalfACookieIsServed) {
  std::vector<RawConnection> strangers;
  at_once([&] {
    strangers = crowd(kCrowd);
    for (RawConnection& stranger : strangers) stranger.send(RawTest::kCookie.substr(0, 18));
  });
  EXPECT_TRUE(serves());
}

TEST_F(RoleperfStrangers, WhoWaitsForTheNextTestIsNotPushedOutByAThousand) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::DisplayResults));
  RawTest next(port_);
  next.control.send(RawTest::kCookie);
  const auto strangers = crowd(kCrowd);
  EXPECT_TRUE(test.complete());
  EXPECT_EQ(next.control.receive(1), byte(State::ParamExchange));
}

TEST_F(RoleperfStrangers, AStreamInFrontOfAThousandIsTaken) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  std::vector<RawConnection> strangers;
  at_once([&] {
    test.open_stream();
    strangers = crowd(kCrowd);
  });
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfStrangers, AStreamBehindAThousandIsTaken) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  std::vector<RawConnection> strangers;
  at_once([&] {
    strangers = crowd(kCrowd);
    test.open_stream();
  });
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfStrangers, AThousandDuringATestAreAllTurnedAwayAndTheTestIsUnharmed) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  std::vector<RawConnection> strangers;
  at_once([&] { strangers = crowd(kCrowd); });
  for (RawConnection& stranger : strangers) EXPECT_EQ(stranger.receive(1), kDenied);
  EXPECT_TRUE(test.complete());
  EXPECT_THAT(test.server_results, HasSubstr(R"("bytes":1000,)"));
}

TEST_F(RoleperfStrangers, AThousandThatTalkDuringATestAreAllTurnedAway) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  std::vector<RawConnection> strangers;
  at_once([&] {
    strangers = crowd(kCrowd);
    for (RawConnection& stranger : strangers) stranger.send("GET / HTTP/1.1\r\n\r\n");
  });
  for (RawConnection& stranger : strangers) EXPECT_TRUE(stranger.ends());
  EXPECT_TRUE(test.complete());
}

// --- who is silent with a cookie

TEST_F(RoleperfStrangers, AClientThatSendsNoParametersKeepsNobodyWaiting) {
  RawTest mute(port_);
  ASSERT_TRUE(mute.reach(Phase::ParamExchange));
  RawTest next(port_);
  ASSERT_TRUE(next.reach(Phase::CreateStreams));
  EXPECT_EQ(mute.control.receive(1), kDenied);
  EXPECT_TRUE(next.complete());
}

TEST_F(RoleperfStrangers, AThousandWithCookiesKeepNobodyWaiting) {
  std::vector<RawConnection> strangers;
  at_once([&] {
    strangers = crowd(kCrowd);
    for (RawConnection& stranger : strangers) stranger.send(RawTest::kCookie);
  });
  RawTest next(port_);
  ASSERT_TRUE(next.reach(Phase::CreateStreams));
  EXPECT_EQ(strangers.back().receive(2), byte(State::ParamExchange) + kDenied);
  EXPECT_TRUE(next.complete());
}

TEST_F(RoleperfStrangers, TheFirstWhoSaysWhatTestItWantsHasIt) {
  RawTest first(port_);
  RawTest second(port_);
  ASSERT_TRUE(first.reach(Phase::ParamExchange));
  ASSERT_TRUE(second.reach(Phase::ParamExchange));
  ASSERT_TRUE(second.reach(Phase::CreateStreams));
  EXPECT_EQ(first.control.receive(1), kDenied);
  EXPECT_TRUE(second.complete());
}

}  // namespace
}  // namespace rolecall::perf
