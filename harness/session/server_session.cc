// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/server_session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/base/earlier.h"

namespace rolecall::session {
namespace {

// What waits in the client's buffers when its test ends comes within that, on a path that is worth
// a test; the client waits as long for the results.
constexpr Duration kLongestDrain = seconds(2);

}  // namespace

ServerSession::ServerSession(ServerConfig config, TimePoint now) : config_(config) {
  await(Expect::Cookie, config_.read_limit, config_.document_limit, now);
}

std::optional<Output> ServerSession::next_output() {
  if (out_.empty()) return std::nullopt;
  Output output = std::move(out_.front());
  out_.pop_front();
  return output;
}

std::optional<TimePoint> ServerSession::wake_at() const {
  if (finished_) return std::nullopt;
  std::optional<TimePoint> first = earlier(until_, gap_until_);
  for (const auto& [id, header] : headers_) first = earlier(first, header.until);
  if (late_) first = earlier(first, late_->assume_at());
  return first;
}

void ServerSession::await(Expect what, std::optional<Duration> gap, std::optional<Duration> whole,
                          TimePoint now) {
  expect_ = what;
  gap_ = gap;
  gap_until_ = gap ? std::optional(now + *gap) : std::nullopt;
  until_ = whole ? std::optional(now + *whole) : std::nullopt;
}

void ServerSession::send(State state) {
  out_.push_back(SendControl{Bytes{wire::encode_state(state)}});
}

void ServerSession::finish(std::optional<Failure> failure) {
  if (std::exchange(finished_, true)) return;
  headers_.clear();
  out_.push_back(Finished{std::move(failure)});
}

void ServerSession::fail(Error error, int number) {
  if (finished_) return;
  Bytes bytes{wire::encode_state(State::ServerError)};
  append(bytes, wire::encode_server_error({number, error.sys_errno}));
  const bool announced = parameters_.role_flag && config_.mode != FlagMode::Off;
  if (announced) append(bytes, wire::encode_frame(wire::encode_error_document(error.message())));
  out_.push_back(SendControl{std::move(bytes)});
  finish(Failure{.error = std::move(error), .number = number});
}

// --- the control connection ---

void ServerSession::on_bytes(ByteView in, TimePoint now) {
  if (finished_) return;
  in_.feed(in);
  if (gap_) gap_until_ = now + *gap_;
  read_on(now);
  if (!finished_ && expect_ == Expect::Local && in_.buffered() > kMostUnread) {
    fail(Error{Errc::OutOfOrder, "the client went on sending where it is the server's turn"},
         wire::kErrorMessage);
  }
}

void ServerSession::read_on(TimePoint now) {
  while (!finished_ && step(now)) {
  }
}

bool ServerSession::step(TimePoint now) {
  switch (expect_) {
    case Expect::Cookie:
      return take_cookie(now);
    case Expect::Parameters:
    case Expect::Results:
      return take_document(now);
    case Expect::State:
      return take_state(now);
    case Expect::Local:
      return false;
  }
  return false;
}

bool ServerSession::take_cookie(TimePoint now) {
  const auto cookie = in_.take_cookie();
  if (!cookie) return false;
  cookie_ = *cookie;
  state_ = State::ParamExchange;
  send(state_);
  await(Expect::Parameters, config_.read_limit, config_.document_limit, now);
  return true;
}

bool ServerSession::take_document(TimePoint now) {
  const bool results = expect_ == Expect::Results;
  auto document = in_.take_frame(results ? wire::client_results_cap(parameters_.stream_count())
                                         : wire::kParametersCap);
  if (!document) {
    fail(std::move(document).error(),
         results ? wire::kErrorReceiveResults : wire::kErrorReceiveParameters);
    return true;
  }
  if (!document.value()) return false;
  if (results) {
    on_results(*document.value(), now);
  } else {
    on_parameters(*document.value(), now);
  }
  return true;
}

// Which flag the test has; a refusal under `require`.
std::optional<wire::Refusal> ServerSession::choose_flag() {
  if (config_.mode == FlagMode::Off) return std::nullopt;
  if (config_.mode == FlagMode::Force) {
    flag_ = Flag::Force;
    return std::nullopt;
  }
  if (config_.mode != FlagMode::Cookie && parameters_.role_flag.value_or(0) >= 1) {
    flag_ = std::min<std::int64_t>(*parameters_.role_flag, config_.level) == 1 ? Flag::Level1
                                                                               : Flag::Level2;
  } else if (wire::announces_flag(cookie_)) {
    flag_ = Flag::Cookie;
  } else if (config_.mode == FlagMode::Require) {
    return wire::Refusal{wire::kErrorUnimplemented,
                         "--role-flag=require: the client offers no role flag"};
  }
  return std::nullopt;
}

void ServerSession::on_parameters(const std::string& json, TimePoint now) {
  auto parameters = wire::decode_parameters(json);
  if (!parameters) return fail(std::move(parameters).error(), wire::kErrorReceiveParameters);
  parameters_ = std::move(parameters).value();
  has_parameters_ = true;
  auto refusal = choose_flag();
  if (!refusal) refusal = wire::validate(parameters_, most_streams(flag_));
  if (refusal) {
    return fail(Error{Errc::Config, std::move(refusal->sentence)}, refusal->error_number);
  }
  answer_parameters(now);
}

void ServerSession::answer_parameters(TimePoint now) {
  out_.push_back(ParametersAgreed{});
  if (flag_ == Flag::Level1 || flag_ == Flag::Level2) {
    Bytes bytes{wire::encode_state(State::ServerParameters)};
    append(bytes,
           wire::encode_frame(wire::encode_server_parameters(flag_ == Flag::Level1 ? 1 : 2)));
    out_.push_back(SendControl{std::move(bytes)});
  }
  // A UDP stream says more than its order at level 2 only.
  roster_.emplace(parameters_, is_udp() && flag_ != Flag::Level2 ? Flag::None : flag_);
  state_ = State::CreateStreams;
  send(state_);
  // A second for each, on top; more of them than a client without a flag may have come side by
  // side.
  const auto in_turn =
      std::min<std::int64_t>(parameters_.stream_count(), 2 * most_streams(Flag::None));
  await(Expect::State, std::nullopt, config_.streams_limit + seconds(in_turn), now);
  gap_until_ = now + config_.streams_limit;
}

bool ServerSession::take_state(TimePoint now) {
  const auto byte = in_.take_byte();
  if (!byte) return false;
  auto next = next_state(state_, End::Client, *byte);
  if (!next) {
    fail(std::move(next).error(), wire::kErrorMessage);
  } else {
    enter(next.value(), now);
  }
  return true;
}

void ServerSession::enter(State state, TimePoint now) {
  if (state == State::TestEnd) {
    out_.push_back(StopTest{});
    return await(Expect::Local, std::nullopt, std::nullopt, now);
  }
  if (state == State::ClientTerminate) {
    return finish(Failure{.error = Error{Errc::PeerClosed, "the client has terminated"},
                          .number = wire::kErrorClientTerminated,
                          .by_peer = true});
  }
  CHECK(state == State::IperfDone);  // the table lets a client send nothing else
  if (state_ == State::DisplayResults) {
    state_ = state;
    return finish(std::nullopt);
  }
  finish(Failure{.error = Error{Errc::PeerClosed, fmt::format("the client gave the test up in {}",
                                                              wire::name(state_))},
                 .by_peer = true});
}

void ServerSession::on_results(const std::string& json, TimePoint now) {
  auto results = wire::decode_results(json);
  if (!results) return fail(std::move(results).error(), wire::kErrorReceiveResults);
  results_ = std::move(results).value();
  if (!lacks_payload()) return take_results(now);
  out_.push_back(DrainStreams{});
  await(Expect::Local, std::nullopt, kLongestDrain, now);
}

void ServerSession::take_results(TimePoint now) {
  if (may_identify()) identify();
  out_.push_back(PeerResults{*std::exchange(results_, std::nullopt)});
  out_.push_back(ProvideResults{});
  await(Expect::Local, std::nullopt, std::nullopt, now);
}

void ServerSession::on_closed(TimePoint) {
  if (state_ == State::DisplayResults) return finish(std::nullopt);  // an old client's goodbye
  finish(Failure{
      Error{Errc::PeerClosed, fmt::format("the client has unexpectedly closed the connection in {}",
                                          wire::name(state_))},
      wire::kErrorControlClosed});
}

void ServerSession::on_time(TimePoint now) {
  if (finished_) return;
  std::vector<ConnectionId> late;
  for (const auto& [id, header] : headers_) {
    if (now >= header.until) late.push_back(id);
  }
  for (const ConnectionId id : late) drop_connection(id);
  if (finished_) return;
  if (late_ && late_->assume_at() && now >= *late_->assume_at()) {
    late_->assume_the_rest();
    bind_late();
  }
  const bool over = (until_ && now >= *until_) || (gap_until_ && now >= *gap_until_);
  if (!over) return;
  if (results_) return take_results(now);  // what is still under way remains unknown
  const auto timeout = [&](const char* what, int number) {
    fail(Error{Errc::Timeout, fmt::format("{} did not come in time", what)}, number);
  };
  if (expect_ == Expect::Cookie) return timeout("the client's cookie", wire::kErrorReceiveCookie);
  if (expect_ == Expect::Parameters)
    return timeout("the parameters", wire::kErrorReceiveParameters);
  if (expect_ == Expect::Results)
    return timeout("the client's results", wire::kErrorReceiveResults);
  if (state_ == State::DisplayResults) return finish(std::nullopt);  // all is said and done
  if (state_ == State::CreateStreams) {
    return fail(Error{Errc::Timeout, fmt::format("{} of {} stream connections came",
                                                 roster_->placed(), parameters_.stream_count())},
                wire::kErrorNoData);
  }
  timeout("TEST_END", wire::kErrorTestExpired);
}

// --- local events ---

void ServerSession::on_local(LocalEvent event, TimePoint now) {
  if (finished_) return;
  std::visit([&](const auto& e) { handle(e, now); }, event);
  read_on(now);  // the client may have said what comes next before it was due
}

void ServerSession::handle(const StreamsOpen&, TimePoint) {
  CHECK(false);
}  // a client's event
void ServerSession::handle(const TestOver&, TimePoint) {
  CHECK(false);
}  // a client's event

void ServerSession::handle(const ResultsReady& ready, TimePoint now) {
  CHECK(expect_ == Expect::Local);
  Bytes bytes = wire::encode_frame(wire::encode_results(ready.results));
  bytes.push_back(wire::encode_state(State::DisplayResults));
  out_.push_back(SendControl{std::move(bytes)});
  state_ = State::DisplayResults;
  await(Expect::State, std::nullopt, config_.read_limit, now);
}

void ServerSession::handle(const TestStopped& stopped, TimePoint now) {
  CHECK(expect_ == Expect::Local);
  totals_ = stopped.totals;
  if (late_ && !late_->is_settled()) {
    late_->assume_the_rest();
    bind_late();
  }
  state_ = State::ExchangeResults;
  send(state_);
  await(Expect::Results, config_.read_limit, config_.document_limit, now);
}

void ServerSession::handle(const StreamsDrained& drained, TimePoint now) {
  CHECK(expect_ == Expect::Local && results_);
  totals_ = drained.totals;
  if (drained.is_over || !lacks_payload()) take_results(now);
}

void ServerSession::handle(const Interrupted& interrupted, TimePoint) {
  send(State::ServerTerminate);
  finish(Failure{.error = Error{Errc::PeerClosed, interrupted.reason},
                 .number = wire::kErrorServerTerminated,
                 .by_operator = true});
}

void ServerSession::handle(const LocalFailure& failure, TimePoint) {
  out_.clear();  // what was not carried out yet is void
  fail(failure.error, failure.number);
}

}  // namespace rolecall::session
