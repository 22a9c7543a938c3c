// SPDX-License-Identifier: BSD-3-Clause
// rolecall conform as its users meet it: what is listed, what is run, and what the exit status
// says. Its programs under test are roleperf, and roleperf that serves one test only: with -1 it is
// gone where the case asks whether others are still served.
#include <signal.h>

#include <algorithm>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "harness/conformance/program_under_test.h"
#include "harness/net/port_reservation.h"
#include "harness/report/table.h"
#include "harness/rolecall/cli_fixture.h"

namespace rolecall::cli {
namespace {

using testing::HasSubstr;

const std::string kCase = "number-as-title";
const std::string kShould = "burst-of-1001";  // of a clause that 3.12 does not keep

class ConformTest : public CliTest {
 protected:
  using Words = std::vector<std::string>;

  int conform(const Words& options, const Words& program) {
    Words words = {"conform", "server"};
    if (std::ranges::count(options, "--timeout") == 0)  // with sanitizers, on a busy machine
      words.insert(words.end(), {"--timeout", "60"});
    words.insert(words.end(), options.begin(), options.end());
    words.push_back("--");
    words.insert(words.end(), program.begin(), program.end());
    return run(words);
  }

  fs::path baseline_of(const std::string& name) {
    return write("baseline.json", R"({"known_failures": [{"case": "server/)" + name +
                                      R"(", "reason": "old", "link": "https://example.org/1"}]})");
  }

  const std::string roleperf_ = fs::path(ROLECALL_PROGRAM).parent_path() / "roleperf";
  const Words good_ = {roleperf_, "-s", "-p", "{port}", "{options}"};
  const Words serves_once_ = {roleperf_, "-s", "-1", "-p", "{port}"};
};

TEST_F(ConformTest, FailureShowsBothSidesBytesAndHowToRunItAgain) {
  EXPECT_EQ(conform({"--case", kCase}, serves_once_), 1);
  EXPECT_THAT(out(), HasSubstr("control  ->  37 bytes"));
  EXPECT_THAT(out(), HasSubstr("control  <-  1 byte \\x09"));
  EXPECT_THAT(out(), HasSubstr("rolecall conform server --case number-as-title --timeout 60 -- "));
}

TEST_F(ConformTest, ProgramThatHasEndedIsNotAskedAgain) {
  EXPECT_EQ(conform({"--case", kCase}, serves_once_), 1);
  EXPECT_THAT(out(), HasSubstr("program  --  has ended\n"));
}

TEST_F(ConformTest, TheListFitsATerminal) {
  EXPECT_EQ(run({"conform", "client", "--list"}), 0) << err();
  std::size_t widest = 0;
  std::istringstream lines(out());
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, report::width(line));
  EXPECT_LE(widest, 120U);
}

TEST_F(ConformTest, KnownFailureIsNone) {
  EXPECT_EQ(conform({"--case", kCase, "--baseline", baseline_of(kCase)}, serves_once_), 0);
  EXPECT_THAT(out(), HasSubstr("known     old (https://example.org/1)"));
}

TEST_F(ConformTest, KnownFailureThatPassesIsOne) {
  EXPECT_EQ(conform({"--case", kCase, "--baseline", baseline_of(kCase)}, good_), 1);
  EXPECT_THAT(out(), HasSubstr("unexpected pass"));
}

TEST_F(ConformTest, WhatCannotBeAskedIsSkippedWithTheReason) {
  EXPECT_EQ(conform({"--case", "broken-tokens", "--case", kCase, "--without", "udp", "--dry-run"},
                    {roleperf_, "-s", "-p", "{port}"}),
            0);
  EXPECT_THAT(out(), HasSubstr("server/broken-tokens: skipped: needs --rsa-private-key-path"));
  EXPECT_THAT(out(), HasSubstr("server/number-as-title: " + roleperf_ + " -s -p 5201\n"));
}

