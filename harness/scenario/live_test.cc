// SPDX-License-Identifier: BSD-3-Clause
// Real iperf3 pairs, and peers that misbehave: what comes out, what must never read as a deadlock,
// and that nothing is left behind. SHIM is the preload library.
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/net/port_reservation.h"
#include "harness/net/sock_diag.h"
#include "harness/scenario/made_scenario.h"
#include "harness/scenario/rig.h"
#include "harness/scenario/runner.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using Args = std::vector<std::string>;

// Ends only if somebody ends it, so that the limit, and no clock of the peers, ends the test.
constexpr char kLong[] = "60";

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto found = find_peers({});
    ASSERT_TRUE(found.has_value());
    peers_ = std::move(found.value());
    if (!peers_.get("legacy")) GTEST_SKIP() << "no iperf3 on PATH (apt-get install iperf3)";
    options_.out = folder_.path();
    options_.shim = SHIM;
  }

  static Scenario scenario(Args client_args, const std::string& schedule = "natural") {
    Scenario s;
    s.name = "live";
    s.server.peer = s.client.peer = "legacy";
    s.client.args = std::move(client_args);
    s.schedule = parse_schedule(schedule).value();
    read_own_arguments(s);
    return s;
  }

  Verdict verdict(const Scenario& s) {
    const auto lever = s.schedule.is_natural() ? std::nullopt : std::optional(Lever::Swap);
    auto run = run_once(s, peers_, lever, 1, false, options_);
    if (!run) return {VerdictKind::Inconclusive, "error: " + run.error().message()};
    last_ = run.value();
    return last_.verdict;
  }

  // A peer that says it is iperf3 and then does `body`.
  void add_peer(const std::string& name, const std::string& body) {
    const fs::path path = folder_.path() / name;
    const std::string text = fmt::format(
        "#!/bin/sh\n[ \"$1\" = -v ] && echo 'iperf 3.12 (a script)' && exit 0\n{}\n", body);
    ASSERT_TRUE(write_file(path, text).has_value());
    ASSERT_EQ(::chmod(path.c_str(), 0700), 0);
    peers_.found.push_back(examine_peer(name, path).value());
  }

  // The children of this process, whichever thread started them; not its guard, which has a session
  // of its own.
  static std::vector<pid_t> children() {
    std::vector<pid_t> pids;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
      const auto text = read_file(task.path() / "children");
      if (!text) continue;
      std::string_view rest = text.value();
      while (!rest.empty()) {
        pid_t pid = 0;
        std::from_chars(rest.data(), rest.data() + rest.size(), pid);
        if (::getsid(pid) == ::getsid(0)) pids.push_back(pid);
        rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
      }
    }
    return pids;
  }

  static pid_t child_with_argument(std::string_view argument) {
    const std::string wanted = std::string(1, '\0') + std::string(argument) + '\0';
    for (const pid_t pid : children()) {
      const auto line = read_file(fmt::format("/proc/{}/cmdline", pid));
      if (line && line.value().find(wanted) != std::string::npos) return pid;
    }
    return 0;
  }

  // Once payload moves on a connection to `port`: does `act`, in the network of the run's server.
  static std::jthread once_data_flows(std::uint16_t port, std::function<void()> act) {
    return std::jthread([port, act = std::move(act)] {
      const Deadline limit = Deadline::after(seconds(20));
      pid_t server = 0;
      while ((server = child_with_argument("-s")) == 0 && !limit.expired()) ::poll(nullptr, 0, 1);
      const Fd place(::open(fmt::format("/proc/{}/ns/net", server).c_str(), O_RDONLY | O_CLOEXEC));
      ::setns(place.get(), CLONE_NEWNET);  // refused where the server is in ours anyway
      SockDiag diag = SockDiag::open().value();
      while (!limit.expired()) {
        const auto sockets = diag.dump(port).value();
        for (const TcpSocket& s : sockets)
          if (s.local_port == port && s.info.bytes_received > 1'000'000) return act();
      }
    });
  }

  std::uint16_t free_port() { return PortReservation::take(0).value().port(); }

  TemporaryFolder folder_ = TemporaryFolder::make().value();
  PeerSet peers_;
  RunOptions options_;
  RunResult last_;
};

TEST_F(LiveTest, ANaturalBidirTestCompletes) {
  EXPECT_EQ(verdict(scenario({"--bidir", "-n", "64M"})).kind, VerdictKind::Completed)
      << last_.verdict.reason;
}

TEST_F(LiveTest, OverIpv6Too) {
  Scenario s = scenario({"--bidir", "-n", "256M"}, "accept 2,1");
  s.address = "::1";
  EXPECT_EQ(verdict(s).kind, VerdictKind::Deadlock) << last_.verdict.reason;
  EXPECT_EQ(last_.realised, Realised::Yes);
}

