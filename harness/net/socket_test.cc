// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/socket.h"

#include <sys/epoll.h>

#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/net/reactor.h"
#include "harness/net/signals.h"

namespace rolecall {
namespace {

Fd listener_on_loopback() {
  return listen_tcp("127.0.0.1", 0, AF_UNSPEC, "").value();
}

TEST(AddressTest, PrintsBothFamiliesAsPeopleWriteThem) {
  EXPECT_EQ(resolve("127.0.0.1", 5201, AF_UNSPEC).value()[0].text(), "127.0.0.1:5201");
  EXPECT_EQ(resolve("::1", 5201, AF_UNSPEC).value()[0].text(), "[::1]:5201");
}

TEST(AddressTest, ShowsAMappedAddressAsIpv4) {
  EXPECT_EQ(resolve("::ffff:127.0.0.1", 1, AF_INET6).value()[0].host(), "127.0.0.1");
}

TEST(AddressTest, ANameThatIsNoneSaysWhatWasAsked) {
  const auto found = resolve("no such host", 1, AF_UNSPEC);
  ASSERT_TRUE(found.has_error());
  EXPECT_TRUE(found.error().what.starts_with("getaddrinfo(no such host)")) << found.error().what;
}

TEST(SocketTest, AWildcardListenerTakesBothFamilies) {
  const Fd listener = listen_tcp("", 0, AF_UNSPEC, "").value();
  const std::uint16_t port = local_address(listener).value().port();
  for (const char* host : {"127.0.0.1", "::1"}) {
    const Address to = resolve(host, port, AF_UNSPEC).value()[0];
    const Fd client = tcp_socket(to.family()).value();
    EXPECT_TRUE(start_connect(client, to).has_value()) << host;
  }
}

TEST(SocketTest, NothingToAcceptIsNoError) {
  const auto accepted = accept_next(listener_on_loopback());
  ASSERT_TRUE(accepted.has_value());
  EXPECT_FALSE(accepted.value().has_value());
}

TEST(SocketTest, ATakenPortNamesTheAddress) {
  const Fd first = listener_on_loopback();
  const auto second = listen_tcp("127.0.0.1", local_address(first).value().port(), AF_UNSPEC, "");
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().sys_errno, EADDRINUSE);
  EXPECT_TRUE(second.error().what.find("127.0.0.1:") != std::string::npos);
}

TEST(ReactorTest, CallsWhatIsReadyAndConnectFinishesByEvent) {
  auto reactor = Reactor::create().value();
  const Fd listener = listener_on_loopback();
  const Address to = local_address(listener).value();
  const Fd client = tcp_socket(AF_INET).value();
  ASSERT_TRUE(start_connect(client, to).has_value());
  bool connected = false;
  bool accepted = false;
  ASSERT_TRUE(reactor.watch(client, EPOLLOUT, [&](std::uint32_t) {
    connected = finish_connect(client, to).has_value();
    reactor.unwatch(client);
  }));
  ASSERT_TRUE(reactor.watch(listener, EPOLLIN, [&](std::uint32_t) {
    accepted = accept_next(listener).value().has_value();
  }));
  const Deadline limit = Deadline::after(seconds(10));
  while (!(connected && accepted) && !limit.expired()) ASSERT_TRUE(reactor.run_once(limit.at()));
  EXPECT_TRUE(connected && accepted);
}

TEST(ReactorTest, AHandlerMayCloseAnotherReadyDescriptor) {
  auto reactor = Reactor::create().value();
  const Fd listener = listener_on_loopback();
  const Address to = local_address(listener).value();
  int calls = 0;
  Fd a = tcp_socket(AF_INET).value();
  Fd b = tcp_socket(AF_INET).value();
  ASSERT_TRUE(start_connect(a, to) && start_connect(b, to));
  const auto once = [&](Fd& other) {
    return [&](std::uint32_t) {
      ++calls;
      if (other.is_open()) reactor.unwatch(other), other.reset();
    };
  };
  ASSERT_TRUE(reactor.watch(a, EPOLLOUT, once(b)) && reactor.watch(b, EPOLLOUT, once(a)));
  ASSERT_TRUE(reactor.run_once(now() + seconds(10)));
  EXPECT_EQ(calls, 1);
}

TEST(ReactorTest, AnOldEventDoesNotReachANewDescriptorOfTheSameNumber) {
  auto reactor = Reactor::create().value();
  const Fd listener = listener_on_loopback();
  const Address to = local_address(listener).value();
  Fd a = tcp_socket(AF_INET).value();
  Fd b = tcp_socket(AF_INET).value();
  ASSERT_TRUE(start_connect(a, to) && start_connect(b, to));
  int strays = 0;
  bool is_reused = false;
  const auto replace = [&](Fd& self, Fd& other) {
    return [&](std::uint32_t) {
      if (is_reused) return;
      const int number = other.get();
      reactor.unwatch(other);
      reactor.unwatch(self);
      other = Fd();
      other = tcp_socket(AF_INET).value();
      is_reused = other.get() == number;
      (void)reactor.watch(other, EPOLLIN, [&](std::uint32_t) { ++strays; });
    };
  };
  ASSERT_TRUE(reactor.watch(a, EPOLLOUT, replace(a, b)) &&
              reactor.watch(b, EPOLLOUT, replace(b, a)));
  ASSERT_TRUE(reactor.run_once(now() + seconds(10)));
  EXPECT_TRUE(is_reused);
  EXPECT_EQ(strays, 0);
}

TEST(ReactorTest, ReturnsWhenTheTimeHasCome) {
  auto reactor = Reactor::create().value();
  EXPECT_TRUE(reactor.run_once(now()).has_value());
}

TEST(SignalsTest, ASignalIsAnEvent) {
  const Fd signals = open_signals({SIGUSR1}).value();
  EXPECT_FALSE(take_signal(signals));
  ::raise(SIGUSR1);
  EXPECT_EQ(take_signal(signals), SIGUSR1);
}

}  // namespace
}  // namespace rolecall
