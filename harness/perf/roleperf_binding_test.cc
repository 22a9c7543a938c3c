// SPDX-License-Identifier: BSD-3-Clause
// What roleperf makes of legacy peers when accept() returns their connections in another order: a
// server that binds late under the swap lever, with the real iperf3 as its client, and clients and
// servers that break its rules.
#include <algorithm>
#include <list>
#include <map>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/bytes.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"
#include "harness/perf/raw_client.h"
#include "harness/wire/results.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A roleperf server whose accept() returns the stream connections in this order.
std::string swapped_server(const std::string& order) {
  return fmt::format("{} exec --order {} -- {}", ROLECALL, order, ROLEPERF);
}

// Without the lines of other programs before and after it.
ordered_json document(const std::string& output) {
  const auto begin = output.find("{\n");
  const auto end = output.rfind("\n}");
  if (begin == std::string::npos || end == std::string::npos) return {};
  return parse(output.substr(begin, end + 2 - begin));
}

struct Documents {
  ordered_json client;
  ordered_json server;
  std::string roles() const { return server["start"]["bound_by"]["roles"]; }
  std::string identity() const { return server["start"]["bound_by"]["identity"]; }
};

// The client's ports of the connections on which the ends think otherwise of who sends.
std::vector<int> mispaired(const Documents& d) {
  std::map<int, bool> client_sends;
  std::vector<int> bad;
  const auto look = [&](const ordered_json& end, const char* port, bool is_client) {
    for (std::size_t i = 0; i < end["start"]["connected"].size(); ++i) {
      const int number = end["start"]["connected"][i][port];
      const ordered_json& stream = end["end"]["streams"][i];
      const bool local_sends = stream["sender"]["sender"];
      const auto [it, is_new] = client_sends.emplace(number, local_sends == is_client);
      if (it->second != (local_sends == is_client)) bad.push_back(number);
    }
  };
  look(d.client, "local_port", true);
  look(d.server, "remote_port", false);
  return bad;
}

// A test of some time in which one direction got nothing. (A shared goal may be reached before the
// other direction has had its turn.)
bool is_one_way(const ordered_json& client) {
  const ordered_json& end = client["end"];
  return client["start"]["test_start"]["duration"] != 0 &&
         (end["sum_received"]["bytes"] == 0 || end["sum_received_bidir_reverse"]["bytes"] == 0);
}

class LateBinding : public testing::Test {
 protected:
  void SetUp() override {
    if (!iperf3_is_installed()) GTEST_SKIP() << "no iperf3 on PATH: apt-get install iperf3";
  }

  static Documents serve(const std::string& order, const std::string& client_words) {
    const Outcome done = run(swapped_server(order), "iperf3", {client_words + " -J", "-J"});
    EXPECT_EQ(done.client_status, 0) << done.client;
    EXPECT_EQ(done.server_status, 0) << done.server;
    return {document(done.client), document(done.server)};
  }
  // Streams paired by ports: opposite roles, the same figures at both ends; something received each
  // way.
  static void expect_right(const std::string& order, const std::string& words) {
    SCOPED_TRACE(order + " " + words);
    const Documents d = serve(order, words);
    ASSERT_TRUE(d.server.contains("end")) << d.server;
    EXPECT_EQ(d.roles(), "payload");
    // Of several streams each way identity is settled where the totals allow it; roles are always.
    if (d.identity() == "single" || d.identity() == "results") {
      EXPECT_THAT(wrong_figures(d.client, d.server), IsEmpty());
    }
    EXPECT_THAT(mispaired(d), IsEmpty());
    EXPECT_FALSE(is_one_way(d.client)) << d.client;
  }
};

class EverySwap : public LateBinding, public testing::WithParamInterface<std::string> {};

// By time: with a goal the roles are assumed 100 ms after the first payload, and wrongly so where
// the second one is late.
TEST_P(EverySwap, OfBidirCompletesWithTheRightFigures) {
  const auto streams = std::ranges::count(GetParam(), ',') + 1;
  expect_right(GetParam(), fmt::format("--bidir -t 1 -b 10M -l 8K -i 0.1 -P {}", streams / 2));
}

std::vector<std::string> every_order_of_two_pairs() {
  std::vector<int> order(4);
  std::iota(order.begin(), order.end(), 1);
  std::vector<std::string> all;
  do {
    all.push_back(fmt::format("{}", fmt::join(order, ",")));
  } while (std::ranges::next_permutation(order).found);
  return all;
}

