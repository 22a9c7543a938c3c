// SPDX-License-Identifier: BSD-3-Clause
// Options of roleperf that take more than one line of figures to check, as programs, with iperf3 on
// the other side or beside it where it says something: --cport, -B, -C, -w, -l, -O, --extra-data
// and
// --role-flag=require.
#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"
#include "harness/perf/raw_client.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::ContainsRegex;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

// --- which program is at which end

class OptionBetween : public testing::TestWithParam<Ends> {
 protected:
  void SetUp() override {
    if (!iperf3_is_installed()) GTEST_SKIP() << "no iperf3 on PATH: apt-get install iperf3";
  }

  Outcome run_pair(const std::string& client_words) const {
    return run(GetParam().server, GetParam().client, {client_words + " -J", "-J"});
  }
};

std::string pair_name(const testing::TestParamInfo<Ends>& info) {
  const auto name = [](const std::string& program) {
    return program == kIperf3 ? "Iperf3" : "Roleperf";
  };
  return fmt::format("{}With{}", name(info.param.client), name(info.param.server));
}

// The pair without roleperf shows that the rules are iperf3's.
INSTANTIATE_TEST_SUITE_P(A, OptionBetween,
                         testing::Values(Ends{kIperf3, kIperf3}, Ends{kIperf3, ROLEPERF},
                                         Ends{ROLEPERF, kIperf3}, Ends{ROLEPERF, ROLEPERF}),
                         pair_name);

// --- --cport, -B, -C, -w: what the documents say of it

template <class T>
std::vector<T> of_streams(const ordered_json& document, const char* key) {
  std::vector<T> found;
  for (const ordered_json& c : document["start"]["connected"]) found.push_back(c[key].get<T>());
  return found;
}

TEST_P(OptionBetween, StreamsBindThePortsFromTheOneGivenOn) {
  const int first = free_client_ports(4);
  const Outcome done = run_pair(fmt::format("-n 32M --bidir -P 2 --cport {}", first));
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(of_streams<int>(parse(done.client), "local_port"),
              ElementsAre(first, first + 1, first + 2, first + 3));
  EXPECT_THAT(of_streams<int>(parse(done.server), "remote_port"),
              UnorderedElementsAre(first, first + 1, first + 2, first + 3));
}

TEST_P(OptionBetween, StreamsComeFromTheAddressGiven) {
  const Outcome done = run_pair("-n 32M -P 2 -B 127.0.0.2");
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(of_streams<std::string>(parse(done.server), "remote_host"),
              Each(HasSubstr("127.0.0.2")));
}

TEST_P(OptionBetween, BothEndsUseTheCongestionControlGiven) {
  const Outcome done = run_pair("-n 32M --bidir -C reno");
  ASSERT_EQ(done.client_status, 0) << done.client;
  const ordered_json end = parse(done.client)["end"];
  EXPECT_EQ(end["sender_tcp_congestion"], "reno");
  EXPECT_EQ(end["receiver_tcp_congestion"], "reno");
}

TEST_P(OptionBetween, BothEndsHaveTheBuffersGiven) {
  const Outcome done = run_pair("-n 32M -w 64K");
  ASSERT_EQ(done.client_status, 0) << done.client;
  for (const std::string& text : {done.client, done.server}) {
    const ordered_json start = parse(text)["start"];
    EXPECT_EQ(start["sndbuf_actual"], 2 * 65536) << text;  // the kernel doubles it
    EXPECT_EQ(start["rcvbuf_actual"], 2 * 65536) << text;
  }
}

// --- -M and -A n,m at the server, which no document tells

class OfARoleperfServer : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(await_listener(port_));
    test_.emplace(port_);
  }

  void ask_for(const std::string& parameter) {
    test_->parameters.insert(test_->parameters.size() - 1, "," + parameter);
  }

  const std::uint16_t port_ = free_port();
  Program server_{words(fmt::format("{} -s -p {}", ROLEPERF, port_))};
  std::optional<RawTest> test_;
};

TEST_F(OfARoleperfServer, StreamsHaveTheSegmentSizeAskedFor) {
  ask_for(R"("MSS":1000)");
  ASSERT_TRUE(test_->reach(Phase::TestRunning));
  EXPECT_LE(test_->stream->segment_size(), 1000);
}

TEST_F(OfARoleperfServer, TheCoreIsTheOneAskedForUntilTheTestEnds) {
  const std::string all = server_.cores();
  ask_for(R"("server_affinity":0)");
  ASSERT_TRUE(test_->reach(Phase::CreateStreams));
  EXPECT_EQ(server_.cores(), "0");
  ASSERT_TRUE(test_->complete());
  ASSERT_TRUE(RawTest(port_).complete());
  EXPECT_EQ(server_.cores(), all);
}

// --- -O

// What an end itself says of the intervals that are marked so, over all streams.
double sum_of_intervals(const ordered_json& document, const char* figure, bool omitted) {
  double sum = 0;
  for (const ordered_json& interval : document["intervals"]) {
    if (interval["sum"]["omitted"].get<bool>() == omitted) {
      sum += interval["sum"][figure].get<double>();
    }
  }
  return sum;
}

