// SPDX-License-Identifier: BSD-3-Clause
// The member "end": iperf_api.c iperf_print_results(), 3.22. The "sender" of each object says
// whether the local end of its stream sends, in the receiver's object too.
#include "harness/perf/json_summary.h"

#include <algorithm>
#include <utility>

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

ordered_json file_object(const StreamSummary& stream) {
  const FileFacts& file = *stream.file;
  return {{"sent", stream.sender.bytes},
          {"received", stream.receiver.bytes},
          {"size", file.size},
          {"percent_sent", file.percent(stream.sender.bytes)},
          {"percent_received", file.percent(stream.receiver.bytes)},
          {"filename", file.name}};
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

// The sender's count where it is known: the receiver cannot know what was lost at the end.
DatagramFigures judged_by_sender(const DatagramSummary& udp) {
  DatagramFigures figures = udp.received;
  if (udp.sent != 0) figures.packets = udp.sent;
  return figures;
}

void add_loss(ordered_json& object, const DatagramFigures& figures) {
  object["jitter_ms"] = figures.jitter_s * 1e3;
  object["lost_packets"] = figures.lost;
  object["packets"] = figures.packets;
  object["lost_percent"] = figures.lost_percent();
}

ordered_json datagram_object(const StreamFacts& facts, const StreamSummary& stream) {
  const double seconds = sender_seconds(stream);
  ordered_json object{{"socket", facts.socket},
                      {"start", 0},
                      {"end", seconds},
                      {"seconds", seconds},
                      {"bytes", stream.sender.bytes},
                      {"bits_per_second", per_second(stream.sender.bytes, seconds) * 8}};
  add_loss(object, judged_by_sender(*stream.udp));
  object["out_of_order"] = stream.udp->received.out_of_order;
  object["sender"] = facts.sends;
  return object;
}

ordered_json datagram_sum(std::uint64_t bytes, double end, double bits_per_second,
                          const DatagramFigures& figures, bool sender) {
  ordered_json object{{"start", 0},
                      {"end", end},
                      {"seconds", end},
                      {"bytes", bytes},
                      {"bits_per_second", bits_per_second}};
  add_loss(object, figures);
  object["sender"] = sender;
  return object;
}

// "sum" mixes the sender's bytes and rate with the receiver's time and losses: iperf3's, for those
// who read it still. In "sum_sent" and "sum_received" the word "sender" names the end.
void add_datagram_sums(ordered_json& end, const SummarySum& sum, const StreamSummary& first,
                       const ListedDirection& direction) {
  const double sending_s = sender_seconds(first);
  const double receiving_s = receiver_seconds(first);
  const double sent_bps = per_second(sum.sent, sending_s) * 8;
  const double received_bps = per_second(sum.received, receiving_s) * 8;
  const std::string& suffix = direction.json_sum_suffix;
  end["sum" + suffix] = datagram_sum(sum.sent, receiving_s, sent_bps, judged_by_sender(*sum.udp),
                                     direction.local_sends);
  end["sum_sent" + suffix] =
      datagram_sum(sum.sent, sending_s, sent_bps, {.packets = sum.udp->sent}, true);
  end["sum_received" + suffix] =
      datagram_sum(sum.received, receiving_s, received_bps, sum.udp->received, false);
}

void add_direction(ordered_json& end, const Summary& summary,
                   const std::vector<StreamFacts>& streams, const ListedDirection& direction) {
  for (std::size_t i = 0; i < std::min(streams.size(), summary.streams.size()); ++i) {
    if (streams[i].sends != direction.local_sends) continue;
    const StreamSummary& stream = summary.streams[i];
    if (stream.udp) {
      end["streams"].push_back({{"udp", datagram_object(streams[i], stream)}});
      continue;
    }
    ordered_json object{{"sender", sender_object(streams[i], stream)}};
    if (stream.file) object["diskfile"] = file_object(stream);
    object["receiver"] = receiver_object(streams[i], stream, summary.local_seconds);
    end["streams"].push_back(std::move(object));
  }
  const SummarySum sum = sum_summary(summary, streams, direction.local_sends);
  const StreamSummary first = summary.streams.empty() ? StreamSummary{} : summary.streams.front();
  if (sum.udp) return add_datagram_sums(end, sum, first, direction);
  end["sum_sent" + direction.json_sum_suffix] =
      sum_object(sum.sent, sender_seconds(first), sum.retransmits, direction.local_sends);
  end["sum_received" + direction.json_sum_suffix] =
      sum_object(sum.received, receiver_seconds(first), {}, direction.local_sends);
}

}  // namespace

ordered_json json_summary(const Summary& summary, const std::vector<StreamFacts>& streams,
                          const std::vector<ListedDirection>& directions) {
  ordered_json end{{"streams", ordered_json::array()}};
  for (const ListedDirection& direction : directions)
    add_direction(end, summary, streams, direction);
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
