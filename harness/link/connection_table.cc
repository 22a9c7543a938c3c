// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/connection_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rolecall::link {
namespace {

constexpr std::uint32_t kCookieBytes = 37;
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

std::uint8_t bit(PacketKind kind) {
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
  std::uint64_t hash = key.client_port;
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
  if ((to_server ? segment.destination_port : segment.source_port) != server_port_)
    return std::nullopt;
  const Key key = to_server ? Key{segment.source, segment.destination, segment.source_port}
                            : Key{segment.destination, segment.source, segment.destination_port};
  const Flow* const flow = find(key, direction, segment, now);
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

ConnectionTable::Flow* ConnectionTable::find(const Key& key, Direction direction,
                                             const TcpSegment& segment, TimePoint now) {
  const bool opens =
      direction == Direction::ToServer && segment.syn && !segment.ack && !segment.rst;
  if (!opens && last_key_ != nullptr && *last_key_ == key) return last_flow_;
  const auto it = flows_.find(key);
  if (it == flows_.end()) return opens ? open(key, segment) : nullptr;
  if (opens && it->second.first_byte != segment.sequence + 1) {
    end(it->second.connection, now);  // the client has forgotten it, or it would not use its port
    return open(key, segment);
  }
  last_key_ = &it->first;
  last_flow_ = &it->second;
  return last_flow_;
}

ConnectionTable::Flow* ConnectionTable::open(const Key& key, const TcpSegment& syn) {
  if (connections_.size() >= kMaxTracked) {
    ++untracked_;
    return nullptr;
  }
  ConnectionLog connection;
  connection.client = key.client;
  connection.client_port = key.client_port;
  classify(syn, connection);
  connections_.push_back(connection);
  Flow& flow = flows_[key];
  flow = {.connection = connections_.size() - 1, .first_byte = syn.sequence + 1};
  return &flow;
}

void ConnectionTable::classify(const TcpSegment& syn, ConnectionLog& connection) {
  const auto client = std::find_if(clients_.begin(), clients_.end(),
                                   [&](const Client& c) { return c.address == syn.source; });
  connection.test = client == clients_.end() ? 0 : client->test;
  if (syn.mptcp_join) {
    connection.role = ConnectionRole::MptcpJoin;
  } else if (client == clients_.end()) {
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
