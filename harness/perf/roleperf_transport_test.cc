// SPDX-License-Identifier: BSD-3-Clause
// Streams that are not of plain TCP, between real programs, where the kernel has the protocol; and
// what is said where it has not.
#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/net/netns.h"
#include "harness/net/socket.h"
#include "harness/net/transport.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/json_shape.h"
#include "harness/perf/patience.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"
#include "harness/perf/raw_client.h"
#include "harness/wire/cookie.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// --- MPTCP

class Mptcp : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto there = check_transport(Transport::Mptcp); there.has_error()) {
      GTEST_SKIP() << there.error().message();
    }
  }
};

class MptcpBetween : public Mptcp,
                     public testing::WithParamInterface<std::tuple<Ends, std::string>> {};

TEST_P(MptcpBetween, StreamsAreOfMptcp) {
  const auto& [pair, words] = GetParam();
  const std::string server = program_of(pair.server);
  const std::string client = program_of(pair.client);
  if (server.empty() || client.empty()) GTEST_SKIP() << "no iperf3 3.22: ci/peers.sh fetches it";
  const Outcome done = run(server, client, {fmt::format("-m -J {}", words), "-J"});
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
  EXPECT_THAT(done.client, Not(HasSubstr("plain TCP")));
}

INSTANTIATE_TEST_SUITE_P(
    Pairs, MptcpBetween,
    testing::Combine(
        testing::Values(Ends{"3.22", "ours"}, Ends{"ours", "3.22"}, Ends{"ours", "ours"}),
        testing::Values("-n 32M", "-n 32M -R", "-t 2 -b 5M -l 8K --bidir -P 2", "-n 32M -N -w 256K",
                        "-C cubic -O 1 -t 1", "-n 32M -Z", "-n 32M --skip-rx-copy -R")));

TEST_F(Mptcp, StreamsConnectInOrderToALegacyServer) {
  const std::string server = iperf3_of("3.22");
  if (server.empty()) GTEST_SKIP() << "no iperf3 3.22: ci/peers.sh fetches it";
  const std::string words = "-m -t 2 -b 5M -l 8K --bidir -P 4 -J --stream-connect=ordered";
  const Outcome done = run(server, ROLEPERF, {words, "-J"});
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
}

TEST_F(Mptcp, AServerThatAnswersInTcpIsWarnedOf) {
  const std::string server = iperf3_of("3.18");
  if (server.empty()) GTEST_SKIP() << "no iperf3 3.18: ci/peers.sh fetches it";
  const Outcome done = run(server, ROLEPERF, {"-m -n 1M -P 2", ""});
  EXPECT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(done.client, HasSubstr("2 of 2 streams are plain TCP"));
}

TEST_F(Mptcp, TheLastWordOfProtocolCounts) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-m -u -n 10K -J", "-J"});
  EXPECT_EQ(parse(done.client)["start"]["test_start"]["protocol"], "UDP") << done.client;
}

// A client's connection by hand to a server that runs: whether it is MPTCP in the end.
bool is_answered_in_mptcp(std::uint16_t port) {
  const Fd socket = stream_socket(AF_INET, Transport::Mptcp).value();
  const Address to = resolve("127.0.0.1", port, AF_INET).value()[0];
  (void)start_connect(socket, to).value();
  pollfd stands{socket.get(), POLLOUT, 0};  // before the answer it is what it asked to be
  EXPECT_EQ(::poll(&stands, 1, kPatienceMs), 1);
  return is_multipath(socket);
}

class MptcpServer : public Mptcp {
 protected:
  void serve(const std::string& words_of_server) {
    server_.emplace(words(fmt::format("{} -s -p {} {}", ROLEPERF, port_, words_of_server)));
    ASSERT_TRUE(await_listener(port_));
    test_.emplace(port_);
  }

  const std::uint16_t port_ = free_port();
  std::optional<Program> server_;
  std::optional<RawTest> test_;
};

TEST_F(MptcpServer, ListensInMptcpForATestThatAsks) {
  serve("");
  test_->parameters.insert(1, R"("mptcp":true,)");
  ASSERT_TRUE(test_->reach(Phase::CreateStreams));
  EXPECT_TRUE(is_answered_in_mptcp(port_));
}

TEST_F(MptcpServer, ListensInTcpAgainAfterIt) {
  serve("");
  test_->parameters.insert(1, R"("mptcp":true,)");
  ASSERT_TRUE(test_->complete());
  RawTest next(port_);
  next.parameters = R"({"udp":true,"len":1000})";
  ASSERT_TRUE(next.reach(Phase::CreateStreams));
  EXPECT_FALSE(is_answered_in_mptcp(port_));
}

TEST_F(MptcpServer, WithItsOwnOptionListensInMptcpForEveryTest) {
  serve("-m");
  ASSERT_TRUE(test_->reach(Phase::CreateStreams));
  EXPECT_TRUE(is_answered_in_mptcp(port_));
}

TEST_F(MptcpServer, WhoComesWhileListenersChangeIsAnswered) {
  serve("");
  test_->parameters.insert(1, R"("mptcp":true,)");
  ASSERT_TRUE(test_->reach(Phase::ParamExchange));
  server_->send_signal(SIGSTOP);  // so that it finds both, the parameters first
  test_->control.send(frame(test_->parameters));
  RawConnection guest(port_);
  guest.send(std::string(wire::kCookieSize, 'g'));
  server_->send_signal(SIGCONT);
  EXPECT_EQ(guest.receive(1), byte(wire::State::AccessDenied));
}

