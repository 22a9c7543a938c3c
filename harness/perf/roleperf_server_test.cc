// SPDX-License-Identifier: BSD-3-Clause
// The roleperf server against clients that break the rules, each by hand on raw sockets: whatever
// one does, the next test is served, no descriptor stays behind, and signals end the server.
#include <array>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/server_fixture.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using wire::State;

// --- strangers

TEST_F(RoleperfServer, ASilentConnectionKeepsNoClientOut) {
  const RawConnection silent(port_);
  EXPECT_TRUE(serves());
}

TEST_F(RoleperfServer, HalfACookieKeepsNoClientOut) {
  RawConnection half(port_);
  half.send(RawTest::kCookie.substr(0, 18));
  EXPECT_TRUE(serves());
}

TEST_F(RoleperfServer, TwoHundredSilentConnectionsKeepNoClientOut) {
  const auto silent = crowd(200);
  EXPECT_TRUE(serves());
}

TEST_F(RoleperfServer, AStreamWithAWrongCookieIsDeniedAndTheTestGoesOn) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  RawConnection stranger(port_);
  stranger.send(std::string(37, 'z'));
  EXPECT_EQ(stranger.receive(1), kDenied);
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfServer, AHalfCookieWhileStreamsAreOpenedDoesNotDelayTheTest) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  RawConnection half(port_);
  half.send(RawTest::kCookie.substr(0, 18));
  EXPECT_TRUE(test.complete());
  EXPECT_EQ(half.receive(1), kDenied);
}

TEST_F(RoleperfServer, AStreamThatIsGoneBeforeItsCookieDoesNotEndTheTest) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  RawConnection(port_).reset();
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfServer, AStrangerDuringATestIsDeniedAndTheTestIsUnharmed) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  EXPECT_EQ(RawConnection(port_).receive(1), kDenied);
  EXPECT_TRUE(test.complete());
  EXPECT_THAT(test.server_results, HasSubstr(R"("bytes":1000,)"));
}

TEST_F(RoleperfServer, TwoHundredStrangersDuringATestAreAllDenied) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  std::string answers;
  for (RawConnection& stranger : crowd(200)) answers += stranger.receive(1);
  EXPECT_EQ(answers, std::string(200, kDenied[0]));
  EXPECT_TRUE(test.complete());
}

// A close over bytes that nobody read is a reset, which can overtake the denial.
TEST_F(RoleperfServer, WhoIsDeniedIsNotReset) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  std::optional<RawConnection> stranger;
  at_once([&] {
    stranger.emplace(port_).send(std::string(1000, 'z'));
    stranger->send_end();
  });
  EXPECT_EQ(stranger->receive(1), kDenied);
  EXPECT_TRUE(stranger->ends_in_order());
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfServer, ASecondClientIsToldThatItIsBusy) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  RawConnection second(port_);
  second.send(std::string(37, 'z'));
  EXPECT_EQ(second.receive(1), kDenied);
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfServer, WhoComesBeforeTheGoodbyeWaitsForTheNextTest) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::DisplayResults));
  RawTest next(port_);
  next.control.send(RawTest::kCookie);
  EXPECT_TRUE(test.complete());
  EXPECT_EQ(next.control.receive(1), byte(State::ParamExchange));
}

TEST_F(RoleperfServer, WhoNeitherReadsItsResultsNorSaysGoodbyeIsGivenUp) {  // after 10 s
  RawTest silent(port_);
  ASSERT_TRUE(silent.reach(Phase::ExchangeResults));
  silent.control.send(frame(RawTest::kResults));
  EXPECT_TRUE(serves());
}

// --- bytes that come otherwise than iperf3 sends them

TEST_F(RoleperfServer, AControlConnectionMayTrickle) {
  RawTest test(port_);
  test.control.trickle(RawTest::kCookie);
  ASSERT_EQ(test.control.receive(1), byte(State::ParamExchange));
  test.control.trickle(frame(test.parameters));
  EXPECT_EQ(test.control.receive(1), byte(State::CreateStreams));
}

