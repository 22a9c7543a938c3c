// SPDX-License-Identifier: BSD-3-Clause
// Two sessions joined in memory: every role-flag mode of both ends, every direction, accept orders,
// version skew. What must come out is computed from the modes alone.
#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/session/in_memory_pair.h"

namespace rolecall::session {
namespace {

using testing::Each;
using testing::Truly;
using wire::Direction;

ClientConfig client_config(FlagMode mode, Direction direction, int parallel, int level = 2) {
  ClientConfig config;
  config.mode = mode;
  config.level = level;
  config.parameters.direction = direction;
  config.parameters.parallel = parallel;
  return config;
}

ServerConfig server_config(FlagMode mode, int level = 2) {
  ServerConfig config;
  config.mode = mode;
  config.level = level;
  if (mode == FlagMode::Off) config.bind_roles = BindRoles::Accept;
  return config;
}

bool announces(FlagMode client) {
  return client == FlagMode::Auto || client == FlagMode::Cookie || client == FlagMode::Require;
}

bool answers(FlagMode server) {
  return server == FlagMode::Auto || server == FlagMode::Require;
}

// Whether the modes get a test to its end at all, by the rules of the role flag. To a server that
// waits for payload, the bytes of an unread preamble are some.
bool completes(FlagMode client, FlagMode server, bool bidir) {
  if (bidir && client == FlagMode::Force && server != FlagMode::Off) {
    return server == FlagMode::Force;
  }
  if (client == FlagMode::Require && !answers(server)) return false;
  if (server == FlagMode::Require && !announces(client)) return false;
  if (server == FlagMode::Force) return client == FlagMode::Force;
  return true;
}

struct Modes {
  FlagMode client;
  FlagMode server;
};

std::string mode_name(FlagMode mode) {
  constexpr const char* kNames[] = {"Auto", "Cookie", "Off", "Require", "Force"};
  return kNames[static_cast<std::size_t>(mode)];
}

void PrintTo(const Modes& modes, std::ostream* out) {
  *out << mode_name(modes.client) << " client, " << mode_name(modes.server) << " server";
}

// Whether the server learns each connection's number, or at least its role.
bool fixes_identity(const Modes& m) {
  const bool in_cookie = m.client == FlagMode::Cookie && m.server == FlagMode::Cookie;
  return in_cookie || (announces(m.client) && answers(m.server));
}
bool completes(const Modes& m) {
  return completes(m.client, m.server, true);
}
// By the flag or by payload.
bool finds_roles(const Modes& m) {
  return fixes_identity(m) || (m.server != FlagMode::Off && completes(m));
}

std::vector<Modes> pairs_where(bool (*rule)(const Modes&)) {
  constexpr std::array kModes = {FlagMode::Auto, FlagMode::Cookie, FlagMode::Off, FlagMode::Require,
                                 FlagMode::Force};
  std::vector<Modes> pairs;
  for (const FlagMode client : kModes) {
    for (const FlagMode server : kModes) {
      if (rule({client, server})) pairs.push_back({client, server});
    }
  }
  return pairs;
}

// One pairing of modes, run with every shape: direction, P, accept order, segmentation.
class EveryPair : public testing::TestWithParam<Modes> {
 protected:
  struct Run {
    Direction direction;
    int streams;
    bool completed;
    int paired;
    int identified;
    std::size_t mistaken;
  };

  static Run run(Direction direction, int parallel, bool reversed, bool byte_by_byte) {
    const auto config = client_config(GetParam().client, direction, parallel);
    InMemoryPair pair(config, server_config(GetParam().server));
    std::vector<int> order(static_cast<std::size_t>(config.parameters.stream_count()));
    std::iota(order.begin(), order.end(), 1);
    if (reversed) std::ranges::reverse(order);
    const int streams = static_cast<int>(order.size());
    pair.accept_order(std::move(order));
    if (byte_by_byte) pair.deliver_byte_by_byte();
    pair.run();
    return {direction,
            streams,
            pair.both_completed(),
            pair.paired_rightly(),
            pair.identified_rightly(),
            pair.mistaken_for_payload()};
  }

