// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/transitions.h"

#include <fmt/format.h>

namespace rolecall::session {

const char* name(End end) {
  return end == End::Client ? "client" : "server";
}

Result<State> next_state(State from, End sender, std::byte byte) {
  const auto state = wire::decode_state(byte);
  if (!state) {
    return Error{
        Errc::Malformed,
        fmt::format("received an unknown control message (ensure other side is iperf3 and not "
                    "iperf): the {} sent {} while the test was in {}",
                    name(sender), wire::describe_state(byte), wire::name(from))};
  }
  if (!is_allowed({from, sender, *state})) {
    return Error{Errc::OutOfOrder,
                 fmt::format("the {} sent {}, which may not follow {}", name(sender),
                             wire::describe_state(byte), wire::name(from))};
  }
  return *state;
}

}  // namespace rolecall::session
