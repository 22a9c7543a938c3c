// SPDX-License-Identifier: BSD-3-Clause
// What one end of a real test says on the control connection, as steps. No I/O.
#pragma once

#include <optional>
#include <vector>

#include "fuzz/steps.h"
#include "harness/base/result.h"
#include "harness/session/transitions.h"
#include "harness/wire/control_decoder.h"

namespace rolecall::fuzz {

bool is_state(const Step& step, wire::State state);

class Dialogue {
 public:
  explicit Dialogue(session::End who)
      : who_(who), due_(who == session::End::Client ? Due::Cookie : Due::State) {}

  // The steps that are whole with these bytes. An error when they are no part of a test.
  Result<std::vector<Step>> says(ByteView bytes);
  // Whether it has said its last state of a whole test.
  bool is_over() const { return is_over_; }
  // Of the preamble that it has agreed to; the server's word.
  int flag_level() const { return flag_level_; }

 private:
  enum class Due { Cookie, State, Frame };
  // One step; nothing while bytes of it are missing.
  Result<std::optional<Step>> take();
  std::optional<Step> take_cookie();
  std::optional<Step> take_state();
  Result<std::optional<Step>> take_frame();

  session::End who_;
  Due due_;
  wire::ControlDecoder in_;
  wire::State state_ = wire::State::IperfStart;
  bool is_flag_due_ = false;  // the frame of SERVER_PARAMETERS
  int flag_level_ = 0;
  bool is_over_ = false;
};

}  // namespace rolecall::fuzz