TEST_P(OptionBetween, OmittedSecondsAreMarkedAndCountNowhere) {
  const Outcome done = run_pair("-O 1 -t 1 -b 20M -l 10K");
  ASSERT_EQ(done.client_status, 0) << done.client;
  const ordered_json client = parse(done.client);
  const ordered_json server = parse(done.server);
  const ordered_json& sent = client["end"]["sum_sent"];
  const ordered_json& received = server["end"]["sum_received"];
  EXPECT_GT(sum_of_intervals(client, "seconds", true), 0);
  EXPECT_GT(sum_of_intervals(server, "seconds", true), 0);
  EXPECT_EQ(sent["bytes"], sum_of_intervals(client, "bytes", false));
  EXPECT_EQ(received["bytes"], sum_of_intervals(server, "bytes", false));
  EXPECT_EQ(client["end"]["sum_received"]["bytes"], received["bytes"]);
  constexpr double kRounding = 0.001;
  const double seconds = sent["seconds"];
  EXPECT_NEAR(seconds, sum_of_intervals(client, "seconds", false), kRounding);
  EXPECT_NEAR(sent["bits_per_second"], sent["bytes"].get<double>() * 8 / seconds, kRounding);
}

TEST(RoleperfOmit, StartsTheTextAnewAfterTheOmittedSecond) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-O 1 -t 1 -b 20M", ""});
  for (const std::string& text : {done.client, done.server}) {
    const auto omitted = text.find("(omitted)");
    ASSERT_NE(omitted, std::string::npos) << text;
    EXPECT_THAT(text.substr(omitted), ContainsRegex(" 0\\.00-[1-9][0-9]*\\.")) << text;
  }
}

// --- -v

std::vector<std::string> features(const std::string& program) {
  constexpr std::string_view kTitle = "Optional features available: ";
  Program shown({program, "-v"});
  EXPECT_EQ(shown.status(), 0);
  const std::string& text = shown.output();
  std::istringstream list(text.substr(std::min(text.size(), text.find(kTitle) + kTitle.size())));
  std::string line;
  std::getline(list, line);
  std::vector<std::string> names;
  for (auto at = line.find(", "); at != line.npos; at = line.find(", ")) {
    names.push_back(line.substr(0, at));
    line.erase(0, at + 2);
  }
  names.push_back(line);
  return names;
}

TEST(RoleperfVersion, ListsTheFeaturesThatIperf3HasAndMore) {
  const std::string iperf3 = iperf3_of("3.22");
  if (iperf3.empty()) GTEST_SKIP() << "no iperf3 3.22: ci/peers.sh fetches it";
  EXPECT_THAT(features(ROLEPERF), IsSupersetOf(features(iperf3)));
}

// --- --role-flag=require with a peer that has none

TEST(RoleperfRequire, AnIperf3ServerIsRefusedWithASentence) {
  const Outcome done = run(kIperf3, ROLEPERF, {"-n 1M --role-flag=require", ""});
  EXPECT_EQ(done.client_status, 1);
  EXPECT_THAT(done.client, HasSubstr("--role-flag=require: the server did not agree"));
  EXPECT_NE(done.server_status, -1) << "the server was left with a test that nobody runs";
}

TEST(RoleperfRequire, AnIperf3ClientIsRefusedWithASentence) {
  const Outcome done = run(ROLEPERF, kIperf3, {"-n 1M", "--role-flag=require"});
  EXPECT_EQ(done.client_status, 1);
  EXPECT_THAT(done.client, HasSubstr("iperf3: error"));
  EXPECT_THAT(done.server, HasSubstr("--role-flag=require"));
  EXPECT_EQ(done.server_status, 0);
}

// In -R, too, where the server might begin the test on a stream that lacks it.
TEST(Options, AnUnknownAlgorithmIsNamedByTheClient) {
  for (const char* direction : {"", "-R"}) {
    const Outcome done =
        run(ROLEPERF, ROLEPERF, {fmt::format("-C nosuch -n 1M {}", direction), ""});
    EXPECT_EQ(done.client_status, 1);
    EXPECT_THAT(done.client, HasSubstr("error - unable to set TCP_CONGESTION: Supplied congestion "
                                       "control algorithm not supported on this host: "));
  }
}

// iperf3's sentences, 3.22.
TEST(Options, DatagramsThatArePutTogetherFromFragmentsAreWarnedOf) {
  const std::string line = "UDP block size 65507 exceeds TCP MSS ";
  EXPECT_THAT(run(ROLEPERF, ROLEPERF, {"-u -l 65507 -n 200K -b 100M", ""}).client, HasSubstr(line));
  EXPECT_THAT(run(ROLEPERF, ROLEPERF, {"-u -n 20K -b 100M", ""}).client, Not(HasSubstr(line)));
}

TEST(Options, DatagramsThatNoBufferHoldsAreWarnedOfAtBothEnds) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-u -n 64K -w 8K -l 32K -b 100M", ""});
  for (const std::string& end : {done.client, done.server}) {
    EXPECT_THAT(end, HasSubstr("Block size 32768 > sending socket buffer size 16384"));
    EXPECT_THAT(end, HasSubstr("Block size 32768 > receiving socket buffer size 16384"));
  }
}

// Which of many runs it was has to be known of the one that failed, too.
TEST(Options, ExtraDataIsInTheDocumentOfAClientThatFoundNoServer) {
  Program client(words(
      fmt::format("{} -c 127.0.0.1 -p {} -J -T title --extra-data extra", ROLEPERF, free_port())));
  EXPECT_EQ(client.status(), 1);
  const auto document = nlohmann::ordered_json::parse(client.output());
  EXPECT_EQ(document["title"], "title");
  EXPECT_EQ(document["extra_data"], "extra");
}

}  // namespace
}  // namespace rolecall::perf
