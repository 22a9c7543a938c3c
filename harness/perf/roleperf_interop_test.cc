// SPDX-License-Identifier: BSD-3-Clause
// roleperf and the iperf3 of this machine, as programs, against each other in both directions and
// roleperf against itself: every mode and option, held by figures (streams paired by ports) and by
// the shape of the JSON that iperf3 prints for the same words.
#include <signal.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/json_shape.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// --- every option, every mode

struct Case {
  std::string options;
  bool only_for_receivers = false;  // iperf3 refuses it otherwise
  std::string host = "127.0.0.1";
};

// Goals above what socket buffers hold: below, a receiver may have read nothing when the test ends.
const std::vector<Case> kCases = {
    {"-n 32M"},
    {"-k 300"},
    {"-t 1 -b 50M"},
    {"-n 32M -w 64K"},
    {"-n 16M -M 1400"},
    {"-n 32M -N"},
    {"-n 32M -C reno"},
    {"-n 32M -C cubic"},
    {"-n 1M -b 100M"},
    {"-n 512K -l 8K -b 50M/5"},
    {"-t 1 -l 1000"},
    {"-n 32M -i 0"},
    {"-n 1M -l 10K -b 20M -i 0.2"},
    {"-n 32M -T title"},
    {"-n 32M -S 0x28"},
    {"-n 32M --fq-rate 2G --pacing-timer 2000"},
    {"-n 32M --repeating-payload --extra-data text"},
    {"-n 32M --get-server-output"},
    {"-n 32M -B 127.0.0.1"},
    {"-n 32M -4"},
    {"-n 32M -6", false, "::1"},
    {"-n 32M -A 0"},
    {"-n 32M -A 0,1"},
    {"-n 32M --connect-timeout 5000"},
    {"-n 32M --snd-timeout 5000"},
    {"-n 32M --rcv-timeout 5000", true},
};

const std::vector<std::string> kModes = {"", "--bidir -P 2", "-R", "-P 2", "--bidir", "-R -P 2"};

class EveryOption : public testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  void SetUp() override {
    if (!iperf3_is_installed()) GTEST_SKIP() << "no iperf3 on PATH: apt-get install iperf3";
    const bool receives = mode().find("-R") == 0 || mode().find("--bidir") == 0;
    if (option().only_for_receivers && !receives) GTEST_SKIP() << "iperf3 refuses these words";
  }

  const Case& option() const { return kCases[std::get<0>(GetParam())]; }
  const std::string& mode() const { return kModes[std::get<1>(GetParam())]; }

  Outcome run_pair(const std::string& server, const std::string& client) const {
    return run(server, client, {fmt::format("{} {} -J", option().options, mode()), "-J"},
               option().host);
  }

  static void expect_sound(const Outcome& run) {
    ASSERT_EQ(run.client_status, 0) << run.client;
    ASSERT_EQ(run.server_status, 0) << run.server;
    ASSERT_FALSE(parse(run.client)["end"]["streams"].empty()) << run.client;
    EXPECT_THAT(wrong_figures(parse(run.client), parse(run.server)), IsEmpty());
  }
};

TEST_P(EveryOption, WorksBetweenAllPairs) {
  SCOPED_TRACE(option().options + " " + mode());
  const Outcome theirs = run_pair(kIperf3, kIperf3);
  const Outcome our_client = run_pair(kIperf3, ROLEPERF);
  const Outcome our_server = run_pair(ROLEPERF, kIperf3);
  const Outcome ours = run_pair(ROLEPERF, ROLEPERF);
  expect_sound(our_client);
  expect_sound(our_server);
  expect_sound(ours);
  const auto may_add = keys_beyond_iperf3("installed");
  EXPECT_THAT(shape_differences(theirs.client, our_client.client, may_add), IsEmpty());
  EXPECT_THAT(shape_differences(theirs.client, ours.client, may_add), IsEmpty());
  EXPECT_THAT(shape_differences(theirs.server, our_server.server, may_add), IsEmpty());
  EXPECT_THAT(shape_differences(theirs.server, ours.server, may_add), IsEmpty());
}

std::string case_name(const testing::TestParamInfo<EveryOption::ParamType>& info) {
  std::string name =
      "With" + kCases[std::get<0>(info.param)].options + kModes[std::get<1>(info.param)];
  std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
  return name;
}

