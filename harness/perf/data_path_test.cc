// SPDX-License-Identifier: BSD-3-Clause
// The data path on real TCP connections over loopback, one end each.
#include "harness/perf/data_path.h"

#include <poll.h>

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/patience.h"
#include "harness/perf/receive_worker.h"

namespace rolecall::perf {
namespace {

struct Connection {
  Stream sender;
  Stream receiver;
};

std::unique_ptr<Connection> connection(int number) {
  const Fd listener = listen_tcp("127.0.0.1", 0, AF_INET, "").value();
  const Address to = local_address(listener).value();
  auto c = std::make_unique<Connection>();
  c->sender.socket = tcp_socket(AF_INET).value();
  (void)start_connect(c->sender.socket, to).value();
  pollfd ready{listener.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, kPatienceMs), 1);
  c->receiver.socket = std::move(accept_next(listener).value()->socket);
  c->sender.role = wire::Role::Sender;
  c->sender.number = c->receiver.number = number;
  return c;
}

class DataPathTest : public testing::Test {
 protected:
  void connect(int count) {
    for (int number = 1; number <= count; ++number) connections_.push_back(connection(number));
  }
  std::unique_ptr<DataPath> senders(const Load& load) {
    std::vector<Stream*> streams;
    for (const auto& c : connections_) streams.push_back(&c->sender);
    return begun(streams, load);
  }
  std::unique_ptr<DataPath> receivers(const Load& load = {}) {
    std::vector<Stream*> streams;
    for (const auto& c : connections_) streams.push_back(&c->receiver);
    return begun(streams, load);
  }
  static std::unique_ptr<DataPath> begun(const std::vector<Stream*>& streams, const Load& load) {
    auto path = DataPath::create(streams, load).value();
    path->begin_measuring();
    EXPECT_TRUE(path->start(now()).has_value());
    return path;
  }
  static bool has_news(DataPath& path) {
    pollfd news{path.news().event().get(), POLLIN, 0};
    return ::poll(&news, 1, kPatienceMs) == 1;
  }
  std::uint64_t sent() const {
    return std::accumulate(connections_.begin(), connections_.end(), std::uint64_t{0},
                           [](std::uint64_t n, const auto& c) { return n + c->sender.bytes; });
  }
  std::uint64_t received() const {
    return std::accumulate(connections_.begin(), connections_.end(), std::uint64_t{0},
                           [](std::uint64_t n, const auto& c) { return n + c->receiver.bytes; });
  }
  // Until the receivers' programs have everything that was sent.
  bool everything_arrives() const {
    const Deadline limit = Deadline::after(kPatience);
    while (received() < sent() && !limit.expired()) ::poll(nullptr, 0, 1);
    return received() == sent();
  }

