// SPDX-License-Identifier: BSD-3-Clause
// Arguments of options read as iperf3 reads them: four families of numbers, each with its own rules
// (iperf_api.c iperf_parse_arguments(), 3.22), and a host with a device behind it.
#pragma once

#include <cstdint>
#include <string>

#include "harness/base/result.h"

namespace rolecall::perf {

// The error of one option: Config, with `text` as it follows "parameter error - ".
Error parameter_error(std::string text);

// atoi's reading: leading digits count, the rest is ignored, text without digits is 0.
int read_int(const char* text);

// The same within limits. `what` begins the error's sentence: "the port".
Result<int> read_int_within(const char* text, int low, int high, const char* what);

// Decimal, 0x for hex or leading 0 for octal; what follows the number is ignored.
Result<int> read_any_base_within(const char* text, int low, int high, const char* what);

// 0, or 0.1 to 60 seconds.
Result<double> read_interval(const char* text, const char* what);

// Bytes, blocks, milliseconds: suffixes by 1024.
Result<std::uint64_t> read_size(const char* text);
// Bits per second: suffixes by 1000.
Result<std::uint64_t> read_rate(const char* text);

// --dscp: a name as in RFC 2474 and its kin, or a number to 63. Gives the type of service.
Result<int> read_dscp(const char* text);

// Splits "HOST%DEV" and gives the device. A link-local IPv6 address keeps it, for there it is the
// scope.
struct HostAndDevice {
  std::string host;
  std::string device;  // empty: none
};
HostAndDevice read_host(const std::string& text);

}  // namespace rolecall::perf
