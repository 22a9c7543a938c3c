// SPDX-License-Identifier: BSD-3-Clause
// The lines of a running test. The summary's lines are in text_summary.cc.
#include "harness/perf/text_report.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "harness/perf/clock_text.h"
#include "harness/perf/text_lines.h"

namespace rolecall::perf {
namespace {

// What goes to a client that asked for it: a test may last for days, memory is for less.
constexpr std::size_t kMostCaptured = std::size_t{16} << 20;

}  // namespace

TextReport::TextReport(ReportSettings settings, ReportSink& sink)
    : settings_(std::move(settings)), sink_(sink) {}

std::string TextReport::timestamp() const {
  if (!settings_.timestamp_format) return "";
  return local_time_text(settings_.wall_clock_ms(), *settings_.timestamp_format);
}

void TextReport::print(std::string_view text) {
  std::string line = timestamp();
  if (settings_.end == End::Client && !settings_.title.empty()) line += settings_.title + ":  ";
  line += text;
  sink_.write(line);
  if (!capturing_ || captured_.size() >= kMostCaptured) return;
  captured_ += line;
  if (captured_.size() >= kMostCaptured) captured_ += "[what followed was left out]\n";
}

void TextReport::print_error(std::string_view text) {
  sink_.write_error(fmt::format("{}roleperf: {}\n", timestamp(), text));
}

void TextReport::begin_test() {
  streams_.clear();
  test_ = {};
  header_printed_ = false;
  capturing_ = false;
  failed_ = false;
  captured_.clear();
  if (!settings_.verbose) return;
  print(settings_.version + "\n");
  print(settings_.system_info + "\n");
}

void TextReport::server_listening(std::uint16_t port, int test_number) {
  begin_test();
  const std::string banner(59, '-');
  print(banner + "\n");
  print(fmt::format("Server listening on {} (test #{})\n", port, test_number));
  print(banner + "\n");
  sink_.flush();
}

void TextReport::client_starting() {
  begin_test();
}

void TextReport::control_connected(int mss) {
  if (settings_.verbose) print(fmt::format("Control connection MSS {}\n", mss));
}

void TextReport::datagram_size_chosen(int bytes) {
  if (settings_.verbose) print(fmt::format("Setting UDP block size to {}\n", bytes));
}

void TextReport::connected(const ControlFacts& facts) {
  capturing_ = settings_.end == End::Server;
  if (settings_.verbose) print(fmt::format("Time: {}\n", gmt_text(settings_.wall_clock_ms())));
  if (settings_.end == End::Server) {
    print(
        fmt::format("Accepted connection from {}, port {}\n", shown_host(facts.host), facts.port));
  } else {
    print(fmt::format("Connecting to host {}, port {}\n", facts.host, facts.port));
    if (facts.reverse) {
      print(fmt::format("Reverse mode, remote host {} is sending\n", facts.host));
    }
  }
  if (!settings_.verbose) return;
  print(fmt::format("      Cookie: {}\n", facts.cookie));
  if (facts.protocol == wire::Protocol::Tcp) {
    const bool is_given = facts.mss_bytes != 0;
    print(fmt::format("      TCP MSS: {}{}\n", is_given ? facts.mss_bytes : facts.control_mss,
                      is_given ? "" : " (default)"));
  }
  if (facts.target_bitrate_bps != 0) {
    print(fmt::format("      Target Bitrate: {}\n", facts.target_bitrate_bps));
  }
}

void TextReport::stream_connected(const StreamFacts& facts) {
  streams_.push_back(facts);
  print(fmt::format("[{:3}] local {} port {} connected to {} port {}\n", facts.socket,
                    shown_host(facts.local_host), facts.local_port, shown_host(facts.remote_host),
                    facts.remote_port));
}

void TextReport::test_started(const TestFacts& facts) {
  test_ = facts;
  if (!facts.output_wanted) {
    capturing_ = false;
    captured_.clear();
  }
  if (!settings_.verbose) return;
  const std::string goal = facts.bytes != 0    ? fmt::format("{} bytes to send", facts.bytes)
                           : facts.blocks != 0 ? fmt::format("{} blocks to send", facts.blocks)
                                               : fmt::format("{} second test", facts.duration_s);
  print(fmt::format(
      "Starting Test: protocol: {}, {} streams, {} byte blocks, omitting {} seconds, {}, tos {}\n",
      wire::name(facts.protocol), facts.streams, facts.block_bytes, facts.omit_s, goal, facts.tos));
}

void TextReport::interval(const Interval& interval) {
  if (is_empty_leftover(interval, settings_.interval_s)) return;
  print_interval_header(interval);
  for (const ListedDirection& direction : directions(settings_.end, test_)) {
    for (std::size_t i = 0; i < std::min(streams_.size(), interval.streams.size()); ++i) {
      if (streams_[i].sends != direction.local_sends) continue;
      print_interval_stream(streams_[i], interval, interval.streams[i], direction);
    }
    if (test_.streams > 1) print_interval_sum(interval, direction);
  }
  if (settings_.flush_each_interval) sink_.flush();
}

std::string_view TextReport::interval_columns(const Interval& interval) const {
  const bool only_sends = !test_.bidir && (settings_.end == End::Client) != test_.reverse;
  if (test_.is_udp()) return only_sends ? kDatagramCount : kDatagramLoss;
  return interval.sender_has_retransmits ? "         Retr  Cwnd" : "";
}

// Once a test, so not again after the omitted part; between intervals of several streams a rule.
void TextReport::print_interval_header(const Interval& interval) {
  if (!std::exchange(header_printed_, true)) {
    print(header(test_.bidir, interval_columns(interval)));
  } else if (test_.streams > 1) {
    print(kSeparator);
  }
}

void TextReport::print_interval_stream(const StreamFacts& facts, const Interval& interval,
                                       const StreamInterval& stream,
                                       const ListedDirection& direction) {
  const Figures figures{stream.start_s, stream.end_s, stream.bytes,
                        per_second(stream.bytes, interval_seconds(stream))};
  const std::string_view label = interval.omitted ? "(omitted)" : "";
  const std::string id = fmt::format("{:3}", facts.socket);
  const std::string head = line_head(id, direction.tag, figures, settings_.format);
  if (stream.udp) {
    print_datagrams(head, *stream.udp, direction, label);
  } else if (stream.tcp && direction.local_sends) {
    print(with_cwnd(head, stream.tcp->retransmits, stream.tcp->snd_cwnd_bytes, label));
  } else {
    print(without_retransmits(head, label));
  }
}

void TextReport::print_interval_sum(const Interval& interval, const ListedDirection& direction) {
  if (interval.streams.empty()) return;
  const IntervalSum sum = sum_interval(interval, streams_, direction.local_sends);
  const StreamInterval& first = interval.streams.front();  // its times stand for all
  const Figures figures{first.start_s, first.end_s, sum.bytes,
                        per_second(sum.bytes, interval_seconds(first))};
  const std::string_view label = interval.omitted ? "(omitted)" : "";
  const std::string head = line_head("SUM", direction.tag, figures, settings_.format);
  if (sum.udp) return print_datagrams(head, *sum.udp, direction, label);
  print(sum.retransmits ? sum_with_retransmits(head, *sum.retransmits, label)
                        : without_retransmits(head, label));
}

void TextReport::print_datagrams(const std::string& head, const DatagramFigures& figures,
                                 const ListedDirection& direction, std::string_view label) {
  print(direction.local_sends ? with_datagram_count(head, figures.packets, test_.bidir, label)
                              : with_datagram_loss(head, figures, label));
}

void TextReport::warning(std::string_view text) {
  sink_.write_error(fmt::format("warning: {}\n", harmless_line(text)));
}

void TextReport::debug(std::string_view text) {
  sink_.write_error(fmt::format("debug: {}\n", text));
}

void TextReport::failed(const Failure& failure) {
  failed_ = true;
  sink_.flush();
  if (failure.kind == FailureKind::ServerError)
    print_error(harmless_line("SERVER ERROR - " + failure.text));
  print_error(harmless_line(failure_line(failure)));
  if (failure.kind == FailureKind::Fatal) print_error("exiting");
}

void TextReport::finished() {
  capturing_ = false;
  if (settings_.end == End::Client && !failed_) {
    print("\n");
    print("iperf Done.\n");  // iperf3's word: scripts wait for it
  }
  sink_.flush();
}

}  // namespace rolecall::perf
