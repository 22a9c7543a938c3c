// SPDX-License-Identifier: BSD-3-Clause
// The users file of a server: lines "name,sha256", the hash being that of "{name}password" in hex.
// iperf_auth.c check_authentication(), 3.22.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::perf {

using Digest = std::array<unsigned char, 32>;

struct AuthorizedUser {
  Digest name;  // its hash, so that all are compared alike
  Digest secret;
};

// Empty lines and those that begin with # are skipped; any other line that is no user is an Error
// (Config) with its number. `path` is for that.
Result<std::vector<AuthorizedUser>> parse_authorized_users(std::string_view text,
                                                           const std::string& path);

// Whether the first user of that name has that password. Takes as long for one that is not known.
bool is_authorized(const std::vector<AuthorizedUser>& users, std::string_view name,
                   std::string_view password);

}  // namespace rolecall::perf