INSTANTIATE_TEST_SUITE_P(One, EverySwap, testing::Values("1,2", "2,1"));
INSTANTIATE_TEST_SUITE_P(Two, EverySwap, testing::ValuesIn(every_order_of_two_pairs()));
INSTANTIATE_TEST_SUITE_P(Four, EverySwap,
                         testing::Values("8,7,6,5,4,3,2,1", "5,6,7,8,1,2,3,4", "1,5,2,6,3,7,4,8"));

class EveryLoad : public LateBinding, public testing::WithParamInterface<const char*> {};

TEST_P(EveryLoad, CompletesWithTheRightFigures) {
  expect_right("2,1", fmt::format("--bidir {}", GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Of, EveryLoad,
                         testing::Values("-t 1", "-t 1 -O 1", "-t 1 -b 1K", "-t 1 -Z", "-k 500",
                                         "-t 1 -i 0.1 -b 10M --get-server-output"));

TEST_F(LateBinding, OfEightStreamsEachCompletes) {
  expect_right("16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1", "--bidir -t 1 -b 10M -l 8K -P 8");
}

TEST_F(LateBinding, AGoalReachedOnFewerStreamsIsSaidToBeAssumed) {
  const Documents d = serve("16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1", "--bidir -n 64K -P 8");
  EXPECT_EQ(d.roles(), "assumed");
}

TEST_F(LateBinding, WhatIsAssumedIsAWarningInText) {
  const Outcome done = run(ROLEPERF, "iperf3", {"--bidir -n 64K -P 8", ""});
  EXPECT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(done.server, HasSubstr("warning: the client sent on fewer than its 8 streams"));
}

TEST_F(LateBinding, ThatIsTurnedOffDeadlocksLikeALegacyServer) {
  const Outcome done =
      run(swapped_server("2,1"), "iperf3", {"--bidir -t 1 -J", "-J --bind-roles=accept"});
  const ordered_json client = document(done.client);
  ASSERT_TRUE(client.contains("end")) << done.client;
  EXPECT_EQ(client["end"]["sum_received"]["bytes"], 0);
}

// --- clients that break the rules

class BindingRules : public testing::Test {
 protected:
  void begin(const std::string& more) {
    server_.emplace(words(fmt::format("{} -s -1 -p {} {}", ROLEPERF, port_, more)));
    ASSERT_TRUE(await_listener(port_));
    control_.emplace(port_);
    control_->send(RawTest::kCookie);
    ASSERT_EQ(control_->receive(1), byte(wire::State::ParamExchange));
  }
  void open_streams(const std::string& parameters, int count) {
    control_->send(frame(parameters));
    ASSERT_EQ(control_->receive(1), byte(wire::State::CreateStreams));
    for (int i = 0; i < count; ++i) streams_.emplace_back(port_).send(RawTest::kCookie);
  }
  // From the end of the test to the goodbye. Gives the server's results.
  ordered_json exchange(const std::string& results) {
    control_->send(byte(wire::State::TestEnd));
    EXPECT_EQ(control_->receive(1), byte(wire::State::ExchangeResults));
    control_->send(frame(results));
    const std::string size = control_->receive(4);
    if (size.size() != 4) return parse("");
    const std::string theirs = control_->receive(be32(as_bytes(size)));
    EXPECT_EQ(control_->receive(1), byte(wire::State::DisplayResults));
    control_->send(byte(wire::State::IperfDone));
    return parse(theirs);
  }

  const std::uint16_t port_ = free_port();
  std::optional<Program> server_;
  std::optional<RawConnection> control_;
  std::list<RawConnection> streams_;
};

// A client's document of streams with these ids and totals.
std::string results_of(std::initializer_list<std::pair<int, int>> bytes_of_ids) {
  ordered_json document = parse(RawTest::kResults);
  const ordered_json stream = document["streams"][0];
  document["streams"].clear();
  for (const auto& [id, bytes] : bytes_of_ids) {
    document["streams"].push_back(stream);
    document["streams"].back()["id"] = id;
    document["streams"].back()["bytes"] = bytes;
  }
  return document.dump();
}

constexpr const char* kBidir =
    R"({"tcp":true,"time":10,"parallel":1,"bidirectional":true,"len":131072})";

TEST_F(BindingRules, PayloadOnMoreStreamsThanTheClientHasEndsTheTest) {
  begin("");
  open_streams(kBidir, 2);
  ASSERT_EQ(control_->receive(2), byte(wire::State::TestStart) + byte(wire::State::TestRunning));
  for (RawConnection& stream : streams_) stream.send("payload");
  EXPECT_EQ(control_->receive(9), byte(wire::State::ServerError) + length(110) + length(0));
  EXPECT_EQ(server_->status(), 0);
  EXPECT_THAT(server_->output(), HasSubstr("in accept order carries payload"));
}

TEST_F(BindingRules, NothingIsSentBeforeTheRolesAreKnown) {
  begin("");
  open_streams(kBidir, 2);
  ASSERT_EQ(control_->receive(2), byte(wire::State::TestStart) + byte(wire::State::TestRunning));
  control_->send(byte(wire::State::TestEnd));
  EXPECT_EQ(control_->receive(1), byte(wire::State::ExchangeResults));
  for (RawConnection& stream : streams_) stream.send_end();
  EXPECT_EQ(streams_.front().receive(1), "");
}

// A client whose stream 2, with 5000 bytes, is accepted before its stream 1, with 1000.
TEST_F(BindingRules, SwappedParallelStreamsAreToldApartByTheResults) {
  begin("-J");
  open_streams(R"({"tcp":true,"time":10,"parallel":2,"len":1000})", 2);
  ASSERT_EQ(control_->receive(2), byte(wire::State::TestStart) + byte(wire::State::TestRunning));
  streams_.front().send(std::string(5000, 'x'));
  streams_.back().send(std::string(1000, 'x'));
  for (const RawConnection& stream : streams_) ASSERT_TRUE(stream.arrives());
  const ordered_json results = exchange(results_of({{1, 1000}, {3, 5000}}));
  EXPECT_EQ(results["streams"][0]["id"], 1) << results;
  EXPECT_EQ(results["streams"][0]["bytes"], 1000) << results;
  ASSERT_EQ(server_->status(), 0);
  const ordered_json report = parse(server_->output());
  ASSERT_EQ(report["start"]["bound_by"]["identity"], "results");
  EXPECT_EQ(report["start"]["connected"][0]["number"], 1);
  EXPECT_EQ(report["end"]["streams"][0]["receiver"]["bytes"], 1000) << report;
}

TEST_F(BindingRules, AStreamThatBecomesASendersAfterTheTestIsReportedAsOne) {
  begin("-J");
  open_streams(R"({"tcp":true,"time":10,"parallel":2,"bidirectional":true,"len":131072})", 4);
  ASSERT_EQ(control_->receive(2), byte(wire::State::TestStart) + byte(wire::State::TestRunning));
  streams_.front().send(
      "payload");  // on one of its two: the other is assumed when the test is over
  EXPECT_FALSE(exchange(RawTest::kResults).is_discarded());
  ASSERT_EQ(server_->status(), 0);
  const ordered_json report = parse(server_->output());
  ASSERT_FALSE(report["intervals"].empty()) << report;
  int senders = 0;
  for (const ordered_json& stream : report["intervals"].back()["streams"]) {
    EXPECT_EQ(stream["sender"], stream.contains("snd_cwnd")) << stream;
    senders += stream["sender"] == true ? 1 : 0;
  }
  EXPECT_EQ(senders, 2);
}

TEST_F(BindingRules, AStreamThatIsResetBeforeTheTestIsNamed) {
  begin("");
  open_streams(R"({"tcp":true,"time":10,"parallel":2,"len":131072})", 1);
  streams_.front().reset();
  EXPECT_EQ(control_->receive(9), byte(wire::State::ServerError) + length(204) + length(0));
  EXPECT_EQ(server_->status(), 0);
  EXPECT_THAT(server_->output(),
              HasSubstr("stream connection 1 in accept order was reset before the test began"));
}

TEST(RoleFlagRefusal, SaysWhatTheServersErrorWas) {
  const Outcome done =
      run(fmt::format("{} --role-flag=require", ROLEPERF), ROLEPERF, {"--role-flag=off -n 1M", ""});
  EXPECT_EQ(done.client_status, 1);
  EXPECT_THAT(done.client, HasSubstr("SERVER ERROR - "));
}

}  // namespace
}  // namespace rolecall::perf
