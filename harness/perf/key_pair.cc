// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/key_pair.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstring>
#include <memory>

#include "harness/base/check.h"
#include "harness/base/files.h"
#include "harness/perf/rsa_key.h"

namespace rolecall::perf {
namespace {

namespace fs = std::filesystem;

// What `write` puts into a BIO. It fails for want of memory only.
template <class Write>
std::string pem(const Write& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  CHECK(write(bio) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

Result<void> write_key_pair(const fs::path& folder, const std::string& prefix, unsigned bits,
                            const char* passphrase) {
  const KeyHandle key(EVP_RSA_gen(bits));
  CHECK(key != nullptr);
  const EVP_CIPHER* cipher = passphrase == nullptr ? nullptr : EVP_aes_128_cbc();
  const int size = passphrase == nullptr ? 0 : static_cast<int>(std::strlen(passphrase));
  const fs::path secret = folder / (prefix + "private.pem");
  TRY(write_file(secret, pem([&](BIO* bio) {
                   return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), cipher, passphrase, size,
                                                        nullptr, nullptr);
                 })));
  std::error_code failed;
  fs::permissions(secret, fs::perms::owner_read | fs::perms::owner_write, failed);
  if (failed) return Error{Errc::System, "chmod(" + secret.string() + ")", failed.value()};
  return write_file(folder / (prefix + "public.pem"),
                    pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key.get()); }));
}

}  // namespace rolecall::perf
