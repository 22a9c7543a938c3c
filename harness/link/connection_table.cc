// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/connection_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rolecall::link {
namespace {

constexpr std::uint32_t kCookieBytes = 37;
constexpr std::size_t kMaxOpening = 64;      // bytes; with the role flag a connect datagram has 44
constexpr std::size_t kMaxTracked = 65'536;  // about 10 MB; a SYN flood must not take the machine

// `position` lies at or behind `from` in sequence space, which wraps.
bool reaches(std::uint32_t position, std::uint32_t from) {
  return position - from < 0x8000'0000U;
}

std::uint64_t word(const IpAddress& address, std::size_t offset) {
  std::uint64_t value = 0;
  std::memcpy(&value, address.bytes.data() + offset, sizeof value);
  return value;
}

template <class Kind>
std::uint8_t bit(Kind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}

// The kinds of a segment from the client, whose payload begins at `first_byte`.
std::uint8_t client_kinds(const TcpSegment& segment, std::uint32_t first_byte) {
  std::uint8_t kinds = bit(segment.syn ? PacketKind::Syn : PacketKind::Ack);
  const std::uint32_t begin = segment.payload_sequence();
  const bool carries_cookie = segment.payload > 0 &&
                              reaches(begin + segment.payload - 1, first_byte) &&
                              !reaches(begin, first_byte + kCookieBytes);
  return carries_cookie ? static_cast<std::uint8_t>(kinds | bit(PacketKind::Cookie)) : kinds;
}

}  // namespace

std::size_t ConnectionTable::KeyHash::operator()(const Key& key) const {
  std::uint64_t hash = key.client_port | (key.is_udp ? 0x10000U : 0U);
  for (const std::uint64_t part :
       {word(key.client, 0), word(key.client, 8), word(key.server, 0), word(key.server, 8)})
    hash = (hash ^ part) * 0x9e37'79b9'7f4a'7c15U;
  return hash ^ hash >> 32;
}

ConnectionTable::ConnectionTable(std::uint16_t server_port, const std::vector<IpAddress>& clients)
    : server_port_(server_port) {
  for (const IpAddress& address : clients) clients_.emplace_back().address = address;
}

std::optional<Sighting> ConnectionTable::see(Direction direction, const TcpSegment& segment,
                                             TimePoint now) {
  const bool to_server = direction == Direction::ToServer;
  const auto key = key_of(direction, segment, false);
  const Flow* const flow = key ? find(*key, direction, segment, now) : nullptr;
  if (flow == nullptr) return std::nullopt;

  Sighting sighting;
  sighting.connection = flow->connection;
  sighting.number = connections_[flow->connection].number;
  if (to_server) {
    sighting.kinds = client_kinds(segment, flow->first_byte);
    const std::uint32_t end = segment.payload_sequence() + segment.payload;
    if (segment.syn) mark(sighting, EventKind::Syn, now);
    if (segment.payload > 0 && reaches(end, flow->first_byte + kCookieBytes))
      mark(sighting, EventKind::CookieSent, now);
  } else {
    ConnectionLog& log = connections_[flow->connection];
    if (log.role == ConnectionRole::Control && segment.payload > 0 &&
        log.server_messages.size() < kMaxMessages)
      log.server_messages.push_back(now);
    if (segment.syn && segment.ack) {
      sighting.kinds = bit(PacketKind::SynAck);
      mark(sighting, EventKind::SynAck, now);
    }
    if (segment.ack && !segment.rst &&
        reaches(segment.acknowledged, flow->first_byte + kCookieBytes))
      mark(sighting,
           connections_[flow->connection].role == ConnectionRole::Stranger
               ? EventKind::StrangerAcknowledged
               : EventKind::CookieAcknowledged,
           now);
  }
  if (segment.fin || segment.rst) end(flow->connection, now);
  return sighting;
}

