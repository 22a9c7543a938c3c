// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/packet.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace rolecall::link {
namespace {

constexpr std::size_t kFlagsAt = 13;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int v : values) bytes.push_back(static_cast<std::byte>(v));
  return bytes;
}

// A TCP header of 20 bytes and `options`, ports 40000 to 5201, sequence 7, acknowledging 9.
Bytes tcp(int flags, const Bytes& options = {}, std::string_view payload = {}) {
  Bytes bytes;
  append_be16(bytes, 40000);
  append_be16(bytes, 5201);
  append_be32(bytes, 7);
  append_be32(bytes, 9);
  append(bytes,
         bytes_of({static_cast<int>((20 + options.size()) / 4 << 4), flags, 1, 0, 0, 0, 0, 0}));
  append(bytes, options);
  append(bytes, as_bytes(payload));
  return bytes;
}

Bytes ipv4(const Bytes& payload, int protocol = 6) {
  Bytes bytes = bytes_of({0x45, 0});
  append_be16(bytes, static_cast<std::uint16_t>(20 + payload.size()));
  append(bytes, bytes_of({0, 0, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}));
  append(bytes, payload);
  return bytes;
}

Bytes ipv6(const Bytes& payload, int next = 6) {
  Bytes bytes = bytes_of({0x60, 0, 0, 0});
  append_be16(bytes, static_cast<std::uint16_t>(payload.size()));
  append(bytes, bytes_of({next, 64}));
  append(bytes, ip_address("fd00::1")->bytes);
  append(bytes, ip_address("fd00::2")->bytes);
  append(bytes, payload);
  return bytes;
}

TEST(PacketTest, ReadsTcpOverIpv4) {
  const auto segment = parse_tcp(ipv4(tcp(0x12, {}, "abc"))).value();
  EXPECT_EQ(text(segment.source), "10.0.0.1");
  EXPECT_EQ(text(segment.destination), "10.0.0.2");
  EXPECT_EQ(segment.source_port, 40000);
  EXPECT_EQ(segment.destination_port, 5201);
  EXPECT_EQ(segment.acknowledged, 9U);
  EXPECT_EQ(segment.payload, 3U);
  EXPECT_TRUE(segment.syn && segment.ack && !segment.fin && !segment.rst);
}

TEST(PacketTest, ReadsTcpOverIpv6) {
  const auto segment = parse_tcp(ipv6(tcp(0x01))).value();
  EXPECT_EQ(text(segment.source), "fd00::1");
  EXPECT_TRUE(segment.fin && !segment.ack);
}

TEST(PacketTest, ReadsTcpBehindIpv6ExtensionHeaders) {
  Bytes options = bytes_of({6, 0, 1, 4, 0, 0, 0, 0});
  append(options, tcp(0x04));
  EXPECT_TRUE(parse_tcp(ipv6(options, 60)).value().rst);
}

TEST(PacketTest, AnExtensionHeaderThatEndsBehindThePacketIsNotRead) {
  Bytes options = bytes_of({6, 255, 1, 4, 0, 0, 0, 0});
  append(options, tcp(0x04));
  EXPECT_FALSE(parse_tcp(ipv6(options, 60)).has_value());
}

TEST(PacketTest, ThePayloadOfASynBeginsBehindIt) {
  EXPECT_EQ(parse_tcp(ipv4(tcp(0x02))).value().payload_sequence(), 8U);
  EXPECT_EQ(parse_tcp(ipv4(tcp(0x10))).value().payload_sequence(), 7U);
}

TEST(PacketTest, PaddingBehindThePacketIsNoPayload) {
  Bytes packet = ipv4(tcp(0x10, {}, "abc"));
  append(packet, as_bytes("padding"));
  EXPECT_EQ(parse_tcp(packet).value().payload, 3U);
}

