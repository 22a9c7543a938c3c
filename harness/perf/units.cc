// SPDX-License-Identifier: BSD-3-Clause
// Amounts and rates. The suffix of a number is one character right behind it, as with sscanf's
// "%lf%c" in iperf3: "1 K" is refused, for its suffix is the blank.
#include "harness/perf/units.h"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

namespace rolecall::perf {
namespace {

constexpr std::string_view kPrefixes = "KMGT";

std::string with_prefix(double value, std::size_t prefix, std::string_view unit) {
  // The mantissa never takes more than four places, whatever rounding does to it.
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:4.{}f} {}{}s", value, decimals,
                     prefix == 0 ? std::string_view() : kPrefixes.substr(prefix - 1, 1), unit);
}

std::string adaptive(double value, double base, std::string_view unit) {
  std::size_t prefix = 0;
  for (; value >= base && prefix < kPrefixes.size(); ++prefix) value /= base;
  return with_prefix(value, prefix, unit);
}

// As people write them behind "10M"; iperf3 reads nothing behind the letter.
bool is_unit(const char* text) {
  constexpr const char* kUnits[] = {"", "b", "ib", "bit", "bits", "byte", "bytes", "bps"};
  return std::ranges::any_of(kUnits,
                             [text](const char* unit) { return ::strcasecmp(text, unit) == 0; });
}

}  // namespace

std::string format_bytes(double bytes) {
  return adaptive(bytes, 1024, "Byte");
}

std::string format_rate(double bytes_per_second, char letter) {
  constexpr std::string_view kBits = "kmgt";
  if (const auto at = kPrefixes.find(letter); at != std::string_view::npos) {
    const double divisor = std::pow(1024, static_cast<double>(at + 1));
    return with_prefix(bytes_per_second / divisor, at + 1, "Byte") + "/sec";
  }
  const double bits_per_second = bytes_per_second * 8;
  if (const auto at = kBits.find(letter); at != std::string_view::npos) {
    const double divisor = std::pow(1000, static_cast<double>(at + 1));
    return with_prefix(bits_per_second / divisor, at + 1, "bit") + "/sec";
  }
  return adaptive(bits_per_second, 1000, "bit") + "/sec";
}

std::optional<std::uint64_t> parse_amount(const char* text, SuffixBase base) {
  constexpr double kTwo63 = 9223372036854775808.0;
  char* end = nullptr;
  double number = std::strtod(text, &end);
  if (end == text) return std::nullopt;
  if (*end != '\0') {
    constexpr std::string_view kLetters = "kmgtKMGT";
    const auto at = kLetters.find(*end);
    if (at == std::string_view::npos || !is_unit(end + 1)) return std::nullopt;
    number *= std::pow(static_cast<double>(base), static_cast<double>(at % 4 + 1));
  }
  const bool fits = number >= 0 && number < kTwo63;  // "nan" does not
  return fits ? std::optional(static_cast<std::uint64_t>(number)) : std::nullopt;
}

}  // namespace rolecall::perf
