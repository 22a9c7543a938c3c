// SPDX-License-Identifier: BSD-3-Clause
// Bytes that are wiped when their owner lets go of them.
#pragma once

#include <openssl/crypto.h>

#include <string_view>
#include <utility>

#include "harness/base/bytes.h"

namespace rolecall::perf {

class Secret {
 public:
  // Takes a copy of `text`, which its owner is to wipe.
  explicit Secret(std::string_view text) { append(bytes_, as_bytes(text)); }
  explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&&) = delete;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  std::string_view text() const { return as_text(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace rolecall::perf
