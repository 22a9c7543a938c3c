// SPDX-License-Identifier: BSD-3-Clause
// The input of the targets pair, server_session and client_session: what both ends are set to, and
// the steps that happen, one a line. A target passes over the steps that are not its own, and what
// cannot be read is no step, so any bytes are an input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/session/flag.h"
#include "harness/wire/params.h"

namespace rolecall::fuzz {

inline constexpr int kMostParallel = 4;
inline constexpr int kMostStreams = 2 * kMostParallel;
inline constexpr std::size_t kMostSteps = 96;

struct Step {
  enum class Kind : std::uint8_t {
    // pair: what both ends have sent arrives
    ToServer,  // `count` bytes of the control connection
    ToClient,
    // pair and server_session; `at`: the stream connection's number in client order
    Appear,   // it is accepted; 0: a stranger, with the cookie of another test
    Header,   // `count` bytes of its cookie and preamble
    Junk,     // the bytes `text` in their place
    Payload,  // its first payload
    Flow,     // UDP: its connect datagram; `text`, where there is one, in its place
    // all; `at`: a stream connection, 0 the control connection
    Reset,
    Silence,  // nothing comes on it any more, and nobody learns of it
    Wait,     // `count` milliseconds pass
    // pair: the operator stops the client (`at` 0) or the server (1). Sessions: he stops it (0), or
    // something of its owner's goes wrong (1).
    Stop,
    // server_session and client_session: what the peer sends on the control connection
    Cookie,     // 37 bytes; `at` 1: of cookie mode
    State,      // the byte `at`
    EachState,  // any one byte: 256 ways to go on, of which each is gone by itself
    Length,     // `count` as the four bytes that begin a frame
    Frame,      // `text` with its length
    Bytes,      // `text`
    Flood,      // `count` bytes
    Answer,     // what the session asked its owner for; without `lazy` it is given at once
  };
  Kind kind = Kind::Wait;
  int at = 0;
  std::uint32_t count = 0;
  std::string text;  // bytes; printed with \xNN where they are no letters

  bool operator==(const Step&) const = default;
};

struct Input {
  struct End {
    session::FlagMode mode = session::FlagMode::Auto;
    int level = 2;
    bool operator==(const End&) const = default;
  };
  End client;
  End server;
  wire::Direction direction = wire::Direction::Bidirectional;
  int parallel = 1;
  bool is_lazy = false;
  std::vector<Step> steps;

  bool operator==(const Input&) const = default;
  int streams() const {
    return direction == wire::Direction::Bidirectional ? 2 * parallel : parallel;
  }
};

Input read_input(std::string_view text);
std::string print(const Input& input);  // read_input(print(i)) == i

}  // namespace rolecall::fuzz
