// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/params.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"
#include "harness/wire/server_error.h"

namespace rolecall::wire {
namespace {

using Json = nlohmann::ordered_json;

// iperf3 leaves most numbers out when they are zero.
void put_nonzero(Json& to, const char* key, std::int64_t value) {
  if (value != 0) to[key] = value;
}

template <class T>
void put_present(Json& to, const char* key, const std::optional<T>& value) {
  if (value) to[key] = *value;
}

void put_present_flag(Json& to, const char* key, bool value) {
  if (value) to[key] = 1;
}

void put_true(Json& to, const char* key, bool value) {
  if (value) to[key] = true;
}

// Said also where none is asked for, since 3.21 gives a client that is silent what the last one
// had.
void put_segmentation(Json& to, const Parameters& p) {
  to["gso"] = p.gso ? 1 : 0;
  to["gso_dg_size"] = p.gso ? p.block_bytes : 0;
  to["gso_bf_size"] = p.gso ? p.gso_message_bytes() : kMostDatagram;
  to["gro"] = p.gro ? 1 : 0;
  to["gro_bf_size"] = kMostDatagram;
}

const char* key_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tcp:
      return "tcp";
    case Protocol::Udp:
      return "udp";
    case Protocol::Sctp:
      return "sctp";
  }
  return "tcp";
}

void take(const Fields& from, const char* key, std::int64_t& to) {
  if (const auto value = from.integer(key)) to = *value;
}

struct Range {
  const char* key;
  std::int64_t Parameters::*member;
  std::int64_t least;
  std::int64_t most;
  int error_number;
};

constexpr std::int64_t kMostFlowLabel = 0xfffff;
constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// The ranges of iperf_api.c get_parameters(), 3.22.
constexpr Range kRanges[] = {
    {"omit", &Parameters::omit_s, 0, 600, kErrorOmit},
    {"time", &Parameters::time_s, 0, 86400, kErrorDuration},
    {"num", &Parameters::bytes, 0, kUnlimited, kErrorReceiveParameters},
    {"blockcount", &Parameters::blocks, 0, kUnlimited, kErrorReceiveParameters},
    {"MSS", &Parameters::mss_bytes, 0, 32767, kErrorMss},
    {"window", &Parameters::window_bytes, 0, 536870912, kErrorBufferSize},
    {"len", &Parameters::block_bytes, 1, 1048576, kErrorBlockSize},
    {"bandwidth", &Parameters::bits_per_second, 0, kUnlimited, kErrorReceiveParameters},
    {"fqrate", &Parameters::fq_bits_per_second, 0, kUnlimited, kErrorReceiveParameters},
    {"pacing_timer", &Parameters::pacing_timer_us, 0, kUnlimited, kErrorReceiveParameters},
    {"burst", &Parameters::burst_blocks, 0, 1000, kErrorBurst},
    {"TOS", &Parameters::tos, 0, 255, kErrorBadTos},
    {"flowlabel", &Parameters::flow_label, 0, kMostFlowLabel, kErrorFlowLabel},
};

Json to_json(const Parameters& p) {
  Json out = Json::object();
  out[key_of(p.protocol)] = true;
  out["omit"] = p.omit_s;
  put_present(out, "server_affinity", p.server_affinity);
  out["time"] = p.time_s;
  out["num"] = p.bytes;
  out["blockcount"] = p.blocks;
  put_nonzero(out, "MSS", p.mss_bytes);
  put_true(out, "nodelay", p.no_delay);
  out["parallel"] = p.parallel;
  put_true(out, "reverse", p.direction == Direction::Reverse);
  put_true(out, "bidirectional", p.direction == Direction::Bidirectional);
  put_true(out, "mptcp", p.mptcp);
  put_nonzero(out, "window", p.window_bytes);
  out["len"] = p.block_bytes;
  put_nonzero(out, "bandwidth", p.bits_per_second);
  put_nonzero(out, "fqrate", p.fq_bits_per_second);
  put_nonzero(out, "pacing_timer", p.pacing_timer_us);
  put_nonzero(out, "burst", p.burst_blocks);
  if (p.protocol == Protocol::Udp) put_segmentation(out, p);
  put_nonzero(out, "TOS", p.tos);
  put_nonzero(out, "flowlabel", p.flow_label);
  put_present(out, "title", p.title);
  put_present(out, "extra_data", p.extra_data);
  put_present(out, "congestion", p.congestion);
  put_present_flag(out, "get_server_output", p.get_server_output);
  put_present_flag(out, "udp_counters_64bit", p.udp_counter == Counter::Wide);
  put_present_flag(out, "repeating_payload", p.repeating_payload);
  put_present_flag(out, "zerocopy", p.zerocopy);
  put_present_flag(out, "dont_fragment", p.dont_fragment);
  put_present(out, "authtoken", p.authtoken);
  put_present_flag(out, "skip_rx_copy", p.skip_rx_copy);
  put_present(out, "client_version", p.client_version);
  return out;
}

}  // namespace

