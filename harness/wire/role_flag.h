// SPDX-License-Identifier: BSD-3-Clause
// The role flag: who sends on a stream connection, and which connection it is. After the cookie it
// travels as a preamble of level 1 or 2; in cookie mode it sits inside the cookie (cookie.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/bytes.h"
#include "harness/base/result.h"

namespace rolecall::wire {

// Always said of one end.
enum class Role : std::uint8_t { Sender, Receiver };

constexpr Role opposite(Role role) {
  return role == Role::Sender ? Role::Receiver : Role::Sender;
}
const char* name(Role role);

// Level 0 is no flag, 1 the client's role, 2 the role and the connection's number.
inline constexpr int kHighestLevel = 2;

// What a client says of one of its stream connections.
struct StreamTag {
  Role client_role = Role::Sender;
  std::optional<std::uint16_t> index;  // number in client order minus 1; level 2 and cookie only

  bool operator==(const StreamTag&) const = default;
};

// 0, 1 or 3 bytes for levels 0, 1, 2.
constexpr std::size_t preamble_size(int level) {
  return level == 0 ? 0 : level == 1 ? 1 : 3;
}

// The preamble of `level` for `tag`. REQUIRES: at level 2, tag.index is set.
Bytes encode_preamble(int level, const StreamTag& tag);

// Reads exactly preamble_size(level) bytes. Malformed when the first is neither 'S' nor 'R'.
// REQUIRES: that many bytes.
Result<StreamTag> decode_preamble(int level, ByteView bytes);

// The document of SERVER_PARAMETERS: {"role_flag": level}.
std::string encode_server_parameters(int level);
// Its level, which must be an integer from 1 to `announced`; Malformed otherwise.
Result<int> decode_server_parameters(std::string_view json, int announced);

}  // namespace rolecall::wire
