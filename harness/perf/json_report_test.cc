// SPDX-License-Identifier: BSD-3-Clause
// The JSON document: keys, their order, and what stands where after a failure.
#include "harness/perf/json_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/json_print.h"
#include "harness/perf/report_samples.h"
#include "harness/wire/results.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::IsEmpty;

ordered_json reported(const SampleTest& sample) {
  MemorySink sink;
  JsonReport report(sample_settings(sample.end), sink);
  sample.tell(report);
  report.finished();
  return ordered_json::parse(sink.out, nullptr, false);
}

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items()) out.push_back(key);
  return out;
}

TEST(JsonReport, AClientsStart) {
  EXPECT_THAT(keys(reported(sample_test(End::Client, false, false, 1))["start"]),
              ElementsAre("connected", "version", "system_info", "timestamp", "connecting_to",
                          "cookie", "tcp_mss_default", "target_bitrate", "fq_rate", "sock_bufsize",
                          "sndbuf_actual", "rcvbuf_actual", "test_start"));
}

TEST(JsonReport, AServersStart) {
  EXPECT_THAT(keys(reported(sample_test(End::Server, false, false, 1))["start"]),
              ElementsAre("connected", "version", "system_info", "sock_bufsize", "sndbuf_actual",
                          "rcvbuf_actual", "timestamp", "accepted_connection", "cookie",
                          "tcp_mss_default", "target_bitrate", "fq_rate", "test_start"));
}

// iperf3 says it twice, there and behind the cookie.
TEST(JsonReport, AServersStartHasAClientsBitrateBehindTheSystem) {
  SampleTest sample = sample_test(End::Server, false, false, 1);
  sample.control.target_bitrate_bps = 1000;
  EXPECT_THAT(keys(reported(sample)["start"]),
              ElementsAre("connected", "version", "system_info", "target_bitrate", "sock_bufsize",
                          "sndbuf_actual", "rcvbuf_actual", "timestamp", "accepted_connection",
                          "cookie", "tcp_mss_default", "fq_rate", "test_start"));
  EXPECT_EQ(reported(sample)["start"]["target_bitrate"], 1000);
}

TEST(JsonReport, TestStart) {
  EXPECT_THAT(keys(reported(sample_test(End::Client, false, false, 1))["start"]["test_start"]),
              ElementsAre("protocol", "num_streams", "blksize", "omit", "duration", "bytes",
                          "blocks", "reverse", "tos", "target_bitrate", "bidir", "fqrate",
                          "interval", "gso", "gro", "role_flag", "batched"));
}

TEST(JsonReport, TheTimestampIsInMillisecondsToo) {
  EXPECT_EQ(reported(sample_test(End::Client, false, false, 1))["start"]["timestamp"].dump(),
            R"({"time":"Mon, 23 Nov 2026 10:41:13 GMT","timesecs":1795430473,)"
            R"("timemillisecs":1795430473000})");
}

TEST(JsonReport, AConnectionHasItsNumberOnlyWhereItIsKnown) {
  SampleTest sample = sample_test(End::Client, false, false, 2);
  sample.streams[1].number = 2;
  const ordered_json connected = reported(sample)["start"]["connected"];
  EXPECT_THAT(keys(connected[0]),
              ElementsAre("socket", "local_host", "local_port", "remote_host", "remote_port"));
  EXPECT_EQ(connected[1]["number"], 2);
}

TEST(JsonReport, ASendersInterval) {
  const ordered_json interval = reported(sample_test(End::Client, false, false, 1))["intervals"][0];
  EXPECT_THAT(keys(interval), ElementsAre("streams", "sum"));
  EXPECT_THAT(
      keys(interval["streams"][0]),
      ElementsAre("socket", "start", "end", "seconds", "bytes", "bits_per_second", "retransmits",
                  "snd_cwnd", "snd_wnd", "rtt", "rttvar", "pmtu", "reorder", "omitted", "sender"));
  EXPECT_THAT(keys(interval["sum"]),
              ElementsAre("start", "end", "seconds", "bytes", "bits_per_second", "retransmits",
                          "omitted", "sender"));
}

TEST(JsonReport, AReceiversInterval) {
  const ordered_json stream =
      reported(sample_test(End::Server, false, false, 1))["intervals"][0]["streams"][0];
  EXPECT_THAT(keys(stream), ElementsAre("socket", "start", "end", "seconds", "bytes",
                                        "bits_per_second", "omitted", "sender"));
}

