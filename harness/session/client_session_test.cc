// SPDX-License-Identifier: BSD-3-Clause
// The client session against a server whose every byte the test writes.
#include "harness/session/client_session.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rolecall::session {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using wire::State;

class ClientSessionTest : public testing::Test {
 protected:
  void start(FlagMode mode = FlagMode::Auto, int level = 2) {
    ClientConfig config;
    config.mode = mode;
    config.level = level;
    config.parameters.direction = wire::Direction::Bidirectional;
    session_.emplace(config, now_);
    drain();
  }
  void receive(const Bytes& bytes) { session_->on_bytes(bytes, now_), drain(); }
  void receive(State state) { receive(Bytes{wire::encode_state(state)}); }
  void receive_frame(const std::string& json) { receive(wire::encode_frame(json)); }
  void local(LocalEvent event) { session_->on_local(std::move(event), now_), drain(); }
  void run_to_parameters(FlagMode mode = FlagMode::Auto, int level = 2) {
    start(mode, level);
    receive(State::ParamExchange);
  }
  void run_to_running() {
    run_to_parameters(FlagMode::Off);
    receive(State::CreateStreams);
    local(StreamsOpen{});
    receive(State::TestStart);
    receive(State::TestRunning);
  }
  void run_to_results() {
    run_to_running();
    local(TestOver{});
    receive(State::ExchangeResults);
    local(ResultsReady{});
  }
  void pass(Duration d) {
    now_ = now_ + d;
    session_->on_time(now_);
    drain();
  }
  void drain() {
    while (auto output = session_->next_output()) {
      EXPECT_FALSE(finished_) << "an output after Finished";
      if (auto* send = std::get_if<SendControl>(&*output)) append(sent_, send->bytes);
      if (std::holds_alternative<OpenStreams>(*output)) opened_ = true;
      if (std::holds_alternative<RunTest>(*output)) ++runs_;
      if (auto* end = std::get_if<Finished>(&*output)) finished_ = true, failure_ = end->failure;
    }
  }
  std::string refusal() const { return failure_ ? failure_->error.what : "(no failure)"; }
  std::string header(int number) const {
    return std::string(as_text(session_->stream_header(number)));
  }

  TimePoint now_{0};
  std::optional<ClientSession> session_;
  Bytes sent_;
  bool opened_ = false;
  int runs_ = 0;
  bool finished_ = false;
  std::optional<Failure> failure_;
};

TEST_F(ClientSessionTest, SendsNoParametersThatNoServerWouldTake) {
  ClientConfig config;
  config.parameters.title = std::string(wire::kParametersCap, 't');
  session_.emplace(config, now_);
  drain();
  sent_.clear();
  receive(State::ParamExchange);
  EXPECT_EQ(sent_, Bytes{wire::encode_state(State::IperfDone)});
  ASSERT_TRUE(failure_);
  EXPECT_THAT(failure_->error.what, HasSubstr("a shorter title (-T)"));
}

TEST_F(ClientSessionTest, BeginsWithTheCookie) {
  start();
  EXPECT_EQ(sent_.size(), wire::kCookieSize);
}

TEST_F(ClientSessionTest, AnnouncesItsHighestLevel) {
  run_to_parameters();
  EXPECT_THAT(as_text(sent_), testing::EndsWith(R"("role_flag":2})"));
}

TEST_F(ClientSessionTest, OffAnnouncesNothing) {
  run_to_parameters(FlagMode::Off);
  EXPECT_THAT(as_text(sent_), testing::Not(HasSubstr("role_flag")));
}

TEST_F(ClientSessionTest, CreateStreamsWithoutAnAnswerMeansALegacyServer) {
  run_to_parameters();
  receive(State::CreateStreams);
  EXPECT_TRUE(opened_);
  EXPECT_EQ(session_->flag(), Flag::None);
  EXPECT_EQ(header(1).size(), wire::kCookieSize);
}

TEST_F(ClientSessionTest, LevelTwoPutsRoleAndIndexBehindTheCookie) {
  run_to_parameters();
  receive(State::ServerParameters);
  receive_frame(R"({"role_flag":2})");
  receive(State::CreateStreams);
  EXPECT_EQ(header(1).substr(37), std::string("S\0\0", 3));
  EXPECT_EQ(header(2).substr(37), std::string("R\0\1", 3));
}

TEST_F(ClientSessionTest, LevelOnePutsTheRoleBehindTheCookie) {
  run_to_parameters();
  receive(State::ServerParameters);
  receive_frame(R"({"role_flag":1})");
  receive(State::CreateStreams);
  EXPECT_EQ(header(2).substr(37), "R");
}

TEST_F(ClientSessionTest, CookieModePutsTheFlagIntoTheCookieAndAddsNoByte) {
  run_to_parameters(FlagMode::Cookie);
  receive(State::CreateStreams);
  EXPECT_EQ(header(1).substr(34), std::string("\0\x80\0", 3));
  EXPECT_EQ(header(2).substr(34), std::string("\0\0\1", 3));
}

TEST_F(ClientSessionTest, ForceSendsTheByteWithoutAnyAgreement) {
  run_to_parameters(FlagMode::Force);
  EXPECT_THAT(as_text(sent_), testing::Not(HasSubstr("role_flag")));
  receive(State::CreateStreams);
  EXPECT_EQ(header(1).substr(37), "S");
}

TEST_F(ClientSessionTest, ALevelThatWasNotAnnouncedIsAProtocolError) {
  run_to_parameters(FlagMode::Auto, 1);
  receive(State::ServerParameters);
  receive_frame(R"({"role_flag":2})");
  EXPECT_EQ(refusal(), "SERVER_PARAMETERS has role_flag 2, outside 1 to 1");
}

