// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/rule_book.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/base/earlier.h"

namespace rolecall::link {
namespace {

PacketFate fate_by(Verb verb) {
  switch (verb) {
    case Verb::Hold:
      return PacketFate::Held;
    case Verb::Delay:
      return PacketFate::Delayed;
    case Verb::Drop:
      return PacketFate::Dropped;
    case Verb::Duplicate:
      return PacketFate::Duplicated;
  }
  return PacketFate::Held;
}

}  // namespace

RuleBook::RuleBook(const std::vector<Rule>& rules, Duration hold_limit, PacketSink& sink)
    : hold_limit_(hold_limit), sink_(sink), states_(rules.size()), open_rules_(rules.size()) {
  for (const Rule& rule : rules) {
    RuleLog& log = rules_.emplace_back();
    log.rule = rule;
    log.hold_limit = hold_limit;
  }
}

void RuleBook::take(Direction direction, ByteView packet, const Sighting& sighting, TimePoint now) {
  const std::size_t rule = next_rule(sighting, 0);
  if (rule < rules_.size()) return apply(rule, direction, packet, sighting, now);
  sink_.on_arrival(direction, packet, {}, now);
  sink_.on_departure(direction, packet, {}, now);
}

void RuleBook::note(const Sighting& sighting, TimePoint now) {
  if (sighting.events == 0) return;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i].rule;
    if (rule.verb != Verb::Hold || states_[i].over || !sighting.begins(rule.until)) continue;
    rules_[i].event_came = now;
    release(i, print(rule.until) + " came", now);
  }
}

void RuleBook::let_go_due(TimePoint now) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].rule.verb == Verb::Delay) let_go_delayed(i, now);
    if (rules_[i].rule.verb != Verb::Hold || states_[i].held.empty() || now < states_[i].limit)
      continue;
    rules_[i].limit_ended_it = now;
    release(i, fmt::format("the limit ended the hold, {} never came", print(rules_[i].rule.until)),
            now);
  }
}

void RuleBook::let_go_delayed(std::size_t rule, TimePoint now) {
  std::deque<HeldPacket>& held = states_[rule].held;
  const std::string comment = fmt::format("released by: {}", print(rules_[rule].rule));
  while (!held.empty() && held.front().due <= now) {
    const HeldPacket packet = std::move(held.front());
    held.pop_front();
    record(PacketFate::Released, rule, packet.sighting, now);
    go_on(packet.direction, packet.bytes, packet.sighting, rule + 1, comment, now);
  }
}

std::optional<TimePoint> RuleBook::next_due() const {
  std::optional<TimePoint> next;
  if (open_rules_ == 0) return next;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const State& state = states_[i];
    if (state.held.empty()) continue;
    const bool is_delay = rules_[i].rule.verb == Verb::Delay;
    next = earlier(next, is_delay ? state.held.front().due : state.limit);
  }
  return next;
}

void RuleBook::stop() {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    rules_[i].holding_at_stop = !states_[i].held.empty();
}

std::size_t RuleBook::next_rule(const Sighting& sighting, std::size_t from) const {
  if (open_rules_ == 0) return rules_.size();
  for (std::size_t i = from; i < rules_.size(); ++i) {
    if (!states_[i].over && sighting.is_meant_by(rules_[i].rule)) return i;
  }
  return rules_.size();
}

void RuleBook::go_on(Direction direction, ByteView packet, const Sighting& sighting,
                     std::size_t from, std::string_view comment, TimePoint now) {
  const std::size_t rule = next_rule(sighting, from);
  if (rule < rules_.size()) return apply(rule, direction, packet, sighting, now);
  sink_.on_departure(direction, packet, comment, now);
}

void RuleBook::apply(std::size_t rule, Direction direction, ByteView packet,
                     const Sighting& sighting, TimePoint now) {
  const RuleLog& log = rules_[rule];
  const PacketFate fate = fate_by(log.rule.verb);
  record(fate, rule, sighting, now);
  const std::string comment = fmt::format("{} by: {}", name(fate), print(log.rule));
  sink_.on_arrival(direction, packet, comment, now);
  if (fate == PacketFate::Held || fate == PacketFate::Delayed) {
    State& state = states_[rule];
    if (state.held.empty()) state.limit = now + hold_limit_;
    state.held.push_back(
        {direction, Bytes(packet.begin(), packet.end()), sighting, now + log.rule.by});
    return;
  }
  if (log.packets == log.rule.times) finish(rule);
  if (fate == PacketFate::Dropped) return;
  go_on(direction, packet, sighting, rule + 1, {}, now);
  go_on(direction, packet, sighting, rule + 1, "copy, " + comment, now);
}

void RuleBook::release(std::size_t rule, std::string_view why, TimePoint now) {
  finish(rule);
  const std::deque<HeldPacket> held = std::exchange(states_[rule].held, {});
  const std::string comment = fmt::format("released by: {}: {}", print(rules_[rule].rule), why);
  for (const HeldPacket& packet : held) {
    record(PacketFate::Released, rule, packet.sighting, now);
    go_on(packet.direction, packet.bytes, packet.sighting, rule + 1, comment, now);
  }
}

void RuleBook::record(PacketFate fate, std::size_t rule, const Sighting& sighting, TimePoint now) {
  if (fate != PacketFate::Released) ++rules_[rule].packets;
  actions_.push_back({now, fate, rule, sighting.connection});
}

void RuleBook::finish(std::size_t rule) {
  states_[rule].over = true;
  --open_rules_;
}

}  // namespace rolecall::link
