// SPDX-License-Identifier: BSD-3-Clause
// Any text is an authentication text or none, and base64 or none; what is read is written the same.
// Input: the text, or the bytes that base64 is to carry.
#include "harness/wire/auth_token.h"

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;
using namespace rolecall::wire;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in = fuzz::bytes(data, size);
  if (const auto text = decode_auth_text(as_text(in))) {
    CHECK(decode_auth_text(encode_auth_text(*text)) == text);
  }
  if (const auto bytes = decode_base64(as_text(in))) {
    CHECK(encode_base64(bytes.value()) == as_text(in));
  }
  const auto back = decode_base64(encode_base64(in));
  CHECK(back && as_text(back.value()) == as_text(in));
  return 0;
}
