// SPDX-License-Identifier: BSD-3-Clause
// Clients and their tokens: SPEC.md, "authentication".
#include <algorithm>

#include <nlohmann/json.hpp>

#include "harness/conformance/auth_keys.h"
#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_authentication {
namespace {

using perf::Padding;

constexpr const char* kOptions =
    "-n 8K -l 1K --username mario --rsa-public-key-path {keys}/public.pem";

Checked<std::string> take_token(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  std::string token = text_at(client.parameter_values(), "/authtoken");
  TRY(require(!token.empty(), "a text \"authtoken\"", visible(client.parameters_text, 300)));
  return token;
}

// 256 bytes are 344 characters.
Checked<void> is_base64(ClientScript& client) {
  TRY(const std::string token, take_token(client));
  const bool has_break = token.find_first_of(" \r\n") != std::string::npos;
  return require(token.size() == 344 && !has_break, "344 characters of base64 in one line",
                 visible(token, 400));
}

Checked<void> has_three_lines(ClientScript& client) {
  TRY(const std::string token, take_token(client));
  auto text = AuthKeys::get().read(token, Padding::Oaep);
  if (!text) text = AuthKeys::get().read(token, Padding::Pkcs1);
  const std::string head = std::string("user: ") + kUser + "\npwd:  " + kPassword + "\nts:   ";
  const std::string found = text.value_or("no token of our key");
  const std::string seconds = found.starts_with(head) ? found.substr(head.size()) : "";
  const bool is_number =
      !seconds.empty() && std::ranges::all_of(seconds, [](char c) { return c >= '0' && c <= '9'; });
  return require(is_number, visible(head) + "and the seconds", visible(found));
}

Checked<void> is_padded_by_oaep(ClientScript& client) {
  TRY(const std::string token, take_token(client));
  return require(AuthKeys::get().read(token, Padding::Oaep).has_value(), "the padding of OAEP",
                 "another one");
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ClientCase>{
      {"token-is-base64", {"token-is-base64-of-one-rsa-block"}, kOptions, is_base64, {"auth"}},
      {"token-has-three-lines",
       {"token-text-has-three-lines"},
       kOptions,
       has_three_lines,
       {"auth"}},
      {"token-of-oaep", {"token-padding-is-oaep"}, kOptions, is_padded_by_oaep, {"auth"}},
  });
}

}  // namespace rolecall::conformance::client_authentication
