// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/socket_options.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "harness/perf/option_values.h"

namespace rolecall::perf {

Result<void> set_window(Parsing& parsing, const char* argument) {
  constexpr int kMost = 512 * 1024 * 1024;
  TRY(const auto bytes, read_size_within(argument, kMost, "the socket buffer (-w, bytes)"));
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
  TRY(parsing.options.fq_rate_bps, read_rate(argument, "the kernel's rate (--fq-rate)"));
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
  if (argument == nullptr) return ok();
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
  std::optional<std::string> rest = argument;
  for (const Part& part : kParts) {
    if (!rest) break;
    auto [value, behind] = split(*rest, '/');
    if (!value.empty()) {
      TRY(wanted.*part.member, read_int_within(value, 0, part.most, part.what));
    }
    rest = std::move(behind);
  }
  if (rest) {
    return parameter_error(fmt::format("--cntl-ka has three numbers at most, not '{}'", argument));
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