TEST_F(ConformTest, WhatTheUserDeclaresIsUnsupported) {
  EXPECT_EQ(conform({"--case", "udp-whole-test", "--without", "udp"}, good_), 0);
  EXPECT_THAT(out(), HasSubstr("1 case: 1 unsupported"));
}

TEST_F(ConformTest, ServerThatDoesNotRunIsNoFailureOfItsCases) {
  EXPECT_EQ(run({"conform", "server", "--connect", "127.0.0.1:1", "--case", kCase}), 2);
  EXPECT_THAT(err(), HasSubstr("no server: connect(127.0.0.1:1): Connection refused"));
}

TEST_F(ConformTest, PortIsANumberAndNothingElse) {
  EXPECT_EQ(run({"conform", "server", "--connect", "127.0.0.1:5201x", "--case", kCase}), 2);
  EXPECT_THAT(err(), HasSubstr("--connect 127.0.0.1:5201x: not HOST:PORT"));
}

TEST_F(ConformTest, WhatOnlyConcernsProgramsOfTheSuiteIsRefusedWithConnect) {
  const Words connect = {"conform", "server", "--connect", "127.0.0.1:1", "--case", kCase};
  const auto with = [&](const std::string& option, const std::string& value) {
    Words words = connect;
    words.insert(words.end(), {option, value});
    return words;
  };
  EXPECT_EQ(run(with("--jobs", "4")), 2);
  EXPECT_THAT(err(), HasSubstr("--jobs with --connect: a server runs one test at a time"));
  EXPECT_EQ(run(with("--keep", file("kept"))), 2);
  EXPECT_THAT(err(), HasSubstr("--keep with --connect"));
}

TEST_F(ConformTest, CaseThatLosesTheServerIsNamedAndNoOtherBlamed) {
  const auto reserved = PortReservation::take(0).value();
  const std::string port = std::to_string(reserved.port());
  conformance::TimeLine line;
  fs::create_directory(file("server"));
  auto server = conformance::ProgramUnderTest::start({roleperf_, "-s", "-1", "-p", port}, {},
                                                     file("server"), line);
  ASSERT_TRUE(server.value().await_listener(reserved.port()).has_value());
  EXPECT_EQ(run({"conform", "server", "--connect", "127.0.0.1:" + port, "--case", "whole-test",
                 "--case", kCase}),
            1);
  EXPECT_THAT(out(), HasSubstr("the server serves a plain test after the case"));
  EXPECT_THAT(out(), HasSubstr("no further case is asked of it"));
  EXPECT_THAT(out(), HasSubstr("1 failed, 1 skipped"));
}

TEST_F(ConformTest, AStepTakesAsLongAsTheUserLetsIt) {
  const Words mute = {"python3", "-c",
                      "import socket, sys, time; "
                      "s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)",
                      "{port}"};
  EXPECT_EQ(conform({"--case", kCase, "--timeout", "1"}, mute), 1);
  EXPECT_THAT(out(), HasSubstr("within 1 s"));
  EXPECT_THAT(out(), HasSubstr("--case number-as-title --timeout 1 -- python3"));
}

TEST_F(ConformTest, OptionsInsideAWordAreRefused) {
  EXPECT_EQ(conform({"--case", kCase}, {roleperf_, "-s", "-p", "{port}", "--x={options}"}), 2);
  EXPECT_THAT(err(), HasSubstr("not a part of '--x={options}'"));
}

TEST_F(ConformTest, WithoutAPlaceForKeysACaseOfTokensIsBrokenNotAborted) {
  Words words = {"TMPDIR=/nowhere", ROLECALL_PROGRAM, "conform", "server", "--case",
                 "right-token",     "--keep",         file("k"), "--"};
  words.insert(words.end(), good_.begin(), good_.end());
  auto child = Child::start({"/usr/bin/env", words, {}, file("out"), file("err")}).value();
  EXPECT_EQ(child.wait(limit_).value().code, 2);
  EXPECT_THAT(out(), HasSubstr("set TMPDIR to one"));
}

