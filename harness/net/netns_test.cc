// SPDX-License-Identifier: BSD-3-Clause
// On the running kernel. Each test ends at once, with the reason printed, where the kernel gives no
// namespace.
#include "harness/net/netns.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/net/namespace_holders.h"
#include "harness/net/sock_diag.h"
#include "harness/net/socket.h"

namespace rolecall {
namespace {

constexpr std::uint16_t kPort = 5201;

class NetworkNamespaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto rights = gain_namespace_rights(); rights.has_error())
      GTEST_SKIP() << rights.error().message();
  }
};

// Both ends of a connection over the namespace's loopback, on port kPort.
struct Connection {
  Fd listener;
  Fd client;
  Fd server;
};

Result<Connection> connect_inside() {
  Connection c;
  TRY(c.listener, listen_tcp("127.0.0.1", kPort, AF_INET, ""));
  TRY(auto to, local_address(c.listener));
  TRY(c.client, tcp_socket(AF_INET));
  TRY(start_connect(c.client, to));
  pollfd ready{c.listener.get(), POLLIN, 0};
  ::poll(&ready, 1, 10'000);
  TRY(auto accepted, accept_next(c.listener));
  if (!accepted) return Error{Errc::Timeout, "no connection over the namespace's loopback"};
  c.server = std::move(accepted->socket);
  return c;
}

TEST_F(NetworkNamespaceTest, EachIsANetworkOfItsOwn) {
  const auto a = NetworkNamespace::create().value();
  const auto b = NetworkNamespace::create().value();
  const auto in_a = run_in(a, [] { return listen_tcp("", kPort, AF_UNSPEC, ""); });
  const auto in_b = run_in(b, [] { return listen_tcp("", kPort, AF_UNSPEC, ""); });
  EXPECT_TRUE(in_a.has_value() && in_b.has_value());
}

TEST_F(NetworkNamespaceTest, TheCallingThreadStaysWhereItWas) {
  const auto before = std::filesystem::read_symlink("/proc/thread-self/ns/net");
  const auto ns = NetworkNamespace::create().value();
  const auto inside = run_in(ns, [] {
    return Result<std::string>(std::filesystem::read_symlink("/proc/thread-self/ns/net").string());
  });
  EXPECT_EQ(inside.value(), identity(ns.fd()));
  EXPECT_EQ(std::filesystem::read_symlink("/proc/thread-self/ns/net"), before);
}

TEST_F(NetworkNamespaceTest, LoopbackIsUp) {
  const auto ns = NetworkNamespace::create().value();
  EXPECT_TRUE(run_in(ns, connect_inside).has_value());
}

// Else each dump of its sockets would walk that of the whole machine.
TEST_F(NetworkNamespaceTest, HasATableOfConnectionsOfItsOwn) {
  const auto ns = NetworkNamespace::create().value();
  // Below zero: shared.
  const auto rows = run_in(ns, [] { return read_file("/proc/sys/net/ipv4/tcp_ehash_entries"); });
  if (!rows) GTEST_SKIP() << "Linux before 6.1: " << rows.error().message();
  EXPECT_GT(std::stoi(rows.value()), 0);
}

TEST_F(NetworkNamespaceTest, SockDiagOpenedInsideSeesItsSockets) {
  const auto ns = NetworkNamespace::create().value();
  const auto connection = run_in(ns, connect_inside).value();
  auto diag = run_in(ns, [] { return SockDiag::open(); }).value();
  auto outside = SockDiag::open().value();
  const std::uint16_t port = local_address(connection.client).value().port();
  const auto own = diag.dump(port).value();
  const auto others = outside.dump(port).value();
  std::set<std::uint32_t> inodes;
  for (const TcpSocket& s : own) inodes.insert(s.inode);
  EXPECT_EQ(inodes.size(), 2U);
  for (const TcpSocket& s : others) {  // somebody else's port may be the same
    EXPECT_FALSE(inodes.contains(s.inode));
  }
}

TEST_F(NetworkNamespaceTest, DestroyMonitorOpenedInsideHearsOfItsSockets) {
  const auto ns = NetworkNamespace::create().value();
  auto connection = run_in(ns, connect_inside).value();
  auto monitor = run_in(ns, [] { return DestroyMonitor::open(); }).value();
  const std::uint16_t port = local_address(connection.client).value().port();
  connection.server.reset();
  connection.client.reset();
  pollfd ready{monitor.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  EXPECT_FALSE(monitor.take(port).value().empty());
}

TEST_F(NetworkNamespaceTest, ACorkedSegmentStaysForTheShortestTimer) {
  const auto ns = NetworkNamespace::create().value();
  if (const auto set = set_shortest_timer(ns, seconds(100)); set.has_error())
    GTEST_SKIP() << set.error().message();
  const auto connection = run_in(ns, connect_inside).value();
  const int on = 1;
  ASSERT_EQ(::setsockopt(connection.client.get(), IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
  ASSERT_EQ(::send(connection.client.get(), "cookie", 6, 0), 6);
  pollfd come{connection.server.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&come, 1, 1000), 0) << "five times as long as the kernel's own";
  const int off = 0;
  ASSERT_EQ(::setsockopt(connection.client.get(), IPPROTO_TCP, TCP_CORK, &off, sizeof off), 0);
  EXPECT_EQ(::poll(&come, 1, 10'000), 1);
}

TEST_F(NetworkNamespaceTest, NothingHoldsItAfterSigkill) {
  int report[2];
  ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
  const Fd read_end(report[0]);
  Fd write_end(report[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto ns = NetworkNamespace::create().value();
    const int fd = ns.fd().get();
    if (::write(write_end.get(), &fd, sizeof fd) > 0) ::pause();
    ::_exit(1);
  }
  write_end.reset();
  int fd = -1;
  ASSERT_EQ(::read(read_end.get(), &fd, sizeof fd), static_cast<ssize_t>(sizeof fd));
  const HeldNamespace ns(fmt::format("/proc/{}/fd/{}", child, fd));
  ASSERT_TRUE(ns.is_open());
  EXPECT_EQ(ns.other_holders(), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(ns.other_holders(), 0);
}

TEST(UserNamespaceTest, ItsRootMayMakeNetworkNamespaces) {
  constexpr int kRefused = 77;
  const int status = in_child([] {
    const auto became = become_root_of_own_user_namespace();
    if (became.has_error()) {
      fmt::print(stderr, "{}\n", became.error().message());
      return kRefused;
    }
    const auto ns = NetworkNamespace::create();
    return ::geteuid() == 0 && ns.has_value() && run_in(ns.value(), connect_inside) ? 0 : 1;
  });
  if (status == kRefused) GTEST_SKIP() << "the kernel gives no user namespace (reason above)";
  EXPECT_EQ(status, 0);
}

TEST(UserNamespaceTest, AProcessWithSeveralThreadsIsToldWhatIsWrong) {
  const int status = in_child([] {
    std::optional<Result<void>> became;
    std::thread([&] { became.emplace(become_root_of_own_user_namespace()); }).join();
    return became->has_error() && became->error().what.find("one thread") != std::string::npos ? 0
                                                                                               : 1;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace rolecall
