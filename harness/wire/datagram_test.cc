// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/datagram.h"

#include <string>

#include <gtest/gtest.h>

#include "harness/base/bytes.h"

namespace rolecall::wire {
namespace {

Bytes of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

constexpr DatagramHeader kHeader{TimePoint{0x01020304'000'000'000}, 0x1122334455667788};

TEST(DatagramHeaderTest, SecondsMicrosecondsAndNumberAreBigEndian) {
  Bytes bytes(16);
  encode_datagram_header({TimePoint{258'000'259'999}, 0x0a0b0c0d}, Counter::Narrow, bytes);
  EXPECT_EQ(bytes, of({0, 0, 1, 2, 0, 0, 1, 3, 10, 11, 12, 13, 0, 0, 0, 0}));
}

TEST(DatagramHeaderTest, TheWideCounterTakesEightBytes) {
  Bytes bytes(16);
  encode_datagram_header(kHeader, Counter::Wide, bytes);
  EXPECT_EQ(ByteView(bytes).subspan(8).front(), std::byte{0x11});
  EXPECT_EQ(decode_datagram_header(bytes, Counter::Wide)->sequence, kHeader.sequence);
}

TEST(DatagramHeaderTest, TheNarrowCounterKeepsTheLowHalf) {
  Bytes bytes(12);
  encode_datagram_header(kHeader, Counter::Narrow, bytes);
  EXPECT_EQ(decode_datagram_header(bytes, Counter::Narrow)->sequence, 0x55667788U);
}

TEST(DatagramHeaderTest, TheTimeIsReadBackToTheMicrosecond) {
  Bytes bytes(12);
  encode_datagram_header({TimePoint{7'000'001'999}, 1}, Counter::Narrow, bytes);
  EXPECT_EQ(decode_datagram_header(bytes, Counter::Narrow)->sent, TimePoint{7'000'001'000});
}

TEST(DatagramHeaderTest, LessThanAHeaderIsNone) {
  EXPECT_FALSE(decode_datagram_header(Bytes(11), Counter::Narrow));
  EXPECT_FALSE(decode_datagram_header(Bytes(15), Counter::Wide));
}

TEST(ConnectDatagramTest, IsIperf3sWordAndThenTheStreamsHeader) {
  const Bytes header = of({1, 2, 3});
  EXPECT_EQ(as_text(encode_connect({})), "9876");
  const Bytes datagram = encode_connect(header);
  EXPECT_EQ(datagram.size(), 7U);
  const auto read = flagged_connect(datagram, 3);
  ASSERT_TRUE(read);
  EXPECT_EQ(Bytes(read->begin(), read->end()), header);
}

TEST(ConnectDatagramTest, OfAnotherSizeOrWordIsNotOurs) {
  const Bytes datagram = encode_connect(of({1, 2, 3}));
  EXPECT_FALSE(flagged_connect(datagram, 2));
  EXPECT_FALSE(flagged_connect(datagram, 4));
  EXPECT_FALSE(flagged_connect({}, 0));
  Bytes other = datagram;
  other[0] = std::byte{'8'};
  EXPECT_FALSE(flagged_connect(other, 3));
}

TEST(ConnectReplyTest, EveryReleasesAnswerIsOne) {
  EXPECT_EQ(as_text(encode_connect_reply()), "6789");
  EXPECT_TRUE(is_connect_reply(encode_connect_reply()));
  EXPECT_TRUE(is_connect_reply(of({0xb1, 0x68, 0xde, 0x3a})));  // up to 3.11, little-endian
  EXPECT_TRUE(is_connect_reply(of({0x3a, 0xde, 0x68, 0xb1})));  // and big-endian
  EXPECT_TRUE(is_connect_reply(of({'6', '7', '8', '9', 0})));   // what follows is ignored
}

TEST(ConnectReplyTest, AnythingElseIsNone) {
  EXPECT_FALSE(is_connect_reply({}));
  EXPECT_FALSE(is_connect_reply(of({'6', '7', '8'})));
  EXPECT_FALSE(is_connect_reply(encode_connect({})));
}

}  // namespace
}  // namespace rolecall::wire