TEST_F(RoleperfServer, AStreamsHeaderMayTrickle) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  test.stream.emplace(port_).trickle(RawTest::kCookie);
  EXPECT_TRUE(test.complete());
}

TEST_F(RoleperfServer, PayloadSentTogetherWithTheCookieCounts) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  test.stream.emplace(port_).send(RawTest::kCookie + std::string(500, 'x'));
  EXPECT_TRUE(test.complete());
  EXPECT_THAT(test.server_results, HasSubstr(R"("bytes":1500,)"));
}

TEST_F(RoleperfServer, AByteThatIsNoPreambleEndsTheTestWithASentence) {
  RawTest test(port_);
  test.parameters.insert(test.parameters.size() - 1, R"(,"role_flag":1)");
  ASSERT_FALSE(test.reach(Phase::CreateStreams));  // SERVER_PARAMETERS came
  test.stream.emplace(port_).send(RawTest::kCookie + "?");
  EXPECT_THAT(test.control.receive(400), HasSubstr("stream connection 1"));
}

// --- bytes that are none of the protocol's

class RoleperfServerAt : public RoleperfServer, public testing::WithParamInterface<Phase> {};

TEST_P(RoleperfServerAt, SurvivesEveryByte) {
  std::vector<int> not_survived;
  for (int value = 0; value < 256; ++value) {
    RawTest test(port_);
    const bool reached = test.reach(GetParam());
    test.control.send(std::string(1, static_cast<char>(value)));
    test.control.send_end();
    if (!reached || !test.control.ends()) not_survived.push_back(value);
  }
  EXPECT_THAT(not_survived, IsEmpty());
}

TEST_P(RoleperfServerAt, EndsTheTestOfAClientThatIsReset) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(GetParam()));
  test.control.reset();
  EXPECT_TRUE(serves());
}

TEST_P(RoleperfServerAt, EndsTheTestOfAClientThatSendsItsEnd) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(GetParam()));
  test.control.send_end();
  EXPECT_TRUE(test.control.ends());
}

TEST_P(RoleperfServerAt, SurvivesAMegabyteOfNoise) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(GetParam()));
  test.control.send(std::string(1 << 20, '\x7f'));
  test.control.send_end();
  EXPECT_TRUE(test.control.ends());
}

TEST_P(RoleperfServerAt, LeavesOnASignal) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(GetParam()));
  server_.send_signal(SIGINT);
  EXPECT_EQ(server_.status(), 0) << server_.output();
  EXPECT_THAT(server_.output(), HasSubstr("the server has terminated by signal Interrupt(2)"));
  const bool has_a_test = GetParam() != Phase::Cookie;
  EXPECT_EQ(test.control.receive(1), has_a_test ? byte(State::ServerTerminate) : "");
  ended_ = true;
}

std::string phase_name(const testing::TestParamInfo<Phase>& info) {
  constexpr std::array kNames = {"Cookie",      "ParamExchange",   "CreateStreams",
                                 "TestRunning", "ExchangeResults", "DisplayResults"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(In, RoleperfServerAt,
                         testing::Values(Phase::Cookie, Phase::ParamExchange, Phase::CreateStreams,
                                         Phase::TestRunning, Phase::ExchangeResults,
                                         Phase::DisplayResults),
                         phase_name);

// The documents are told apart by their places in the lists: names of tests can hold no brackets.
const std::vector<std::string> kNoDocuments = {length(0),          length(0xffffffff),
                                               length(0x7fffffff), frame("{"),
                                               frame("parallel"),  frame(std::string(2000, '[')),
                                               frame("\xff\xfe{}")};

class RoleperfServerRefuses : public RoleperfServer,
                              public testing::WithParamInterface<std::size_t> {
 protected:
  const std::string& bytes() const { return kNoDocuments[GetParam()]; }
};

TEST_P(RoleperfServerRefuses, AsParameters) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::ParamExchange));
  test.control.send(bytes());
  EXPECT_EQ(test.control.receive(1), byte(State::ServerError));
}

