// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/link_log.h"

#include <algorithm>

#include <fmt/format.h>

namespace rolecall::link {
namespace {

// How messages name the events of one connection, by EventKind.
constexpr std::array<const char*, kEventKinds> kEventNames = {
    "syn",           "syn-ack", "cookie sent", "cookie acknowledged", "cookie acknowledged",
    "first datagram"};

double ms_since(TimePoint start, TimePoint at) {
  return (at - start).in_seconds() * 1e3;
}

std::string label(const ConnectionLog& connection) {
  if (connection.role != ConnectionRole::Stream) return name(connection.role);
  return fmt::format("stream {}", connection.number);
}

std::string line(const ConnectionLog& connection, TimePoint start) {
  std::string text = fmt::format("{} from {} port {}", label(connection),
                                 link::text(connection.client), connection.client_port);
  for (std::size_t i = 0; i < kEventKinds; ++i)
    if (const auto at = connection.first_seen.at(i))
      text += fmt::format(", {} {:.3f}", kEventNames.at(i), ms_since(start, *at));
  for (const Direction d : kDirections)
    if (const DatagramCount& count = connection.datagrams[d]; count.packets > 0)
      text += fmt::format(", {} datagrams of {} bytes {}", count.packets, count.bytes, name(d));
  if (connection.ended) text += fmt::format(", ended {:.3f}", ms_since(start, *connection.ended));
  return text;
}

std::string hold_outcome(const RuleLog& log) {
  const std::string event = print(log.rule.until);
  if (log.limit_ended_it) {
    return fmt::format("{} never came; the limit of {:.3f} s let {} packets go", event,
                       log.hold_limit.in_seconds(), log.packets);
  }
  if (log.holding_at_stop)
    return fmt::format("{} had not come when the link stopped; {} packets held", event,
                       log.packets);
  if (log.packets > 0) return fmt::format("{} packets held until it came", log.packets);
  if (log.event_came) return fmt::format("{} came before there was anything to hold", event);
  return fmt::format("there was nothing to hold, and {} never came", event);
}

}  // namespace

const char* name(ConnectionRole role) {
  switch (role) {
    case ConnectionRole::Control:
      return "control";
    case ConnectionRole::Stream:
      return "stream";
    case ConnectionRole::MptcpJoin:
      return "join";
    case ConnectionRole::Stranger:
      return "stranger";
  }
  return "?";
}

const char* name(PacketFate fate) {
  switch (fate) {
    case PacketFate::Held:
      return "held";
    case PacketFate::Released:
      return "released";
    case PacketFate::Dropped:
      return "dropped";
    case PacketFate::Duplicated:
      return "duplicated";
    case PacketFate::Delayed:
      return "delayed";
  }
  return "?";
}

bool RuleLog::is_fulfilled() const {
  if (rule.verb == Verb::Hold) return event_came.has_value();
  if (rule.verb == Verb::Delay) return packets > 0;
  return packets == rule.times;
}

std::string RuleLog::text() const {
  const std::string what = print(rule);
  if (rule.verb == Verb::Hold) return fmt::format("{}: {}", what, hold_outcome(*this));
  if (packets == 0) return fmt::format("{}: no such packet came", what);
  if (rule.verb == Verb::Delay) return fmt::format("{}: {} packets", what, packets);
  if (packets < rule.times) return fmt::format("{}: only {} such packets came", what, packets);
  return fmt::format("{}: done", what);
}

std::string StrangerLog::text() const {
  std::string all = fmt::format("stranger after {}: ", print(after));
  if (!came) return all + fmt::format("{} never came, so nobody connected", print(after));
  all += acknowledged ? "queued" : "connecting";
  if (!answer.empty()) all += ", answered 0x";
  for (const std::byte b : answer) all += fmt::format("{:02x}", std::to_integer<int>(b));
  if (failure) return all + ", " + failure->message();
  return all + (closed ? ", closed" : "");
}

std::optional<Duration> LinkLog::set_up_time() const {
  std::optional<TimePoint> begun;
  std::optional<TimePoint> last_cookie;
  for (int number = 1; const ConnectionLog* one = stream(number); ++number) {
    const auto cookie = one->when(EventKind::CookieSent);
    if (!cookie) return std::nullopt;
    if (!begun) begun = one->when(EventKind::Syn);
    last_cookie = std::max(last_cookie.value_or(*cookie), *cookie);
  }
  if (!begun) return std::nullopt;
  for (const ConnectionLog& connection : connections) {
    if (connection.role != ConnectionRole::Control) continue;
    for (const TimePoint at : connection.server_messages)
      if (at > *last_cookie) return at - *begun;
  }
  return std::nullopt;
}

const ConnectionLog* LinkLog::stream(int number) const {
  const auto it = std::find_if(connections.begin(), connections.end(), [&](const auto& c) {
    return c.role == ConnectionRole::Stream && c.number == number;
  });
  return it == connections.end() ? nullptr : &*it;
}

std::optional<TimePoint> LinkLog::began_to_hold(std::size_t rule) const {
  for (const PacketAction& action : actions)
    if (action.rule == rule && action.fate == PacketFate::Held) return action.at;
  return std::nullopt;
}

std::string LinkLog::text() const {
  std::string all;
  for (const ConnectionLog& connection : connections) all += line(connection, started) + "\n";
  for (const PacketAction& action : actions) {
    all += fmt::format("{:.3f} {} packet of {} by: {}\n", ms_since(started, action.at),
                       name(action.fate), label(connections[action.connection]),
                       print(rules[action.rule].rule));
  }
  for (const RuleLog& rule : rules) all += rule.text() + "\n";
  if (stranger) all += stranger->text() + "\n";
  for (const Direction d : kDirections) {
    const TrafficCount& count = traffic[d];
    all += fmt::format(
        "{}: {} packets, {} bytes, {} lost at random, {} overflowed, {} untouched, {} refused\n",
        name(d), count.packets, count.bytes, count.lost, count.overflowed, count.untouched,
        count.refused);
  }
  if (untracked > 0) all += fmt::format("{} connections were not followed: too many\n", untracked);
  if (capture_error) all += capture_error->message() + "\n";
  if (failure) all += failure->message() + "\n";
  return all;
}

}  // namespace rolecall::link