TEST_F(ConformTest, ProgramThatDiesOfASignalHasCrashed) {
  EXPECT_EQ(run({"conform", "client", "--case", "whole-test", "--", "sh", "-c", "kill -SEGV $$",
                 "{host}", "{port}", "{options}"}),
            1);
  EXPECT_THAT(out(), HasSubstr("crashed: "));
  EXPECT_THAT(out(), HasSubstr("1 case: 1 crashed"));
}

// A shell that waits for roleperf dies of what both are sent.
TEST_F(ConformTest, ProgramThatDiesOfOurSignalHasNotCrashed) {
  const auto shell = script("shell", roleperf_ + " -s -p $1\ntrue\n");
  EXPECT_EQ(run({"conform", "server", "--case", "interrupted-server", "--", shell, "{port}"}), 0)
      << out() << err();
}

TEST_F(ConformTest, WhatASanitizerSaysFailsTheCase) {
  const Words complains = {"sh", "-c", "echo 'x.c:3:1: runtime error: y' >&2; exec \"$0\" -s -p $1",
                           roleperf_, "{port}"};
  EXPECT_EQ(conform({"--case", kCase}, complains), 1);
  EXPECT_THAT(out(), HasSubstr("a sanitizer's report"));
  EXPECT_THAT(out(), HasSubstr("1 case: 1 crashed"));
}

TEST_F(ConformTest, WhatASanitizerSaysAtTheEndCountsToo) {
  const Words leaks = {"sh", "-c",
                       "trap 'kill $!; echo LeakSanitizer: a leak >&2; exit 1' TERM; "
                       "\"$0\" -s -p $1 & wait",
                       roleperf_, "{port}"};
  EXPECT_EQ(conform({"--case", kCase}, leaks), 1);
  EXPECT_THAT(out(), HasSubstr("a sanitizer's report"));
}

TEST_F(ConformTest, AShouldThatIsNotKeptFailsOnlyWhereTheUserIsStrict) {
  const Words legacy = {"iperf3", "-s", "-p", "{port}", "{options}"};
  EXPECT_EQ(conform({"--case", kShould}, legacy), 0) << out();
  EXPECT_EQ(conform({"--case", kShould, "--strict"}, legacy), 1) << out();
}

TEST_F(ConformTest, AKnownWarningIsNoneHoweverStrictTheUserIs) {
  const Words legacy = {"iperf3", "-s", "-p", "{port}", "{options}"};
  EXPECT_EQ(conform({"--case", kShould, "--strict", "--baseline", baseline_of(kShould)}, legacy), 0)
      << out();
}

TEST_F(ConformTest, ASelectionThatLeavesNoCaseIsAnError) {
  EXPECT_EQ(conform({"--case", "whole-test", "--level", "quirk"}, good_), 2);
  EXPECT_THAT(err(), HasSubstr("no case fits all of what was asked for"));
}

TEST_F(ConformTest, AProgramThatIsNotThereIsSaidOnce) {
  EXPECT_EQ(conform({}, {"no-such-program", "-s", "-p", "{port}"}), 2);
  EXPECT_EQ(err(), "rolecall: no-such-program is in no folder of PATH\n");
  EXPECT_EQ(out(), "");
  EXPECT_EQ(conform({"--case", kCase, "--dry-run"}, {"no-such-program", "-s", "-p", "{port}"}), 0);
  EXPECT_THAT(out(), HasSubstr("no-such-program -s -p 5201"));
}

