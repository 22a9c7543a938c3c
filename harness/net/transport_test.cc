// SPDX-License-Identifier: BSD-3-Clause
// On the running kernel; what it does not offer is said, and skipped.
#include "harness/net/transport.h"

#include <poll.h>
#include <sys/socket.h>

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/net/netns.h"
#include "harness/net/socket.h"

namespace rolecall {
namespace {

using testing::HasSubstr;

class MptcpTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto there = check_transport(Transport::Mptcp); there.has_error()) {
      GTEST_SKIP() << there.error().message();
    }
  }

  static void await(const Fd& socket, short event) {
    pollfd entry{socket.get(), event, 0};
    EXPECT_EQ(::poll(&entry, 1, 60'000), 1);
  }
  static Fd connect(Transport transport, const Fd& listener) {
    const Address to = local_address(listener).value();
    Fd socket = stream_socket(to.family(), transport).value();
    EXPECT_TRUE(start_connect(socket, to));
    await(socket, POLLOUT);
    return socket;
  }
  static Fd accept(const Fd& listener) {
    await(listener, POLLIN);
    return std::move(accept_next(listener).value()->socket);
  }

  const Fd plain_ = listen_tcp("127.0.0.1", 0, AF_UNSPEC, "").value();
};

TEST_F(MptcpTest, ASecondListenerTakesThePlaceOfTheFirst) {
  Fd first = listen_tcp("127.0.0.1", 0, AF_UNSPEC, "").value();
  const Fd second = listen_beside(first, Transport::Mptcp).value();
  EXPECT_EQ(local_address(first).value().text(), local_address(second).value().text());
  first.reset();
  const Fd client = connect(Transport::Mptcp, second);
  EXPECT_TRUE(is_multipath(accept(second)));
}

TEST_F(MptcpTest, ASecondListenerTakesTheSameFamilies) {
  for (const int family : {AF_UNSPEC, AF_INET6}) {
    const Fd first = listen_tcp("", 0, family, "").value();
    const Fd second = listen_beside(first, Transport::Mptcp).value();
    EXPECT_EQ(get_option(second, IPPROTO_IPV6, IPV6_V6ONLY, "").value(), family == AF_INET6);
  }
}

TEST_F(MptcpTest, AThirdListenerIsRefusedAsBefore) {
  const Fd second = listen_beside(plain_, Transport::Mptcp).value();
  const std::uint16_t port = local_address(plain_).value().port();
  EXPECT_EQ(listen_tcp("127.0.0.1", port, AF_UNSPEC, "").error().sys_errno, EADDRINUSE);
}

TEST_F(MptcpTest, PlainTcpAtAnMptcpListenerIsPlainTcp) {
  Fd first = listen_tcp("127.0.0.1", 0, AF_UNSPEC, "").value();
  const Fd second = listen_beside(first, Transport::Mptcp).value();
  first.reset();
  const Fd client = connect(Transport::Tcp, second);
  EXPECT_EQ(transport_of(accept(second)).value(), Transport::Tcp);
}

TEST_F(MptcpTest, WithAPlainListenerAConnectionFallsBack) {
  const Fd client = connect(Transport::Mptcp, plain_);
  EXPECT_EQ(transport_of(client).value(), Transport::Mptcp);
  EXPECT_FALSE(is_multipath(client));
}

TEST_F(MptcpTest, WithoutItTheErrorSaysWhatToDo) {
  if (const auto rights = gain_namespace_rights(); rights.has_error()) {
    GTEST_SKIP() << rights.error().message();
  }
  const auto there = run_in(NetworkNamespace::create().value(), [] {
    std::ofstream("/proc/sys/net/mptcp/enabled") << 0;
    return check_transport(Transport::Mptcp);
  });
  ASSERT_TRUE(there.has_error());
  EXPECT_THAT(there.error().what, HasSubstr("sysctl net.mptcp.enabled=1"));
}

TEST(TransportTest, TcpIsEverywhere) {
  EXPECT_TRUE(check_transport(Transport::Tcp));
}

}  // namespace
}  // namespace rolecall
