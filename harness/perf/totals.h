// SPDX-License-Identifier: BSD-3-Clause
// What both forms of report count alike: the directions of a test, and sums over the streams of
// one. iperf_api.c iperf_print_intermediate() and iperf_print_results(), 3.12 to 3.22.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/perf/options.h"
#include "harness/perf/report_model.h"

namespace rolecall::perf {

// One of a test's directions, as this end sees it.
struct ListedDirection {
  bool local_sends = false;
  std::string tag;              // bidir: "[TX-C]" ...; else empty
  std::string json_sum_suffix;  // "_bidir_reverse" for server to client in bidir; else empty
};

// In the order in which this end lists them: a bidir client its own sending first, a server last.
std::vector<ListedDirection> directions(End end, const TestFacts& test);

// Seconds in single precision, in which iperf3 keeps them and divides by them.
double interval_seconds(const StreamInterval& stream);

double per_second(std::uint64_t bytes, double seconds);

// iperf3 leaves out what the end of a test leaves over: no byte, and under a tenth of -i.
bool is_empty_leftover(const Interval& interval, double interval_s);

struct IntervalSum {
  std::uint64_t bytes = 0;
  std::optional<std::int64_t> retransmits;
  std::optional<DatagramFigures> udp;
};
// Over the streams that go the way `local_sends` says.
IntervalSum sum_interval(const Interval& interval, const std::vector<StreamFacts>& streams,
                         bool local_sends);

// How long the ends of `stream` worked. What a server has not been told is its own time.
double sender_seconds(const StreamSummary& stream);
double receiver_seconds(const StreamSummary& stream);

struct SummarySum {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::optional<std::int64_t> retransmits;
  std::optional<DatagramSummary> udp;
};
SummarySum sum_summary(const Summary& summary, const std::vector<StreamFacts>& streams,
                       bool local_sends);

}  // namespace rolecall::perf
