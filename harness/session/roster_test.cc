// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/roster.h"

#include <gtest/gtest.h>

namespace rolecall::session {
namespace {

using wire::Role;
using wire::StreamTag;

wire::Parameters bidir(int parallel) {
  wire::Parameters p;
  p.direction = wire::Direction::Bidirectional;
  p.parallel = parallel;
  return p;
}

StreamTag tag(Role role, int number) {
  return {role, static_cast<std::uint16_t>(number - 1)};
}

Role role_of(const Roster& roster, ConnectionId connection) {
  for (const BoundStream& s : roster.streams()) {
    if (s.connection == connection) return *s.role;
  }
  return Role::Sender;
}

int number_of(const Roster& roster, ConnectionId connection) {
  for (const BoundStream& s : roster.streams()) {
    if (s.connection == connection) return s.number;
  }
  return 0;
}

TEST(RosterTest, WithoutAFlagTheFirstAcceptedReceives) {  // the bug
  Roster roster(bidir(1), Flag::None);
  ASSERT_TRUE(roster.place(2, std::nullopt, 1));
  ASSERT_TRUE(roster.place(1, std::nullopt, 2));
  EXPECT_EQ(role_of(roster, 2), Role::Receiver);
  EXPECT_EQ(role_of(roster, 1), Role::Sender);
}

TEST(RosterTest, LevelOneGivesTheOppositeOfTheClientsRole) {
  Roster roster(bidir(1), Flag::Level1);
  ASSERT_TRUE(roster.place(2, StreamTag{Role::Receiver, {}}, 1));
  ASSERT_TRUE(roster.place(1, StreamTag{Role::Sender, {}}, 2));
  EXPECT_EQ(role_of(roster, 2), Role::Sender);
  EXPECT_EQ(role_of(roster, 1), Role::Receiver);
}

TEST(RosterTest, LevelOneNumbersEachRoleByAcceptOrderWhosesoeverHeaderCameFirst) {
  Roster roster(bidir(2), Flag::Level1);
  ASSERT_TRUE(roster.place(13, StreamTag{Role::Receiver, {}}, 3));
  ASSERT_TRUE(roster.place(14, StreamTag{Role::Sender, {}}, 4));
  ASSERT_TRUE(roster.place(11, StreamTag{Role::Receiver, {}}, 1));
  ASSERT_TRUE(roster.place(12, StreamTag{Role::Sender, {}}, 2));
  EXPECT_EQ(number_of(roster, 12), 1);
  EXPECT_EQ(number_of(roster, 14), 2);
  EXPECT_EQ(number_of(roster, 11), 3);
  EXPECT_EQ(number_of(roster, 13), 4);
}

TEST(RosterTest, LevelTwoGivesTheNumberToo) {
  Roster roster(bidir(2), Flag::Level2);
  int accepted = 0;
  for (const int number : {4, 2, 1, 3}) {
    const Role role = number <= 2 ? Role::Sender : Role::Receiver;
    ASSERT_TRUE(roster.place(static_cast<ConnectionId>(number), tag(role, number), ++accepted));
  }
  for (const int number : {1, 2, 3, 4})
    EXPECT_EQ(number_of(roster, static_cast<ConnectionId>(number)), number);
}

TEST(RosterTest, IdsSkipTwo) {
  Roster roster(bidir(1), Flag::None);
  ASSERT_TRUE(roster.place(1, std::nullopt, 1));
  ASSERT_TRUE(roster.place(2, std::nullopt, 2));
  EXPECT_EQ(roster.streams()[0].id, 1);
  EXPECT_EQ(roster.streams()[1].id, 3);
}

std::string refusal(Flag flag, const std::vector<StreamTag>& tags) {
  Roster roster(bidir(2), flag);
  int accepted = 0;
  for (const StreamTag& t : tags) {
    ++accepted;
    const auto id = static_cast<ConnectionId>(accepted);
    if (auto placed = roster.place(id, t, accepted); !placed) return placed.error().what;
  }
  return "";
}

TEST(RosterTest, MoreOfOneRoleThanTheTestHasIsRefused) {
  const StreamTag sender{Role::Sender, {}};
  EXPECT_EQ(refusal(Flag::Level1, {sender, sender, sender}),
            "stream connection 3 in accept order says that the client is sender, but all such "
            "streams of the test are there");
}

TEST(RosterTest, AnIndexThatIsTakenIsRefused) {
  EXPECT_EQ(refusal(Flag::Level2, {tag(Role::Sender, 1), tag(Role::Sender, 1)}),
            "stream connection 2 in accept order says that it is number 1, which is there already");
}

TEST(RosterTest, AnIndexOutOfRangeIsRefused) {
  EXPECT_EQ(refusal(Flag::Cookie, {tag(Role::Receiver, 5)}),
            "stream connection 1 in accept order says that it is number 5, but the test has 4");
}

TEST(RosterTest, AnIndexOfTheOtherRoleIsRefused) {
  EXPECT_EQ(refusal(Flag::Level2, {tag(Role::Sender, 3)}),
            "stream connection 1 in accept order says that it is number 3 and that the client is "
            "sender there, but it is receiver");
}

}  // namespace
}  // namespace rolecall::session
