// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/auth_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

#include <cstring>
#include <memory>

#include "harness/base/check.h"
#include "harness/perf/rsa_key.h"

namespace rolecall::perf {
namespace {

std::string take_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

AuthFiles::AuthFiles() : folder_(TemporaryFolder::make().value()) {
  constexpr unsigned kBits = 2048;
  write_key("", kBits);
  write_key("other-", kBits);
  // sha256 of "{mario}rossi-Pa55"
  write("users.csv",
        "# name,hash\n\nmario,15e9ee9935c82f6c921be6979d26b2d16d8d528b23497fb1c32912c755b8c6cf\n");
}

std::string AuthFiles::write(const std::string& name, const std::string& content) const {
  CHECK(write_file(path(name), content).has_value());
  ::chmod(path(name).c_str(), 0600);
  return path(name);
}

void AuthFiles::write_key(const std::string& prefix, unsigned bits, const char* passphrase) const {
  const KeyHandle key(EVP_RSA_gen(bits));
  CHECK(key != nullptr);
  BIO* secret = BIO_new(BIO_s_mem());
  const EVP_CIPHER* cipher = passphrase == nullptr ? nullptr : EVP_aes_128_cbc();
  const int size = passphrase == nullptr ? 0 : static_cast<int>(std::strlen(passphrase));
  PEM_write_bio_PKCS8PrivateKey(secret, key.get(), cipher, passphrase, size, nullptr, nullptr);
  write(prefix + "private.pem", take_text(secret));
  BIO* open = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(open, key.get());
  write(prefix + "public.pem", take_text(open));
}

}  // namespace rolecall::perf
