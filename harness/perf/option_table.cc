// SPDX-License-Identifier: BSD-3-Clause
// The rows, and what each option does with its argument. Limits are those of iperf 3.22.
#include "harness/perf/option_table.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "harness/perf/option_values.h"
#include "harness/perf/rate_options.h"
#include "harness/perf/socket_options.h"

namespace rolecall::perf {
namespace {

constexpr int kDayInSeconds = 86400;
constexpr int kDayInMs = kDayInSeconds * 1000;

template <auto kMember>
Result<void> set_flag(Parsing& parsing, const char*) {
  parsing.options.*kMember = true;
  return ok();
}

template <auto kMember>
Result<void> set_text(Parsing& parsing, const char* argument) {
  parsing.options.*kMember = argument;
  return ok();
}

Result<void> set_end(Parsing& parsing, End end) {
  if (parsing.has_end && parsing.options.end != end) {
    return parameter_error("one roleperf cannot be both server (-s) and client (-c)");
  }
  parsing.has_end = true;
  parsing.options.end = end;
  return ok();
}

Result<void> set_server(Parsing& parsing, const char*) {
  return set_end(parsing, End::Server);
}

Result<void> set_client(Parsing& parsing, const char* argument) {
  TRY(set_end(parsing, End::Client));
  auto [host, device] = read_host(argument);
  parsing.options.host = std::move(host);
  if (!device.empty()) parsing.options.bind_device = std::move(device);
  return ok();
}

Result<void> set_bind(Parsing& parsing, const char* argument) {
  auto [host, device] = read_host(argument);
  parsing.options.bind_address = std::move(host);
  if (!device.empty()) parsing.options.bind_device = std::move(device);
  return ok();
}

Result<void> set_port(Parsing& parsing, const char* argument) {
  TRY(auto port, read_int_within(argument, 1, 65535, "the port (-p)"));
  parsing.options.port = static_cast<std::uint16_t>(port);
  return ok();
}

Result<void> set_client_port(Parsing& parsing, const char* argument) {
  TRY(auto port, read_int_within(argument, 1, 65535, "the local port (--cport)"));
  parsing.options.client_port = static_cast<std::uint16_t>(port);
  return ok();
}

Result<void> set_format(Parsing& parsing, const char* argument) {
  if (*argument == '\0' || std::strchr("kmgtKMGT", *argument) == nullptr) {
    return parameter_error(
        fmt::format("the format (-f) must be one of kmgtKMGT, not '{}'", argument));
  }
  parsing.options.format = *argument;
  return ok();
}

Result<void> set_interval(Parsing& parsing, const char* argument) {
  TRY(parsing.options.interval_s, read_interval(argument, "the interval (-i)"));
  return ok();
}

Result<void> set_affinity(Parsing& parsing, const char* argument) {
  const auto [ours, servers] = split(argument, ',');
  TRY(parsing.options.affinity, read_any_base_within(ours, 0, 1024, "the core (-A)"));
  if (!servers) return ok();
  TRY(parsing.options.server_affinity,
      read_int_within(*servers, 0, 1024, "the server's core (-A)"));
  if (parsing.client_option == nullptr) parsing.client_option = "affinity N,M";
  return ok();
}

Result<void> set_timestamps(Parsing& parsing, const char* argument) {
  parsing.options.timestamp_format = argument == nullptr ? "%c " : argument;
  return ok();
}

Result<void> set_receive_timeout(Parsing& parsing, const char* argument) {
  TRY(parsing.options.receive_timeout_ms,
      read_int_within(argument, 100, kDayInMs, "the receive timeout (--rcv-timeout, ms)"));
  parsing.receive_timeout_given = true;
  return ok();
}

Result<void> set_send_timeout(Parsing& parsing, const char* argument) {
  TRY(parsing.options.send_timeout_ms,
      read_int_within(argument, 0, kDayInMs, "the send timeout (--snd-timeout, ms)"));
  return ok();
}

Result<void> set_debug(Parsing& parsing, const char* argument) {
  constexpr int kMost = 4;
  using Limits = std::numeric_limits<int>;
  parsing.options.debug_level = kMost;
  if (argument == nullptr) return ok();
  TRY(const int level,
      read_int_within(argument, Limits::min(), Limits::max(), "the debug level (--debug)"));
  if (level >= 0) parsing.options.debug_level = level;
  return ok();
}

Result<void> set_v4(Parsing& parsing, const char*) {
  parsing.options.family = AddressFamily::V4;
  return ok();
}

Result<void> set_v6(Parsing& parsing, const char*) {
  parsing.options.family = AddressFamily::V6;
  return ok();
}

Result<void> set_idle_timeout(Parsing& parsing, const char* argument) {
  TRY(parsing.options.idle_timeout_s,
      read_int_within(argument, 1, kDayInSeconds, "the idle timeout (--idle-timeout, s)"));
  return ok();
}

Result<void> set_time_skew(Parsing& parsing, const char* argument) {
  constexpr int kAny = std::numeric_limits<int>::max();
  TRY(parsing.options.time_skew_s,
      read_int_within(argument, 1, kAny, "the time skew (--time-skew-threshold, s)"));
  return ok();
}

Result<void> set_connect_timeout(Parsing& parsing, const char* argument) {
  TRY(const auto ms,
      read_size_within(argument, kDayInMs, "the connect timeout (--connect-timeout, ms)"));
  parsing.options.connect_timeout_ms = static_cast<int>(ms);
  return ok();
}

Result<void> set_time(Parsing& parsing, const char* argument) {
  TRY(parsing.options.duration_s, read_int_within(argument, 0, kDayInSeconds, "the time (-t, s)"));
  parsing.duration_given = true;
  return ok();
}

Result<void> set_bytes(Parsing& parsing, const char* argument) {
  TRY(parsing.options.bytes, read_size_within(argument, kMostAmount, "the bytes to send (-n)"));
  return ok();
}

Result<void> set_blocks(Parsing& parsing, const char* argument) {
  TRY(parsing.options.blocks, read_size_within(argument, kMostAmount, "the blocks to send (-k)"));
  return ok();
}

Result<void> set_length(Parsing& parsing, const char* argument) {
  constexpr int kMost = 1024 * 1024;
  TRY(const auto bytes, read_size_within(argument, kMost, "the block size (-l, bytes)"));
  parsing.length_given = bytes != 0;
  parsing.options.block_bytes = bytes == 0 ? Options{}.block_bytes : static_cast<int>(bytes);
  return ok();
}

Result<void> set_streams(Parsing& parsing, const char* argument) {
  TRY(parsing.options.streams,
      read_int_within(argument, 1, session::kMostStreams, "the number of streams (-P)"));
  return ok();
}

// The last word on the protocol counts, as with iperf3.
template <auto kMember>
Result<void> set_protocol(Parsing& parsing, const char*) {
  Options& o = parsing.options;
  o.udp = o.sctp = o.mptcp = false;
  o.*kMember = true;
  return ok();
}

// iperf3 takes the number for a bit rate (-b) too.
Result<void> set_outgoing(Parsing& parsing, const char* argument) {
  constexpr int kMost = 65535;
  TRY(const auto streams,
      read_size_within(argument, kMost, "the streams of an association (--nstreams)"));
  parsing.options.outgoing_streams = static_cast<int>(streams);
  return ok();
}

Result<void> add_address(Parsing& parsing, const char* argument) {
  parsing.options.more_addresses.emplace_back(argument);
  return ok();
}

constexpr const char* kReverseAndBidir =
    "a test cannot be both reverse (-R) and bidirectional (--bidir)";

Result<void> set_reverse(Parsing& parsing, const char*) {
  if (parsing.options.bidir) return parameter_error(kReverseAndBidir);
  parsing.options.reverse = true;
  return ok();
}

Result<void> set_bidir(Parsing& parsing, const char*) {
  if (parsing.options.reverse) return parameter_error(kReverseAndBidir);
  parsing.options.bidir = true;
  return ok();
}

Result<void> set_omit(Parsing& parsing, const char* argument) {
  TRY(parsing.options.omit_s, read_int_within(argument, 0, 600, "the omitted time (-O, s)"));
  return ok();
}

template <class Enum, std::size_t kCount>
Result<Enum> read_choice(const char* argument, const char* option,
                         const std::array<std::pair<std::string_view, Enum>, kCount>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == argument) return value;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return parameter_error(fmt::format("{} must be one of {}, not '{}'", option, names, argument));
}

Result<void> set_role_flag(Parsing& parsing, const char* argument) {
  static constexpr std::array<std::pair<std::string_view, session::FlagMode>, 5> kModes{{
      {"auto", session::FlagMode::Auto},
      {"cookie", session::FlagMode::Cookie},
      {"off", session::FlagMode::Off},
      {"require", session::FlagMode::Require},
      {"force", session::FlagMode::Force},
  }};
  TRY(parsing.options.role_flag, read_choice(argument, "--role-flag", kModes));
  return ok();
}

Result<void> set_role_flag_level(Parsing& parsing, const char* argument) {
  TRY(parsing.options.role_flag_level, read_int_within(argument, 1, 2, "--role-flag-level"));
  return ok();
}

Result<void> set_stream_connect(Parsing& parsing, const char* argument) {
  static constexpr std::array<std::pair<std::string_view, StreamConnect>, 4> kModes{{
      {"auto", StreamConnect::Auto},
      {"parallel", StreamConnect::Parallel},
      {"ordered", StreamConnect::Ordered},
      {"sequential", StreamConnect::Sequential},
  }};
  TRY(parsing.options.stream_connect, read_choice(argument, "--stream-connect", kModes));
  parsing.stream_connect_given = true;
  return ok();
}

Result<void> set_bind_roles(Parsing& parsing, const char* argument) {
  static constexpr std::array<std::pair<std::string_view, BindRoles>, 2> kModes{{
      {"late", BindRoles::Late},
      {"accept", BindRoles::Accept},
  }};
  TRY(parsing.options.bind_roles, read_choice(argument, "--bind-roles", kModes));
  parsing.bind_roles_given = true;
  return ok();
}

using enum Argument;
using enum Side;

constexpr OptionRow kRows[] = {
    {"port", 'p', Required, Either, set_port},
    {"format", 'f', Required, Either, set_format},
    {"interval", 'i', Required, Either, set_interval},
    {"pidfile", 'I', Required, Either, set_text<&Options::pid_file>},
    {"affinity", 'A', Required, Either, set_affinity},
    {"bind", 'B', Required, Either, set_bind},
    {"file", 'F', Required, Either, set_text<&Options::file>},
    {"bind-dev", '\0', Required, Either, set_text<&Options::bind_device>},
    {"verbose", 'V', None, Either, set_flag<&Options::verbose>},
    {"json", 'J', None, Either, set_flag<&Options::json>},
    {"json-stream", '\0', None, Either, set_flag<&Options::json_stream>},
    {"json-stream-full-output", '\0', None, Either, set_flag<&Options::json_stream_full>},
    {"logfile", '\0', Required, Either, set_text<&Options::log_file>},
    {"forceflush", '\0', None, Either, set_flag<&Options::force_flush>},
    {"timestamps", '\0', Optional, Either, set_timestamps},
    {"rcv-timeout", '\0', Required, Either, set_receive_timeout},
    {"snd-timeout", '\0', Required, Either, set_send_timeout},
    {"cntl-ka", '\0', Optional, Either, set_keep_alive},
    {"cport", '\0', Required, Either, set_client_port},
    {"unbatched", '\0', None, Either, set_flag<&Options::unbatched>},
    {"mptcp", 'm', None, Either, set_protocol<&Options::mptcp>},
    {"xbind", 'X', Required, Either, add_address},
    {"use-pkcs1-padding", '\0', None, Either, set_flag<&Options::pkcs1_padding>},
    {"version4", '4', None, Either, set_v4},
    {"version6", '6', None, Either, set_v6},
    {"debug", 'd', Optional, Either, set_debug},
    {"version", 'v', None, Either, nullptr},
    {"help", 'h', None, Either, nullptr},
    {"role-flag", '\0', Required, Either, set_role_flag},
    {"role-flag-level", '\0', Required, Either, set_role_flag_level},

    {"server", 's', None, Either, set_server},
    {"daemon", 'D', None, ServerOnly, set_flag<&Options::daemon>},
    {"one-off", '1', None, ServerOnly, set_flag<&Options::one_off>},
    {"idle-timeout", '\0', Required, ServerOnly, set_idle_timeout},
    {"rsa-private-key-path", '\0', Required, ServerOnly, set_text<&Options::private_key_path>},
    {"authorized-users-path", '\0', Required, ServerOnly, set_text<&Options::users_path>},
    {"time-skew-threshold", '\0', Required, ServerOnly, set_time_skew},
    {"server-bitrate-limit", '\0', Required, ServerOnly, set_bitrate_limit},
    {"server-max-duration", '\0', Required, ServerOnly, set_most_duration},
    {"bind-roles", '\0', Required, ServerOnly, set_bind_roles},

    {"client", 'c', Required, Either, set_client},
    {"connect-timeout", '\0', Required, ClientOnly, set_connect_timeout},
    {"bitrate", 'b', Required, ClientOnly, set_bitrate},
    {"bandwidth", 'b', Required, ClientOnly, set_bitrate},
    {"time", 't', Required, ClientOnly, set_time},
    {"bytes", 'n', Required, ClientOnly, set_bytes},
    {"blockcount", 'k', Required, ClientOnly, set_blocks},
    {"length", 'l', Required, ClientOnly, set_length},
    {"parallel", 'P', Required, ClientOnly, set_streams},
    {"reverse", 'R', None, ClientOnly, set_reverse},
    {"bidir", '\0', None, ClientOnly, set_bidir},
    {"window", 'w', Required, ClientOnly, set_window},
    {"congestion", 'C', Required, ClientOnly, set_text<&Options::congestion>},
    {"linux-congestion", 'C', Required, ClientOnly, set_text<&Options::congestion>},
    {"set-mss", 'M', Required, ClientOnly, set_mss},
    {"no-delay", 'N', None, ClientOnly, set_flag<&Options::no_delay>},
    {"omit", 'O', Required, ClientOnly, set_omit},
    {"title", 'T', Required, ClientOnly, set_text<&Options::title>},
    {"sctp", '\0', None, ClientOnly, set_protocol<&Options::sctp>},
    {"nstreams", '\0', Required, ClientOnly, set_outgoing},
    {"udp", 'u', None, ClientOnly, set_protocol<&Options::udp>},
    {"udp-counters-64bit", '\0', None, ClientOnly, set_flag<&Options::wide_counter>},
    {"tos", 'S', Required, ClientOnly, set_tos},
    {"dscp", '\0', Required, ClientOnly, set_dscp},
    {"flowlabel", 'L', Required, ClientOnly, set_flow_label},
    {"fq-rate", '\0', Required, ClientOnly, set_fq_rate},
    {"no-fq-socket-pacing", '\0', None, ClientOnly, set_no_fq_rate},
    {"pacing-timer", '\0', Required, ClientOnly, set_pacing_timer},
    {"repeating-payload", '\0', None, ClientOnly, set_flag<&Options::repeating_payload>},
    {"zerocopy", 'Z', None, ClientOnly, set_flag<&Options::zerocopy>},
    {"skip-rx-copy", '\0', None, ClientOnly, set_flag<&Options::skip_rx_copy>},
    {"gsro", '\0', None, ClientOnly, set_flag<&Options::gsro>},
    {"dont-fragment", '\0', None, ClientOnly, set_flag<&Options::dont_fragment>},
    {"extra-data", '\0', Required, ClientOnly, set_text<&Options::extra_data>},
    {"get-server-output", '\0', None, ClientOnly, set_flag<&Options::get_server_output>},
    {"username", '\0', Required, ClientOnly, set_text<&Options::username>},
    {"rsa-public-key-path", '\0', Required, ClientOnly, set_text<&Options::public_key_path>},
    {"stream-connect", '\0', Required, ClientOnly, set_stream_connect},
};

}  // namespace

std::span<const OptionRow> option_rows() {
  return kRows;
}

}  // namespace rolecall::perf
