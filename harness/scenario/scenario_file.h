// SPDX-License-Identifier: BSD-3-Clause
// A scenario: one claim about a pair of peers, read from one JSON file whose name says the claim.
// scenarios/schema.json holds the same rules for editors; a test compares the two.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/conformance/conversations/conversation.h"
#include "harness/scenario/test_shape.h"
#include "harness/scenario/verdict_kind.h"
#include "harness/schedule/pairing.h"
#include "harness/schedule/schedule.h"

namespace rolecall::scenario {

// How a schedule is imposed. Swap acts above the accept queue, Defer and Link below it.
enum class Lever { Swap, Defer, Link };

const char* name(Lever lever);  // "swap", "defer", "link"
std::optional<Lever> lever_named(std::string_view name);
constexpr bool acts_above_queue(Lever lever) {
  return lever == Lever::Swap;
}

// One end: a peer; or a conversation, which is no program; or any program that one is had with.
struct PeerSpec {
  // "legacy" (iperf3), "flagged" (roleperf), or the name of a peer given with --peer.
  std::string peer;
  std::vector<std::string> args;  // on top of what the runner sets: -s -1 / -c, -p, -J
  bool has_retrofit = false;      // client: under the preload library that adds the stream barrier
  conformance::Conversation conversation = {};
  std::vector<std::string> command = {};  // with {port}; of a client {host} and {options}, too
};

// What is to come out of a run: a verdict under the realised schedule, or "not realisable": the
// peers' own ordering makes the schedule impossible, and the test completes.
struct Outcome {
  VerdictKind verdict = VerdictKind::Completed;
  bool is_realisable = true;
  bool operator==(const Outcome&) const = default;
};
inline constexpr Outcome kNotRealisable = {VerdictKind::Completed, false};

// "deadlock", "not realisable".
const char* name(const Outcome& outcome);

// Which outcome is to come, by where the lever acts. Absent: not claimed there.
struct Expectation {
  std::optional<Outcome> above;
  std::optional<Outcome> below;
  std::string client_says{};  // also stands in what the client prints then; empty: no claim
  VerdictKind of_conversation = VerdictKind::Completed;  // where there is one, and nothing else

  // Of a scenario whose own schedule is natural, where no lever acts.
  Outcome in_natural_order() const { return above.value_or(below.value_or(Outcome{})); }
  std::optional<Outcome> under(Lever lever) const {
    return acts_above_queue(lever) ? above : below;
  }
};

// What the link between the peers is like, where the lever is Link.
struct LinkShape {
  int mtu = 1500;
  Duration delay{};         // one way
  double loss_percent = 0;  // at random, each way
  std::uint64_t seed = 1;   // run i takes seed + i
  std::optional<Duration> hold_limit;
  // Of both kernels, where they can set it (Linux 6.11): how soon they send again at the earliest.
  std::optional<Duration> shortest_timer;
  // A TCP-terminating proxy beside the client; the connections of the schedule are those that it
  // makes to the server.
  bool has_proxy = false;
};

// The same peers and arguments in natural order, with no lever.
struct Control {
  int repeat = 1;  // 0: there is none
  VerdictKind expect = VerdictKind::Completed;
};

struct Scenario {
  std::string name;  // the file's, without folder and ".json": also the folder of its evidence
  std::filesystem::path path;  // empty when it was not read from a file
  std::string claim;
  std::vector<std::string> why;
  std::string address = "127.0.0.1";  // where the server is reached: this, or "::1"
  PeerSpec server;
  PeerSpec client;
  Schedule schedule;
  std::vector<Lever> levers = {Lever::Swap};  // those it may be imposed with, best first
  Expectation expect;                         // of the runs under the schedule
  // Verdicts that are no surprise either, of the runs under the schedule.
  std::vector<VerdictKind> also_expected;
  int repeat = 1;
  Control control;
  LinkShape link;
  Duration limit = seconds(60);  // of one run; then it is stuck

  // What the client's arguments say of the test.
  TestShape shape;
  TestShape server_shape;  // of the server's, for --role-flag

  // One end is no program, but steps: no schedule, lever, link or shape of a test has a meaning
  // then, and the control is a plain test.
  bool has_conversation() const {
    return !client.conversation.empty() || !server.conversation.empty();
  }
  int connections() const { return connection_count(shape.mode, shape.streams); }
};

// Reads and checks a scenario. Errors: System when it cannot be read; Malformed for a syntax error
// or a wrong type, Config for an unknown key or value, each with file:line and, for an unknown
// word, the nearest known one.
Result<Scenario> load_scenario(const std::filesystem::path& path);
// The same from text; `path` names it in errors and gives the scenario its name.
Result<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& path);

// The scenario files that `path` names: itself, or the *.json of a folder, schema.json left out, in
// the order of their names. System when there is nothing.
Result<std::vector<std::filesystem::path>> find_scenarios(const std::filesystem::path& path);

}  // namespace rolecall::scenario
