// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/farewells.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"

namespace rolecall::perf {
namespace {

constexpr Duration kLinger = seconds(1);

}  // namespace

Farewells::~Farewells() {
  for (const Lingering& l : lingering_) reactor_.unwatch(l.socket);
}

void Farewells::deny(Fd connection, wire::State why) {
  const std::array denied{wire::encode_state(why)};
  (void)write_some(connection, denied);
  see_off(std::move(connection));
}

void Farewells::see_off(Fd connection) {
  ::shutdown(connection.get(), SHUT_WR);
  if (lingering_.size() >= most_lingering_) return;
  lingering_.push_back({std::move(connection), now() + kLinger});
  const auto place = std::prev(lingering_.end());
  if (!reactor_.watch(place->socket, EPOLLIN, [this, place](std::uint32_t) { read_away(place); })) {
    lingering_.erase(place);
  }
}

void Farewells::read_away(Place place) {
  std::array<std::byte, 4096> nothing{};
  const auto outcome = read_some(place->socket, nothing);
  if (!outcome || outcome.value().closed) end(place);
}

void Farewells::read_what_is_there(const Fd& socket) {
  const auto most = get_option(socket, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF");
  std::array<std::byte, 4096> nothing{};
  for (std::size_t left = most ? static_cast<std::size_t>(most.value()) : 0; left > 0;) {
    const auto outcome = read_some(socket, nothing);
    if (!outcome || outcome.value().bytes == 0) return;
    left -= std::min(left, outcome.value().bytes);
  }
}

void Farewells::end(Place place) {
  reactor_.unwatch(place->socket);
  lingering_.erase(place);
}

std::optional<TimePoint> Farewells::wake_at() const {
  if (lingering_.empty()) return std::nullopt;
  return lingering_.front().until;
}

void Farewells::on_time(TimePoint now) {
  while (!lingering_.empty() && now >= lingering_.front().until) {
    read_what_is_there(lingering_.front().socket);
    end(lingering_.begin());
  }
}

}  // namespace rolecall::perf
