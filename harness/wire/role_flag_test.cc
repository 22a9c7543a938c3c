// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/role_flag.h"

#include <gtest/gtest.h>

#include "harness/wire/state.h"

namespace rolecall::wire {
namespace {

TEST(PreambleTest, LevelOneIsOneLetter) {
  EXPECT_EQ(as_text(encode_preamble(1, {Role::Sender, {}})), "S");
  EXPECT_EQ(as_text(encode_preamble(1, {Role::Receiver, {}})), "R");
}

TEST(PreambleTest, LevelTwoAddsTheIndexBigEndian) {
  const Bytes bytes = encode_preamble(2, {Role::Receiver, std::uint16_t{0x0203}});
  EXPECT_EQ(as_text(bytes), std::string("R\x02\x03"));
}

TEST(PreambleTest, IsReadBackAsWritten) {
  const StreamTag tag{Role::Receiver, std::uint16_t{513}};
  EXPECT_EQ(decode_preamble(2, encode_preamble(2, tag)).value(), tag);
}

TEST(PreambleTest, AnyOtherLetterIsMalformed) {
  for (int byte = 0; byte < 256; ++byte) {
    const Bytes bytes{static_cast<std::byte>(byte)};
    const bool known = byte == 'S' || byte == 'R';
    EXPECT_EQ(decode_preamble(1, bytes).has_value(), known) << byte;
  }
}

TEST(ServerParametersTest, LevelMustBeOneThatWasAnnounced) {
  EXPECT_EQ(decode_server_parameters(encode_server_parameters(1), 2).value(), 1);
  EXPECT_EQ(decode_server_parameters(R"({"role_flag":2})", 1).error().code, Errc::Malformed);
  EXPECT_EQ(decode_server_parameters(R"({"role_flag":0})", 2).error().code, Errc::Malformed);
  EXPECT_EQ(decode_server_parameters(R"({"role_flag":"1"})", 2).error().code, Errc::Malformed);
  EXPECT_EQ(decode_server_parameters("{}", 2).error().code, Errc::Malformed);
}

TEST(StateTest, OnlyWhatIperf3DefinesAndOursIsKnown) {
  const std::string known = {1, 2, 4, 9, 10, 11, 12, 13, 14, 16, 0x40, -1, -2};
  for (int byte = 0; byte < 256; ++byte) {
    const bool expected = known.find(static_cast<char>(byte)) != std::string::npos;
    EXPECT_EQ(decode_state(static_cast<std::byte>(byte)).has_value(), expected) << byte;
  }
}

TEST(StateTest, SentencesNameTheStateOrTheByte) {
  EXPECT_EQ(describe_state(std::byte{2}), "TEST_RUNNING (2)");
  EXPECT_EQ(describe_state(std::byte{0xfe}), "SERVER_ERROR (-2)");
  EXPECT_EQ(describe_state(std::byte{42}), "unknown state 0x2a");
}

}  // namespace
}  // namespace rolecall::wire
