// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace rolecall::link {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kUdpHeader = 8;
constexpr std::array<std::byte, 12> kMappedPrefix = {
    {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};

unsigned at(ByteView bytes, std::size_t i) {
  return std::to_integer<unsigned>(bytes[i]);
}

IpAddress mapped(ByteView four) {
  IpAddress address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  std::copy_n(four.begin(), 4, address.bytes.begin() + kMappedPrefix.size());
  return address;
}

IpAddress plain(ByteView sixteen) {
  IpAddress address;
  std::copy_n(sixteen.begin(), 16, address.bytes.begin());
  return address;
}

bool is_extension(unsigned protocol) {
  return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS;
}

struct Addresses {
  IpAddress source;
  IpAddress destination;
};

// What IPv4 carries of `protocol`, with the addresses; empty when it carries none.
ByteView ipv4_payload(ByteView packet, unsigned protocol, Addresses& addresses) {
  if (packet.size() < kIpv4Header) return {};
  const std::size_t header = (at(packet, 0) & 0xf) * 4;
  const std::size_t total = be16(packet, 2);
  const bool fragment = (be16(packet, 6) & 0x3fff) != 0;  // more to come, or not at the beginning
  if (header < kIpv4Header || total < header || total > packet.size() || fragment ||
      at(packet, 9) != protocol)
    return {};
  addresses = {mapped(packet.subspan(12)), mapped(packet.subspan(16))};
  return packet.subspan(header, total - header);
}

ByteView ipv6_payload(ByteView packet, unsigned wanted, Addresses& addresses) {
  if (packet.size() < kIpv6Header) return {};
  const std::size_t length = be16(packet, 4);
  if (length > packet.size() - kIpv6Header) return {};
  addresses = {plain(packet.subspan(8)), plain(packet.subspan(24))};
  unsigned protocol = at(packet, 6);
  ByteView rest = packet.subspan(kIpv6Header, length);
  while (is_extension(protocol)) {
    if (rest.size() < 2) return {};
    const std::size_t size = (at(rest, 1) + 1) * 8;
    if (size > rest.size()) return {};
    protocol = at(rest, 0);
    rest = rest.subspan(size);
  }
  return protocol == wanted ? rest : ByteView{};
}

ByteView ip_payload(ByteView packet, unsigned protocol, Addresses& addresses) {
  const unsigned version = packet.empty() ? 0 : at(packet, 0) >> 4;
  if (version == 4) return ipv4_payload(packet, protocol, addresses);
  return version == 6 ? ipv6_payload(packet, protocol, addresses) : ByteView{};
}

bool has_mptcp_join(ByteView options) {
  constexpr unsigned kEnd = 0;
  constexpr unsigned kNoOperation = 1;
  constexpr unsigned kMptcp = 30;
  constexpr unsigned kJoin = 1;
  while (!options.empty() && at(options, 0) != kEnd) {
    if (at(options, 0) == kNoOperation) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return false;
    const std::size_t size = at(options, 1);
    if (size < 2 || size > options.size()) return false;
    if (at(options, 0) == kMptcp && size > 2 && at(options, 2) >> 4 == kJoin) return true;
    options = options.subspan(size);
  }
  return false;
}

}  // namespace

bool is_ipv4(const IpAddress& address) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
}

std::string text(const IpAddress& address) {
  const bool is_v4 = is_ipv4(address);
  char buffer[INET6_ADDRSTRLEN] = "?";
  ::inet_ntop(is_v4 ? AF_INET : AF_INET6, address.bytes.data() + (is_v4 ? kMappedPrefix.size() : 0),
              buffer, sizeof buffer);
  return buffer;
}

std::optional<IpAddress> ip_address(const char* text) {
  std::array<std::byte, 16> bytes{};
  if (::inet_pton(AF_INET6, text, bytes.data()) == 1) return IpAddress{bytes};
  if (::inet_pton(AF_INET, text, bytes.data()) == 1) return mapped(bytes);
  return std::nullopt;
}

std::optional<TcpSegment> parse_tcp(ByteView packet) {
  TcpSegment segment;
  Addresses addresses;
  const ByteView tcp = ip_payload(packet, IPPROTO_TCP, addresses);
  if (tcp.size() < kTcpHeader) return std::nullopt;
  const std::size_t header = (at(tcp, 12) >> 4) * 4;
  if (header < kTcpHeader || header > tcp.size()) return std::nullopt;
  const unsigned flags = at(tcp, 13);
  segment.source = addresses.source;
  segment.destination = addresses.destination;
  segment.source_port = be16(tcp, 0);
  segment.destination_port = be16(tcp, 2);
  segment.sequence = be32(tcp, 4);
  segment.acknowledged = be32(tcp, 8);
  segment.fin = (flags & 0x01) != 0;
  segment.syn = (flags & 0x02) != 0;
  segment.rst = (flags & 0x04) != 0;
  segment.ack = (flags & 0x10) != 0;
  segment.payload = static_cast<std::uint32_t>(tcp.size() - header);
  segment.mptcp_join = segment.syn && has_mptcp_join(tcp.subspan(kTcpHeader, header - kTcpHeader));
  return segment;
}

std::optional<UdpDatagram> parse_udp(ByteView packet) {
  Addresses addresses;
  const ByteView udp = ip_payload(packet, IPPROTO_UDP, addresses);
  if (udp.size() < kUdpHeader) return std::nullopt;
  return UdpDatagram{.source = addresses.source,
                     .destination = addresses.destination,
                     .source_port = be16(udp, 0),
                     .destination_port = be16(udp, 2),
                     .payload = udp.subspan(kUdpHeader)};
}

}  // namespace rolecall::link
