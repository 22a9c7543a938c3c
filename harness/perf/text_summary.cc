// SPDX-License-Identifier: BSD-3-Clause
// The lines after a test: iperf_api.c iperf_print_results(), 3.12 to 3.22. A server prints only
// what its own side counted, because it reports before the results are exchanged.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/perf/json_print.h"
#include "harness/perf/text_lines.h"
#include "harness/perf/text_report.h"
#include "harness/perf/units.h"

namespace rolecall::perf {
namespace {

std::string cpu_line(const Summary& summary, const char* local, const char* remote) {
  const CpuUse& here = summary.local_cpu;
  const CpuUse& there = summary.remote_cpu;
  return fmt::format(
      "CPU Utilization: local/{} {:.1f}% ({:.1f}%u/{:.1f}%s), remote/{} {:.1f}% "
      "({:.1f}%u/{:.1f}%s)\n",
      local, here.total, here.user, here.system, remote, there.total, there.user, there.system);
}

bool any_retransmits(const Summary& summary) {
  return std::any_of(summary.streams.begin(), summary.streams.end(),
                     [](const StreamSummary& stream) { return stream.sender_tcp.has_value(); });
}

}  // namespace

void TextReport::summary(const Summary& summary) {
  print(kSeparator);
  if (settings_.verbose) print("Test Complete. Summary Results:\n");
  print(header(test_.bidir, test_.is_udp()             ? kDatagramLoss
                            : any_retransmits(summary) ? "         Retr"
                                                       : ""));
  for (const ListedDirection& direction : directions(settings_.end, test_)) {
    for (std::size_t i = 0; i < std::min(streams_.size(), summary.streams.size()); ++i) {
      if (streams_[i].sends != direction.local_sends) continue;
      print_summary_stream(streams_[i], summary.streams[i], direction);
    }
    if (test_.streams > 1) print_summary_sum(summary, direction);
    if (settings_.verbose) print_ends(summary, direction);
  }
}

void TextReport::print_summary_stream(const StreamFacts& facts, const StreamSummary& stream,
                                      const ListedDirection& direction) {
  const std::string id = fmt::format("{:3}", facts.socket);
  const bool server = settings_.end == End::Server;
  if (!server || direction.local_sends) {
    const double seconds = sender_seconds(stream);
    const Figures figures{0, seconds, stream.sender.bytes,
                          per_second(stream.sender.bytes, seconds)};
    const std::string head = line_head(id, direction.tag, figures, settings_.format);
    print(stream.udp          ? with_datagram_loss(head, {.packets = stream.udp->sent}, "sender")
          : stream.sender_tcp ? with_retransmits(head, stream.sender_tcp->retransmits, "sender")
                              : without_retransmits(head, "sender"));
  } else if (settings_.verbose) {
    print(not_available(id, "sender"));
  }
  print_file(stream, direction);
  if (!server || !direction.local_sends) {
    const double seconds = receiver_seconds(stream);
    const Figures figures{0, seconds, stream.receiver.bytes,
                          per_second(stream.receiver.bytes, seconds)};
    const std::string head = line_head(id, direction.tag, figures, settings_.format);
    print_out_of_order(stream, direction);
    print(stream.udp ? with_datagram_loss(head, stream.udp->received, "receiver")
                     : without_retransmits(head, "receiver"));
  } else if (settings_.verbose) {
    print(not_available(id, "receiver"));
  }
}

void TextReport::print_file(const StreamSummary& stream, const ListedDirection& direction) {
  if (!stream.file) return;
  const std::uint64_t moved = direction.local_sends ? stream.sender.bytes : stream.receiver.bytes;
  const auto amount = [](std::uint64_t bytes) {  // "MByte": without the s of the other lines
    std::string text = format_bytes(static_cast<double>(bytes));
    text.pop_back();
    return text;
  };
  print(fmt::format("        Sent {} / {} ({}%) of {}\n", amount(moved), amount(stream.file->size),
                    stream.file->percent(moved), stream.file->name));
}

void TextReport::print_out_of_order(const StreamSummary& stream, const ListedDirection& direction) {
  if (!stream.udp || stream.udp->received.out_of_order == 0) return;
  print(out_of_order_line(direction.tag, receiver_seconds(stream),
                          stream.udp->received.out_of_order));
}

// As one stream of all bytes and the first stream's times. Of datagrams iperf3 says of no sum that
// it is not available.
void TextReport::print_summary_sum(const Summary& summary, const ListedDirection& direction) {
  if (summary.streams.empty()) return;
  const SummarySum sum = sum_summary(summary, streams_, direction.local_sends);
  const bool server = settings_.end == End::Server;
  if (!server || direction.local_sends) {
    const double seconds = sender_seconds(summary.streams.front());
    const Figures figures{0, seconds, sum.sent, per_second(sum.sent, seconds)};
    const std::string head = line_head("SUM", direction.tag, figures, settings_.format);
    print(sum.udp           ? with_datagram_loss(head, {.packets = sum.udp->sent}, "sender")
          : sum.retransmits ? sum_with_retransmits(head, *sum.retransmits, "sender")
                            : without_retransmits(head, "sender"));
  } else if (settings_.verbose && !sum.udp) {
    print(not_available("SUM", "sender"));
  }
  if (!server || !direction.local_sends) {
    const double seconds = receiver_seconds(summary.streams.front());
    const Figures figures{0, seconds, sum.received, per_second(sum.received, seconds)};
    const std::string head = line_head("SUM", direction.tag, figures, settings_.format);
    print(sum.udp ? with_datagram_loss(head, sum.udp->received, "receiver")
                  : without_retransmits(head, "receiver"));
  } else if (settings_.verbose && !sum.udp) {
    print(not_available("SUM", "receiver"));
  }
}

// -V: only the sending side prints the processor's share, in bidir for both of its roles.
void TextReport::print_ends(const Summary& summary, const ListedDirection& direction) {
  if (direction.local_sends) {
    print(cpu_line(summary, "sender", "receiver"));
    if (test_.bidir) print(cpu_line(summary, "receiver", "sender"));
  }
  const bool sends = direction.local_sends;
  const std::string& sender = sends ? summary.local_congestion : summary.remote_congestion;
  const std::string& receiver = sends ? summary.remote_congestion : summary.local_congestion;
  if (!sender.empty()) print(fmt::format("snd_tcp_congestion {}\n", harmless_line(sender)));
  if (!receiver.empty()) print(fmt::format("rcv_tcp_congestion {}\n", harmless_line(receiver)));
}

void TextReport::server_output(const ServerOutput& output) {
  if (!output.is_json) return print(fmt::format("\nServer output:\n{}\n", harmless(output.text)));
  const auto document = nlohmann::ordered_json::parse(output.text, nullptr, false);
  print(fmt::format("\nServer JSON output:\n{}\n",
                    document.is_discarded() ? output.text : print_json(document)));
}

}  // namespace rolecall::perf
