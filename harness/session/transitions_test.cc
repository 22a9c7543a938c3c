// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/transitions.h"

#include <gtest/gtest.h>

namespace rolecall::session {
namespace {

std::byte byte_of(State state) {
  return wire::encode_state(state);
}

TEST(TransitionsTest, ARowIsAllowed) {
  EXPECT_EQ(next_state(State::CreateStreams, End::Server, byte_of(State::TestStart)).value(),
            State::TestStart);
}

TEST(TransitionsTest, WhatIsNoRowIsOutOfOrderAndNamesBothStates) {
  const auto next = next_state(State::ParamExchange, End::Server, byte_of(State::TestRunning));
  ASSERT_TRUE(next.has_error());
  EXPECT_EQ(next.error().code, Errc::OutOfOrder);
  EXPECT_EQ(next.error().what,
            "the server sent TEST_RUNNING (2), which may not follow PARAM_EXCHANGE");
}

TEST(TransitionsTest, ARowOfOneEndIsNoneOfTheOther) {
  EXPECT_TRUE(next_state(State::TestRunning, End::Client, byte_of(State::TestEnd)).has_value());
  EXPECT_TRUE(next_state(State::TestRunning, End::Server, byte_of(State::TestEnd)).has_error());
}

TEST(TransitionsTest, AnUnknownByteIsMalformedEverywhere) {
  for (const Transition& t : kTransitions) {
    EXPECT_EQ(next_state(t.from, t.sender, std::byte{42}).error().code, Errc::Malformed);
  }
}

TEST(TransitionsTest, AFarewellMayComeAtAnyTime) {
  for (const Transition& t : kTransitions) {
    EXPECT_TRUE(next_state(t.from, End::Server, byte_of(State::ServerError)).has_value());
    EXPECT_TRUE(next_state(t.from, End::Client, byte_of(State::IperfDone)).has_value());
  }
}

TEST(TransitionsTest, ServerParametersComesOnceAndBeforeCreateStreams) {
  const std::byte again = byte_of(State::ServerParameters);
  EXPECT_TRUE(next_state(State::ParamExchange, End::Server, again).has_value());
  EXPECT_TRUE(next_state(State::ServerParameters, End::Server, again).has_error());
  EXPECT_TRUE(next_state(State::CreateStreams, End::Server, again).has_error());
}

}  // namespace
}  // namespace rolecall::session
