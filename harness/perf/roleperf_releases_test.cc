// SPDX-License-Identifier: BSD-3-Clause
// Every option of a client that has an effect on the wire, with every iperf3 of this machine at the
// other end. Each meets each release at both ends, the payload going one way with roleperf at the
// one and the other way with it at the other; with ROLEPERF_WHOLE_PRODUCT=1 it goes both ways.
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;

// What a document says of an option once it has come to the end that wrote it.
struct Mark {
  const char* path;
  ordered_json value;
  int since = 0;  // iperf3 3.x writes it
};

struct Line {
  std::string goal;
  std::string options;
  std::vector<Mark> at_server;
  std::vector<Mark> at_client;
};

constexpr char kBytesGoal[] = "-n 256K";
constexpr char kDatagramsGoal[] = "-u -n 60000";

const std::vector<Line> kLines = {
    {kBytesGoal, "-w 64K -N -A 0,1", {{"/start/sock_bufsize", 65536}}, {}},
    {kBytesGoal, "-M 1000 -T title", {{"/start/tcp_mss", 1000}, {"/title", "title"}}, {}},
    {kBytesGoal,
     "-C reno -S 0x28",
     {{"/start/test_start/tos", 0x28}},
     {{"/end/sender_tcp_congestion", "reno"}, {"/end/receiver_tcp_congestion", "reno"}}},
    {kBytesGoal,
     "-b 50M --dscp af11",
     {{"/start/target_bitrate", 50'000'000}, {"/start/test_start/tos", 0x28}},
     {}},
    {kBytesGoal,
     "-l 8K -b 50M/5 --pacing-timer 2000",
     {{"/start/test_start/blksize", 8192}, {"/start/target_bitrate", 50'000'000}},
     {}},
    {kBytesGoal,
     "--fq-rate 1G --extra-data text",
     {{"/start/fq_rate", 1'000'000'000, 13}, {"/extra_data", "text"}},
     {}},
    {"-k 3",
     "-P 3 --repeating-payload",
     {{"/start/test_start/blocks", 3}, {"/start/test_start/num_streams", 3}},
     {}},
    {kBytesGoal,
     "--get-server-output",
     {},
     {{"/server_output_json/start/test_start/protocol", "TCP"}}},
    {"-O 1 -t 1",
     "-b 5M -l 8K",
     {{"/start/test_start/omit", 1}, {"/start/test_start/duration", 1}},
     {}},
    {"-t 1",
     "-b 5M -l 8K -P 2 --bidir",
     {{"/start/test_start/bidir", 1, 13}, {"/start/test_start/num_streams", 2}},
     {}},
    {kDatagramsGoal,
     "-l 1000 -b 2M -w 128K -S 0x28",
     {{"/start/sock_bufsize", 131072}, {"/start/test_start/tos", 0x28}},
     {}},
    {kDatagramsGoal,
     "-l 1200 -b 2M/10 --extra-data text --udp-counters-64bit",
     {{"/start/test_start/blksize", 1200}, {"/extra_data", "text"}},
     {}},
    {kDatagramsGoal,
     "-l 1000 -b 2M -A 0,1 -T title --repeating-payload --dscp af11",
     {{"/title", "title"}, {"/start/test_start/tos", 0x28}},
     {}},
};

int minor_of(const ordered_json& document) {
  constexpr int kNewest = 1000;
  const auto version = document["start"]["version"].get<std::string>();
  return version.starts_with("iperf 3.") ? std::stoi(version.substr(8)) : kNewest;
}

std::vector<std::string> missing_marks(const ordered_json& document,
                                       const std::vector<Mark>& marks) {
  std::vector<std::string> missing;
  for (const Mark& mark : marks) {
    if (minor_of(document) < mark.since) continue;
    const ordered_json::json_pointer path(mark.path);
    const ordered_json found = document.value(path, ordered_json());
    if (found != mark.value) missing.push_back(fmt::format("{}: {}", mark.path, found.dump()));
  }
  return missing;
}

bool is_whole_product() {
  return std::getenv("ROLEPERF_WHOLE_PRODUCT") != nullptr;
}

const std::vector<std::string> kEveryRelease = {"3.9", "installed", "3.18", "3.22"};

// The places of a release and of a line.
class Release : public testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  void SetUp() override {
    if (iperf3().empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  }

  static const std::string& release() { return kEveryRelease.at(std::get<0>(GetParam())); }
  static std::string iperf3() { return iperf3_of(release()); }
  static const Line& line() { return kLines.at(std::get<1>(GetParam())); }
  static bool is_udp() { return line().goal == kDatagramsGoal; }

  // A receiving client of 3.9 does not end by -n or -k, whoever serves it.
  static bool must_be_timed(bool at_client, const std::string& way) {
    return !at_client && release() == "3.9" && !way.empty() &&
           line().goal.find("-t") == std::string::npos;
  }

  // Which way the payload goes with roleperf at this end; the other end has the other way.
  static std::vector<std::string> ways(bool at_client) {
    if (line().options.find("--bidir") != std::string::npos) return {""};
    if (line().goal.starts_with("-k") && must_be_timed(at_client, "-R")) return {""};
    if (is_whole_product()) return {"", "-R"};
    const std::size_t turn =
        std::get<0>(GetParam()) + std::get<1>(GetParam()) + (at_client ? 0 : 1);
    return {turn % 2 == 0 ? "" : "-R"};
  }

  // Of equal options the last one counts.
  static std::string words(bool at_client, const std::string& way) {
    const std::string timed = is_udp() ? "-u -t 1" : "-t 1 -b 5M";
    return fmt::format("{} -i 0.1 {} {} -J", must_be_timed(at_client, way) ? timed : line().goal,
                       line().options, way);
  }

  static void expect_understood(const std::string& server, const std::string& client,
                                const std::string& words) {
    SCOPED_TRACE(words);
    const Outcome done = run(server, client, {words, "-J"});
    ASSERT_EQ(done.client_status, 0) << done.client;
    ASSERT_EQ(done.server_status, 0) << done.server;
    EXPECT_THAT(missing_marks(parse(done.server), line().at_server), IsEmpty()) << done.server;
    EXPECT_THAT(missing_marks(parse(done.client), line().at_client), IsEmpty()) << done.client;
    if (is_udp()) return;  // roleperf_udp_test.cc and what the link counts
    EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
  }
};

TEST_P(Release, ServesAndIsServed) {
  for (const std::string& way : ways(true)) expect_understood(iperf3(), ROLEPERF, words(true, way));
  for (const std::string& way : ways(false))
    expect_understood(ROLEPERF, iperf3(), words(false, way));
}

std::string name_of(const testing::TestParamInfo<Release::ParamType>& info) {
  const Line& line = kLines[std::get<1>(info.param)];
  std::string name =
      fmt::format("{}{}{}", kEveryRelease[std::get<0>(info.param)], line.goal, line.options);
  std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
  return name;
}

INSTANTIATE_TEST_SUITE_P(Meets, Release,
                         testing::Combine(testing::Range(std::size_t{0}, kEveryRelease.size()),
                                          testing::Range(std::size_t{0}, kLines.size())),
                         name_of);

// --- where the streams come from

class StreamsOf : public testing::TestWithParam<std::string> {
 protected:
  static void expect_from_there(const std::string& server, const std::string& client) {
    if (server.empty() || client.empty()) {
      GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
    }
    const std::uint16_t port = free_client_ports(1);
    const Outcome done =
        run(server, client,
            {fmt::format("{} -i 0.1 -B 127.0.0.2 --cport {} -J", kBytesGoal, port), "-J"});
    ASSERT_EQ(done.client_status, 0) << done.client;
    const ordered_json stream = parse(done.server)["start"]["connected"][0];
    EXPECT_EQ(stream["remote_port"], port);
    EXPECT_THAT(stream["remote_host"].get<std::string>(), HasSubstr("127.0.0.2"));
  }
};

TEST_P(StreamsOf, RoleperfComeFromThePlaceGiven) {
  expect_from_there(iperf3_of(GetParam()), ROLEPERF);
}

TEST_P(StreamsOf, Iperf3ComeFromThePlaceGiven) {
  expect_from_there(ROLEPERF, iperf3_of(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(With, StreamsOf, testing::ValuesIn(kEveryRelease));

}  // namespace
}  // namespace rolecall::perf