TEST_F(ClientSessionTest, LevelZeroIsAProtocolError) {
  run_to_parameters();
  receive(State::ServerParameters);
  receive_frame(R"({"role_flag":0})");
  EXPECT_TRUE(failure_);
}

TEST_F(ClientSessionTest, ServerParametersTwiceIsAProtocolError) {
  run_to_parameters();
  receive(State::ServerParameters);
  receive_frame(R"({"role_flag":2})");
  receive(State::ServerParameters);
  EXPECT_THAT(refusal(), HasSubstr("may not follow SERVER_PARAMETERS"));
}

TEST_F(ClientSessionTest, ServerParametersAfterCreateStreamsIsAProtocolError) {
  run_to_parameters();
  receive(State::CreateStreams);
  receive(State::ServerParameters);
  EXPECT_THAT(refusal(), HasSubstr("may not follow CREATE_STREAMS"));
}

TEST_F(ClientSessionTest, ServerParametersWithoutAnAnnouncementIsAProtocolError) {
  run_to_parameters(FlagMode::Off);
  receive(State::ServerParameters);
  EXPECT_THAT(refusal(), HasSubstr("did not announce"));
}

TEST_F(ClientSessionTest, ARepeatedTestRunningStartsTheTestOnce) {
  run_to_running();
  receive(State::TestRunning);
  EXPECT_EQ(runs_, 1);
  EXPECT_FALSE(finished_);
}

TEST_F(ClientSessionTest, EndsInGoodOrder) {
  run_to_results();
  receive_frame(wire::encode_results({}));
  sent_.clear();
  receive(State::DisplayResults);
  EXPECT_TRUE(finished_);
  EXPECT_FALSE(failure_);
  EXPECT_EQ(sent_, Bytes{wire::encode_state(State::IperfDone)});
}

TEST_F(ClientSessionTest, ResultsThatCameBeforeTheirTimeCountWhenTheyAreDue) {
  run_to_running();
  local(TestOver{});
  receive(State::ExchangeResults);
  Bytes early = wire::encode_frame(wire::encode_results({}));
  append(early, Bytes{wire::encode_state(State::DisplayResults)});
  receive(early);
  EXPECT_FALSE(finished_);
  local(ResultsReady{});
  EXPECT_TRUE(finished_);
  EXPECT_FALSE(failure_) << refusal();
}

TEST_F(ClientSessionTest, WhatFollowsTheEndIsNoise) {  // a 3.21 server's stale error
  run_to_results();
  receive_frame(wire::encode_results({}));
  receive(State::DisplayResults);
  Bytes tail{wire::encode_state(State::ServerError)};
  append(tail, wire::encode_server_error({205, 9}));
  receive(tail);
  EXPECT_FALSE(failure_);
}

TEST_F(ClientSessionTest, AServerErrorInPlaceOfTheResultsIsRead) {
  run_to_results();
  Bytes bytes{wire::encode_state(State::ServerError)};
  append(bytes, wire::encode_server_error({27, 0}));
  receive(bytes);
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->number, 27);
}

TEST_F(ClientSessionTest, AServerErrorWithOneIntegerIsRead) {  // releases up to 3.18
  run_to_parameters();
  receive(State::ServerError);
  receive(Bytes{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{142}});
  EXPECT_FALSE(finished_);
  session_->on_closed(now_), drain();
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->number, 142);
  EXPECT_THAT(refusal(), StartsWith("test authorization failed"));
}

TEST_F(ClientSessionTest, AServerErrorWithoutItsNumberIsASilenceAndNoClose) {
  run_to_parameters();
  receive(State::ServerError);
  receive(Bytes{std::byte{0}, std::byte{0}});
  pass(seconds(10));
  EXPECT_THAT(refusal(), HasSubstr("SERVER_ERROR, but did not say which for 10 s"));
}

TEST_F(ClientSessionTest, TheSentenceOfAFlaggedServerIsShown) {
  run_to_parameters();
  Bytes bytes{wire::encode_state(State::ServerError)};
  append(bytes, wire::encode_server_error({110, 0}));
  append(bytes, wire::encode_frame(wire::encode_error_document("connection 2 is odd")));
  receive(bytes);
  EXPECT_THAT(refusal(), HasSubstr("connection 2 is odd"));
}

TEST_F(ClientSessionTest, ABusyServerIsSaid) {
  start();
  receive(State::AccessDenied);
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->number, wire::kErrorAccessDenied);
}

TEST_F(ClientSessionTest, AClosedControlConnectionNamesTheState) {
  run_to_parameters();
  session_->on_closed(now_), drain();
  EXPECT_EQ(refusal(), "control socket has closed unexpectedly in PARAM_EXCHANGE");
}

TEST_F(ClientSessionTest, EveryAnswerHasALimit) {
  start();
  pass(seconds(60));
  EXPECT_THAT(refusal(), HasSubstr("no answer from the server for 60 s"));
}

TEST_F(ClientSessionTest, TheRunningTestHasNone) {
  run_to_running();
  EXPECT_FALSE(session_->wake_at());
}

TEST_F(ClientSessionTest, AnErrorOfOursSaysGoodbye) {
  run_to_running();
  sent_.clear();
  receive(Bytes{std::byte{42}});
  EXPECT_EQ(sent_, Bytes{wire::encode_state(State::IperfDone)});
}

TEST_F(ClientSessionTest, ASignalTellsTheServer) {
  run_to_running();
  sent_.clear();
  local(Interrupted{"SIGINT"});
  EXPECT_EQ(sent_, Bytes{wire::encode_state(State::ClientTerminate)});
}

}  // namespace
}  // namespace rolecall::session
