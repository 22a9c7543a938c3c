// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/state.h"

#include <fmt/format.h>

namespace rolecall::wire {

const char* name(State state) {
  switch (state) {
    case State::TestStart:
      return "TEST_START";
    case State::TestRunning:
      return "TEST_RUNNING";
    case State::TestEnd:
      return "TEST_END";
    case State::ParamExchange:
      return "PARAM_EXCHANGE";
    case State::CreateStreams:
      return "CREATE_STREAMS";
    case State::ServerTerminate:
      return "SERVER_TERMINATE";
    case State::ClientTerminate:
      return "CLIENT_TERMINATE";
    case State::ExchangeResults:
      return "EXCHANGE_RESULTS";
    case State::DisplayResults:
      return "DISPLAY_RESULTS";
    case State::IperfStart:
      return "IPERF_START";
    case State::IperfDone:
      return "IPERF_DONE";
    case State::ServerParameters:
      return "SERVER_PARAMETERS";
    case State::AccessDenied:
      return "ACCESS_DENIED";
    case State::ServerError:
      return "SERVER_ERROR";
  }
  return nullptr;
}

std::optional<State> decode_state(std::byte byte) {
  const auto state = static_cast<State>(std::to_integer<std::int8_t>(byte));
  if (state == State::IperfStart || name(state) == nullptr) return std::nullopt;
  return state;
}

std::string describe_state(std::byte byte) {
  if (const auto state = decode_state(byte)) {
    return fmt::format("{} ({})", name(*state), std::to_integer<std::int8_t>(byte));
  }
  return fmt::format("unknown state {:#04x}", std::to_integer<unsigned>(byte));
}

}  // namespace rolecall::wire
