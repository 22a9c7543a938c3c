// SPDX-License-Identifier: BSD-3-Clause
// Datagrams of UDP streams, as a case's script sends and expects them.
#pragma once

#include <cstdint>
#include <string>

#include "harness/conformance/failure.h"
#include "harness/conformance/json_look.h"
#include "harness/conformance/time_line.h"
#include "harness/wire/datagram.h"

namespace rolecall::conformance {

inline const std::string kConnect = "9876";  // opens a stream

// Of `length` bytes; its clock is `seconds_ago` behind ours.
std::string datagram(std::uint64_t number, wire::Counter counter, std::size_t length,
                     int seconds_ago = 0);
// That it is number `number` of its stream, with a time in its header, and of that length.
Checked<void> check_datagram(const std::string& datagram, std::uint64_t number,
                             wire::Counter counter, std::size_t length);

// Until nobody at `port` of this machine has a datagram left to read, and the program, where it is
// ours, has done with what it read.
Checked<void> await_datagrams_read(std::uint16_t port, const TimeLine& line);
// Each "key": value of `wanted` has to be in the peer's entry of the stream.
Checked<void> has_figures(const Json& figures, const Json& wanted);

}  // namespace rolecall::conformance
