// SPDX-License-Identifier: BSD-3-Clause
// The libraries in iperf3, the installed one and those that ci/peers.sh fetched: the order is
// realised, shown by ports, and the program ends as it does without us. A goal of 1 MB fits into
// socket buffers, so that a swapped bidir test ends. 3.9 and 3.12 have one thread, later ones have
// one a stream; 3.22 does not wait in connect().
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/test_rig.h"

namespace rolecall::shim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

// A server and a client of the same release; verbs of the tests.
class Iperf3 : public ::testing::Test {
 protected:
  Rig rig;
  std::string program = IPERF3;
  std::string host = "127.0.0.1";
  std::string client_preload = SHIM_LIBRARY;

  Words server_command(const Words& options) {
    return Words{program, "-s", "-p", std::to_string(rig.free_port()), "--forceflush"} + options;
  }
  // One test of `options` from a client that ends with status 0.
  void run_client(const Words& options) {
    rig.preload = client_preload;
    Words variables;
    if (rig.numbering == Numbering::ByConnect) variables = rig.armed(Side::Client, program);
    Program client(Words{program, "-c", host, "-p", std::to_string(rig.port), "-n", "1M"} + options,
                   variables);
    EXPECT_THAT(client.output(), Not(MatchesRegex(kEndedBadly)));
  }
  void run(const Words& options) {
    const Words command = server_command({"-1"});
    Program server(command, rig.armed(Side::Server, program));
    ASSERT_TRUE(server.wait_for("Server listening"));
    run_client(options);
    EXPECT_THAT(server.output(), Not(MatchesRegex(kEndedBadly)));
  }
  void defer(const std::vector<int>& order) {
    rig.lever = Lever::Defer;
    rig.order = order;
  }

 private:
  static constexpr char kEndedBadly[] = "(.|\n)*\\[(exit|signal|still)(.|\n)*";
};

class ShimIperf3 : public Iperf3 {
 protected:
  void SetUp() override {
    if (program.ends_with("NOTFOUND")) {
      GTEST_SKIP() << "no iperf3 at configure time: apt install iperf3, and configure again";
    }
  }
};

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
  Program server(command, rig.armed(Side::Server, program));
  ASSERT_TRUE(server.wait_for("Server listening"));
  run_client({"-P", "3"});
  ASSERT_TRUE(server.wait_for("receiver"));
  run_client({"-P", "3"});
  EXPECT_THAT(rig.numbers_handed_out(), ElementsAre(3, 1, 2, 3, 1, 2));
}

// --- the defer lever, under the options that change a stream's socket
// -----------------------------

class DeferIperf3 : public ShimIperf3, public ::testing::WithParamInterface<Words> {};

TEST_P(DeferIperf3, ReordersFourStreams) {
  defer({4, 1, 3, 2});
  run(Words{"-P", "4"} + GetParam());
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(4, 1, 3, 2));
  EXPECT_THAT(rig.records(Kind::CorkExpired), IsEmpty());
}

std::string option_name(const ::testing::TestParamInfo<Words>& info) {
  std::string name = "plain";
  for (const std::string& word : info.param) name = word;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Options, DeferIperf3,
                         ::testing::Values(Words{}, Words{"-R"}, Words{"-N"}, Words{"-Z"},
                                           Words{"-M", "1000"}, Words{"-w", "64K"},
                                           Words{"-b", "100M"}),
                         option_name);

TEST_F(ShimIperf3, IsDeferredOverIpv6) {
  host = "::1";
  defer({3, 2, 1});
  run({"-P", "3"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(3, 2, 1));
}

TEST_F(ShimIperf3, IsDeferredInReverseWithEightStreams) {
  defer({8, 7, 6, 5, 4, 3, 2, 1});
  run({"--bidir", "-P", "4"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(8, 7, 6, 5, 4, 3, 2, 1));
}

// --- every release
// --------------------------------------------------------------------------------

std::vector<std::string> programs() {
  std::vector<std::string> found;
  if (std::filesystem::exists(IPERF3)) found.emplace_back(IPERF3);
  std::error_code none;
  for (const auto& folder : std::filesystem::directory_iterator(PEERS, none)) {
    const std::filesystem::path path = folder.path() / "bin" / "iperf3";
    if (std::filesystem::exists(path)) found.push_back(path);
  }
  return found;
}

class EveryIperf3 : public Iperf3, public ::testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override { program = GetParam(); }
};

// Without a single iperf3, as ShimIperf3 says.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryIperf3);
INSTANTIATE_TEST_SUITE_P(Found, EveryIperf3, ::testing::ValuesIn(programs()),
                         [](const auto& found) {
                           const std::filesystem::path path = found.param;
                           std::string name = path.parent_path().parent_path().filename();
                           if (name == "usr") name = "installed";
                           for (char& c : name) c = isalnum(c) != 0 ? c : '_';
                           return name;
                         });

TEST_P(EveryIperf3, IsSwappedInABidirTest) {
  rig.order = {2, 1};
  run({"--bidir"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(2, 1));
}

TEST_P(EveryIperf3, IsDeferredInABidirTest) {
  defer({2, 1});
  run({"--bidir"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(2, 1));
  EXPECT_THAT(rig.records(Kind::CorkExpired), IsEmpty());
}

TEST_P(EveryIperf3, KeepsItsOrderUnderTheRetrofit) {
  client_preload = std::string(ORDER_LIBRARY) + ":" + SHIM_LIBRARY;
  defer({3, 2, 1});
  run({"-P", "3"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(1, 2, 3));
  EXPECT_THAT(rig.records(Kind::CorkExpired), SizeIs(1));
}

TEST_P(EveryIperf3, IsSwappedInSpiteOfTheRetrofit) {
  client_preload = std::string(SHIM_LIBRARY) + ":" + ORDER_LIBRARY;
  rig.order = {2, 1};
  run({"--bidir"});
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(2, 1));
}

}  // namespace
}  // namespace rolecall::shim
