// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/auth_token.h"

#include <algorithm>
#include <charconv>

#include "harness/base/check.h"

namespace rolecall::wire {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
constexpr std::string_view kUserLabel = "user:";
constexpr std::string_view kPasswordLabel = "pwd:";
constexpr std::string_view kTimeLabel = "ts:";

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_white(char c) {
  return kWhiteSpace.find(c) != std::string_view::npos;
}

void skip_white(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kWhiteSpace), rest.size()));
}

// The word behind the label; empty when there is none.
std::string_view take_labelled(std::string_view& rest, std::string_view label) {
  skip_white(rest);
  if (!rest.starts_with(label)) return {};
  rest.remove_prefix(label.size());
  skip_white(rest);
  const std::string_view word = rest.substr(0, rest.find_first_of(kWhiteSpace));
  rest.remove_prefix(word.size());
  return word;
}

// Four letters of base64 and how many bytes they stand for, -1 when they stand for none.
int decode_quad(std::string_view quad, std::uint32_t& bits) {
  const std::size_t letters = std::min(quad.find('='), quad.size());
  bits = 0;
  for (std::size_t i = 0; i < quad.size(); ++i) {
    const std::size_t value = i < letters ? kBase64.find(quad[i]) : 0;
    if (value == std::string_view::npos || (i >= letters && quad[i] != '=')) return -1;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
  }
  if (letters < 2) return -1;
  const int count = static_cast<int>(letters) - 1;
  const std::uint32_t unused = (1U << (8 * (3 - count))) - 1;
  return (bits & unused) == 0 ? count : -1;
}

}  // namespace

bool fits_auth_text(std::string_view word) {
  return !word.empty() &&
         std::ranges::none_of(word, [](char c) { return c == '\0' || is_white(c); });
}

std::string encode_auth_text(const AuthText& text) {
  CHECK(fits_auth_text(text.user) && fits_auth_text(text.password));
  std::string out;
  out.reserve(text.user.size() + text.password.size() + 64);  // one buffer, to be wiped
  out.append(kUserLabel).append(" ").append(text.user);
  out.append("\n").append(kPasswordLabel).append("  ").append(text.password);
  out.append("\n").append(kTimeLabel).append("   ").append(std::to_string(text.time_s));
  return out;
}

std::optional<AuthText> decode_auth_text(std::string_view text) {
  AuthText out;
  out.user = take_labelled(text, kUserLabel);
  out.password = take_labelled(text, kPasswordLabel);
  const std::string_view time = take_labelled(text, kTimeLabel);
  skip_white(text);
  const char* end = time.data() + time.size();
  const auto number = std::from_chars(time.data(), end, out.time_s);
  const bool has_time = !time.empty() && number.ec == std::errc() && number.ptr == end;
  const bool whole = text.empty() && fits_auth_text(out.user) && fits_auth_text(out.password);
  return has_time && whole ? std::optional(out) : std::nullopt;
}

std::string encode_base64(ByteView bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? kBase64[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

Result<Bytes> decode_base64(std::string_view text) {
  const Error malformed{Errc::Malformed, "the text is not base64"};
  if (text.size() % 4 != 0) return malformed;
  Bytes out;
  for (; !text.empty(); text.remove_prefix(4)) {
    std::uint32_t bits = 0;
    const int count = decode_quad(text.substr(0, 4), bits);
    if (count < 0 || (count < 3 && text.size() > 4)) return malformed;
    for (int i = 0; i < count; ++i) out.push_back(static_cast<std::byte>(bits >> (16 - 8 * i)));
  }
  return out;
}

}  // namespace rolecall::wire
