// SPDX-License-Identifier: BSD-3-Clause
// The program as its users meet it: what it says, how it exits, and that nothing stays behind.
#include <signal.h>
#include <string.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/net/port_reservation.h"
#include "harness/rolecall/cli_fixture.h"
#include "harness/scenario/kernel_watch.h"

namespace rolecall::cli {
namespace {

using testing::HasSubstr;

constexpr char kDeadlock[] = SCENARIOS "/legacy-bidir-deadlocks.json";

TEST_F(CliTest, NoCommandIsWrongUsage) {
  EXPECT_EQ(run({}), 2);
  EXPECT_THAT(err(), HasSubstr("--help"));
}

TEST_F(CliTest, AnUnknownOptionIsWrongUsage) {
  EXPECT_EQ(run({"reproduce", "--runz", "3"}), 2);
  EXPECT_THAT(err(), HasSubstr("--runz"));
}

TEST_F(CliTest, AnUnknownCommandIsNamed) {
  EXPECT_EQ(run({"reprodcue"}), 2);
  EXPECT_THAT(err(), HasSubstr("reprodcue"));
}

TEST_F(CliTest, HelpIsNoError) {
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(out(), HasSubstr("reproduce"));
}

TEST_F(CliTest, AnOrderThatIsNoPermutationIsRefused) {
  EXPECT_EQ(run({"exec", "--order", "2,2", "--", "iperf3", "-s", "-1"}), 2);
  EXPECT_THAT(err(), HasSubstr("2,2"));
}

TEST_F(CliTest, AStaticBinaryIsRefusedBeforeItStarts) {
  EXPECT_EQ(run({"exec", "--order", "2,1", "--", STATIC_PROGRAM, "-s"}), 2);
  EXPECT_THAT(err(), HasSubstr("static"));
}

TEST_F(CliTest, AProgramThatIsNotThereIsNamed) {
  EXPECT_EQ(run({"exec", "--order", "2,1", "--", "no-such-iperf3", "-s"}), 2);
  EXPECT_THAT(err(), HasSubstr("no-such-iperf3"));
}

TEST_F(CliTest, AServerWithoutAnOrderIsAskedForOne) {
  EXPECT_EQ(run({"exec", "--", "iperf3", "-s", "-1"}), 2);
  EXPECT_THAT(err(), HasSubstr("--order"));
}

TEST_F(CliTest, ExecGivesTheProgramsOwnExitStatus) {
  const fs::path program = script("server", "exit 7\n");
  EXPECT_EQ(run({"exec", "--order", "2,1", "--", program, "-s"}), 7);
}

TEST_F(CliTest, ExecSaysWhenTheProgramWasNeverArmed) {
  const fs::path program = script("server", "exit 0\n");
  EXPECT_EQ(run({"exec", "--order", "2,1", "--", program, "-s"}), 0);
  EXPECT_THAT(err(), HasSubstr("never armed"));
}

TEST_F(CliTest, ExecAtBothEndsImposesTheOrderByPorts) {
  const auto port = PortReservation::take(0);
  ASSERT_TRUE(port.has_value());
  const std::string p = std::to_string(port.value().port());
  const std::string race = file("race");
  auto server =
      Child::start({ROLECALL_PROGRAM,
                    {"exec", "--order", "2,1", "--join", race, "--", "iperf3", "-s", "-1", "-p", p},
                    {},
                    file("server.out"),
                    file("server.err")});
  ASSERT_TRUE(server.has_value());
  auto watch = scenario::KernelWatch::open({{nullptr, port.value().port()}});
  ASSERT_TRUE(watch.has_value());
  while (!watch.value().is_listening().value()) ASSERT_FALSE(limit_.expired());
  EXPECT_EQ(run({"exec", "--join", race, "--", "iperf3", "-c", "127.0.0.1", "-p", p, "--bidir",
                 "-t", "1", "-J"}),
            0);
  EXPECT_TRUE(server.value().wait(limit_).has_value());
  EXPECT_THAT(read_file(file("server.err")).value(), HasSubstr("accept() returned 2,1"));
}

TEST_F(CliTest, AMissingScenarioFileIsNamed) {
  EXPECT_EQ(run({"run", "no-such.json"}), 2);
  EXPECT_THAT(err(), HasSubstr("no-such.json"));
}

TEST_F(CliTest, AnUnknownKeyIsNamedWithItsLineAndTheNearestOne) {
  const fs::path path = write("typo.json", "{ \"schema\": 1,\n  \"clam\": \"x\" }");
  EXPECT_EQ(run({"run", path}), 2);
  EXPECT_THAT(err(),
              testing::AllOf(HasSubstr("typo.json:2"), HasSubstr("clam"), HasSubstr("claim")));
}

TEST_F(CliTest, EveryWrongScenarioIsNamedAtOnce) {
  EXPECT_EQ(run({"run", write("a.json", "{"), write("b.json", "[]")}), 2);
  EXPECT_THAT(err(), testing::AllOf(HasSubstr("a.json"), HasSubstr("b.json")));
}

TEST_F(CliTest, WithoutIperf3ItSaysWhatToInstall) {
  EXPECT_EQ(run({"run", kDeadlock}, {"PATH=" + temporary().string()}), 2);
  EXPECT_THAT(err(), HasSubstr("apt-get install iperf3"));
}

TEST_F(CliTest, AProgramThatIsNoIperf3IsRefused) {
  const fs::path program = script("fake", "echo hello\n");
  EXPECT_EQ(run({"run", kDeadlock, "--peer", "legacy=" + program.string()}), 2);
  EXPECT_THAT(err(), HasSubstr(program.string()));
}

TEST_F(CliTest, AReportThatCannotBeWrittenCostsNoRun) {
  EXPECT_EQ(run({"run", kDeadlock, "--junit", file("no/such/folder.xml")}), 2);
  EXPECT_THAT(err(), HasSubstr("folder.xml"));
  EXPECT_EQ(out(), "");
}

TEST_F(CliTest, AReportOfAnEarlierRunStaysWhereNothingIsRun) {
  const auto report = write("cells.xml", "of yesterday");
  EXPECT_EQ(run({"matrix", "--only", "no-such-cell", "--junit", report}), 2);
  EXPECT_EQ(read_file(report).value(), "of yesterday");
}

TEST_F(CliTest, AnEarlierReportIsReplacedWhole) {
  const auto report = write("runs.xml", std::string(100'000, 'x'));
  EXPECT_EQ(run({"run", natural_scenario(), "--junit", report}), 0) << err();
  EXPECT_THAT(read_file(report).value(), testing::EndsWith("</testsuites>\n"));
}

TEST_F(CliTest, TwoReportsAreTwoFiles) {
  EXPECT_EQ(run({"run", natural_scenario(), "--junit", file("a"), "--html", file("a")}), 2);
  EXPECT_THAT(err(), HasSubstr("give each its own"));
}

TEST_F(CliTest, AFolderThatCannotHoldEvidenceCostsNoRun) {
  EXPECT_EQ(run({"run", natural_scenario(), "--keep", "/proc/self"}), 2);
  EXPECT_THAT(err(), HasSubstr("cannot be written to /proc/self"));
}

TEST_F(CliTest, EvidenceOfAnEarlierSeriesDoesNotStandBesideThisOne) {
  const std::vector<std::string> args = {"run", natural_scenario(), "--keep", file("kept"),
                                         "--repeat"};
  auto repeated = [&](const char* count) {
    auto more = args;
    more.emplace_back(count);
    return run(more);
  };
  EXPECT_EQ(repeated("2"), 0) << err();
  EXPECT_EQ(repeated("1"), 0) << err();
  EXPECT_TRUE(fs::exists(file("kept") / "natural" / "1"));
  EXPECT_FALSE(fs::exists(file("kept") / "natural" / "2"));
}

TEST_F(CliTest, ThePageIsWrittenBesideTheTable) {
  EXPECT_EQ(run({"run", natural_scenario(), "--repeat", "1", "--html", file("runs.html")}), 0)
      << err();
  EXPECT_THAT(out(), HasSubstr("1 of 1 completed"));
  EXPECT_THAT(read_file(file("runs.html")).value(), HasSubstr("1 of 1 as stated"));
}

TEST_F(CliTest, TheLegacyPairDeadlocksAndItsControlCompletes) {
  EXPECT_EQ(run({"run", kDeadlock, "--repeat", "1"}), 0) << err();
  EXPECT_THAT(out(), testing::AllOf(HasSubstr("1 of 1 completed"), HasSubstr("1 of 1 deadlock")));
  EXPECT_TRUE(fs::is_empty(temporary())) << "evidence that nobody asked for stayed behind";
}

TEST_F(CliTest, TheMainJobComesOutAsStatedAndIsExplained) {
  EXPECT_EQ(run({"reproduce", "--runs", "1"}), 0) << out() << err();
  EXPECT_THAT(out(), testing::AllOf(HasSubstr("1 of 1 misattributed"), HasSubstr("nobody reads"),
                                    HasSubstr("exit status 0, no error"),
                                    HasSubstr("Nothing was received in either direction.")));
}

TEST_F(CliTest, TheMatrixNamesItsCellsEachInNaturalOrderAndUnderEveryLever) {
  EXPECT_EQ(run({"matrix", "--list"}), 0) << err();
  const std::string pair = "iperf3-3.12.to.roleperf-auto.bidir-2 ";
  for (const char* order :
       {"natural", "accept 3,4,1,2 by swap", "accept 3,4,1,2 by defer", "accept 3,4,1,2 by link"})
    EXPECT_THAT(out(), testing::ContainsRegex(pair + " *" + order + "\n"));
}

// Two programs of one release: without a name of their own, cells would share their evidence.
TEST_F(CliTest, TheMatrixLeadsFromEachCellToItsEvidence) {
  const auto iperf3 = find_program("iperf3");
  if (!iperf3) GTEST_SKIP() << "no iperf3 on PATH";
  const std::string of_one = "iperf3-3.12-again.to.iperf3-3.12-again.bidir-1";
  ASSERT_EQ(run({"matrix", "--peer", "again=" + iperf3->string(), "--only", of_one, "--jobs", "4",
                 "--junit", file("cells.xml")}),
            0)
      << out() << err();
  EXPECT_THAT(out(), testing::ContainsRegex("ok +DEAD +DEAD +[xD]"));
  const std::string cells = read_file(file("cells.xml")).value();
  const std::string evidence = temporary().string() + "/rolecall-";
  const std::size_t at = cells.find(evidence);
  ASSERT_NE(at, std::string::npos) << cells;
  EXPECT_TRUE(fs::exists(fs::path(cells.substr(at, cells.find("&#10;", at) - at)) / "verdict.json"))
      << cells;
}

TEST_F(CliTest, ACampaignCountsBothPairsAndPrintsItsSeed) {
  const int status =
      run({"campaign", "--tests", "2", "--seed", "7", "--legacy", "legacy", "--jobs", "2"});
  if (err().find("without the link lever") != std::string::npos) GTEST_SKIP() << err();
  EXPECT_EQ(status, 0) << out() << err();
  EXPECT_THAT(
      out(), testing::AllOf(HasSubstr("seed 7"), HasSubstr("iperf3 3."), HasSubstr("roleperf 0.")));
}

TEST_F(CliTest, TheReplayOfARunThatLosesPacketsLosesTheSameOnes) {
  const int status = run({"campaign", "--tests", "2", "--seed", "7", "--legacy", "legacy", "--keep",
                          file("kept"), "--json"});
  if (err().find("without the link lever") != std::string::npos) GTEST_SKIP() << err();
  ASSERT_EQ(status, 0) << err();
  const auto last = nlohmann::json::parse(out(), nullptr, false).back();
  EXPECT_EQ(last.at("run"), 2);
  auto again = Child::start({"/bin/sh",
                             {"-c", last.at("replay").get<std::string>() + " --json"},
                             {"TMPDIR=" + temporary().string(), mark()},
                             file("out"),
                             file("err")});
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again.value().wait(limit_).value().code, 0) << err();
  const auto runs = nlohmann::json::parse(out(), nullptr, false);
  ASSERT_EQ(runs.size(), 1U) << "a campaign has no control";
  const fs::path evidence = runs.front().at("evidence").get<std::string>();
  const auto scenario = nlohmann::json::parse(
      read_file(evidence / (last.at("scenario").get<std::string>() + ".json")).value());
  EXPECT_EQ(scenario.at("link").at("seed"), 7 + 1) << "its first run takes one more: 9, as test 2";
}

TEST_F(CliTest, TheReplayOfAFileIsOfThatFileByTheSameLever) {
  EXPECT_EQ(run({"run", kDeadlock, "--lever", "swap", "--repeat", "1", "--json"}), 0) << err();
  const auto run = nlohmann::json::parse(out(), nullptr, false).back();
  EXPECT_THAT(run.at("replay").get<std::string>(),
              testing::AllOf(testing::StartsWith(ROLECALL_PROGRAM " run "),
                             testing::EndsWith(" --lever swap --repeat 1")));
}

TEST_F(CliTest, ALeverThatAScenarioDoesNotListIsRefused) {
  EXPECT_EQ(run({"run", natural_scenario(), "--lever", "link"}), 2);
  EXPECT_THAT(err(), HasSubstr("does not list the link lever"));
}

TEST_F(CliTest, OfManyScenariosThoseThatListTheLeverAreRun) {
  EXPECT_EQ(run({"run", natural_scenario(), kDeadlock, "--lever", "defer", "--repeat", "1"}), 0)
      << err();
  EXPECT_THAT(err(), HasSubstr("without 1 of them"));
}

TEST_F(CliTest, TheJsonOfTheMainJobExplainsOneDeadlockAndItsEvidenceIsThere) {
  EXPECT_EQ(run({"reproduce", "--runs", "1", "--json"}), 0) << err();
  const auto runs = nlohmann::json::parse(out(), nullptr, false);
  ASSERT_TRUE(runs.is_array()) << out();
  std::vector<std::string> missing;
  int explained = 0;
  for (const auto& run : runs) {
    const std::string evidence = run["evidence"];
    if (!fs::exists(fs::path(evidence) / "verdict.json")) missing.push_back(evidence);
    explained += run.contains("explanation") ? 1 : 0;
  }
  EXPECT_THAT(missing, testing::IsEmpty());
  EXPECT_EQ(explained, 1);
}

TEST_F(CliTest, JsonHasOneObjectARun) {
  EXPECT_EQ(run({"run", kDeadlock, "--repeat", "1", "--json"}), 0) << err();
  const auto runs = nlohmann::json::parse(out(), nullptr, false);
  ASSERT_TRUE(runs.is_array()) << out();
  ASSERT_GE(runs.size(), 2U);  // a control and a run for each lever that this machine has
  EXPECT_EQ(runs[0].value("verdict", ""), "completed");
  EXPECT_EQ(runs[1].value("verdict", ""), "deadlock");
  EXPECT_THAT(err(), testing::HasSubstr("1 of 1 deadlock")) << "the table is there too";
}

TEST_F(CliTest, KeptEvidenceIsWhereTheUserWantsIt) {
  EXPECT_EQ(run({"run", kDeadlock, "--repeat", "1", "--keep", file("kept")}), 0) << err();
  EXPECT_TRUE(fs::is_directory(file("kept") / "legacy-bidir-deadlocks" / "1"));
}

TEST_F(CliTest, AnUnexpectedVerdictExits1AndKeepsItsEvidence) {
  std::string text = read_file(kDeadlock).value();
  text.replace(text.find(R"("above": "deadlock")"), 19, R"("above": "void"    )");
  EXPECT_EQ(run({"run", write("wrong-claim.json", text), "--repeat", "1"}), 1) << err();
  EXPECT_THAT(out(), testing::AllOf(HasSubstr("NO: stated void"), HasSubstr("again: ")));
  EXPECT_FALSE(fs::is_empty(temporary()));
}

// rolecall under way with its peers is sent `signal`; gives its exit status.
class InterruptedTest : public CliTest, public testing::WithParamInterface<int> {};

TEST_P(InterruptedTest, EndsItsPeersAndLeavesNothing) {
  Child rolecall = start({"run", kDeadlock, "--repeat", "1000"});
  while (!is_running("iperf3")) ASSERT_FALSE(limit_.expired()) << err();
  ::kill(rolecall.pid(), GetParam());
  const auto status = rolecall.wait(limit_);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status.value().code, 128 + GetParam()) << err();
  EXPECT_THAT(marked_programs(), testing::IsEmpty());
  EXPECT_TRUE(fs::is_empty(temporary()));
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptedTest, testing::Values(SIGINT, SIGTERM),
                         [](const auto& signal) { return sigabbrev_np(signal.param); });

TEST_F(CliTest, WhatWasRunBeforeAnInterruptionIsReported) {
  Child rolecall = start({"run", natural_scenario(), "--repeat", "1000", "--keep", file("kept"),
                          "--junit", file("runs.xml")});
  while (!fs::exists(file("kept") / "natural" / "3")) ASSERT_FALSE(limit_.expired()) << err();
  ::kill(rolecall.pid(), SIGINT);
  const auto status = rolecall.wait(limit_);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status.value().code, 128 + SIGINT) << err();
  EXPECT_THAT(out(), testing::AllOf(testing::ContainsRegex("natural .*[0-9] completed"),
                                    HasSubstr("had been made when it was interrupted")));
  EXPECT_THAT(read_file(file("runs.xml")).value(), HasSubstr("</testsuites>"));
}

TEST_F(CliTest, ExecPassesATerminationOn) {
  Child rolecall = start({"exec", "--order", "2,1", "--side", "server", "--", "sleep", "1000"});
  while (!is_running("sleep")) ASSERT_FALSE(limit_.expired()) << err();
  ::kill(rolecall.pid(), SIGTERM);
  const auto status = rolecall.wait(limit_);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status.value().code, 128 + SIGTERM) << err();
  EXPECT_THAT(marked_programs(), testing::IsEmpty());
  EXPECT_TRUE(fs::is_empty(temporary()));
}

}  // namespace
}  // namespace rolecall::cli
