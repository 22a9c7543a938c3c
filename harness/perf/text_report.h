// SPDX-License-Identifier: BSD-3-Clause
// The report for people, line for line as iperf3 prints it (iperf_locale.c, 3.12 to 3.22).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/perf/report.h"
#include "harness/perf/totals.h"

namespace rolecall::perf {

class TextReport : public Report {
 public:
  // `sink` must outlive the report.
  TextReport(ReportSettings settings, ReportSink& sink);

  void server_listening(std::uint16_t port, int test_number) override;
  void client_starting() override;
  void control_connected(int mss) override;
  void datagram_size_chosen(int bytes) override;
  void rate_asked(std::uint64_t) override {}
  void connected(const ControlFacts& facts) override;
  void buffers(const BufferFacts&) override {}
  void stream_connected(const StreamFacts& facts) override;
  void streams_bound(const std::vector<StreamFacts>& streams, const BindingFacts&) override {
    streams_ = streams;
  }
  void test_started(const TestFacts& facts) override;
  void interval(const Interval& interval) override;
  void summary(const Summary& summary) override;
  void server_output(const ServerOutput& output) override;
  void failed(const Failure& failure) override;
  void warning(std::string_view text) override;
  void debug(std::string_view text) override;
  void finished() override;
  ServerOutput captured() const override { return {false, captured_}; }

 private:
  // One print call of iperf3: prefix, text, and the copy for the client.
  void print(std::string_view text);
  void print_error(std::string_view text);
  std::string timestamp() const;
  void begin_test();
  std::string_view interval_columns(const Interval& interval) const;
  void print_interval_header(const Interval& interval);
  void print_interval_stream(const StreamFacts& facts, const Interval& interval,
                             const StreamInterval& stream, const ListedDirection& direction);
  void print_interval_sum(const Interval& interval, const ListedDirection& direction);
  void print_datagrams(const std::string& head, const DatagramFigures& figures,
                       const ListedDirection& direction, std::string_view label);
  void print_file(const StreamSummary& stream, const ListedDirection& direction);
  void print_out_of_order(const StreamSummary& stream, const ListedDirection& direction);
  void print_summary_stream(const StreamFacts& facts, const StreamSummary& stream,
                            const ListedDirection& direction);
  void print_summary_sum(const Summary& summary, const ListedDirection& direction);
  void print_ends(const Summary& summary, const ListedDirection& direction);

  const ReportSettings settings_;
  ReportSink& sink_;
  std::vector<StreamFacts> streams_;
  TestFacts test_;
  bool header_printed_ = false;
  bool capturing_ = false;
  bool failed_ = false;
  std::string captured_;
};

}  // namespace rolecall::perf
