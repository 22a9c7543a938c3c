// SPDX-License-Identifier: BSD-3-Clause
// The text of an authentication token as iperf3 writes and scans it, and its base64.
#include "harness/wire/auth_token.h"

#include <gtest/gtest.h>

namespace rolecall::wire {
namespace {

TEST(AuthTextTest, IsIperf3sToTheByte) {
  EXPECT_EQ(encode_auth_text({"mario", "rossi", 1700000000}),
            "user: mario\npwd:  rossi\nts:   1700000000");
}

TEST(AuthTextTest, AnyWhiteSpaceBetweenItemsIsRead) {
  EXPECT_EQ(decode_auth_text("user:mario pwd:\t\trossi\r\n\nts: 17\n"),
            (AuthText{"mario", "rossi", 17}));
}

class NoAuthText : public testing::TestWithParam<std::string_view> {};

TEST_P(NoAuthText, IsNotRead) {
  EXPECT_FALSE(decode_auth_text(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Of, NoAuthText,
                         testing::Values("", "user: mario", "user: mario\npwd:  \nts:   1",
                                         "user: m\npwd:  r\nts:   ", "user: m\npwd:  r\nts:   1x",
                                         "user: m\npwd:  r\nts:   99999999999999999999",
                                         "user: m r\npwd:  r\nts:   1", "pwd:  r\nuser: m\nts:   1",
                                         "user: m\npwd:  r\nts:   1 more",
                                         std::string_view("user: m\0x\npwd:  r\nts:   1", 25)));

TEST(AuthTextTest, WordsWithWhiteSpaceOrNothingInThemDoNotFit) {
  EXPECT_TRUE(fits_auth_text("a,{b}"));
  EXPECT_FALSE(fits_auth_text(""));
  EXPECT_FALSE(fits_auth_text("a b"));
  EXPECT_FALSE(fits_auth_text(std::string_view("a\0", 2)));
}

TEST(Base64Test, HasTheExamplesOfRfc4648) {
  EXPECT_EQ(encode_base64({}), "");
  EXPECT_EQ(encode_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(encode_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(encode_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(as_text(decode_base64("Zm9vYg==").value()), "foob");
}

class NoBase64 : public testing::TestWithParam<const char*> {};

TEST_P(NoBase64, IsMalformed) {
  const auto decoded = decode_base64(GetParam());
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::Malformed);
}

INSTANTIATE_TEST_SUITE_P(Of, NoBase64,
                         testing::Values("=", "====", "Zg=", "Zg", "Z===", "Zg=a",
                                         "Zg==Zg==", "Zh==", "Zm9=", "Zm9\n", "Zm9-"));

}  // namespace
}  // namespace rolecall::wire
