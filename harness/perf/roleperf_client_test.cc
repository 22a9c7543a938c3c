// SPDX-License-Identifier: BSD-3-Clause
// The roleperf client against servers that break the rules, each by hand on raw sockets: it ends,
// within its limits, with exit status 1 and a sentence.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/program.h"
#include "harness/perf/scripted_server.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;
using wire::State;

class RoleperfClient : public testing::Test {
 protected:
  Program client(std::string_view more = "") const {
    return Program(words(fmt::format("{} -c 127.0.0.1 -p {} {}", ROLEPERF, server_.port(), more)));
  }

  static void expect_failure(Program& client, const std::string& sentence) {
    EXPECT_EQ(client.status(), 1);
    EXPECT_THAT(client.output(), HasSubstr(sentence));
  }

  ScriptedServer server_;
};

TEST_F(RoleperfClient, OfABusyServerSaysSo) {
  Program client = this->client();
  server_.control = server_.accept();
  server_.send({State::AccessDenied});
  expect_failure(client, "the server is busy running a test");
}

TEST_F(RoleperfClient, OfAServerThatIsGoneSaysWhere) {
  Program client = this->client();
  ASSERT_NE(server_.take_parameters(), "");
  server_.control.reset();
  expect_failure(client, "closed unexpectedly in PARAM_EXCHANGE");
}

TEST_F(RoleperfClient, OfAServerThatDefinesItsOwnStateSaysWhich) {
  Program client = this->client();
  ASSERT_NE(server_.take_parameters(), "");
  server_.send({State{0x2a}});
  expect_failure(client, "unknown state 0x2a");
}

TEST_F(RoleperfClient, DoesNotBeginATestThatHasNoStreams) {
  Program client = this->client();
  ASSERT_NE(server_.take_parameters(), "");
  server_.send({State::TestStart, State::TestRunning});
  expect_failure(client, "TEST_START");
}

TEST_F(RoleperfClient, DoesNotBeginATestWhoseStreamsAreStillBeingOpened) {
  Program client = this->client("-P 2 --role-flag=off");
  ASSERT_NE(server_.take_parameters(), "");
  server_.narrow_queue();
  server_.send({State::CreateStreams});
  ASSERT_TRUE(server_.sees_connecting(1));
  server_.send({State::TestStart, State::TestRunning});
  expect_failure(client, "the server began the test before it had its stream connections");
}

TEST_F(RoleperfClient, OpensItsStreamsAtOnceWhereItIsToldTo) {
  const Program client = this->client("-P 6 --stream-connect=parallel");
  ASSERT_NE(server_.take_parameters(), "");
  server_.narrow_queue();
  server_.send({State::CreateStreams});
  EXPECT_TRUE(server_.sees_connecting(3));  // one or two others may have got through
}

TEST_F(RoleperfClient, GivesUpConnectingAtItsConnectTimeout) {
  server_.narrow_queue();
  const RawConnection fills_the_queue(server_.port());
  Program client = this->client("--connect-timeout 200");
  expect_failure(client, "unable to connect to server");
  EXPECT_THAT(client.output(), HasSubstr("timed out"));
}

TEST_F(RoleperfClient, OpensItsStreamsWithTheSegmentSizeThatItIsToldTo) {
  const Program client = this->client("-M 1000");
  ASSERT_NE(server_.take_parameters(), "");
  server_.send({State::CreateStreams});
  const auto stream = server_.accept();
  ASSERT_NE(stream, nullptr);
  EXPECT_LE(stream->segment_size(), 1000);
}

TEST_F(RoleperfClient, RunsOnTheCoreThatItIsToldTo) {
  const Program client = this->client("-A 0");
  ASSERT_NE(server_.take_parameters(), "");
  EXPECT_EQ(client.cores(), "0");
}

TEST_F(RoleperfClient, RefusesAServerThatAgreesOnNothingWhereItRequiresTheFlag) {
  Program client = this->client("--role-flag=require");
  EXPECT_THAT(server_.take_parameters(), HasSubstr(R"("role_flag":2)"));
  server_.send({State::CreateStreams});
  EXPECT_EQ(server_.control->receive(1), byte(State::IperfDone));
  expect_failure(client, "--role-flag=require: the server did not agree on a role flag");
}

TEST_F(RoleperfClient, RefusesALevelAboveItsOwn) {
  Program client = this->client("--role-flag-level=1");
  ASSERT_NE(server_.take_parameters(), "");
  server_.control->send(byte(State::ServerParameters) + frame(R"({"role_flag":2})"));
  expect_failure(client, "role_flag");
}

// SERVER_ERROR is a byte and two integers; here the integers never come. iperf3's Nread() limit is
// 10 seconds, and so is ours.
TEST_F(RoleperfClient, WaitsForTheRestOfAServerErrorWithALimit) {
  Program client = this->client();
  ASSERT_NE(server_.take_parameters(), "");
  server_.send({State::ServerError});
  expect_failure(client, "did not say which for 10 s");
}

}  // namespace
}  // namespace rolecall::perf
