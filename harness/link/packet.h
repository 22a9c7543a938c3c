// SPDX-License-Identifier: BSD-3-Clause
// One IP packet as a TUN device gives it, read as far as the link needs it. Pure and total: any
// bytes give a view or nothing, and nothing behind their end is ever read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "harness/base/bytes.h"

namespace rolecall::link {

// An IPv4 address as IPv6 writes it (::ffff:a.b.c.d), or an IPv6 one.
struct IpAddress {
  std::array<std::byte, 16> bytes{};
  auto operator<=>(const IpAddress&) const = default;
};

// "10.0.0.1", "fd00::1".
std::string text(const IpAddress& address);
bool is_ipv4(const IpAddress& address);
// From its text. Nothing when it is none.
std::optional<IpAddress> ip_address(const char* text);

struct TcpSegment {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;  // of the SYN where there is one, else of the first payload byte
  std::uint32_t acknowledged = 0;
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
  bool mptcp_join = false;    // MP_JOIN (RFC 8684): a further subflow of a connection that stands
  std::uint32_t payload = 0;  // bytes

  // The sequence number of the first payload byte.
  std::uint32_t payload_sequence() const { return sequence + (syn ? 1 : 0); }
};

// The TCP segment in `packet`: IPv4, or IPv6 with extension headers. Nothing for another protocol,
// a fragment, or headers that are cut short or contradict the packet's length.
std::optional<TcpSegment> parse_tcp(ByteView packet);

struct UdpDatagram {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  ByteView payload;  // lives as long as the packet
};

// The UDP datagram in `packet`, on the terms of parse_tcp().
std::optional<UdpDatagram> parse_udp(ByteView packet);

}  // namespace rolecall::link
