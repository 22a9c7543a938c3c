// SPDX-License-Identifier: BSD-3-Clause
// Which connection a packet belongs to, and what it is to the rules. Client order is the order of
// SYNs: iperf_client_api.c iperf_create_streams() connects one stream after the other, after the
// control connection; of UDP streams it is that of their first datagrams. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "harness/base/time.h"
#include "harness/link/direction.h"
#include "harness/link/link_log.h"
#include "harness/link/packet.h"

namespace rolecall::link {

// What one packet is: whose, which kinds of packet at once, and which events it is the first of.
struct Sighting {
  std::size_t connection = 0;  // index into connections()
  int number = 0;              // of a stream, else 0: no rule is about it
  std::uint8_t kinds = 0;      // bit 1 << PacketKind
  std::uint8_t events = 0;     // bit 1 << EventKind

  std::uint64_t datagram = 0;  // its place among those that its end of the stream sends; 0: none

  bool is(PacketKind kind) const { return (kinds >> static_cast<unsigned>(kind) & 1) != 0; }
  bool begins(EventKind kind) const { return (events >> static_cast<unsigned>(kind) & 1) != 0; }
  bool begins(const Event& event) const {
    return begins(event.kind) && number == event.connection &&
           (event.datagram == 0 || datagram == static_cast<std::uint64_t>(event.datagram));
  }
  // Whether it is of those that the rule is about.
  bool is_meant_by(const Rule& rule) const {
    if (number == 0 || number != rule.connection || !is(rule.packet)) return false;
    const auto first = static_cast<std::uint64_t>(rule.datagram);
    return first == 0 ||
           (first <= datagram && datagram < first + static_cast<std::uint64_t>(rule.times));
  }
};

// Follows the connections to one server port. A SYN that is seen again keeps its number; one from
// the same port with another sequence number is a new connection.
class ConnectionTable {
 public:
  // `clients`: the client's own addresses, one numbering each. All others are strangers'. From one
  // address one test at a time: a second control connection meanwhile is taken for a stream.
  ConnectionTable(std::uint16_t server_port, const std::vector<IpAddress>& clients);

  // What `segment`, which arrived `now`, is. Nothing when it is not of the server port, or of a
  // connection whose SYN was not seen or that the table has no room for.
  std::optional<Sighting> see(Direction direction, const TcpSegment& segment, TimePoint now);
  // The same of a datagram. What comes from a further port of a client whose control connection
  // stands opens a stream. The first datagram of each end belongs to the exchange that does so
  // (iperf_udp.c iperf_udp_connect(), iperf_udp_accept()), and so does every copy of it.
  std::optional<Sighting> see(Direction direction, const UdpDatagram& datagram, TimePoint now);

  const std::vector<ConnectionLog>& connections() const { return connections_; }
  std::uint64_t untracked() const { return untracked_; }

 private:
  struct Key {
    IpAddress client;
    IpAddress server;
    std::uint16_t client_port = 0;
    bool is_udp = false;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Flow {
    std::size_t connection = 0;
    std::uint32_t first_byte = 0;  // TCP: the client's sequence number behind its SYN
    PerDirection<std::optional<Bytes>> opening{};  // UDP: the first datagram, as far as it is kept
  };
  // The numbering of one client address.
  struct Client {
    IpAddress address;
    std::optional<std::size_t> control;  // connection; nothing where none stands
    int streams = 0;
    int test = 0;
  };

  template <class Packet>
  std::optional<Key> key_of(Direction direction, const Packet& packet, bool is_udp) const;
  Flow* find(const Key& key, Direction direction, const TcpSegment& segment, TimePoint now);
  Flow* find_stream(const Key& key, Direction direction);
  Flow* open(const Key& key, Flow flow, bool is_join);
  Client* client_at(const IpAddress& address);
  void classify(const Key& key, bool is_join, ConnectionLog& connection);
  void mark(Sighting& sighting, EventKind kind, TimePoint now);
  void end(std::size_t connection, TimePoint now);

  std::uint16_t server_port_;
  std::vector<Client> clients_;
  int tests_ = 0;
  std::vector<ConnectionLog> connections_;
  std::uint64_t untracked_ = 0;
  std::unordered_map<Key, Flow, KeyHash> flows_;
  // The flow of the last segment: most segments are of the same one. References into the map stay.
  const Key* last_key_ = nullptr;
  Flow* last_flow_ = nullptr;
};

}  // namespace rolecall::link