// The first option meets every mode, every other one two that send both ways.
INSTANTIATE_TEST_SUITE_P(Modes, EveryOption,
                         testing::Combine(testing::Values(std::size_t{0}),
                                          testing::Range(std::size_t{0}, kModes.size())),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Options, EveryOption,
                         testing::Combine(testing::Range(std::size_t{1}, kCases.size()),
                                          testing::Range(std::size_t{1}, std::size_t{3})),
                         case_name);

// --- the role flag, and the order of connections

class RoleFlag : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(RoleFlag, PairsCompleteOrSayWhyNot) {
  const std::string client = std::get<0>(GetParam());
  const std::string server = std::get<1>(GetParam());
  // One byte tells the role and not the stream: which is which, the order of accept() says then.
  const std::string order = client == "force" ? "--stream-connect=ordered" : "";
  const Outcome done = run(ROLEPERF, ROLEPERF,
                           {fmt::format("-n 32M --bidir -P 2 -J --role-flag={} {}", client, order),
                            fmt::format("-J --role-flag={}", server)});
  // A server of cookie mode answers no announcement, so that nothing is agreed.
  const bool one_requires_what_the_other_lacks =
      (client == "require" && (server == "off" || server == "cookie")) ||
      (client == "off" && server == "require");
  if (one_requires_what_the_other_lacks) {
    EXPECT_EQ(done.client_status, 1);
    EXPECT_THAT(done.client + done.server, HasSubstr("role-flag=require"));
    return;
  }
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
}

const auto kFlags = testing::Values("auto", "cookie", "off", "require");
INSTANTIATE_TEST_SUITE_P(Of, RoleFlag, testing::Combine(kFlags, kFlags));
// `force` is for its own kind: there is no negotiation that could save a pair with another.
INSTANTIATE_TEST_SUITE_P(Force, RoleFlag,
                         testing::Combine(testing::Values("force"), testing::Values("force")));

class StreamOrder : public testing::TestWithParam<const char*> {};

TEST_P(StreamOrder, CompletesWithALegacyServer) {
  const Outcome done =
      run(ROLEPERF, ROLEPERF,
          {fmt::format("-n 32M --bidir -P 2 -J {}", GetParam()), "-J --role-flag=off"});
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Of, StreamOrder,
                         testing::Values("--stream-connect=auto", "--stream-connect=ordered",
                                         "--stream-connect=sequential", "--role-flag-level=1"));

class FlaggedWithIperf3 : public testing::TestWithParam<const char*> {};

TEST_P(FlaggedWithIperf3, ServesAndIsServed) {
  const std::string flag = fmt::format("--role-flag={}", GetParam());
  const Outcome client = run(kIperf3, ROLEPERF, {"-n 32M --bidir -P 2 -J " + flag, "-J"});
  const Outcome server = run(ROLEPERF, kIperf3, {"-n 32M --bidir -P 2 -J", "-J " + flag});
  ASSERT_EQ(client.client_status, 0) << client.client;
  EXPECT_THAT(wrong_figures(parse(client.client), parse(client.server)), IsEmpty());
  EXPECT_THAT(wrong_figures(parse(server.client), parse(server.server)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Of, FlaggedWithIperf3, testing::Values("auto", "cookie", "off"));

// --- text, files, exit status

TEST(RoleperfText, CarriesTheServersOutput) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-n 32M --get-server-output -T name", ""});
  EXPECT_THAT(done.client, HasSubstr("Server output:"));
  EXPECT_THAT(done.client, HasSubstr("name:  "));
  EXPECT_THAT(done.client, HasSubstr("iperf Done."));
}

TEST(RoleperfText, CarriesAnIperf3ServersOutput) {
  const Outcome done = run(kIperf3, ROLEPERF, {"-n 32M --get-server-output", "-J"});
  EXPECT_THAT(done.client, HasSubstr("Server JSON output:"));
}

TEST(RoleperfText, TakesFormatTimestampsAndVerbosity) {
  const Outcome done = run(kIperf3, ROLEPERF, {"-n 32M -f M -V --timestamps=@ --forceflush", ""});
  EXPECT_THAT(done.client, HasSubstr("MBytes/sec"));
  EXPECT_THAT(done.client, HasSubstr("Test Complete. Summary Results:"));
  EXPECT_THAT(done.client, StartsWith("@"));
}

TEST(RoleperfFiles, GoToTheLogAndThePidFile) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / fmt::format("roleperf-{}", ::getpid());
  std::filesystem::create_directory(folder);
  const std::string log = folder / "log";
  const std::string pid = folder / "pid";
  const Outcome done =
      run(ROLEPERF, ROLEPERF, {"-n 32M", fmt::format("--logfile {} -I {}", log, pid)});
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("Accepted connection from 127.0.0.1"));
  EXPECT_EQ(done.server, "");
  EXPECT_FALSE(std::filesystem::exists(pid));
  std::filesystem::remove_all(folder);
}

