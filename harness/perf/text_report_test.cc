// SPDX-License-Identifier: BSD-3-Clause
// Whole reports, held against what iperf 3.12 prints for the same test (run and recorded by hand;
// the figures are round here), line for line.
#include "harness/perf/text_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/report_samples.h"
#include "harness/perf/text_lines.h"

namespace rolecall::perf {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string reported(const SampleTest& sample, ReportSettings settings) {
  MemorySink sink;
  TextReport report(std::move(settings), sink);
  sample.tell(report);
  report.finished();
  return sink.out;
}

std::string reported(const SampleTest& sample) {
  return reported(sample, sample_settings(sample.end));
}

std::string reported_verbosely(const SampleTest& sample) {
  ReportSettings settings = sample_settings(sample.end);
  settings.verbose = true;
  return reported(sample, settings);
}

TEST(TextReport, ASendingClient) {
  EXPECT_EQ(reported(sample_test(End::Client, false, false, 1)),
            R"(Connecting to host localhost, port 5201
[  5] local 127.0.0.1 port 40000 connected to 127.0.0.1 port 5201
[ ID] Interval           Transfer     Bitrate         Retr  Cwnd
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6   1023 KBytes       
- - - - - - - - - - - - - - - - - - - - - - - - -
[ ID] Interval           Transfer     Bitrate         Retr
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver

iperf Done.
)");
}

TEST(TextReport, AReceivingServer) {
  EXPECT_EQ(reported(sample_test(End::Server, false, false, 1)),
            R"(-----------------------------------------------------------
Server listening on 5201 (test #1)
-----------------------------------------------------------
Accepted connection from 127.0.0.1, port 5201
[  5] local 127.0.0.1 port 5201 connected to 127.0.0.1 port 40000
[ ID] Interval           Transfer     Bitrate
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  
- - - - - - - - - - - - - - - - - - - - - - - - -
[ ID] Interval           Transfer     Bitrate
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
)");
}

TEST(TextReport, AReceivingClientOfTwoStreams) {
  EXPECT_THAT(reported(sample_test(End::Client, true, false, 2)),
              HasSubstr(R"(Connecting to host localhost, port 5201
Reverse mode, remote host localhost is sending
[  5] local 127.0.0.1 port 40000 connected to 127.0.0.1 port 5201
[  7] local 127.0.0.1 port 40001 connected to 127.0.0.1 port 5201
[ ID] Interval           Transfer     Bitrate
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  
[  7]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  
[SUM]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec                  
- - - - - - - - - - - - - - - - - - - - - - - - -
[ ID] Interval           Transfer     Bitrate         Retr
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
[  7]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  7]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
[SUM]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec   12             sender
[SUM]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec                  receiver
)"));
}

TEST(TextReport, ABidirClientOfTwoStreamsEachWay) {
  EXPECT_THAT(reported(sample_test(End::Client, false, true, 2)),
              HasSubstr(R"([ ID][Role] Interval           Transfer     Bitrate         Retr  Cwnd
[  5][TX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6   1023 KBytes       
[  7][TX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6   1023 KBytes       
[SUM][TX-C]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec   12             
[  9][RX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  
[ 11][RX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  
[SUM][RX-C]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec                  
- - - - - - - - - - - - - - - - - - - - - - - - -
[ ID][Role] Interval           Transfer     Bitrate         Retr
[  5][TX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  5][TX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
[  7][TX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  7][TX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
[SUM][TX-C]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec   12             sender
[SUM][TX-C]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec                  receiver
[  9][RX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  9][RX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
[ 11][RX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[ 11][RX-C]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
[SUM][RX-C]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec   12             sender
[SUM][RX-C]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec                  receiver
)"));
}

TEST(TextReport, ABidirServerListsItsReceivingFirst) {
  EXPECT_THAT(reported_verbosely(sample_test(End::Server, false, true, 1)),
              EndsWith(R"([ ID][Role] Interval           Transfer     Bitrate         Retr  Cwnd
[  5][RX-S]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  
[  7][TX-S]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6   1023 KBytes       
- - - - - - - - - - - - - - - - - - - - - - - - -
Test Complete. Summary Results:
[ ID][Role] Interval           Transfer     Bitrate         Retr
[  5] (sender statistics not available)
[  5][RX-S]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec                  receiver
rcv_tcp_congestion bbr
[  7][TX-S]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6            sender
[  7] (receiver statistics not available)
CPU Utilization: local/sender 97.1% (0.4%u/96.7%s), remote/receiver 0.0% (0.0%u/0.0%s)
CPU Utilization: local/receiver 97.1% (0.4%u/96.7%s), remote/sender 0.0% (0.0%u/0.0%s)
snd_tcp_congestion bbr
)"));
}

TEST(TextReport, AServerSaysWhatItsSumsLack) {
  EXPECT_THAT(
      reported_verbosely(sample_test(End::Server, false, false, 2)),
      HasSubstr(
          "[SUM] (sender statistics not available)\n"
          "[SUM]   0.00-1.00   sec  3.62 GBytes  31.1 Gbits/sec                  receiver\n"));
}

TEST(TextReport, AVerboseClient) {
  const std::string text = reported_verbosely(sample_test(End::Client, false, false, 1));
  EXPECT_THAT(text, StartsWith(R"(roleperf 0.1.0
Linux host 6.1 #1 x86_64
Control connection MSS 32768
Time: Mon, 23 Nov 2026 10:41:13 GMT
Connecting to host localhost, port 5201
      Cookie: 36c3okviukxyxl55cj4rnpwaenuxsyd6fqov
      TCP MSS: 32768 (default)
[  5] local 127.0.0.1 port 40000 connected to 127.0.0.1 port 5201
Starting Test: protocol: TCP, 1 streams, 131072 byte blocks, omitting 0 seconds, 1 second test, tos 0
)"));
  EXPECT_THAT(text, EndsWith(R"(
CPU Utilization: local/sender 97.1% (0.4%u/96.7%s), remote/receiver 44.4% (2.8%u/41.6%s)
snd_tcp_congestion bbr
rcv_tcp_congestion cubic

iperf Done.
)"));
}

TEST(TextReport, GivenSegmentSizeAndBitrateAreShown) {
  SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.control.mss_bytes = 1400;
  sample.control.target_bitrate_bps = 100000000;
  EXPECT_THAT(reported_verbosely(sample),
              HasSubstr("      TCP MSS: 1400\n      Target Bitrate: 100000000\n"));
}

TEST(TextReport, AGoalInBytesOrBlocksIsNamed) {
  SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.test.blocks = 100;
  EXPECT_THAT(reported_verbosely(sample),
              HasSubstr("omitting 0 seconds, 100 blocks to send, tos 0\n"));
  sample.test.bytes = 10485760;
  EXPECT_THAT(reported_verbosely(sample),
              HasSubstr("omitting 0 seconds, 10485760 bytes to send, tos 0\n"));
}

TEST(TextReport, TheHeaderIsNotRepeatedAfterTheOmittedPart) {
  SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.intervals.insert(sample.intervals.begin(), sample.intervals.front());
  sample.intervals.front().omitted = true;
  EXPECT_THAT(
      reported(sample),
      HasSubstr("Retr  Cwnd\n"
                "[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6   1023 KBytes       "
                "(omitted)\n"
                "[  5]   0.00-1.00   sec  1.81 GBytes  15.5 Gbits/sec    6   1023 KBytes       \n"
                "- -"));
}

TEST(TextReport, ARuleDividesTheIntervalsOfSeveralStreams) {
  SampleTest sample = sample_test(End::Server, false, false, 2);
  sample.intervals.push_back(sample.intervals.front());
  EXPECT_THAT(reported(sample), HasSubstr("31.1 Gbits/sec                  \n" +
                                          std::string(kSeparator) + "[  5]   0.00-1.00"));
}

TEST(TextReport, AnEmptyLeftoverIsLeftOut) {
  SampleTest sample = sample_test(End::Server, false, false, 1);
  sample.intervals.push_back({{{1, 1.05, 0, {}}}, false, false});
  EXPECT_THAT(reported(sample), Not(HasSubstr("1.00-1.05")));
  sample.intervals.back().streams.front().bytes = 1;
  EXPECT_THAT(reported(sample), HasSubstr("1.00-1.05"));
}

TEST(TextReport, TheFormatIsOfBitRatesOnly) {
  ReportSettings settings = sample_settings(End::Client);
  settings.format = 'M';
  EXPECT_THAT(reported(sample_test(End::Client, false, false, 1), settings),
              HasSubstr("1.81 GBytes  1853 MBytes/sec    6   1023 KBytes"));
}

TEST(TextReport, EveryPrintCallOfAClientBeginsWithTimeAndTitle) {
  ReportSettings settings = sample_settings(End::Client);
  settings.timestamp_format = "%s_";
  settings.title = "Ti";
  const std::string text = reported(sample_test(End::Client, false, false, 1), settings);
  EXPECT_THAT(text, StartsWith("1795430473_Ti:  Connecting to host"));
  EXPECT_THAT(text, EndsWith("1795430473_Ti:  \n1795430473_Ti:  iperf Done.\n"));
}

TEST(TextReport, AMappedAddressIsShownAsIpv4) {
  EXPECT_EQ(shown_host("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(shown_host("::ffff:0:1"), "::ffff:0:1");
  EXPECT_EQ(shown_host("::1"), "::1");
}

TEST(TextReport, AServersOutputIsPrintedAfterTheSummary) {
  MemorySink sink;
  TextReport report(sample_settings(End::Client), sink);
  report.server_output({false, "Accepted\n"});
  report.finished();
  EXPECT_EQ(sink.out, "\nServer output:\nAccepted\n\n\niperf Done.\n");
}

TEST(TextReport, AServersJsonIsLaidOut) {
  MemorySink sink;
  TextReport report(sample_settings(End::Client), sink);
  report.server_output({true, R"({"end":{}})"});
  EXPECT_EQ(sink.out, "\nServer JSON output:\n{\n\t\"end\":\t{\n\t}\n}\n");
}

TEST(TextReport, CapturedIsWhatWasSaidSinceTheConnection) {
  MemorySink sink;
  TextReport report(sample_settings(End::Server), sink);
  SampleTest sample = sample_test(End::Server, false, false, 1);
  sample.test.output_wanted = true;
  sample.tell(report);
  EXPECT_THAT(report.captured().text, StartsWith("Accepted connection from"));
  EXPECT_THAT(sink.out, EndsWith(report.captured().text));
}

// A test may last for days, and whoever asks for none is not to fill the memory.
TEST(TextReport, NothingIsCapturedForAClientThatWantsNone) {
  MemorySink sink;
  TextReport report(sample_settings(End::Server), sink);
  sample_test(End::Server, false, false, 1).tell(report);
  EXPECT_THAT(report.captured().text, IsEmpty());
}

TEST(TextReport, WhatIsCapturedHasABound) {
  constexpr std::size_t kBound = std::size_t{16} << 20;
  MemorySink sink;
  TextReport report(sample_settings(End::Server), sink);
  SampleTest sample = sample_test(End::Server, false, false, 1);
  sample.test.output_wanted = true;
  sample.tell(report);
  for (int i = 0; i < 1000; ++i) {
    report.server_output({false, std::string(20'000, 'x')});
  }
  EXPECT_LT(report.captured().text.size(), kBound + 30'000);
  EXPECT_TRUE(report.captured().text.ends_with("[what followed was left out]\n"));
}

// Escape sequences rule a terminal, and a line in a log may look like one of ours.
TEST(TextReport, WhatAPeerSaysRulesNoTerminalAndMakesNoLines) {
  MemorySink sink;
  TextReport report(sample_settings(End::Client), sink);
  report.server_output({false, "one\ntwo\x1b[2J"});
  report.warning("set(\x1b[2J\nroleperf: a lie)");
  report.failed({FailureKind::ServerError, "said\x07\r\nroleperf: a lie"});
  EXPECT_THAT(sink.out, HasSubstr("one\ntwo?[2J"));
  EXPECT_EQ(sink.err,
            "warning: set(?[2J?roleperf: a lie)\n"
            "roleperf: SERVER ERROR - said???roleperf: a lie\n"
            "roleperf: error - said???roleperf: a lie\n");
}

TEST(TextReport, ControlsOfTwoBytesRuleNoTerminalEither) {
  EXPECT_EQ(harmless("\xc2\x9b"
                     "2J \xc2\x80 \xc2\x9f"),
            "?2J ? ?");
  EXPECT_EQ(harmless_line("\xc2\xa0 \xc3\x80 \xc2"), "\xc2\xa0 \xc3\x80 \xc2") << "letters stay";
}

TEST(TextReport, AClientCapturesNothing) {
  MemorySink sink;
  TextReport report(sample_settings(End::Client), sink);
  sample_test(End::Client, false, false, 1).tell(report);
  EXPECT_THAT(report.captured().text, IsEmpty());
}

TEST(TextReport, NothingIsCapturedAcrossTests) {
  MemorySink sink;
  TextReport report(sample_settings(End::Server), sink);
  sample_test(End::Server, false, false, 1).tell(report);
  report.server_listening(5201, 2);
  EXPECT_THAT(report.captured().text, IsEmpty());
}

TEST(TextReport, ATestKnowsNothingOfTheOneBefore) {
  MemorySink sink;
  TextReport report(sample_settings(End::Server), sink);
  sample_test(End::Server, false, true, 1).tell(report);
  report.finished();
  sink.out.clear();
  sample_test(End::Server, false, false, 2).tell(report);
  report.finished();
  EXPECT_EQ(sink.out, reported(sample_test(End::Server, false, false, 2)));
}

struct FailureCase {
  FailureKind kind;
  const char* err;
};

class TextFailure : public testing::TestWithParam<FailureCase> {};

TEST_P(TextFailure, GoesToStderrAndEndsTheReport) {
  MemorySink sink;
  TextReport report(sample_settings(End::Client), sink);
  report.client_starting();
  report.failed({GetParam().kind, "no luck"});
  report.finished();
  EXPECT_EQ(sink.err, GetParam().err);
  EXPECT_THAT(sink.out, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TextFailure,
    testing::Values(FailureCase{FailureKind::Error, "roleperf: error - no luck\n"},
                    FailureCase{FailureKind::Interrupt, "roleperf: interrupt - no luck\n"},
                    FailureCase{FailureKind::ServerError,
                                "roleperf: SERVER ERROR - no luck\nroleperf: error - no luck\n"},
                    FailureCase{FailureKind::PeerLeft, "roleperf: no luck\n"},
                    FailureCase{FailureKind::Fatal,
                                "roleperf: error - no luck\nroleperf: exiting\n"}));

TEST(TextReport, FlushesEachIntervalWhereAsked) {
  ReportSettings settings = sample_settings(End::Client);
  MemorySink plain;
  MemorySink flushed;
  TextReport report(settings, plain);
  settings.flush_each_interval = true;
  TextReport flushing(settings, flushed);
  const SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.tell(report);
  sample.tell(flushing);
  EXPECT_EQ(flushed.flushes, plain.flushes + 1);
}

}  // namespace
}  // namespace rolecall::perf