std::optional<Sighting> ConnectionTable::see(Direction direction, const UdpDatagram& datagram,
                                             TimePoint now) {
  const auto key = key_of(direction, datagram, true);
  Flow* const flow = key ? find_stream(*key, direction) : nullptr;
  if (flow == nullptr) return std::nullopt;
  ConnectionLog& log = connections_[flow->connection];
  Sighting sighting{.connection = flow->connection, .number = log.number};
  const ByteView head = datagram.payload.first(std::min(datagram.payload.size(), kMaxOpening));
  std::optional<Bytes>& opening = flow->opening[direction];
  if (!opening) opening.emplace(head.begin(), head.end());
  if (std::ranges::equal(*opening, head)) return sighting;

  DatagramCount& count = log.datagrams[direction];
  count.bytes += datagram.payload.size();
  sighting.datagram = ++count.packets;
  sighting.kinds = bit(PacketKind::Datagram);
  mark(sighting, EventKind::Datagram, now);
  sighting.events = bit(EventKind::Datagram);  // each is one of its own
  return sighting;
}

// Nothing when the packet is not of the server port.
template <class Packet>
std::optional<ConnectionTable::Key> ConnectionTable::key_of(Direction direction,
                                                            const Packet& packet,
                                                            bool is_udp) const {
  const bool to_server = direction == Direction::ToServer;
  if ((to_server ? packet.destination_port : packet.source_port) != server_port_)
    return std::nullopt;
  return to_server ? Key{packet.source, packet.destination, packet.source_port, is_udp}
                   : Key{packet.destination, packet.source, packet.destination_port, is_udp};
}

ConnectionTable::Flow* ConnectionTable::find(const Key& key, Direction direction,
                                             const TcpSegment& segment, TimePoint now) {
  const bool opens =
      direction == Direction::ToServer && segment.syn && !segment.ack && !segment.rst;
  if (!opens && last_key_ != nullptr && *last_key_ == key) return last_flow_;
  const auto it = flows_.find(key);
  const Flow fresh{.first_byte = segment.sequence + 1};
  if (it == flows_.end()) return opens ? open(key, fresh, segment.mptcp_join) : nullptr;
  if (opens && it->second.first_byte != fresh.first_byte) {
    end(it->second.connection, now);  // the client has forgotten it, or it would not use its port
    return open(key, fresh, segment.mptcp_join);
  }
  last_key_ = &it->first;
  last_flow_ = &it->second;
  return last_flow_;
}

// A port that the client of a later test uses again is a new stream.
ConnectionTable::Flow* ConnectionTable::find_stream(const Key& key, Direction direction) {
  const Client* const client = client_at(key.client);
  const auto it = flows_.find(key);
  const bool is_known =
      it != flows_.end() &&
      (client == nullptr || connections_[it->second.connection].test == client->test);
  if (is_known) return &it->second;
  const bool has_test = client == nullptr || client->control.has_value();
  return direction == Direction::ToServer && has_test ? open(key, {}, false) : nullptr;
}

ConnectionTable::Flow* ConnectionTable::open(const Key& key, Flow flow, bool is_join) {
  if (connections_.size() >= kMaxTracked) {
    ++untracked_;
    return nullptr;
  }
  ConnectionLog connection;
  connection.client = key.client;
  connection.client_port = key.client_port;
  classify(key, is_join, connection);
  flow.connection = connections_.size();
  connections_.push_back(connection);
  return &(flows_[key] = std::move(flow));
}

ConnectionTable::Client* ConnectionTable::client_at(const IpAddress& address) {
  const auto it = std::ranges::find(clients_, address, &Client::address);
  return it == clients_.end() ? nullptr : &*it;
}

void ConnectionTable::classify(const Key& key, bool is_join, ConnectionLog& connection) {
  Client* const client = client_at(key.client);
  connection.test = client == nullptr ? 0 : client->test;
  if (is_join) {
    connection.role = ConnectionRole::MptcpJoin;
  } else if (client == nullptr) {
    connection.role = ConnectionRole::Stranger;
  } else if (!client->control) {
    *client = {.address = client->address, .control = connections_.size(), .test = ++tests_};
    connection.role = ConnectionRole::Control;
    connection.test = client->test;
  } else {
    connection.number = ++client->streams;
  }
}

void ConnectionTable::mark(Sighting& sighting, EventKind kind, TimePoint now) {
  const auto index = static_cast<std::size_t>(kind);
  auto& seen = connections_[sighting.connection].first_seen[index];
  if (seen) return;
  seen = now;
  sighting.events = static_cast<std::uint8_t>(sighting.events | 1U << index);
}

void ConnectionTable::end(std::size_t connection, TimePoint now) {
  if (connections_[connection].ended) return;
  connections_[connection].ended = now;
  for (Client& client : clients_)
    if (client.control == connection) client.control.reset();
}

}  // namespace rolecall::link
