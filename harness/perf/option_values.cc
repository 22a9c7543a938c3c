// SPDX-License-Identifier: BSD-3-Clause
// Arguments of options as numbers and hosts.
#include "harness/perf/option_values.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "harness/perf/units.h"

namespace rolecall::perf {
namespace {

// None where the text is not a number, and nothing but one. One that is too large is the largest.
std::optional<long> whole_number(const std::string& text, int base) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, base);
  if (text.empty() || *end != '\0') return std::nullopt;
  return value;
}

Result<int> within(std::optional<long> value, const std::string& text, int low, int high,
                   const char* what) {
  if (value && *value >= low && *value <= high) return static_cast<int>(*value);
  return parameter_error(fmt::format("{} must be {} to {}, not '{}'", what, low, high, text));
}

Result<std::uint64_t> read_amount(const std::string& text, SuffixBase base, std::uint64_t most,
                                  const char* what) {
  const auto amount = parse_amount(text.c_str(), base);
  if (amount && *amount <= most) return *amount;
  return parameter_error(
      fmt::format("{} must be 0 to {}, or a number with k, m, g or t, not '{}'", what, most, text));
}

bool is_link_local_v6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

}  // namespace

Error parameter_error(std::string text) {
  return Error{Errc::Config, std::move(text)};
}

Result<int> read_int_within(const std::string& text, int low, int high, const char* what) {
  return within(whole_number(text, 10), text, low, high, what);
}

Result<int> read_any_base_within(const std::string& text, int low, int high, const char* what) {
  return within(whole_number(text, 0), text, low, high, what);
}

Result<double> read_interval(const std::string& text, const char* what) {
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  const bool whole = !text.empty() && *end == '\0';
  // Not the other way round: "nan" must not pass.
  if (whole && (seconds == 0 || (seconds >= 0.1 && seconds <= 60))) return seconds;
  return parameter_error(fmt::format("{} must be 0 or 0.1 to 60 seconds, not '{}'", what, text));
}

Result<std::uint64_t> read_size_within(const std::string& text, std::uint64_t most,
                                       const char* what) {
  return read_amount(text, SuffixBase::Binary, most, what);
}

Result<std::uint64_t> read_rate(const std::string& text, const char* what) {
  return read_amount(text, SuffixBase::Decimal, kMostAmount, what);
}

Parts split(const std::string& text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

Result<int> read_dscp(const std::string& text) {
  // dscp.c, 3.22.
  static constexpr std::pair<const char*, int> kNames[] = {
      {"af11", 0x28},       {"af12", 0x30}, {"af13", 0x38},     {"af21", 0x48},
      {"af22", 0x50},       {"af23", 0x58}, {"af31", 0x68},     {"af32", 0x70},
      {"af33", 0x78},       {"af41", 0x88}, {"af42", 0x90},     {"af43", 0x98},
      {"cs0", 0x00},        {"cs1", 0x20},  {"cs2", 0x40},      {"cs3", 0x60},
      {"cs4", 0x80},        {"cs5", 0xa0},  {"cs6", 0xc0},      {"cs7", 0xe0},
      {"ef", 0xb8},         {"va", 0xb0},   {"lowdelay", 0x10}, {"throughput", 0x08},
      {"reliability", 0x04}};
  for (const auto& [name, tos] : kNames) {
    if (::strcasecmp(name, text.c_str()) == 0) return tos;
  }
  const auto value = whole_number(text, 0);
  if (value && *value >= 0 && *value <= 63) return static_cast<int>(*value) * 4;
  return parameter_error(
      fmt::format("--dscp takes a name (af11 to af43, cs0 to cs7, ef, va, lowdelay, throughput, "
                  "reliability) or "
                  "a number from 0 to 63, not '{}'",
                  text));
}

HostAndDevice read_host(const std::string& text) {
  const auto percent = text.find('%');
  if (percent == 0 || percent == std::string::npos) return {text, ""};
  const std::string host = text.substr(0, percent);
  const std::string device = text.substr(percent + 1);
  if (device.empty() || is_link_local_v6(host)) return {text, ""};
  return {host, device};
}

}  // namespace rolecall::perf