const char* name(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tcp:
      return "TCP";
    case Protocol::Udp:
      return "UDP";
    case Protocol::Sctp:
      return "SCTP";
  }
  return "?";
}

std::int64_t Parameters::gso_message_bytes() const {
  return std::clamp(kMostDatagram / std::max<std::int64_t>(block_bytes, 1), std::int64_t{1},
                    kMostSegments) *
         block_bytes;
}

std::string encode_parameters(const Parameters& parameters) {
  Json document = to_json(parameters);
  std::string plain = compact(document);
  if (!parameters.role_flag) return plain;
  document["role_flag"] = *parameters.role_flag;
  std::string announced = compact(document);
  return announced.size() <= kParametersCap ? announced : plain;
}

bool announces_role_flag(std::string_view encoded) {
  const auto document = parse_json(encoded);
  return document.has_value() && Fields(document.value()).has_number("role_flag");
}

Result<Parameters> decode_parameters(std::string_view json) {
  TRY(const auto document, parse_json(json));
  const Fields f(document);
  Parameters p;
  if (f.has_flag("udp")) p.protocol = Protocol::Udp;
  if (f.has_flag("sctp")) p.protocol = Protocol::Sctp;
  if (f.has_flag("reverse")) p.direction = Direction::Reverse;
  if (f.has_flag("bidirectional")) p.direction = Direction::Bidirectional;
  for (const Range& range : kRanges) take(f, range.key, p.*range.member);
  take(f, "parallel", p.parallel);
  p.server_affinity = f.integer("server_affinity");
  p.no_delay = f.has_flag("nodelay");
  p.mptcp = f.has_flag("mptcp");
  p.zerocopy = f.integer("zerocopy").value_or(0) != 0;
  p.skip_rx_copy = f.integer("skip_rx_copy").value_or(0) != 0;
  p.gso = f.integer("gso").value_or(0) != 0;
  p.gro = f.integer("gro").value_or(0) != 0;
  p.dont_fragment = f.integer("dont_fragment").value_or(0) != 0;
  p.get_server_output = f.has_number("get_server_output");
  p.repeating_payload = f.has_number("repeating_payload");
  if (f.has_number("udp_counters_64bit")) p.udp_counter = Counter::Wide;
  p.title = f.text("title");
  p.extra_data = f.text("extra_data");
  p.congestion = f.text("congestion");
  p.client_version = f.text("client_version");
  p.authtoken = f.text("authtoken");
  p.role_flag = f.integer("role_flag");
  return p;
}

std::optional<Refusal> validate(const Parameters& p, std::int64_t most_streams) {
  const auto outside = [](const char* key, std::int64_t value, std::int64_t least, auto most) {
    return fmt::format("parameter {} is {}, outside {} to {}", key, value, least, most);
  };
  for (const Range& r : kRanges) {
    const std::int64_t value = p.*r.member;
    if (value < r.least || value > r.most) {
      return Refusal{r.error_number, outside(r.key, value, r.least, r.most)};
    }
  }
  const bool is_datagram = p.block_bytes >= kLeastDatagram && p.block_bytes <= kMostDatagram;
  if (p.protocol == Protocol::Udp && !is_datagram) {
    return Refusal{kErrorDatagramSize,
                   outside("len", p.block_bytes, kLeastDatagram, kMostDatagram)};
  }
  if (p.parallel < 1 || p.parallel > most_streams) {
    return Refusal{kErrorStreamCount, outside("parallel", p.parallel, 1, most_streams)};
  }
  if (p.server_affinity && (*p.server_affinity < 0 || *p.server_affinity > 1024)) {
    return Refusal{kErrorAffinity, outside("server_affinity", *p.server_affinity, 0, 1024)};
  }
  return std::nullopt;
}

}  // namespace rolecall::wire
