// SPDX-License-Identifier: BSD-3-Clause
// Servers and who may run tests: SPEC.md, "authentication". Where the padding is not the subject, a
// server is asked with both: releases up to 3.16 know one of them only, later ones the other.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/auth_keys.h"
#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::server_authentication {
namespace {

using perf::Padding;

constexpr const char* kOptions =
    "--rsa-private-key-path {keys}/private.pem --authorized-users-path {keys}/users.csv";
constexpr const char* kOneOff =
    "-1 --rsa-private-key-path {keys}/private.pem --authorized-users-path {keys}/users.csv";
constexpr const char* kOddUsers =
    "--rsa-private-key-path {keys}/private.pem --authorized-users-path {keys}/odd-users.csv";

// What the server answers to parameters with `token`, all up to the end of the connection where it
// is no 10; then everything is closed. A null token: without one.
Checked<std::string> answer_to(ServerScript& server, const Json& token) {
  TRY(server.await_idle());
  ServerTest test(server);
  TRY(server.reach_after_another(test, Phase::Parameters));
  TRY(test.control().send(document(parameters({{"authtoken", token}}))));
  TRY(std::string answer, test.control().receive_some());
  if (answer.starts_with('\x0a') || answer.empty()) {
    test.control().close();
    return answer;
  }
  TRY(const std::string rest, test.control().expect_end("the token is refused"));
  return answer + rest;
}

Checked<bool> admits(ServerScript& server, const std::string& text, Padding padding) {
  TRY(const std::string answer, answer_to(server, AuthKeys::get().token(text, padding)));
  return answer.starts_with('\x0a');
}

Checked<void> expect_admitted(ServerScript& server, const std::string& text) {
  for (const Padding padding : {Padding::Oaep, Padding::Pkcs1}) {
    TRY(const bool is_admitted, admits(server, text, padding));
    if (is_admitted) return ok();
  }
  return failure("10 to the token of one padding", "a refusal of both");
}

Checked<void> expect_refused(ServerScript& server, const std::string& text) {
  for (const Padding padding : {Padding::Oaep, Padding::Pkcs1}) {
    TRY(const bool is_admitted, admits(server, text, padding));
    TRY(require(!is_admitted, "no 10", "10"));
  }
  return ok();
}

Checked<void> right_token(ServerScript& server) {
  return expect_admitted(server, token_text(kPassword, 0));
}

// On a machine that takes its time a token from the future becomes younger meanwhile, and one from
// the past older: 9 s to go and 4 s old are within 10 s for longer than any step may take.
Checked<void> timely_tokens(ServerScript& server) {
  TRY(expect_admitted(server, token_text(kPassword, 0)));
  TRY(expect_admitted(server, token_text(kPassword, 4)));
  return expect_admitted(server, token_text(kPassword, -9));
}

Checked<void> oaep_token(ServerScript& server) {
  TRY(const bool is_admitted, admits(server, token_text(kPassword, 0), Padding::Oaep));
  return require(is_admitted, "10 to a token with the padding of OAEP", "a refusal");
}

Checked<void> no_token(ServerScript& server) {
  TRY(const std::string answer, answer_to(server, nullptr));
  return require(!answer.starts_with('\x0a'), "no 10", visible(answer));
}

// The same bytes for a wrong password and a name that nobody has.
Checked<void> wrong_password(ServerScript& server) {
  std::string nobody = token_text(kPassword, 0);
  nobody.replace(nobody.find(kUser), 5, "luigi");
  for (const Padding padding : {Padding::Oaep, Padding::Pkcs1}) {
    TRY(const auto wrong,
        answer_to(server, AuthKeys::get().token(token_text("wrong", 0), padding)));
    TRY(const auto unknown, answer_to(server, AuthKeys::get().token(nobody, padding)));
    TRY(require(!wrong.starts_with('\x0a') && wrong == unknown,
                "no 10, and the same answer to both", visible(wrong) + ", " + visible(unknown)));
  }
  return ok();
}

// The same the other way round: 12 s old, with a second for the clock's grain, and 20 s to go.
Checked<void> stale_token(ServerScript& server) {
  TRY(expect_refused(server, token_text(kPassword, 12)));
  return expect_refused(server, token_text(kPassword, -20));
}

Checked<void> names_the_refusal(ServerScript& server) {
  TRY(const std::string answer, answer_to(server, nullptr));
  return require(answer.starts_with("\xfe" + length(142)), "0xfe and 142", visible(answer));
}

Checked<void> broken_tokens(ServerScript& server) {
  for (const char* token : {"!!!", "abc", "=", "", "AAAA"}) {
    TRY(const std::string answer, answer_to(server, token));
    TRY(require(!answer.starts_with('\x0a'), "no 10", visible(answer)));
  }
  return right_token(server);
}

Checked<void> white_space(ServerScript& server) {
  const std::string text = token_text(kPassword, 0);
  const auto seconds = text.substr(text.find_last_of(' ') + 1);
  return expect_admitted(server,
                         fmt::format("user:{} pwd: {} ts: {}\n", kUser, kPassword, seconds));
}

Checked<void> token_again(ServerScript& server) {
  const std::string text = token_text(kPassword, 0);
  for (const Padding padding : {Padding::Oaep, Padding::Pkcs1}) {
    const std::string token = AuthKeys::get().token(text, padding);
    TRY(const std::string first, answer_to(server, token));
    if (!first.starts_with('\x0a')) continue;
    TRY(const std::string again, answer_to(server, token));
    return require(again.starts_with('\x0a'), "10 again", visible(again));
  }
  return failure("10 to the token of one padding", "a refusal of both");
}

Checked<void> one_off_waits_on(ServerScript& server) {
  TRY(const std::string answer, answer_to(server, nullptr));
  return right_token(server);
}

// By a server that asks for none.
Checked<void> token_unasked(ServerScript& server) {
  TRY(const std::string answer, answer_to(server, "!!!"));
  return require(answer.starts_with('\x0a'), "10", visible(answer));
}

}  // namespace

std::vector<Case> cases() {
  std::vector<ServerCase> all = {
      {"right-token", {"right-token-is-admitted"}, timely_tokens, {}, kOptions},
      {"token-of-oaep", {"token-padding-is-oaep"}, oaep_token, {}, kOptions},
      {"no-token", {"missing-token-is-refused"}, no_token, {}, kOptions},
      {"wrong-password", {"wrong-password-is-refused"}, wrong_password, {}, kOptions},
      {"stale-token", {"stale-token-is-refused"}, stale_token, {}, kOptions},
      {"refusal-is-named", {"refused-token-is-named"}, names_the_refusal, {}, kOptions},
      {"broken-tokens", {"refused-token-harms-nobody"}, broken_tokens, {}, kOptions},
      {"white-space-in-a-token", {"white-space-in-token-is-tolerated"}, white_space, {}, kOptions},
      {"token-again", {"token-may-be-used-again"}, token_again, {}, kOptions},
      {"odd-lines-of-users", {"first-line-of-a-user-counts"}, right_token, {}, kOddUsers},
      {"one-off-and-a-refused-token",
       {"refused-client-does-not-use-up-the-one-off"},
       one_off_waits_on,
       {"one-off"},
       kOneOff},
  };
  for (ServerCase& one : all) one.tags.emplace_back("auth");
  all.push_back({"token-unasked", {"token-is-ignored-when-not-asked"}, token_unasked});
  return of(std::move(all));
}

}  // namespace rolecall::conformance::server_authentication
