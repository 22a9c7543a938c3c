// SPDX-License-Identifier: BSD-3-Clause
// What an expired cork says of the client: a barrier of its own, or nothing.
#include "harness/scenario/shim_events.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rolecall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kMs = 1'000'000;

class ExpiredCork : public ::testing::Test {
 protected:
  struct What {
    std::uint64_t at_ms = 0;
    shim::Kind kind{};
    std::uint32_t number = 0;
    std::uint64_t starved_ms = 0;
    std::uint64_t sleeps = 0;
  };

  void record(const What& what) {
    const std::uint64_t slot = board_->record_count.fetch_add(1);
    shim::Record& r = board_->records[slot];
    r.time_ns = what.at_ms * kMs;
    r.kind = what.kind;
    r.port = 40'000 + what.number;
    r.number = what.number;
    r.awaited = 2;
    r.starved_ns = what.starved_ms * kMs;
    r.sleeps = what.sleeps;
    r.sequence.store(slot + 1);
  }
  void connects(std::uint64_t at_ms, std::uint32_t number) {
    record({.at_ms = at_ms, .kind = shim::Kind::ConnectRecorded, .number = number});
    record({.at_ms = at_ms, .kind = shim::Kind::Corked, .number = number});
  }
  void expires(std::uint64_t at_ms, std::uint64_t starved_ms, std::uint64_t sleeps = 0) {
    record({.at_ms = at_ms,
            .kind = shim::Kind::CorkExpired,
            .number = 1,
            .starved_ms = starved_ms,
            .sleeps = sleeps});
  }
  ShimObservation seen() const { return read_board(*board_); }

 private:
  std::unique_ptr<shim::Board> board_ = std::make_unique<shim::Board>();
};

TEST_F(ExpiredCork, IsTheClientsOrderingWhenTheClientCouldRun) {
  connects(1000, 1);
  expires(1205, 3);
  EXPECT_TRUE(seen().order_impossible);
  EXPECT_THAT(seen().hold_limits, ElementsAre(HasSubstr("connection 2 was not made by then")));
}

TEST_F(ExpiredCork, SaysNothingOfAClientThatNoProcessorRan) {
  connects(1000, 1);
  expires(1215, 190);
  EXPECT_FALSE(seen().order_impossible);
  EXPECT_THAT(seen().hold_limits,
              ElementsAre(HasSubstr("as the client got no processor for 190 of 215 ms")));
}

// Its own wait was long enough, whatever came on top.
TEST_F(ExpiredCork, IsTheClientsOrderingAlsoOnABusyMachine) {
  connects(1000, 1);
  expires(1600, 390);
  EXPECT_TRUE(seen().order_impossible);
}

// One that looks every so often waits for a processor each time.
TEST_F(ExpiredCork, IsTheClientsOrderingWhenItSleptByItselfAgainAndAgain) {
  connects(1000, 1);
  expires(1205, 170, 4);
  EXPECT_TRUE(seen().order_impossible);
}

TEST_F(ExpiredCork, SaysNothingOfAClientThatSleptAndGotNoProcessor) {
  connects(1000, 1);
  expires(1205, 200, 4);
  EXPECT_FALSE(seen().order_impossible);
}

TEST_F(ExpiredCork, SaysNothingWhenTheAwaitedConnectionWasMade) {
  connects(1000, 1);
  connects(1001, 2);
  expires(1205, 0);
  EXPECT_FALSE(seen().order_impossible);
  EXPECT_THAT(seen().hold_limits, ElementsAre(HasSubstr("not yet in the server's queue")));
}

}  // namespace
}  // namespace rolecall::scenario