TEST_F(LiveTest, ADeadlockNamesTheRolesOfBothEnds) {
  EXPECT_EQ(verdict(scenario({"--bidir", "-t", kLong}, "accept 2,1")).kind, VerdictKind::Deadlock);
  ASSERT_EQ(last_.connections.size(), 2U);
  EXPECT_EQ(last_.connections[0].accept_position, 2);
  EXPECT_EQ(last_.connections[0].client_sends, true);
  EXPECT_EQ(last_.connections[0].server_sends, true);
  EXPECT_THAT(last_.client_ended, HasSubstr("ended by rolecall"));
}

TEST_F(LiveTest, OnLoopbackTheProgramsHaveANetworkOfTheirOwn) {
  if (!NetworkNamespace::create()) GTEST_SKIP() << "making a network namespace needs root";
  const Scenario s = scenario({"--bidir"}, "accept 2,1");
  const Peer legacy = peers_.get("legacy").value();
  for (const auto lever :
       {std::optional<Lever>(), std::optional(Lever::Swap), std::optional(Lever::Defer)}) {
    const auto rig = make_rig({.scenario = s,
                               .client = legacy,
                               .server = legacy,
                               .lever = lever,
                               .shim = SHIM,
                               .folder = folder_.path()});
    ASSERT_TRUE(rig.has_value()) << rig.error().message();
    EXPECT_NE(rig.value()->server_namespace(), nullptr);
    EXPECT_EQ(rig.value()->client_namespace(), rig.value()->server_namespace());
  }
}

// A cookie that is held may wait for as long as the order needs: the kernel of the programs' own
// network lets it go later than ours would.
TEST_F(LiveTest, UnderDeferTheProgramsHaveANetworkThatHolds) {
  Scenario s = scenario({"--bidir"}, "accept 2,1");
  s.expect.below = Outcome{VerdictKind::Deadlock, true};
  const Peer legacy = peers_.get("legacy").value();
  const auto rig = make_rig({.scenario = s,
                             .client = legacy,
                             .server = legacy,
                             .lever = Lever::Defer,
                             .shim = SHIM,
                             .folder = folder_.path()});
  ASSERT_TRUE(rig.has_value()) << rig.error().message();
  const NetworkNamespace* place = rig.value()->server_namespace();
  if (place == nullptr) GTEST_SKIP() << "making a network namespace needs root";
  const auto shortest =
      run_in(*place, [] { return read_file("/proc/sys/net/ipv4/tcp_rto_min_us"); });
  if (!shortest) GTEST_SKIP() << "Linux before 6.11: " << shortest.error().message();
  EXPECT_EQ(shortest.value(), "20000000\n");
}

TEST(LongestHold, IsShortWhereEveryRunMeetsIt) {
  Scenario s;
  s.expect = {.above = Outcome{}, .below = kNotRealisable};
  EXPECT_EQ(longest_hold(s, Lever::Swap), seconds(20));
  EXPECT_EQ(longest_hold(s, Lever::Defer), seconds(1));
  EXPECT_EQ(longest_hold(s, Lever::Link), seconds(1));
  s.link.hold_limit = milliseconds(100);
  EXPECT_EQ(longest_hold(s, Lever::Link), milliseconds(100));
  EXPECT_EQ(longest_hold(s, Lever::Defer), seconds(1)) << "the link's is the link's alone";
  s.limit = seconds(1);
  EXPECT_EQ(longest_hold(s, Lever::Swap), milliseconds(500));
}

TEST_F(LiveTest, LeftToEndByItselfTheDeadlockedClientReportsSuccess) {
  options_.let_peers_end = true;
  EXPECT_EQ(verdict(scenario({"--bidir", "-t", "1"}, "accept 2,1")).kind, VerdictKind::Deadlock);
  EXPECT_EQ(last_.client_ended, "exit status 0");
}

TEST_F(LiveTest, AStoppedServerIsNotADeadlock) {
  options_.port = free_port();
  pid_t stopped = 0;
  Scenario s = scenario({"--bidir", "-t", kLong});
  s.limit = seconds(5);
  std::jthread stopper = once_data_flows(options_.port, [&] {
    stopped = child_with_argument("-s");
    if (stopped > 0) ::kill(stopped, SIGSTOP);
  });
  EXPECT_EQ(verdict(s).kind, VerdictKind::Stuck) << last_.verdict.reason;
  stopper.join();
  EXPECT_GT(stopped, 0);
}

// That of the calling thread's network namespace.
void take_loopback_down() {
  ASSERT_NE(fs::read_symlink("/proc/thread-self/ns/net"), fs::read_symlink("/proc/self/ns/net"));
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &request), 0) << "lo of our own namespace";
}

TEST_F(LiveTest, AStalledLinkIsNotADeadlock) {
  if (!NetworkNamespace::create()) GTEST_SKIP() << "making a network namespace needs root";
  options_.port = free_port();
  Scenario s = scenario({"--bidir", "-t", kLong});
  s.limit = seconds(5);
  bool has_stalled = false;
  auto stall = once_data_flows(options_.port, [&] {
    take_loopback_down();
    has_stalled = true;
  });
  EXPECT_EQ(verdict(s).kind, VerdictKind::Stuck) << last_.verdict.reason;
  stall.join();
  EXPECT_TRUE(has_stalled);
}

