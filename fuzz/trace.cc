// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/trace.h"

#include <utility>

#include "harness/base/check.h"
#include "harness/wire/params.h"
#include "harness/wire/results.h"

namespace rolecall::fuzz {

using session::End;
using wire::State;

bool Trace::is_frame_due() const {
  if (is_document_said_) return false;
  if (state_ == State::ExchangeResults) return true;
  if (who_ == End::Client) return state_ == State::ParamExchange;
  return state_ == State::ServerParameters;
}

void Trace::says(ByteView bytes) {
  append(said_, bytes);
  in_.feed(bytes);
  while (in_.buffered() > 0) CHECK(take());  // no output ends in the middle of an item
}

bool Trace::take() {
  if (std::exchange(is_cookie_due_, false)) return in_.take_cookie().has_value();
  if (state_ == State::ServerError &&
      who_ == End::Server) {  // its integers, and perhaps a sentence
    if (!std::exchange(is_document_said_, true)) return in_.take_server_error().has_value();
    const auto sentence = in_.take_frame(wire::kParametersCap);
    return sentence && sentence.value();
  }
  // An end may give the test up in place of its document.
  const bool gives_up = in_.buffered() == 1 || in_.peek() == wire::encode_state(State::ServerError);
  if (is_frame_due() && !gives_up) {
    is_document_said_ = true;
    const auto frame = in_.take_frame(wire::kResultsCap);
    return frame && frame.value();
  }
  const auto next = session::next_state(state_, who_, *in_.take_byte());
  CHECK(next);
  is_document_said_ = false;
  state_ = next.value();
  return true;
}

void Trace::peer_goes_to(State state) {
  const End peer = who_ == End::Client ? End::Server : End::Client;
  CHECK(session::is_allowed({state_, peer, state}));
  is_document_said_ = false;
  state_ = state;
}

}  // namespace rolecall::fuzz
