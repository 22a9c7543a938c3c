// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/fixes.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "harness/scenario/made_scenario.h"
#include "harness/scenario/matrix.h"
#include "harness/scenario/peer.h"

namespace rolecall::scenario {
namespace {

constexpr int kManyEachWay = 64;  // 128 streams
constexpr int kRunsACell = 3;
// On such a path roleperf's auto takes the role barrier for two streams: two round trips a stream
// come to more than a second.
constexpr Duration kLongPath = milliseconds(130);
constexpr Duration kHoldOnLongPath = seconds(3);  // connections take a while there
constexpr Duration kRunLimit = seconds(60);
// On such a path kUnequalStreams would take minutes. 513 blocks of 128 KiB cannot be halved.
constexpr const char* kOddGoal = "67239936";

constexpr Duration kSetUpDelay{kSetUpRoundTrip.ns / 2};
constexpr std::array kQuestions = {
    Question{"legacy-server", "legacy peer", "server", Subject::LegacyServer, Mode::Bidir, 1, {}},
    Question{"legacy-client", "legacy peer", "client", Subject::LegacyClient, Mode::Bidir, 1, {}},
    Question{"roles", "roles", "", Subject::Roles, Mode::Bidir, 1, Lever::Link},
    Question{"identity", "identity", "forward", Subject::Identity, Mode::Forward, 2, Lever::Link},
    Question{"identity-R", "identity", "-R", Subject::Identity, Mode::Reverse, 2, Lever::Link},
    Question{"roles-above", "roles above", "", Subject::Roles, Mode::Bidir, 1, Lever::Swap},
    Question{"identity-above", "identity above", "forward", Subject::Identity, Mode::Forward, 2,
             Lever::Swap},
    Question{"identity-R-above", "identity above", "-R", Subject::Identity, Mode::Reverse, 2,
             Lever::Swap},
    Question{"set-up-1", "RTTs, 1 stream", "", Subject::SetUp, Mode::Forward, 1, Lever::Link,
             kSetUpDelay},
    Question{"set-up-128", "RTTs, 128", "", Subject::SetUp, Mode::Bidir, kManyEachWay, Lever::Link,
             kSetUpDelay},
    Question{"set-up-128-without-delay", "RTTs, 128", "", Subject::SetUp, Mode::Bidir, kManyEachWay,
             Lever::Link},
};

bool is_asked(const Fix& fix, const Question& question) {
  if (fix.path != Duration{} && question.lever == Lever::Swap) return false;
  const bool is_bare = question.subject == Subject::SetUp && question.delay == Duration{};
  return !is_bare || fix.most_round_trips;
}

bool asks_under_an_order(const Question& question) {
  return question.subject == Subject::Roles || question.subject == Subject::Identity;
}

// What the adverse order is to come to.
Outcome declared(const Fix& fix, const Question& question) {
  const bool is_of_roles = question.subject == Subject::Roles;
  const bool is_held =
      fix.barrier == Barrier::BeforeEach || (fix.barrier == Barrier::BetweenRoles && is_of_roles);
  if (is_held && !acts_above_queue(*question.lever)) return kNotRealisable;
  if (is_of_roles ? fix.tells_roles : fix.identity != Identity::AcceptOrder) return {};
  return {is_of_roles ? VerdictKind::Deadlock : VerdictKind::Misattributed};
}

// Verdicts beside the declared one. What the test of a set-up comes to is not asked: so many
// streams may change places by themselves.
std::vector<VerdictKind> declared_too(const Fix& fix, const Question& question) {
  if (question.subject == Subject::SetUp) return {kAllVerdicts.begin(), kAllVerdicts.end()};
  if (question.subject == Subject::Identity && question.mode == Mode::Reverse &&
      fix.identity == Identity::Figures)
    return {VerdictKind::Misattributed};
  return {};
}

std::vector<std::string> test_of(const Fix& fix, const Question& question) {
  std::vector<std::string> words = {"-i", "0.5"};
  const auto add = [&](std::vector<std::string> more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  if (question.mode == Mode::Bidir) add({"--bidir"});
  if (question.mode == Mode::Reverse) add({"-R"});
  if (question.streams > 1) add({"-P", std::to_string(question.streams)});
  if (question.subject != Subject::Identity || question.mode != Mode::Forward) {
    add({"-t", "1"});
  } else if (fix.path == Duration{}) {
    add({kUnequalStreams.begin(), kUnequalStreams.end()});
  } else {
    add({"-n", kOddGoal});
  }
  return words;
}

// "role flag, level 1" -> "role-flag-level-1"
std::string slug(std::string name) {
  std::erase(name, ',');
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

// Where the two are: under the lever of the question, on a path as the fix or the question has it.
void put_in_place(Scenario& s, const Fix& fix, const Question& question) {
  s.levers.clear();
  s.link.delay = question.delay;
  if (question.lever) s.levers.push_back(*question.lever);
  if (fix.path == Duration{} || question.subject == Subject::SetUp) return;
  s.levers = {Lever::Link};
  s.link.delay = fix.path;
  s.link.hold_limit = kHoldOnLongPath;
}

Scenario ask(const Fix& fix, const Question& question) {
  Scenario s;
  s.name = fmt::format("{}.{}", slug(fix.name), question.name);
  s.claim = fmt::format("what \"{}\" comes to, asked for {}", fix.name, question.column);
  s.why = {"A cell of the table of fixes: its claim is declared in advance."};
  const PeerSpec legacy{kLegacyPeer, {}};
  s.client = question.subject == Subject::LegacyClient ? legacy : fix.client;
  s.server = question.subject == Subject::LegacyServer ? legacy : fix.server;
  const auto words = test_of(fix, question);
  s.client.args.insert(s.client.args.end(), words.begin(), words.end());
  read_own_arguments(s);
  put_in_place(s, fix, question);
  s.expect = {.above = Outcome{}, .below = Outcome{}};
  if (asks_under_an_order(question)) {
    s.schedule.accept = adverse_order(question.mode, question.streams);
    const Outcome outcome = declared(fix, question);
    s.expect = {.above = outcome, .below = outcome};
  }
  s.also_expected = declared_too(fix, question);
  const bool is_of_set_up = question.subject == Subject::SetUp;
  s.repeat = is_of_set_up && !fix.most_round_trips ? 1 : kRunsACell;
  s.control.repeat = 0;
  s.limit = kRunLimit;
  return s;
}

}  // namespace

std::vector<Fix> known_fixes(const std::string& preloaded) {
  const PeerSpec old{kLegacyPeer, {}};
  const PeerSpec released{kReleasedFix, {}};
  const PeerSpec retrofit{preloaded, {}, true};
  const auto flagged = [](std::vector<std::string> args) {
    return PeerSpec{kFlaggedPeer, std::move(args)};
  };
  const PeerSpec ordered = flagged({"--role-flag", "off", "--stream-connect", "ordered"});
  const PeerSpec automatic = flagged({"--role-flag", "off", "--stream-connect", "auto"});
  const PeerSpec late = flagged({"--role-flag", "off", "--bind-roles", "late"});
  const PeerSpec level_1 = flagged({"--role-flag-level", "1"});
  const PeerSpec level_2 = flagged({});
  const PeerSpec cookie = flagged({"--role-flag", "cookie"});
  constexpr int kAtOnce = 3;
  return {
      {"none", "-", "0", old, old},
      {"the fix of 3.22", "-", "released", released, released},
      {.name = "ordered, role barrier",
       .on_the_wire = "-",
       .lines = "60",
       .client = automatic,
       .server = old,
       .barrier = Barrier::BetweenRoles,
       .path = kLongPath},
      {"ordered, stream barrier", "-", "60", ordered, old, Barrier::BeforeEach},
      {"the same by preload", "-", "0", retrofit, old, Barrier::BeforeEach},
      {"late binding", "-", "250", old, late, Barrier::None, true, Identity::Figures},
      {.name = "role flag, level 1",
       .on_the_wire = "parameter, reply, 1 byte a stream",
       .lines = "120",
       .client = level_1,
       .server = level_1,
       .tells_roles = true,
       .most_round_trips = kAtOnce},
      {.name = "role flag, level 2",
       .on_the_wire = "parameter, reply, 3 bytes a stream",
       .lines = "150",
       .client = level_2,
       .server = level_2,
       .tells_roles = true,
       .identity = Identity::Told,
       .most_round_trips = kAtOnce},
      // Nobody answers it, so its client connects in order.
      {"flag in the cookie", "parameter, 3 bytes of each cookie", "60", cookie, cookie,
       Barrier::BeforeEach, true, Identity::Told},
  };
}

std::vector<FixCell> fix_cells(const std::vector<Fix>& fixes) {
  std::vector<FixCell> cells;
  for (std::size_t i = 0; i < fixes.size(); ++i)
    for (const Question& question : kQuestions)
      if (is_asked(fixes[i], question)) cells.push_back({i, question, ask(fixes[i], question)});
  return cells;
}

bool keeps_its_bound(const Fix& fix, Duration took, Duration bare) {
  return !fix.most_round_trips || took.ns <= *fix.most_round_trips * kSetUpRoundTrip.ns + bare.ns;
}

}  // namespace rolecall::scenario
