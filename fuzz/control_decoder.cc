// SPDX-License-Identifier: BSD-3-Clause
// Whatever is due and whatever comes: byte by byte gives what all at once gives, to the same end,
// and what was taken encodes to the bytes that came. Input: a number of items, what each is, then
// the wire.
#include "harness/wire/control_decoder.h"

#include <algorithm>

#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/wire/params.h"

using namespace rolecall;
using namespace rolecall::wire;

enum class Step { Took, Missing, Refused };

// Adds the item, where it is all there, encoded anew.
template <class Item, class Encode>
static Step put(const std::optional<Item>& item, Bytes& taken, Encode encode) {
  if (!item) return Step::Missing;
  append(taken, encode(*item));
  return Step::Took;
}

// The cap is 0 for that of the parameters, or so few bytes that short inputs reach it.
static Step put_frame(ControlDecoder& in, int cap, Bytes& taken) {
  const std::size_t most = cap == 0 ? kParametersCap : static_cast<std::size_t>(cap);
  const auto frame = in.take_frame(most);
  if (!frame) return Step::Refused;
  CHECK(!frame.value() || (!frame.value()->empty() && frame.value()->size() <= most));
  return put(frame.value(), taken, encode_frame);
}

// What is due is the byte modulo 4, and a frame's cap is what is left of it.
static Step take(ControlDecoder& in, std::byte due, Bytes& taken) {
  const int kind = std::to_integer<int>(due) % 4;
  if (kind == 0) {
    return put(in.take_cookie(), taken, [](const Cookie& c) { return ByteView(c.bytes); });
  }
  if (kind == 1) {
    return put(in.take_byte(), taken, [](const std::byte& byte) { return ByteView(&byte, 1); });
  }
  if (kind == 2) return put(in.take_server_error(), taken, encode_server_error);
  return put_frame(in, std::to_integer<int>(due) / 4, taken);
}

struct Taken {
  Bytes bytes;
  bool is_refused = false;
  bool operator==(const Taken&) const = default;
};

// Until nothing more is due or comes, or what came is refused.
static Taken take_all(ByteView due, ByteView wire, std::size_t piece) {
  ControlDecoder in;
  Taken taken;
  taken.bytes.reserve(wire.size());
  std::size_t fed = 0;
  while (fed < wire.size() && !due.empty() && !taken.is_refused) {
    const ByteView next = wire.subspan(fed, std::min(piece, wire.size() - fed));
    in.feed(next);
    fed += next.size();
    Step step = Step::Took;
    while (!due.empty() && (step = take(in, due.front(), taken.bytes)) == Step::Took) {
      due = due.subspan(1);
    }
    taken.is_refused = step == Step::Refused;
  }
  CHECK(taken.bytes.size() + in.buffered() == fed);
  return taken;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = fuzz::bytes(data, size).subspan(1);
  const std::size_t items = std::min<std::size_t>(data[0], rest.size());
  const ByteView wire = rest.subspan(items);
  const Taken taken = take_all(rest.first(items), wire, wire.size());
  CHECK(taken == take_all(rest.first(items), wire, 1));
  CHECK(std::ranges::equal(taken.bytes, wire.first(taken.bytes.size())));
  return 0;
}
