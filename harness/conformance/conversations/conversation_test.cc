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

// What comes of it as text and back.
Conversation there_and_back(const Conversation& conversation) {
  Conversation back;
  for (const Step& step : conversation) {
    const auto read = parse_step(print(step));
    EXPECT_TRUE(read.has_value()) << read.error().message();
    if (read) back.push_back(read.value());
  }
  return back;
}

class Whole : public ::testing::TestWithParam<Side> {};
INSTANTIATE_TEST_SUITE_P(Conversations, Whole, ::testing::Values(Side::Server, Side::Client),
                         [](const auto& side) { return std::string(name(side.param)); });

TEST_P(Whole, ReadsBackAsItIsPrinted) {
  for (const Conversation& conversation : whole_conversations(GetParam()))
    EXPECT_EQ(there_and_back(conversation), conversation);
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
    ASSERT_EQ(there_and_back(changed), changed);
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

TEST(Step, HasBytesInQuotes) {
  const auto step = parse_step("send 2 \"a b\\x00\\x22\"");
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step.value().bytes, std::string("a b\0\"", 5));
  EXPECT_EQ(step.value().connection, 2);
}

class NoStep : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Lines, NoStep,
                         ::testing::Values("speak 0", "open", "open x", "open -1", "take 0",
                                           "take 0 -1", "take 0 1 more", "open 0x", "send 0",
                                           "send 0 abc", "send 0 \"abc", "send 0 \"\\x0\"",
                                           "send 0 \"\\xgg\"", "send 0 \"\\\"", "close 0 1", "",
                                           "open\n0", "take 0 1\nopen 1"));

TEST_P(NoStep, IsRefused) {
  const auto step = parse_step(GetParam());
  ASSERT_FALSE(step.has_value());
  EXPECT_THAT(step.error().message(), HasSubstr("this is no step: "));
}

}  // namespace
}  // namespace rolecall::conformance
