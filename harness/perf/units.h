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

// "10", "1.5e3", "64K": a number with at most one of k, m, g, t behind it; what follows the suffix
// is ignored. None where there is no finite number or another letter is behind it.
std::optional<double> parse_amount(const char* text, SuffixBase base);

// The amount as iperf3 converts it: the fraction is cut off, a negative one wraps round (-1 is the
// largest number there is), one above 64 bits is the largest.
std::uint64_t whole_amount(double amount);

}  // namespace rolecall::perf
