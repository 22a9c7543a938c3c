// SPDX-License-Identifier: BSD-3-Clause
// Byte strings, and the big-endian integers that iperf3 puts into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace rolecall {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The bytes as text. The view lives as long as `bytes`.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

inline void append_be16(Bytes& to, std::uint16_t v) {
  to.push_back(static_cast<std::byte>(v >> 8));
  to.push_back(static_cast<std::byte>(v & 0xff));
}

inline void append_be32(Bytes& to, std::uint32_t v) {
  append_be16(to, static_cast<std::uint16_t>(v >> 16));
  append_be16(to, static_cast<std::uint16_t>(v & 0xffff));
}

// REQUIRES: two bytes from `at` on.
inline std::uint16_t be16(ByteView bytes, std::size_t at = 0) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

// REQUIRES: four bytes from `at` on.
inline std::uint32_t be32(ByteView bytes, std::size_t at = 0) {
  return static_cast<std::uint32_t>(be16(bytes, at)) << 16 | be16(bytes, at + 2);
}

}  // namespace rolecall
