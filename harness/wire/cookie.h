// SPDX-License-Identifier: BSD-3-Clause
// The cookie that opens every TCP connection of a test: 37 bytes, chosen by the client, stored and
// compared by the server. iperf_util.c make_cookie(), 3.2: 36 of a-z 2-7, then NUL. Servers compare
// as C strings, up to the first NUL (3.7 … 3.22), which leaves room for the flag behind an early
// NUL.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "harness/wire/role_flag.h"

namespace rolecall::wire {

inline constexpr std::size_t kCookieSize = 37;

struct Cookie {
  std::array<std::byte, kCookieSize> bytes{};

  bool operator==(const Cookie&) const = default;
};

// 36 random characters and a NUL. `random` is used modulo 32, so any bytes will do.
Cookie make_cookie(std::span<const std::byte, 36> random);

// The control cookie of cookie mode: 34 random characters, NUL, "R1".
Cookie make_flagged_cookie(std::span<const std::byte, 36> random);

// The same test's cookie for a stream connection in cookie mode: bit 15 of the last two bytes says
// that the client sends, bits 0 to 14 are the index. REQUIRES: announces_flag(control), tag.index.
Cookie tag_cookie(const Cookie& control, const StreamTag& tag);

// Whether a control cookie is of cookie mode: first NUL at 34, then "R1".
bool announces_flag(const Cookie& control);

// The flag in a stream connection's cookie. REQUIRES: same_test(control, stream) and
// announces_flag(control).
StreamTag read_tag(const Cookie& stream);

// iperf3's comparison: equal up to the first NUL, at most 37 bytes.
bool same_test(const Cookie& a, const Cookie& b);

// The characters up to the first NUL, for reports; bytes that do not print become '?'.
std::string printable(const Cookie& cookie);

// REQUIRES: exactly 37 bytes.
Cookie cookie_from(ByteView bytes);

}  // namespace rolecall::wire
