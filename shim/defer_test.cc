// SPDX-License-Identifier: BSD-3-Clause
// The defer lever from outside: the kernel itself queues the connections in the order, so that the
// server's accept() is only recorded. What the probe's server prints is what it read from the
// connections as it accepted them.
#include <netinet/tcp.h>
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/probe_fixture.h"

namespace rolecall::shim {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Defer : public Shim {
 protected:
  void SetUp() override { rig.lever = Lever::Defer; }

  void expect_imposed(const std::vector<int>& order) {
    EXPECT_EQ(rig.order_by_ports(), order);
    EXPECT_THAT(rig.records(Kind::CookieAcknowledged), SizeIs(order.size()));
    EXPECT_THAT(rig.records(Kind::CorkExpired), IsEmpty());
    EXPECT_THAT(rig.records(Kind::Held), IsEmpty());
  }
  // That the order was given up, because the cookie of `number` left while `awaited` was missing.
  void expect_given_up(std::uint32_t number, std::uint32_t awaited) {
    const auto expired = rig.records(Kind::CorkExpired);
    ASSERT_THAT(expired, SizeIs(1));
    EXPECT_EQ(expired[0]->number, number);
    EXPECT_EQ(expired[0]->awaited, awaited);
  }
};

// --- every order
// ----------------------------------------------------------------------------------

class DeferOrder : public Defer, public ::testing::WithParamInterface<std::vector<int>> {};

TEST_P(DeferOrder, IsTheKernelsOwn) {
  EXPECT_EQ(run(GetParam(), {"select"}), as_text(GetParam()));
  expect_imposed(GetParam());
}

INSTANTIATE_TEST_SUITE_P(UpToThree, DeferOrder, ::testing::ValuesIn(all_orders_up_to(3)), name_of);
INSTANTIATE_TEST_SUITE_P(Longer, DeferOrder,
                         ::testing::Values(std::vector<int>{4, 2, 3, 1},
                                           std::vector<int>{5, 1, 2, 3, 4},
                                           std::vector<int>{2, 4, 6, 1, 3, 5},
                                           std::vector<int>{8, 7, 6, 5, 4, 3, 2, 1},
                                           std::vector<int>{5, 6, 7, 8, 1, 2, 3, 4}),
                         name_of);

// --- every way to connect and to write
// ------------------------------------------------------------

struct ConnectWay {
  const char* name;
  Words client;
  int family = AF_INET6;
  Words server = {"select"};
};

void PrintTo(const ConnectWay& way, std::ostream* out) {
  *out << way.name;
}

class DeferWay : public Defer, public ::testing::WithParamInterface<ConnectWay> {};

TEST_P(DeferWay, ReversesFour) {
  listener_family = GetParam().family;
  EXPECT_EQ(run({4, 3, 2, 1}, GetParam().server, GetParam().client), as_text({4, 3, 2, 1}));
  expect_imposed({4, 3, 2, 1});
}

INSTANTIATE_TEST_SUITE_P(
    All, DeferWay,
    ::testing::Values(
        ConnectWay{"ipv4_only", {}, AF_INET}, ConnectWay{"ipv6", {"v6"}},
        ConnectWay{"nonblocking", {"nonblock"}}, ConnectWay{"nonblocking_ipv6", {"nonblock", "v6"}},
        ConnectWay{"in_pieces", {"pieces"}}, ConnectWay{"msg_more", {"more"}},
        ConnectWay{"sendmsg", {"sendmsg"}},
        ConnectWay{"writev_with_a_preamble", {"writev", "iperf3"}},
        ConnectWay{"a_thread_each", {"threads"}}, ConnectWay{"nodelay_of_its_own", {"nodelay"}},
        ConnectWay{"cork_of_its_own", {"cork"}}, ConnectWay{"blocking_accept", {}, AF_INET6, {}},
        ConnectWay{"accept4_and_edges", {}, AF_INET6, {"epoll", "accept4"}}),
    [](const auto& way) { return way.param.name; });

TEST_F(Defer, PassesAStrangerThatSendsItsBytes) {
  EXPECT_EQ(run({2, 1}, {"select"}, {"stranger"}, 1), "0!21\n");
}

// --- limits
// ---------------------------------------------------------------------------------------

TEST_F(Defer, HangsNobodyWhenAConnectionNeverComes) {
  rig.order = {3, 2, 1};
  const auto server = serve_deferred(3, {"select"});
  const auto client = connect(2, {});
  // The kernel lets both go at about the same time.
  EXPECT_THAT(server->output(), AnyOf("012\n", "021\n"));
  EXPECT_EQ(client->output(), "done\n");
  EXPECT_THAT(rig.records(Kind::Uncorked), IsEmpty());
}

TEST_F(Defer, LeavesNothingBehindWhenTheClientDies) {
  rig.order = {2, 1};
  const auto server = serve_deferred(2, {"select"});
  const auto client = connect(1, {"say"});
  ASSERT_TRUE(client->wait_for("waiting"));
  client->send_signal(SIGKILL);
  EXPECT_EQ(server->output(), "01\n");
}

TEST_F(Defer, IsGivenUpAtTheLimitWhenNothingIsAcknowledged) {
  rig.order = {1, 2};
  rig.hold_ms = 20;
  rig.listen_on(listener_family);
  rig.drop_data();
  const auto client = connect(2, {"say"});
  ASSERT_TRUE(client->wait_for("waiting"));
  const auto limits = rig.records(Kind::HoldLimitReached);
  ASSERT_THAT(limits, SizeIs(1));
  EXPECT_EQ(limits[0]->number, 1U);
}

// A cookie that was written too late, on a connection made in time.
TEST_F(Defer, IsGivenUpWhenTheKernelLetsACookieGo) {
  rig.order = {2, 1};
  const auto server = serve_deferred(3, {"select"});
  const auto client = connect(2, {"late"});
  EXPECT_EQ(server->output(), "012\n");
  EXPECT_EQ(client->output(), "done\n");
  expect_given_up(1, 2);
  EXPECT_THAT(rig.records(Kind::ConnectRecorded), SizeIs(3));
  EXPECT_THAT(rig.records(Kind::Uncorked), IsEmpty());
}

// The retrofit is a client with a barrier of its own: it opens no stream while the cookie of the
// one before is not acknowledged. It may be loaded before the shim or after it.
class DeferBarrier : public Defer, public ::testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(Loaded, DeferBarrier,
                         ::testing::Values(std::string(SHIM_LIBRARY) + ":" + ORDER_LIBRARY,
                                           std::string(ORDER_LIBRARY) + ":" + SHIM_LIBRARY),
                         [](const auto& libraries) {
                           return libraries.index == 0 ? "after" : "before";
                         });

TEST_P(DeferBarrier, EndsTheOrderBeforeTheAwaitedConnectionIsMade) {
  rig.order = {2, 1};
  const auto server = serve_deferred(3, {"select"});
  rig.preload = GetParam();
  const auto client = connect(2, {"iperf3"});
  EXPECT_EQ(server->output(), "012\n");
  EXPECT_EQ(client->output(), "done\n");
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(1, 2));
  expect_given_up(1, 2);
  const auto connects = rig.records(Kind::ConnectRecorded);
  ASSERT_THAT(connects, SizeIs(3));
  EXPECT_LT(rig.records(Kind::CorkExpired)[0]->sequence.load(), connects[2]->sequence.load());
}

}  // namespace
}  // namespace rolecall::shim
