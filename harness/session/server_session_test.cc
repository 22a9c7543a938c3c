// SPDX-License-Identifier: BSD-3-Clause
// The server session against a client whose every byte the test writes.
#include "harness/session/server_session.h"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rolecall::session {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using wire::State;

constexpr std::array<std::byte, 36> kRandom{};

Bytes one(State state) {
  return Bytes{wire::encode_state(state)};
}

class ServerSessionTest : public testing::Test {
 protected:
  void start(FlagMode mode = FlagMode::Auto, int level = 2) {
    ServerConfig config;
    config.mode = mode;
    config.level = level;
    session_.emplace(config, now_);
  }
  void receive(const Bytes& bytes) { session_->on_bytes(bytes, now_), drain(); }
  void receive(State state) { receive(one(state)); }
  void receive_cookie() { receive(Bytes(cookie_.bytes.begin(), cookie_.bytes.end())); }
  void receive_parameters(const std::string& json) { receive(wire::encode_frame(json)); }
  void set_up(const std::string& parameters, FlagMode mode = FlagMode::Auto) {
    start(mode);
    receive_cookie();
    receive_parameters(parameters);
    sent_.clear();
  }
  void connect(ConnectionId id) { session_->on_connection(id, now_); }
  // Hands over what is wanted of `bytes`; tells how much was left.
  std::size_t receive_on(ConnectionId id, const Bytes& bytes) {
    ByteView rest = bytes;
    while (!rest.empty() && session_->bytes_wanted(id) > 0) {
      const auto n = std::min(rest.size(), session_->bytes_wanted(id));
      session_->on_connection_bytes(id, rest.first(n), now_);
      rest = rest.subspan(n);
    }
    drain();
    return rest.size();
  }
  Bytes header(const std::string& preamble = "") const {
    Bytes bytes(cookie_.bytes.begin(), cookie_.bytes.end());
    append(bytes, as_bytes(preamble));
    return bytes;
  }
  void run_to_running() {
    set_up(R"({"tcp":true,"time":1})");
    connect(1);
    receive_on(1, header());
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
      if (auto* deny = std::get_if<DenyConnection>(&*output)) denied_.push_back(deny->connection);
      if (auto* bind = std::get_if<BindStreams>(&*output)) bound_ = bind->streams;
      if (std::holds_alternative<StopTest>(*output)) session_->on_local(TestStopped{}, now_);
      if (auto* end = std::get_if<Finished>(&*output)) finished_ = true, failure_ = end->failure;
    }
  }
  void expect_refusal(int number) {
    ASSERT_TRUE(failure_);
    EXPECT_EQ(failure_->number, number);
    ASSERT_GE(sent_.size(), 9U);
    EXPECT_EQ(sent_[0], wire::encode_state(State::ServerError));
    EXPECT_EQ(be32(sent_, 1), static_cast<std::uint32_t>(number));
  }
  std::string sent_text() const { return std::string(as_text(sent_)); }

  TimePoint now_{0};
  wire::Cookie cookie_ = wire::make_cookie(kRandom);
  std::optional<ServerSession> session_;
  Bytes sent_;
  std::vector<ConnectionId> denied_;
  std::vector<BoundStream> bound_;
  bool finished_ = false;
  std::optional<Failure> failure_;
};

TEST_F(ServerSessionTest, AnswersTheCookieWithParamExchange) {
  start();
  receive_cookie();
  EXPECT_EQ(sent_, one(State::ParamExchange));
}

TEST_F(ServerSessionTest, ALegacyClientNeverSeesServerParameters) {
  set_up(R"({"tcp":true})");
  EXPECT_EQ(sent_.size(), 0U);  // cleared by set_up
  start();
  receive_cookie();
  receive_parameters(R"({"tcp":true})");
  EXPECT_EQ(sent_, (Bytes{std::byte{9}, std::byte{10}}));
}

