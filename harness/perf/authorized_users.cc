// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/authorized_users.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "harness/base/check.h"

namespace rolecall::perf {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Of the parts one behind the other, without putting them together anywhere.
Digest sha256(std::initializer_list<std::string_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  Digest out{};
  CHECK(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  for (const std::string_view part : parts) {
    CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  CHECK(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
  return out;
}

bool equal(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
  Digest out{};
  if (hex.size() != 2 * out.size()) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const int digit = OPENSSL_hexchar2int(static_cast<unsigned char>(hex[i]));
    if (digit < 0) return std::nullopt;
    out[i / 2] = static_cast<unsigned char>(out[i / 2] << 4 | digit);
  }
  return out;
}

}  // namespace

Result<std::vector<AuthorizedUser>> parse_authorized_users(std::string_view text,
                                                           const std::string& path) {
  std::vector<AuthorizedUser> users;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t comma = line.find(',');
    const bool named = comma != 0 && comma != std::string_view::npos;
    const auto secret = named ? digest_from_hex(line.substr(comma + 1)) : std::nullopt;
    if (!secret) {
      return Error{Errc::Config, fmt::format("{}:{}: this line is not NAME,SHA256 (64 hex digits)",
                                             path, number)};
    }
    users.push_back({sha256({line.substr(0, comma)}), *secret});
  }
  return users;
}

bool is_authorized(const std::vector<AuthorizedUser>& users, std::string_view name,
                   std::string_view password) {
  const Digest wanted = sha256({name});
  const Digest offered = sha256({"{", name, "}", password});
  unsigned found = 0;
  unsigned right = 0;
  for (const AuthorizedUser& user : users) {
    const unsigned is_first = unsigned{equal(user.name, wanted)} & (found ^ 1U);
    right |= is_first & unsigned{equal(user.secret, offered)};
    found |= is_first;
  }
  return right != 0;
}

}  // namespace rolecall::perf
