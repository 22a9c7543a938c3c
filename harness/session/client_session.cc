// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/client_session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rolecall::session {
namespace {

Bytes one(State state) {
  return Bytes{wire::encode_state(state)};
}

bool flag_in_cookie(FlagMode mode) {
  return mode == FlagMode::Cookie;
}

bool announces(FlagMode mode) {
  return mode == FlagMode::Auto || mode == FlagMode::Cookie || mode == FlagMode::Require;
}

}  // namespace

ClientSession::ClientSession(ClientConfig config, TimePoint now) : config_(std::move(config)) {
  CHECK(config_.level >= 1 && config_.level <= wire::kHighestLevel);
  cookie_ = flag_in_cookie(config_.mode) ? wire::make_flagged_cookie(config_.random)
                                         : wire::make_cookie(config_.random);
  if (config_.mode == FlagMode::Force) flag_ = Flag::Force;
  if (flag_in_cookie(config_.mode)) flag_ = Flag::Cookie;
  out_.push_back(SendControl{Bytes(cookie_.bytes.begin(), cookie_.bytes.end())});
  await(Expect::State, now + config_.reply_limit);
}

wire::Role ClientSession::role(int number) const {
  return number <= config_.parameters.client_senders() ? wire::Role::Sender : wire::Role::Receiver;
}

Bytes ClientSession::stream_header(int number) const {
  CHECK(number >= 1 && number <= stream_count());
  const wire::StreamTag tag{role(number), static_cast<std::uint16_t>(number - 1)};
  const wire::Cookie cookie =
      flag_in_cookie(config_.mode) ? wire::tag_cookie(cookie_, tag) : cookie_;
  Bytes header(cookie.bytes.begin(), cookie.bytes.end());
  append(header, wire::encode_preamble(preamble_level(flag_), tag));
  return header;
}

Bytes ClientSession::connect_datagram(int number) const {
  return wire::encode_connect(may_repeat_connect() ? stream_header(number) : Bytes());
}

std::optional<Output> ClientSession::next_output() {
  if (out_.empty()) return std::nullopt;
  Output output = std::move(out_.front());
  out_.pop_front();
  return output;
}

void ClientSession::await(Expect what, std::optional<TimePoint> until) {
  expect_ = what;
  wake_at_ = until;
}

void ClientSession::finish(std::optional<Failure> failure) {
  if (std::exchange(finished_, true)) return;
  wake_at_.reset();
  out_.push_back(Finished{std::move(failure)});
}

void ClientSession::fail(Error error, int number) {
  if (finished_) return;
  if (number == wire::kErrorReceiveResults) error = wire::with_sentence(number, std::move(error));
  out_.push_back(SendControl{one(State::IperfDone)});
  finish(Failure{.error = std::move(error), .number = number});
}

void ClientSession::on_bytes(ByteView in, TimePoint now) {
  if (finished_) return;
  in_.feed(in);
  // A long results document comes in pieces: each renews the limit, as in iperf3's Nread().
  if (expect_ == Expect::PeerResults) {
    wake_at_ = std::min(now + config_.reply_limit, results_until_);
  }
  read_on(now);
  if (!finished_ && expect_ == Expect::Local && in_.buffered() > kMostUnread) {
    fail(Error{Errc::OutOfOrder, "the server went on sending where it is the client's turn"},
         wire::kErrorMessage);
  }
}

void ClientSession::read_on(TimePoint now) {
  while (!finished_ && step(now)) {
  }
}

bool ClientSession::step(TimePoint now) {
  switch (expect_) {
    case Expect::State:
      return take_state(now);
    case Expect::PeerResults:
      // A failing 3.21 server sends SERVER_ERROR in place of the document, whose length it is not.
      if (in_.peek() == wire::encode_state(State::ServerError)) return take_state(now);
      return take_frame(now);
    case Expect::ServerParameters:
    case Expect::ErrorDocument:
      return take_frame(now);
    case Expect::ServerError:
      return take_server_error(now);
    case Expect::Local:
      return false;
  }
  return false;
}

bool ClientSession::take_state(TimePoint now) {
  const auto byte = in_.take_byte();
  if (!byte) return false;
  auto next = next_state(state_, End::Server, *byte);
  if (!next) {
    fail(std::move(next).error(), wire::kErrorMessage);
  } else {
    enter(next.value(), now);
  }
  return true;
}