  std::vector<std::unique_ptr<Connection>> connections_;
};

TEST_F(DataPathTest, SendsTheGoalAndAtMostABlockAStreamMore) {
  connect(3);
  const auto in = receivers();
  const auto out = senders({.block_bytes = 1000, .goal_bytes = 10'000'500});
  ASSERT_TRUE(has_news(*out));
  EXPECT_TRUE(out->goal_reached());
  out->stop_sending();
  EXPECT_GE(sent(), 10'000'500U);
  EXPECT_LE(sent(), 10'000'500U + 3 * 1000U);
  EXPECT_TRUE(everything_arrives());
}

TEST_F(DataPathTest, AStreamThatStandsStillKeepsNothingFromTheOthers) {
  connect(2);
  std::vector<Stream*> first{&connections_[0]->receiver};
  const auto in = begun(first, {});
  const auto out = senders({.goal_bytes = 200'000'000});
  EXPECT_TRUE(has_news(*out)) << "nobody reads the second stream";
  EXPECT_TRUE(out->goal_reached());
}

TEST_F(DataPathTest, AReceiversGoalIsReachedToo) {
  connect(1);
  const auto in = receivers({.goal_bytes = 5'000'000});
  const auto out = senders({.goal_bytes = 5'000'000});
  ASSERT_TRUE(has_news(*in));
  EXPECT_TRUE(in->goal_reached());
}

TEST_F(DataPathTest, NothingIsSentAfterStopSending) {
  connect(2);
  const auto in = receivers();
  const auto out = senders({});
  while (received() == 0) ::poll(nullptr, 0, 1);
  out->stop_sending();
  const std::uint64_t at_stop = sent();
  EXPECT_TRUE(everything_arrives());
  EXPECT_EQ(sent(), at_stop);
}

TEST_F(DataPathTest, WhatTheKernelHoldsIsCountedWhenReceivingStops) {
  connect(1);
  const auto out =
      senders({.block_bytes = 1000, .goal_bytes = 20'000});  // fits into any receive buffer
  ASSERT_TRUE(has_news(*out));
  pollfd ready{connections_[0]->receiver.socket.get(), POLLIN, 0};
  ASSERT_TRUE(set_option(connections_[0]->receiver.socket, SOL_SOCKET, SO_RCVLOWAT, 20'000, "all"));
  ASSERT_EQ(::poll(&ready, 1, kPatienceMs), 1);
  EXPECT_TRUE(receive_what_is_there(connections_[0]->receiver, Deadline(now())).has_value());
  EXPECT_EQ(received(), sent());
}

TEST_F(DataPathTest, ABlockThatWasCutShortGoesOnWhereItStopped) {
  connect(1);
  constexpr std::size_t kBlock = 10'007;
  // Much less than one call offers, so that the kernel cuts it short.
  ASSERT_TRUE(set_option(connections_[0]->sender.socket, SOL_SOCKET, SO_SNDBUF, 50'000, "send"));
  const auto out = senders({.block_bytes = kBlock, .goal_bytes = 20'000'000});
  Bytes all;
  Bytes part(30'011);  // so that the sender finds room for odd numbers of bytes
  const Deadline limit = Deadline::after(kPatience);
  while (all.size() < 20'000'000 && !limit.expired()) {
    const auto read = read_some(connections_[0]->receiver.socket, part).value();
    append(all, ByteView(part).first(read.bytes));
  }
  EXPECT_TRUE(std::equal(all.begin() + kBlock, all.end(), all.begin())) << "blocks repeat";
}

TEST_F(DataPathTest, APacedStreamStaysBelowItsRate) {
  connect(1);
  const auto in = receivers();
  const TimePoint start = now();
  const auto out =
      senders({.block_bytes = 10'000, .goal_bytes = 100'000, .bits_per_second = 4'000'000});
  ASSERT_TRUE(has_news(*out));
  // Ten blocks at 20 ms each: the last may go when nine of them are paid for.
  EXPECT_GE((now() - start).in_ms(), 180);
}

// No sooner than two of the three blocks are paid for, also where the kernel takes them in parts.
TEST_F(DataPathTest, APacedStreamStaysBelowItsRateBehindAShortSend) {
  connect(1);
  ASSERT_TRUE(set_option(connections_[0]->sender.socket, SOL_SOCKET, SO_SNDBUF, 50'000, "send"));
  const auto in = receivers();
  const TimePoint start = now();
  const auto out =
      senders({.block_bytes = 1'000'000, .goal_bytes = 3'000'000, .bits_per_second = 80'000'000});
  ASSERT_TRUE(has_news(*out));
  EXPECT_GE((now() - start).in_ms(), 200);
}

// A call takes fewer blocks than a burst has.
TEST_F(DataPathTest, ABurstInSeveralCallsIsPaidForBeforeTheNext) {
  connect(1);
  const auto in = receivers();
  const TimePoint start = now();
  const auto out = senders({.is_zerocopy = true,
                            .block_bytes = 100'000,
                            .goal_bytes = 9'000'000,
                            .bits_per_second = 240'000'000,
                            .burst_blocks = 30});
  ASSERT_TRUE(has_news(*out));
  EXPECT_GE((now() - start).in_ms(), 200);
}

TEST_F(DataPathTest, APeerThatIsGoneIsNamed) {
  connect(1);
  connections_[0]->receiver.socket.reset();
  const auto out = senders({});
  ASSERT_TRUE(has_news(*out));
  ASSERT_TRUE(out->news().failure());
  EXPECT_EQ(out->news().failure()->what, "sending on stream 1");
}

TEST_F(DataPathTest, OneOfTwoStreamsThatIsResetLeavesTheOther) {
  connect(2);
  connections_[0]->receiver.socket.reset();
  const auto in = begun({&connections_[1]->receiver}, {});
  const auto out = senders({.goal_bytes = 8'000'000});
  ASSERT_TRUE(has_news(*out));
  EXPECT_TRUE(out->goal_reached());
  EXPECT_FALSE(out->news().failure());
}

TEST_F(DataPathTest, AStoppedReceiverStopsTheSenderWithoutEndingIt) {
  connect(1);
  const auto out = senders({});
  const Deadline limit = Deadline::after(kPatience);
  std::uint64_t before = 0;
  do {
    before = sent();
    ::poll(nullptr, 0, 50);
  } while (sent() != before && !limit.expired());
  EXPECT_FALSE(out->news().failure());
  const auto in = receivers();
  while (sent() == before && !limit.expired()) ::poll(nullptr, 0, 1);
  EXPECT_GT(sent(), before);
}

}  // namespace
}  // namespace rolecall::perf
