// SPDX-License-Identifier: BSD-3-Clause
// Arguments of options: the four families of numbers of iperf3, each with its own rules
// (iperf_api.c iperf_parse_arguments(), 3.22), and a host with a device behind it. A number is the
// whole text: where iperf3 reads what it can of "10s", or wraps one that is too large, it is
// refused.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "harness/base/result.h"

namespace rolecall::perf {

// The error of one option: Config, with `text` as it follows "parameter error - ".
Error parameter_error(std::string text);

// A whole number within limits. `what` begins the error's sentence: "the port".
Result<int> read_int_within(const std::string& text, int low, int high, const char* what);

// Decimal, 0x for hex or leading 0 for octal.
Result<int> read_any_base_within(const std::string& text, int low, int high, const char* what);

// 0, or 0.1 to 60 seconds.
Result<double> read_interval(const std::string& text, const char* what);

// An amount as parse_amount() reads it.
inline constexpr std::uint64_t kMostAmount = std::numeric_limits<std::int64_t>::max();
// Bytes, blocks, milliseconds: suffixes by 1024.
Result<std::uint64_t> read_size_within(const std::string& text, std::uint64_t most,
                                       const char* what);
// Bits per second: suffixes by 1000.
Result<std::uint64_t> read_rate(const std::string& text, const char* what);

// "FIRST/REST", with or without a separator in it.
struct Parts {
  std::string first;
  std::optional<std::string> rest;
};
Parts split(const std::string& text, char separator);

// --dscp: a name as in RFC 2474 and its kin, or a number to 63. Gives the type of service.
Result<int> read_dscp(const std::string& text);

// Splits "HOST%DEV" and gives the device. A link-local IPv6 address keeps it, for there it is the
// scope.
struct HostAndDevice {
  std::string host;
  std::string device;  // empty: none
};
HostAndDevice read_host(const std::string& text);

}  // namespace rolecall::perf
