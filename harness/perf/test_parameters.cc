// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/test_parameters.h"

#include <sys/random.h>
#include <sys/socket.h>

#include "harness/perf/usage.h"

namespace rolecall::perf {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

wire::Parameters test_parameters(const Options& o) {
  wire::Parameters p;
  p.direction = o.bidir     ? wire::Direction::Bidirectional
                : o.reverse ? wire::Direction::Reverse
                            : wire::Direction::Forward;
  if (o.udp) p.protocol = wire::Protocol::Udp;
  if (o.sctp) p.protocol = wire::Protocol::Sctp;
  p.mptcp = o.mptcp;
  if (o.wide_counter) p.udp_counter = wire::Counter::Wide;
  p.omit_s = o.omit_s;
  p.time_s = o.duration_s;
  p.bytes = static_cast<std::int64_t>(o.bytes);
  p.blocks = static_cast<std::int64_t>(o.blocks);
  p.parallel = o.streams;
  p.block_bytes = o.block_bytes;
  p.window_bytes = o.window_bytes;
  p.mss_bytes = o.mss_bytes;
  p.bits_per_second = static_cast<std::int64_t>(o.bitrate_bps);
  p.burst_blocks = o.burst_blocks;
  p.server_affinity = o.server_affinity;
  p.tos = o.tos;
  p.flow_label = o.flow_label;
  p.fq_bits_per_second = static_cast<std::int64_t>(o.fq_rate_bps);
  p.pacing_timer_us = static_cast<std::int64_t>(o.pacing_timer_us);
  p.repeating_payload = o.repeating_payload;
  p.zerocopy = o.zerocopy;
  p.skip_rx_copy = o.skip_rx_copy;
  p.gso = p.gro = o.gsro;
  p.dont_fragment = o.dont_fragment;
  p.extra_data = unless_empty(o.extra_data);
  p.no_delay = o.no_delay;
  p.get_server_output = o.get_server_output;
  p.title = unless_empty(o.title);
  p.congestion = unless_empty(o.congestion);
  p.client_version = program_version();
  return p;
}

Result<session::ClientConfig> client_config(const Options& o) {
  session::ClientConfig config;
  config.parameters = test_parameters(o);
  config.mode = o.role_flag;
  config.level = o.role_flag_level;
  const ssize_t n = ::getrandom(config.random.data(), config.random.size(), 0);
  if (n != static_cast<ssize_t>(config.random.size())) return system_error("getrandom()");
  return config;
}

session::ServerConfig server_config(const Options& o) {
  session::ServerConfig config;
  config.mode = o.role_flag;
  config.level = o.role_flag_level;
  config.bind_roles = o.bind_roles;
  config.streams_limit = milliseconds(o.receive_timeout_ms);
  return config;
}

int address_family(const Options& o) {
  switch (o.family) {
    case AddressFamily::Any:
      return AF_UNSPEC;
    case AddressFamily::V4:
      return AF_INET;
    case AddressFamily::V6:
      return AF_INET6;
  }
  return AF_UNSPEC;
}

}  // namespace rolecall::perf
