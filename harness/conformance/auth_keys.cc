// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/auth_keys.h"

#include "harness/perf/authentication.h"
#include "harness/perf/key_pair.h"
#include "harness/wire/auth_token.h"

namespace rolecall::conformance {
namespace {

// sha256 of "{mario}rossi-Pa55"
constexpr const char* kHash = "15e9ee9935c82f6c921be6979d26b2d16d8d528b23497fb1c32912c755b8c6cf";

}  // namespace

const Result<AuthKeys>& AuthKeys::made() {
  static const Result<AuthKeys> keys = make();
  return keys;
}

Result<AuthKeys> AuthKeys::make() {
  TRY(auto folder, TemporaryFolder::make());
  const auto& path = folder.path();
  TRY(perf::write_key_pair(path, "", 2048));
  const std::string line = std::string(kUser) + "," + kHash + "\n";
  TRY(write_file(path / "users.csv", line));
  TRY(write_file(path / "odd-users.csv",
                 "# name,hash\n\n" + line + kUser + "," + std::string(64, '0') + "\n"));
  TRY(auto public_key, perf::PublicKey::read(path / "public.pem"));
  TRY(auto private_key, perf::PrivateKey::read(path / "private.pem"));
  return AuthKeys(std::move(folder), std::move(public_key), std::move(private_key));
}

std::string AuthKeys::token(const std::string& text, perf::Padding padding) const {
  return wire::encode_base64(public_key_.encrypt(text, padding).value());
}

std::optional<std::string> AuthKeys::read(const std::string& token, perf::Padding padding) const {
  const auto bytes = wire::decode_base64(token);
  if (!bytes) return std::nullopt;
  const auto plain = private_key_.decrypt(bytes.value(), padding);
  return plain ? std::optional(std::string(plain->text())) : std::nullopt;
}

std::string token_text(const std::string& password, int seconds_ago) {
  return wire::encode_auth_text({kUser, password, perf::wall_clock_s() - seconds_ago});
}

}  // namespace rolecall::conformance
