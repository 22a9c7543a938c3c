// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/drain.h"

#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>

#include <gmock/gmock.h>

#include "harness/base/deadline.h"
#include "harness/perf/patience.h"

namespace rolecall::perf {
namespace {

// Streams whose other ends the test holds: connections 1, 2 ...
class DrainTest : public ::testing::Test {
 protected:
  void add(wire::Role role) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    auto stream = std::make_unique<Stream>();
    stream->socket = Fd(ends[0]);
    stream->role = role;
    stream->connection = static_cast<std::uint32_t>(streams_.size() + 1);
    before_.push_back({stream->connection, 1000});
    streams_.push_back(std::move(stream));
    peers_.emplace_back(ends[1]);
  }
  void send(std::size_t stream, std::size_t bytes) {
    const std::vector<char> block(bytes, 'x');
    ASSERT_EQ(::send(peers_[stream].get(), block.data(), bytes, 0), static_cast<ssize_t>(bytes));
  }
  void drain() {
    std::vector<const Stream*> streams;
    for (const auto& stream : streams_) streams.push_back(stream.get());
    drain_.emplace(reactor_, streams, before_, [this](const Drain::Totals& totals, bool is_over) {
      last_ = totals;
      is_over_ = is_over;
    });
    drain_->start();
  }
  void wait_for_news() {
    ASSERT_TRUE(reactor_.run_once(Deadline::after(kPatience).at()));
    ASSERT_TRUE(last_);
  }

  Reactor reactor_ = Reactor::create().value();
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<Fd> peers_;
  Drain::Totals before_;
  std::optional<Drain> drain_;
  std::optional<Drain::Totals> last_;
  bool is_over_ = false;
};

TEST_F(DrainTest, TellsWhatHasComeOnTop) {
  add(wire::Role::Receiver);
  add(wire::Role::Receiver);
  drain();
  send(0, 500);
  wait_for_news();
  send(1, 200);
  wait_for_news();
  EXPECT_EQ((*last_)[0].bytes, 1500U);
  EXPECT_EQ((*last_)[1].bytes, 1200U);
  EXPECT_FALSE(is_over_);
}

TEST_F(DrainTest, SaysWhenNoMoreCanCome) {
  add(wire::Role::Receiver);
  send(0, 10);
  peers_.clear();
  drain();
  wait_for_news();
  EXPECT_FALSE(is_over_);
  wait_for_news();
  EXPECT_EQ(last_->front().bytes, 1010U);
  EXPECT_TRUE(is_over_);
}

// Whoever goes on sending would else keep the loop here.
TEST_F(DrainTest, TakesABoundedPortionATurn) {
  add(wire::Role::Receiver);
  const int enough = 4 << 20;
  ASSERT_EQ(::setsockopt(peers_[0].get(), SOL_SOCKET, SO_SNDBUF, &enough, sizeof enough), 0);
  send(0, 300 << 10);
  drain();
  wait_for_news();
  EXPECT_LT((*last_)[0].bytes, 1000U + (300U << 10));
  wait_for_news();
  EXPECT_EQ((*last_)[0].bytes, 1000U + (300U << 10));
}

TEST_F(DrainTest, ReadsNothingWhereThisEndSends) {
  add(wire::Role::Sender);
  send(0, 10);
  drain();
  ASSERT_TRUE(last_);
  EXPECT_EQ(last_->front().bytes, 1000U);
  EXPECT_TRUE(is_over_);
}

TEST_F(DrainTest, MayBeEndedByWhatItTells) {
  add(wire::Role::Receiver);
  const Stream& stream = *streams_[0];
  bool was_told = false;
  drain_.emplace(reactor_, std::vector{&stream}, before_, [&](const Drain::Totals&, bool) {
    was_told = true;
    drain_.reset();
  });
  drain_->start();
  send(0, 1);
  ASSERT_TRUE(reactor_.run_once(Deadline::after(kPatience).at()));
  EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace rolecall::perf
