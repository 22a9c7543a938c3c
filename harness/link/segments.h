// SPDX-License-Identifier: BSD-3-Clause
// For tests: the packets of connections and streams to port 5201, by name, and a table that sees
// them.
#pragma once

#include "harness/link/connection_table.h"
#include "harness/link/link.h"

namespace rolecall::link {

// What both ends of one connection send. The client's cookie begins behind its SYN.
struct ScriptedConnection {
  std::uint16_t port = 0;
  std::uint32_t initial = 1000;  // the client's first sequence number
  const char* client = kClientAddress;

  TcpSegment from_client() const {
    TcpSegment s;
    s.source = *ip_address(client);
    s.destination = *ip_address(kServerAddress);
    s.source_port = port;
    s.destination_port = 5201;
    s.sequence = initial + 1;
    s.ack = true;
    return s;
  }
  TcpSegment from_server() const {
    TcpSegment s = from_client();
    std::swap(s.source, s.destination);
    std::swap(s.source_port, s.destination_port);
    s.acknowledged = initial + 1;
    return s;
  }
  TcpSegment syn() const {
    TcpSegment s = from_client();
    s.sequence = initial;
    s.syn = true;
    s.ack = false;
    return s;
  }
  TcpSegment syn_ack() const {
    TcpSegment s = from_server();
    s.syn = true;
    return s;
  }
  TcpSegment third() const { return from_client(); }
  // `bytes` of payload from the `offset`-th of the connection on.
  TcpSegment data(std::uint32_t offset, std::uint32_t bytes) const {
    TcpSegment s = from_client();
    s.sequence += offset;
    s.payload = bytes;
    return s;
  }
  TcpSegment cookie() const { return data(0, 37); }
  TcpSegment acknowledge(std::uint32_t bytes) const {
    TcpSegment s = from_server();
    s.acknowledged += bytes;
    return s;
  }
  TcpSegment fin() const {
    TcpSegment s = from_client();
    s.fin = true;
    return s;
  }
};

// What both ends of one UDP stream send. The views live as long as the text that they are given.
struct ScriptedStream {
  std::uint16_t port = 0;
  const char* client = kClientAddress;

  UdpDatagram from_client(std::string_view payload) const {
    return {.source = *ip_address(client),
            .destination = *ip_address(kServerAddress),
            .source_port = port,
            .destination_port = 5201,
            .payload = as_bytes(payload)};
  }
  UdpDatagram from_server(std::string_view payload) const {
    UdpDatagram d = from_client(payload);
    std::swap(d.source, d.destination);
    std::swap(d.source_port, d.destination_port);
    return d;
  }
};

template <class Packet>
Direction direction_of(const Packet& packet) {
  return packet.destination_port == 5201 ? Direction::ToServer : Direction::ToClient;
}

inline ConnectionTable table_of_port_5201() {
  return {5201, {*ip_address(kClientAddress), *ip_address(kClientAddressIpv6)}};
}

}  // namespace rolecall::link
