// SPDX-License-Identifier: BSD-3-Clause
// The roleperf server against peers that vanish, stop reading, never end or send figures that no
// test can have, and against what its own system does to it: each test ends, the next is served.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/files.h"
#include "harness/perf/server_fixture.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;
using wire::State;

const std::string kError = byte(State::ServerError);

std::string tcp_test(const std::string& more) {
  return R"({"tcp":true,"omit":0,"parallel":1,"len":1000)" + more + "}";
}

// --- peers that stop reading, and such as never end their test

class RoleperfServerAndTheIdle : public RoleperfServerInAHurry {
 protected:
  // A test of these parameters, whose client says nothing more once it runs.
  void expect_given_up(const std::string& parameters) {
    RawTest test(port_);
    test.parameters = parameters;
    ASSERT_TRUE(test.reach(Phase::CreateStreams));
    test.open_stream();
    std::optional<RawConnection> second;
    if (parameters.find("bidirectional") != std::string::npos) {
      second.emplace(port_).send(RawTest::kCookie);
    }
    ASSERT_EQ(test.control.receive(2), byte(State::TestStart) + byte(State::TestRunning));
    EXPECT_EQ(test.control.receive(5), kError + length(144));
    EXPECT_TRUE(test.control.ends());
  }
};

TEST_F(RoleperfServerAndTheIdle, GivesUpAClientThatReadsNothing) {
  expect_given_up(tcp_test(R"(,"time":0,"num":1000000000,"reverse":true)"));
}

TEST_F(RoleperfServerAndTheIdle, GivesUpAClientThatReadsNothingForAllItsTime) {
  expect_given_up(tcp_test(R"(,"time":86400,"reverse":true)"));
}

TEST_F(RoleperfServerAndTheIdle, GivesUpAClientThatNeitherReadsNorSends) {
  expect_given_up(tcp_test(R"(,"time":0,"num":1000000000,"bidirectional":true)"));
}

TEST_F(RoleperfServerAndTheIdle, GivesUpAClientThatNeverEndsATestWhoseGoalIsReached) {
  expect_given_up(tcp_test(R"(,"time":0,"num":1000,"reverse":true)"));
}

// Its block is due every 8 s only: that is no standstill.
TEST_F(RoleperfServerAndTheIdle, WaitsForTheNextBlockOfASlowPace) {
  RawTest test(port_);
  test.parameters = tcp_test(R"(,"time":0,"num":1000000000,"bandwidth":1000,"reverse":true)");
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  EXPECT_EQ(test.stream->receive(2000).size(), 2000U);
  EXPECT_TRUE(test.complete());
}

// Whether keepalive's timer runs for an accepted connection of this port: field "tr" of the
// kernel's table is 02. While what was sent last is not yet acknowledged it is another one.
bool is_kept_alive(std::uint16_t port) {
  const std::string local = fmt::format("0000000000000000FFFF00000100007F:{:04X} ", port);
  std::ifstream table("/proc/net/tcp6");
  for (std::string line; std::getline(table, line);) {
    const auto fields = words(line);
    const bool is_it = line.find(local) != std::string::npos && fields.size() > 5;
    if (is_it && fields[3] == "01" && fields[5].starts_with("02:")) return true;
  }
  return false;
}

// Who vanishes without a word, its cable cut, is found out by the kernel.
TEST_F(RoleperfServer, WatchesOverTheControlConnection) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  EXPECT_TRUE(comes_true([this] { return is_kept_alive(port_); }));
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfServer, EndsTheTestOfAKilledClientAndServesTheNext) {
  for (const char* mode : {"", "-R", "--bidir", "-u -b 10M", "-u -R -b 10M"}) {
    Program client(words(
        fmt::format("{} -c 127.0.0.1 -p {} -t 60 --forceflush -i 0.1 {}", ROLEPERF, port_, mode)));
    ASSERT_TRUE(client.prints("sec")) << mode << client.output();
    client.send_signal(SIGKILL);
    EXPECT_EQ(client.status(), 128 + SIGKILL);
    EXPECT_TRUE(serves()) << mode;
  }
}

// --- figures that no test can have

const std::vector<std::string> kStrangeNumbers =
    words("9223372036854775807 -9223372036854775808 18446744073709551615 1e308 -1e308 -1 0.5");
const std::vector<std::string> kResultKeys = words(
    "bytes retransmits jitter errors omitted_errors packets omitted_packets start_time end_time");

