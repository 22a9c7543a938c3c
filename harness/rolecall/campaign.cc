// SPDX-License-Identifier: BSD-3-Clause
// rolecall campaign: how often random loss alone mispairs the streams of a bidir test. No order is
// imposed: many short tests on a link that loses packets by a seed, a legacy pair beside a flagged
// one.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/report/results.h"
#include "harness/report/table.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"
#include "harness/scenario/made_scenario.h"
#include "harness/scenario/peer.h"

namespace rolecall::cli {
namespace {

using report::Cell;
using report::Tone;
using scenario::Lever;
using scenario::RunResult;
using scenario::Scenario;
using scenario::ScenarioResult;
using scenario::VerdictKind;

struct CampaignCommand {
  CommonOptions common;
  int tests = 1000;
  double loss_percent = 5;
  int seed = 1;
  std::string legacy = "iperf3-3.22";
};

// By time, not by a goal: where a state of the control connection is lost, one end begins to send
// 200 ms before the other, reaches a small goal alone, and ends a test that is rightly paired with
// nothing delivered the other way.
const std::vector<std::string> kArguments = {"--bidir", "-t", "1", "-l", "4K", "-b", "1M"};
constexpr Duration kLimit = seconds(60);  // of one test: every packet may be lost several times

// Loss may end a test in a clear error: a connection that timed out, a preamble that did not come
// in time. A legacy pair is here to be watched, so nothing is declared of it.
std::vector<VerdictKind> also_expected(const std::string& peer, double loss_percent) {
  if (peer == scenario::kFlaggedPeer && loss_percent == 0) return {};
  if (peer == scenario::kFlaggedPeer) return {VerdictKind::Refused};
  return {scenario::kAllVerdicts.begin(), scenario::kAllVerdicts.end()};
}

Scenario scenario_of(const std::string& peer, const CampaignCommand& command) {
  Scenario s;
  s.name = "campaign-" + peer;
  s.claim = "no connection is mispaired by random loss";
  s.why = {"One test of a campaign: the link loses packets at random, by a seed."};
  s.server.peer = s.client.peer = peer;
  s.client.args = kArguments;
  scenario::read_own_arguments(s);
  s.levers = {Lever::Link};
  s.expect.below = scenario::Outcome{};
  s.also_expected = also_expected(peer, command.loss_percent);
  s.repeat = command.tests;
  s.control.repeat = 0;  // each pair is the other's control
  s.link.loss_percent = command.loss_percent;
  s.link.seed = static_cast<std::uint64_t>(command.seed);
  s.limit = kLimit;
  return s;
}

bool is_mispaired(const RunResult& run) {
  if (run.verdict.kind == VerdictKind::Deadlock || run.verdict.kind == VerdictKind::PartialDeadlock)
    return true;
  return std::any_of(run.connections.begin(), run.connections.end(), [](const auto& c) {
    return c.client_sends && c.server_sends && *c.client_sends == *c.server_sends;
  });
}

std::string numbers_of(const std::vector<RunResult>& runs) {
  std::string text;
  for (const RunResult& run : runs)
    if (is_mispaired(run)) text += fmt::format("{}{}", text.empty() ? "" : ",", run.index);
  return text.empty() ? "-" : text;
}

std::size_t count(const std::vector<RunResult>& runs, VerdictKind kind) {
  return static_cast<std::size_t>(
      std::ranges::count(runs, kind, [](const RunResult& r) { return r.verdict.kind; }));
}

// Those that some test came to.
std::vector<VerdictKind> verdicts_of(const std::vector<ScenarioResult>& results) {
  std::vector<VerdictKind> kinds;
  for (const VerdictKind kind : scenario::kAllVerdicts)
    if (std::ranges::any_of(results,
                            [&](const ScenarioResult& r) { return count(r.runs, kind) > 0; }))
      kinds.push_back(kind);
  return kinds;
}

std::vector<Cell> row(const ScenarioResult& result, const std::vector<VerdictKind>& kinds) {
  const auto& runs = result.runs;
  std::vector<Cell> cells = {{runs.front().client_peer}, {std::to_string(runs.size())}};
  for (const VerdictKind kind : kinds) cells.push_back({std::to_string(count(runs, kind))});
  const auto mispaired = std::ranges::count_if(runs, is_mispaired);
  cells.push_back({std::to_string(mispaired), mispaired == 0 ? Tone::Good : Tone::Bad});
  cells.push_back({numbers_of(runs)});
  return cells;
}

std::string campaign_table(const CampaignCommand& command,
                           const std::vector<ScenarioResult>& results, const report::Style& style) {
  using report::Align;
  const auto kinds = verdicts_of(results);
  std::vector<report::Column> columns = {{"client and server"}, {"tests", Align::Right}};
  for (const VerdictKind kind : kinds) columns.push_back({name(kind), Align::Right});
  columns.push_back({"mispaired", Align::Right});
  columns.push_back({"mispaired tests"});
  std::vector<std::vector<Cell>> rows;
  for (const ScenarioResult& result : results) rows.push_back(row(result, kinds));
  return fmt::format("{} % of the packets lost at random each way, seed {}; {}\n\n",
                     command.loss_percent, command.seed, fmt::join(kArguments, " ")) +
         report::table(columns, rows, style) +
         fmt::format("\nTest i loses its packets by seed {} + i; alone: --tests 1 --seed {} + i\n",
                     command.seed, command.seed - 1);
}

// What each mispaired test was, and how it is run again.
std::string mispaired_tests(const std::vector<ScenarioResult>& results) {
  std::string text;
  for (const ScenarioResult& result : results)
    for (const RunResult& run : result.runs)
      if (is_mispaired(run))
        text += fmt::format("\n{}, test {}: {}: {}\n  evidence: {}\n  again: {}\n", run.client_peer,
                            run.index, name(run.verdict.kind), run.verdict.reason,
                            run.evidence.string(), run.replay);
  return text;
}

// A flagged pair may never be mispaired, whatever its test came to. One that counted nothing within
// its second is counted as that, and not held against it; but where none of its tests completed,
// that says nothing.
void judge(ScenarioResult& flagged) {
  for (RunResult& run : flagged.runs)
    run.as_expected =
        !is_mispaired(run) && (run.as_expected || run.verdict.kind == VerdictKind::Inconclusive);
  if (count(flagged.runs, VerdictKind::Completed) == 0)
    for (RunResult& run : flagged.runs) run.as_expected = false;
  flagged.as_expected = std::ranges::all_of(flagged.runs, &RunResult::as_expected);
}

Result<int> run(const CampaignCommand& command) {
  if (command.legacy == scenario::kFlaggedPeer)
    return Error{Errc::Config,
                 "--legacy flagged: the flagged pair is run beside the legacy one anyway; name a "
                 "peer without the flag"};
  TRY(auto stage, Stage::open(command.common));
  TRY(stage.require_link());
  TRY(auto results, stage.run({scenario_of(command.legacy, command),
                               scenario_of(scenario::kFlaggedPeer, command)},
                              std::nullopt));
  judge(results.back());
  stage.keep_evidence_of(results,
                         [](const RunResult& r) { return is_mispaired(r) || !r.as_expected; });
  const std::string text = campaign_table(command, results, stage.style()) +
                           mispaired_tests(results) + report::surprises(results, stage.style());
  return stage.report(std::move(results), text, "rolecall campaign");
}

}  // namespace

void add_campaign_command(CLI::App& app, int& exit_status) {
  auto command = std::make_shared<CampaignCommand>();
  CLI::App* campaign = app.add_subcommand(
      "campaign", "how often random loss alone mispairs a legacy pair, and a flagged one");
  campaign->add_option("--tests", command->tests, "tests of each pair")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  campaign->add_option("--loss", command->loss_percent, "percent of the packets lost, each way")
      ->check(CLI::Range(0.0, 99.0))
      ->capture_default_str();
  campaign
      ->add_option("--seed", command->seed,
                   "of the loss; test i takes seed + i, so --tests 1 --seed seed + i - 1 is that "
                   "test alone")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str();
  campaign->add_option("--legacy", command->legacy, "the peer of the legacy pair")
      ->type_name("NAME")
      ->capture_default_str();
  add_common_options(*campaign, command->common);
  campaign->callback([command, &exit_status] {
    auto status = run(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace rolecall::cli
