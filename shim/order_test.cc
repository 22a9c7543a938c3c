// SPDX-License-Identifier: BSD-3-Clause
// The stream barrier for clients that have none, from outside: the probe's client under
// librolecall_order.so. That it waits shows where the acknowledgement does not come: a filter on
// the server's listener drops what carries data, so that no cookie is acknowledged.
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/probe_fixture.h"

namespace rolecall::shim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A client under the library alone, and a server that never acknowledges a cookie.
class Order : public Shim {
 protected:
  std::unique_ptr<Program> connect_unacknowledged(const Words& options, const char* limit_ms) {
    rig.listen_on(listener_family);
    rig.drop_data();
    return std::make_unique<Program>(
        Words{PROBE, "client", std::to_string(rig.port), "2", "say"} + options,
        Words{std::string("LD_PRELOAD=") + ORDER_LIBRARY,
              std::string("ROLECALL_ORDER_TIMEOUT_MS=") + limit_ms});
  }
};

class OrderWay : public Order, public ::testing::WithParamInterface<const char*> {};

TEST_P(OrderWay, FailsAtTheLimitRatherThanGoOnUnordered) {
  const auto client = connect_unacknowledged({"iperf3", GetParam()}, "30");
  ASSERT_TRUE(client->wait_for("waiting"));
  rig.close_listener();
  const std::string said = client->output();
  EXPECT_THAT(said, HasSubstr("FAULT: connect (Connection timed out)"));
  EXPECT_THAT(said, HasSubstr("librolecall_order: the server did not acknowledge"));
}

INSTANTIATE_TEST_SUITE_P(All, OrderWay,
                         ::testing::Values("send", "pieces", "sendmsg", "writev", "nonblock", "v6"),
                         [](const auto& way) { return std::string(way.param); });

// Connections that are no test of iperf3, to a server that acknowledges nothing.
class OrderForeign : public Order, public ::testing::WithParamInterface<Words> {};

TEST_P(OrderForeign, IsLeftUntouched) {
  const auto client = connect_unacknowledged(GetParam(), "1");
  ASSERT_TRUE(client->wait_for("waiting"));
  rig.close_listener();
  EXPECT_EQ(client->output(), "waiting\ndone\n");
}

INSTANTIATE_TEST_SUITE_P(All, OrderForeign,
                         ::testing::Values(Words{"other_bytes"}, Words{"iperf3", "shout"},
                                           Words{"iperf3", "each"}),
                         [](const auto& options) { return options.param.back(); });

TEST_F(Order, MayBeLeftByAHandlerThatJumps) {
  const auto client = connect_unacknowledged({"iperf3", "jump"}, "10000");
  ASSERT_TRUE(client->wait_for("connecting 2"));
  client->send_signal(SIGUSR1);
  ASSERT_TRUE(client->wait_for("waiting"));
  rig.close_listener();
  EXPECT_THAT(client->output(), Not(HasSubstr("FAULT")));
}

TEST_F(Order, SaysThatALimitIsNoNumber) {
  Program usage({PROBE},
                {std::string("LD_PRELOAD=") + ORDER_LIBRARY, "ROLECALL_ORDER_TIMEOUT_MS=1s"});
  EXPECT_THAT(usage.output(), HasSubstr("ROLECALL_ORDER_TIMEOUT_MS is no number of milliseconds"));
}

TEST_F(Order, DoesNotPreventASwapAboveTheQueue) {
  rig.order = {3, 1, 2};
  const auto server = serve(4, {"select"});
  rig.preload = std::string(SHIM_LIBRARY) + ":" + ORDER_LIBRARY;
  const auto client = connect(3, {"iperf3"});
  EXPECT_EQ(server->output(), "0312\n");
  EXPECT_EQ(client->output(), "done\n");
}

// A program with a sanitizer under both libraries, at both ends and under each lever.
class Sanitized : public Shim, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override { probe = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(All, Sanitized, ::testing::Values(PROBE_ASAN, PROBE_TSAN),
                         [](const auto& program) {
                           const std::string path = program.param;
                           return path.substr(path.rfind('_') + 1);
                         });

TEST_P(Sanitized, IsSwapped) {
  rig.preload = std::string(SHIM_LIBRARY) + ":" + ORDER_LIBRARY;
  EXPECT_EQ(run({3, 1, 2}, {"threads"}, {"iperf3"}).find("FAULT"), std::string::npos);
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(3, 1, 2));
}

TEST_P(Sanitized, IsDeferred) {
  rig.lever = Lever::Defer;
  EXPECT_EQ(run({3, 1, 2}, {"select"}, {"threads"}), "0312\n");
}

TEST_P(Sanitized, HasItsBarrier) {
  rig.lever = Lever::Defer;
  rig.preload = std::string(SHIM_LIBRARY) + ":" + ORDER_LIBRARY;
  EXPECT_EQ(run({2, 1}, {"select"}, {"iperf3"}), "012\n");
}

}  // namespace
}  // namespace rolecall::shim