TEST_P(RoleperfServerRefuses, AsResults) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::ExchangeResults));
  test.control.send(bytes());
  EXPECT_EQ(test.control.receive(1), byte(State::ServerError));
}

INSTANTIATE_TEST_SUITE_P(Bytes, RoleperfServerRefuses,
                         testing::Range(std::size_t{0}, kNoDocuments.size()));

TEST_F(RoleperfServer, RefusesParametersAboveTheCap) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::ParamExchange));
  test.control.send(length(8193));
  EXPECT_EQ(test.control.receive(1), byte(State::ServerError));
}

const std::vector<std::string> kStrangeParameters = words(R"(
[] 1 "text" null {} {"parallel":"2"} {"parallel":-1} {"parallel":1e308} {"parallel":32767}
{"role_flag":2,"parallel":32767} {"role_flag":-1} {"role_flag":"1"} {"role_flag":1e300} {"len":0}
{"len":-1} {"len":1e18} {"time":-1} {"time":1e18} {"omit":-5} {"num":-1}
{"num":18446744073709551615} {"blockcount":9e18,"len":1048576} {"MSS":1} {"MSS":99999}
{"window":1e12} {"window":536870912} {"bandwidth":-1} {"burst":0} {"title":5} {"title":{"a":[]}}
{"congestion":7} {"congestion":"no-such"} {"server_affinity":1000} {"server_affinity":"x"}
{"udp":true} {"reverse":true,"bidirectional":true}
)");

class RoleperfServerSurvives : public RoleperfServer,
                               public testing::WithParamInterface<std::size_t> {};

// Refused or taken for absent: both are right by iperf3's rules, what counts is the next test.
TEST_P(RoleperfServerSurvives, StrangeParameters) {
  RawTest test(port_);
  test.parameters = kStrangeParameters[GetParam()];
  (void)test.reach(Phase::CreateStreams);
  test.control.send_end();
  EXPECT_TRUE(test.control.ends());
}

INSTANTIATE_TEST_SUITE_P(Json, RoleperfServerSurvives,
                         testing::Range(std::size_t{0}, kStrangeParameters.size()));

// --- settings of the server

TEST_F(RoleperfServerInAHurry, EndsATestWhoseStreamsNeverCome) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  EXPECT_EQ(test.control.receive(1), byte(State::ServerError));
  EXPECT_TRUE(test.control.ends());
}

TEST_F(RoleperfServerInAHurry, EndsATestWithoutPayload) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  EXPECT_EQ(test.control.receive(1), byte(State::ServerError));
  EXPECT_TRUE(test.control.ends());
}

class RoleperfServerWithFewDescriptors : public RoleperfServer {
 protected:
  RoleperfServerWithFewDescriptors() : RoleperfServer("", "ulimit -n 32;") {}
};

TEST_F(RoleperfServerWithFewDescriptors, ServesBesideAHundredSilentConnections) {
  const auto silent = crowd(100);
  EXPECT_TRUE(serves());
}

TEST_F(RoleperfServerWithFewDescriptors, GoesOnWithItsTestBesideAHundredStrangers) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::TestRunning));
  const auto strangers = crowd(100);
  EXPECT_TRUE(test.complete());
}

// Until the silent ones have had their 10 seconds: a spinning server uses most of them, whatever
// its start took.
TEST_F(RoleperfServerWithFewDescriptors, RestsWhileItHasNone) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  std::vector<RawConnection> silent = crowd(100);
  const double before = server_.cpu_seconds();
  EXPECT_TRUE(silent.front().ends());
  EXPECT_LT(server_.cpu_seconds() - before, 2);
}

TEST_F(RoleperfServerWithFewDescriptors, RecoversFromAHundredSilentStreams) {
  RawTest test(port_);
  ASSERT_TRUE(test.reach(Phase::CreateStreams));
  crowd(100).clear();
  EXPECT_TRUE(test.complete());
}

}  // namespace
}  // namespace rolecall::perf
