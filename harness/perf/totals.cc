// SPDX-License-Identifier: BSD-3-Clause
// Directions and sums.
#include "harness/perf/totals.h"

#include <algorithm>

namespace rolecall::perf {
namespace {

void add(std::optional<std::int64_t>& sum, std::int64_t value) {
  sum = sum.value_or(0) + value;
}

void add(DatagramFigures& sum, const DatagramFigures& one) {
  sum.packets += one.packets;
  sum.lost += one.lost;
  sum.out_of_order += one.out_of_order;
  sum.jitter_s += one.jitter_s;
}

}  // namespace

std::vector<ListedDirection> directions(End end, const TestFacts& test) {
  if (!test.bidir) return {{(end == End::Client) != test.reverse, "", ""}};
  if (end == End::Client) return {{true, "[TX-C]", ""}, {false, "[RX-C]", "_bidir_reverse"}};
  return {{false, "[RX-S]", ""}, {true, "[TX-S]", "_bidir_reverse"}};
}

double interval_seconds(const StreamInterval& stream) {
  return static_cast<double>(static_cast<float>(stream.end_s - stream.start_s));
}

double per_second(std::uint64_t bytes, double seconds) {
  return seconds > 0 ? static_cast<double>(bytes) / seconds : 0;
}

bool is_empty_leftover(const Interval& interval, double interval_s) {
  return std::all_of(interval.streams.begin(), interval.streams.end(), [&](const auto& stream) {
    return stream.bytes == 0 && stream.end_s - stream.start_s < interval_s * 0.1;
  });
}

IntervalSum sum_interval(const Interval& interval, const std::vector<StreamFacts>& streams,
                         bool local_sends) {
  IntervalSum sum;
  int count = 0;
  for (std::size_t i = 0; i < std::min(streams.size(), interval.streams.size()); ++i) {
    if (streams[i].sends != local_sends) continue;
    sum.bytes += interval.streams[i].bytes;
    if (interval.streams[i].tcp) add(sum.retransmits, interval.streams[i].tcp->retransmits);
    if (!interval.streams[i].udp) continue;
    add(sum.udp ? *sum.udp : sum.udp.emplace(), *interval.streams[i].udp);
    ++count;
  }
  if (sum.udp) sum.udp->jitter_s /= count;
  return sum;
}

double sender_seconds(const StreamSummary& stream) {
  return stream.sender.seconds > 0 ? stream.sender.seconds : stream.receiver.seconds;
}

double receiver_seconds(const StreamSummary& stream) {
  return stream.receiver.seconds > 0 ? stream.receiver.seconds : stream.sender.seconds;
}

SummarySum sum_summary(const Summary& summary, const std::vector<StreamFacts>& streams,
                       bool local_sends) {
  SummarySum sum;
  int count = 0;
  for (std::size_t i = 0; i < std::min(streams.size(), summary.streams.size()); ++i) {
    if (streams[i].sends != local_sends) continue;
    const StreamSummary& stream = summary.streams[i];
    sum.sent += stream.sender.bytes;
    sum.received += stream.receiver.bytes;
    if (stream.sender_tcp) add(sum.retransmits, stream.sender_tcp->retransmits);
    if (!stream.udp) continue;
    if (!sum.udp) sum.udp.emplace();
    sum.udp->sent += stream.udp->sent;
    add(sum.udp->received, stream.udp->received);
    ++count;
  }
  if (sum.udp) sum.udp->received.jitter_s /= count;
  return sum;
}

}  // namespace rolecall::perf
