// SPDX-License-Identifier: BSD-3-Clause
// The results document, the same in both directions: client first, then server.
// iperf_api.c send_results()/get_results(), 3.22.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::wire {

// iperf3 has no cap here since 3.18; we need one. Memory grows with what arrives, not with the
// length that is announced, and --get-server-output of a long test must fit.
inline constexpr std::size_t kResultsCap = std::size_t{64} << 20;
// Those of a client: some hundred bytes for each stream, and room for what it may add.
constexpr std::size_t client_results_cap(std::int64_t streams) {
  return (std::size_t{1} << 20) + (static_cast<std::size_t>(streams) << 10);
}

struct StreamResult {
  int id = 0;                     // 1, 3, 4, 5 … in client order; 2 is never used
  std::int64_t bytes = 0;         // sent or received, without the omitted ones
  std::int64_t retransmits = -1;  // -1: not known, or this end receives
  double jitter_s = 0;
  std::int64_t errors = 0;
  std::int64_t omitted_errors = 0;
  std::int64_t packets = 0;
  std::int64_t omitted_packets = 0;
  double start_s = 0;
  std::optional<double> end_s;  // absent in releases before 3.2

  bool operator==(const StreamResult&) const = default;
};

struct Results {
  double cpu_total_percent = 0;  // of one CPU, over the test
  double cpu_user_percent = 0;
  double cpu_system_percent = 0;
  int sender_has_retransmits = -1;  // -1: this end only receives; 0: cannot tell; 1: counts them
  std::optional<std::string> congestion_used;
  std::optional<std::string> server_output_json;  // the JSON text of it
  std::optional<std::string> server_output_text;
  std::vector<StreamResult> streams;

  bool operator==(const Results&) const = default;
};

std::string encode_results(const Results& results);

// Malformed where iperf3 answers error 117: a mandatory key missing or of a wrong type, or just one
// of the omitted counters. Unknown keys are ignored.
Result<Results> decode_results(std::string_view json);

// The protocol's id of the n-th stream (from 1): 1, 3, 4, 5 … iperf_add_stream(), all releases.
constexpr int stream_id(int number) {
  return number == 1 ? 1 : number + 1;
}

}  // namespace rolecall::wire