// --- SCTP: ci/sctp.sh boots a kernel that has it

class Sctp : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto there = check_transport(Transport::Sctp); there.has_error()) {
      GTEST_SKIP() << there.error().message();
    }
  }
};

class SctpBetween : public Sctp,
                    public testing::WithParamInterface<std::tuple<Ends, std::string>> {};

TEST_P(SctpBetween, FiguresAreSound) {
  const auto& [pair, words] = GetParam();
  const std::string server = program_of(pair.server);
  const std::string client = program_of(pair.client);
  if (server.empty() || client.empty()) GTEST_SKIP() << "no such iperf3: ci/peers.sh fetches it";
  const Outcome done = run(server, client, {fmt::format("--sctp -J {}", words), "-J"});
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_EQ(parse(done.server)["start"]["test_start"]["protocol"], "SCTP") << done.server;
  EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Pairs, SctpBetween,
    testing::Combine(testing::Values(Ends{"installed", "ours"}, Ends{"ours", "installed"},
                                     Ends{"3.22", "ours"}, Ends{"ours", "3.22"},
                                     Ends{"ours", "ours"}),
                     testing::Values("-t 1", "-t 1 -R", "-t 1 -b 5M --bidir -P 2", "-t 1 -O 1",
                                     "-t 1 -N -w 256K -l 1000", "-n 4M -Z --repeating-payload",
                                     "-t 1 --nstreams 4 -b 0")));

TEST_F(Sctp, BothEndsMayHaveSeveralAddresses) {
  const std::string words = "-X 127.0.0.1 -X 127.0.0.2";
  const Outcome done = run(ROLEPERF, ROLEPERF, {"--sctp -n 1M -J " + words, "-J " + words});
  ASSERT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(wrong_figures(parse(done.client), parse(done.server)), IsEmpty());
}

TEST_F(Sctp, TheDocumentsHaveIperf3sShape) {
  const Words both{"--sctp -t 1 -J", "-J"};
  const Outcome theirs = run("iperf3", "iperf3", both);
  const Outcome ours = run(ROLEPERF, ROLEPERF, both);
  const auto may_add = keys_beyond_iperf3("installed");
  EXPECT_THAT(shape_differences(theirs.client, ours.client, may_add), IsEmpty()) << ours.client;
  EXPECT_THAT(shape_differences(theirs.server, ours.server, may_add), IsEmpty()) << ours.server;
}

class WithoutSctp : public testing::Test {
 protected:
  void SetUp() override {
    if (check_transport(Transport::Sctp)) GTEST_SKIP() << "this kernel has SCTP";
  }
};

TEST_F(WithoutSctp, AClientSaysSoAndWhatToDo) {
  Program client(words(fmt::format("{} -c 127.0.0.1 --sctp", ROLEPERF)));
  EXPECT_EQ(client.status(), 1);
  EXPECT_THAT(client.output(),
              HasSubstr("socket(SCTP): this kernel offers no SCTP: modprobe sctp"));
}

// iperf3 without SCTP runs TCP instead, and says nothing.
TEST_F(WithoutSctp, AServerRefusesTheTestAndServesTheNext) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -p {}", ROLEPERF, port)));
  ASSERT_TRUE(await_listener(port));
  RawTest test(port);
  test.parameters = R"({"sctp":true,"len":1000})";
  ASSERT_TRUE(test.reach(Phase::ParamExchange));
  test.control.send(frame(test.parameters));
  EXPECT_EQ(test.control.receive(9),
            byte(wire::State::ServerError) + length(131) + length(EPROTONOSUPPORT));
  EXPECT_TRUE(RawTest(port).complete());
}

// --- where the kernel has no MPTCP

// Runs `body` where net.mptcp.enabled is 0.
void without_mptcp(const std::function<void()>& body) {
  if (const auto rights = gain_namespace_rights(); rights.has_error()) {
    GTEST_SKIP() << rights.error().message();
  }
  const auto ran = run_in(NetworkNamespace::create().value(), [&]() -> Result<void> {
    std::ofstream("/proc/sys/net/mptcp/enabled") << 0;
    body();
    return ok();
  });
  EXPECT_TRUE(ran);
}

TEST(WithoutMptcp, AClientSaysSoAndWhatToDo) {
  without_mptcp([] {
    Program client(words(fmt::format("{} -c 127.0.0.1 -m", ROLEPERF)));
    EXPECT_EQ(client.status(), 1);
    EXPECT_THAT(client.output(), HasSubstr("this kernel offers no MPTCP: sysctl net.mptcp"));
  });
}

TEST(WithoutMptcp, AServerRefusesTheTest) {
  without_mptcp([] {
    Program server(words(fmt::format("{} -s -p 5201 --forceflush", ROLEPERF)));
    ASSERT_TRUE(server.prints("Server listening"));
    RawTest test(5201);
    test.parameters.insert(1, R"("mptcp":true,)");
    EXPECT_FALSE(test.reach(Phase::CreateStreams));
    EXPECT_TRUE(server.prints("this kernel offers no MPTCP"));
    EXPECT_TRUE(RawTest(5201).complete());
  });
}

}  // namespace
}  // namespace rolecall::perf
