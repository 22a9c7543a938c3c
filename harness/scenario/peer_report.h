// SPDX-License-Identifier: BSD-3-Clause
// What a peer printed with -J, as far as a verdict needs it. iperf_api.c iperf_json_finish(), 3.12:
// start.connected[i] and end.streams[i] are the same stream, in the order of creation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::scenario {

struct StreamReport {
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::optional<int> number;  // in client order, where this end says it: roleperf
  std::optional<bool> sends;  // "sender" of this end, as it says itself
  std::optional<std::uint64_t> sender_bytes;
  std::optional<std::uint64_t> receiver_bytes;
};

struct PeerReport {
  std::string error;  // member "error", empty when there is none
  std::vector<StreamReport> streams;
  bool has_end = false;  // it carries final figures
  // It says which streams it can tell apart, by their numbers: roleperf's server.
  bool tells_numbers = false;
};

// The last document of `output` that carries a test. Malformed when there is none: the text says
// what was found instead.
Result<PeerReport> parse_report(std::string_view output);

}  // namespace rolecall::scenario
