// SPDX-License-Identifier: BSD-3-Clause
// The rules at work: each packet goes through them in the order in which they were given, and a
// packet that a hold lets go goes on with the rules behind it. No I/O, no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/time.h"
#include "harness/link/connection_table.h"
#include "harness/link/direction.h"
#include "harness/link/link_log.h"

namespace rolecall::link {

// Where the packets go, whose bytes the book does not look at. The views are valid during the call.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  // A packet came in and was looked at; `comment` says what a rule does with it, empty for nothing.
  virtual void on_arrival(Direction direction, ByteView packet, std::string_view comment,
                          TimePoint now) = 0;
  // A packet is to go to the receiver; `comment` says what a rule has done with it.
  virtual void on_departure(Direction direction, ByteView packet, std::string_view comment,
                            TimePoint now) = 0;
};

class RuleBook {
 public:
  // A hold ends when its event comes, or `hold_limit` after the first packet that it keeps. `sink`
  // outlives the book.
  RuleBook(const std::vector<Rule>& rules, Duration hold_limit, PacketSink& sink);

  // Gives one packet that arrived to the rules, and to the sink what they let through at once.
  void take(Direction direction, ByteView packet, const Sighting& sighting, TimePoint now);
  // Opens the holds that wait for what `sighting` is the first of. Comes after take(), so that the
  // packet that is the event goes before those that waited for it.
  void note(const Sighting& sighting, TimePoint now);
  // Opens the holds whose limit has come, and lets go what was delayed long enough.
  void let_go_due(TimePoint now);
  // When the next of either comes.
  std::optional<TimePoint> next_due() const;
  // Drops what is held, and says so in the log. Call it once.
  void stop();

  const std::vector<RuleLog>& rules() const { return rules_; }
  const std::vector<PacketAction>& actions() const { return actions_; }

 private:
  struct HeldPacket {
    Direction direction;
    Bytes bytes;
    Sighting sighting;
    TimePoint due;  // Delay
  };
  struct State {
    bool over = false;            // it touches nothing any more
    std::deque<HeldPacket> held;  // in order of arrival
    TimePoint limit;              // Hold: valid while something is held
  };

  // The first rule from `from` on that has something to do with the packet; rules_.size(): none.
  std::size_t next_rule(const Sighting& sighting, std::size_t from) const;
  void go_on(Direction direction, ByteView packet, const Sighting& sighting, std::size_t from,
             std::string_view comment, TimePoint now);
  void apply(std::size_t rule, Direction direction, ByteView packet, const Sighting& sighting,
             TimePoint now);
  void release(std::size_t rule, std::string_view why, TimePoint now);
  void let_go_delayed(std::size_t rule, TimePoint now);
  void record(PacketFate fate, std::size_t rule, const Sighting& sighting, TimePoint now);
  void finish(std::size_t rule);

  Duration hold_limit_;
  PacketSink& sink_;
  std::vector<RuleLog> rules_;
  std::vector<State> states_;  // as rules_
  std::size_t open_rules_;     // not over
  std::vector<PacketAction> actions_;
};

}  // namespace rolecall::link
