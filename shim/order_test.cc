// SPDX-License-Identifier: BSD-3-Clause
// The stream barrier for clients that have none, from outside: the probe's client under
// librolecall_order.so. That it waits shows where the acknowledgement does not come: a filter on
// the server's listener drops what carries data, so that no cookie is acknowledged.
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/probe_fixture.h"

namespace rolecall::shim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Drops every segment with data that meets a listener, or a connection accepted from it.
void drop_data(int listener) {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),  // the data offset, in words, upper half
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),  BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{.len = std::size(steps), .filter = steps};
  ASSERT_EQ(setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0);
}

// A client under the library alone, and a server that never acknowledges a cookie.
class Order : public Shim {
 protected:
  std::unique_ptr<Program> connect_unacknowledged(const Words& options, const char* limit_ms) {
    drop_data(rig.listen_on(listener_family));
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

TEST_F(Order, LeavesAForeignProgramUntouched) {
  const auto client = connect_unacknowledged({}, "1");
  ASSERT_TRUE(client->wait_for("waiting"));
  rig.close_listener();
  EXPECT_EQ(client->output(), "waiting\ndone\n");
}

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

}  // namespace
}  // namespace rolecall::shim
