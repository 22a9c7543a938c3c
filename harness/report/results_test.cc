// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/results.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/report/explanation.h"
#include "harness/report/made_results.h"

namespace rolecall::report {
namespace {

using scenario::ConnectionFacts;
using scenario::Lever;
using scenario::Realised;
using scenario::RunResult;
using scenario::ScenarioResult;
using scenario::VerdictKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Style kPlain{};

ConnectionFacts connection(int number, int place, std::uint64_t sent) {
  ConnectionFacts facts;
  facts.number = number;
  facts.accept_position = place;
  facts.client_port = static_cast<std::uint16_t>(40000 + number);
  facts.bytes.client.bytes_acked = 1 + scenario::kCookieBytes + sent;
  facts.bytes.server.bytes_received = scenario::kCookieBytes + sent;
  facts.bytes.server.rqueue = static_cast<std::uint32_t>(sent);
  facts.bytes.server.bytes_acked = sent;
  facts.bytes.client.bytes_received = sent;
  facts.bytes.client.rqueue = static_cast<std::uint32_t>(sent);
  return facts;
}

TEST(ResultsTableTest, AControlStandsAboveItsRuns) {
  EXPECT_EQ(results_table(results_of({run_of(1, VerdictKind::Deadlock, 40)}),
                          ScenarioColumn::Hidden, kPlain),
            "client       server       mode   P  schedule    lever  realised  verdicts           "
            "median  as stated\n"
            "-----------  -----------  -----  -  ----------  -----  --------  ----------------  "
            "-------  ---------\n"
            "iperf3 3.12  iperf3 3.12  bidir  1  natural     -      -         1 of 1 completed  "
            "0.100 s  yes\n"
            "iperf3 3.12  iperf3 3.12  bidir  1  accept 2,1  swap   1 of 1    1 of 1 deadlock   "
            "0.040 s  yes\n");
}

TEST(ResultsTableTest, EveryVerdictThatCameIsCounted) {
  const std::string text = results_table(
      results_of({run_of(1, VerdictKind::Deadlock, 10), run_of(2, VerdictKind::Stuck, 30)}),
      ScenarioColumn::Hidden, kPlain);
  EXPECT_NE(text.find("1 of 2 deadlock, 1 of 2 stuck"), std::string::npos) << text;
  EXPECT_NE(text.find("NO: stated deadlock"), std::string::npos) << text;
}

TEST(ResultsTableTest, TheMedianOfAnEvenNumberLiesInTheMiddle) {
  const std::string text = results_table(
      results_of({run_of(1, VerdictKind::Deadlock, 10), run_of(2, VerdictKind::Deadlock, 900),
                  run_of(3, VerdictKind::Deadlock, 30), run_of(4, VerdictKind::Deadlock, 20)}),
      ScenarioColumn::Hidden, kPlain);
  EXPECT_NE(text.find("0.025 s"), std::string::npos) << text;
}

RunResult run_of_conversation() {
  RunResult run = run_of(1, VerdictKind::Crashed, 1);
  run.has_conversation = true;
  run.client_peer = "conversation";
  run.schedule = "natural";
  run.lever.reset();
  run.realised = Realised::NotAsked;
  run.time_to_verdict.reset();
  run.expected = {VerdictKind::Crashed};
  run.as_expected = true;
  return run;
}

TEST(ResultsTableTest, AConversationHasNoModeNoStreamsAndNoSchedule) {
  EXPECT_THAT(
      results_table(results_of({run_of_conversation()}), ScenarioColumn::Hidden, kPlain),
      HasSubstr("conversation  iperf3 3.12  -      -  -         -      -         1 of 1 crashed"));
}

TEST(ResultsJsonTest, AConversationHasNoModeNoStreamsAndNoSchedule) {
  const auto run =
      nlohmann::json::parse(results_json(results_of({run_of_conversation()})), nullptr, false)[1];
  for (const char* key : {"mode", "streams", "schedule", "lever"})
    EXPECT_TRUE(run.contains(key) && run[key].is_null()) << key;
}

TEST(SurprisesTest, SayHowToRunItAgain) {
  const std::string text = surprises(results_of({run_of(3, VerdictKind::Stuck, 10)}), kPlain);
  EXPECT_THAT(text, testing::MatchesRegex("\n[^\n]*run 3: stuck, expected deadlock.*"));
  EXPECT_NE(text.find("again: rolecall run x\n"), std::string::npos) << text;
}

TEST(SurprisesTest, AreSilentWhenEverythingIsAsExpected) {
  EXPECT_EQ(surprises(results_of({run_of(1, VerdictKind::Deadlock, 1)}), kPlain), "");
  RunResult forbidden = run_of(1, VerdictKind::Deadlock, 1);
  forbidden.realised = Realised::NotRealisable;
  forbidden.notes = {"cookie 2 acknowledged never came"};
  EXPECT_EQ(surprises(results_of({forbidden}), kPlain), "");
}

TEST(SurprisesTest, SayWhatWasUnusualInARunThatWentAsExpected) {
  RunResult run = run_of(1, VerdictKind::Deadlock, 1);
  run.notes = {"the client opened 5 stream connections, the test has 2"};
  EXPECT_THAT(surprises(results_of({run}), kPlain),
              AllOf(HasSubstr("run 1: the client opened 5"), Not(HasSubstr("again"))));
}

TEST(ResultsJsonTest, HasOneObjectARunOnALineOfItsOwn) {
  const std::string text = results_json(results_of({run_of(1, VerdictKind::Deadlock, 40)}));
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  ASSERT_TRUE(parsed.is_array()) << text;
  EXPECT_EQ(parsed.size(), 2U);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
}

TEST(ResultsJsonTest, ARunCarriesWhatItWasAndWhatItCameTo) {
  const std::string text = results_json(results_of({run_of(1, VerdictKind::Deadlock, 40)}));
  const auto run = nlohmann::json::parse(text, nullptr, false)[1];
  for (const char* key : {"client", "server", "mode", "streams", "schedule", "lever", "realised",
                          "verdict", "seconds", "evidence"}) {
    EXPECT_TRUE(run.contains(key)) << key;
  }
}

scenario::StreamReport a_stream_that_wedged() {
  scenario::StreamReport stream;
  stream.local_port = 40001;
  stream.sends = true;
  stream.sender_bytes = 2500000;
  stream.receiver_bytes = 0;
  return stream;
}

TEST(ResultsJsonTest, TheRunThatIsExplainedCarriesItsExplanation) {
  const RunResult deadlock = run_of(2, VerdictKind::Deadlock, 40);
  scenario::PeerReport client;
  client.streams = {a_stream_that_wedged()};
  const Explanation explanation{deadlock, run_of(1, VerdictKind::Void, 40), client};
  const std::string text =
      results_json(results_of({run_of(1, VerdictKind::Deadlock, 40), deadlock}), explanation);
  const auto runs = nlohmann::json::parse(text, nullptr, false);
  EXPECT_FALSE(runs[0].contains("explanation") || runs[1].contains("explanation")) << text;
  const auto& alone = runs[2]["explanation"]["left_alone"];
  EXPECT_EQ(alone["streams"][0]["bytes_sent"], 2500000) << text;
  EXPECT_EQ(alone["streams"][0]["bytes_received"], 0) << text;
}

TEST(ResultsJsonTest, NoRunsAreAnEmptyArray) {
  EXPECT_TRUE(nlohmann::json::parse(results_json({}), nullptr, false).empty());
}

TEST(JunitCasesTest, ARunThatWasNotExpectedFails) {
  const auto cases = junit_cases(results_of({run_of(1, VerdictKind::Stuck, 40)}));
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].result, JunitResult::Passed);
  EXPECT_EQ(cases[1].result, JunitResult::Failed);
}

