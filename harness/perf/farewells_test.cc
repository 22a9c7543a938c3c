// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/farewells.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/patience.h"

namespace rolecall::perf {
namespace {

class FarewellsTest : public testing::Test {
 protected:
  FarewellsTest() {
    const Fd listener = listen_tcp("127.0.0.1", 0, AF_INET, "").value();
    peer_ = tcp_socket(AF_INET).value();
    (void)start_connect(peer_, local_address(listener).value()).value();
    EXPECT_TRUE(is_readable(listener));
    ours_ = std::move(accept_next(listener).value()->socket);
  }

  static bool is_readable(const Fd& socket) {
    pollfd ready{socket.get(), POLLIN, 0};
    return ::poll(&ready, 1, kPatienceMs) == 1;
  }
  void peer_sends(std::size_t bytes) {
    const std::string noise(bytes, 'z');
    EXPECT_EQ(write_some(peer_, as_bytes(noise)).value(), bytes);
    EXPECT_TRUE(is_readable(ours_));
  }
  // The byte, and an end in order behind it.
  void expect_denied() {
    std::array<std::byte, 2> heard{};
    ASSERT_TRUE(is_readable(peer_));
    const auto word = read_some(peer_, heard);
    ASSERT_TRUE(word) << word.error().message();
    EXPECT_EQ(word.value().bytes, 1U);
    ASSERT_TRUE(is_readable(peer_));
    const auto end = read_some(peer_, heard);
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_TRUE(end.value().closed);
    EXPECT_EQ(get_option(peer_, SOL_SOCKET, SO_ERROR, "SO_ERROR").value(), 0);
  }

  Reactor reactor_ = Reactor::create().value();
  Farewells farewells_{reactor_, 8};
  Fd ours_;
  Fd peer_;
};

// The loop did not come to it for all of the second: no reason for a reset.
TEST_F(FarewellsTest, WhoseTimeIsOverIsNotResetOverWhatItHasSent) {
  peer_sends(20'000);
  farewells_.deny(std::move(ours_));
  farewells_.on_time(now() + seconds(2));
  EXPECT_TRUE(farewells_.is_empty());
  expect_denied();
}

TEST_F(FarewellsTest, WhoEndsIsLetGo) {
  farewells_.deny(std::move(ours_));
  expect_denied();
  peer_.reset();
  ASSERT_TRUE(reactor_.run_once(Deadline::after(kPatience).at()));
  EXPECT_TRUE(farewells_.is_empty());
}

}  // namespace
}  // namespace rolecall::perf
