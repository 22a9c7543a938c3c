// SPDX-License-Identifier: BSD-3-Clause
// What one end says on the control connection, read as its peer reads it: every state that it sends
// must be a row of the transition table, in the state that both ends are in.
#pragma once

#include "harness/base/bytes.h"
#include "harness/session/transitions.h"
#include "harness/wire/control_decoder.h"

namespace rolecall::fuzz {

class Trace {
 public:
  explicit Trace(session::End who) : who_(who), is_cookie_due_(who == session::End::Client) {}

  void says(ByteView bytes);
  // The peer has gone on to `state`, in a way that the table must allow.
  void peer_goes_to(wire::State state);

  wire::State state() const { return state_; }
  ByteView said() const { return said_; }

 private:
  bool take();  // one item
  bool is_frame_due() const;

  session::End who_;
  wire::State state_ = wire::State::IperfStart;
  bool is_cookie_due_;
  bool is_document_said_ = false;  // the frame that belongs to the state
  wire::ControlDecoder in_;
  Bytes said_;
};

}  // namespace rolecall::fuzz
