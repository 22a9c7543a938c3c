// SPDX-License-Identifier: BSD-3-Clause
// Amounts and rates, held against what iperf3 prints and reads.
#include "harness/perf/units.h"

#include <gtest/gtest.h>

namespace rolecall::perf {
namespace {

struct RateCase {
  char letter;
  const char* printed;
};

class RateFormat : public testing::TestWithParam<RateCase> {};

// 50.225 Mbit/s, as iperf3 prints it under each letter.
TEST_P(RateFormat, IsIperf3s) {
  EXPECT_EQ(format_rate(50.225e6 / 8, GetParam().letter), GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Letters, RateFormat,
    testing::Values(RateCase{'k', "50225 Kbits/sec"}, RateCase{'m', "50.2 Mbits/sec"},
                    RateCase{'g', "0.05 Gbits/sec"}, RateCase{'t', "0.00 Tbits/sec"},
                    RateCase{'K', "6131 KBytes/sec"}, RateCase{'M', "5.99 MBytes/sec"},
                    RateCase{'G', "0.01 GBytes/sec"}, RateCase{'T', "0.00 TBytes/sec"},
                    RateCase{'a', "50.2 Mbits/sec"}));

TEST(Units, TheMantissaKeepsFourPlaces) {
  EXPECT_EQ(format_bytes(0), "0.00 Bytes");
  EXPECT_EQ(format_bytes(1023), "1023 Bytes");
  EXPECT_EQ(format_bytes(1024), "1.00 KBytes");
  EXPECT_EQ(format_bytes(9.9 * 1024), "9.90 KBytes");
  EXPECT_EQ(format_bytes(902 * 1048576.0), " 902 MBytes");
  EXPECT_EQ(format_bytes(9.996 * 1024), "10.0 KBytes");
  EXPECT_EQ(format_bytes(99.96 * 1024), " 100 KBytes");
}

TEST(Units, AdaptiveStopsAtTera) {
  EXPECT_EQ(format_bytes(5000.0 * 1024 * 1024 * 1024 * 1024), "5000 TBytes");
}

struct AmountCase {
  const char* text;
  std::optional<std::uint64_t> binary;
};

class Amount : public testing::TestWithParam<AmountCase> {};

TEST_P(Amount, IsAWholeTextWithinSixtyThreeBits) {
  EXPECT_EQ(parse_amount(GetParam().text, SuffixBase::Binary), GetParam().binary);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Amount,
    testing::Values(AmountCase{"10", 10}, AmountCase{"1.5e3", 1500}, AmountCase{"64K", 65536},
                    AmountCase{"64k", 65536}, AmountCase{"1M", 1048576},
                    AmountCase{"1g", 1073741824}, AmountCase{"1T", 1099511627776},
                    AmountCase{"10Mbyte", 10485760}, AmountCase{"1KiB", 1024}, AmountCase{"1.9", 1},
                    AmountCase{"-0", 0}, AmountCase{"-1", {}}, AmountCase{"-0.5", {}},
                    AmountCase{"10kk", {}}, AmountCase{"10MX", {}}, AmountCase{"10B", {}},
                    AmountCase{"9223372036854774784", 9223372036854774784U},
                    AmountCase{"9223372036854775808", {}}, AmountCase{"8388608T", {}},
                    AmountCase{"1e30", {}}, AmountCase{"0.5k", 512}, AmountCase{"", {}},
                    AmountCase{"k", {}}, AmountCase{"1x", {}}, AmountCase{"1 K", {}},
                    AmountCase{"nan", {}}, AmountCase{"inf", {}}));

TEST(Units, RatesCountByThousands) {
  EXPECT_EQ(parse_amount("100M", SuffixBase::Decimal), 100000000U);
}

}  // namespace
}  // namespace rolecall::perf
