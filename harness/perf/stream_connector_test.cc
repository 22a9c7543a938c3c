// SPDX-License-Identifier: BSD-3-Clause
// Barriers against a real listener that is made to drop what it is to miss: a filter on a listening
// socket sees every packet up to accept(), so it can let a SYN in and keep the third packet and the
// cookie out, like a loss of both.
#include "harness/perf/stream_connector.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/net/tcp_info.h"
#include "harness/net/transport.h"
#include "harness/perf/control_connection.h"
#include "harness/perf/patience.h"

namespace rolecall::perf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A socket filter: SYNs pass, all else is dropped. Its data begins with the TCP header.
constexpr std::array<sock_filter, 4> kSynsOnly{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},
                                                {BPF_JMP | BPF_JSET | BPF_K, 0, 1, 0x02},
                                                {BPF_RET | BPF_K, 0, 0, 0xffff},
                                                {BPF_RET | BPF_K, 0, 0, 0}}};
constexpr std::uint8_t kToPass = 2;  // the jump from before the filter to its third instruction

class StreamConnectorTest : public testing::Test {
 protected:
  void SetUp() override {
    listener_ = listen_tcp("127.0.0.1", 0, AF_INET, "").value();
    target_.peer = local_address(listener_).value();
    target_.limit = kPatience;
  }

  void open(ConnectOrder order, int senders, int receivers) {
    std::vector<std::unique_ptr<Stream>> streams;
    for (int number = 1; number <= senders + receivers; ++number) {
      streams.push_back(std::make_unique<Stream>());
      streams.back()->number = number;
      opened_.push_back(streams.back().get());
      streams.back()->role = number <= senders ? wire::Role::Sender : wire::Role::Receiver;
    }
    connector_.emplace(
        reactor_, target_, order, std::move(streams), [](int) { return Bytes(37); },
        [this](Result<void> result) { done_ = std::move(result); });
    connector_->start(now());
  }
  // Turns the loop until the connector has said how it came out.
  void finish() {
    const Deadline limit = Deadline::after(kPatience);
    while (!done_ && !limit.expired()) turn(connector_->wake_at());
    ASSERT_TRUE(done_) << "it never came to an end";
  }
  void turn(std::optional<TimePoint> until) {
    (void)reactor_.run_once(until);
    connector_->on_time(now());
  }
  // Turns it through `time`, at the end of which nothing may have come of it.
  void expect_to_wait_for(Duration time) {
    const Deadline end = Deadline::after(time);
    while (!done_ && !end.expired()) turn(std::min(end.at(), *connector_->wake_at()));
    EXPECT_FALSE(done_);
  }

