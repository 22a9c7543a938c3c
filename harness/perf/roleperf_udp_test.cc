// SPDX-License-Identifier: BSD-3-Clause
// UDP tests between real programs: roleperf with every iperf3 of this machine, both ways round, and
// with itself. All datagrams of a test together are fewer than a socket's buffer holds, so that
// none is lost however slow the machine is.
#include <poll.h>

#include <optional>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/json_shape.h"
#include "harness/perf/patience.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"
#include "harness/perf/raw_client.h"
#include "harness/wire/control_decoder.h"
#include "harness/wire/datagram.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::IsEmpty;

constexpr int kLength = 1000;

Outcome run_udp(const std::string& server, const std::string& client, const std::string& words,
                const std::string& host = "127.0.0.1") {
  return run(server, client, {fmt::format("-u -l {} -J {}", kLength, words), "-J"}, host);
}

// Of a document's streams, one line for each that cannot be: a loss, or bytes that are not those of
// its datagrams. With a goal some must have come; how many come in a time is the machine's matter.
std::vector<std::string> wrong_datagrams(const ordered_json& document, bool of_client) {
  std::vector<std::string> wrong;
  std::int64_t total = 0;
  for (const ordered_json& stream : document["end"]["streams"]) {
    const ordered_json& udp = stream["udp"];
    const auto packets = udp["packets"].get<std::int64_t>();
    const bool has_bytes = of_client || udp["sender"].get<bool>();
    const bool adds_up = !has_bytes || udp["bytes"].get<std::int64_t>() == packets * kLength;
    total += packets;
    if (adds_up && udp["lost_packets"] == 0 && udp["out_of_order"] == 0) continue;
    wrong.push_back(udp.dump());
  }
  if (document["end"]["streams"].empty()) wrong.emplace_back("no stream");
  const bool has_goal = document["start"]["test_start"]["duration"] == 0;
  if (has_goal && total == 0) wrong.emplace_back("no datagram");
  return wrong;
}

void expect_sound(const Outcome& run) {
  expect_success(run);
  EXPECT_THAT(wrong_datagrams(parse(run.client), true), IsEmpty());
  EXPECT_THAT(wrong_datagrams(parse(run.server), false), IsEmpty());
}

// --- every release, every mode

class UdpWith : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override {
    if (iperf3().empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  }
  static std::string iperf3() { return iperf3_of(std::get<0>(GetParam())); }
  static std::string words() { return std::get<1>(GetParam()); }
  // A receiving client of 3.9 does not end by -n, whoever serves it.
  static bool is_endless_with_its_client() {
    return std::get<0>(GetParam()) == "3.9" && words().starts_with("-n 10000 -R");
  }
};

// Only our own document is held to the rule: iperf3's mixes the ends' omitted parts, and cuts some
// of its last datagrams off.
TEST_P(UdpWith, IsServedAndServes) {
  const Outcome client = run_udp(iperf3(), ROLEPERF, words());
  expect_success(client);
  EXPECT_THAT(wrong_datagrams(parse(client.client), true), IsEmpty());
  if (is_endless_with_its_client()) return;
  const Outcome server = run_udp(ROLEPERF, iperf3(), words());
  expect_success(server);
  EXPECT_THAT(wrong_datagrams(parse(server.server), false), IsEmpty());
}

// Paced clients of 3.16 on look at -n once an interval, and a server sends on past it. In --bidir
// one direction may reach -n before the other has begun.
const auto kModes =
    testing::Values("-n 60000 -b 2M -i 0.1", "-n 10000 -R -b 200K -i 0.1", "-t 1 -b 200K -R",
                    "-t 1 -b 200K --bidir", "-n 60000 -b 2M -P 2 -i 0.1",
                    "-t 1 -b 200K --bidir -P 2 --udp-counters-64bit", "-k 50 -b 2M/10 -i 0.1",
                    "-t 1 -O 1 -b 200K -R");
INSTANTIATE_TEST_SUITE_P(Releases, UdpWith,
                         testing::Combine(testing::Values("installed", "3.9", "3.18", "3.22"),
                                          kModes));

// --- roleperf alone

class UdpFlag : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(UdpFlag, AnySettingOpensAllStreams) {
  const auto [client, server] = GetParam();
  const Outcome done =
      run(ROLEPERF, ROLEPERF,
          {fmt::format("-u -l {} -J -t 1 -b 200K --bidir -P 2 {}", kLength, client),
           fmt::format("-J {}", server)});
  expect_sound(done);
}

const auto kFlags = testing::Values("--role-flag=auto", "--role-flag=off", "--role-flag=cookie",
                                    "--role-flag-level=1");
INSTANTIATE_TEST_SUITE_P(Of, UdpFlag, testing::Combine(kFlags, kFlags));