  // One pairing's runs serve every rule of it.
  static const std::vector<Run>& every_shape() {
    static std::map<std::pair<FlagMode, FlagMode>, std::vector<Run>> known;
    std::vector<Run>& runs = known[{GetParam().client, GetParam().server}];
    if (runs.empty()) runs = run_every_shape();
    return runs;
  }

  static std::vector<Run> run_every_shape() {
    std::vector<Run> runs;
    for (const auto direction :
         {Direction::Forward, Direction::Reverse, Direction::Bidirectional}) {
      for (const int parallel : {1, 2, 4}) {
        for (const bool reversed : {false, true}) {
          runs.push_back(run(direction, parallel, reversed, false));
          runs.push_back(run(direction, parallel, reversed, true));
        }
      }
    }
    return runs;
  }
};

std::string pair_name(const testing::TestParamInfo<Modes>& info) {
  return mode_name(info.param.client) + "ClientWith" + mode_name(info.param.server) + "Server";
}

TEST_P(EveryPair, CompletesExactlyWhereTheModesFit) {
  EXPECT_THAT(every_shape(), Each(Truly([](const Run& r) {
                const bool bidir = r.direction == Direction::Bidirectional;
                return r.completed == completes(GetParam().client, GetParam().server, bidir);
              })));
}
INSTANTIATE_TEST_SUITE_P(All, EveryPair,
                         testing::ValuesIn(pairs_where([](const Modes&) { return true; })),
                         pair_name);

class PairWithRoles : public EveryPair {};
TEST_P(PairWithRoles, GivesEveryConnectionOppositeRolesInAnyOrder) {
  EXPECT_THAT(every_shape(), Each(Truly([](const Run& r) { return r.paired == r.streams; })));
}
INSTANTIATE_TEST_SUITE_P(All, PairWithRoles, testing::ValuesIn(pairs_where(finds_roles)),
                         pair_name);

// By the flag or by the client's results.
bool finds_identity(const Modes& m) {
  return fixes_identity(m) ||
         (m.server != FlagMode::Off && m.server != FlagMode::Force && completes(m));
}
class PairWithIdentity : public EveryPair {};
TEST_P(PairWithIdentity, GivesEveryConnectionItsNumberInAnyOrder) {
  EXPECT_THAT(every_shape(), Each(Truly([](const Run& r) { return r.identified == r.streams; })));
}
INSTANTIATE_TEST_SUITE_P(All, PairWithIdentity, testing::ValuesIn(pairs_where(finds_identity)),
                         pair_name);

class PairThatCompletes : public EveryPair {};
TEST_P(PairThatCompletes, LeavesNoByteOfAHeaderForPayloadUnlessTheClientForces) {
  const bool unread = GetParam().client == FlagMode::Force && GetParam().server != FlagMode::Force;
  EXPECT_THAT(every_shape(), Each(Truly([&](const Run& r) {
                return r.mistaken == (unread ? static_cast<std::size_t>(r.streams) : 0U);
              })));
}
INSTANTIATE_TEST_SUITE_P(All, PairThatCompletes, testing::ValuesIn(pairs_where(completes)),
                         pair_name);

InMemoryPair joined(ClientConfig client, ServerConfig server, std::vector<int> order = {}) {
  InMemoryPair pair(std::move(client), server);
  pair.accept_order(std::move(order));
  pair.run();
  return pair;
}

TEST(LegacyPairTest, OrderTwoOneMispairsBothConnections) {
  const auto pair = joined(client_config(FlagMode::Off, Direction::Bidirectional, 1),
                           server_config(FlagMode::Off), {2, 1});
  EXPECT_EQ(pair.paired_rightly(), 0);
}

TEST(LegacyPairTest, OrderOneThreeTwoFourMispairsTheMiddle) {
  const auto pair = joined(client_config(FlagMode::Off, Direction::Bidirectional, 2),
                           server_config(FlagMode::Off), {1, 3, 2, 4});
  EXPECT_EQ(pair.paired_rightly(), 2);
}

TEST(LegacyPairTest, OrderTwoOneSwapsIdentityWithoutBidir) {
  const auto pair = joined(client_config(FlagMode::Off, Direction::Forward, 2),
                           server_config(FlagMode::Off), {2, 1});
  EXPECT_EQ(pair.paired_rightly(), 2);
  EXPECT_EQ(pair.identified_rightly(), 0);
}

TEST(VersionSkewTest, TwoAnnouncedToALevelOneServerAgreesOnOne) {
  const auto pair = joined(client_config(FlagMode::Auto, Direction::Bidirectional, 2, 2),
                           server_config(FlagMode::Auto, 1), {4, 3, 2, 1});
  EXPECT_TRUE(pair.both_completed());
  EXPECT_EQ(pair.paired_rightly(), 4);
}

TEST(VersionSkewTest, OneAnnouncedToALevelTwoServerAgreesOnOne) {
  auto pair = joined(client_config(FlagMode::Auto, Direction::Bidirectional, 2, 1),
                     server_config(FlagMode::Auto, 2), {4, 3, 2, 1});
  EXPECT_TRUE(pair.both_completed());
  EXPECT_EQ(pair.client().flag(), Flag::Level1);
  EXPECT_EQ(pair.server().flag(), Flag::Level1);
  EXPECT_EQ(pair.paired_rightly(), 4);
}

TEST(CookieModeTest, AServerOfCookieModeAnswersNoAnnouncement) {
  auto pair = joined(client_config(FlagMode::Cookie, Direction::Bidirectional, 2),
                     server_config(FlagMode::Cookie), {4, 3, 2, 1});
  EXPECT_TRUE(pair.both_completed());
  EXPECT_EQ(pair.client().flag(), Flag::Cookie);
  EXPECT_EQ(pair.server().flag(), Flag::Cookie);
}

TEST(VersionSkewTest, CookieModeAndLevelOneSayTheSame) {
  const auto pair = joined(client_config(FlagMode::Cookie, Direction::Bidirectional, 2, 1),
                           server_config(FlagMode::Auto, 2), {3, 4, 1, 2});
  EXPECT_TRUE(pair.both_completed());
  EXPECT_EQ(pair.paired_rightly(), 4);
}

TEST(RefusalTest, ARequiringServerNamesItsRuleToItsLegacyClient) {
  const auto pair =
      joined(client_config(FlagMode::Off, Direction::Forward, 1), server_config(FlagMode::Require));
  ASSERT_TRUE(pair.client_failure());
  EXPECT_EQ(pair.client_failure()->number, wire::kErrorUnimplemented);
  EXPECT_TRUE(pair.client_failure()->by_peer);
}

TEST(RefusalTest, ARequiringClientNamesItsRule) {
  const auto pair =
      joined(client_config(FlagMode::Require, Direction::Forward, 1), server_config(FlagMode::Off));
  ASSERT_TRUE(pair.client_failure());
  EXPECT_THAT(pair.client_failure()->error.what, testing::StartsWith("--role-flag=require"));
}

TEST(RefusalTest, ManyStreamsRunWithLevelTwoOnly) {
  const auto with = joined(client_config(FlagMode::Auto, Direction::Bidirectional, 300),
                           server_config(FlagMode::Auto));
  EXPECT_TRUE(with.both_completed());
  const auto without = joined(client_config(FlagMode::Auto, Direction::Bidirectional, 300, 1),
                              server_config(FlagMode::Auto));
  ASSERT_TRUE(without.client_failure());
  EXPECT_EQ(without.client_failure()->number, wire::kErrorStreamCount);
}

TEST(RefusalTest, AForcingServerWaitsForTheByteAndThenEndsTheTest) {
  auto pair =
      joined(client_config(FlagMode::Off, Direction::Forward, 1), server_config(FlagMode::Force));
  EXPECT_FALSE(pair.client_finished());
  ASSERT_TRUE(pair.pass_time());
  pair.run();
  ASSERT_TRUE(pair.server_failure());
  EXPECT_EQ(pair.server_failure()->number, wire::kErrorMessage);
  EXPECT_LE(pair.now() - TimePoint{0}, seconds(10));
}

}  // namespace
}  // namespace rolecall::session
