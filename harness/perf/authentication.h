// SPDX-License-Identifier: BSD-3-Clause
// Who a client says it is, and whether the server believes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "harness/base/result.h"
#include "harness/perf/rsa_key.h"
#include "harness/perf/secret.h"

namespace rolecall::perf {

// A client's.
class Credentials {
 public:
  // The password comes from IPERF3_PASSWORD, which is wiped, or from the terminal. Errors: System;
  // Config.
  static Result<std::shared_ptr<const Credentials>> make(const std::string& user,
                                                         const std::string& key_path,
                                                         Padding padding);

  Credentials(std::string user, Secret password, PublicKey key, Padding padding)
      : user_(std::move(user)),
        password_(std::move(password)),
        key_(std::move(key)),
        padding_(padding) {}

  // What goes into the parameters at the time `now_s`, in seconds since 1970.
  Result<std::string> token(std::int64_t now_s) const;

 private:
  const std::string user_;
  const Secret password_;
  const PublicKey key_;
  const Padding padding_;
};

// A server's.
class Authorization {
 public:
  // Reads the key, and the users once to see that they can be read. Errors: System; Config.
  static Result<std::shared_ptr<const Authorization>> make(const std::string& key_path,
                                                           const std::string& users_path,
                                                           int skew_s, Padding padding);

  Authorization(PrivateKey key, std::string users_path, int skew_s, Padding padding)
      : key_(std::move(key)),
        users_path_(std::move(users_path)),
        skew_s_(skew_s),
        padding_(padding) {}

  // The users are read again, so that the file may change. Whatever is wrong with the token, the
  // way to "no" is the same. Errors: of the users file alone.
  Result<bool> admits(const std::optional<std::string>& token, std::int64_t now_s) const;

 private:
  const PrivateKey key_;
  const std::string users_path_;
  const int skew_s_;
  const Padding padding_;
};

// This machine's, in seconds since 1970.
std::int64_t wall_clock_s();

}  // namespace rolecall::perf
