// SPDX-License-Identifier: BSD-3-Clause
// The two JSON documents, against texts that real iperf3 sends and texts that break its rules.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"
#include "harness/wire/params.h"
#include "harness/wire/results.h"
#include "harness/wire/server_error.h"

namespace rolecall::wire {
namespace {

Parameters decoded(std::string_view json) {
  return decode_parameters(json).value();
}

TEST(ParametersTest, TheDefaultDocumentIsIperf3s) {  // as observed of 3.21, the version apart
  Parameters p;
  p.client_version = "3.21+";
  EXPECT_EQ(encode_parameters(p),
            R"({"tcp":true,"omit":0,"time":10,"num":0,"blockcount":0,"parallel":1,"len":131072,)"
            R"("pacing_timer":1000,"client_version":"3.21+"})");
}

TEST(ParametersTest, TheFirstOfEqualKeysCountsAndTheOthersMayHoldAnything) {
  const Parameters p = decoded(R"({"time":3,"time":{"a":1,"a":2,"b":3},"time":[4],"parallel":2})");
  EXPECT_EQ(p.time_s, 3);
  EXPECT_EQ(p.parallel, 2);
}

TEST(ParametersTest, RoleFlagIsTheLastKey) {
  Parameters p;
  p.client_version = "3.21+";
  p.role_flag = 2;
  const std::string json = encode_parameters(p);
  EXPECT_TRUE(json.ends_with(R"("client_version":"3.21+","role_flag":2})"));
  EXPECT_TRUE(announces_role_flag(json));
}

TEST(ParametersTest, RoleFlagIsLeftOutWhereTheDocumentWouldPassTheCap) {
  Parameters p;
  p.title = std::string(kParametersCap - encode_parameters(p).size() - 14, 'x');
  p.role_flag = 2;
  EXPECT_LE(encode_parameters(p).size(), kParametersCap);
  EXPECT_FALSE(announces_role_flag(encode_parameters(p)));
}

TEST(ParametersTest, EveryMemberIsReadBackAsWritten) {
  Parameters p;
  p.direction = Direction::Bidirectional;
  p.omit_s = 2;
  p.time_s = 0;
  p.bytes = 1 << 20;
  p.blocks = 7;
  p.parallel = 3;
  p.block_bytes = 1000;
  p.window_bytes = 65536;
  p.mss_bytes = 1400;
  p.bits_per_second = 200'000;
  p.burst_blocks = 10;
  p.tos = 16;
  p.server_affinity = 1;
  p.flow_label = 0xfffff;
  p.no_delay = p.mptcp = p.zerocopy = p.skip_rx_copy = p.get_server_output = p.repeating_payload =
      true;
  p.title = "t\"\n";
  p.extra_data = "x";
  p.congestion = "cubic";
  p.client_version = "0.1";
  p.role_flag = 1;
  EXPECT_EQ(decoded(encode_parameters(p)), p);
}

TEST(ParametersTest, OfSegmentationAUdpTestSaysAll) {
  Parameters p;
  p.protocol = Protocol::Udp;
  p.block_bytes = 1460;
  p.gso = p.gro = true;
  const std::string text = encode_parameters(p);
  const auto at = text.find(R"("gso":1,"gso_dg_size":1460,"gso_bf_size":64240,"gro":1,)");
  EXPECT_NE(at, std::string::npos) << text;
  EXPECT_EQ(decoded(text), p);
}

// Linux before 6.10 takes 64 datagrams.
TEST(ParametersTest, NoSegmentedMessageHasMoreDatagramsThanTheKernelTakes) {
  Parameters p;
  p.block_bytes = 64;
  EXPECT_EQ(p.gso_message_bytes(), 64 * 64);
}

TEST(ParametersTest, AbsentKeysHaveIperf3sDefaults) {
  EXPECT_EQ(decoded("{}"), Parameters());
}

TEST(ParametersTest, KeysMatchWithoutRegardToCaseAndTheFirstCounts) {
  EXPECT_EQ(decoded(R"({"PARALLEL":4,"parallel":2,"Parallel":3})").parallel, 4);
}

TEST(ParametersTest, TheFirstOfEqualKeysCounts) {
  EXPECT_EQ(decoded(R"({"parallel":4,"parallel":2})").parallel, 4);
}

TEST(ParametersTest, AFalseFlagCountsAsPresent) {
  EXPECT_EQ(decoded(R"({"reverse":false})").direction, Direction::Reverse);
}

TEST(ParametersTest, BidirectionalWinsOverReverse) {
  EXPECT_EQ(decoded(R"({"bidirectional":true,"reverse":true})").direction,
            Direction::Bidirectional);
}

TEST(ParametersTest, AWrongTypeCountsAsAbsent) {  // CVE-2024-53580
  EXPECT_EQ(decoded(R"({"parallel":"2","title":7,"reverse":1,"congestion":{},"time":[1]})"),
            Parameters());
}

TEST(ParametersTest, UnknownKeysAreIgnored) {
  EXPECT_EQ(decoded(R"({"from_the_future":{"a":[1,2]},"parallel":2})").parallel, 2);
}

TEST(ParametersTest, NumbersAreTruncatedAndSaturated) {
  EXPECT_EQ(decoded(R"({"time":1.9})").time_s, 1);
  EXPECT_EQ(decoded(R"({"time":1e300})").time_s, INT64_MAX);
  EXPECT_EQ(decoded(R"({"time":-1e300})").time_s, INT64_MIN);
}

TEST(ParametersTest, WhatFollowsTheFirstValueIsIgnored) {
  EXPECT_EQ(decoded(R"({"parallel":2} trailing)").parallel, 2);
}

TEST(ParametersTest, ADocumentThatIsNoObjectIsAnEmptyOne) {
  EXPECT_EQ(decoded("[1,2]"), Parameters());
  EXPECT_EQ(decoded("7"), Parameters());
}

TEST(ParametersTest, ATextThatIsNoJsonIsMalformed) {
  for (const char* text : {"", "{", "{\"a\":}", "\x01", "nul", R"({"a":"\u12"})", "\xff\xfe"}) {
    EXPECT_TRUE(decode_parameters(text).has_error()) << text;
  }
}

TEST(ParametersTest, NestingBeyondCjsonsLimitIsRefused) {
  const auto nested = [](std::size_t arrays) {
    return std::string(arrays, '[') + std::string(arrays, ']');
  };
  EXPECT_TRUE(parse_json(nested(1000)).has_value());  // as cJSON
  const std::string deep = nested(1001);
  EXPECT_EQ(decode_parameters(deep).error().code, Errc::Limit);
}

TEST(ValidateTest, NamesKeyValueAndRange) {
  const auto refusal = validate(decoded(R"({"parallel":129})"), 128);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->error_number, kErrorStreamCount);
  EXPECT_EQ(refusal->sentence, "parameter parallel is 129, outside 1 to 128");
}

TEST(ValidateTest, DefaultsAreInRange) {
  EXPECT_FALSE(validate(Parameters(), 128));
}

struct OutOfRange {
  const char* json;
  int error_number;
};
class EveryRange : public testing::TestWithParam<OutOfRange> {};
TEST_P(EveryRange, HasIperf3sErrorNumber) {
  const auto refusal = validate(decoded(GetParam().json), 128);
  ASSERT_TRUE(refusal) << GetParam().json;
  EXPECT_EQ(refusal->error_number, GetParam().error_number) << GetParam().json;
}
INSTANTIATE_TEST_SUITE_P(
    AsOf322, EveryRange,
    testing::Values(OutOfRange{R"({"parallel":0})", 6}, OutOfRange{R"({"len":0})", 7},
                    OutOfRange{R"({"len":1048577})", 7}, OutOfRange{R"({"window":-1})", 8},
                    OutOfRange{R"({"MSS":32768})", 10}, OutOfRange{R"({"omit":601})", 12},
                    OutOfRange{R"({"time":86401})", 5}, OutOfRange{R"({"num":-1})", 114},
                    OutOfRange{R"({"burst":1001})", 15}, OutOfRange{R"({"TOS":256})", 21},
                    OutOfRange{R"({"server_affinity":1025})", 132},
                    OutOfRange{R"({"udp":true})", 20},  // len is 131072 unless it is said
                    OutOfRange{R"({"udp":true,"len":15})", 20},
                    OutOfRange{R"({"udp":true,"len":65508})", 20},
                    OutOfRange{R"({"flowlabel":1048576})", 127}));

// As 3.21 sent it.
constexpr char kObserved[] =
    R"({"cpu_util_total":53.893,"cpu_util_user":1.9597,"cpu_util_system":51.9334,)"
    R"("sender_has_retransmits":-1,"congestion_used":"bbr","streams":[{"id":1,"bytes":1385693184,)"
    R"("retransmits":-1,"jitter":0,"errors":0,"omitted_errors":0,"packets":0,"omitted_packets":0,)"
    R"("start_time":0,"end_time":1.006}]})";

TEST(ResultsTest, AnObservedDocumentIsWrittenAsItWasRead) {
  EXPECT_EQ(encode_results(decode_results(kObserved).value()), kObserved);
}

TEST(ResultsTest, MinusOneOf312IsReadBack) {
  std::string json = kObserved;
  json.replace(json.find(R"("retransmits":-1)"), 16, R"("retransmits":18446744073709551615)");
  EXPECT_EQ(decode_results(json).value().streams[0].retransmits, -1);
}

TEST(ResultsTest, AnExponentIsANumber) {  // 3.2 to 3.11 write 1e+15
  std::string json = kObserved;
  json.replace(json.find("1385693184"), 10, "1e+15");
  EXPECT_EQ(decode_results(json).value().streams[0].bytes, 1'000'000'000'000'000);
}

std::string without(std::string_view member) {
  std::string json = kObserved;
  const auto at = json.find(member);
  EXPECT_NE(at, std::string::npos) << member;
  return json.erase(at, member.size());
}

class MandatoryMember : public testing::TestWithParam<const char*> {};
TEST_P(MandatoryMember, IsMissed) {
  EXPECT_EQ(decode_results(without(GetParam())).error().code, Errc::Malformed);
}
INSTANTIATE_TEST_SUITE_P(AllOfThem, MandatoryMember,
                         testing::Values(R"("cpu_util_total":53.893,)",
                                         R"("cpu_util_user":1.9597,)",
                                         R"("cpu_util_system":51.9334,)",
                                         R"("sender_has_retransmits":-1,)", R"("id":1,)",
                                         R"("bytes":1385693184,)", R"("retransmits":-1,)",
                                         R"("jitter":0,)", R"("errors":0,)", R"("packets":0,)",
                                         R"("omitted_errors":0,)", R"("omitted_packets":0,)"));

TEST(ResultsTest, BothOmittedCountersMayBeAbsent) {
  std::string json = without(R"("omitted_errors":0,)");
  json.erase(json.find(R"("omitted_packets":0,)"), 20);
  EXPECT_TRUE(decode_results(json).has_value());
}

TEST(ResultsTest, ServerOutputTravelsAsTextOrAsAnObject) {
  Results r;
  r.server_output_text = "line\n";
  EXPECT_EQ(decode_results(encode_results(r)).value().server_output_text, "line\n");
  r = Results();
  r.server_output_json = R"({"start":{}})";
  EXPECT_EQ(decode_results(encode_results(r)).value().server_output_json, R"({"start":{}})");
}

TEST(ResultsTest, IdTwoIsSkipped) {
  EXPECT_EQ(stream_id(1), 1);
  EXPECT_EQ(stream_id(2), 3);
  EXPECT_EQ(stream_id(3), 4);
}

}  // namespace
}  // namespace rolecall::wire
