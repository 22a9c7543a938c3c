// SPDX-License-Identifier: BSD-3-Clause
// What owns a session in its target: carries out its outputs, keeps the virtual clock, and holds
// what it says against the transition table.
#pragma once

#include <algorithm>
#include <optional>

#include "fuzz/session_run.h"

namespace rolecall::fuzz {

template <class Session>
class SessionOwner {
 public:
  SessionOwner(Session session, session::End who, bool is_lazy)
      : session_(std::move(session)), trace_(who), is_lazy_(is_lazy) {}
  virtual ~SessionOwner() = default;

  TimePoint now() const { return now_; }
  bool finished() const { return session_.finished(); }
  std::optional<TimePoint> wake_at() const { return session_.wake_at(); }
  void set_lazy(bool is_lazy) {
    is_lazy_ = is_lazy;
    if (!is_lazy) answer();
  }

  void hear(ByteView bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size() && !finished(); at += piece) {
      if (session_.awaits_state()) visited().emplace(session_.state(), bytes[at]);
      session_.on_bytes(bytes.subspan(at, std::min(piece, bytes.size() - at)), now_);
      carry_out();
    }
  }
  void pass_time(Duration time) {
    now_ = now_ + time;
    session_.on_time(now_);
    carry_out();
  }
  void tell(session::LocalEvent event) {
    session_.on_local(std::move(event), now_);
    carry_out();
  }
  void close() {
    if (!finished()) session_.on_closed(now_);
    carry_out();
  }
  // Gives what the session asked for and has not got yet.
  void answer() {
    while (!finished() && asked_) {
      const auto event = *std::exchange(asked_, std::nullopt);
      // The peer may have ended the test by then: no owner says that it is over.
      const bool is_late = std::holds_alternative<session::TestOver>(event) &&
                           session_.state() != wire::State::TestRunning;
      if (!is_late) tell(event);
    }
  }

  Ending ending() const {
    // Whether a sentence follows SERVER_ERROR of a server that agreed on nothing is told by what
    // comes with it: the end is the same, but something may happen before it.
    if (session_.state() == wire::State::ServerError) return {{}, failure_.has_value(), 0};
    const ByteView said = trace_.said();
    return {{said.begin(), said.end()}, failure_.has_value(), failure_ ? failure_->number : 0};
  }
  static Visited& visited() {
    static Visited all;
    return all;
  }

 protected:
  // Tells the trace what the output shows of the peer's states.
  virtual void note(const session::Output& output) = 0;
  // So many bytes may wait in the session: of a document that is due, whole, or of what its peer
  // says out of turn.
  virtual std::size_t most_buffered() const = 0;
  // What the session asks for, if it is a question.
  virtual std::optional<session::LocalEvent> answer_to(const session::Output& output) = 0;

  void carry_out() {
    while (const auto output = session_.next_output()) {
      CHECK(!has_ended_);  // nothing follows Finished
      note(*output);
      if (const auto* send = std::get_if<session::SendControl>(&*output)) trace_.says(send->bytes);
      if (const auto* finished = std::get_if<session::Finished>(&*output)) {
        failure_ = finished->failure;
        has_ended_ = true;
      }
      if (std::holds_alternative<session::PeerResults>(*output)) asked_.reset();
      if (auto event = answer_to(*output)) asked_ = std::move(event);
    }
    CHECK(has_ended_ == finished());
    CHECK(finished() || session_.buffered() <= most_buffered());
    // When a test is over is a step: a server that speaks before it has heard so is out of order,
    // however its bytes are cut.
    if (!is_lazy_ && asked_ && !std::holds_alternative<session::TestOver>(*asked_)) answer();
  }

  Session session_;
  Trace trace_;
  TimePoint now_{0};

 private:
  bool is_lazy_;
  bool has_ended_ = false;
  std::optional<session::Failure> failure_;
  std::optional<session::LocalEvent> asked_;
};

}  // namespace rolecall::fuzz
