// SPDX-License-Identifier: BSD-3-Clause
// The library in the installed iperf3: the order is realised, shown by ports, and the program ends
// as it does without us. A goal of 1 MB fits into socket buffers, so that a swapped bidir test
// ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/test_rig.h"

namespace rolecall::shim {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::Not;

class ShimIperf3 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string_view(IPERF3).ends_with("NOTFOUND")) {
      GTEST_SKIP() << "no iperf3 at configure time: apt install iperf3, and configure again";
    }
  }

  Rig rig;

  Words server_command(const Words& options) {
    return Words{IPERF3, "-s", "-p", std::to_string(rig.free_port()), "--forceflush"} + options;
  }
  // One test of `options` from a client that ends with status 0.
  void run_client(const Words& options) {
    Words variables;
    if (rig.numbering == Numbering::ByConnect) variables = rig.armed(Side::Client, IPERF3);
    Program client(
        Words{IPERF3, "-c", "127.0.0.1", "-p", std::to_string(rig.port), "-n", "1M"} + options,
        variables);
    EXPECT_THAT(client.output(), Not(MatchesRegex(kEndedBadly)));
  }
  void run(const Words& options) {
    const Words command = server_command({"-1"});
    Program server(command, rig.armed(Side::Server, IPERF3));
    ASSERT_TRUE(server.wait_for("Server listening"));
    run_client(options);
    EXPECT_THAT(server.output(), Not(MatchesRegex(kEndedBadly)));
  }

 private:
  static constexpr char kEndedBadly[] = "(.|\n)*\\[(exit|signal|still)(.|\n)*";
};

TEST_F(ShimIperf3, SwapsTheTwoStreamsOfABidirTest) {
  rig.order = {2, 1};
  run({"--bidir"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(2, 1));
}

TEST_F(ShimIperf3, ReordersFourParallelStreams) {
  rig.order = {3, 1, 4, 2};
  run({"-P", "4"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(3, 1, 4, 2));
}

TEST_F(ShimIperf3, ReordersOnTheListenerThatNoDelayCreatesAnew) {
  rig.order = {3, 2, 1};
  run({"-N", "-P", "3"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(3, 2, 1));
}

TEST_F(ShimIperf3, ReordersByArrivalInEachTestOfOneServer) {
  rig.order = {3, 1, 2};
  rig.numbering = Numbering::ByArrival;
  const Words command = server_command({});
  Program server(command, rig.armed(Side::Server, IPERF3));
  ASSERT_TRUE(server.wait_for("Server listening"));
  run_client({"-P", "3"});
  ASSERT_TRUE(server.wait_for("receiver"));
  run_client({"-P", "3"});
  EXPECT_THAT(rig.numbers_handed_out(), ElementsAre(3, 1, 2, 3, 1, 2));
}

}  // namespace
}  // namespace rolecall::shim