// On both sides "sum" is client to server.
TEST(JsonReport, BidirSumsMeanTheSameAtBothEnds) {
  const ordered_json client = reported(sample_test(End::Client, false, true, 1))["intervals"][0];
  const ordered_json server = reported(sample_test(End::Server, false, true, 1))["intervals"][0];
  EXPECT_THAT(keys(client), ElementsAre("streams", "sum", "sum_bidir_reverse"));
  EXPECT_THAT(keys(server), ElementsAre("streams", "sum", "sum_bidir_reverse"));
  EXPECT_EQ(client["sum"]["sender"], true);
  EXPECT_EQ(server["sum"]["sender"], false);
}

TEST(JsonReport, AClientsEnd) {
  const ordered_json end = reported(sample_test(End::Client, false, false, 1))["end"];
  EXPECT_THAT(keys(end),
              ElementsAre("streams", "sum_sent", "sum_received", "cpu_utilization_percent",
                          "sender_tcp_congestion", "receiver_tcp_congestion"));
  EXPECT_THAT(keys(end["streams"][0]["sender"]),
              ElementsAre("socket", "start", "end", "seconds", "bytes", "bits_per_second",
                          "retransmits", "reorder", "max_snd_cwnd", "max_snd_wnd", "max_rtt",
                          "min_rtt", "mean_rtt", "sender"));
}

TEST(JsonReport, ABidirEnd) {
  const ordered_json end = reported(sample_test(End::Client, false, true, 1))["end"];
  EXPECT_THAT(keys(end),
              ElementsAre("streams", "sum_sent", "sum_received", "sum_sent_bidir_reverse",
                          "sum_received_bidir_reverse", "cpu_utilization_percent",
                          "sender_tcp_congestion", "receiver_tcp_congestion"));
  EXPECT_EQ(end["sender_tcp_congestion"], "cubic");  // of the direction listed last
}

TEST(JsonReport, WhatAServerCannotKnowIsZeroOverItsOwnTime) {
  const ordered_json end = reported(sample_test(End::Server, false, false, 1))["end"];
  EXPECT_EQ(end["sum_sent"]["bytes"], 0);
  EXPECT_EQ(end["sum_sent"]["seconds"], 1);
  EXPECT_FALSE(end.contains("sender_tcp_congestion"));
}

// "end" of a receiver's object is the receiver's time, "seconds" the local one.
TEST(JsonReport, AReceiversSecondsAreLocal) {
  SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.summary.streams[0].receiver.seconds = 1.5;
  const ordered_json receiver = reported(sample)["end"]["streams"][0]["receiver"];
  EXPECT_EQ(receiver["end"], 1.5);
  EXPECT_EQ(receiver["seconds"], 1);
}

TEST(JsonReport, AClientThatFailsEarlyLeavesTheFrame) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Client), sink);
  report.client_starting();
  report.failed({FailureKind::Error, "unable to connect to server: Connection refused"});
  report.finished();
  EXPECT_EQ(sink.out, R"({
	"start":	{
		"connected":	[],
		"version":	"roleperf 0.1.0",
		"system_info":	"Linux host 6.1 #1 x86_64"
	},
	"intervals":	[],
	"end":	{
	},
	"error":	"unable to connect to server: Connection refused"
}
)");
  EXPECT_THAT(sink.err, IsEmpty());
}

ordered_json error_of_a_server(const Failure& failure) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Server), sink);
  report.server_listening(5201, 1);
  report.failed(failure);
  report.finished();
  return ordered_json::parse(sink.out)["error"];
}

TEST(JsonReport, AServersErrorHasTheWholeLine) {
  EXPECT_EQ(error_of_a_server({FailureKind::Error, "no luck"}), "error - no luck");
}

TEST(JsonReport, ThatTheClientHasTerminatedIsABareSentence) {
  EXPECT_EQ(error_of_a_server({FailureKind::PeerLeft, "the client has terminated"}),
            "the client has terminated");
}

TEST(JsonReport, WithoutADocumentAnErrorGoesToStderr) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Server), sink);
  report.failed({FailureKind::Error, "no luck"});
  report.finished();
  EXPECT_EQ(sink.err, "roleperf: error - no luck\n");
  EXPECT_THAT(sink.out, IsEmpty());
}

TEST(JsonReport, AfterTheDocumentAnErrorGoesToStderr) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Server), sink);
  sample_test(End::Server, false, false, 1).tell(report);
  report.finished();
  report.failed({FailureKind::Error, "no luck"});
  EXPECT_EQ(sink.err, "roleperf: error - no luck\n");
}

TEST(JsonReport, TheTailStandsInIperf3sOrder) {
  MemorySink sink;
  ReportSettings settings = sample_settings(End::Client);
  settings.title = "Ti";
  JsonReport report(settings, sink);
  report.client_starting();
  report.server_output({true, R"({"start":{}})"});
  report.failed({FailureKind::Error, "late"});
  report.finished();
  EXPECT_THAT(keys(ordered_json::parse(sink.out)),
              ElementsAre("start", "intervals", "end", "error", "title", "server_output_json"));
}

