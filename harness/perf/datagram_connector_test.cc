// SPDX-License-Identifier: BSD-3-Clause
// The connector against a server that is one UDP socket, by a clock that only the test moves.
#include "harness/perf/datagram_connector.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/patience.h"
#include "harness/wire/datagram.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;

class DatagramConnectorTest : public testing::Test {
 protected:
  DatagramConnectorTest() {
    EXPECT_TRUE(bind_to(server_, resolve("127.0.0.1", 0, AF_INET).value().front()).has_value());
  }

  void open(int count, bool may_repeat, wire::Parameters parameters = {}) {
    std::vector<std::unique_ptr<Stream>> streams;
    for (int number = 1; number <= count; ++number) {
      streams.push_back(std::make_unique<Stream>());
      streams.back()->number = number;
    }
    StreamTarget target;
    target.peer = local_address(server_).value();
    parameters.protocol = wire::Protocol::Udp;
    target.parameters = parameters;
    target.limit = seconds(30);
    connector_.emplace(
        reactor_, std::move(target), may_repeat, std::move(streams),
        [](int number) { return Bytes{static_cast<std::byte>(number)}; },
        [this](Result<void> result) { done_ = std::move(result); });
    connector_->start(start_);
  }
  // The next stream that asks to be opened; 0: none does.
  int asked() {
    await_datagram(server_.get());
    Bytes buffer(64);
    const auto came = receive_from(server_, buffer).value();
    if (!came) return 0;
    from_ = came->source;
    return std::to_integer<int>(buffer[0]);
  }
  bool is_asked() const {
    pollfd ready{server_.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) == 1;
  }
  static void await_datagram(int socket) {
    pollfd ready{socket, POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, kPatienceMs), 1);
  }
  void say(ByteView datagram) {
    EXPECT_EQ(
        ::sendto(server_.get(), datagram.data(), datagram.size(), 0, from_.get(), from_.size()),
        static_cast<ssize_t>(datagram.size()));
    await_datagram(descriptor_of(from_));
    EXPECT_TRUE(reactor_.run_once(now() + kPatience).has_value());
  }
  // Of this process, the socket that is bound to it.
  static int descriptor_of(const Address& own) {
    for (int fd = 0; fd < 1024; ++fd) {
      sockaddr_storage name{};
      socklen_t size = sizeof name;
      if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) continue;
      if (size == own.size() && std::memcmp(&name, own.get(), size) == 0) return fd;
    }
    return -1;
  }
  void answer() { say(wire::encode_connect_reply()); }
  bool is_done() const { return done_ && done_->has_value(); }

  Reactor reactor_ = Reactor::create().value();
  Fd server_ = udp_socket(AF_INET).value();
  Address from_;
  std::optional<DatagramConnector> connector_;
  std::optional<Result<void>> done_;
  const TimePoint start_ = now();
};

TEST_F(DatagramConnectorTest, WithoutLevelTwoTheNextWaitsForTheAnswerToTheLast) {
  open(2, false);
  EXPECT_EQ(asked(), 1);
  EXPECT_FALSE(is_asked());
  answer();
  EXPECT_EQ(asked(), 2);
  EXPECT_FALSE(is_done());
  answer();
  EXPECT_TRUE(is_done());
}

TEST_F(DatagramConnectorTest, WithoutLevelTwoNothingIsSentTwice) {
  open(1, false);
  EXPECT_EQ(asked(), 1);
  connector_->on_time(start_ + seconds(29));
  EXPECT_FALSE(is_asked());
}

TEST_F(DatagramConnectorTest, AtLevelTwoAllAskAtOnceAndAgainUntilTheyAreAnswered) {
  open(2, true);
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(asked(), 2);
  answer();
  connector_->on_time(*connector_->wake_at());
  EXPECT_EQ(asked(), 1);
  EXPECT_FALSE(is_asked());
  answer();
  EXPECT_TRUE(is_done());
}

TEST_F(DatagramConnectorTest, WhatFollowsTheAnswerIsLeftToTheTest) {
  open(2, false);
  EXPECT_EQ(asked(), 1);
  answer();
  const Address first = from_;
  EXPECT_EQ(asked(), 2);
  const Bytes data(100);
  EXPECT_EQ(::sendto(server_.get(), data.data(), data.size(), 0, first.get(), first.size()), 100);
  answer();
  ASSERT_TRUE(is_done());
  const auto streams = connector_->take_streams();
  await_datagram(streams.front()->socket.get());
  Bytes buffer(200);
  EXPECT_EQ(read_some(streams.front()->socket, buffer).value().bytes, 100U);
}

TEST_F(DatagramConnectorTest, ItsSocketsHaveTheOptionsOfTheTest) {
  wire::Parameters parameters;
  parameters.tos = 0x28;
  parameters.fq_bits_per_second = 8'000'000;
  parameters.dont_fragment = true;
  open(1, false, parameters);
  EXPECT_EQ(asked(), 1);
  answer();
  const auto streams = connector_->take_streams();
  const Fd& socket = streams.front()->socket;
  EXPECT_EQ(get_option(socket, IPPROTO_IP, IP_TOS, "IP_TOS").value(), 0x28);
  EXPECT_EQ(get_option(socket, SOL_SOCKET, SO_MAX_PACING_RATE, "pacing").value(), 1'000'000);
  EXPECT_EQ(get_option(socket, IPPROTO_IP, IP_MTU_DISCOVER, "DF").value(), IP_PMTUDISC_DO);
}

TEST_F(DatagramConnectorTest, AtLevelTwoAnythingElseIsPassedOver) {
  open(1, true);
  EXPECT_EQ(asked(), 1);
  say(Bytes(4));
  EXPECT_FALSE(done_);
  answer();
  EXPECT_TRUE(is_done());
}

TEST_F(DatagramConnectorTest, WithoutLevelTwoAnythingElseEndsIt) {
  open(1, false);
  EXPECT_EQ(asked(), 1);
  say(Bytes(4));
  ASSERT_TRUE(done_);
  EXPECT_EQ(done_->error().code, Errc::Malformed);
}

// A datagram whose checksum is wrong is announced, and gone when it is read: here somebody who is
// called before takes it away.
TEST_F(DatagramConnectorTest, WithoutLevelTwoNothingIsNoAnswer) {
  open(1, false);
  EXPECT_EQ(asked(), 1);
  const Fd earlier(::eventfd(1, EFD_CLOEXEC));
  ASSERT_TRUE(reactor_.watch(earlier, EPOLLIN, [this](std::uint32_t) {
    Bytes nothing(64);
    EXPECT_EQ(::recv(descriptor_of(from_), nothing.data(), nothing.size(), 0), 4);
  }));
  say(Bytes(4));
  reactor_.unwatch(earlier);
  EXPECT_FALSE(done_);
  answer();
  EXPECT_TRUE(is_done());
}

TEST_F(DatagramConnectorTest, SilenceEndsItAndNamesThePort) {
  open(1, false);
  connector_->on_time(start_ + seconds(30));
  ASSERT_TRUE(done_ && done_->has_error());
  EXPECT_EQ(done_->error().sys_errno, ETIMEDOUT);
  EXPECT_THAT(done_->error().what, HasSubstr("0 of 1 were answered"));
}

TEST_F(DatagramConnectorTest, TheServersWordThatAllAreThereEndsIt) {
  open(2, true);
  connector_->conclude();
  EXPECT_TRUE(is_done());
}

}  // namespace
}  // namespace rolecall::perf
