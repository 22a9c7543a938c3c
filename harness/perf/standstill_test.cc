// SPDX-License-Identifier: BSD-3-Clause
// A test in which nothing moves: whether it is given up, and after how long. On real TCP
// connections over loopback, whose other ends do nothing.
#include "harness/perf/standstill.h"

#include <poll.h>

#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/json_report.h"
#include "harness/perf/patience.h"
#include "harness/perf/report_samples.h"
#include "harness/perf/test_run.h"

namespace rolecall::perf {
namespace {

TEST(Standstill, LastsWhereTheCountIsTheSameAfterALimit) {
  Standstill standstill;
  standstill.begin(seconds(10), TimePoint{});
  EXPECT_FALSE(standstill.lasts(5, TimePoint{} + seconds(3)));
  EXPECT_FALSE(standstill.lasts(5, TimePoint{} + seconds(12)));
  EXPECT_TRUE(standstill.lasts(5, TimePoint{} + seconds(15)));
}

TEST(Standstill, EndsWithTheLeastProgress) {
  Standstill standstill;
  standstill.begin(seconds(10), TimePoint{});
  EXPECT_FALSE(standstill.lasts(5, TimePoint{} + seconds(3)));
  EXPECT_FALSE(standstill.lasts(6, TimePoint{} + seconds(13)));
  EXPECT_FALSE(standstill.lasts(6, TimePoint{} + seconds(20)));
  EXPECT_TRUE(standstill.lasts(6, TimePoint{} + seconds(23)));
}

class StandingTest : public testing::Test {
 protected:
  void connect(wire::Role role) {
    const Fd listener = listen_tcp("127.0.0.1", 0, AF_INET, "").value();
    auto stream = std::make_unique<Stream>();
    stream->socket = tcp_socket(AF_INET).value();
    stream->role = role;
    (void)start_connect(stream->socket, local_address(listener).value()).value();
    pollfd ready{listener.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, kPatienceMs), 1);
    peer_ = std::move(accept_next(listener).value()->socket);
    ASSERT_TRUE(run_.emplace(plan_, report_).add(std::move(stream)).has_value());
    ASSERT_TRUE(run_->start(now()).has_value());
  }
  // What the run comes to, woken when it wants to be.
  TestRun::Progress outcome() {
    const Deadline limit = Deadline::after(kPatience);
    while (!limit.expired()) {
      const auto progress = run_->on_time(now());
      if (progress != TestRun::Progress::Goes) return progress;
      const auto wake = run_->wake_at();
      if (!wake) return progress;  // it would wait for ever
      pollfd news{run_->event().get(), POLLIN, 0};
      (void)::poll(&news, 1, Deadline(*wake).poll_ms());
    }
    return TestRun::Progress::Goes;
  }

  void SetUp() override {
    plan_.parameters.time_s = 0;
    plan_.parameters.bytes = 1 << 30;
    plan_.receive_timeout = milliseconds(100);
    plan_.ends_by_itself = true;
  }

  TestPlan plan_;
  MemorySink sink_;
  JsonReport report_{sample_settings(End::Client), sink_};
  Fd peer_;
  std::optional<TestRun> run_;
};

TEST_F(StandingTest, ASenderWhosePeerReadsNothingGivesUp) {
  connect(wire::Role::Sender);
  EXPECT_EQ(outcome(), TestRun::Progress::NoData);
  EXPECT_EQ(run_->no_data().code, Errc::Timeout);
}

TEST_F(StandingTest, AReceiverWhosePeerSendsNothingGivesUp) {
  connect(wire::Role::Receiver);
  EXPECT_EQ(outcome(), TestRun::Progress::NoData);
}

// It ends at its time anyway: a path that is down for a while is worth measuring.
TEST_F(StandingTest, ASenderWithATimeLimitGoesOn) {
  plan_.parameters.time_s = 1;
  connect(wire::Role::Sender);
  EXPECT_EQ(outcome(), TestRun::Progress::Over);
}

}  // namespace
}  // namespace rolecall::perf
