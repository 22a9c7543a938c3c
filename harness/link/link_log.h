// SPDX-License-Identifier: BSD-3-Clause
// What a link saw and did: each connection with its place in client order and the time of its
// events, each packet that a rule touched, what became of each rule, and counters.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/error.h"
#include "harness/base/time.h"
#include "harness/link/direction.h"
#include "harness/link/packet.h"
#include "harness/schedule/rule.h"

namespace rolecall::link {

// What a connection to the server port is, told at its SYN.
enum class ConnectionRole {
  Control,    // the client's first one, and the first one after such a one has ended
  Stream,     // every later one of that client, until its control connection ends
  MptcpJoin,  // a further subflow of a connection that stands; it has no number
  Stranger,   // from another address than the client's own; it has no number
};

const char* name(ConnectionRole role);  // "control", "stream", "join", "stranger"

// The events of EventKind, indexed by it.
inline constexpr std::size_t kEventKinds = 6;

inline constexpr std::size_t kMaxMessages = 64;

// Datagrams of a UDP stream that one end has sent, behind the exchange that opens it.
struct DatagramCount {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // of payload
};

// A TCP connection, or a UDP stream: that has datagrams, and of all events theirs alone.
struct ConnectionLog {
  ConnectionRole role = ConnectionRole::Stream;
  int test = 0;    // control connections so far, this one's own included; 0 for a stranger
  int number = 0;  // stream: place in client order, from 1; else 0
  IpAddress client;
  std::uint16_t client_port = 0;
  std::array<std::optional<TimePoint>, kEventKinds> first_seen;  // by EventKind, on arrival
  std::optional<TimePoint> ended;  // the first FIN or RST of either end
  PerDirection<DatagramCount> datagrams;
  // Control: when the server's first messages were seen, at most kMaxMessages.
  std::vector<TimePoint> server_messages;

  std::optional<TimePoint> when(EventKind kind) const {
    return first_seen.at(static_cast<std::size_t>(kind));
  }
};

enum class PacketFate { Held, Released, Dropped, Duplicated, Delayed };

const char* name(PacketFate fate);  // "held", "released", ...

// One packet that a rule touched, when it did.
struct PacketAction {
  TimePoint at;
  PacketFate fate = PacketFate::Held;
  std::size_t rule = 0;        // index into LinkLog::rules
  std::size_t connection = 0;  // index into LinkLog::connections
};

struct RuleLog {
  Rule rule;
  int packets = 0;                          // held, delayed, dropped or duplicated by it
  std::optional<TimePoint> event_came;      // Hold: when what it waits for was seen
  std::optional<TimePoint> limit_ended_it;  // Hold: when its limit let the packets go instead
  bool holding_at_stop = false;             // Hold: packets were lost with the link
  Duration hold_limit;

  // Nothing is amiss: it touched as many packets as it says; a hold ended by its event, or its
  // event had come before there was anything to hold.
  bool is_fulfilled() const;
  // One sentence that begins with the rule: "hold ack 1 until cookie 2 acknowledged: ...".
  std::string text() const;
};

// What became of the stranger that the link itself brought.
struct StrangerLog {
  Event after;
  bool came = false;                      // the event came, and he began to connect
  std::optional<TimePoint> acknowledged;  // his cookie: from then on he is in the queue
  Bytes answer;                           // the first bytes that the server sent him
  bool closed = false;                    // the connection has ended
  std::optional<Error> failure;           // it ended, or never stood, for this reason

  bool is_fulfilled() const { return acknowledged.has_value(); }
  // One sentence: "stranger after cookie 1 acknowledged: queued, answered 0xff, closed".
  std::string text() const;
};

struct TrafficCount {
  std::uint64_t packets = 0;  // that arrived from the sender
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;        // at random
  std::uint64_t overflowed = 0;  // lost because the forwarder did not keep up (not in `packets`)
  std::uint64_t untouched = 0;   // neither a whole TCP segment nor a datagram of the test
  std::uint64_t refused = 0;     // the receiving kernel took the packet for no IP packet
};

struct LinkLog {
  TimePoint started;
  TimePoint stopped;
  Duration forwarder_cpu;                  // processor time that the forwarding took
  std::vector<ConnectionLog> connections;  // by their first SYN
  std::vector<PacketAction> actions;       // in time order
  std::vector<RuleLog> rules;              // as they were given
  std::optional<StrangerLog> stranger;     // where one was asked for
  PerDirection<TrafficCount> traffic;
  std::uint64_t untracked =
      0;  // connections above what the table holds: forwarded, no rule applies
  std::optional<Error> capture_error;  // the capture ended early
  std::optional<Error> failure;        // the forwarder ended early: nothing was moved any more

  // Stream `number` of the first test that has it, nullptr without.
  const ConnectionLog* stream(int number) const;
  // When rule `rule` held its first packet.
  std::optional<TimePoint> began_to_hold(std::size_t rule) const;
  // From the first stream's SYN to the server's next message behind the last stream's cookie, which
  // is TEST_START, both as they come to the link. Nothing while that has not come.
  std::optional<Duration> set_up_time() const;
  // What a person wants to know: connections, actions, rules, counts, a line each, times in ms
  // since the start.
  std::string text() const;
};

}  // namespace rolecall::link
