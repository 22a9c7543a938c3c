// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/cookie.h"

#include <algorithm>
#include <string_view>

namespace rolecall::wire {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kFlagNul = 34;  // the early NUL of cookie mode; the flag is in the two after
constexpr std::uint16_t kClientSends = 0x8000;
constexpr std::string_view kAnnouncement = "R1";

}  // namespace

Cookie make_cookie(std::span<const std::byte, 36> random) {
  Cookie cookie;
  std::transform(random.begin(), random.end(), cookie.bytes.begin(), [](std::byte b) {
    return static_cast<std::byte>(kAlphabet[std::to_integer<unsigned>(b) % kAlphabet.size()]);
  });
  return cookie;
}

Cookie make_flagged_cookie(std::span<const std::byte, 36> random) {
  Cookie cookie = make_cookie(random);
  cookie.bytes[kFlagNul] = std::byte{0};
  std::ranges::copy(as_bytes(kAnnouncement), cookie.bytes.begin() + kFlagNul + 1);
  return cookie;
}

Cookie tag_cookie(const Cookie& control, const StreamTag& tag) {
  CHECK(announces_flag(control));
  Bytes flag;
  append_be16(flag, static_cast<std::uint16_t>(
                        (tag.client_role == Role::Sender ? kClientSends : 0) | tag.index.value()));
  Cookie cookie = control;
  std::ranges::copy(flag, cookie.bytes.begin() + kFlagNul + 1);
  return cookie;
}

bool announces_flag(const Cookie& control) {
  const auto first_nul = std::ranges::find(control.bytes, std::byte{0});
  const auto flag = ByteView(control.bytes).subspan(kFlagNul + 1);
  return first_nul == control.bytes.begin() + kFlagNul && as_text(flag) == kAnnouncement;
}

StreamTag read_tag(const Cookie& stream) {
  const std::uint16_t flag = be16(stream.bytes, kFlagNul + 1);
  return {(flag & kClientSends) != 0 ? Role::Sender : Role::Receiver,
          static_cast<std::uint16_t>(flag & ~kClientSends)};
}

bool same_test(const Cookie& a, const Cookie& b) {
  const auto end = std::ranges::find(a.bytes, std::byte{0});
  const auto length =
      std::min<std::size_t>(static_cast<std::size_t>(end - a.bytes.begin()) + 1, kCookieSize);
  return std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<std::ptrdiff_t>(length),
                    b.bytes.begin());
}

std::string printable(const Cookie& cookie) {
  std::string text;
  for (const std::byte b : cookie.bytes) {
    if (b == std::byte{0}) break;
    const char c = static_cast<char>(b);
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

Cookie cookie_from(ByteView bytes) {
  CHECK(bytes.size() == kCookieSize);
  Cookie cookie;
  std::ranges::copy(bytes, cookie.bytes.begin());
  return cookie;
}

}  // namespace rolecall::wire
