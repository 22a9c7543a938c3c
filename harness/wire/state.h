// SPDX-License-Identifier: BSD-3-Clause
// The control states: one signed byte each, the same value in every release of iperf3 (3.0.1
// … 3.22), plus SERVER_PARAMETERS, which only flagged peers that agreed on it ever see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace rolecall::wire {

enum class State : std::int8_t {
  TestStart = 1,
  TestRunning = 2,
  TestEnd = 4,
  ParamExchange = 9,
  CreateStreams = 10,
  ServerTerminate = 11,
  ClientTerminate = 12,
  ExchangeResults = 13,
  DisplayResults = 14,
  IperfStart = 15,  // where both ends begin; never on the wire
  IperfDone = 16,
  ServerParameters = 0x40,  // the role flag's: framed JSON {"role_flag": L} follows
  AccessDenied = -1,
  ServerError = -2,
};

// The state that `byte` stands for; nothing for the values that iperf3 rejects as unknown (error
// 110), which are all others, among them 0 and the unused 3 and 5 to 8.
std::optional<State> decode_state(std::byte byte);

constexpr std::byte encode_state(State state) {
  return static_cast<std::byte>(static_cast<std::int8_t>(state));
}

// iperf3's name for it, "TEST_RUNNING".
const char* name(State state);

// For sentences about a byte that may be anything: "TEST_RUNNING (2)" or "unknown state 0x2a".
std::string describe_state(std::byte byte);

}  // namespace rolecall::wire
