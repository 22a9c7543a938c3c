// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/lobby.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/wire/cookie.h"

namespace rolecall::perf {
namespace {

constexpr Duration kPatience = seconds(10);  // iperf3's Nread() limit

bool is_ready(const Lobby::Guest& guest) {
  return guest.said.size() == wire::kCookieSize;
}

}  // namespace

Lobby::~Lobby() {
  for (const Guest& guest : guests_) reactor_.unwatch(guest.socket);
}

void Lobby::enter(Fd connection) {
  if (guests_.size() >= most_guests_) show_out(guests_.begin());
  guests_.push_back({std::move(connection), {}, now() + kPatience});
  const auto place = std::prev(guests_.end());
  if (!reactor_.watch(place->socket, EPOLLIN, [this, place](std::uint32_t) { listen_to(place); })) {
    guests_.erase(place);
  }
}

void Lobby::listen_to(Place place) {
  std::array<std::byte, wire::kCookieSize> buffer{};
  const std::size_t wanted = wire::kCookieSize - place->said.size();
  const auto outcome = read_some(place->socket, std::span(buffer).first(wanted));
  if (!outcome || outcome.value().closed) return show_out(place);
  append(place->said, ByteView(buffer).first(outcome.value().bytes));
  if (is_ready(*place)) reactor_.unwatch(place->socket);
}

std::optional<Lobby::Guest> Lobby::take() {
  const auto ready = std::ranges::find_if(guests_, is_ready);
  if (ready == guests_.end()) return std::nullopt;
  Guest guest = std::move(*ready);
  guests_.erase(ready);
  return guest;
}

void Lobby::show_out(Place place) {
  reactor_.unwatch(place->socket);
  guests_.erase(place);
}

std::optional<TimePoint> Lobby::wake_at() const {
  const auto silent = std::ranges::find_if_not(guests_, is_ready);
  if (silent == guests_.end()) return std::nullopt;
  return silent->until;
}

void Lobby::on_time(TimePoint now) {
  for (auto next = guests_.begin(); next != guests_.end();) {
    const auto guest = next++;
    if (now >= guest->until && !is_ready(*guest)) show_out(guest);
  }
}

}  // namespace rolecall::perf
