// SPDX-License-Identifier: BSD-3-Clause
// The preload library from outside: programs that know nothing of it, run under it. This program
// links nothing of the library and shares only abi.h with it.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/probe_fixture.h"

namespace rolecall::shim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- every order, accepted as iperf3 3.12 does: select(), then one accept()
// -----------------------

class ShimOrder : public Shim, public ::testing::WithParamInterface<std::vector<int>> {};

TEST_P(ShimOrder, IsRealised) {
  EXPECT_EQ(run(GetParam(), {"select"}), as_text(GetParam()));
  EXPECT_EQ(rig.order_by_ports(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(UpToFour, ShimOrder, ::testing::ValuesIn(all_orders_up_to(4)), name_of);
INSTANTIATE_TEST_SUITE_P(Longer, ShimOrder,
                         ::testing::Values(std::vector<int>{5, 1, 2, 3, 4},
                                           std::vector<int>{2, 4, 6, 1, 3, 5},
                                           std::vector<int>{7, 6, 5, 4, 3, 2, 1},
                                           std::vector<int>{2, 1, 4, 3, 6, 5, 8, 7},
                                           std::vector<int>{5, 6, 7, 8, 1, 2, 3, 4},
                                           std::vector<int>{1, 8, 2, 7, 3, 6, 4, 5}),
                         name_of);

// --- every way to wait and to accept
// --------------------------------------------------------------

struct AcceptWay {
  const char* name;
  Words server;
  Words client;
  int family = AF_INET6;
  Numbering numbering = Numbering::ByConnect;
};

class ShimWay : public Shim, public ::testing::WithParamInterface<AcceptWay> {
 protected:
  void SetUp() override {
    listener_family = GetParam().family;
    rig.numbering = GetParam().numbering;
  }
};

TEST_P(ShimWay, HandsOutEightInReverse) {
  const std::vector<int> order = {8, 7, 6, 5, 4, 3, 2, 1};
  EXPECT_EQ(run(order, GetParam().server, GetParam().client), as_text(order));
}

TEST_P(ShimWay, PassesAStrangerAtOnce) {
  std::string printed = run({2, 3, 1}, GetParam().server, GetParam().client + Words{"stranger"}, 1);
  std::erase(printed, '!');
  EXPECT_EQ(printed, "0231\n");
  EXPECT_THAT(rig.records(Kind::StrangerPassed), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(
    All, ShimWay,
    ::testing::Values(AcceptWay{"accept", {}, {}}, AcceptWay{"accept4", {"accept4"}, {}},
                      AcceptWay{"null_address", {"null"}, {}}, AcceptWay{"select", {"select"}, {}},
                      AcceptWay{"poll_accept4", {"poll", "accept4"}, {}},
                      AcceptWay{"epoll_edges", {"epoll"}, {}},
                      AcceptWay{"nonblocking_connect", {}, {"nonblock"}},
                      AcceptWay{"ipv6", {"poll"}, {"v6"}},
                      AcceptWay{"ipv4_only", {"poll"}, {}, AF_INET},
                      AcceptWay{"cookies", {}, {}, AF_INET6, Numbering::ByArrival},
                      AcceptWay{"cookies_epoll", {"epoll"}, {}, AF_INET6, Numbering::ByArrival}),
    [](const auto& way) { return way.param.name; });

// --- what a program may do meanwhile
// --------------------------------------------------------------

TEST_F(Shim, OrdersAcceptsOfSeveralThreads) {
  const std::string printed = run({4, 2, 3, 1}, {"threads"});
  EXPECT_THAT(printed, Not(HasSubstr("FAULT")));
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(4, 2, 3, 1));
}

TEST_F(Shim, KeepsWhatIsHeldWhenAHandlerJumpsOutOfAccept) {
  rig.order = {2, 1};
  const auto server = serve(3, {"jump"});
  const auto first = connect(1, {});
  ASSERT_TRUE(rig.wait_for(Kind::Held));
  server->send_signal(SIGUSR1);
  rig.order = {};
  Program second({PROBE, "client", std::to_string(rig.port), "0"}, rig.armed(Side::Client, PROBE));
  EXPECT_EQ(server->output(), "001\n");  // the second client's one connection is number 2
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(2, 1));
}

TEST_F(Shim, SharesNothingHeldWithAForkedChild) {
  rig.order = {2, 1};
  const auto server = serve(3, {"poll", "fork"});
  const auto first = connect(1, {});
  ASSERT_TRUE(server->wait_for("forked"));  // after EAGAIN, so connection 1 is held
  rig.order = {};
  Program second({PROBE, "client", std::to_string(rig.port), "0"}, rig.armed(Side::Client, PROBE));
  EXPECT_EQ(server->output(), "forked\n001\n");
}

TEST_F(Shim, ResetsWhatIsHeldWhenItsListenerIsClosed) {
  rig.order = {2, 1};
  const auto server = serve(3, {"poll", "reopen"});
  rig.close_listener();
  const auto client = connect(1, {});
  EXPECT_EQ(server->output(), "0\n");
  EXPECT_THAT(rig.records(Kind::Dropped), SizeIs(1));
}

// --- limits
// ---------------------------------------------------------------------------------------

TEST_F(Shim, GivesUpTheOrderWhenAConnectionNeverComes) {
  rig.order = {3, 2, 1};
  rig.hold_ms = 50;
  const auto server = serve(3, {});
  const auto client = connect(2, {});
  EXPECT_EQ(server->output(), "012\n");
  const auto limits = rig.records(Kind::HoldLimitReached);
  ASSERT_THAT(limits, SizeIs(1));
  EXPECT_EQ(limits[0]->number, 3U);
}

TEST_F(Shim, PassesOnAConnectionWhoseCookieNeverComes) {
  rig.numbering = Numbering::ByArrival;
  rig.hold_ms = 50;
  rig.order = {2, 1};
  const auto server = serve(1, {});
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_TRUE(connect_silently(silent));
  EXPECT_TRUE(rig.wait_for(Kind::StillUndecided));
  close(silent);
}

TEST_F(Shim, LeavesAReadableBoardWhenTheServerIsKilled) {
  rig.order = {2, 1};
  const auto server = serve(3, {});
  const auto client = connect(1, {});
  ASSERT_TRUE(rig.wait_for(Kind::Held));
  server->send_signal(SIGKILL);
  EXPECT_EQ(server->output(), "[signal 9]");
  ASSERT_THAT(rig.records(Kind::Held), SizeIs(1));
  EXPECT_EQ(rig.records(Kind::Held)[0]->number, 1U);
}

TEST_F(Shim, OnlyRecordsWithoutAnOrder) {
  const auto server = serve(3, {"poll"});
  const auto client = connect(2, {});
  EXPECT_EQ(server->output(), "012\n");
  EXPECT_THAT(rig.order_by_ports(), ElementsAre(1, 2));
  EXPECT_THAT(rig.records(Kind::SelfQueued), IsEmpty());
}

// --- when it is not to do anything
// ----------------------------------------------------------------

// The probe's server under `variables`, with a client that the library does not see.
std::string run_unarmed(Rig& rig, const Words& variables) {
  const int listener = rig.listen_on(AF_INET6);
  Program server({PROBE, "server", std::to_string(listener), "3", "poll"}, variables, listener);
  Program client({PROBE, "client", std::to_string(rig.port), "2"}, {});
  return server.output();
}

TEST_F(Shim, IsInertInAnotherProgram) {
  rig.order = {2, 1};
  rig.port = 1;
  EXPECT_EQ(run_unarmed(rig, rig.armed(Side::Server, "/bin/sh")), "012\n");
  ASSERT_THAT(rig.records(Kind::NotArmed), SizeIs(1));
  EXPECT_EQ(rig.records(Kind::NotArmed)[0]->number,
            static_cast<std::uint32_t>(Refusal::WrongProgram));
}

TEST_F(Shim, IsInertUnderAnOrderThatIsNoPermutation) {
  rig.order = {2, 2};
  rig.port = 1;
  EXPECT_EQ(run_unarmed(rig, rig.armed(Side::Server, PROBE)), "012\n");
  ASSERT_THAT(rig.records(Kind::NotArmed), SizeIs(1));
  EXPECT_EQ(rig.records(Kind::NotArmed)[0]->number, static_cast<std::uint32_t>(Refusal::BadPlan));
}

TEST_F(Shim, IsInertWithoutAPlan) {
  EXPECT_EQ(run_unarmed(rig, {std::string("LD_PRELOAD=") + SHIM_LIBRARY}), "012\n");
}

TEST_F(Shim, IsInertWhenThePlanFileIsMissing) {
  Words variables = rig.variables_for("", 0);
  variables[1] += ".gone";
  EXPECT_EQ(run_unarmed(rig, variables), "012\n");
}

TEST_F(Shim, IsInertUnderAPlanOfGarbage) {
  const std::string garbage(sizeof(Plan), '\xa5');
  EXPECT_EQ(run_unarmed(rig, rig.variables_for(garbage.data(), garbage.size())), "012\n");
}

TEST_F(Shim, IsInertUnderAPlanOfAnotherVersion) {
  rig.port = 1;
  Plan plan = rig.plan(Side::Server, PROBE);
  plan.version = kVersion + 1;
  EXPECT_EQ(run_unarmed(rig, rig.variables_for(&plan, sizeof plan)), "012\n");
}

// --- the library file
// -----------------------------------------------------------------------------

class ShimFile : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Both, ShimFile, ::testing::Values(SHIM_LIBRARY, ORDER_LIBRARY),
                         [](const auto& file) {
                           return std::string(file.param).ends_with("order.so") ? "order" : "shim";
                         });

TEST_P(ShimFile, NeedsNothingButLibc) {
  Program readelf({READELF, "--dynamic", GetParam()}, {});
  const std::string dynamic = readelf.output();
  EXPECT_THAT(dynamic, HasSubstr("Shared library: [libc.so.6]"));
  EXPECT_EQ(dynamic.find("(NEEDED)"), dynamic.rfind("(NEEDED)")) << dynamic;
}

std::string exports_of(const std::string& library) {
  Program nm({NM, "--dynamic", "--defined-only", "--format=just-symbols", library}, {});
  return nm.output();
}

#define CALL(result, name, parameters, specifiers) #name "\n"
constexpr char kCalls[] =
#include "shim/calls.def"
    ;
constexpr char kOrderCalls[] =
#include "shim/order_calls.def"
    ;
#undef CALL

TEST(ShimExports, AreWhatCallsDefLists) {
  EXPECT_EQ(exports_of(SHIM_LIBRARY), kCalls);
}

TEST(ShimExports, OfTheOrderLibraryAreWhatOrderCallsDefLists) {
  EXPECT_EQ(exports_of(ORDER_LIBRARY), kOrderCalls);
}

}  // namespace
}  // namespace rolecall::shim
