// SPDX-License-Identifier: BSD-3-Clause
// What a link must stand: strange packets, strange connections, a harness that is killed, a machine
// that refuses.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/link/link.h"
#include "harness/link/random_loss.h"
#include "harness/link/two_ends.h"
#include "harness/net/namespace_holders.h"
#include "harness/schedule/schedule.h"

namespace rolecall::link {
namespace {

using ::testing::HasSubstr;

class LinkFaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_link(); !why.empty()) GTEST_SKIP() << why;
  }
};

// Sends bytes out of a namespace's device as they are, past its IP.
class RawSender {
 public:
  RawSender(const NetworkNamespace& inside, const std::string& device)
      : socket_(run_in(inside, [&]() -> Result<Fd> {
                  index_ = ::if_nametoindex(device.c_str());
                  return Fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
                }).value()) {}

  bool send(const Bytes& packet) {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(0x0800);
    to.sll_ifindex = static_cast<int>(index_);
    return ::sendto(socket_.get(), packet.data(), packet.size(), 0,
                    reinterpret_cast<sockaddr*>(&to),
                    sizeof to) == static_cast<ssize_t>(packet.size());
  }

 private:
  unsigned index_ = 0;
  Fd socket_;
};

TEST_F(LinkFaultsTest, PacketsThatAreNoneAreForwardedAndCounted) {
  LinkOptions options;
  options.large_segments = false;
  TwoEnds ends(options);
  RawSender raw(ends.link().client_namespace(), "to-server");
  const Bytes truncated = {std::byte{0x45}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};
  ASSERT_TRUE(raw.send(truncated));
  ASSERT_TRUE(raw.send(Bytes(40, std::byte{0xff})));
  ASSERT_TRUE(raw.send(Bytes(1, std::byte{0})));
  ends.connect();
  ends.accept(1);
  const TrafficCount count = ends.stop().traffic.to_server;
  EXPECT_EQ(count.untouched, 3U);
  EXPECT_GE(count.refused, 1U);  // the last two say that they are neither IPv4 nor IPv6
}

TEST_F(LinkFaultsTest, MoreConnectionsThanTheRulesNamePass) {
  TwoEnds ends(with_rules(rules_for({2, 1})));
  for (int i = 0; i < 20; ++i) ends.connect();
  ends.accept(20);
  EXPECT_EQ(ends.stop().stream(20)->number, 20);
}

TEST_F(LinkFaultsTest, OptionsOutOfRangeAreRefused) {
  const auto error_of = [](const LinkOptions& options) {
    return Link::start(options).error().message();
  };
  EXPECT_THAT(error_of({.mtu = 100}), HasSubstr("an MTU of 100; it is 576 to 65535"));
  EXPECT_THAT(error_of({.loss_percent = {.to_server = 0, .to_client = 101}}),
              HasSubstr("a loss of 101 % to client; it is 0 to 100"));
  EXPECT_THAT(error_of({.hold_limit = Duration{}}), HasSubstr("a hold limit of 0 s"));
  EXPECT_THAT(error_of({.capture = "/nowhere/at.all"}), HasSubstr("/nowhere/at.all"));
}

TEST_F(LinkFaultsTest, LinksSideBySideDoNotDisturbEachOther) {
  TwoEnds a({});
  TwoEnds b({});
  a.connect();
  EXPECT_EQ(a.stop().connections.size(), 2U);
  EXPECT_EQ(b.stop().connections.size(), 1U);
}

TEST_F(LinkFaultsTest, NothingOfALinkIsLeftAfterSigkill) {
  int report[2];
  ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
  const Fd read_end(report[0]);
  Fd write_end(report[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    TwoEnds ends({});
    const int fds[2] = {ends.link().client_namespace().fd().get(),
                        ends.link().server_namespace().fd().get()};
    if (::write(write_end.get(), fds, sizeof fds) > 0) ::pause();
    ::_exit(1);
  }
  write_end.reset();
  int fds[2] = {-1, -1};
  ASSERT_EQ(::read(read_end.get(), fds, sizeof fds), static_cast<ssize_t>(sizeof fds));
  const HeldNamespace client(fmt::format("/proc/{}/fd/{}", child, fds[0]));
  const HeldNamespace server(fmt::format("/proc/{}/fd/{}", child, fds[1]));
  ASSERT_TRUE(client.is_open() && server.is_open());
  EXPECT_GT(client.other_holders() * server.other_holders(), 0);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(client.other_holders() + server.other_holders(), 0);
}

TEST_F(LinkFaultsTest, AnUnprivilegedUserNamespaceIsEnough) {
  constexpr int kRefused = 77;
  const int status = in_child([] {
    const auto became = become_root_of_own_user_namespace();
    const bool has_device = ::access("/dev/net/tun", R_OK | W_OK) == 0;
    const auto possible = became.has_error() || has_device ? became : probe_link();
    if (possible.has_error()) {
      fmt::print(stderr, "{}\n", possible.error().message());
      return kRefused;
    }
    TwoEnds ends(with_rules(rules_for({2, 1})));
    const auto one = ends.connect();
    const auto two = ends.connect();
    return ends.accept(2) == std::vector{two, one} ? 0 : 1;
  });
  if (status == kRefused) GTEST_SKIP() << "no link in a user namespace here (reason above)";
  EXPECT_EQ(status, 0);
}

// A user without any right, as CI containers have it: where it is refused, the message says what to
// do.
TEST_F(LinkFaultsTest, AMachineThatRefusesIsExplained) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become a user without rights";
  const int status = in_child([] {
    if (::setuid(65534) != 0) return 1;
    const auto made = NetworkNamespace::create();
    return made.has_error() &&
                   made.error().message().find("run as root, or let") != std::string::npos
               ? 0
               : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(RandomLossTest, TheSameSeedLosesTheSamePackets) {
  RandomLoss a(30, 7);
  RandomLoss b(30, 7);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(a.loses_next(), b.loses_next());
}

TEST(RandomLossTest, AnotherSeedLosesOthers) {
  RandomLoss a(30, 7);
  RandomLoss b(30, 8);
  int differ = 0;
  for (int i = 0; i < 1000; ++i) differ += a.loses_next() != b.loses_next() ? 1 : 0;
  EXPECT_GT(differ, 0);
}

TEST(RandomLossTest, ItLosesAsManyAsItIsTold) {
  RandomLoss none(0, 1);
  RandomLoss some(5, 1);
  RandomLoss all(100, 1);
  int lost = 0;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_FALSE(none.loses_next());
    ASSERT_TRUE(all.loses_next());
    lost += some.loses_next() ? 1 : 0;
  }
  EXPECT_NEAR(lost, 5'000, 300);  // four standard deviations, and the same on every machine
}

}  // namespace
}  // namespace rolecall::link
