// SPDX-License-Identifier: BSD-3-Clause
// RSA keys from PEM files, for authentication. iperf_auth.c, 3.22: encrypt_rsa_message() and
// decrypt_rsa_message(); OAEP since 3.17, PKCS#1 v1.5 before.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "harness/base/bytes.h"
#include "harness/base/result.h"
#include "harness/perf/secret.h"

struct evp_pkey_st;

namespace rolecall::perf {

enum class Padding { Oaep, Pkcs1 };

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, FreeKey>;

// Any thread, once read.
class PublicKey {
 public:
  // Errors: System; Config, for a file that holds no usable RSA key.
  static Result<PublicKey> read(const std::string& path);

  // One block of the key's size. Errors: Config, when `text` does not fit into it.
  Result<Bytes> encrypt(std::string_view text, Padding padding) const;

 private:
  explicit PublicKey(KeyHandle key) : key_(std::move(key)) {}
  KeyHandle key_;
};

class PrivateKey {
 public:
  static Result<PrivateKey> read(const std::string& path);

  // Nothing for bytes that were not encrypted so for this key.
  std::optional<Secret> decrypt(ByteView bytes, Padding padding) const;

 private:
  explicit PrivateKey(KeyHandle key) : key_(std::move(key)) {}
  KeyHandle key_;
};

}  // namespace rolecall::perf
