// SPDX-License-Identifier: BSD-3-Clause
// UDP tests: the header of a data datagram, and the datagrams that open a stream.
// iperf_udp.c iperf_udp_send()/_recv()/_connect()/_accept(), 3.22.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "harness/base/bytes.h"
#include "harness/base/time.h"

namespace rolecall::wire {

// Both layouts fit into 16 bytes, the least that -l may be (MIN_UDP_BLOCKSIZE).
inline constexpr std::int64_t kLeastDatagram = 16;
inline constexpr std::int64_t kMostDatagram = 65507;

// --- data ---

// --udp-counters-64bit makes the sequence number Wide. Nothing on the wire tells which it is.
enum class Counter : std::uint8_t { Narrow, Wide };

struct DatagramHeader {
  TimePoint sent;              // by the sender's clock, to the microsecond; only differences count
  std::uint64_t sequence = 0;  // from 1, each stream and sender; Narrow keeps 32 bits
};

constexpr std::size_t datagram_header_size(Counter counter) {
  return counter == Counter::Wide ? 16 : 12;
}

// REQUIRES: `into` has datagram_header_size() bytes.
void encode_datagram_header(const DatagramHeader& header, Counter counter,
                            std::span<std::byte> into);
// None when `datagram` is shorter than a header.
std::optional<DatagramHeader> decode_datagram_header(ByteView datagram, Counter counter);

// --- the connect exchange ---

// "9876", the client's first word on a stream; a server takes any datagram for it. With the role
// flag at level 2 the stream's header (cookie, preamble) follows it.
Bytes encode_connect(ByteView stream_header);
// Of any release since 3.12, flagged or not.
bool is_connect(ByteView datagram);
// Of any release on any host.
bool is_connect_of_any_release(ByteView datagram);
// Whether a flagged client's connect datagram, of a header of so many bytes; its header.
std::optional<ByteView> flagged_connect(ByteView datagram, std::size_t header_bytes);

// "6789", the server's answer.
Bytes encode_connect_reply();
// What answers a connect datagram: "6789", or what releases up to 3.11 say, in either byte order.
bool is_connect_reply(ByteView datagram);

}  // namespace rolecall::wire