TEST(JsonReport, AServerGivesTheClientsTitle) {
  SampleTest sample = sample_test(End::Server, false, false, 1);
  sample.test.title = "Ti";
  EXPECT_EQ(reported(sample)["title"], "Ti");
}

TEST(JsonReport, ServerOutputThatIsNoJsonIsKeptAsText) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Client), sink);
  report.client_starting();
  report.server_output({true, "{"});
  report.finished();
  EXPECT_EQ(ordered_json::parse(sink.out)["server_output_text"], "{");
}

TEST(JsonReport, CapturedIsTheDocumentAsItStands) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Server), sink);
  sample_test(End::Server, false, false, 1).tell(report);
  const ServerOutput captured = report.captured();
  report.finished();
  EXPECT_TRUE(captured.is_json);
  EXPECT_EQ(ordered_json::parse(captured.text), ordered_json::parse(sink.out));
}

// Three objects each: the interval, its stream and the sum.
TEST(JsonReport, AServerKeepsNoMoreIntervalsThanItsBoundAndCountsTheOthers) {
  ReportSettings settings = sample_settings(End::Server);
  settings.most_kept = 6;
  SampleTest sample = sample_test(End::Server, false, false, 1);
  sample.intervals.resize(5, sample.intervals.front());
  MemorySink sink;
  JsonReport report(settings, sink);
  sample.tell(report);
  const ordered_json captured = ordered_json::parse(report.captured().text);
  EXPECT_EQ(captured["intervals"].size(), 2U);
  EXPECT_EQ(captured.value("intervals_left_out", 0), 3);
}

TEST(JsonReport, AClientKeepsAllIntervalsOfItsOwnTest) {
  ReportSettings settings = sample_settings(End::Client);
  settings.most_kept = 6;
  SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.intervals.resize(5, sample.intervals.front());
  MemorySink sink;
  JsonReport report(settings, sink);
  sample.tell(report);
  report.finished();
  EXPECT_EQ(ordered_json::parse(sink.out)["intervals"].size(), 5U);
}

// What a server of the greatest test keeps at most, in its client's hands.
TEST(JsonReport, WhatAServerKeepsFitsIntoItsResults) {
  const std::size_t most = sample_settings(End::Server).most_kept;
  const SampleTest sample = sample_test(End::Server, false, true, 1);
  MemorySink sink;
  JsonReport report(sample_settings(End::Server), sink);
  sample.tell(report);
  const std::string interval =
      ordered_json::parse(report.captured().text)["intervals"].front()["streams"].back().dump();
  EXPECT_LT(interval.size() * most, wire::kResultsCap * 3 / 4);
}

TEST(JsonReport, OneDocumentATest) {
  MemorySink sink;
  JsonReport report(sample_settings(End::Server), sink);
  sample_test(End::Server, false, false, 1).tell(report);
  report.finished();
  sink.out.clear();
  sample_test(End::Server, false, false, 2).tell(report);
  report.finished();
  EXPECT_EQ(ordered_json::parse(sink.out), reported(sample_test(End::Server, false, false, 2)));
}

TEST(JsonPrint, LooksLikeCjsons) {
  const ordered_json document{{"a", {{"b", ordered_json::array({ordered_json{{"c", 1}}, 2})}}}};
  EXPECT_EQ(print_json(document),
            "{\n\t\"a\":\t{\n\t\t\"b\":\t[{\n\t\t\t\t\"c\":\t1\n\t\t\t}, 2]\n\t}\n}");
}

TEST(JsonPrint, OneLineHasNoBlanksAndTheSameNumbers) {
  EXPECT_EQ(print_json_compact({{"a", {{"b", ordered_json::array({1.0, 2.5, "c d"})}}}, {"e", {}}}),
            R"({"a":{"b":[1,2.5,"c d"]},"e":null})");
}

TEST(JsonPrint, NumbersLookLikeCjsons) {
  EXPECT_EQ(print_json(1.0), "1");
  EXPECT_EQ(print_json(1.000803), "1.000803");
  EXPECT_EQ(print_json(12834749775.833843), "12834749775.833843");
  EXPECT_EQ(print_json(5.5e-05), "5.5e-05");
  EXPECT_EQ(print_json(UINT64_MAX), "18446744073709551615");
}

TEST(JsonPrint, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(print_json("a\xff"
                       "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
}

}  // namespace
}  // namespace rolecall::perf
