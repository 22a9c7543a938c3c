// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/authentication.h"

#include <time.h>

#include <cstdlib>
#include <cstring>

#include "harness/base/files.h"
#include "harness/perf/ask_password.h"
#include "harness/perf/authorized_users.h"
#include "harness/wire/auth_token.h"

namespace rolecall::perf {
namespace {

// Goes the way of a token where there is none that can be read.
constexpr wire::AuthText kNobody{"nobody", "nothing", 0};

Result<Secret> obtain_password() {
  char* from_environment = std::getenv("IPERF3_PASSWORD");
  if (from_environment == nullptr) return ask_password();
  Secret password{std::string_view(from_environment)};
  OPENSSL_cleanse(from_environment, std::strlen(from_environment));
  return password;
}

Result<std::vector<AuthorizedUser>> read_authorized_users(const std::string& path) {
  auto text = read_file(path);
  if (!text) {
    text.error().what = "cannot access authorized users file: " + text.error().what;
    return text.error();
  }
  return parse_authorized_users(text.value(), path);
}

}  // namespace

Result<std::shared_ptr<const Credentials>> Credentials::make(const std::string& user,
                                                             const std::string& key_path,
                                                             Padding padding) {
  if (!wire::fits_auth_text(user)) {
    return Error{Errc::Config, "the user name (--username) must have no white space in it"};
  }
  TRY(auto key, PublicKey::read(key_path));
  TRY(auto password, obtain_password());
  if (!wire::fits_auth_text(password.text())) {
    return Error{Errc::Config, "the password must not be empty nor have white space in it"};
  }
  auto made =
      std::make_shared<const Credentials>(user, std::move(password), std::move(key), padding);
  TRY(made->token(wall_clock_s()));
  return std::shared_ptr<const Credentials>(std::move(made));
}

Result<std::string> Credentials::token(std::int64_t now_s) const {
  std::string text = wire::encode_auth_text({user_, password_.text(), now_s});
  const auto encrypted = key_.encrypt(text, padding_);
  OPENSSL_cleanse(text.data(), text.size());
  TRY(const auto bytes, encrypted);
  return wire::encode_base64(bytes);
}

Result<std::shared_ptr<const Authorization>> Authorization::make(const std::string& key_path,
                                                                 const std::string& users_path,
                                                                 int skew_s, Padding padding) {
  TRY(read_authorized_users(users_path));
  TRY(auto key, PrivateKey::read(key_path));
  return std::shared_ptr<const Authorization>(
      std::make_shared<const Authorization>(std::move(key), users_path, skew_s, padding));
}

Result<bool> Authorization::admits(const std::optional<std::string>& token,
                                   std::int64_t now_s) const {
  TRY(const auto users, read_authorized_users(users_path_));
  const auto encrypted = wire::decode_base64(token.value_or(""));
  const auto plain = key_.decrypt(encrypted ? ByteView(encrypted.value()) : ByteView(), padding_);
  const auto read = wire::decode_auth_text(plain ? plain->text() : std::string_view());
  const wire::AuthText claim = read.value_or(kNobody);
  const bool known = is_authorized(users, claim.user, claim.password);
  const bool timely = (claim.time_s >= now_s - skew_s_) & (claim.time_s <= now_s + skew_s_);
  return (unsigned{read.has_value()} & unsigned{known} & unsigned{timely}) != 0;
}

std::int64_t wall_clock_s() {
  return ::time(nullptr);
}

}  // namespace rolecall::perf