std::string results_with(const std::string& key, const std::string& number) {
  ordered_json stream{{"id", 1},     {"bytes", 0},   {"retransmits", 0},    {"jitter", 0},
                      {"errors", 0}, {"packets", 0}, {"omitted_errors", 0}, {"omitted_packets", 0}};
  stream[key] = "HERE";
  std::string text = R"({"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,)"
                     R"("sender_has_retransmits":1,"streams":[)" +
                     stream.dump() + "]}";
  return text.replace(text.find("\"HERE\""), 6, number);
}

class RoleperfServerWithJson : public RoleperfServer {
 protected:
  explicit RoleperfServerWithJson(const std::string& more = "") : RoleperfServer("-J " + more) {}
  void SetUp() override { ASSERT_TRUE(await_listener(port_)); }
  void TearDown() override {}

  // What the server has written by its end, document by document; a discarded value for what is
  // none.
  std::vector<ordered_json> documents() {
    server_.send_signal(SIGTERM);
    EXPECT_EQ(server_.status(), 0);
    std::vector<ordered_json> found;
    std::string text;
    std::istringstream in(server_.output());
    for (std::string line; std::getline(in, line);) {
      text += line + "\n";
      if (line == "}")
        found.push_back(ordered_json::parse(std::exchange(text, ""), nullptr, false));
    }
    EXPECT_EQ(text, "");
    return found;
  }
};

TEST_F(RoleperfServerWithJson, TakesAnyNumbersForResults) {
  int tests = 0;
  for (const char* protocol : {R"({"tcp":true})", R"({"tcp":true,"reverse":true})"}) {
    for (const std::string& key : kResultKeys) {
      for (const std::string& number : kStrangeNumbers) {
        RawTest test(port_);
        test.parameters = protocol;
        ASSERT_TRUE(test.reach(Phase::ExchangeResults));
        test.results = results_with(key, number);
        EXPECT_TRUE(test.reach(Phase::DisplayResults)) << key << number;
        EXPECT_TRUE(ordered_json::accept(test.server_results)) << key << number;
        test.control.send_end();
        EXPECT_TRUE(test.control.ends());
        ++tests;
      }
    }
  }
  const auto found = documents();
  EXPECT_EQ(found.size(), static_cast<std::size_t>(tests + 1));  // and one of the signal
  EXPECT_FALSE(std::ranges::any_of(found, &ordered_json::is_discarded));
}

// --- its own options

class RoleperfServerUnbatched : public RoleperfServerWithJson {
 protected:
  RoleperfServerUnbatched() : RoleperfServerWithJson("--unbatched") {}
};

TEST_F(RoleperfServerUnbatched, SaysSo) {
  ASSERT_TRUE(serves());
  EXPECT_EQ(documents().front()["start"]["test_start"]["batched"], 0);
}

// --- what a client says is not to be believed by whoever reads the log

TEST_F(RoleperfServer, PrintsNoLineAndNoEscapeOfAClient) {
  RawTest test(port_);
  test.parameters = tcp_test(R"(,"time":1,"congestion":"x\u001b[2J\nroleperf: lie")");
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  EXPECT_TRUE(server_.prints("x?[2J?roleperf: lie"));
  EXPECT_THAT(server_.output(), Not(HasSubstr("\nroleperf: lie")));
  EXPECT_TRUE(test.complete());
}

// An unknown state, and more behind it than the server reads at once: a rest stays in the kernel's
// hands, which take all of it.
const std::string kMoreThanItReads = "\x2a" + std::string(100'000, 'x');

// What it still sends must not make the end a reset, which can overtake the reason.
TEST_F(RoleperfServer, SaysItsReasonToAClientThatGoesOnSending) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  at_once([&] { test.control.send(kMoreThanItReads); });
  ASSERT_TRUE(server_.prints("(test #3)"));  // this was the second
  EXPECT_FALSE(test.control.is_reset());
  EXPECT_EQ(test.control.receive(5), kError + length(110));
}

TEST(RoleperfServerOfOneTest, OutlastsWhoAsksForNoTest) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  RawConnection gone(port);
  gone.send(RawTest::kCookie);
  ASSERT_EQ(gone.receive(1), byte(State::ParamExchange));
  gone.reset();
  RawConnection talker(port);
  talker.send(RawTest::kCookie + frame("no parameters"));
  EXPECT_TRUE(talker.ends());
  EXPECT_TRUE(RawTest(port).complete());
  EXPECT_EQ(server.status(), 0);
}

TEST(RoleperfServerOfOneTest, SaysItsReasonBeforeItLeaves) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  RawTest test(port);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  server.send_signal(SIGSTOP);  // so that it finds all
  test.control.send(kMoreThanItReads);
  server.send_signal(SIGCONT);
  EXPECT_EQ(server.status(), 0);
  EXPECT_FALSE(test.control.is_reset());
  EXPECT_EQ(test.control.receive(5), kError + length(110));
}

