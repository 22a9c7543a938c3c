// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/roster.h"

#include <algorithm>

#include <fmt/format.h>

namespace rolecall::session {

using wire::Role;

Roster::Roster(const wire::Parameters& parameters, Flag flag)
    : client_senders_(static_cast<int>(parameters.client_senders())),
      flag_(flag),
      places_(static_cast<std::size_t>(parameters.stream_count())) {}

Role Roster::client_role(int number) const {
  return number <= client_senders_ ? Role::Sender : Role::Receiver;
}

std::optional<int> Roster::first_free(Role role) const {
  for (int number = 1; number <= static_cast<int>(places_.size()); ++number) {
    if (client_role(number) == role && !places_[static_cast<std::size_t>(number - 1)])
      return number;
  }
  return std::nullopt;
}

Result<int> Roster::number_for(const std::optional<wire::StreamTag>& tag) const {
  if (!tag) return placed_ + 1;
  if (!tag->index || !fixes_identity(flag_)) {
    if (const auto number = first_free(tag->client_role)) return *number;
    return Error{
        Errc::Malformed,
        fmt::format("says that the client is {}, but all such streams of the test are there",
                    wire::name(tag->client_role))};
  }
  const int number = *tag->index + 1;
  if (number > static_cast<int>(places_.size())) {
    return Error{Errc::Malformed, fmt::format("says that it is number {}, but the test has {}",
                                              number, places_.size())};
  }
  if (client_role(number) != tag->client_role) {
    return Error{
        Errc::Malformed,
        fmt::format("says that it is number {} and that the client is {} there, but it is {}",
                    number, wire::name(tag->client_role), wire::name(client_role(number)))};
  }
  if (places_[static_cast<std::size_t>(number - 1)]) {
    return Error{Errc::Malformed,
                 fmt::format("says that it is number {}, which is there already", number)};
  }
  return number;
}

Result<void> Roster::place(ConnectionId connection, const std::optional<wire::StreamTag>& tag,
                           int accepted) {
  CHECK(!complete() && tag.has_value() == (flag_ != Flag::None));
  auto number = number_for(tag);
  if (!number) {
    return Error{Errc::Malformed, fmt::format("stream connection {} in accept order {}", accepted,
                                              number.error().what)};
  }
  places_[static_cast<std::size_t>(number.value() - 1)] = Place{connection, accepted};
  ++placed_;
  if (complete() && !fixes_identity(flag_)) sort_by_acceptance();
  return ok();
}

// Headers may come in another order. A flag that says roles alone leaves the order within each.
void Roster::sort_by_acceptance() {
  const auto by_acceptance = [](auto first, auto last) {
    std::ranges::sort(first, last, {}, [](const auto& place) { return place->accepted; });
  };
  const auto receivers = places_.begin() + (flag_ == Flag::None ? 0 : client_senders_);
  by_acceptance(places_.begin(), receivers);
  by_acceptance(receivers, places_.end());
}

std::vector<BoundStream> Roster::streams() const {
  CHECK(complete());
  std::vector<BoundStream> streams;
  for (int number = 1; number <= static_cast<int>(places_.size()); ++number) {
    streams.push_back({.connection = places_[static_cast<std::size_t>(number - 1)]->connection,
                       .number = number,
                       .id = wire::stream_id(number),
                       .role = opposite(client_role(number))});
  }
  return streams;
}

}  // namespace rolecall::session
