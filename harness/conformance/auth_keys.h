// SPDX-License-Identifier: BSD-3-Clause
// What both ends of an authenticated test need: a key pair, a file of users, and tokens of all
// sorts.
#pragma once

#include <optional>
#include <string>

#include "harness/base/files.h"
#include "harness/perf/rsa_key.h"

namespace rolecall::conformance {

inline constexpr const char* kUser = "mario";
inline constexpr const char* kPassword = "rossi-Pa55";

// In a case's options {keys} stands for the folder, which has private.pem, public.pem, users.csv,
// and odd-users.csv with lines that are to be passed over. Made once, of a new key; any thread.
class AuthKeys {
 public:
  // Fails where there is no place for them.
  static const Result<AuthKeys>& made();
  // REQUIRES: {keys} is in the case's options, so they could be made.
  static const AuthKeys& get() { return made().value(); }

  std::string folder() const { return folder_.path(); }
  // base64 of `text` encrypted.
  std::string token(const std::string& text, perf::Padding padding) const;
  // The text of a token of either padding.
  std::optional<std::string> read(const std::string& token, perf::Padding padding) const;

 private:
  AuthKeys(TemporaryFolder folder, perf::PublicKey public_key, perf::PrivateKey private_key)
      : folder_(std::move(folder)),
        public_key_(std::move(public_key)),
        private_key_(std::move(private_key)) {}
  static Result<AuthKeys> make();

  TemporaryFolder folder_;
  perf::PublicKey public_key_;
  perf::PrivateKey private_key_;
};

// The text inside a token, as iperf3 writes it.
std::string token_text(const std::string& password, int seconds_ago);

}  // namespace rolecall::conformance
