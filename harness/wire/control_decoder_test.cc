// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/control_decoder.h"

#include <gtest/gtest.h>

#include "harness/wire/state.h"

namespace rolecall::wire {
namespace {

TEST(ControlDecoderTest, TakesWhatIsDueInTurn) {
  ControlDecoder in;
  Bytes bytes{encode_state(State::ExchangeResults)};
  append(bytes, encode_frame("{}"));
  bytes.push_back(encode_state(State::DisplayResults));
  in.feed(bytes);
  EXPECT_EQ(in.take_byte(), encode_state(State::ExchangeResults));
  EXPECT_EQ(in.take_frame(100).value(), "{}");
  EXPECT_EQ(in.take_byte(), encode_state(State::DisplayResults));
  EXPECT_EQ(in.buffered(), 0U);
}

TEST(ControlDecoderTest, ByteByByteEqualsAllAtOnce) {
  ControlDecoder in;
  const Bytes bytes = encode_frame(R"({"a":1})");
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    in.feed(ByteView(bytes).subspan(i, 1));
    EXPECT_EQ(in.take_frame(100).value(), std::nullopt);
  }
  in.feed(ByteView(bytes).last(1));
  EXPECT_EQ(in.take_frame(100).value(), R"({"a":1})");
}

TEST(ControlDecoderTest, ALengthAboveTheCapIsRefusedBeforeItsBytesCome) {
  ControlDecoder in;
  Bytes length;
  append_be32(length, 101);
  in.feed(length);
  EXPECT_EQ(in.take_frame(100).error().code, Errc::Limit);
}

TEST(ControlDecoderTest, TheGreatestLengthDoesNotWrap) {  // CVE-2023-38403
  ControlDecoder in;
  Bytes length;
  append_be32(length, 0xffffffff);
  in.feed(length);
  EXPECT_EQ(in.take_frame(8192).error().code, Errc::Limit);
}

TEST(ControlDecoderTest, AnEmptyDocumentIsRefused) {
  ControlDecoder in;
  in.feed(encode_frame(""));
  EXPECT_EQ(in.take_frame(100).error().code, Errc::Limit);
}

TEST(ControlDecoderTest, ACookieIsThirtySevenBytes) {
  ControlDecoder in;
  in.feed(Bytes(36, std::byte{'x'}));
  EXPECT_EQ(in.take_cookie(), std::nullopt);
  in.feed(Bytes(1, std::byte{0}));
  EXPECT_EQ(printable(in.take_cookie().value()), std::string(36, 'x'));
}

TEST(ServerErrorTest, IsTwoSignedBigEndianIntegers) {
  const ServerError error{110, -1};
  const Bytes bytes = encode_server_error(error);
  EXPECT_EQ(as_text(bytes), std::string("\0\0\0\x6e\xff\xff\xff\xff", 8));
  EXPECT_EQ(decode_server_error(bytes), error);
}

TEST(ServerErrorTest, SaysWhatTheNumbersMean) {
  EXPECT_EQ(describe({121, 0}), "the server is busy running a test. try again later (error 121)");
  EXPECT_EQ(describe({999, 0}), "error 999");
  EXPECT_EQ(describe({205, ECONNRESET}),
            "unable to write to stream socket (error 205): Connection reset by peer");
}

TEST(ServerErrorTest, ASentenceOfIperf3ComesFirstAndOnce) {
  EXPECT_EQ(with_sentence(27, "10 bits/s here"),
            "total required bandwidth is larger than server limit: 10 bits/s here");
  EXPECT_EQ(with_sentence(119, "the client has terminated: it closed"),
            "the client has terminated: it closed");
  EXPECT_EQ(with_sentence(999, "something else"), "something else");
}

TEST(ServerErrorTest, HasWordsForWhatOurServerSends) {
  for (const ErrorNumber number :
       {kErrorDatagramSize, kErrorListen, kErrorSetMss, kErrorThread, kErrorStreamAccept,
        kErrorStreamWrite, kErrorStreamRead, kErrorStreamId}) {
    EXPECT_NE(describe({number, 0}).find(" (error "), std::string::npos) << number;
  }
}

TEST(ServerErrorTest, TheSentenceTravelsAsADocument) {
  const std::string sentence = "connection 2: \"X\" is no role";
  EXPECT_EQ(decode_error_document(encode_error_document(sentence)).value(), sentence);
}

}  // namespace
}  // namespace rolecall::wire
