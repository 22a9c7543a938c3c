// SPDX-License-Identifier: BSD-3-Clause
// The command line: families of numbers, role checks and their order, as iperf 3.12 and 3.22 have
// them.
#include "harness/perf/options.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/option_table.h"
#include "harness/perf/usage.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Words are separated by single blanks; a word '' is empty.
std::variant<Options, EarlyExit> parse(const std::string& line) {
  std::vector<std::string> words{"roleperf"};
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word == "''" ? "" : word);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), argv.data());
}

Options accepted(const std::string& line) {
  const auto parsed = parse(line);
  if (const auto* options = std::get_if<Options>(&parsed)) return *options;
  ADD_FAILURE() << line << ": " << std::get<EarlyExit>(parsed).err;
  return {};
}

EarlyExit refused(const std::string& line) {
  const auto parsed = parse(line);
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) return *early;
  ADD_FAILURE() << line << ": was accepted";
  return {};
}

struct ValueCase {
  const char* line;
  double (*value)(const Options&);
  double expected;
};

void PrintTo(const ValueCase& c, std::ostream* out) {
  *out << c.line;
}

class OptionValue : public testing::TestWithParam<ValueCase> {};

TEST_P(OptionValue, IsReadAsIperf3ReadsIt) {
  EXPECT_EQ(GetParam().value(accepted(GetParam().line)), GetParam().expected);
}

#define FIELD(name) [](const Options& o) { return static_cast<double>(o.name); }

INSTANTIATE_TEST_SUITE_P(
    Families, OptionValue,
    testing::Values(
        ValueCase{"-c h", FIELD(duration_s), 10}, ValueCase{"-c h -t 5 -t 7", FIELD(duration_s), 7},
        ValueCase{"-c h --para 3", FIELD(streams), 3},
        ValueCase{"-c h -n 1M", FIELD(bytes), 1048576},
        ValueCase{"-c h -n 1M", FIELD(duration_s), 0}, ValueCase{"-c h -n 1.9", FIELD(bytes), 1},
        ValueCase{"-c h -n 10MByte", FIELD(bytes), 10485760},
        ValueCase{"-c h -n 9223372036854774784", FIELD(bytes), 9223372036854774784.0},
        ValueCase{"-c h -k 2k", FIELD(blocks), 2048}, ValueCase{"-c h -k 0", FIELD(duration_s), 10},
        ValueCase{"-c h -l 8K", FIELD(block_bytes), 8192},
        ValueCase{"-c h -l 0", FIELD(block_bytes), 131072},
        ValueCase{"-c h -b 1M", FIELD(bitrate_bps), 1e6},
        ValueCase{"-c h -b 1M/8", FIELD(burst_blocks), 8},
        ValueCase{"-c h --bandwidth 2k", FIELD(bitrate_bps), 2000},
        ValueCase{"-c h -w 64K", FIELD(window_bytes), 65536},
        ValueCase{"-c h -w 1.5", FIELD(window_bytes), 1},
        ValueCase{"-c h -M 32767", FIELD(mss_bytes), 32767},
        ValueCase{"-c h -O 600", FIELD(omit_s), 600},
        ValueCase{"-c h -P 4096", FIELD(streams), 4096},
        ValueCase{"-c h -i 0.1", FIELD(interval_s), 0.1},
        ValueCase{"-c h -A 0x2,3", FIELD(affinity.value()), 2},
        ValueCase{"-c h -A 0x2,3", FIELD(server_affinity.value()), 3},
        ValueCase{"-c h -A 010", FIELD(affinity.value()), 8},
        ValueCase{"-c h --connect-timeout 1.5k", FIELD(connect_timeout_ms), 1536},
        ValueCase{"-s --idle-timeout 86400", FIELD(idle_timeout_s), 86400},
        ValueCase{"-s --rcv-timeout 100", FIELD(receive_timeout_ms), 100},
        ValueCase{"-c h --snd-timeout 5", FIELD(send_timeout_ms), 5},
        ValueCase{"-c h --cport 4000", FIELD(client_port), 4000},
        ValueCase{"-c h -d", FIELD(debug_level), 4},
        ValueCase{"-c h --debug=2", FIELD(debug_level), 2},
        ValueCase{"-c h --debug=-1", FIELD(debug_level), 4},
        ValueCase{"-c h -L 0x10", FIELD(flow_label), 16},
        ValueCase{"-s --cntl-ka", FIELD(control_keep_alive.value().idle_s), 0},
        ValueCase{"-s --cntl-ka=40/5/7", FIELD(control_keep_alive.value().idle_s), 40},
        ValueCase{"-s --cntl-ka=40/5/7", FIELD(control_keep_alive.value().interval_s), 5},
        ValueCase{"-s --cntl-ka=40/5/7", FIELD(control_keep_alive.value().probes), 7},
        ValueCase{"-s --cntl-ka=//7", FIELD(control_keep_alive.value().probes), 7},
        ValueCase{"-s --cntl-ka=/5", FIELD(control_keep_alive.value().interval_s), 5},
        ValueCase{"-c h -VRN", FIELD(no_delay), 1},
        ValueCase{"stray -c h words -R", FIELD(reverse), 1}));

