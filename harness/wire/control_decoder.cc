// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/control_decoder.h"

#include <fmt/format.h>

namespace rolecall::wire {
namespace {

constexpr std::size_t kLengthSize = 4;

}  // namespace

Bytes encode_frame(std::string_view json) {
  Bytes out;
  out.reserve(kLengthSize + json.size());
  append_be32(out, static_cast<std::uint32_t>(json.size()));
  append(out, as_bytes(json));
  return out;
}

// The rest is moved once for all that was taken from a read, however many bytes those were.
void ControlDecoder::feed(ByteView bytes) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  append(buffer_, bytes);
}

std::optional<ByteView> ControlDecoder::take(std::size_t n) {
  if (buffered() < n) return std::nullopt;
  begin_ += n;
  return ByteView(buffer_).subspan(begin_ - n, n);
}

std::optional<Cookie> ControlDecoder::take_cookie() {
  const auto bytes = take(kCookieSize);
  if (!bytes) return std::nullopt;
  return cookie_from(*bytes);
}

std::optional<std::byte> ControlDecoder::take_byte() {
  const auto bytes = take(1);
  if (!bytes) return std::nullopt;
  return bytes->front();
}

std::optional<ServerError> ControlDecoder::take_server_error() {
  const auto bytes = take(kServerErrorSize);
  if (!bytes) return std::nullopt;
  return decode_server_error(*bytes);
}

std::optional<std::byte> ControlDecoder::peek() const {
  if (buffered() == 0) return std::nullopt;
  return buffer_[begin_];
}

Result<std::optional<std::string>> ControlDecoder::take_frame(std::size_t cap) {
  if (buffered() < kLengthSize) return std::optional<std::string>();
  const std::size_t length = be32(buffer_, begin_);
  if (length == 0 || length > cap) {
    return Error{Errc::Limit,
                 fmt::format("JSON frame announces {} bytes, outside 1 to {}", length, cap)};
  }
  const auto frame = take(kLengthSize + length);
  if (!frame) return std::optional<std::string>();
  return std::optional<std::string>(as_text(frame->subspan(kLengthSize)));
}

}  // namespace rolecall::wire
