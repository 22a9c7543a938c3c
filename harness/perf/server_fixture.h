// SPDX-License-Identifier: BSD-3-Clause
// For tests only: the real roleperf as a server, which must serve before and after whatever is done
// to it, and must give all descriptors back.
#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/patience.h"
#include "harness/perf/program.h"
#include "harness/perf/raw_client.h"

namespace rolecall::perf {

inline const std::string kDenied = byte(wire::State::AccessDenied);

class RoleperfServer : public testing::Test {
 protected:
  RoleperfServer() : RoleperfServer("") {}
  explicit RoleperfServer(const std::string& more, const std::string& shell = "")
      : port_(free_port()),
        server_(
            {"sh", "-c",
             fmt::format("{} exec {} -s -p {} --forceflush {}", shell, ROLEPERF, port_, more)}) {}

  void SetUp() override {
    ASSERT_TRUE(server_.prints("Server listening")) << server_.output();
    ASSERT_TRUE(serves());  // what is only made once is there
    descriptors_ = descriptors();
  }

  void TearDown() override {
    if (ended_) return;
    EXPECT_TRUE(serves());
    EXPECT_TRUE(gives_descriptors_back()) << descriptors() << " open, before " << descriptors_;
    server_.send_signal(SIGTERM);
    EXPECT_EQ(server_.status(), 0) << server_.output();
    EXPECT_THAT(server_.output(), testing::Not(testing::HasSubstr("CHECK failed")));
  }

  // A whole test; of a server that gives its client little time, as much as that does not limit.
  virtual bool serves() const { return RawTest(port_).complete(); }

  std::size_t descriptors() const {
    const std::filesystem::directory_iterator open(fmt::format("/proc/{}/fd", server_.pid()));
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
  }

  bool gives_descriptors_back() const {
    return comes_true([this] { return descriptors() <= descriptors_; });
  }

  std::vector<RawConnection> crowd(int count) {
    std::vector<RawConnection> connections;
    for (int i = 0; i < count; ++i) connections.emplace_back(port_);
    return connections;
  }

  // All that `act` does reaches the server at once, in that order.
  template <class Act>
  void at_once(const Act& act) {
    server_.send_signal(SIGSTOP);
    act();
    server_.send_signal(SIGCONT);
  }

  std::uint16_t port_;
  Program server_;
  std::size_t descriptors_ = 0;
  bool ended_ = false;  // by the test itself
};

// Streams and payload must come within the limit that its tests are about: none is asked for where
// the test is to go on, so that this process may be as slow as it likes.
class RoleperfServerInAHurry : public RoleperfServer {
 protected:
  RoleperfServerInAHurry() : RoleperfServer("--rcv-timeout 3000") {}

  // It takes the parameters, and lets the client go.
  bool serves() const override {
    RawTest test(port_);
    if (!test.reach(Phase::CreateStreams)) return false;
    test.control.send_end();
    return test.control.ends();
  }
};

}  // namespace rolecall::perf
