// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/fuzz_report.h"

#include <gmock/gmock.h>

#include "harness/scenario/evidence_json.h"

namespace rolecall::report {
namespace {

using conformance::Finding;
using conformance::Harm;
using conformance::Side;
using scenario::VerdictKind;
using testing::HasSubstr;

Finding crash() {
  return {.harm = {Harm::Kind::Crash, "signal 11 (Segmentation fault)"},
          .conversation = {{.verb = conformance::Verb::Open}},
          .time_line = {},
          .output = {}};
}

FuzzRun run_against(Side side) {
  FuzzRun run;
  run.side = side;
  run.program.peer = "legacy";
  run.seed = 7;
  run.replay_command = "rolecall run";
  run.outcome.findings = {crash()};
  run.files = {"found/crash 1.json"};
  return run;
}

class FindingTest : public testing::TestWithParam<Side> {};
INSTANTIATE_TEST_SUITE_P(Sides, FindingTest, testing::Values(Side::Server, Side::Client),
                         [](const auto& side) { return std::string(name(side.param)); });

TEST_P(FindingTest, IsAScenarioThatReadsBack) {
  const auto made = finding_scenario(run_against(GetParam()), crash());
  const auto read = scenario::parse_scenario(as_scenario_file(made), "crash-1.json").value();
  const bool is_server = GetParam() == Side::Server;
  EXPECT_EQ((is_server ? read.server : read.client).peer, "legacy");
  EXPECT_EQ((is_server ? read.client : read.server).conversation, crash().conversation);
  EXPECT_EQ(read.expect.of_conversation, VerdictKind::Crashed);
  EXPECT_EQ(read.control.repeat, 1);
}

TEST(FindingClaimTest, SaysWhatItDoesAndWhereItComesFrom) {
  const auto made = finding_scenario(run_against(Side::Server), crash());
  EXPECT_EQ(made.claim, "such a client crashes the server: signal 11 (Segmentation fault)");
  EXPECT_THAT(made.why, testing::ElementsAre(HasSubstr("--seed 7")));
}

TEST(FindingClaimTest, SaysThatItWasNotSeenAgain) {
  Finding once = crash();
  once.is_repeatable = false;
  EXPECT_THAT(finding_scenario(run_against(Side::Server), once).why,
              testing::ElementsAre(HasSubstr("not seen again")));
}

TEST(FuzzTextTest, SaysHowToRunAFindingAgain) {
  EXPECT_THAT(fuzz_text(run_against(Side::Server), {}),
              HasSubstr("again: rolecall run 'found/crash 1.json'\n"));
}

}  // namespace
}  // namespace rolecall::report
