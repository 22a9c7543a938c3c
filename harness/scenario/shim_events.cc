// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/shim_events.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::scenario {
namespace {

// A quarter of the time for which the kernel holds a corked cookie: a client that could run so long
// without its next connect(), which takes it less than 1 ms, waits for something. So does one that
// had a fifth of that and went to sleep by itself again and again: from a cookie to the next
// connect() nothing makes it sleep.
constexpr std::uint64_t kTimeToConnectNs = 50'000'000;
constexpr std::uint64_t kSleepsOfAWait = 3;

const char* name(shim::Kind kind) {
  switch (kind) {
    case shim::Kind::Armed:
      return "armed";
    case shim::Kind::NotArmed:
      return "not armed";
    case shim::Kind::MissingSymbol:
      return "missing symbol";
    case shim::Kind::ConnectRecorded:
      return "connect recorded";
    case shim::Kind::ConnectFailed:
      return "connect failed";
    case shim::Kind::AcceptedByKernel:
      return "accepted by kernel";
    case shim::Kind::Held:
      return "held";
    case shim::Kind::HandedOut:
      return "handed out";
    case shim::Kind::StrangerPassed:
      return "stranger passed";
    case shim::Kind::SelfQueued:
      return "self queued";
    case shim::Kind::SelfEaten:
      return "self eaten";
    case shim::Kind::SelfFailed:
      return "self failed";
    case shim::Kind::HoldLimitReached:
      return "hold limit reached";
    case shim::Kind::Dropped:
      return "dropped";
    case shim::Kind::StillUndecided:
      return "still undecided";
    case shim::Kind::ListenerDeferred:
      return "listener deferred";
    case shim::Kind::Corked:
      return "corked";
    case shim::Kind::Uncorked:
      return "uncorked";
    case shim::Kind::CookieAcknowledged:
      return "cookie acknowledged";
    case shim::Kind::CorkExpired:
      return "cork expired";
  }
  return "?";
}

std::string event_line(const shim::Record& r) {
  nlohmann::ordered_json line{{"time_ns", r.time_ns}, {"event", name(r.kind)}, {"pid", r.pid}};
  if (r.port != 0) line["client_port"] = r.port;
  if (r.number != shim::kNoNumber) line["number"] = r.number;
  if (r.position != 0 || r.kind == shim::Kind::HandedOut) line["position"] = r.position;
  if (r.kind == shim::Kind::CorkExpired) {
    line["awaited"] = r.awaited;
    line["starved_ns"] = r.starved_ns;
    line["sleeps"] = r.sleeps;
  }
  if (r.error != 0) line["errno"] = r.error;
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Puts `value` at place `index` of a list that grows as needed.
template <class T>
void place(std::vector<T>& list, std::uint32_t index, std::uint32_t value) {
  if (index >= shim::kMaxStreams) return;
  if (list.size() <= index) list.resize(index + 1, 0);
  list[index] = static_cast<T>(value);
}

bool has_connected(const shim::Board& board, std::uint32_t number) {
  return number < shim::kMaxConnects &&
         (board.connects[number].load(std::memory_order_acquire) & shim::kConnectPublished) != 0;
}

void note_hold_limit(const shim::Board& board, const shim::Record& r, ShimObservation& seen) {
  if (r.number == shim::kNoNumber) {
    seen.hold_limits.emplace_back("the hold limit was reached, and what was awaited is not known");
    return;
  }
  const bool was_made = has_connected(board, r.number);
  if (!was_made) {
    seen.order_impossible = true;
    seen.gave_up = TimePoint{static_cast<std::int64_t>(r.time_ns)};
  }
  seen.hold_limits.push_back(
      fmt::format("connection {} was {} within the hold limit", r.number,
                  was_made ? "made by the client but never reached the server" : "never made"));
}

// When the library corked connection `number`; the time of `r` where its record is lost.
std::uint64_t corked_at(const shim::Board& board, const shim::Record& r) {
  for (const shim::Record& earlier : std::span(board.records, r.sequence - 1)) {
    if (earlier.kind == shim::Kind::Corked && earlier.number == r.number) return earlier.time_ns;
  }
  return r.time_ns;
}

bool could_have_connected(const shim::Record& r, std::uint64_t since_corked) {
  const std::uint64_t needed = r.sleeps < kSleepsOfAWait ? kTimeToConnectNs : kTimeToConnectNs / 5;
  return since_corked > r.starved_ns + needed;
}

// The library notices an expired cork before it publishes a connect(), so `client_order` tells
// whether the one awaited had been made by then. If it was not, the client's own ordering is the
// cause only if the client had the time: one that no processor ran meanwhile proves nothing.
void note_expired_cork(const shim::Board& board, const shim::Record& r, ShimObservation& seen) {
  const bool was_made = r.awaited >= 1 && r.awaited <= seen.client_order.size() &&
                        seen.client_order[r.awaited - 1] != 0;
  const std::uint64_t since_corked = r.time_ns - corked_at(board, r);
  const bool had_time = could_have_connected(r, since_corked);
  seen.order_impossible = seen.order_impossible || (!was_made && had_time);
  seen.hold_limits.push_back(fmt::format(
      "the cookie of connection {} left before its turn (the kernel uncorks by itself, here {} ms "
      "after it was corked): connection {} was {} by then{}",
      r.number, since_corked / 1'000'000, r.awaited,
      was_made ? "not yet in the server's queue" : "not made",
      was_made || had_time ? std::string()
                           : fmt::format(", as the client got no processor for {} of {} ms",
                                         r.starved_ns / 1'000'000, since_corked / 1'000'000)));
}

void note_lever(const shim::Record& r, ShimObservation& seen) {
  if (r.error == 0) {
    seen.listener_deferred = seen.listener_deferred || r.kind == shim::Kind::ListenerDeferred;
    return;
  }
  const bool at_server = r.kind == shim::Kind::ListenerDeferred;
  seen.hold_limits.push_back(fmt::format(
      "the kernel refused {} (errno {}), so the order is not the lever's",
      at_server ? "TCP_DEFER_ACCEPT on the listener" : "TCP_CORK on a stream", r.error));
}

void note(const shim::Board& board, const shim::Record& r, ShimObservation& seen) {
  switch (r.kind) {
    case shim::Kind::Armed:
      (r.number == static_cast<std::uint32_t>(shim::Side::Server) ? seen.server_armed
                                                                  : seen.client_armed) = true;
      break;
    case shim::Kind::AcceptedByKernel:
      seen.saw_accepts = true;
      break;
    case shim::Kind::ConnectRecorded:
      if (r.number != 0 && r.number != shim::kNoNumber)
        place(seen.client_order, r.number - 1, r.port);
      break;
    case shim::Kind::HandedOut:
      if (r.position == 0) break;
      place(seen.accept_order, r.position - 1, r.port);
      place(seen.handed_numbers, r.position - 1, r.number == shim::kNoNumber ? 0 : r.number);
      break;
    case shim::Kind::HoldLimitReached:
      note_hold_limit(board, r, seen);
      break;
    case shim::Kind::CorkExpired:
      note_expired_cork(board, r, seen);
      break;
    case shim::Kind::ListenerDeferred:
    case shim::Kind::Corked:
      note_lever(r, seen);
      break;
    case shim::Kind::SelfFailed:
      seen.hold_limits.push_back(fmt::format(
          "the shim could not keep the listener readable (errno {}), so the order is not its own",
          r.error));
      break;
    case shim::Kind::StillUndecided:
      seen.hold_limits.push_back(
          fmt::format("the connection from port {} sent no cookie within the hold limit", r.port));
      break;
    case shim::Kind::NotArmed:
    case shim::Kind::MissingSymbol:
    case shim::Kind::ConnectFailed:
    case shim::Kind::Held:
    case shim::Kind::StrangerPassed:
    case shim::Kind::SelfQueued:
    case shim::Kind::SelfEaten:
    case shim::Kind::Dropped:
    case shim::Kind::Uncorked:
    case shim::Kind::CookieAcknowledged:
      break;
  }
}

}  // namespace

ShimObservation read_board(const shim::Board& board) {
  ShimObservation seen;
  seen.connect_count = board.connect_count.load(std::memory_order_acquire);
  const std::uint64_t tried = board.record_count.load(std::memory_order_acquire);
  const std::uint64_t kept = std::min<std::uint64_t>(tried, shim::kMaxRecords);
  for (std::uint64_t i = 0; i < kept; ++i) {
    const shim::Record& r = board.records[i];
    if (r.sequence.load(std::memory_order_acquire) != i + 1) continue;
    note(board, r, seen);
    seen.events += event_line(r);
  }
  if (tried > kept)
    seen.events += fmt::format("{{\"event\": \"records lost\", \"count\": {}}}\n", tried - kept);
  return seen;
}

}  // namespace rolecall::scenario
