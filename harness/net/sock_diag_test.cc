// SPDX-License-Identifier: BSD-3-Clause
// Measured on the running kernel, on loopback: what its byte counters count.
#include "harness/net/sock_diag.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "harness/base/deadline.h"

namespace rolecall {
namespace {

constexpr int kCookie = 37;

// A dual-stack listener and one client of it over IPv4, so that the accepted end is v4-mapped.
class SockDiagTest : public ::testing::Test {
 protected:
  void SetUp() override {
    listener_ = Fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    const int off = 0;
    ASSERT_EQ(::setsockopt(listener_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    ASSERT_EQ(::listen(listener_.get(), 4), 0);
    socklen_t size = sizeof any;
    ASSERT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
    port_ = ntohs(any.sin6_port);
    client_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(client_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    server_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(server_.is_open());
  }

  static void send(const Fd& from, int bytes) {
    const std::string payload(static_cast<std::size_t>(bytes), 'x');
    ASSERT_EQ(::send(from.get(), payload.data(), payload.size(), MSG_NOSIGNAL), bytes);
  }

  TcpSocket end_of(std::uint16_t local, std::uint16_t remote) {
    auto sockets = diag_.dump(port_).value();
    const auto it = std::find_if(sockets.begin(), sockets.end(), [&](const TcpSocket& s) {
      return s.local_port == local && s.remote_port == remote;
    });
    return it == sockets.end() ? TcpSocket{} : *it;
  }
  TcpSocket client_end() { return end_of(client_port(), port_); }
  TcpSocket server_end() { return end_of(port_, client_port()); }

  std::uint16_t client_port() {
    if (client_port_ == 0) {
      sockaddr_in self{};
      socklen_t size = sizeof self;
      ::getsockname(client_.get(), reinterpret_cast<sockaddr*>(&self), &size);
      client_port_ = ntohs(self.sin_port);
    }
    return client_port_;
  }

  // Polls the kernel until `arrived`: loopback delivers in softirq, maybe just after send()
  // returned.
  static bool until(const std::function<bool()>& arrived) {
    const Deadline deadline = Deadline::after(seconds(10));
    while (!arrived())
      if (deadline.expired()) return false;
    return true;
  }

  Fd listener_, client_, server_;
  std::uint16_t port_ = 0, client_port_ = 0;
  SockDiag diag_ = SockDiag::open().value();
  DestroyMonitor monitor_ = DestroyMonitor::open().value();
};

TEST_F(SockDiagTest, SeesTheListenerAndBothEndsOfAV4MappedConnection) {
  EXPECT_EQ(end_of(port_, 0).state, TcpState::Listen);
  EXPECT_EQ(client_end().state, TcpState::Established);
  EXPECT_EQ(server_end().state, TcpState::Established);
}

TEST_F(SockDiagTest, OfListenersOnlyThoseOfThePortAreGiven) {
  const auto found = diag_.listeners(port_).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].state, TcpState::Listen);
  EXPECT_EQ(found[0].local_port, port_);
  EXPECT_TRUE(diag_.listeners(client_port()).value().empty());
}

TEST_F(SockDiagTest, OtherPortsAreFilteredOut) {
  const auto foreign = diag_.dump(static_cast<std::uint16_t>(port_ + 2)).value();
  EXPECT_TRUE(std::none_of(foreign.begin(), foreign.end(), [&](const TcpSocket& s) {
    return s.local_port == port_ || s.remote_port == port_;
  }));
}

TEST_F(SockDiagTest, BytesAckedCountsTheSynOfTheConnectingEndOnly) {
  send(client_, kCookie);
  send(server_, kCookie);
  EXPECT_TRUE(until([&] { return client_end().info.bytes_acked == kCookie + 1; }));
  EXPECT_TRUE(until([&] { return server_end().info.bytes_acked == kCookie; }));
}

TEST_F(SockDiagTest, TheReceiveQueueIsWhatTheProgramHasNotRead) {
  send(client_, kCookie);
  EXPECT_TRUE(until([&] { return server_end().rqueue == kCookie; }));
  char byte = 0;
  ASSERT_EQ(::read(server_.get(), &byte, 1), 1);
  EXPECT_EQ(server_end().rqueue, kCookie - 1U);
  EXPECT_EQ(server_end().info.bytes_received, kCookie);
}

TEST_F(SockDiagTest, AFullSenderBehindAClosedWindowIsPersistingAndFull) {
  const std::string block(1 << 16, 'x');
  EXPECT_TRUE(until([&] {
    while (::send(client_.get(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
      continue;
    const TcpSocket s = client_end();
    return s.timer == TcpTimer::Persist && s.send_buffer_full && s.wqueue > 0;
  }));
}

TEST_F(SockDiagTest, AnIdleSenderIsNotFull) {
  EXPECT_FALSE(client_end().send_buffer_full);
}

TEST_F(SockDiagTest, TheInodeIsTheOneInProc) {
  char link[64] = {};
  const std::string path = "/proc/self/fd/" + std::to_string(client_.get());
  ASSERT_GT(::readlink(path.c_str(), link, sizeof link - 1), 0);
  EXPECT_EQ(std::string(link), "socket:[" + std::to_string(client_end().inode) + "]");
}

TEST_F(SockDiagTest, TheMonitorTellsTheLastFiguresOfBothEnds) {
  send(client_, kCookie);
  ASSERT_TRUE(until([&] { return server_end().rqueue == kCookie; }));
  const auto client_side = client_port();
  char cookie[kCookie];
  ASSERT_EQ(::read(server_.get(), cookie, sizeof cookie), kCookie);
  client_.reset();
  server_.reset();
  std::vector<TcpSocket> dead;
  EXPECT_TRUE(until([&] {
    const auto batch = monitor_.take(port_).value();
    dead.insert(dead.end(), batch.begin(), batch.end());
    return dead.size() >= 2;
  }));
  ASSERT_EQ(dead.size(), 2U);
  const bool client_first = dead[0].local_port == client_side;
  EXPECT_EQ(dead[client_first ? 0 : 1].info.bytes_acked, kCookie + 2U);     // SYN, cookie, FIN
  EXPECT_EQ(dead[client_first ? 1 : 0].info.bytes_received, kCookie + 1U);  // cookie, FIN
}

TEST(TcpInfoTest, AnOlderKernelsShorterStructLeavesTheRestZero) {
  const std::byte established[] = {std::byte{1}};
  EXPECT_EQ(decode_tcp_info(established).value().state, TcpState::Established);
  EXPECT_EQ(decode_tcp_info(established).value().bytes_acked, 0U);
}

}  // namespace
}  // namespace rolecall
