// SPDX-License-Identifier: BSD-3-Clause
// rolecall fixes: what each known fix of the race settles and what it costs, measured here and now.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/report/table.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"
#include "harness/scenario/made_scenario.h"
#include "harness/scenario/matrix.h"

namespace rolecall::cli {
namespace {

using report::Cell;
using report::Tone;
using scenario::Lever;
using scenario::PeerSpec;
using scenario::Realised;
using scenario::RunResult;
using scenario::Scenario;
using scenario::ScenarioResult;
using scenario::VerdictKind;

constexpr Duration kOneWay = milliseconds(25);
constexpr int kManyStreams = 128;
constexpr char kOddGoal[] = "67239936";  // 513 blocks of 128 KiB
constexpr int kRunsACell = 3;            // of those that say yes or no

struct Fix {
  const char* name;
  const char* on_the_wire;
  PeerSpec client;
  PeerSpec server;
  // The same fix with a peer that has none.
  PeerSpec legacy_client;
  PeerSpec legacy_server;
  const char* lines;  // that a patch to iperf3 would need: an estimate, by what it took here
};

std::vector<Fix> fixes(const std::string& newest) {
  const PeerSpec old{"legacy", {}};
  const PeerSpec fixed{newest, {}};
  PeerSpec retrofit{newest, {}};
  retrofit.has_retrofit = true;
  const auto flagged = [](std::vector<std::string> args) {
    return PeerSpec{"flagged", std::move(args)};
  };
  const PeerSpec ordered = flagged({"--role-flag", "off", "--stream-connect", "ordered"});
  const PeerSpec late = flagged({"--role-flag", "off", "--bind-roles", "late"});
  const PeerSpec level_1 = flagged({"--role-flag-level", "1"});
  const PeerSpec level_2 = flagged({});
  const PeerSpec cookie = flagged({"--role-flag", "cookie"});
  return {
      {"none", "-", old, old, old, old, "0"},
      {"the fix of 3.22", "-", fixed, fixed, old, old, "released"},
      {"ordered connect", "-", ordered, old, ordered, old, "60"},
      {"the same by preload", "-", retrofit, fixed, retrofit, old, "0"},
      {"late binding", "-", old, late, old, late, "250"},
      {"role flag, level 1", "1 byte a stream", level_1, level_1, level_1, old, "120"},
      {"role flag, level 2", "3 bytes a stream", level_2, level_2, level_2, old, "150"},
      {"flag in the cookie", "-", cookie, cookie, cookie, old, "60"},
  };
}

// The questions of one fix, each a scenario of its own.
enum Question { Legacy, RolesBelow, IdentityBelow, RolesAbove, IdentityAbove, SetUp1, SetUpMany };
constexpr std::array kQuestions = {Legacy,        RolesBelow, IdentityBelow, RolesAbove,
                                   IdentityAbove, SetUp1,     SetUpMany};

Scenario ask(const Fix& fix, std::size_t index, Question question) {
  Scenario s;
  s.name = fmt::format("fix-{}-{}", index, static_cast<int>(question));
  s.claim = fix.name;
  s.why = {"One cell of the table of fixes."};
  s.client = question == Legacy ? fix.legacy_client : fix.client;
  s.server = question == Legacy ? fix.legacy_server : fix.server;
  s.client.args.insert(s.client.args.end(), {"-i", "0.5"});
  const bool is_bidir = question == Legacy || question == RolesBelow || question == RolesAbove;
  const bool is_of_identity = question == IdentityBelow || question == IdentityAbove;
  if (is_bidir) s.client.args.emplace_back("--bidir");
  if (is_of_identity) s.client.args.insert(s.client.args.end(), {"-P", "2"});
  // An odd number of blocks makes two streams that both carry the same next to impossible: equal
  // figures would not tell which is whose.
  const char* goal = is_of_identity ? "-n" : "-t";
  s.client.args.insert(s.client.args.end(), {goal, is_of_identity ? kOddGoal : "1"});
  if (question == SetUpMany)
    s.client.args.insert(s.client.args.end(), {"-P", std::to_string(kManyStreams)});
  scenario::read_own_arguments(s);
  const bool is_on_link = question == RolesBelow || question == IdentityBelow ||
                          question == SetUp1 || question == SetUpMany;
  s.levers = {is_on_link ? Lever::Link : Lever::Swap};
  if (question == SetUp1 || question == SetUpMany) s.link.delay = kOneWay;
  if (question != Legacy && question != SetUp1 && question != SetUpMany)
    s.schedule.accept = scenario::adverse_order(s.shape.mode, s.shape.streams);
  if (question == Legacy) s.levers.clear();
  s.expect = {.above = scenario::Outcome{}, .below = scenario::Outcome{}};
  s.repeat = question == SetUp1 || question == SetUpMany ? 1 : kRunsACell;
  s.control.repeat = 0;
  s.limit = seconds(60);
  return s;
}

// Right when every test completed: under the order, or because no order could be brought about. An
// order that was neither shows nothing.
Cell right(const std::vector<RunResult>& runs) {
  for (const RunResult& run : runs) {
    if (run.realised == Realised::No) return {"? (order not imposed)", Tone::Bad};
    if (run.verdict.kind != VerdictKind::Completed)
      return {fmt::format("no: {}", name(run.verdict.kind)), Tone::Bad};
  }
  return {"yes", Tone::Good};
}

Cell round_trips(const RunResult& run) {
  if (!run.set_up) return {fmt::format("? ({})", name(run.verdict.kind)), Tone::Bad};
  const double trips = run.set_up->in_seconds() / (2 * kOneWay.in_seconds());
  return {fmt::format("{:.1f} ({:.2f} s)", trips, run.set_up->in_seconds())};
}

Result<int> run(const CommonOptions& options) {
  TRY(auto stage, Stage::open(options));
  const auto newest = stage.peers().get("iperf3-3.22") ? std::string("iperf3-3.22") : "legacy";
  const std::vector<Fix> all = fixes(newest);
  std::vector<Scenario> scenarios;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const Question question : kQuestions) scenarios.push_back(ask(all[i], i, question));
  TRY(auto results, stage.run(scenarios, std::nullopt));

  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto answer = [&](Question q) -> const std::vector<RunResult>& {
      return results[i * kQuestions.size() + static_cast<std::size_t>(q)].runs;
    };
    rows.push_back({{all[i].name},
                    {all[i].on_the_wire},
                    right(answer(Legacy)),
                    right(answer(RolesBelow)),
                    right(answer(IdentityBelow)),
                    right(answer(RolesAbove)),
                    right(answer(IdentityAbove)),
                    round_trips(answer(SetUp1).front()),
                    round_trips(answer(SetUpMany).front()),
                    {all[i].lines}});
  }
  std::string text = report::table({{"fix"},
                                    {"on the wire"},
                                    {"legacy peer"},
                                    {"roles"},
                                    {"identity"},
                                    {"roles above"},
                                    {"identity above"},
                                    {"RTTs, 1 stream"},
                                    {"RTTs, 128"},
                                    {"lines"}},
                                   rows, stage.style());
  text += fmt::format(
      "\nroles: --bidir on the link, in the adverse order of the queue; identity: -P 2, the same. "
      "above: the\nsame orders above the queue, by swap. Of {} runs each, the first that is not "
      "right. RTTs: from the first\nstream's SYN to TEST_START at {} ms round trip. on the wire: "
      "by "
      "definition; lines: what a patch to iperf3\nwould need, an estimate; all else is measured by "
      "this run.\n",
      kRunsACell, 2 * kOneWay.in_ms());
  // The table is the answer: a fix that does not settle something is no failure of the run.
  for (ScenarioResult& result : results) {
    result.as_expected = true;
    for (RunResult& one : result.runs) one.as_expected = true;
  }
  return stage.report(std::move(results), text, "rolecall fixes");
}

}  // namespace

void add_fixes_command(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<CommonOptions>();
  CLI::App* command =
      app.add_subcommand("fixes", "what each known fix of the race settles, and what it costs");
  add_common_options(*command, *options);
  command->callback([options, &exit_status] {
    auto status = run(*options);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace rolecall::cli