// Its first act is to interrupt the suite that has started it.
TEST_F(ConformTest, WhatWasRunBeforeAnInterruptionIsReported) {
  const Words interrupts = {"sh", "-c", "kill -INT $PPID; exec \"$0\" -s -p $1", roleperf_,
                            "{port}"};
  EXPECT_EQ(conform({"--case", kCase, "--case", "whole-test", "--jobs", "1", "--junit",
                     file("j.xml"), "--record", file("record.json")},
                    interrupts),
            130);
  EXPECT_THAT(out(), HasSubstr("1 case: 1 passed"));
  EXPECT_THAT(err(), HasSubstr("interrupted: 1 of 2 cases were run"));
  EXPECT_THAT(read_file(file("j.xml")).value(), HasSubstr("tests=\"1\""));
  EXPECT_FALSE(fs::exists(file("record.json"))) << "a profile of a part";
}

TEST_F(ConformTest, AServerInTheBackgroundIsNotTakenForOneThatWasTested) {
  EXPECT_EQ(
      conform({"--case", "whole-test"}, {roleperf_, "-s", "-D", "-I", file("pid"), "-p", "{port}"}),
      2);
  EXPECT_THAT(out(), HasSubstr("goes into the background"));
  const int daemon = std::stoi(read_file(file("pid")).value());
  ASSERT_GT(daemon, 1);
  EXPECT_EQ(::kill(daemon, SIGTERM), 0);
}

// As iperf3 -D looks until it listens.
TEST_F(ConformTest, AServerThatLeavesAtOnceMayBeInTheBackground) {
  EXPECT_EQ(conform({"--case", "whole-test"}, {"sh", "-c", "exit 0", "{port}"}), 2);
  EXPECT_THAT(out(), HasSubstr("goes into the background"));
}

TEST_F(ConformTest, ReportsThatCannotBeWrittenAreRefusedBeforeTheRun) {
  EXPECT_EQ(conform({"--case", kCase, "--record", "/nosuch/profile.json"}, good_), 2);
  EXPECT_THAT(err(), HasSubstr("/nosuch/profile.json"));
  EXPECT_EQ(conform({"--case", kCase, "--junit", file("x"), "--sarif", file("x")}, good_), 2);
  EXPECT_THAT(err(), HasSubstr("named for two reports"));
  EXPECT_EQ(out(), "");
}

TEST_F(ConformTest, ResultsArePrintedThoughAReportFindsNoRoom) {
  EXPECT_EQ(conform({"--case", kCase, "--junit", "/dev/full"}, good_), 2);
  EXPECT_THAT(out(), HasSubstr("1 case: 1 passed"));
  EXPECT_THAT(err(), HasSubstr("/dev/full"));
}

TEST_F(ConformTest, WithJsonTheDifferencesToAProfileGoToStandardError) {
  const auto profile = write(
      "profile.json", R"({"subject": "it", "outcomes": {"server/)" + kCase + R"(": "failed"}})");
  EXPECT_EQ(conform({"--case", kCase, "--profile", profile, "--json"}, good_), 1);
  EXPECT_THAT(err(), HasSubstr("1 case, 1 not as recorded of it"));
  EXPECT_THAT(out(), HasSubstr("\"recorded\": \"failed\""));
}

TEST_F(ConformTest, WhatIsNotAsRecordedIsShownWholeAndInTheReports) {
  const auto profile = write(
      "profile.json", R"({"subject": "it", "outcomes": {"server/)" + kCase + R"(": "passed"}})");
  EXPECT_EQ(
      conform({"--case", kCase, "--profile", profile, "--junit", file("j.xml")}, serves_once_), 1);
  EXPECT_THAT(out(), HasSubstr("control  <-  1 byte \\x09"));
  EXPECT_THAT(read_file(file("j.xml")).value(), HasSubstr("<failure"));
}

TEST_F(ConformTest, TheLineToRunItAgainIsQuoted) {
  const Words gone = {"sh", "-c", "exec \"$0\" -s -1 -p $1", roleperf_, "{port}"};
  EXPECT_EQ(conform({"--case", kCase}, gone), 1);
  EXPECT_THAT(out(), HasSubstr("-- sh -c 'exec \"$0\" -s -1 -p $1' "));
}

}  // namespace
}  // namespace rolecall::cli
