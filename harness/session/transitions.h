// SPDX-License-Identifier: BSD-3-Clause
// The legal order of control states, as data: who may send which state when. One table serves both
// sessions, the trace checks and the documentation. Whatever is no row is out of order.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "harness/base/result.h"
#include "harness/wire/state.h"

namespace rolecall::session {

using wire::State;

enum class End { Client, Server };
const char* name(End end);

struct Transition {
  State from;
  End sender;
  State to;

  constexpr bool operator==(const Transition&) const = default;
};

inline constexpr std::array kTransitions = {
    Transition{State::IperfStart, End::Server, State::ParamExchange},
    Transition{State::ParamExchange, End::Server, State::ServerParameters},  // the role flag's
    Transition{State::ServerParameters, End::Server, State::CreateStreams},
    Transition{State::ParamExchange, End::Server, State::CreateStreams},
    Transition{State::CreateStreams, End::Server, State::TestStart},
    Transition{State::TestStart, End::Server, State::TestRunning},
    Transition{State::TestRunning, End::Server, State::TestRunning},  // clients tolerate repeats
    Transition{State::TestRunning, End::Client, State::TestEnd},
    Transition{State::TestEnd, End::Server, State::ExchangeResults},
    Transition{State::ExchangeResults, End::Server, State::DisplayResults},
    Transition{State::DisplayResults, End::Client, State::IperfDone},
};

// What ends a test from any state.
struct Farewell {
  End sender;
  State state;
};
inline constexpr std::array kFarewells = {
    Farewell{End::Server, State::AccessDenied},    Farewell{End::Server, State::ServerError},
    Farewell{End::Server, State::ServerTerminate}, Farewell{End::Client, State::ClientTerminate},
    Farewell{End::Client, State::IperfDone},
};

constexpr bool is_farewell(End sender, State state) {
  return std::ranges::any_of(
      kFarewells, [&](const Farewell& f) { return f.sender == sender && f.state == state; });
}

constexpr bool is_allowed(const Transition& step) {
  return is_farewell(step.sender, step.to) || std::ranges::count(kTransitions, step) > 0;
}

// The state that `byte` brings, or the error that names both: OutOfOrder for a state that may not
// follow `from`, Malformed for a byte that is none.
Result<State> next_state(State from, End sender, std::byte byte);

namespace detail {
constexpr bool each_row_once() {
  return std::ranges::all_of(
      kTransitions, [](const Transition& t) { return std::ranges::count(kTransitions, t) == 1; });
}
constexpr bool reaches(State to) {
  return to == State::IperfStart ||
         std::ranges::any_of(kTransitions, [&](const Transition& t) { return t.to == to; });
}
constexpr bool starts_where_another_ends() {
  return std::ranges::all_of(kTransitions, [](const Transition& t) { return reaches(t.from); });
}
}  // namespace detail
static_assert(detail::each_row_once());
static_assert(detail::starts_where_another_ends());

}  // namespace rolecall::session
