// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/dialogue.h"

#include <utility>

#include "harness/wire/cookie.h"
#include "harness/wire/results.h"
#include "harness/wire/role_flag.h"

namespace rolecall::fuzz {

using wire::State;

bool is_state(const Step& step, State state) {
  return step.kind == Step::Kind::State &&
         static_cast<std::byte>(step.at) == wire::encode_state(state);
}

Result<std::vector<Step>> Dialogue::says(ByteView bytes) {
  in_.feed(bytes);
  std::vector<Step> steps;
  for (;;) {
    TRY(auto step, take());
    if (!step) return steps;
    steps.push_back(std::move(*step));
  }
}

Result<std::optional<Step>> Dialogue::take() {
  if (due_ == Due::Frame) return take_frame();
  return due_ == Due::Cookie ? take_cookie() : take_state();
}

std::optional<Step> Dialogue::take_cookie() {
  const auto cookie = in_.take_cookie();
  if (!cookie) return std::nullopt;
  due_ = Due::Frame;  // the parameters
  return Step{.kind = Step::Kind::Cookie,
              .at = wire::announces_flag(*cookie) ? 1 : 0,
              .count = 0,
              .text = {}};
}

std::optional<Step> Dialogue::take_state() {
  const auto byte = in_.take_byte();
  if (!byte) return std::nullopt;
  Step step{.kind = Step::Kind::State, .at = std::to_integer<int>(*byte), .count = 0, .text = {}};
  const bool is_client = who_ == session::End::Client;
  const bool has_document =
      is_client ? is_state(step, State::TestEnd)
                : is_state(step, State::ServerParameters) || is_state(step, State::ExchangeResults);
  if (has_document) due_ = Due::Frame;
  is_over_ = is_state(step, is_client ? State::IperfDone : State::DisplayResults);
  is_flag_due_ = is_state(step, State::ServerParameters);
  return step;
}

Result<std::optional<Step>> Dialogue::take_frame() {
  TRY(auto text, in_.take_frame(wire::kResultsCap));
  if (!text) return std::optional<Step>();
  due_ = Due::State;
  if (std::exchange(is_flag_due_, false)) {
    TRY(flag_level_, wire::decode_server_parameters(*text, wire::kHighestLevel));
  }
  return std::optional<Step>(
      Step{.kind = Step::Kind::Frame, .at = 0, .count = 0, .text = std::move(*text)});
}

}  // namespace rolecall::fuzz
