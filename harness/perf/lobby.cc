// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/lobby.h"

#include <poll.h>
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

bool Lobby::make_room() {
  if (guests_.size() < most_guests_) return true;
  const auto silent = std::ranges::find_if_not(guests_, is_ready);
  if (silent == guests_.end()) {
    show_out_the_gone();
  } else {
    show_out(silent);
  }
  return guests_.size() < most_guests_;
}

void Lobby::show_out_the_gone() {
  std::erase_if(guests_, [this](const Guest& guest) {
    pollfd end{guest.socket.get(), POLLRDHUP, 0};
    const bool is_gone = ::poll(&end, 1, 0) == 1;
    if (is_gone) reactor_.unwatch(guest.socket);
    return is_gone;
  });
}

std::optional<Fd> Lobby::enter(Fd connection) {
  if (!make_room()) return connection;
  guests_.push_back({std::move(connection), {}, now() + kPatience});
  const auto place = std::prev(guests_.end());
  if (!reactor_.watch(place->socket, EPOLLIN, [this, place](std::uint32_t) { listen_to(place); })) {
    guests_.erase(place);
  } else {
    listen_to(place);
  }
  return std::nullopt;
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
