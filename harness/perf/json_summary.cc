// SPDX-License-Identifier: BSD-3-Clause
// The member "end": iperf_api.c iperf_print_results(), 3.22. The "sender" of each object says
// whether the local end of its stream sends, in the receiver's object too.
#include "harness/perf/json_summary.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

ordered_json sender_object(const StreamFacts& facts, const StreamSummary& stream) {
  const double seconds = sender_seconds(stream);
  ordered_json object{{"socket", facts.socket},
                      {"start", 0},
                      {"end", seconds},
                      {"seconds", seconds},
                      {"bytes", stream.sender.bytes},
                      {"bits_per_second", per_second(stream.sender.bytes, seconds) * 8}};
  if (const auto& tcp = stream.sender_tcp) {
    object["retransmits"] = tcp->retransmits;
    object["reorder"] = tcp->reorder;
    object["max_snd_cwnd"] = tcp->max_snd_cwnd_bytes;
    object["max_snd_wnd"] = tcp->max_snd_wnd_bytes;
    object["max_rtt"] = tcp->max_rtt_us;
    object["min_rtt"] = tcp->min_rtt_us;
    object["mean_rtt"] = tcp->mean_rtt_us;
  }
  object["sender"] = facts.sends;
  return object;
}

ordered_json receiver_object(const StreamFacts& facts, const StreamSummary& stream,
                             double local_seconds) {
  const double seconds = receiver_seconds(stream);
  return {{"socket", facts.socket},
          {"start", 0},
          {"end", seconds},
          {"seconds", local_seconds},
          {"bytes", stream.receiver.bytes},
          {"bits_per_second", per_second(stream.receiver.bytes, seconds) * 8},
          {"sender", facts.sends}};
}

ordered_json sum_object(std::uint64_t bytes, double seconds,
                        const std::optional<std::int64_t>& retransmits, bool local_sends) {
  ordered_json object{{"start", 0},
                      {"end", seconds},
                      {"seconds", seconds},
                      {"bytes", bytes},
                      {"bits_per_second", per_second(bytes, seconds) * 8}};
  if (retransmits) object["retransmits"] = *retransmits;
  object["sender"] = local_sends;
  return object;
}

void add_direction(ordered_json& end, const Summary& summary,
                   const std::vector<StreamFacts>& streams, const Direction& direction) {
  for (std::size_t i = 0; i < std::min(streams.size(), summary.streams.size()); ++i) {
    if (streams[i].sends != direction.local_sends) continue;
    const StreamSummary& stream = summary.streams[i];
    end["streams"].push_back(
        {{"sender", sender_object(streams[i], stream)},
         {"receiver", receiver_object(streams[i], stream, summary.local_seconds)}});
  }
  const SummarySum sum = sum_summary(summary, streams, direction.local_sends);
  const StreamSummary first = summary.streams.empty() ? StreamSummary{} : summary.streams.front();
  end["sum_sent" + direction.json_sum_suffix] =
      sum_object(sum.sent, sender_seconds(first), sum.retransmits, direction.local_sends);
  end["sum_received" + direction.json_sum_suffix] =
      sum_object(sum.received, receiver_seconds(first), {}, direction.local_sends);
}

}  // namespace

ordered_json json_summary(const Summary& summary, const std::vector<StreamFacts>& streams,
                          const std::vector<Direction>& directions) {
  ordered_json end{{"streams", ordered_json::array()}};
  for (const Direction& direction : directions) add_direction(end, summary, streams, direction);
  end["cpu_utilization_percent"] = {
      {"host_total", summary.local_cpu.total},   {"host_user", summary.local_cpu.user},
      {"host_system", summary.local_cpu.system}, {"remote_total", summary.remote_cpu.total},
      {"remote_user", summary.remote_cpu.user},  {"remote_system", summary.remote_cpu.system}};
  // In bidir iperf3 takes the names for the direction that it lists last.
  const bool sends = directions.back().local_sends;
  const std::string& sender = sends ? summary.local_congestion : summary.remote_congestion;
  const std::string& receiver = sends ? summary.remote_congestion : summary.local_congestion;
  if (!sender.empty()) end["sender_tcp_congestion"] = sender;
  if (!receiver.empty()) end["receiver_tcp_congestion"] = receiver;
  return end;
}

}  // namespace rolecall::perf
