// SPDX-License-Identifier: BSD-3-Clause
// Amounts and rates. The suffix of a number is one character right behind it, as with sscanf's
// "%lf%c" in iperf3: "1 K" is refused, for its suffix is the blank.
#include "harness/perf/units.h"

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

std::optional<double> parse_amount(const char* text, SuffixBase base) {
  char* end = nullptr;
  const double number = std::strtod(text, &end);
  if (end == text || !std::isfinite(number)) return std::nullopt;
  if (*end == '\0') return number;
  constexpr std::string_view kLetters = "kmgtKMGT";
  const auto at = kLetters.find(*end);
  if (at == std::string_view::npos) return std::nullopt;
  return number * std::pow(static_cast<double>(base), static_cast<double>(at % 4 + 1));
}

std::uint64_t whole_amount(double amount) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (amount >= 2 * kTwo63) return UINT64_MAX;
  if (amount >= 0) return static_cast<std::uint64_t>(amount);
  if (amount <= -kTwo63) return static_cast<std::uint64_t>(INT64_MIN);
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(amount));
}

}  // namespace rolecall::perf
