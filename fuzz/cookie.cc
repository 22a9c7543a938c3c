// SPDX-License-Identifier: BSD-3-Clause
// Any 37 bytes are a cookie, the flag that is put into one is read back, and so is a preamble.
// Input: 37 bytes, which also serve as the random ones of a new cookie, the last two as a stream's
// tag and the first three as a preamble.
#include "harness/wire/cookie.h"

#include <algorithm>

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;
using namespace rolecall::wire;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kCookieSize) return 0;
  const ByteView in = fuzz::bytes(data, kCookieSize);
  const Cookie heard = cookie_from(in);
  CHECK(same_test(heard, heard));
  CHECK(printable(heard).size() <= kCookieSize);

  const Cookie plain = make_cookie(in.first<36>());
  const Cookie flagged = make_flagged_cookie(in.first<36>());
  CHECK(!announces_flag(plain) && announces_flag(flagged));
  CHECK(same_test(heard, plain) == same_test(plain, heard));

  const std::uint16_t tag = be16(in, 35);
  const StreamTag of_stream{(tag >> 15) != 0 ? Role::Sender : Role::Receiver, tag & 0x7fff};
  const Cookie tagged = tag_cookie(flagged, of_stream);
  CHECK(same_test(flagged, tagged) && read_tag(tagged) == of_stream);

  for (const int level : {1, 2}) {
    const ByteView preamble = in.first(preamble_size(level));
    const auto read = decode_preamble(level, preamble);
    const bool has_role = data[0] == 'S' || data[0] == 'R';
    CHECK(read.has_value() == has_role);
    CHECK(!read || std::ranges::equal(encode_preamble(level, read.value()), preamble));
  }
  return 0;
}
