// SPDX-License-Identifier: BSD-3-Clause
// A document of iperf3 -J as the facts of a test.
#include "harness/perf/iperf3_replay.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "harness/perf/totals.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

ordered_json member(const ordered_json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? ordered_json() : *found;
}

// 0 or empty where there is no such member; a test that compares documents then says so.
template <class T>
T get(const ordered_json& object, const std::string& key) {
  const ordered_json value = member(object, key);
  return value.is_null() ? T{} : value.get<T>();
}

std::size_t index_of(const SampleTest& sample, int socket) {
  std::size_t i = 0;
  while (i + 1 < sample.streams.size() && sample.streams[i].socket != socket) ++i;
  return i;
}

void read_start(SampleTest& sample, const ordered_json& start) {
  const ordered_json peer =
      member(start, sample.end == End::Client ? "connecting_to" : "accepted_connection");
  sample.control = {get<std::string>(peer, "host"),
                    get<std::uint16_t>(peer, "port"),
                    get<std::string>(start, "cookie"),
                    get<int>(start, "tcp_mss"),
                    get<int>(start, "tcp_mss_default"),
                    get<std::uint64_t>(start, "target_bitrate"),
                    false};
  sample.buffers = {get<int>(start, "sock_bufsize"), get<int>(start, "sndbuf_actual"),
                    get<int>(start, "rcvbuf_actual")};
  for (const ordered_json& one : member(start, "connected")) {
    StreamFacts facts;
    facts.socket = get<int>(one, "socket");
    facts.local_host = get<std::string>(one, "local_host");
    facts.local_port = get<std::uint16_t>(one, "local_port");
    facts.remote_host = get<std::string>(one, "remote_host");
    facts.remote_port = get<std::uint16_t>(one, "remote_port");
    sample.streams.push_back(std::move(facts));
  }
}

void read_test_start(SampleTest& sample, const ordered_json& start) {
  TestFacts& test = sample.test;
  test.streams = get<int>(start, "num_streams");
  test.block_bytes = get<int>(start, "blksize");
  test.omit_s = get<int>(start, "omit");
  test.duration_s = get<int>(start, "duration");
  test.bytes = get<std::uint64_t>(start, "bytes");
  test.blocks = get<std::uint64_t>(start, "blocks");
  test.reverse = get<int>(start, "reverse") != 0;
  test.bidir = sample.streams.size() > static_cast<std::size_t>(test.streams);
  test.target_bitrate_bps = get<std::uint64_t>(start, "target_bitrate");
  sample.control.reverse = test.reverse;
}

Interval read_interval(SampleTest& sample, const ordered_json& object) {
  Interval interval;
  interval.streams.resize(sample.streams.size());
  for (const ordered_json& one : member(object, "streams")) {
    const std::size_t index = index_of(sample, get<int>(one, "socket"));
    sample.streams[index].sends = get<bool>(one, "sender");
    interval.omitted = get<bool>(one, "omitted");
    StreamInterval& stream = interval.streams[index];
    stream = {
        get<double>(one, "start"), get<double>(one, "end"), get<std::uint64_t>(one, "bytes"), {}};
    if (!one.contains("retransmits")) continue;
    interval.sender_has_retransmits = true;
    stream.tcp =
        TcpSample{get<std::int64_t>(one, "retransmits"), get<std::uint32_t>(one, "snd_cwnd"),
                  get<std::uint32_t>(one, "snd_wnd"),    get<std::uint32_t>(one, "rtt"),
                  get<std::uint32_t>(one, "rttvar"),     get<std::uint32_t>(one, "pmtu"),
                  get<std::uint32_t>(one, "reorder")};
  }
  return interval;
}

StreamSummary read_stream_summary(const ordered_json& object) {
  const ordered_json sender = member(object, "sender");
  const ordered_json receiver = member(object, "receiver");
  StreamSummary stream;
  stream.sender = {get<double>(sender, "end"), get<std::uint64_t>(sender, "bytes")};
  stream.receiver = {get<double>(receiver, "end"), get<std::uint64_t>(receiver, "bytes")};
  if (sender.contains("retransmits")) {
    stream.sender_tcp = SenderTcp{
        get<std::int64_t>(sender, "retransmits"),   get<std::uint32_t>(sender, "reorder"),
        get<std::uint32_t>(sender, "max_snd_cwnd"), get<std::uint32_t>(sender, "max_snd_wnd"),
        get<std::uint32_t>(sender, "max_rtt"),      get<std::uint32_t>(sender, "min_rtt"),
        get<std::uint32_t>(sender, "mean_rtt")};
  }
  return stream;
}

void read_end(SampleTest& sample, const ordered_json& end) {
  Summary& summary = sample.summary;
  summary.streams.resize(sample.streams.size());
  for (const ordered_json& one : member(end, "streams")) {
    const ordered_json receiver = member(one, "receiver");
    summary.streams[index_of(sample, get<int>(receiver, "socket"))] = read_stream_summary(one);
    summary.local_seconds = get<double>(receiver, "seconds");
  }
  const ordered_json cpu = member(end, "cpu_utilization_percent");
  summary.local_cpu = {get<double>(cpu, "host_total"), get<double>(cpu, "host_user"),
                       get<double>(cpu, "host_system")};
  summary.remote_cpu = {get<double>(cpu, "remote_total"), get<double>(cpu, "remote_user"),
                        get<double>(cpu, "remote_system")};
  summary.local_congestion = get<std::string>(end, "sender_tcp_congestion");
  summary.remote_congestion = get<std::string>(end, "receiver_tcp_congestion");
  if (!directions(sample.end, sample.test).back().local_sends) {
    std::swap(summary.local_congestion, summary.remote_congestion);
  }
}

}  // namespace

SampleTest read_iperf3_document(const ordered_json& document, End end) {
  SampleTest sample;
  sample.end = end;
  const ordered_json start = member(document, "start");
  read_start(sample, start);
  read_test_start(sample, member(start, "test_start"));
  sample.test.title = get<std::string>(document, "title");
  for (const ordered_json& one : member(document, "intervals")) {
    sample.intervals.push_back(read_interval(sample, one));
  }
  read_end(sample, member(document, "end"));
  // A receiving client prints its last interval when it has the peer's results.
  const bool told = !sample.summary.streams.empty() && sample.summary.streams[0].sender_tcp;
  if (told && !sample.intervals.empty()) sample.intervals.back().sender_has_retransmits = true;
  return sample;
}

ReportSettings iperf3_settings(const ordered_json& document, End end) {
  const ordered_json start = member(document, "start");
  const auto ms = get<std::int64_t>(member(start, "timestamp"), "timesecs") * 1000;
  ReportSettings settings;
  settings.end = end;
  settings.version = get<std::string>(start, "version");
  settings.system_info = get<std::string>(start, "system_info");
  settings.wall_clock_ms = [ms] { return ms; };
  return settings;
}

}  // namespace rolecall::perf
