// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/late_binding.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/wire/results.h"

namespace rolecall::session {
namespace {

// After the first payload: what the client sends at the start of a test has come by then.
constexpr Duration kShortestWait = milliseconds(100);
constexpr int kRoundTrips = 4;

}  // namespace

LateBinding::LateBinding(const std::vector<ConnectionId>& accepted, bool some_may_stay_silent)
    : some_may_stay_silent_(some_may_stay_silent) {
  for (const ConnectionId connection : accepted) places_.push_back({connection});
}

Result<void> LateBinding::on_payload(ConnectionId connection, Duration rtt, TimePoint now) {
  const auto place = std::ranges::find(places_, connection, &Place::connection);
  CHECK(place != places_.end());
  if (place->client_sends) return ok();
  if (is_settled()) {
    const std::string what = fmt::format("stream connection {} in accept order carries payload, ",
                                         place - places_.begin() + 1);
    if (assumed_) {
      return Error{Errc::Malformed,
                   what +
                       "but was silent for so long that the client was taken to receive on it; "
                       "use a client with the role flag, or a duration (-t) for a goal"};
    }
    return Error{Errc::Malformed,
                 what + fmt::format("but the client has {} to send on and those carry it already",
                                    client_senders())};
  }
  place->client_sends = true;
  if (senders_known_++ == 0) {
    assume_at_ = now + std::max(kShortestWait, nanoseconds(kRoundTrips * rtt.ns));
  }
  return ok();
}

std::optional<TimePoint> LateBinding::assume_at() const {
  if (is_settled() || !some_may_stay_silent_) return std::nullopt;
  return assume_at_;
}

void LateBinding::assume_the_rest() {
  CHECK(!is_settled());
  for (Place& place : places_) {
    if (senders_known_ == client_senders()) break;
    if (place.client_sends) continue;
    place.client_sends = true;
    ++senders_known_;
  }
  assumed_ = true;
}

std::vector<BoundStream> LateBinding::streams() const {
  CHECK(is_settled());
  std::vector<BoundStream> streams;
  for (const bool client_sends : {true, false}) {
    for (const Place& place : places_) {
      if (place.client_sends != client_sends) continue;
      const int number = static_cast<int>(streams.size()) + 1;
      streams.push_back({.connection = place.connection,
                         .number = number,
                         .id = wire::stream_id(number),
                         .role = client_sends ? wire::Role::Receiver : wire::Role::Sender});
    }
  }
  return streams;
}

}  // namespace rolecall::session