void ClientSession::enter(State state, TimePoint now) {
  const bool repeated = state == state_;
  state_ = state;
  const TimePoint reply_limit = now + config_.reply_limit;
  switch (state) {
    case State::ParamExchange:
      return send_parameters(reply_limit);
    case State::ServerParameters:
      if (!announced_) {
        return fail(Error{Errc::OutOfOrder,
                          "the server sent SERVER_PARAMETERS to a client that "
                          "did not announce the role flag"},
                    wire::kErrorMessage);
      }
      return await(Expect::ServerParameters, reply_limit);
    case State::CreateStreams:
      return create_streams();
    case State::TestStart:
      out_.push_back(StartTest{});
      return await(Expect::State, reply_limit);
    case State::TestRunning:
      if (!repeated) out_.push_back(RunTest{});
      return await(Expect::State, std::nullopt);
    case State::ExchangeResults:
      out_.push_back(ProvideResults{});
      return await(Expect::Local, std::nullopt);
    case State::DisplayResults:
      state_ = State::IperfDone;
      out_.push_back(SendControl{one(State::IperfDone)});
      return finish(std::nullopt);
    case State::AccessDenied:
      return finish(
          Failure{Error{Errc::PeerClosed, "the server is busy running a test. try again later"},
                  wire::kErrorAccessDenied, true});
    case State::ServerTerminate:
      return finish(Failure{Error{Errc::PeerClosed, "the server has terminated"},
                            wire::kErrorServerTerminated, true});
    case State::ServerError:
      return await(Expect::ServerError, now + config_.error_limit);
    case State::TestEnd:
    case State::ClientTerminate:
    case State::IperfStart:
    case State::IperfDone:
      CHECK(false);  // the table has no row in which a server sends these
  }
}

void ClientSession::send_parameters(TimePoint reply_limit) {
  if (announces(config_.mode)) config_.parameters.role_flag = config_.level;
  const std::string json = wire::encode_parameters(config_.parameters);
  announced_ = config_.parameters.role_flag && wire::announces_role_flag(json);
  announcement_left_out_ = config_.parameters.role_flag && !announced_;
  if (json.size() > wire::kParametersCap) {
    return fail(
        Error{Errc::Config,
              fmt::format("the parameters come to {} bytes, of which a server takes {}: use "
                          "a shorter title (-T) or --extra-data",
                          json.size(), wire::kParametersCap)},
        wire::kErrorMessage);
  }
  out_.push_back(SendControl{wire::encode_frame(json)});
  out_.push_back(ParametersSent{});
  await(Expect::State, reply_limit);
}

void ClientSession::create_streams() {
  const bool agreed = flag_ == Flag::Level1 || flag_ == Flag::Level2;
  if (config_.mode == FlagMode::Require && !agreed) {
    return fail(Error{Errc::Config,
                      "--role-flag=require: the server did not agree on a role flag; "
                      "use --role-flag=auto to run without"},
                wire::kErrorUnimplemented);
  }
  if (config_.parameters.parallel > most_streams(flag_)) {
    return fail(
        Error{Errc::Config,
              fmt::format("{} streams need role flag level 2, which the server did not agree on; "
                          "use at most {}",
                          config_.parameters.parallel, kMostLegacyStreams)},
        wire::kErrorStreamCount);
  }
  out_.push_back(OpenStreams{});
  await(Expect::State, std::nullopt);  // until StreamsOpen, the time is this end's own
}

bool ClientSession::take_frame(TimePoint now) {
  const std::size_t cap = expect_ == Expect::PeerResults ? wire::kResultsCap : wire::kParametersCap;
  auto frame = in_.take_frame(cap);
  if (!frame) {
    const bool document = expect_ == Expect::ErrorDocument;
    if (document) {
      report_server_error(std::nullopt);
    } else {
      fail(std::move(frame).error(),
           expect_ == Expect::PeerResults ? wire::kErrorReceiveResults : wire::kErrorMessage);
    }
    return true;
  }
  if (!frame.value()) return false;
  on_frame(*frame.value(), now);
  return true;
}

void ClientSession::on_frame(const std::string& json, TimePoint now) {
  const TimePoint reply_limit = now + config_.reply_limit;
  if (expect_ == Expect::ErrorDocument) {
    auto sentence = wire::decode_error_document(json);
    return report_server_error(sentence ? std::optional(std::move(sentence).value())
                                        : std::nullopt);
  }
  if (expect_ == Expect::ServerParameters) {
    auto level = wire::decode_server_parameters(json, config_.level);
    if (!level) return fail(std::move(level).error(), wire::kErrorMessage);
    flag_ = level.value() == 1 ? Flag::Level1 : Flag::Level2;
    return await(Expect::State, reply_limit);
  }
  auto results = wire::decode_results(json);
  if (!results) return fail(std::move(results).error(), wire::kErrorReceiveResults);
  out_.push_back(PeerResults{std::move(results).value()});
  await(Expect::State, reply_limit);
}

