// SPDX-License-Identifier: BSD-3-Clause
// The role flag's modes, and what two ends agreed on.
#pragma once

#include <cstdint>

namespace rolecall::session {

enum class FlagMode : std::uint8_t {
  Auto,     // announce; use what the server agrees to
  Cookie,   // client: as Auto, and the flag in the cookie too; server: only from the cookie
  Off,      // a legacy peer
  Require,  // as Auto, but refuse a peer without a flag
  Force,    // the level-1 byte, sent and expected with no negotiation
};

// What a server makes of connections whose client says nothing of them.
enum class BindRoles : std::uint8_t {
  Late,    // roles when data arrives, identity from the client's results
  Accept,  // both by accept order, as legacy servers do
};

// How stream connections tell their role in this test.
enum class Flag : std::uint8_t { None, Level1, Level2, Cookie, Force };

// "none", "level 1", "level 2", "cookie", "force".
const char* name(Flag flag);

// The level of the preamble that follows the cookie: 0 for None and Cookie.
constexpr int preamble_level(Flag flag) {
  return flag == Flag::Level2 ? 2 : flag == Flag::Level1 || flag == Flag::Force ? 1 : 0;
}

// Whether the flag fixes which connection is which, and not just the roles.
constexpr bool fixes_identity(Flag flag) {
  return flag == Flag::Level2 || flag == Flag::Cookie;
}

// "parallel": iperf3's MAX_STREAMS without level 2; with it a sane bound below the 16-bit index.
inline constexpr int kMostLegacyStreams = 128;
inline constexpr int kMostStreams = 4096;
constexpr int most_streams(Flag flag) {
  return flag == Flag::Level2 ? kMostStreams : kMostLegacyStreams;
}

}  // namespace rolecall::session
