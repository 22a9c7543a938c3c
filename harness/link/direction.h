// SPDX-License-Identifier: BSD-3-Clause
// The two ways along a link, and a pair of anything, one for each.
#pragma once

#include <cstddef>

namespace rolecall::link {

enum class Direction : std::size_t { ToServer = 0, ToClient = 1 };

inline constexpr Direction kDirections[] = {Direction::ToServer, Direction::ToClient};

constexpr const char* name(Direction direction) {
  return direction == Direction::ToServer ? "to server" : "to client";
}

template <class T>
struct PerDirection {
  T to_server{};
  T to_client{};

  T& operator[](Direction d) { return d == Direction::ToServer ? to_server : to_client; }
  const T& operator[](Direction d) const {
    return d == Direction::ToServer ? to_server : to_client;
  }
};

}  // namespace rolecall::link