  void drop_all_but_syns() { filter({kSynsOnly.begin(), kSynsOnly.end()}); }
  void drop_all_but_syns_of(const Stream& stream) {
    const std::uint32_t port = local_address(stream.socket).value().port();
    std::vector<sock_filter> code = {{BPF_LD | BPF_H | BPF_ABS, 0, 0, 0},
                                     {BPF_JMP | BPF_JEQ | BPF_K, 0, kToPass, port}};
    code.insert(code.end(), kSynsOnly.begin(), kSynsOnly.end());
    filter(std::move(code));
  }
  void filter(std::vector<sock_filter> code) {
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    ASSERT_EQ(::setsockopt(listener_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
              0);
  }
  // Until it stands, and the connector has heard of it.
  void turn_until_connected(const Stream& stream) {
    const Deadline limit = Deadline::after(kPatience);
    const auto stands = [&] {
      return stream.socket.is_open() &&
             read_tcp_info(stream.socket).value().state == TcpState::Established;
    };
    while (!stands()) {
      ASSERT_FALSE(limit.expired());
      turn(std::min(limit.at(), now() + milliseconds(5)));
    }
    turn(now());
  }
  void turn_until_acknowledged(const Stream& stream) {
    const Deadline limit = Deadline::after(kPatience);
    while (read_tcp_info(stream.socket).value().bytes_acked < 38) {
      ASSERT_FALSE(limit.expired());
      turn(std::min(limit.at(), now() + milliseconds(5)));
    }
  }
  void let_all_through() {
    const int any = 0;
    ASSERT_EQ(::setsockopt(listener_.get(), SOL_SOCKET, SO_DETACH_FILTER, &any, sizeof any), 0);
  }

  // What accept() returns now, as the client's stream numbers.
  std::vector<int> accept_order() {
    auto streams = connector_->take_streams();
    std::vector<int> order;
    for (auto a = accept_next(listener_); a && a.value(); a = accept_next(listener_)) {
      for (const auto& stream : streams) {
        if (local_address(stream->socket).value().port() == a.value()->peer.port())
          order.push_back(stream->number);
      }
    }
    return order;
  }

  Reactor reactor_ = Reactor::create().value();
  Fd listener_;
  StreamTarget target_;
  std::optional<StreamConnector> connector_;
  std::optional<Result<void>> done_;
  std::vector<Stream*> opened_;
};

TEST_F(StreamConnectorTest, TheStreamBarrierWaitsUntilTheHeaderIsAcknowledged) {
  drop_all_but_syns();
  open(ConnectOrder::StreamBarrier, 2, 0);
  expect_to_wait_for(milliseconds(150));
  let_all_through();
  finish();
  EXPECT_TRUE(*done_);
  EXPECT_THAT(accept_order(), ElementsAre(1, 2));
}

TEST_F(StreamConnectorTest, TheRoleBarrierWaitsForEverySender) {
  drop_all_but_syns();
  open(ConnectOrder::RoleBarrier, 2, 2);
  expect_to_wait_for(milliseconds(150));
  let_all_through();
  finish();
  ASSERT_TRUE(*done_);
  const auto order = accept_order();
  ASSERT_EQ(order.size(), 4U);
  EXPECT_THAT(std::vector<int>(order.begin(), order.begin() + 2),
              testing::UnorderedElementsAre(1, 2));
}

TEST_F(StreamConnectorTest, TheRoleBarrierWaitsForTheFirstSenderAsForTheLast) {
  drop_all_but_syns();
  open(ConnectOrder::RoleBarrier, 2, 1);
  expect_to_wait_for(milliseconds(50));
  drop_all_but_syns_of(*opened_[0]);
  turn_until_acknowledged(*opened_[1]);
  expect_to_wait_for(milliseconds(50));
  let_all_through();
  finish();
  EXPECT_TRUE(*done_);
}

TEST_F(StreamConnectorTest, SendersDoNotWaitForEachOtherAtTheRoleBarrier) {
  drop_all_but_syns();
  open(ConnectOrder::RoleBarrier, 2, 2);
  turn_until_connected(*opened_[1]);
  connector_->on_time(now() + kPatience);
  ASSERT_TRUE(done_ && done_->has_error());
  EXPECT_THAT(done_->error().what, HasSubstr("and number 3 must not come before"));
}

TEST_F(StreamConnectorTest, WithoutABarrierNobodyWaits) {
  drop_all_but_syns();
  open(ConnectOrder::Sequential, 1, 1);
  finish();
  EXPECT_TRUE(*done_) << "connect() returns on SYN-ACK: the race that iperf3 3.22 still has";
}

TEST_F(StreamConnectorTest, AtTheLimitItFailsRatherThanGoOnOutOfOrder) {
  target_.limit = milliseconds(100);
  drop_all_but_syns();
  open(ConnectOrder::StreamBarrier, 1, 1);
  finish();
  ASSERT_FALSE(*done_);
  EXPECT_EQ(done_->error().sys_errno, ETIMEDOUT);
  EXPECT_THAT(done_->error().what, HasSubstr("first bytes of number 1 were not acknowledged"));
}

TEST_F(StreamConnectorTest, AServerThatIsGoneEndsTheWaitAtOnce) {
  drop_all_but_syns();
  open(ConnectOrder::StreamBarrier, 1, 1);
  listener_.reset();  // the next packet of stream 1 is answered by a reset
  finish();
  ASSERT_FALSE(*done_);
  EXPECT_EQ(done_->error().sys_errno, ECONNRESET);
}

TEST_F(StreamConnectorTest, LeavesNoNoticeBehindThatWouldWakeThePayloadsLoop) {
  open(ConnectOrder::StreamBarrier, 4, 4);
  finish();
  ASSERT_TRUE(*done_);
  int woken = 0;
  const auto streams = connector_->take_streams();
  for (const auto& stream : streams) {
    const std::string payload(1000, 'x');
    ASSERT_TRUE(write_some(stream->socket, as_bytes(payload)));
    ASSERT_TRUE(reactor_.watch(stream->socket, 0, [&](std::uint32_t) { ++woken; }));
  }
  const Deadline end = Deadline::after(milliseconds(50));
  while (!end.expired()) (void)reactor_.run_once(end.at());
  EXPECT_EQ(woken, 0);
  for (const auto& stream : streams) reactor_.unwatch(stream->socket);
}

class StreamConnectorOfMptcpTest : public StreamConnectorTest {
 protected:
  void SetUp() override {
    if (auto there = check_transport(Transport::Mptcp); !there) {
      GTEST_SKIP() << there.error().message();
    }
    StreamConnectorTest::SetUp();
    target_.parameters.mptcp = true;
  }
};

TEST_F(StreamConnectorOfMptcpTest, StreamsComeInOrder) {
  listener_ = listen_beside(listener_, Transport::Mptcp).value();
  open(ConnectOrder::StreamBarrier, 4, 4);
  finish();
  ASSERT_TRUE(*done_);
  for (const Stream* stream : opened_) EXPECT_TRUE(is_multipath(stream->socket));
  EXPECT_THAT(accept_order(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

// An MPTCP listener takes no filter; towards a plain one MPTCP falls back, and waits all the same.
TEST_F(StreamConnectorOfMptcpTest, TheStreamBarrierWaitsUntilTheHeaderIsAcknowledged) {
  drop_all_but_syns();
  open(ConnectOrder::StreamBarrier, 2, 0);
  expect_to_wait_for(milliseconds(150));
  let_all_through();
  finish();
  EXPECT_TRUE(*done_);
  EXPECT_THAT(accept_order(), ElementsAre(1, 2));
}

// With notices off the barrier would still work, but by looking: this is the event itself.
TEST_F(StreamConnectorTest, AnAcknowledgementWakesTheLoop) {
  open(ConnectOrder::StreamBarrier, 8, 8);
  const Deadline limit = Deadline::after(kPatience);
  while (!done_ && !limit.expired()) (void)reactor_.run_once(limit.at());  // never on_time()
  ASSERT_TRUE(done_);
  EXPECT_TRUE(*done_);
}

TEST(AffordableOrderTest, SettlesIdentityWhereThatTakesLessThanASecond) {
  EXPECT_EQ(affordable_order(milliseconds(49), 10), ConnectOrder::StreamBarrier);
}

TEST(AffordableOrderTest, SettlesRolesOnlyWhereItTakesLonger) {
  EXPECT_EQ(affordable_order(milliseconds(50), 10), ConnectOrder::RoleBarrier);
}

// --- the control connection

TEST(ShareOfTimeTest, AnAddressThatSaysNothingLeavesTimeForTheNext) {
  const TimePoint until{seconds(2).ns};
  EXPECT_EQ(share_of_time({}, until, 2), TimePoint{seconds(1).ns});
  EXPECT_EQ(share_of_time(TimePoint{seconds(1).ns}, until, 1), until);
  EXPECT_EQ(share_of_time({}, until, 1), until);
}

}  // namespace
}  // namespace rolecall::perf
