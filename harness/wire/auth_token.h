// SPDX-License-Identifier: BSD-3-Clause
// What a client's "authtoken" is before and after its encryption: a text of three lines, and base64
// of the encrypted bytes. iperf_auth.c encode_auth_setting() and decode_auth_setting(), 3.22.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/bytes.h"
#include "harness/base/result.h"

namespace rolecall::wire {

// Views into the text that it was decoded from, or is to be encoded from: no copy of the password
// is made.
struct AuthText {
  std::string_view user;
  std::string_view password;
  std::int64_t time_s = 0;  // since 1970, as the client's clock has it

  bool operator==(const AuthText&) const = default;
};

// Whether a name or a password fits into the text: not empty, no white space, no NUL.
bool fits_auth_text(std::string_view word);

// REQUIRES: user and password fit. The text is a secret: its owner wipes it.
std::string encode_auth_text(const AuthText& text);
// As servers scan it: white space between items may be any. Nothing for any other text; no Error,
// so that a text which is none takes no longer than one which is.
std::optional<AuthText> decode_auth_text(std::string_view text);

// The standard alphabet with padding, no line breaks. Malformed for what `encode` would not give.
std::string encode_base64(ByteView bytes);
Result<Bytes> decode_base64(std::string_view text);

}  // namespace rolecall::wire