TEST_F(ServerSessionTest, AnAnnouncementIsAnsweredRightBeforeCreateStreams) {
  start();
  receive_cookie();
  receive_parameters(R"({"tcp":true,"role_flag":7})");
  EXPECT_EQ(sent_text(), std::string("\x09\x40\0\0\0\x0f{\"role_flag\":2}\x0a", 22));
}

TEST_F(ServerSessionTest, TheLevelIsTheLowerOfBoth) {
  start(FlagMode::Auto, 1);
  receive_cookie();
  receive_parameters(R"({"role_flag":2})");
  EXPECT_EQ(session_->flag(), Flag::Level1);
}

TEST_F(ServerSessionTest, AnnouncedLevelZeroIsNoAnnouncement) {
  set_up(R"({"role_flag":0})");
  EXPECT_EQ(session_->flag(), Flag::None);
}

TEST_F(ServerSessionTest, StartsTheTestWhenTheLastStreamIsThere) {
  run_to_running();
  EXPECT_EQ(sent_text(), "\x01\x02");
  ASSERT_EQ(bound_.size(), 1U);
  EXPECT_EQ(bound_[0].role, wire::Role::Receiver);
}

TEST_F(ServerSessionTest, ReadsNoByteBeyondTheHeader) {
  set_up(R"({"parallel":2})");
  connect(1);
  EXPECT_EQ(receive_on(1, header("payload")), 7U);
}

TEST_F(ServerSessionTest, AWrongCookieIsDeniedAndTheTestGoesOn) {
  set_up(R"({})");
  connect(1);
  receive_on(1, Bytes(37, std::byte{'x'}));
  EXPECT_THAT(denied_, testing::ElementsAre(1U));
  connect(2);
  receive_on(2, header());
  EXPECT_EQ(session_->state(), State::TestRunning);
}

TEST_F(ServerSessionTest, ASilentStrangerIsDeniedAfterTheLimitAndTheTestGoesOn) {
  set_up(R"({})");
  connect(1);
  pass(seconds(10));
  EXPECT_THAT(denied_, testing::ElementsAre(1U));
  EXPECT_FALSE(finished_);
}

TEST_F(ServerSessionTest, ManySilentStrangersMakeRoomForEachOther) {
  set_up(R"({})");
  for (ConnectionId id = 1; id <= 1000; ++id) connect(id), drain();
  EXPECT_GE(denied_.size(), 900U);
  connect(1001);
  receive_on(1001, header());
  EXPECT_EQ(session_->state(), State::TestRunning);
}

TEST_F(ServerSessionTest, AClientThatTricklesItsResultsIsEnded) {
  run_to_running();
  receive(State::TestEnd);
  receive(Bytes{std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0}});
  for (int i = 0; i < 100 && !finished_; ++i) {
    receive(Bytes(1, std::byte{' '}));
    pass(seconds(9));
  }
  EXPECT_TRUE(finished_);
}

TEST_F(ServerSessionTest, AHalfHeaderDoesNotKeepTheOthersOut) {
  set_up(R"({})");
  connect(1);
  receive_on(1, Bytes(10));
  connect(2);
  receive_on(2, header());
  EXPECT_EQ(session_->state(), State::TestRunning);
  EXPECT_THAT(denied_, testing::ElementsAre(1U));
}

TEST_F(ServerSessionTest, TheFlagInTheCookieNeedsNoAnnouncement) {
  cookie_ = wire::make_flagged_cookie(kRandom);
  set_up(R"({"bidirectional":true})");
  EXPECT_EQ(session_->flag(), Flag::Cookie);
  const wire::Cookie second = wire::tag_cookie(cookie_, {wire::Role::Receiver, std::uint16_t{1}});
  const wire::Cookie first = wire::tag_cookie(cookie_, {wire::Role::Sender, std::uint16_t{0}});
  connect(2), receive_on(2, Bytes(second.bytes.begin(), second.bytes.end()));
  connect(1), receive_on(1, Bytes(first.bytes.begin(), first.bytes.end()));
  ASSERT_EQ(bound_.size(), 2U);
  EXPECT_EQ(bound_[0].connection, 1U);
  EXPECT_EQ(bound_[0].role, wire::Role::Receiver);
}

