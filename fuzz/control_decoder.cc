// SPDX-License-Identifier: BSD-3-Clause
// Whatever is due and whatever comes: byte by byte gives what all at once gives, and what was taken
// encodes to the bytes that came. Input: a number of items, what each is (modulo 4), then the wire.
#include "harness/wire/control_decoder.h"

#include <algorithm>

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;
using namespace rolecall::wire;

// Adds the item that is due, encoded anew; not while it is not all there, or when it is refused.
static bool take(ControlDecoder& in, std::byte due, Bytes& taken) {
  const int kind = std::to_integer<int>(due) % 4;
  if (kind == 0) {
    const auto cookie = in.take_cookie();
    if (cookie) append(taken, cookie->bytes);
    return cookie.has_value();
  }
  if (kind == 1) {
    const auto byte = in.take_byte();
    if (byte) taken.push_back(*byte);
    return byte.has_value();
  }
  if (kind == 2) {
    const auto error = in.take_server_error();
    if (error) append(taken, encode_server_error(*error));
    return error.has_value();
  }
  const auto frame = in.take_frame(8192);
  if (!frame || !frame.value()) return false;
  append(taken, encode_frame(*frame.value()));
  return true;
}

static Bytes take_all(ByteView due, ByteView wire, std::size_t step) {
  ControlDecoder in;
  Bytes taken;
  taken.reserve(wire.size());
  for (std::size_t at = 0; at < wire.size(); at += step) {
    in.feed(wire.subspan(at, step));
    while (!due.empty() && take(in, due.front(), taken)) due = due.subspan(1);
  }
  CHECK(taken.size() + in.buffered() == wire.size());
  return taken;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = fuzz::bytes(data, size).subspan(1);
  const std::size_t items = std::min<std::size_t>(data[0], rest.size());
  const ByteView wire = rest.subspan(items);
  const Bytes taken = take_all(rest.first(items), wire, wire.size());
  CHECK(taken == take_all(rest.first(items), wire, 1));
  CHECK(std::equal(taken.begin(), taken.end(), wire.begin()));
  return 0;
}
