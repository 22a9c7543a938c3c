// SPDX-License-Identifier: BSD-3-Clause
// Facts of small tests.
#include "harness/perf/report_samples.h"

namespace rolecall::perf {
namespace {

constexpr std::uint64_t kBytes = 1943500000;  // 1.81 GBytes, in one second 15.5 Gbits/sec
constexpr std::int64_t kTime = 1795430473000;

StreamFacts stream(End end, int index, bool sends) {
  StreamFacts facts;
  facts.socket = 5 + 2 * index;
  facts.local_host = facts.remote_host = "127.0.0.1";
  const auto far = static_cast<std::uint16_t>(40000 + index);
  facts.local_port = end == End::Client ? far : std::uint16_t{5201};
  facts.remote_port = end == End::Client ? std::uint16_t{5201} : far;
  facts.sends = sends;
  return facts;
}

void add_stream(SampleTest& sample, bool sends) {
  sample.streams.push_back(stream(sample.end, static_cast<int>(sample.streams.size()), sends));
  StreamInterval interval{0, 1, kBytes, {}};
  if (sends) interval.tcp = TcpSample{6, 1047552, 1777664, 157, 51, 65535, 3};
  sample.intervals.front().streams.push_back(interval);
  const bool knows_peer = sample.end == End::Client;
  StreamSummary summary;
  if (sends || knows_peer) summary.sender = {1, kBytes};
  if (!sends || knows_peer) summary.receiver = {1, kBytes};
  if (sends) summary.sender_tcp = SenderTcp{6, 3, 1047552, 1777664, 157, 150, 155};
  if (!sends && knows_peer) summary.sender_tcp = SenderTcp{6};
  sample.summary.streams.push_back(summary);
}

}  // namespace

ReportSettings sample_settings(End end) {
  ReportSettings settings;
  settings.end = end;
  settings.version = "roleperf 0.1.0";
  settings.system_info = "Linux host 6.1 #1 x86_64";
  settings.wall_clock_ms = [] { return kTime; };
  return settings;
}

void SampleTest::tell(Report& report) const {
  if (end == End::Server) {
    report.server_listening(5201, 1);
    report.rate_asked(control.target_bitrate_bps);
    report.buffers(buffers);
  } else {
    report.client_starting();
    report.control_connected(32768);
  }
  report.connected(control);
  for (const StreamFacts& facts : streams) {
    report.stream_connected(facts);
    if (end == End::Client) report.buffers(buffers);
  }
  report.test_started(test);
  for (const Interval& one : intervals) report.interval(one);
  report.summary(summary);
}

SampleTest sample_test(End end, bool reverse, bool bidir, int streams) {
  SampleTest sample;
  sample.end = end;
  const bool client = end == End::Client;
  sample.control = {client ? "localhost" : "127.0.0.1",
                    std::uint16_t{5201},
                    "36c3okviukxyxl55cj4rnpwaenuxsyd6fqov",
                    0,
                    client ? 32768 : 0,
                    0,
                    reverse};
  sample.test.streams = streams;
  sample.test.block_bytes = 131072;
  sample.test.duration_s = 1;
  sample.test.reverse = reverse;
  sample.test.bidir = bidir;
  const bool first_sends = client != reverse;
  sample.intervals.emplace_back();
  sample.intervals.front().sender_has_retransmits = first_sends || bidir;
  for (int i = 0; i < streams; ++i) add_stream(sample, first_sends);
  for (int i = 0; bidir && i < streams; ++i) add_stream(sample, !first_sends);
  sample.summary.local_seconds = 1;
  sample.summary.local_cpu = {97.1, 0.4, 96.7};
  sample.summary.local_congestion = "bbr";
  if (client) {
    sample.summary.remote_cpu = {44.4, 2.8, 41.6};
    sample.summary.remote_congestion = "cubic";
  }
  return sample;
}

}  // namespace rolecall::perf