struct NumberCase {
  const char* end;     // of whom it is an option
  const char* option;  // -n, or with its "=" where the argument may be left out
  const char* number;
};

void PrintTo(const NumberCase& c, std::ostream* out) {
  *out << c.option << c.number;
}

// iperf3 wraps what is too large, and reads what it can of the others.
class OptionNumber : public testing::TestWithParam<NumberCase> {};

TEST_P(OptionNumber, IsRefusedWithItsOptionAndItself) {
  const auto& [end, option, number] = GetParam();
  const std::string word = option;
  const std::string err =
      refused(std::string(end) + " " + word + (word.back() == '=' ? "" : " ") + number).err;
  EXPECT_THAT(err, HasSubstr(word.substr(0, word.find('='))));
  EXPECT_THAT(err, HasSubstr(std::string("not '") + number + "'"));
}

INSTANTIATE_TEST_SUITE_P(
    TooLarge, OptionNumber,
    testing::Values(NumberCase{"-c h", "-n", "9223372036854775808"},
                    NumberCase{"-c h", "-n", "1e30"}, NumberCase{"-c h", "-k", "8388608T"},
                    NumberCase{"-c h", "-b", "1e30"}, NumberCase{"-c h", "--fq-rate", "1e30"},
                    NumberCase{"-s", "--server-bitrate-limit", "1e30"},
                    NumberCase{"-c h", "-t", "4294967297"}, NumberCase{"-c h", "-t", "1e30"},
                    NumberCase{"-c h", "-t", "18446744073709551617"},
                    NumberCase{"-c h", "-O", "4294967297"}, NumberCase{"-s", "-p", "4294972497"},
                    NumberCase{"-c h", "-P", "4294967297"}, NumberCase{"-c h", "-M", "4294967297"},
                    NumberCase{"-c h", "-S", "4294967297"}, NumberCase{"-c h", "-l", "1e30"},
                    NumberCase{"-c h", "-w", "1e30"}));

INSTANTIATE_TEST_SUITE_P(
    Negative, OptionNumber,
    testing::Values(NumberCase{"-c h", "-n", "-1"}, NumberCase{"-c h", "-k", "-1"},
                    NumberCase{"-c h", "-b", "-1M"}, NumberCase{"-c h", "--fq-rate", "-1"},
                    NumberCase{"-s", "--server-bitrate-limit", "-1"},
                    NumberCase{"-c h", "-n", "-1e30"}, NumberCase{"-c h", "-p", "-5201"}));

INSTANTIATE_TEST_SUITE_P(
    WithTextBehindIt, OptionNumber,
    testing::Values(NumberCase{"-s", "--cntl-ka=", "10x"}, NumberCase{"-s", "--cntl-ka=", "x"},
                    NumberCase{"-c h", "--connect-timeout", "100kk"},
                    NumberCase{"-c h", "-n", "1Mx"}, NumberCase{"-c h", "-b", "1M,2"},
                    NumberCase{"-c h", "-t", "10s"}, NumberCase{"-c h", "-t", "abc"},
                    NumberCase{"-c h", "-i", "1s"}, NumberCase{"-c h", "-i", "abc"},
                    NumberCase{"-c h", "-p", "80x"}, NumberCase{"-c h", "-S", "16abc"},
                    NumberCase{"-c h", "-L", "0xg"}, NumberCase{"-c h", "-A", "1x"},
                    NumberCase{"-c h", "--debug=", "2x"},
                    NumberCase{"-s", "--idle-timeout", "5s"}));

struct RefusalCase {
  const char* line;
  const char* text;
};

void PrintTo(const RefusalCase& c, std::ostream* out) {
  *out << c.line;
}