TEST_F(LiveTest, OneBitASecondIsNotADeadlock) {
  Scenario s = scenario({"--bidir", "-b", "1", "-t", kLong});
  s.limit = milliseconds(1000);
  EXPECT_EQ(verdict(s).kind, VerdictKind::Stuck) << last_.verdict.reason;
  EXPECT_THAT(last_.verdict.reason, Not(HasSubstr("is closed"))) << "as it was at the limit";
}

TEST_F(LiveTest, AnEmptyPipeIsNotADeadlock) {
  const fs::path pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Fd writer(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  Scenario s = scenario({"-F", pipe.string(), "-t", kLong});
  s.limit = milliseconds(1000);
  EXPECT_EQ(verdict(s).kind, VerdictKind::Stuck) << last_.verdict.reason;
}

TEST_F(LiveTest, AClientThatDiesIsACrash) {
  add_peer("dying", "kill -SEGV $$");
  Scenario s = scenario({"-t", kLong});
  s.client.peer = "dying";
  EXPECT_EQ(verdict(s).kind, VerdictKind::Crashed) << last_.verdict.reason;
}

TEST_F(LiveTest, AServerThatPrintsGarbageAndEndsIsStuckAndQuoted) {
  add_peer("garbage", "echo nonsense; exit 0");
  Scenario s = scenario({"-t", kLong});
  s.server.peer = "garbage";
  EXPECT_EQ(verdict(s).kind, VerdictKind::Stuck);
  EXPECT_THAT(last_.verdict.reason, HasSubstr("ended before it listened"));
  EXPECT_THAT(last_.verdict.reason, HasSubstr("nonsense"));
}

TEST_F(LiveTest, AnUnknownArgumentIsARefusalInThePeersWords) {
  EXPECT_EQ(verdict(scenario({"--no-such-option"})).kind, VerdictKind::Refused);
  EXPECT_THAT(last_.verdict.reason, HasSubstr("no-such-option"));
}

TEST_F(LiveTest, APeerThatNeverEndsIsStuckAndIsEnded) {
  add_peer("sleeping", "trap '' TERM; while :; do sleep 100; done");
  Scenario s = scenario({"-t", kLong});
  s.client.peer = "sleeping";
  s.limit = milliseconds(300);
  EXPECT_EQ(verdict(s).kind, VerdictKind::Stuck) << last_.verdict.reason;
  EXPECT_TRUE(children().empty());
}

TEST_F(LiveTest, ATakenPortIsAnErrorThatNamesIt) {
  const Fd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(listener.get(), 1), 0);  // on a port of the kernel's choice
  sockaddr_in6 self{};
  socklen_t size = sizeof self;
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&self), &size), 0);
  options_.port = ntohs(self.sin6_port);
  EXPECT_THAT(verdict(scenario({"-t", "1"})).reason, HasSubstr("is taken by another program"));
}

TEST_F(LiveTest, AStopEndsTheRunAndLeavesNoProcess) {
  auto stop = StopToken::create().value();
  options_.stop = &stop;
  options_.port = free_port();
  const std::jthread stopper = once_data_flows(options_.port, [&] { stop.raise(); });
  const auto run =
      run_once(scenario({"--bidir", "-t", kLong}), peers_, std::nullopt, 1, false, options_);
  ASSERT_TRUE(run.has_error());
  EXPECT_TRUE(is_interruption(run.error()));
  EXPECT_TRUE(children().empty());
}

TEST_F(LiveTest, AStaticProgramUnderTheShimIsAnError) {
  peers_.found.front().is_dynamic = false;
  EXPECT_THAT(verdict(scenario({"--bidir", "-n", "1M"}, "accept 2,1")).reason,
              HasSubstr("no preload library reaches it"));
}

TEST_F(LiveTest, AnIperf3WithoutBidirIsAnError) {
  peers_.found.front().release = {3, 6, 0};
  EXPECT_THAT(verdict(scenario({"--bidir"})).reason, HasSubstr("knows no --bidir"));
}

TEST_F(LiveTest, AClaimWhoseControlFailsIsNotAsExpected) {
  Scenario s = scenario({"--bidir", "-n", "256M"}, "accept 2,1");
  s.expect.above = Outcome{VerdictKind::Deadlock};
  s.control.expect = VerdictKind::Void;
  SeriesOptions series;
  series.run = options_;
  series.jobs = 2;
  const auto results = run_scenarios({s}, peers_, series).value();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0].runs.at(0).as_expected);
  EXPECT_FALSE(results[0].as_expected);
  EXPECT_EQ(results[0].summary, "1 of 1 deadlock; control 1 of 1 completed");
}

TEST_F(LiveTest, EvidenceIsKept) {
  verdict(scenario({"--bidir", "-n", "256M"}, "accept 2,1"));
  for (const char* file : {"client.out", "server.out", "client.err", "server.err", "kernel.jsonl",
                           "events.jsonl", "verdict.json", "live.json"})
    EXPECT_TRUE(fs::exists(last_.evidence / file)) << file;
}

}  // namespace
}  // namespace rolecall::scenario
