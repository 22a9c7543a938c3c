// SPDX-License-Identifier: BSD-3-Clause
// Arguments of options as numbers and hosts.
#include "harness/perf/option_values.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdlib>

#include <fmt/format.h>

#include "harness/perf/units.h"

namespace rolecall::perf {
namespace {

Result<int> within(long value, const char* text, int low, int high, const char* what) {
  if (value >= low && value <= high) return static_cast<int>(value);
  return parameter_error(fmt::format("{} must be {} to {}, not '{}'", what, low, high, text));
}

Result<std::uint64_t> read_amount(const char* text, SuffixBase base) {
  const auto amount = parse_amount(text, base);
  if (amount) return whole_amount(*amount);
  return parameter_error(
      fmt::format("invalid number or unit '{}': give a number, and k, m, g or t behind it", text));
}

bool is_link_local_v6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

}  // namespace

Error parameter_error(std::string text) {
  return Error{Errc::Config, std::move(text)};
}

int read_int(const char* text) {
  return static_cast<int>(std::strtol(text, nullptr, 10));
}

Result<int> read_int_within(const char* text, int low, int high, const char* what) {
  return within(read_int(text), text, low, high, what);
}

Result<int> read_any_base_within(const char* text, int low, int high, const char* what) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 0);
  return within(end == text ? -1L : value, text, low, high, what);
}

Result<std::uint64_t> read_size(const char* text) {
  return read_amount(text, SuffixBase::Binary);
}

Result<std::uint64_t> read_rate(const char* text) {
  return read_amount(text, SuffixBase::Decimal);
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
