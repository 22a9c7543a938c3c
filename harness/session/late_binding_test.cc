// SPDX-License-Identifier: BSD-3-Clause
// Roles by payload: the rules one by one, then a legacy client with a server that binds late, over
// every accept order.
#include "harness/session/late_binding.h"

#include <algorithm>
#include <numeric>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/session/in_memory_pair.h"

namespace rolecall::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::Role;

constexpr TimePoint kStart{0};
constexpr Duration kRtt = milliseconds(1);

std::vector<ConnectionId> numbers(const LateBinding& binding) {
  std::vector<ConnectionId> by_number;
  for (const BoundStream& stream : binding.streams()) by_number.push_back(stream.connection);
  return by_number;
}

std::vector<int> ids(const LateBinding& binding) {
  std::vector<int> all;
  for (const BoundStream& stream : binding.streams()) all.push_back(stream.id);
  return all;
}

LateBinding binding(const std::vector<ConnectionId>& accepted, bool some_may_stay_silent = false) {
  return {accepted, some_may_stay_silent};
}

TEST(LateBindingTest, WhereThePayloadComesTheClientSends) {
  LateBinding b = binding({2, 1});
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart));
  ASSERT_TRUE(b.is_settled());
  EXPECT_EQ(b.streams()[0].role, Role::Receiver);
  EXPECT_EQ(b.streams()[0].connection, 1U);
}

TEST(LateBindingTest, NumbersAndIdsGoByRole) {
  LateBinding b = binding({3, 2, 4, 1});
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart));
  ASSERT_TRUE(b.on_payload(2, kRtt, kStart));
  EXPECT_THAT(numbers(b), ElementsAre(2, 1, 3, 4));
  EXPECT_THAT(ids(b), ElementsAre(1, 3, 4, 5));
}

TEST(LateBindingTest, PayloadThatComesAgainTellsNothingNew) {
  LateBinding b = binding({3, 2, 4, 1});
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart));
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart));
  EXPECT_FALSE(b.is_settled());
}

TEST(LateBindingTest, PayloadOnMoreThanPIsRefused) {
  LateBinding b = binding({1, 2});
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart));
  const auto refused = b.on_payload(2, kRtt, kStart);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("stream connection 2 in accept order"));
}

TEST(LateBindingTest, PayloadWhereTheClientWasTakenToReceiveIsRefused) {
  LateBinding b = binding({1, 2}, true);
  b.assume_the_rest();
  EXPECT_FALSE(b.on_payload(2, kRtt, kStart));
}

TEST(LateBindingTest, ADurationTestWaitsWithoutAClock) {
  LateBinding b = binding({1, 2, 3, 4});
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart));
  EXPECT_EQ(b.assume_at(), std::nullopt);
}

TEST(LateBindingTest, AGoalWaitsAHundredMillisecondsAfterTheFirstPayload) {
  LateBinding b = binding({1, 2, 3, 4}, true);
  EXPECT_EQ(b.assume_at(), std::nullopt);
  ASSERT_TRUE(b.on_payload(1, kRtt, kStart + milliseconds(7)));
  EXPECT_EQ(b.assume_at(), kStart + milliseconds(107));
}

TEST(LateBindingTest, AGoalWaitsFourRoundTripsWhereTheyAreLonger) {
  LateBinding b = binding({1, 2, 3, 4}, true);
  ASSERT_TRUE(b.on_payload(1, milliseconds(50), kStart));
  EXPECT_EQ(b.assume_at(), kStart + milliseconds(200));
}

TEST(LateBindingTest, TheRestIsAssumedByAcceptOrder) {
  LateBinding b = binding({4, 3, 2, 1}, true);
  ASSERT_TRUE(b.on_payload(2, kRtt, kStart));
  b.assume_the_rest();
  EXPECT_TRUE(b.is_assumed());
  EXPECT_THAT(numbers(b), ElementsAre(4, 2, 3, 1));
}

// --- both ends

enum class Goal { Time, Bytes, Blocks };

ClientConfig legacy_bidir(int parallel, Goal goal) {
  ClientConfig config;
  config.mode = FlagMode::Off;
  config.parameters.direction = wire::Direction::Bidirectional;
  config.parameters.parallel = parallel;
  if (goal != Goal::Time) config.parameters.time_s = 0;
  if (goal == Goal::Bytes) config.parameters.bytes = 65536;
  if (goal == Goal::Blocks) config.parameters.blocks = 8;
  return config;
}

InMemoryPair paired(int parallel, Goal goal, std::vector<int> order = {}) {
  InMemoryPair pair(legacy_bidir(parallel, goal), ServerConfig{});
  pair.accept_order(std::move(order));
  return pair;
}

