// SPDX-License-Identifier: BSD-3-Clause
// Clients and cookies: SPEC.md, "cookie".
#include <algorithm>

#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_cookie {
namespace {

constexpr const char* kShort = "-n 8K -l 1K";
constexpr const char* kTwoStreams = "-n 8K -l 1K -P 2";

std::string up_to_nul(const std::string& cookie) {
  return cookie.substr(0, cookie.find('\0'));
}

// Without a word from the server.
Checked<void> comes_first(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  return client.control().expect_silence("37 bytes are the cookie");
}

Checked<void> ends_with_nul(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  return require(client.cookie.find('\0') != std::string::npos, "a 0x00 in the 37 bytes",
                 visible(client.cookie));
}

Checked<void> is_printable(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  const std::string text = up_to_nul(client.cookie);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
  });
  return require(plain && text.size() >= 34, "34 or more characters of a-z 2-7",
                 visible(client.cookie));
}

Checked<void> is_fresh(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  const std::string first = client.cookie;
  TRY(client.restart(kShort));
  TRY(client.reach(Phase::Cookie));
  return require(client.cookie != first, "another cookie in the next test", visible(first));
}

Checked<void> streams_have_it_too(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  for (const std::string& cookie : client.stream_cookies) {
    TRY(require(up_to_nul(cookie) == up_to_nul(client.cookie),
                "the cookie of the control connection: " + visible(client.cookie),
                visible(cookie)));
  }
  return ok();
}

// The server is silent on the stream.
Checked<void> stream_cookie_comes_first(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  TRY(require(up_to_nul(client.stream_cookies[0]) == up_to_nul(client.cookie),
              "the cookie of the test", visible(client.stream_cookies[0])));
  return client.streams[0].expect_silence("the test does not run yet");
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ClientCase>{
      {"cookie-comes-first",
       {"cookie-comes-first", "cookie-is-37-bytes", "nothing-between-cookie-and-parameters"},
       kShort,
       comes_first},
      {"cookie-ends-with-nul", {"cookie-ends-with-nul"}, kShort, ends_with_nul},
      {"cookie-is-printable", {"cookie-is-printable"}, kShort, is_printable},
      {"cookie-is-fresh", {"cookie-is-fresh"}, kShort, is_fresh},
      {"stream-cookies-are-the-same",
       {"stream-cookie-is-the-same"},
       kTwoStreams,
       streams_have_it_too,
       {"parallel"}},
      {"stream-cookie-comes-first",
       {"stream-cookie-comes-first"},
       kShort,
       stream_cookie_comes_first},
  });
}

}  // namespace rolecall::conformance::client_cookie
