// SPDX-License-Identifier: BSD-3-Clause
// Any 37 bytes are a cookie, and the flag that is put into one is read back. Input: 37 bytes, which
// also serve as the random ones of a new cookie and, the last two, as a stream's tag.
#include "harness/wire/cookie.h"

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
  return 0;
}
