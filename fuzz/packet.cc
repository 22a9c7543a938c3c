// SPDX-License-Identifier: BSD-3-Clause
// Any bytes are a TCP segment, a UDP datagram or neither, and nothing is read behind the end of
// what the headers announce: what follows it changes nothing. Input: one IP packet.
#include "harness/link/packet.h"

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;
using namespace rolecall::link;

static void check_address(const IpAddress& address) {
  CHECK(ip_address(text(address).c_str()) == address);
}

static void check_datagram(ByteView packet, ByteView longer) {
  const auto datagram = parse_udp(packet);
  if (!datagram) return;
  CHECK(!parse_tcp(packet));
  CHECK(datagram->payload.size() + 28 <= packet.size());
  const auto same = parse_udp(longer);
  CHECK(same && as_text(same->payload) == as_text(datagram->payload));
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView packet = fuzz::bytes(data, size);
  Bytes longer(packet.begin(), packet.end());
  longer.resize(packet.size() + 64, std::byte{0x1e});
  check_datagram(packet, longer);
  const auto segment = parse_tcp(packet);
  if (!segment) return 0;
  CHECK(segment->payload + 40 <= packet.size());
  CHECK(!segment->mptcp_join || segment->syn);
  check_address(segment->source);
  check_address(segment->destination);
  const auto same = parse_tcp(longer);
  CHECK(same && same->payload == segment->payload && same->mptcp_join == segment->mptcp_join);
  CHECK(same->sequence == segment->sequence && same->acknowledged == segment->acknowledged);
  return 0;
}
