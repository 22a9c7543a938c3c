// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/link_log.h"

#include <gtest/gtest.h>

namespace rolecall::link {
namespace {

TimePoint at(std::int64_t ms) {
  return TimePoint{} + milliseconds(ms);
}

ConnectionLog stream(int number, std::int64_t syn_ms, std::int64_t cookie_ms) {
  ConnectionLog one;
  one.test = 1;
  one.number = number;
  one.first_seen[static_cast<std::size_t>(EventKind::Syn)] = at(syn_ms);
  one.first_seen[static_cast<std::size_t>(EventKind::CookieSent)] = at(cookie_ms);
  return one;
}

// PARAM_EXCHANGE and CREATE_STREAMS at 1 and 2 ms, TEST_START at 70, TEST_RUNNING at 71.
LinkLog two_streams() {
  LinkLog log;
  ConnectionLog control;
  control.role = ConnectionRole::Control;
  control.test = 1;
  control.server_messages = {at(1), at(2), at(70), at(71)};
  log.connections = {control, stream(1, 10, 30), stream(2, 40, 60)};
  return log;
}

TEST(LinkLogTest, SetUpEndsWithTheFirstMessageBehindTheLastCookie) {
  EXPECT_EQ(two_streams().set_up_time(), milliseconds(60));
}

TEST(LinkLogTest, ACookieThatNeverCameMeansNoSetUp) {
  LinkLog log = two_streams();
  log.connections.back().first_seen = {};
  EXPECT_EQ(log.set_up_time(), std::nullopt);
}

TEST(LinkLogTest, WithoutTestStartThereIsNoSetUp) {
  LinkLog log = two_streams();
  log.connections.front().server_messages.resize(2);
  EXPECT_EQ(log.set_up_time(), std::nullopt);
}

}  // namespace
}  // namespace rolecall::link