TEST(UdpPair, OverIpv6) {
  expect_sound(run_udp(ROLEPERF, ROLEPERF, "-t 1 -b 200K --bidir", "::1"));
}

// The server answers from the address that the client knows, wildcard or not.
TEST(UdpPair, OnAnyAddressOfTheServer) {
  expect_sound(run_udp(ROLEPERF, ROLEPERF, "-n 60000 -b 2M", "127.5.6.7"));
}

TEST(UdpPair, TheServerCountsWhatCameBeforeTheEnd) {
  const Outcome done = run_udp(ROLEPERF, ROLEPERF, "-n 60000 -b 20M");
  const ordered_json end = parse(done.client)["end"];
  EXPECT_EQ(end["sum_sent"]["packets"], 60) << done.client;
  EXPECT_EQ(end["sum_received"]["packets"], 60) << done.client;
  EXPECT_EQ(end["sum_received"]["bytes"], 60000) << done.client;
}

TEST(UdpPair, MoreThan128StreamsAtLevelTwo) {
  expect_sound(run_udp(ROLEPERF, ROLEPERF, "-P 200 -t 1 -b 32K"));
}

// --- the documents and lines of 3.12

class UdpShape : public testing::TestWithParam<const char*> {};

TEST_P(UdpShape, IsThatOfTheInstalledIperf3) {
  if (!iperf3_is_installed()) GTEST_SKIP() << "no iperf3 on PATH: apt-get install iperf3";
  const Outcome theirs = run_udp("iperf3", "iperf3", GetParam());
  const Outcome ours = run_udp(ROLEPERF, ROLEPERF, GetParam());
  const auto may_add = keys_beyond_iperf3("installed");
  EXPECT_THAT(shape_differences(theirs.client, ours.client, may_add), IsEmpty());
  EXPECT_THAT(shape_differences(theirs.server, ours.server, may_add), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Of, UdpShape,
                         testing::Values("-n 60000 -b 2M", "-n 60000 -b 2M -R",
                                         "-n 60000 -b 2M --bidir", "-n 60000 -b 2M -P 2 -R"));

// --- a client by hand

// One UDP stream of a RawTest, which has reached CREATE_STREAMS.
class RawFlow {
 public:
  explicit RawFlow(std::uint16_t port, const char* from = "127.0.0.1")
      : socket_(udp_socket(AF_INET).value()) {
    bind_to(socket_, resolve(from, 0, AF_INET).value().front()).value();
    (void)start_connect(socket_, resolve("127.0.0.1", port, AF_INET).value().front()).value();
  }
  void send(ByteView datagram) { (void)write_some(socket_, datagram).value(); }
  void send_data(std::uint64_t sequence) {
    Bytes datagram(kLength);
    wire::encode_datagram_header({now(), sequence}, wire::Counter::Narrow, datagram);
    send(datagram);
  }
  bool is_answered() { return wire::is_connect_reply(receive()); }
  // The type of service of the next datagram; -1: it came without.
  int receive_tos() {
    EXPECT_TRUE(set_option(socket_, IPPROTO_IP, IP_RECVTOS, 1, "IP_RECVTOS").has_value());
    pollfd ready{socket_.get(), POLLIN, 0};
    (void)::poll(&ready, 1, kPatienceMs);
    alignas(cmsghdr) char control[64];
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    (void)::recvmsg(socket_.get(), &message, 0);
    const cmsghdr* const found = CMSG_FIRSTHDR(&message);
    return found != nullptr && found->cmsg_type == IP_TOS ? *CMSG_DATA(found) : -1;
  }
  // Its number; 0: none came.
  std::uint64_t receive_data() {
    const auto header = wire::decode_datagram_header(receive(), wire::Counter::Narrow);
    return header ? header->sequence : 0;
  }

  Bytes receive() {
    Bytes datagram(2 * kLength);
    pollfd ready{socket_.get(), POLLIN, 0};
    (void)::poll(&ready, 1, kPatienceMs);
    datagram.resize(read_some(socket_, datagram).value().bytes);
    return datagram;
  }

 private:
  Fd socket_;
};

class UdpServerTest : public testing::Test {
 protected:
  explicit UdpServerTest(const char* options = "")
      : server_(words(fmt::format("{} -s -1 -J -p {} {}", ROLEPERF, port_, options))) {}
  void begin(const char* more_parameters) {
    ASSERT_TRUE(await_listener(port_));
    test_.emplace(port_).parameters = fmt::format(
        R"({{"udp":true,"time":10,"len":{},"bandwidth":1000000{}}})", kLength, more_parameters);
    ASSERT_TRUE(test_->reach(Phase::CreateStreams));
  }
  bool runs() { return test_->control.receive(2) == "\x01\x02"; }
  // The rest of the test; the server's word on its only stream.
  ordered_json end() {
    test_->control.send("\x04");
    EXPECT_EQ(test_->control.receive(1), "\x0d");
    test_->control.send(as_text(wire::encode_frame(RawTest::kResults)));
    test_->control.send("\x10");
    EXPECT_EQ(server_.status(), 0) << server_.output();
    return parse(server_.output())["end"]["sum_received"];
  }

  std::uint16_t port_ = free_port();
  Program server_;
  std::optional<RawTest> test_;
};

TEST_F(UdpServerTest, WhatIsNoConnectDatagramOpensNoStream) {
  begin("");
  RawFlow stranger(port_);
  stranger.send({});
  stranger.send(as_bytes("GET / HTTP/1.1"));
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  EXPECT_TRUE(flow.is_answered());
  EXPECT_TRUE(runs());
}

TEST_F(UdpServerTest, TheConnectDatagramOfAnotherHostOpensNoStream) {
  begin("");
  RawFlow(port_, "127.0.0.2").send(wire::encode_connect({}));
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  EXPECT_TRUE(flow.is_answered());
  EXPECT_TRUE(runs());
}

// Of releases up to 3.11, little-endian and big-endian, and of big-endian ones up to 3.16.
TEST_F(UdpServerTest, TheConnectDatagramsOfOldReleasesOpenStreams) {
  begin(R"(,"parallel":3)");
  for (const char* connect : {"\x15\xcd\x5b\x07", "\x07\x5b\xcd\x15", "6789"}) {
    RawFlow flow(port_);
    flow.send(as_bytes(connect));
    EXPECT_TRUE(flow.is_answered());
  }
  EXPECT_TRUE(runs());
}

class UdpServerInAHurry : public UdpServerTest {
 protected:
  UdpServerInAHurry() : UdpServerTest("--rcv-timeout 1000") {}
};

// One that was suspended, say: what is sent to it is no progress.
TEST_F(UdpServerInAHurry, GivesUpAClientThatNeverEndsATestOfManyTimesItsGoal) {
  begin(R"(,"time":0,"num":1000,"reverse":true)");
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  EXPECT_TRUE(runs());
  EXPECT_EQ(test_->control.receive(5), byte(State::ServerError) + length(144));
  EXPECT_TRUE(test_->control.ends());
}

TEST_F(UdpServerTest, NumbersLeftOutAreLostAndLateOnesAreNot) {
  begin("");
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  ASSERT_TRUE(flow.is_answered());
  ASSERT_TRUE(runs());
  for (const std::uint64_t sequence : {1U, 2U, 5U, 4U, 8U}) flow.send_data(sequence);
  const ordered_json sum = end();
  EXPECT_EQ(sum["packets"], 8) << sum;
  EXPECT_EQ(sum["lost_packets"], 3) << sum;
  EXPECT_EQ(sum["bytes"], 5 * kLength) << sum;
}

TEST_F(UdpServerTest, ACopyOfTheConnectDatagramIsNoData) {
  begin("");
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  ASSERT_TRUE(flow.is_answered());
  ASSERT_TRUE(runs());
  flow.send(wire::encode_connect(Bytes(40)));  // as long as one of level 2, and as a header
  flow.send_data(1);
  const ordered_json sum = end();
  EXPECT_EQ(sum["packets"], 1) << sum;
  EXPECT_EQ(sum["bytes"], kLength) << sum;
}

// The client may have lost some, and only it knows when it has enough.
TEST_F(UdpServerTest, SendsOnPastTheGoalOfAClientThatReceives) {
  begin(R"(,"reverse":true,"num":1000)");
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  ASSERT_TRUE(flow.is_answered());
  ASSERT_TRUE(runs());
  for (const std::uint64_t sequence : {1U, 2U, 3U}) EXPECT_EQ(flow.receive_data(), sequence);
  end();
}

TEST_F(UdpServerTest, SendsWithTheTypeOfServiceThatTheClientAsksFor) {
  begin(R"(,"reverse":true,"TOS":40)");
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  ASSERT_TRUE(flow.is_answered());
  ASSERT_TRUE(runs());
  (void)flow.receive_tos();  // may have come before it was asked for
  EXPECT_EQ(flow.receive_tos(), 40);
  end();
}

TEST_F(UdpServerTest, SendsDigitsWhereTheClientAsksForThem) {
  begin(R"(,"reverse":true,"repeating_payload":1)");
  RawFlow flow(port_);
  flow.send(wire::encode_connect({}));
  ASSERT_TRUE(flow.is_answered());
  ASSERT_TRUE(runs());
  const Bytes datagram = flow.receive();
  EXPECT_EQ(as_text(ByteView(datagram).subspan(12, 10)), "2345678901");
  end();
}

}  // namespace
}  // namespace rolecall::perf