struct Shape {
  int parallel;
  Goal goal;
};
void PrintTo(const Shape& shape, std::ostream* out) {
  *out << "P = " << shape.parallel << ", goal " << static_cast<int>(shape.goal);
}

class EveryAcceptOrder : public testing::TestWithParam<Shape> {
 protected:
  // What is wrong with a test whose streams are accepted in this order.
  static std::string fault(const std::vector<int>& order) {
    auto pair = paired(GetParam().parallel, GetParam().goal, order);
    pair.run();
    const int streams = static_cast<int>(order.size());
    if (!pair.both_completed()) return "does not complete";
    if (pair.roles_by() != RolesBy::Payload) return "roles are not by payload";
    if (pair.paired_rightly() != streams) return "roles are not opposite";
    if (pair.identified_rightly() != streams) return "numbers are wrong";
    if (!std::ranges::all_of(pair.bound(), &BoundStream::is_identified))
      return "numbers are a guess";
    return "";
  }
};

// Of all (2P)! orders; a third pair of streams costs 720 tests, so with one goal only.
TEST_P(EveryAcceptOrder, GivesEveryConnectionItsRoleAndNumber) {
  std::vector<int> order(static_cast<std::size_t>(2 * GetParam().parallel));
  std::iota(order.begin(), order.end(), 1);
  std::vector<std::string> faults;
  do {
    if (auto what = fault(order); !what.empty()) {
      faults.push_back(fmt::format("{}: {}", fmt::join(order, ","), what));
    }
  } while (std::ranges::next_permutation(order).found);
  EXPECT_THAT(faults, ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(Of, EveryAcceptOrder,
                         testing::Values(Shape{1, Goal::Time}, Shape{1, Goal::Bytes},
                                         Shape{1, Goal::Blocks}, Shape{2, Goal::Time},
                                         Shape{2, Goal::Bytes}, Shape{2, Goal::Blocks},
                                         Shape{3, Goal::Time}));

TEST(LatePairTest, ATestWhoseClientSendsOnFewerIsAssumedWhenTheTimeIsOver) {
  auto pair = paired(2, Goal::Bytes);
  pair.send_on(1);
  pair.keep_running();
  pair.run();
  EXPECT_EQ(pair.roles_by(), RolesBy::Open);
  ASSERT_TRUE(pair.pass_time());
  pair.run();
  EXPECT_EQ(pair.now(), kStart + milliseconds(100));
  EXPECT_EQ(pair.roles_by(), RolesBy::Assumed);
  EXPECT_EQ(pair.paired_rightly(), 4);
}

TEST(LatePairTest, ATestThatEndsBeforeIsAssumedAtItsEnd) {
  auto pair = paired(2, Goal::Bytes, {3, 4, 1, 2});
  pair.send_on(1);
  pair.run();
  EXPECT_TRUE(pair.both_completed());
  EXPECT_EQ(pair.roles_by(), RolesBy::Assumed);
  EXPECT_EQ(pair.bound()[1].connection, 1U) << "the one with payload is no guess";
}

TEST(LatePairTest, ATestThatIsOverInTimeKeepsWaiting) {
  auto pair = paired(2, Goal::Time);
  pair.send_on(1);
  pair.keep_running();
  pair.run();
  ASSERT_TRUE(pair.pass_time());  // the limit of the whole test
  EXPECT_GT(pair.now(), kStart + seconds(10));
}

TEST(LatePairTest, OfOneStreamEachTheRolesTellIdentityToo) {
  auto pair = paired(1, Goal::Time, {2, 1});
  pair.run();
  EXPECT_EQ(pair.identity_by(), IdentityBy::Single);
}

TEST(LatePairTest, AServerThatBindsByAcceptOrderIsALegacyServer) {
  ServerConfig config;
  config.bind_roles = BindRoles::Accept;
  InMemoryPair pair(legacy_bidir(1, Goal::Time), config);
  pair.accept_order({2, 1});
  pair.run();
  EXPECT_EQ(pair.roles_by(), RolesBy::AcceptOrder);
  EXPECT_EQ(pair.paired_rightly(), 0);
}

TEST(LatePairTest, AnUnreadPreambleIsPayloadOnTooManyStreams) {
  auto config = legacy_bidir(1, Goal::Time);
  config.mode = FlagMode::Force;
  InMemoryPair pair(config, ServerConfig{});
  pair.run();
  ASSERT_TRUE(pair.server_failure());
  EXPECT_EQ(pair.server_failure()->number, wire::kErrorMessage);
}

}  // namespace
}  // namespace rolecall::session