TEST_F(ServerSessionTest, TheFlagInTheCookieSatisfiesRequire) {
  cookie_ = wire::make_flagged_cookie(kRandom);
  set_up(R"({})", FlagMode::Require);
  EXPECT_FALSE(finished_);
}

TEST_F(ServerSessionTest, PreambleAndCookieMustSayTheSame) {
  cookie_ = wire::make_flagged_cookie(kRandom);
  set_up(R"({"role_flag":1,"bidirectional":true})");
  const wire::Cookie stream = wire::tag_cookie(cookie_, {wire::Role::Sender, std::uint16_t{0}});
  Bytes bytes(stream.bytes.begin(), stream.bytes.end());
  append(bytes, as_bytes("R"));
  connect(1), receive_on(1, bytes);
  expect_refusal(wire::kErrorMessage);
  EXPECT_THAT(failure_->error.what, HasSubstr("contradict"));
}

TEST_F(ServerSessionTest, AnotherPreambleByteEndsTheTestAndTheSentenceGoesToTheClient) {
  set_up(R"({"role_flag":1})");
  connect(1), receive_on(1, header("Q"));
  expect_refusal(wire::kErrorMessage);
  EXPECT_THAT(failure_->error.what,
              StartsWith("stream connection 1 in accept order: role preamble"));
  EXPECT_THAT(sent_text(), HasSubstr(R"({"error":"stream connection 1)"));
}

TEST_F(ServerSessionTest, ASentenceIsNotSentToAClientThatDidNotAnnounce) {
  set_up(R"({})", FlagMode::Force);
  connect(1), receive_on(1, header("Q"));
  expect_refusal(wire::kErrorMessage);
  EXPECT_EQ(sent_.size(), 9U);
}

TEST_F(ServerSessionTest, NoPreambleWithinTenSecondsEndsTheTest) {
  set_up(R"({"role_flag":2})");
  connect(1), receive_on(1, header("S"));
  pass(seconds(10));
  expect_refusal(wire::kErrorMessage);
  EXPECT_THAT(failure_->error.what, HasSubstr("1 of 3 bytes came"));
}

TEST_F(ServerSessionTest, RequireRefusesAClientWithoutAFlag) {
  start(FlagMode::Require);
  receive_cookie();
  sent_.clear();
  receive_parameters("{}");
  expect_refusal(wire::kErrorUnimplemented);
}

TEST_F(ServerSessionTest, ParametersOutOfRangeAreRefusedWithIperf3sNumber) {
  start();
  receive_cookie();
  sent_.clear();
  receive_parameters(R"({"parallel":500})");
  expect_refusal(wire::kErrorStreamCount);
}

TEST_F(ServerSessionTest, ALengthAboveTheCapIsRefusedAtOnce) {
  start();
  receive_cookie();
  sent_.clear();
  receive(Bytes(4, std::byte{0xff}));
  expect_refusal(wire::kErrorReceiveParameters);
}

TEST_F(ServerSessionTest, EveryWaitOfTheHandshakeHasALimit) {
  start();
  receive(Bytes(36));
  pass(seconds(10));
  expect_refusal(wire::kErrorReceiveCookie);
}

TEST_F(ServerSessionTest, MissingParametersAreRefusedAfterTheLimit) {
  start();
  receive_cookie();
  sent_.clear();
  pass(seconds(10));
  expect_refusal(wire::kErrorReceiveParameters);
}

TEST_F(ServerSessionTest, AClientThatTricklesIsEndedByTheWholeLimit) {
  start();
  for (int i = 0; i < 31 && !finished_; ++i) {
    receive(Bytes(1, std::byte{'c'}));
    pass(seconds(1));
  }
  EXPECT_TRUE(finished_);
}

TEST_F(ServerSessionTest, MissingStreamsEndTheTestAndAreCounted) {
  set_up(R"({"parallel":2})");
  connect(1), receive_on(1, header());
  pass(seconds(120));
  expect_refusal(wire::kErrorNoData);
  EXPECT_THAT(failure_->error.what, HasSubstr("1 of 2"));
}

TEST_F(ServerSessionTest, AClientThatOpensNoStreamIsEnded) {
  set_up(R"({})");
  pass(seconds(120));
  expect_refusal(wire::kErrorNoData);
}

// Each comes within streams_limit of the one before.
TEST_F(ServerSessionTest, StreamsThatTrickleInEndTheTestAllTheSame) {
  set_up(R"({"tcp":true,"time":1,"parallel":100})");
  ConnectionId id = 0;
  for (; id < 100 && !finished_; pass(seconds(100))) {
    connect(++id);
    receive_on(id, header());
  }
  EXPECT_EQ(id, 3U);  // after 120 s and one for each of the 100
  expect_refusal(wire::kErrorNoData);
}

TEST_F(ServerSessionTest, AMissingTestEndIsNoticedAfterTheGrace) {
  run_to_running();
  pass(seconds(40));
  EXPECT_FALSE(finished_);
  pass(seconds(1));
  ASSERT_TRUE(finished_);
  EXPECT_EQ(failure_->number, wire::kErrorTestExpired);
}

TEST_F(ServerSessionTest, WithoutAFlagPlacesGoByAcceptOrderWhoeversCookieComesFirst) {
  set_up(R"({"tcp":true,"parallel":2})", FlagMode::Off);
  connect(1), connect(2);
  receive_on(2, header()), receive_on(1, header());
  ASSERT_EQ(bound_.size(), 2U);
  EXPECT_EQ(bound_[0].connection, 1U);
  EXPECT_EQ(bound_[1].connection, 2U);
}

TEST_F(ServerSessionTest, EndsInGoodOrder) {
  run_to_running();
  sent_.clear();
  receive(State::TestEnd);
  EXPECT_EQ(sent_, one(State::ExchangeResults));
  receive(wire::encode_frame(wire::encode_results({})));
  session_->on_local(ResultsReady{}, now_), drain();
  receive(State::IperfDone);
  EXPECT_TRUE(finished_);
  EXPECT_FALSE(failure_);
}

TEST_F(ServerSessionTest, AGoodbyeThatCameBeforeItsTimeCountsWhenItIsDue) {
  run_to_running();
  receive(State::TestEnd);
  Bytes early = wire::encode_frame(wire::encode_results({}));
  append(early, one(State::IperfDone));
  receive(early);
  EXPECT_FALSE(finished_);
  session_->on_local(ResultsReady{}, now_), drain();
  EXPECT_TRUE(finished_);
  EXPECT_FALSE(failure_);
}

TEST_F(ServerSessionTest, ResultsThatAreNoneAreRefused) {
  run_to_running();
  receive(State::TestEnd);
  sent_.clear();
  receive(wire::encode_frame("{}"));
  expect_refusal(wire::kErrorReceiveResults);
}

TEST_F(ServerSessionTest, ASignalTellsTheClient) {
  run_to_running();
  sent_.clear();
  session_->on_local(Interrupted{"SIGINT"}, now_), drain();
  EXPECT_EQ(sent_, one(State::ServerTerminate));
  EXPECT_TRUE(failure_->by_operator);
}

TEST_F(ServerSessionTest, WhileRunningOnlyTestEndKeepsTheTestAlive) {
  std::vector<int> alive;
  std::vector<int> unanswered;
  for (int byte = 0; byte < 256; ++byte) {
    run_to_running();
    sent_.clear();
    receive(Bytes{static_cast<std::byte>(byte)});
    if (!finished_) alive.push_back(byte);
    if (sent_.empty()) unanswered.push_back(byte);
    finished_ = false;
  }
  EXPECT_THAT(alive, testing::ElementsAre(4));
  EXPECT_THAT(unanswered, testing::ElementsAre(12, 16)) << "SERVER_ERROR answers all but farewells";
}

}  // namespace
}  // namespace rolecall::session
