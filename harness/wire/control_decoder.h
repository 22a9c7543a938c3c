// SPDX-License-Identifier: BSD-3-Clause
// Cuts the control connection's bytes into what is due next. The stream of bytes does not describe
// itself: a cookie, then states, then by state a frame (4-byte big-endian length, JSON) or the
// integers of SERVER_ERROR, so the session says what it expects and takes that.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/bytes.h"
#include "harness/base/result.h"
#include "harness/wire/cookie.h"
#include "harness/wire/server_error.h"

namespace rolecall::wire {

// The frame of `json`.
Bytes encode_frame(std::string_view json);

class ControlDecoder {
 public:
  // Adds bytes as they came. The caller feeds no more than it takes: what is not taken stays here.
  void feed(ByteView bytes);

  // Each takes what it names from the front; nothing while bytes are still missing.
  std::optional<Cookie> take_cookie();
  std::optional<std::byte> take_byte();
  std::optional<ServerError> take_server_error();
  // Limit when the announced length is 0 or above `cap`; then nothing is taken or kept waiting for.
  Result<std::optional<std::string>> take_frame(std::size_t cap);

  // The next byte without taking it.
  std::optional<std::byte> peek() const;
  std::size_t buffered() const { return buffer_.size() - begin_; }

 private:
  // `n` bytes from the front, valid until the next call of a non-const member.
  std::optional<ByteView> take(std::size_t n);

  Bytes buffer_;
  std::size_t begin_ = 0;  // what was taken stays in front until more is fed
};

}  // namespace rolecall::wire
