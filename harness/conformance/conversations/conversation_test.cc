// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/conversation.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/conformance/conversations/mutate.h"
#include "harness/conformance/conversations/seeds.h"

namespace rolecall::conformance {
namespace {

using ::testing::HasSubstr;

class Whole : public ::testing::TestWithParam<Side> {};
INSTANTIATE_TEST_SUITE_P(Conversations, Whole, ::testing::Values(Side::Server, Side::Client),
                         [](const auto& side) { return std::string(name(side.param)); });

TEST_P(Whole, ReadsBackAsItIsPrinted) {
  for (const Conversation& conversation : whole_conversations(GetParam())) {
    const auto back = parse_conversation(print(conversation));
    ASSERT_TRUE(back.has_value()) << back.error().message();
    EXPECT_EQ(back.value(), conversation);
  }
}

TEST_P(Whole, BeginsWithTestsThatHaveTheRoleFlagToo) {
  const auto has_flag = [](const Conversation& conversation) {
    return print(conversation).find("role_flag") != std::string::npos;
  };
  EXPECT_GE(std::ranges::count_if(whole_conversations(GetParam()), has_flag), 2);
}

TEST_P(Whole, ReadsBackHoweverItWasChanged) {
  Random random(7);
  const auto all = whole_conversations(GetParam());
  for (int i = 0; i < 1000; ++i) {
    const Conversation changed = mutate(all[static_cast<std::size_t>(i) % all.size()], random);
    const auto back = parse_conversation(print(changed));
    ASSERT_TRUE(back.has_value()) << back.error().message();
    ASSERT_EQ(back.value(), changed);
  }
}

TEST_P(Whole, IsChangedAlikeByTheSameSeed) {
  const Conversation from = whole_conversations(GetParam()).front();
  Random one(3);
  Random same(3);
  Random other(4);
  const std::string changed = print(mutate(from, one));
  EXPECT_EQ(changed, print(mutate(from, same)));
  EXPECT_NE(changed, print(mutate(from, other)));
}

TEST(Conversation, HasBytesInQuotesAndCommentsBetweenSteps) {
  const auto steps = parse_conversation("# what it does\n\nsend 2 \"a b\\x00\\\"\"\n");
  ASSERT_FALSE(steps.has_value());  // a bare backslash is no byte
  const auto mended = parse_conversation("# what it does\n\nsend 2 \"a b\\x00\\x22\"\n");
  ASSERT_TRUE(mended.has_value());
  ASSERT_EQ(mended.value().size(), 1U);
  EXPECT_EQ(mended.value()[0].bytes, std::string("a b\0\"", 5));
  EXPECT_EQ(mended.value()[0].connection, 2);
}

class NoStep : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Lines, NoStep,
                         ::testing::Values("speak 0", "open", "open x", "open -1", "take 0",
                                           "take 0 -1", "take 0 1 more", "open 0x", "send 0",
                                           "send 0 abc", "send 0 \"abc", "send 0 \"\\x0\"",
                                           "send 0 \"\\xgg\"", "close 0 1"));

TEST_P(NoStep, IsRefusedWithItsLine) {
  const auto steps = parse_conversation(std::string("open 0\n") + GetParam());
  ASSERT_FALSE(steps.has_value());
  EXPECT_THAT(steps.error().message(), HasSubstr("line 2 is no step"));
}

}  // namespace
}  // namespace rolecall::conformance
