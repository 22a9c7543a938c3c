// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/datagram.h"

#include <algorithm>
#include <array>

#include "harness/base/check.h"

namespace rolecall::wire {
namespace {

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kSecond = 1'000'000'000;

using Word = std::array<std::byte, 4>;

constexpr Word word(unsigned a, unsigned b, unsigned c, unsigned d) {
  return {std::byte(a), std::byte(b), std::byte(c), std::byte(d)};
}

constexpr Word kConnect = word('9', '8', '7', '6');
// UDP_CONNECT_MSG of any release: up to 3.11 the number 123456789, and what big-endian hosts send.
constexpr Word kConnects[] = {kConnect, word(0x15, 0xcd, 0x5b, 0x07), word(0x07, 0x5b, 0xcd, 0x15),
                              word('6', '7', '8', '9')};
// UDP_CONNECT_REPLY, and LEGACY_UDP_CONNECT_REPLY (987654321) of either byte order.
constexpr Word kReply = word('6', '7', '8', '9');
constexpr Word kReplies[] = {kReply, word(0xb1, 0x68, 0xde, 0x3a), word(0x3a, 0xde, 0x68, 0xb1)};

bool begins_with(ByteView bytes, const Word& word) {
  return bytes.size() >= word.size() && std::ranges::equal(bytes.first(word.size()), word);
}

void put_big_endian(std::span<std::byte> into, std::uint64_t value) {
  for (std::size_t i = into.size(); i > 0; value >>= 8) into[--i] = std::byte(value & 0xff);
}

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::byte b : bytes) value = value << 8 | std::to_integer<std::uint64_t>(b);
  return value;
}

}  // namespace

void encode_datagram_header(const DatagramHeader& header, Counter counter,
                            std::span<std::byte> into) {
  CHECK(into.size() >= datagram_header_size(counter));
  put_big_endian(into.first(4), static_cast<std::uint64_t>(header.sent.ns / kSecond));
  put_big_endian(into.subspan(4, 4),
                 static_cast<std::uint64_t>(header.sent.ns % kSecond / kMicrosecond));
  put_big_endian(into.subspan(8, counter == Counter::Wide ? 8 : 4), header.sequence);
}

std::optional<DatagramHeader> decode_datagram_header(ByteView datagram, Counter counter) {
  if (datagram.size() < datagram_header_size(counter)) return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(big_endian(datagram.first(4)));
  const auto micros = static_cast<std::int64_t>(big_endian(datagram.subspan(4, 4)));
  return DatagramHeader{TimePoint{seconds * kSecond + micros * kMicrosecond},
                        big_endian(datagram.subspan(8, counter == Counter::Wide ? 8 : 4))};
}

Bytes encode_connect(ByteView stream_header) {
  Bytes datagram(kConnect.begin(), kConnect.end());
  append(datagram, stream_header);
  return datagram;
}

bool is_connect(ByteView datagram) {
  return begins_with(datagram, kConnect);
}

bool is_connect_of_any_release(ByteView datagram) {
  return std::ranges::any_of(kConnects,
                             [&](const Word& connect) { return begins_with(datagram, connect); });
}

std::optional<ByteView> flagged_connect(ByteView datagram, std::size_t header_bytes) {
  const bool is_one = is_connect(datagram) && datagram.size() == kConnect.size() + header_bytes;
  return is_one ? std::optional(datagram.subspan(kConnect.size())) : std::nullopt;
}

Bytes encode_connect_reply() {
  return {kReply.begin(), kReply.end()};
}

bool is_connect_reply(ByteView datagram) {
  return std::ranges::any_of(kReplies,
                             [&](const Word& reply) { return begins_with(datagram, reply); });
}

}  // namespace rolecall::wire