class OptionRefusal : public testing::TestWithParam<RefusalCase> {};

TEST_P(OptionRefusal, SaysWhatIsWrong) {
  const EarlyExit early = refused(GetParam().line);
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.err, StartsWith("roleperf: parameter error - "));
  EXPECT_THAT(early.err, HasSubstr(GetParam().text));
  EXPECT_THAT(early.err, testing::EndsWith("\n\n" + std::string(short_usage())));
}

INSTANTIATE_TEST_SUITE_P(
    Values, OptionRefusal,
    testing::Values(
        RefusalCase{"-p 0", "the port (-p) must be 1 to 65535, not '0'"},
        RefusalCase{"-p abc", "the port"}, RefusalCase{"--cport 65536", "local port"},
        RefusalCase{"-c h --cport 65535 -P 2", "2 streams from the local port (--cport) 65535"},
        RefusalCase{"-c h --cport 65535 --bidir", "would pass 65535"},
        RefusalCase{"-f x", "the format (-f)"}, RefusalCase{"-f ''", "the format (-f)"},
        RefusalCase{"-i 0.05", "the interval"}, RefusalCase{"-i 61", "the interval"},
        RefusalCase{"-i nan", "the interval"}, RefusalCase{"-c h -t 86401", "the time"},
        RefusalCase{"-c h -t -1", "the time"}, RefusalCase{"-c h -n 1x", "'1x'"},
        RefusalCase{"-c h -n nan", "'nan'"}, RefusalCase{"-c h -b 1M/0", "the burst"},
        RefusalCase{"-c h -b 1M/1001", "the burst"},
        RefusalCase{"-c h -b 1M/2x", "the burst (-b RATE/BURST) must be 1 to 1000, not '2x'"},
        RefusalCase{"-c h -b /3", "''"}, RefusalCase{"-c h -P 0", "the number of streams"},
        RefusalCase{"-c h -P 4097", "the number of streams"},
        RefusalCase{"-c h -l 2M", "the block size"}, RefusalCase{"-c h -l -1", "the block size"},
        RefusalCase{"-c h -w 513M", "the socket buffer"},
        RefusalCase{"-c h -w -1", "the socket buffer"},
        RefusalCase{"-c h -M 32768", "the segment size"},
        RefusalCase{"-c h -O 601", "the omitted time"},
        RefusalCase{"-c h -A 1025", "the core (-A)"}, RefusalCase{"-c h -A x", "the core (-A)"},
        RefusalCase{"-c h -A 1,2000", "the server's core"},
        RefusalCase{"-c h -A 1,", "the server's core"},
        RefusalCase{"-c h --connect-timeout -5", "the connect timeout"},
        RefusalCase{"-s --idle-timeout 0", "the idle timeout"},
        RefusalCase{"-s --rcv-timeout 99", "the receive timeout"},
        RefusalCase{"-s --snd-timeout -1", "the send timeout"},
        RefusalCase{"-s --role-flag=on",
                    "--role-flag must be one of auto, cookie, off, require, force, not 'on'"},
        RefusalCase{"-c h -S 256", "the type of service"},
        RefusalCase{"-c h --dscp 64", "--dscp takes a name"},
        RefusalCase{"-c h --dscp af1x", "--dscp takes a name"},
        RefusalCase{"-c h -u -l 15", "a UDP datagram (-l) has 16 to 65507 bytes, not 15"},
        RefusalCase{"-c h -u -l 65508", "a UDP datagram"},
        RefusalCase{"-s --role-flag-level=3", "--role-flag-level"},
        RefusalCase{"-c h --stream-connect=x", "--stream-connect must be one of"}));

