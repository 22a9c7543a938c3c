// SPDX-License-Identifier: BSD-3-Clause
// A UDP header is written as it was read, and the connect exchange takes what it sends itself and
// hands out no byte that did not come. Input: one datagram; its size chooses the header's.
#include "harness/wire/datagram.h"

#include <algorithm>
#include <array>

#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/wire/cookie.h"

using namespace rolecall;
using namespace rolecall::wire;

static void check_header(ByteView datagram, Counter counter) {
  const std::size_t size = datagram_header_size(counter);
  const auto header = decode_datagram_header(datagram, counter);
  CHECK(header.has_value() == (datagram.size() >= size));
  if (!header || be32(datagram) >= 0xffff'0000) return;  // microseconds may carry into the seconds
  std::array<std::byte, 16> written{};
  encode_datagram_header(*header, counter, written);
  CHECK(decode_datagram_header(ByteView(written).first(size), counter)->sent == header->sent);
  // A second has less than a million microseconds: only then are the bytes the only ones for it.
  if (be32(datagram, 4) >= 1'000'000) return;
  CHECK(std::equal(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(size),
                   datagram.begin()));
}

static void check_connect(ByteView datagram, std::size_t header_bytes) {
  const auto header = flagged_connect(datagram, header_bytes);
  if (!header || be32(datagram) >= 0xffff'0000) return;  // microseconds may carry into the seconds
  CHECK(header->size() == header_bytes &&
        header->data() + header_bytes == datagram.data() + datagram.size());
  CHECK(std::ranges::equal(encode_connect(*header), datagram));
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView datagram = fuzz::bytes(data, size);
  check_header(datagram, Counter::Narrow);
  check_header(datagram, Counter::Wide);
  for (const int level : {0, 1, 2}) check_connect(datagram, kCookieSize + preamble_size(level));
  CHECK(!is_connect(datagram) || is_connect_of_any_release(datagram));
  CHECK(is_connect(encode_connect(datagram)));
  CHECK(is_connect_reply(encode_connect_reply()));
  return 0;
}