// --- more than the caps

// Of one stream: what a client has to say of it is some hundred bytes.
TEST_F(RoleperfServer, RefusesResultsThatAreMuchLongerThanTheTestIs) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::ExchangeResults));
  test.control.send(length(2 << 20));
  EXPECT_EQ(test.control.receive(5), kError + length(117));
  EXPECT_TRUE(server_.prints("announces 2097152 bytes"));
}

// --- signals

class RoleperfServerSignalled : public RoleperfServerWithJson,
                                public testing::WithParamInterface<int> {};

TEST_P(RoleperfServerSignalled, TellsTheClientAndPrintsWhatItHas) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  test.stream->send(test.payload);
  ASSERT_TRUE(test.stream->arrives());
  server_.send_signal(GetParam());
  EXPECT_EQ(test.control.receive(1), byte(State::ServerTerminate));
  EXPECT_TRUE(test.control.ends());
  EXPECT_EQ(server_.status(), 0);
  const ordered_json document = ordered_json::parse(server_.output(), nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << server_.output();
  EXPECT_EQ(document["end"]["sum_received"]["bytes"], 1000);
  EXPECT_THAT(document["error"].get<std::string>(), HasSubstr("terminated by signal"));
}

TEST_P(RoleperfServerSignalled, IsNotDisturbedByASecondOne) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  for (int i = 0; i < 3; ++i) server_.send_signal(GetParam());
  EXPECT_EQ(server_.status(), 0);
  EXPECT_FALSE(ordered_json::parse(server_.output(), nullptr, false).is_discarded());
}

INSTANTIATE_TEST_SUITE_P(By, RoleperfServerSignalled, testing::Values(SIGINT, SIGTERM, SIGHUP));

// A pipe that nobody reads any more, full to the brim: a pager that waits, say.
TEST(RoleperfServerWithoutReader, LeavesOnASignal) {
  const std::uint16_t port = free_port();
  const TemporaryFolder folder = TemporaryFolder::make().value();
  Program server({"sh", "-c",
                  fmt::format("mkfifo {0}/out; exec 3<>{0}/out; head -c 65536 /dev/zero >&3; "
                              "exec {1} -s -p {2} >&3",
                              folder.path().string(), ROLEPERF, port)});
  ASSERT_TRUE(await_listener(port));
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.status(), 0);
}

// --- what cannot be had

TEST_F(RoleperfServer, SaysWhichSettingItCouldNotMake) {
  const std::pair<const char*, std::uint32_t> kSettings[] = {
      {R"(,"server_affinity":900)", 132}, {R"(,"MSS":20)", 123}, {R"(,"window":500000000)", 141}};
  for (const auto& [setting, number] : kSettings) {
    RawTest test(port_);
    test.parameters = tcp_test(setting);
    ASSERT_TRUE(test.reach(Phase::ParamExchange));
    test.control.send(frame(test.parameters));
    EXPECT_EQ(test.control.receive(5), kError + length(number)) << setting;
  }
}

class RoleperfServerShortOfDescriptors : public RoleperfServer {
 protected:
  RoleperfServerShortOfDescriptors() : RoleperfServer("", "ulimit -n 24;") {}
};

TEST_F(RoleperfServerShortOfDescriptors, SaysThatItCannotTakeAllStreams) {
  RawTest test(port_);
  test.parameters = tcp_test(R"(,"time":1)");
  test.parameters.replace(test.parameters.find("\"parallel\":1"), 12, "\"parallel\":40");
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  std::vector<RawConnection> streams = crowd(40);
  for (RawConnection& stream : streams) stream.send(RawTest::kCookie);
  EXPECT_EQ(test.control.receive(1), kError);
  EXPECT_TRUE(test.control.ends());
}

// Its streams take what there is: none is left for the event loops of its threads.
TEST_F(RoleperfServerShortOfDescriptors, SaysThatItCannotStartItsThreads) {
  RawTest test(port_);
  test.parameters = tcp_test(R"(,"time":1)");
  test.parameters.replace(test.parameters.find("\"parallel\":1"), 12, "\"parallel\":8");
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  std::vector<RawConnection> streams = crowd(8);
  for (RawConnection& stream : streams) stream.send(RawTest::kCookie);
  ASSERT_EQ(test.control.receive(3), byte(State::TestStart) + byte(State::TestRunning) + kError);
  EXPECT_EQ(test.control.receive(4), length(150));
}

}  // namespace
}  // namespace rolecall::perf
