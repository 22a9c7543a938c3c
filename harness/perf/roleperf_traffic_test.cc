// SPDX-License-Identifier: BSD-3-Clause
// Options that change how bytes reach the wire, or what it carries beside them, between real
// programs: with every iperf3 of this machine both ways round, and what the kernel says of it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/patience.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;

// --- every release, both ways

// --skip-rx-copy came with 3.19; a receiving client of 3.9 does not end by -n, whoever serves it.
bool is_understood_by(std::string_view release, std::string_view options) {
  if (options.find("--skip-rx-copy") != std::string_view::npos) return release == "3.22";
  return release != "3.9" || options.find("-R") == std::string_view::npos;
}

class TrafficWith : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(TrafficWith, ServesAndIsServed) {
  const auto [release, words] = GetParam();
  const std::string iperf3 = iperf3_of(release);
  if (iperf3.empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  const Words both{fmt::format("-J {}", words), "-J"};
  const Outcome client = run(iperf3, ROLEPERF, both, "::1");
  expect_success(client);
  EXPECT_THAT(wrong_figures(parse(client.client), parse(client.server)), IsEmpty());
  if (!is_understood_by(release, words)) return;
  const Outcome server = run(ROLEPERF, iperf3, both, "::1");
  expect_success(server);
  EXPECT_THAT(wrong_figures(parse(server.client), parse(server.server)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Releases, TrafficWith,
    testing::Combine(testing::Values("installed", "3.9", "3.18", "3.22"),
                     testing::Values("-Z -n 8M", "-Z -n 8M -R", "--skip-rx-copy -n 8M",
                                     "-Z --skip-rx-copy -n 8M -R", "-L 0x1234 -n 8M")));

// Peers before 3.21 know nothing of it, and need not.
class GsroWith : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(GsroWith, ServesAndIsServed) {
  const auto [release, words] = GetParam();
  const std::string iperf3 = iperf3_of(release);
  if (iperf3.empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  const std::string line = fmt::format("-J -u -l 1000 -b 2M --gsro {}", words);
  const Outcome client = run(iperf3, ROLEPERF, {line, "-J"});
  expect_success(client);
  const ordered_json udp = parse(client.client)["end"]["streams"][0]["udp"];
  EXPECT_GT(udp["packets"], 0) << client.client;
  EXPECT_EQ(udp["lost_packets"], 0) << client.client;
  if (std::string_view(release) != "3.22") return;
  const Outcome server = run(ROLEPERF, iperf3, {line, "-J"});
  expect_success(server);
  const ordered_json document = parse(server.server);
  EXPECT_EQ(document["start"]["test_start"]["gso"], 1) << server.server;
  EXPECT_EQ(document["end"]["streams"][0]["udp"]["lost_packets"], 0) << server.server;
}

INSTANTIATE_TEST_SUITE_P(Releases, GsroWith,
                         testing::Combine(testing::Values("installed", "3.9", "3.18", "3.22"),
                                          testing::Values("-n 60000", "-n 10000 -R -b 200K")));

TEST(Gsro, IsInTheDocumentOfBothEnds) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-J -u -l 1000 -b 2M -n 60000 --gsro", "-J"});
  expect_success(done);
  for (const std::string& text : {done.client, done.server}) {
    EXPECT_EQ(parse(text)["start"]["test_start"]["gso"], 1) << text;
    EXPECT_EQ(parse(text)["start"]["test_start"]["gro"], 1) << text;
  }
}

// --- what the kernel says while a test runs

// A test of roleperf with itself over IPv6 which runs until this object ends.
class Running {
 public:
  explicit Running(const std::string& client, const std::string& server = "")
      : port_(free_port()),
        server_(words(fmt::format("{} -s -1 -p {} {}", ROLEPERF, port_, server))) {
    EXPECT_TRUE(await_listener(port_));
    client_.emplace(words(fmt::format("{} -c ::1 -p {} -t 60 {}", ROLEPERF, port_, client)));
  }

  std::uint16_t port() const { return port_; }
  pid_t client_pid() const { return client_->pid(); }

 private:
  std::uint16_t port_;
  Program server_;
  std::optional<Program> client_;
};

// Of each line of a table of /proc, its fields.
std::vector<Program::Words> table(const char* path) {
  std::vector<Program::Words> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(words(line));
  return lines;
}

TEST(Zerocopy, SendsFromAFileInMemory) {
  const Running test("-Z");
  EXPECT_TRUE(comes_true([&] {
    for (const auto& fd : fs::directory_iterator(fmt::format("/proc/{}/fd", test.client_pid()))) {
      std::error_code gone;
      if (fs::read_symlink(fd, gone).string().starts_with("/memfd:payload")) return true;
    }
    return false;
  }));
}

TEST(FlowLabel, IsLeasedFromTheKernel) {
  const Running test("-b 1M -L 0xbeef1");
  EXPECT_TRUE(comes_true([] {
    const auto labels = table("/proc/net/ip6_flowlabel");
    return std::any_of(labels.begin(), labels.end(),
                       [](const auto& fields) { return fields.at(0) == "BEEF1"; });
  }));
}

// Whether a connection of the port waits for its keep-alive timer, to fire within `seconds`: in
// /proc/net/tcp6 that is timer 2, with its hundredths of a second.
bool has_keep_alive(std::uint16_t port, bool at_server, int within_s) {
  const std::string end = fmt::format(":{:04X}", port);
  for (const Program::Words& fields : table("/proc/net/tcp6")) {
    if (fields.size() < 6 || !fields[at_server ? 1 : 2].ends_with(end)) continue;
    if (!fields[5].starts_with("02:")) continue;
    const long left = std::stol(fields[5].substr(3), nullptr, 16);
    if (left > 0 && left <= within_s * 100L) return true;
  }
  return false;
}

// Without the option the timer begins with a minute, of which no test runs that much.
TEST(KeepAlive, IsSetOnTheClientsControlConnection) {
  const Running test("-b 1M --cntl-ka=15/4/3");
  EXPECT_TRUE(comes_true([&] { return has_keep_alive(test.port(), false, 15); }));
}

TEST(KeepAlive, IsSetOnTheServersControlConnection) {
  const Running test("-b 1M", "--cntl-ka=15/4/3");
  EXPECT_TRUE(comes_true([&] { return has_keep_alive(test.port(), true, 15); }));
}

TEST(KeepAlive, WhatIsNotGivenIsTheSystemsInTheRuleToo) {
  const std::uint16_t port = free_port();
  const Program server(words(fmt::format("{} -s -p {}", ROLEPERF, port)));  // it is asked nothing
  ASSERT_TRUE(await_listener(port));
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} --cntl-ka=100", ROLEPERF, port)));
  EXPECT_EQ(client.status(), 1);
  EXPECT_THAT(client.output(), HasSubstr("100 s is not above 75 s times 9"));
}

// --- refusals

TEST(FlowLabel, FitsToIpv6Only) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-t 1 -L 5", ""});
  EXPECT_EQ(done.client_status, 1);
  EXPECT_THAT(done.client, HasSubstr("only IPv6 packets have one"));
}

TEST(BindDevice, ThatIsNotThereIsNamed) {
  Program client(words(fmt::format("{} -c 127.0.0.1 -p 9 --bind-dev nosuch0", ROLEPERF)));
  EXPECT_EQ(client.status(), 1);
  EXPECT_THAT(client.output(), HasSubstr("SO_BINDTODEVICE, nosuch0): No such device"));
}

TEST(BindDevice, TakesBothEndsOfATcpAndAUdpTest) {
  expect_success(run(ROLEPERF, ROLEPERF, {"-n 1M --bind-dev lo", "--bind-dev lo"}));
  expect_success(run(ROLEPERF, ROLEPERF, {"-u -n 60000 -b 2M --bind-dev lo", "--bind-dev lo"}));
}

}  // namespace
}  // namespace rolecall::perf
