// SPDX-License-Identifier: BSD-3-Clause
// The report for programs: one JSON document a test, with the keys and the order of iperf 3.22, or
// the same by events while the test runs (iperf_api.c JSONStream_Output(), iperf_json_finish()).
// Where iperf3 writes a key twice (bidir, -P, a server's target_bitrate), it stands here once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/perf/report.h"
#include "harness/perf/totals.h"

namespace rolecall::perf {

class JsonReport : public Report {
 public:
  // `sink` must outlive the report.
  JsonReport(ReportSettings settings, ReportSink& sink);
  JsonReport(const JsonReport&) = delete;
  JsonReport& operator=(const JsonReport&) = delete;
  ~JsonReport() override;

  void server_listening(std::uint16_t port, int test_number) override;
  void client_starting() override;
  void control_connected(int) override {}
  void datagram_size_chosen(int) override {}
  void rate_asked(std::uint64_t bits_per_second) override;
  void connected(const ControlFacts& facts) override;
  void buffers(const BufferFacts& facts) override;
  void stream_connected(const StreamFacts& facts) override;
  void streams_bound(const std::vector<StreamFacts>& streams, const BindingFacts& binding) override;
  void test_started(const TestFacts& facts) override;
  void interval(const Interval& interval) override;
  void summary(const Summary& summary) override;
  void server_output(const ServerOutput& output) override;
  void failed(const Failure& failure) override;
  void warning(std::string_view text) override;
  void debug(std::string_view text) override;
  // Writes the document, or the last events, and forgets it. Nothing, where no test has begun.
  void finished() override;
  ServerOutput captured() const override;

 private:
  struct Document;  // keeps JSON types out of this header

  void begin_test();
  bool keeps_intervals() const;
  void keep(nlohmann::ordered_json interval);
  void write_event(const char* name, const nlohmann::ordered_json& data);
  void write_document();
  void write_last_events();

  const ReportSettings settings_;
  ReportSink& sink_;
  std::vector<StreamFacts> streams_;
  TestFacts test_;
  std::string title_;
  std::string extra_data_;
  std::unique_ptr<Document> document_;  // null between tests
};

}  // namespace rolecall::perf