TEST(JunitCasesTest, EachLeadsToItsEvidenceAndSaysByWhichLeverItsSeriesWas) {
  auto results = results_of({run_of(1, VerdictKind::Deadlock, 40)});
  results.front().lever = Lever::Swap;
  results.front().runs.front().evidence = "/kept/1";
  const auto cases = junit_cases(results);
  EXPECT_EQ(cases[0].name, "control swap 1");
  EXPECT_EQ(cases[1].name, "swap 1");
  EXPECT_THAT(junit("x", cases),
              AllOf(HasSubstr("<system-out>deadlock: because"), HasSubstr("evidence: /kept/1"),
                    HasSubstr("again: rolecall run x")));
}

TEST(ExplanationTest, SaysWhereTheBytesStand) {
  RunResult run = run_of(1, VerdictKind::Deadlock, 40);
  run.connections = {connection(2, 1, 0), connection(1, 2, 2500000)};
  const std::string text = explain_deadlock(run, kPlain);
  EXPECT_NE(text.find("1           40001  sender    sender        2500000            0      2500000"
                      "            0  nobody reads\n"),
            std::string::npos)
      << text;
}

TEST(ExplanationTest, FallsBackToTheReasonWhenAConnectionIsNotKnown) {
  RunResult run = run_of(1, VerdictKind::Deadlock, 40);
  run.connections = {connection(0, 1, 0), connection(1, 2, 1)};
  EXPECT_EQ(explain_deadlock(run, kPlain), "because\n");
}

TEST(ExplanationTest, QuotesTheClientsOwnFigures) {
  RunResult run = run_of(1, VerdictKind::Deadlock, 40);
  run.client_ended = "exit status 0";
  scenario::PeerReport report;
  report.streams = {a_stream_that_wedged()};
  EXPECT_EQ(client_says(run, report),
            "iperf3 3.12 as client: exit status 0, no error.\n"
            "  port 40001: 2500000 bytes sent, 0 received\n"
            "Nothing was received in either direction.\n");
}

TEST(ExplanationTest, GivesTheReasonWhereTheClientPrintedNoReport) {
  const RunResult run = run_of(1, VerdictKind::Deadlock, 40);
  const std::string text = explanation_text({run, run, Error{Errc::Malformed, "no JSON"}}, kPlain);
  EXPECT_NE(text.find("(-t 1):\nno JSON\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace rolecall::report
