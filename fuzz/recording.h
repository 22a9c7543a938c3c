// SPDX-License-Identifier: BSD-3-Clause
// A test of two real programs, captured by the link, as inputs of the targets that take steps: what
// each end heard of the other, in the order in which it came through.
#pragma once

#include <vector>

#include "fuzz/steps.h"
#include "harness/base/result.h"
#include "harness/link/pcapng.h"

namespace rolecall::fuzz {

struct Recording {
  Input for_server;  // server_session: what the client sent
  Input for_client;  // client_session: what the server sent
  Input for_pair;    // how much of both came at a time, and how the connections came
};

// The first test in `packets`, whose server is at `port`, with the settings of `settings`.
// Malformed when a packet was cut, a segment is missing, or the test did not come to its end.
Result<Recording> recorded(const std::vector<link::CapturedPacket>& packets, std::uint16_t port,
                           const Input& settings);

}  // namespace rolecall::fuzz
