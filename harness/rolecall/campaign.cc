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

#include "harness/report/results.h"
#include "harness/report/table.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"
#include "harness/scenario/made_scenario.h"

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
  int loss_percent = 5;
  int seed = 1;
  std::string legacy = "iperf3-3.22";
};

constexpr char kFlagged[] = "flagged";
// So short that both directions fit into the buffers of the sockets: a mispaired test ends too. And
// paced, or the end that is first ends the test before the other's bytes have come.
const std::vector<std::string> kArguments = {"--bidir", "-n", "64K", "-l", "4K", "-b", "4M"};
constexpr Duration kLimit = seconds(60);  // of one test: every packet may be lost several times

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

// Which tests were mispaired: seed + number runs them again.
std::string numbers_of(const std::vector<RunResult>& runs) {
  std::string text;
  for (const RunResult& run : runs)
    if (is_mispaired(run)) text += fmt::format("{}{}", text.empty() ? "" : ",", run.index);
  return text.empty() ? "-" : text;
}

std::vector<Cell> row(const ScenarioResult& result) {
  const auto& runs = result.runs;
  const auto mispaired = std::count_if(runs.begin(), runs.end(), is_mispaired);
  const auto completed = std::count_if(runs.begin(), runs.end(), [](const RunResult& r) {
    return r.verdict.kind == VerdictKind::Completed;
  });
  return {{runs.front().client_peer},
          {std::to_string(runs.size())},
          {std::to_string(completed)},
          {std::to_string(mispaired), mispaired == 0 ? Tone::Good : Tone::Bad},
          {std::to_string(static_cast<std::ptrdiff_t>(runs.size()) - completed - mispaired)},
          {numbers_of(runs)}};
}

std::string campaign_table(const CampaignCommand& command,
                           const std::vector<ScenarioResult>& results, const report::Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const ScenarioResult& result : results) rows.push_back(row(result));
  using report::Align;
  return fmt::format(
             "{} % of the packets lost at random each way, seed {}; --bidir -n 64K -b 4M\n\n",
             command.loss_percent, command.seed) +
         report::table({{"client and server"},
                        {"tests", Align::Right},
                        {"completed", Align::Right},
                        {"mispaired", Align::Right},
                        {"other", Align::Right},
                        {"mispaired tests"}},
                       rows, style) +
         "\nother: tests that loss ended in another way, a connection that timed out or was "
         "refused\n";
}

// That a legacy pair is mispaired is what is looked for; a flagged one never may be.
void judge(std::vector<ScenarioResult>& results) {
  for (ScenarioResult& result : results) {
    const bool is_flagged = result.scenario.client.peer == kFlagged;
    for (RunResult& run : result.runs) run.as_expected = !(is_flagged && is_mispaired(run));
    result.as_expected = std::all_of(result.runs.begin(), result.runs.end(),
                                     [](const RunResult& r) { return r.as_expected; });
  }
}

Result<int> run(const CampaignCommand& command) {
  TRY(auto stage, Stage::open(command.common));
  TRY(auto results,
      stage.run({scenario_of(command.legacy, command), scenario_of(kFlagged, command)},
                std::nullopt));
  judge(results);
  const std::string text =
      campaign_table(command, results, stage.style()) + report::surprises(results, stage.style());
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
      ->check(CLI::Range(0, 99))
      ->capture_default_str();
  campaign->add_option("--seed", command->seed, "of the loss; test i takes seed + i")
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