TEST(RoleperfExit, OneWithoutAServer) {
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {}", ROLEPERF, free_port())));
  EXPECT_EQ(client.status(), 1);
  EXPECT_THAT(client.output(), HasSubstr("Connection refused"));
}

TEST(RoleperfExit, OneWithoutAServerAlsoInJson) {
  Program client(words(fmt::format("{} -J -c 127.0.0.1 -p {}", ROLEPERF, free_port())));
  EXPECT_EQ(client.status(), 1);
  EXPECT_TRUE(parse(client.output()).contains("error")) << client.output();
}

TEST(RoleperfExit, OneWhereTheReportIsLost) {
  const Outcome to_a_log = run(ROLEPERF, ROLEPERF, {"-n 1M --logfile /dev/full", ""});
  EXPECT_EQ(to_a_log.client_status, 1);
  EXPECT_THAT(to_a_log.client, HasSubstr("No space left on device"));
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  Program to_stdout(
      {"sh", "-c", fmt::format("{} -c 127.0.0.1 -p {} -n 1M -J >/dev/full", ROLEPERF, port)});
  EXPECT_EQ(to_stdout.status(), 1);
  EXPECT_EQ(to_stdout.output(),
            "roleperf: error - the report could not be written: No space left on device\n");
}

TEST(RoleperfExit, OneWhereTheReportOfAServerIsLost) {
  const std::uint16_t port = free_port();
  Program server({"sh", "-c", fmt::format("{} -s -1 -p {} >/dev/full", ROLEPERF, port)});
  ASSERT_TRUE(await_listener(port));
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -n 1M", ROLEPERF, port)));
  EXPECT_EQ(client.status(), 0) << client.output();
  EXPECT_EQ(server.status(), 1);
  EXPECT_EQ(server.output(),
            "roleperf: error - the report could not be written: No space left on device\n");
}

TEST(RoleperfExit, ZeroWhereTheReaderOfTheReportHasLeft) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  Program client(
      {"bash", "-c",
       fmt::format("set -o pipefail; {} -c 127.0.0.1 -p {} -n 1M -J | true", ROLEPERF, port)});
  EXPECT_EQ(client.status(), 0) << client.output();
}

TEST(RoleperfExit, OneWhereThePortIsTaken) {
  const auto line = fmt::format("{} -s -p {}", ROLEPERF, free_port());
  Program first(words(line + " --forceflush"));
  ASSERT_TRUE(first.prints("Server listening"));
  Program second(words(line));
  EXPECT_EQ(second.status(), 1);
  EXPECT_THAT(second.output(), HasSubstr("Address already in use"));
}

TEST(RoleperfExit, ZeroWhenNobodyComes) {
  Program server(words(fmt::format("{} -s -1 -p {} --idle-timeout 1", ROLEPERF, free_port())));
  EXPECT_EQ(server.status(), 0) << server.output();
}

class RoleperfSignal : public testing::TestWithParam<int> {};

TEST_P(RoleperfSignal, AtTheClientEndsTheTestAtBothEnds) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -i 0.1 --forceflush", ROLEPERF, port)));
  ASSERT_TRUE(client.prints("sec"));
  client.send_signal(GetParam());
  EXPECT_EQ(client.status(), 0) << client.output();
  EXPECT_THAT(client.output(), HasSubstr("sender"));
  EXPECT_EQ(server.status(), 0);
  EXPECT_THAT(server.output(), HasSubstr("roleperf: the client has terminated\n"));
}

TEST_P(RoleperfSignal, AtTheServerEndsTheTestAtBothEnds) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -i 0.1 --forceflush", ROLEPERF, port)));
  ASSERT_TRUE(client.prints("sec"));
  server.send_signal(GetParam());
  EXPECT_EQ(server.status(), 0) << server.output();
  EXPECT_EQ(client.status(), 1);
  EXPECT_THAT(client.output(), HasSubstr("the server has terminated"));
}

INSTANTIATE_TEST_SUITE_P(Of, RoleperfSignal, testing::Values(SIGINT, SIGTERM));

}  // namespace
}  // namespace rolecall::perf