INSTANTIATE_TEST_SUITE_P(
    AcrossOptions, OptionRefusal,
    testing::Values(
        RefusalCase{"-s -c h", "cannot be both"}, RefusalCase{"-c h -s", "cannot be both"},
        RefusalCase{"-c h -R --bidir", "cannot be both"},
        RefusalCase{"-c h --bidir -R", "cannot be both"},
        RefusalCase{"-c h -P 129 --role-flag=off", "more than 128 streams"},
        RefusalCase{"-c h -P 129 --role-flag-level=1", "more than 128 streams"},
        RefusalCase{"-c h -D -1", "server only: --daemon"}, RefusalCase{"-c h -1", "server only"},
        RefusalCase{"-c h --idle-timeout 1", "server only"},
        RefusalCase{"-s -t 1 -R", "client only: --time"}, RefusalCase{"-s -A 1,2", "client only"},
        RefusalCase{"-s --stream-connect=auto", "client only"},
        RefusalCase{"-c h --rcv-timeout 100", "only sends"},
        RefusalCase{"-c h -t 1 -n 1", "only one of"}, RefusalCase{"-c h -t 0 -k 1", "only one of"},
        RefusalCase{"-c h -n 1 -k 1", "only one of"},
        RefusalCase{"-c h -u -F f", "cannot be sent in datagrams"},
        RefusalCase{"-c h --bidir -F f", "one direction"},
        RefusalCase{"-c h -P 2 -F f", "one stream"},
        RefusalCase{"-c h -L 0", "the IPv6 flow label (-L)"},
        RefusalCase{"-c h -L 0x100000", "the IPv6 flow label (-L)"},
        RefusalCase{"-s -L 1", "client only"}, RefusalCase{"-s -Z", "client only"},
        RefusalCase{"-s --gsro", "client only"},
        RefusalCase{"-c h --server-max-duration 1", "server only"},
        RefusalCase{"-s --server-max-duration 86401", "0 to 86400"},
        RefusalCase{"-s --server-bitrate-limit 1M/61", "0.1 to 60 seconds"},
        RefusalCase{"-s --server-bitrate-limit x", "not 'x'"},
        RefusalCase{"-c h --pacing-timer -1", "the pacing timer"},
        RefusalCase{"-s --sctp", "client only"},
        RefusalCase{"-c h --sctp --nstreams 65536", "0 to 65535"},
        RefusalCase{"-s --skip-rx-copy", "client only"},
        RefusalCase{"-c h --cntl-ka=10/5/2", "10 s is not above 5 s times 2"},
        RefusalCase{"-c h --cntl-ka=40/5/7/9", "three numbers at most"},
        RefusalCase{"-c h --cntl-ka=32768", "the idle time (--cntl-ka, s)"},
        RefusalCase{"-V", "either a client (-c) or a server (-s)"}));

// iperf3's order: values as they come, roles, end conditions, then whether there is a role at all.
INSTANTIATE_TEST_SUITE_P(Order, OptionRefusal,
                         testing::Values(RefusalCase{"-s -t 1 -p 0", "the port"},
                                         RefusalCase{"-s -t 1 -n 1", "client only"},
                                         RefusalCase{"-c h -1 --rcv-timeout 100", "server only"},
                                         RefusalCase{"-c h --rcv-timeout 100 -t 1 -n 1",
                                                     "only sends"},
                                         RefusalCase{"-t 1 -n 1", "only one of"}));

TEST(OptionParsing, DscpIsANameOrANumber) {
  EXPECT_EQ(accepted("-c h --dscp AF11").tos, 0x28);
  EXPECT_EQ(accepted("-c h --dscp 0x2e").tos, 0xb8);
  EXPECT_EQ(accepted("-c h -S 010").tos, 8);
}

TEST(OptionParsing, UdpHasDefaultsOfItsOwn) {
  EXPECT_EQ(accepted("-c h -u").bitrate_bps, 1048576U);
  EXPECT_EQ(accepted("-c h -u").block_bytes, 0);
  EXPECT_EQ(accepted("-c h -u -b 0 -l 100").bitrate_bps, 0U);
  EXPECT_EQ(accepted("-c h -l 100 -u").block_bytes, 100);
}

TEST(OptionParsing, SctpHasMessagesOf64Kilobytes) {
  EXPECT_EQ(accepted("-c h --sctp").block_bytes, 65536);
  EXPECT_EQ(accepted("-c h --sctp -l 1000").block_bytes, 1000);
}

TEST(OptionParsing, TheLastWordOnTheProtocolCounts) {
  EXPECT_TRUE(accepted("-c h -u -m --sctp").sctp);
  EXPECT_FALSE(accepted("-c h -u -m --sctp").udp);
  EXPECT_FALSE(accepted("-c h --sctp -m").sctp);
  EXPECT_FALSE(accepted("-c h -m -u").mptcp);
}

TEST(OptionParsing, StreamsOfAnAssociationAreNoBitRate) {
  EXPECT_EQ(accepted("-c h --sctp --nstreams 3").outgoing_streams, 3);
  EXPECT_EQ(accepted("-c h --sctp --nstreams 3").bitrate_bps, 0U);
}