bool ClientSession::take_server_error(TimePoint now) {
  const auto error = in_.take_server_error();
  if (!error) return false;
  server_error_ = *error;
  const bool flagged_server = flag_ == Flag::Level1 || flag_ == Flag::Level2;
  if (!flagged_server && in_.buffered() == 0) {
    report_server_error(std::nullopt);
  } else {
    await(Expect::ErrorDocument, now + config_.error_limit);
  }
  return true;
}

void ClientSession::report_server_error(std::optional<std::string> sentence) {
  std::string text = wire::describe(server_error_);
  if (sentence) text += fmt::format(": {}", *sentence);
  finish(Failure{.error = Error{Errc::PeerClosed, std::move(text)},
                 .number = server_error_.error_number,
                 .by_peer = true,
                 .is_server_error = true});
}

void ClientSession::on_closed(TimePoint now) {
  if (finished_) return;
  if (expect_ == Expect::ErrorDocument) return report_server_error(std::nullopt);
  if (expect_ == Expect::ServerError && in_.buffered() >= 4) {
    in_.feed(Bytes(4));  // releases up to 3.18 send one integer of the two
    take_server_error(now);
    return report_server_error(std::nullopt);
  }
  finish(Failure{Error{Errc::PeerClosed, fmt::format("control socket has closed unexpectedly in {}",
                                                     wire::name(state_))},
                 wire::kErrorControlClosed});
}

void ClientSession::on_time(TimePoint now) {
  if (finished_ || !wake_at_ || now < *wake_at_) return;
  if (expect_ == Expect::ErrorDocument) return report_server_error(std::nullopt);
  if (expect_ == Expect::ServerError && in_.buffered() < 4) {
    return finish(Failure{
        Error{Errc::Timeout, fmt::format("the server said {}, but did not say which for {} s",
                                         wire::name(state_), config_.error_limit.in_ms() / 1000)},
        wire::kErrorControlClosed});
  }
  if (expect_ == Expect::ServerError) return on_closed(now);
  fail(Error{Errc::Timeout, fmt::format("no answer from the server for {} s in {}",
                                        config_.reply_limit.in_ms() / 1000, wire::name(state_))},
       expect_ == Expect::PeerResults ? wire::kErrorReceiveResults : wire::kErrorControlClosed);
}

void ClientSession::on_local(LocalEvent event, TimePoint now) {
  if (finished_) return;
  std::visit([&](const auto& e) { handle(e, now); }, event);
  read_on(now);  // the server may have said what comes next before it was due
}

void ClientSession::handle(const StreamsOpen&, TimePoint now) {
  // The server may have been faster: then its states have set the limits already.
  if (state_ == State::CreateStreams) await(Expect::State, now + config_.reply_limit);
}

void ClientSession::handle(const TestOver&, TimePoint now) {
  CHECK(state_ == State::TestRunning);
  state_ = State::TestEnd;
  out_.push_back(SendControl{one(State::TestEnd)});
  await(Expect::State, now + config_.reply_limit);
}

void ClientSession::handle(const ResultsReady& ready, TimePoint now) {
  CHECK(expect_ == Expect::Local);
  out_.push_back(SendControl{wire::encode_frame(wire::encode_results(ready.results))});
  results_until_ = now + config_.results_limit;
  await(Expect::PeerResults, now + config_.reply_limit);
}

void ClientSession::handle(const TestStopped&, TimePoint) {
  CHECK(false);
}  // a server's event

void ClientSession::handle(const StreamsDrained&, TimePoint) {
  CHECK(false);
}  // a server's event

void ClientSession::handle(const Interrupted& interrupted, TimePoint) {
  out_.push_back(SendControl{one(State::ClientTerminate)});
  finish(Failure{.error = Error{Errc::PeerClosed, interrupted.reason},
                 .number = wire::kErrorClientTerminated,
                 .by_operator = true});
}

void ClientSession::handle(const LocalFailure& failure, TimePoint) {
  out_.clear();  // what was not carried out yet is void
  fail(failure.error, failure.number);
}

}  // namespace rolecall::session
