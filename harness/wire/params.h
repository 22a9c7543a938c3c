// SPDX-License-Identifier: BSD-3-Clause
// The parameters document: what the client asks for, sent once after PARAM_EXCHANGE.
// iperf_api.c send_parameters()/get_parameters(), 3.22: keys, order, defaults and ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.h"
#include "harness/wire/datagram.h"

namespace rolecall::wire {

// iperf3 takes at most 8 KiB since 3.18 (MAX_PARAMS_JSON_STRING); the same cap for both directions.
inline constexpr std::size_t kParametersCap = 8192;

// Datagrams of one segmented message: Linux takes 64, since 6.10 twice as many.
inline constexpr std::int64_t kMostSegments = 64;

enum class Protocol { Tcp, Udp, Sctp };
const char* name(Protocol protocol);                       // "TCP"
enum class Direction { Forward, Reverse, Bidirectional };  // forward: the client sends

struct Parameters {
  Protocol protocol = Protocol::Tcp;
  Direction direction = Direction::Forward;
  std::int64_t omit_s = 0;
  std::int64_t time_s = 10;  // 0: no limit
  std::int64_t bytes = 0;    // "num"; 0: no goal
  std::int64_t blocks = 0;   // "blockcount"; 0: no goal
  std::int64_t parallel = 1;
  std::int64_t block_bytes = 131072;  // "len"
  std::int64_t window_bytes = 0;      // 0: the kernel's own choice
  std::int64_t mss_bytes = 0;         // 0: the kernel's own choice
  std::int64_t bits_per_second = 0;   // "bandwidth", each stream; 0: unlimited
  std::int64_t fq_bits_per_second = 0;
  std::int64_t pacing_timer_us = 1000;
  std::int64_t burst_blocks = 0;
  std::int64_t tos = 0;
  std::int64_t flow_label = 0;  // IPv6, 20 bits; 0: none
  std::optional<std::int64_t> server_affinity;
  bool no_delay = false;
  bool mptcp = false;
  bool zerocopy = false;
  bool skip_rx_copy = false;
  bool gso = false;  // UDP: the sender leaves segmentation to the kernel,
  bool gro = false;  // the receiver takes datagrams merged
  bool get_server_output = false;
  bool repeating_payload = false;
  bool dont_fragment = false;
  Counter udp_counter = Counter::Narrow;  // "udp_counters_64bit"
  std::optional<std::string> title;
  std::optional<std::string> extra_data;
  std::optional<std::string> congestion;
  std::optional<std::string> client_version;
  std::optional<std::string> authtoken;
  std::optional<std::int64_t> role_flag;  // the highest level the client speaks; the last key

  bool operator==(const Parameters&) const = default;

  // Datagrams that one message of a --gsro sender holds at most, in bytes.
  std::int64_t gso_message_bytes() const;

  // Connections in all: P, or 2P when bidirectional.
  std::int64_t stream_count() const {
    return direction == Direction::Bidirectional ? 2 * parallel : parallel;
  }
  // How many of them the client sends on; in client order these come first.
  std::int64_t client_senders() const { return direction == Direction::Reverse ? 0 : parallel; }
};

// The document's text. role_flag is left out when the text would pass kParametersCap with it: the
// caller can tell from the result of announces_role_flag().
std::string encode_parameters(const Parameters& parameters);
bool announces_role_flag(std::string_view encoded);

// Reads any text: unknown keys are ignored, keys of a wrong type count as absent (as since 3.18).
// Fails only where there is no JSON value. Ranges are validate()'s business.
Result<Parameters> decode_parameters(std::string_view json);

// A refusal of the server: iperf3's error number, and a sentence that names key, value and range.
struct Refusal {
  int error_number = 0;
  std::string sentence;
};

// The first range that `parameters` break.
// `most_streams` is the cap on `parallel` (iperf3: 128; more with level 2).
std::optional<Refusal> validate(const Parameters& parameters, std::int64_t most_streams);

}  // namespace rolecall::wire
