// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/socket_options.h"

#include <cstring>

#include <fmt/format.h>

#include "harness/perf/option_values.h"

namespace rolecall::perf {

Result<void> set_window(Parsing& parsing, const char* argument) {
  constexpr std::uint64_t kMost = 512 * 1024 * 1024;
  TRY(auto bytes, read_size(argument));
  if (bytes > kMost) {
    return parameter_error(
        fmt::format("the socket buffer (-w) must be 0 to {} bytes, not '{}'", kMost, argument));
  }
  parsing.options.window_bytes = static_cast<int>(bytes);
  return ok();
}

Result<void> set_mss(Parsing& parsing, const char* argument) {
  TRY(parsing.options.mss_bytes, read_int_within(argument, 0, 32767, "the segment size (-M)"));
  return ok();
}

Result<void> set_tos(Parsing& parsing, const char* argument) {
  TRY(parsing.options.tos, read_any_base_within(argument, 0, 255, "the type of service (-S)"));
  return ok();
}

Result<void> set_dscp(Parsing& parsing, const char* argument) {
  TRY(parsing.options.tos, read_dscp(argument));
  return ok();
}

Result<void> set_flow_label(Parsing& parsing, const char* argument) {
  constexpr int kMost = 0xfffff;
  TRY(parsing.options.flow_label,
      read_any_base_within(argument, 1, kMost, "the IPv6 flow label (-L)"));
  return ok();
}

Result<void> set_fq_rate(Parsing& parsing, const char* argument) {
  TRY(parsing.options.fq_rate_bps, read_rate(argument));
  return ok();
}

// iperf3 has it for old scripts.
Result<void> set_no_fq_rate(Parsing& parsing, const char*) {
  parsing.options.fq_rate_bps = 0;
  parsing.options.warnings.emplace_back("--no-fq-socket-pacing is --fq-rate 0");
  return ok();
}

// --cntl-ka[=IDLE/INTERVAL/COUNT], each of which may be left out. The kernel's own limits.
Result<void> set_keep_alive(Parsing& parsing, const char* argument) {
  constexpr int kMostSeconds = 32767;
  constexpr int kMostProbes = 127;
  KeepAlive& wanted = parsing.options.control_keep_alive.emplace();
  struct Part {
    int KeepAlive::*member;
    int most;
    const char* what;
  };
  constexpr Part kParts[] = {
      {&KeepAlive::idle_s, kMostSeconds, "the idle time (--cntl-ka, s)"},
      {&KeepAlive::interval_s, kMostSeconds, "the interval of probes (--cntl-ka, s)"},
      {&KeepAlive::probes, kMostProbes, "the number of probes (--cntl-ka)"},
  };
  for (const Part& part : kParts) {
    if (argument == nullptr) break;
    const bool is_left_out = *argument == '\0' || *argument == '/';
    if (!is_left_out) {
      TRY(wanted.*part.member, read_int_within(argument, 0, part.most, part.what));
    }
    argument = std::strchr(argument, '/');
    if (argument != nullptr) ++argument;
  }
  return check_keep_alive(wanted);
}

Result<void> check_keep_alive(const KeepAlive& k) {
  if (k.idle_s == 0 || k.idle_s > k.interval_s * k.probes) return ok();
  return parameter_error(fmt::format(
      "the idle time of --cntl-ka must be longer than all its probes take: {} s is not above "
      "{} s times {}",
      k.idle_s, k.interval_s, k.probes));
}

}  // namespace rolecall::perf
