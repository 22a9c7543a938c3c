// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/result.h"

namespace rolecall::perf {

// Makes an RSA key of `bits` and writes it as the client and the server take it:
// <prefix>private.pem (PKCS #8, encrypted where there is a passphrase, readable by the owner alone)
// and <prefix>public.pem, into `folder`. System when they cannot be written. Any thread.
Result<void> write_key_pair(const std::filesystem::path& folder, const std::string& prefix,
                            unsigned bits, const char* passphrase = nullptr);

}  // namespace rolecall::perf
