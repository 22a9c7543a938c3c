// SPDX-License-Identifier: BSD-3-Clause
// Rules on packets: hold X until event Y, delay, drop or duplicate X, of a connection named by its
// place in client order. The notation of the levers below the accept queue, and of the logs that
// they write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/time.h"

namespace rolecall {

// What a rule does with a packet. Reordering is holding until a later event.
enum class Verb {
  Hold,  // keep every such packet, in its order, until the event; the first copy and later ones
  Drop,  // lose the first `times` such packets
  Duplicate,  // let the first `times` such packets through twice
  Delay,      // let each such packet through `by` later than it came: a longer way than the others'
};

// Which packets of a connection, and where they come from.
enum class PacketKind {
  Syn,     // client: SYN and its copies
  SynAck,  // server: SYN-ACK and its copies
  Ack,     // client: the third packet of the handshake and everything after it, the cookie included
  Cookie,  // client: segments that carry any of the first 37 bytes (iperf3's COOKIE_SIZE), and
           // copies
  Datagram,  // the end that sends: one datagram of a UDP stream, told by its place
};

// What may be waited for. Each comes once: the first time that the link sees such a packet arrive,
// whatever a rule then does with it.
enum class EventKind {
  Syn,
  SynAck,
  CookieSent,            // client: the 37th byte
  CookieAcknowledged,    // server: a segment that acknowledges 37 bytes; the connection is queued
  StrangerAcknowledged,  // the same of the cookie of one who has no part in the test
  Datagram,              // of a UDP stream, told by its place
};

struct Event {
  EventKind kind = EventKind::Syn;
  int connection = 1;  // number in client order, from 1; 0 for the stranger's
  int datagram = 0;    // Datagram: its place among those that an end of the stream sends, from 1
  bool operator==(const Event&) const = default;
};

struct Rule {
  Verb verb = Verb::Hold;
  PacketKind packet = PacketKind::Ack;
  int connection = 1;  // number in client order, from 1
  int times = 1;       // Drop, Duplicate: how many packets
  Event until{};       // Hold
  Duration by{};       // Delay
  int datagram = 0;    // Datagram: the first of them that the rule touches, as in Event
  bool operator==(const Rule&) const = default;
};

// Packets that one rule drops or duplicates at most, how long one delays them at most, and the
// highest place that one may name.
inline constexpr int kMaxTimes = 1000;
inline constexpr int kMaxDelayMs = 10'000;
inline constexpr int kMaxDatagram = 1'000'000;

// Reads one rule: `hold WHAT until EVENT`, `delay WHAT by N ms`, `drop WHAT [once | N times]`,
// `duplicate WHAT [once | N times]`; without a count it is once. WHAT: `syn N`, `syn-ack N`, `ack
// N`, `cookie N`, `datagram K of stream N`, which a count makes the K-th and those behind it.
// EVENT: `syn N`, `syn-ack N`, `cookie N sent`, `cookie N acknowledged`, `stranger acknowledged`,
// `datagram K of stream N`. Config for anything else, naming the word that is wrong and the ones
// that would be right there.
Result<Rule> parse_rule(std::string_view text);

// Whether a rule begins with `word`; all such words, for messages: "hold, drop, ...".
bool begins_rule(std::string_view word);
std::string rule_words();

// Reads `stranger after EVENT`: when somebody else is to connect to the server. EVENT as above, of
// a connection of the test. Errors as above.
Result<Event> parse_stranger(std::string_view text);

// The notation: parse_rule(print(r)) == r.
std::string print(const Rule& rule);
std::string print(const Event& event);

// The numbers that the rule names are 1..`connections`.
bool names_only(const Rule& rule, int connections);

}  // namespace rolecall
