// SPDX-License-Identifier: BSD-3-Clause
// The layouts of single lines, blank for blank those of iperf3 (iperf_locale.c, 3.12 to 3.22).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/perf/report_model.h"

namespace rolecall::perf {

inline constexpr std::string_view kSeparator =
    "- - - - - - - - - - - - - - - - - - - - - - - - -\n";

struct Figures {
  double start_s = 0;
  double end_s = 0;
  std::uint64_t bytes = 0;
  double bytes_per_second = 0;
};

// "[ ID] Interval ...", with `columns` behind "Bitrate".
std::string header(bool bidir, std::string_view columns);

// "[  5]   0.00-1.00   sec  1.81 GBytes  15.6 Gbits/sec". `id` is three wide, `tag` may be empty.
std::string line_head(std::string_view id, std::string_view tag, const Figures& figures,
                      char rate_format);

// The rest of a line, by its kind; `label` may be empty.
std::string without_retransmits(const std::string& head, std::string_view label);
std::string with_retransmits(const std::string& head, std::int64_t count, std::string_view label);
std::string sum_with_retransmits(const std::string& head, std::int64_t count,
                                 std::string_view label);
std::string with_cwnd(const std::string& head, std::int64_t count, std::uint32_t cwnd_bytes,
                      std::string_view label);

// The columns behind "Bitrate" of a UDP test's datagrams.
inline constexpr std::string_view kDatagramCount = "         Total Datagrams";
inline constexpr std::string_view kDatagramLoss = "         Jitter    Lost/Total Datagrams";
// A sender's interval; in bidir it stands under the columns of receivers.
std::string with_datagram_count(const std::string& head, std::uint64_t packets, bool bidir,
                                std::string_view label);
std::string with_datagram_loss(const std::string& head, const DatagramFigures& figures,
                               std::string_view label);
// "[SUM]  0.0- 2.0 sec  3 datagrams received out-of-order".
std::string out_of_order_line(std::string_view tag, double seconds, std::uint64_t count);

// "[  5] (sender statistics not available)".
std::string not_available(std::string_view id, std::string_view side);

// An IPv4 address without the coat that an IPv6 socket puts on it.
std::string shown_host(const std::string& host);

// "error - TEXT", "interrupt - TEXT", or where the peer has left "TEXT".
std::string failure_line(const Failure& failure);

// What a peer has said, for a terminal: control characters become '?'. A line stays one line.
std::string harmless(std::string_view text);
std::string harmless_line(std::string_view text);

}  // namespace rolecall::perf