TEST(OptionParsing, AnEndMayHaveSeveralAddresses) {
  EXPECT_THAT(accepted("-s -X a -X b").more_addresses, testing::ElementsAre("a", "b"));
}

TEST(OptionParsing, ABitrateLimitMayHaveATimeOfItsAverage) {
  EXPECT_EQ(accepted("-s --server-bitrate-limit 2M").most_bitrate_bps, 2'000'000U);
  EXPECT_EQ(accepted("-s --server-bitrate-limit 2M").bitrate_limit_s, 5);
  EXPECT_EQ(accepted("-s --server-bitrate-limit 2M/0.5").bitrate_limit_s, 0.5);
}

TEST(OptionParsing, AReceivingClientHasAReceiveTimeout) {
  EXPECT_EQ(accepted("-c h --bidir --rcv-timeout 200").receive_timeout_ms, 200);
}

TEST(OptionParsing, UnknownOptionsGetTheLibrarysLineAndTheUsage) {
  testing::internal::CaptureStderr();
  const EarlyExit early = refused("-c h --nonsense");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "roleperf: unrecognized option '--nonsense'\n");
  EXPECT_EQ(early.err, "\n" + std::string(short_usage()));
  EXPECT_EQ(early.status, 1);
}

TEST(OptionParsing, AmbiguousAbbreviationsAreRefused) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(refused("-c h --re").status, 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("ambiguous"));
}

TEST(OptionParsing, HelpAndVersionGoToStdoutAtOnce) {
  EXPECT_EQ(refused("-h -p 0").out, long_usage());
  EXPECT_EQ(refused("-h").status, 0);
  EXPECT_THAT(refused("-v").out, StartsWith(program_version() + "\n" + system_info() + "\n"));
}

TEST(OptionParsing, AnInvalidOptionBeforeHelpComesFirst) {
  EXPECT_EQ(refused("-p 0 -h").status, 1);
}

TEST(OptionParsing, ADeviceBehindTheHostIsTakenOff) {
  const Options options = accepted("-c example.org%eth0");
  EXPECT_EQ(options.host, "example.org");
  EXPECT_EQ(options.bind_device, "eth0");
}

TEST(OptionParsing, ALinkLocalAddressKeepsItsScope) {
  const Options options = accepted("-c fe80::1%eth0 -B fe80::2%eth0");
  EXPECT_EQ(options.host, "fe80::1%eth0");
  EXPECT_EQ(options.bind_address, "fe80::2%eth0");
  EXPECT_EQ(options.bind_device, "");
}

TEST(OptionParsing, TimestampsHaveADefaultFormat) {
  EXPECT_EQ(accepted("-s --timestamps").timestamp_format, "%c ");
  EXPECT_EQ(accepted("-s --timestamps=%s_").timestamp_format, "%s_");
  EXPECT_EQ(accepted("-s").timestamp_format, std::nullopt);
}

TEST(OptionParsing, WithoutTheFlagStreamsConnectInSequence) {
  EXPECT_EQ(accepted("-c h").stream_connect, StreamConnect::Auto);
  EXPECT_EQ(accepted("-c h --role-flag=off").stream_connect, StreamConnect::Sequential);
  EXPECT_EQ(accepted("-c h --stream-connect=parallel --role-flag=off").stream_connect,
            StreamConnect::Parallel);
}

TEST(OptionParsing, AStreamOfEventsIsJson) {
  EXPECT_TRUE(accepted("-s --json-stream").json);
  EXPECT_FALSE(accepted("-s --json-stream-full-output").json);  // nothing without a stream
}

TEST(OptionParsing, JsonWarnsOfWhatItIgnores) {
  EXPECT_EQ(accepted("-c h -J -f k -V -d").warnings.size(), 3U);
  EXPECT_THAT(accepted("-c h -J").warnings, IsEmpty());
}

TEST(OptionParsing, ASecondParseStartsAnew) {
  accepted("-c h -P 4");
  EXPECT_EQ(accepted("-c h").streams, 1);
}

TEST(OptionTable, EveryOptionIsInTheHelp) {
  for (const OptionRow& row : option_rows()) {
    const std::string word = std::string("--") + row.name;
    const bool alias = word == "--bandwidth" || word == "--linux-congestion";
    EXPECT_EQ(long_usage().find(word) != std::string_view::npos, !alias) << word;
  }
}

}  // namespace
}  // namespace rolecall::perf