TEST(PacketTest, AnMptcpJoinIsToldFromAnMptcpConnection) {
  const Bytes join = bytes_of({1, 1, 30, 12, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const Bytes capable = bytes_of({30, 4, 0x01, 0});
  EXPECT_TRUE(parse_tcp(ipv4(tcp(0x02, join))).value().mptcp_join);
  EXPECT_FALSE(parse_tcp(ipv4(tcp(0x02, capable))).value().mptcp_join);
}

TEST(PacketTest, AnOptionThatEndsBehindTheHeaderIsIgnored) {
  EXPECT_FALSE(parse_tcp(ipv4(tcp(0x02, bytes_of({30, 40, 0x10, 0})))).value().mptcp_join);
  EXPECT_FALSE(parse_tcp(ipv4(tcp(0x02, bytes_of({30, 0, 0x10, 0})))).value().mptcp_join);
}

TEST(PacketTest, OtherProtocolsAreNotRead) {
  EXPECT_FALSE(parse_tcp(ipv4(tcp(0x10), 17)).has_value());
  EXPECT_FALSE(parse_tcp(ipv6(tcp(0x10), 58)).has_value());
}

TEST(PacketTest, FragmentsAreNotRead) {
  Bytes packet = ipv4(tcp(0x10));
  packet[6] = std::byte{0x20};
  EXPECT_FALSE(parse_tcp(packet).has_value());
  EXPECT_FALSE(parse_tcp(ipv6(tcp(0x10), 44)).has_value());
}

TEST(PacketTest, HeadersThatContradictTheLengthAreNotRead) {
  Bytes short_ip = ipv4(tcp(0x10));
  short_ip[0] = std::byte{0x44};
  Bytes long_ip = ipv4(tcp(0x10));
  long_ip[3] = std::byte{41};
  Bytes short_tcp = ipv4(tcp(0x10));
  short_tcp[20 + kFlagsAt - 1] = std::byte{0x40};
  Bytes long_tcp = ipv4(tcp(0x10));
  long_tcp[20 + kFlagsAt - 1] = std::byte{0x60};
  for (const Bytes& packet : {short_ip, long_ip, short_tcp, long_tcp})
    EXPECT_FALSE(parse_tcp(packet).has_value());
}

// Under AddressSanitizer a read behind the end ends the test.
TEST(PacketTest, APacketThatIsCutShortIsNotRead) {
  for (const Bytes& whole : {ipv4(tcp(0x12, {}, "abc")), ipv6(tcp(0x12, {}, "abc"))})
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(parse_tcp(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))));
}

TEST(PacketTest, AnyBytesGiveAViewThatStaysWithinThem) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    Bytes packet = i % 2 == 0 ? ipv4(tcp(0x02, bytes_of({30, 12, 0x10, 0}))) : ipv6(tcp(0x02), 60);
    for (int change = 0; change < 3; ++change)
      packet[random() % packet.size()] = static_cast<std::byte>(random());
    packet.resize(random() % (packet.size() + 1));
    packet.shrink_to_fit();
    if (const auto segment = parse_tcp(packet)) {
      ASSERT_LE(segment->payload, packet.size());
    }
  }
}

TEST(PacketTest, AnAddressIsReadFromItsText) {
  EXPECT_EQ(text(ip_address("10.0.0.1").value()), "10.0.0.1");
  EXPECT_EQ(text(ip_address("fd00::1").value()), "fd00::1");
  EXPECT_FALSE(ip_address("localhost").has_value());
}

// Ports 40000 to 5201.
Bytes udp(std::string_view payload) {
  Bytes bytes;
  append_be16(bytes, 40000);
  append_be16(bytes, 5201);
  append_be16(bytes, static_cast<std::uint16_t>(8 + payload.size()));
  append_be16(bytes, 0);
  append(bytes, as_bytes(payload));
  return bytes;
}

TEST(PacketTest, ReadsUdpOverBothVersions) {
  const Bytes four = ipv4(udp("6789"), 17);
  const auto datagram = parse_udp(four).value();
  EXPECT_EQ(text(datagram.source), "10.0.0.1");
  EXPECT_EQ(datagram.source_port, 40000);
  EXPECT_EQ(datagram.destination_port, 5201);
  EXPECT_EQ(as_text(datagram.payload), "6789");
  const Bytes six = ipv6(udp(""), 17);
  EXPECT_EQ(text(parse_udp(six).value().destination), "fd00::2");
  EXPECT_TRUE(parse_udp(six).value().payload.empty());
}

TEST(PacketTest, ReadsNoUdpInTcpOrInHalfAHeader) {
  EXPECT_FALSE(parse_udp(ipv4(tcp(0x10))).has_value());
  EXPECT_FALSE(parse_udp(ipv4(Bytes(7), 17)).has_value());
  EXPECT_FALSE(parse_udp({}).has_value());
}

}  // namespace
}  // namespace rolecall::link
