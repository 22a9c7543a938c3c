// SPDX-License-Identifier: BSD-3-Clause
// Amounts and rates as people read them, in the four places that iperf3 gives them (units.c
// unit_snprintf(), every release), and the numbers with a suffix that its options take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rolecall::perf {

// "1.81 GBytes": adaptive, by 1024.
std::string format_bytes(double bytes);

// "15.6 Gbits/sec". `letter`: kmgt for bits by 1000, KMGT for bytes by 1024, 'a' for adaptive bits.
std::string format_rate(double bytes_per_second, char letter);

enum class SuffixBase { Binary = 1024, Decimal = 1000 };

// "10", "1.5e3", "64K": a number from 0 to below 2^63 with at most one of k, m, g, t behind it, and
// behind that the name of a unit, which says nothing ("10Mbit"). The fraction is cut off. None
// where the text is anything else.
std::optional<std::uint64_t> parse_amount(const char* text, SuffixBase base);

}  // namespace rolecall::perf
