// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/rsa_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <fmt/format.h>

#include "harness/base/files.h"

namespace rolecall::perf {
namespace {

constexpr int kLeastKeyBits = 1024;
constexpr std::size_t kMostKeyFile = 64 * 1024;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

// In place of OpenSSL's own, which asks on the terminal.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

using ReadPem = EVP_PKEY* (*)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

// `kind` is "public" or "private".
Result<KeyHandle> read_rsa_key(const std::string& path, const char* kind, ReadPem read_pem) {
  TRY(auto pem, read_head(path, kMostKeyFile));
  bool encrypted = false;
  KeyHandle key;
  {
    const std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    key.reset(read_pem(bio.get(), nullptr, refuse_passphrase, &encrypted));
  }
  OPENSSL_cleanse(pem.data(), pem.size());
  ERR_clear_error();
  const auto refuse = [&](const std::string& why) {
    return Error{Errc::Config, fmt::format("{} key {}: {}", kind, path, why)};
  };
  if (encrypted) return refuse("is encrypted; there is nobody to ask for the passphrase");
  if (!key) return refuse(fmt::format("holds no {} key in PEM form", kind));
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return refuse("is not an RSA key");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits >= kLeastKeyBits) return key;
  return refuse(fmt::format("has {} bits, fewer than {}", bits, kLeastKeyBits));
}

using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

Context make_context(evp_pkey_st* key, int (*init)(EVP_PKEY_CTX*), Padding padding) {
  Context context(EVP_PKEY_CTX_new(key, nullptr));
  const int kind = padding == Padding::Oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING;
  const bool made =
      context && init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), kind) == 1;
  return made ? std::move(context) : nullptr;
}

std::size_t key_size(evp_pkey_st* key) {
  return static_cast<std::size_t>(EVP_PKEY_get_size(key));
}

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<PublicKey> PublicKey::read(const std::string& path) {
  TRY(auto key, read_rsa_key(path, "public", PEM_read_bio_PUBKEY));
  return PublicKey(std::move(key));
}

Result<Bytes> PublicKey::encrypt(std::string_view text, Padding padding) const {
  const std::size_t overhead = padding == Padding::Oaep ? 42 : 11;  // RFC 8017
  Bytes out(key_size(key_.get()));
  if (text.size() + overhead > out.size()) {
    return Error{Errc::Config,
                 fmt::format("user name and password are {} bytes too long for the public key",
                             text.size() + overhead - out.size())};
  }
  const Context context = make_context(key_.get(), EVP_PKEY_encrypt_init, padding);
  std::size_t size = out.size();
  if (!context || EVP_PKEY_encrypt(context.get(), raw(out.data()), &size,
                                   raw(as_bytes(text).data()), text.size()) != 1) {
    ERR_clear_error();
    return Error{Errc::Config, "the public key does not encrypt"};
  }
  out.resize(size);
  return out;
}

Result<PrivateKey> PrivateKey::read(const std::string& path) {
  TRY(auto key, read_rsa_key(path, "private", PEM_read_bio_PrivateKey));
  return PrivateKey(std::move(key));
}

std::optional<Secret> PrivateKey::decrypt(ByteView bytes, Padding padding) const {
  const Context context = make_context(key_.get(), EVP_PKEY_decrypt_init, padding);
  Bytes out(key_size(key_.get()));
  std::size_t size = out.size();
  const int done = context ? EVP_PKEY_decrypt(context.get(), raw(out.data()), &size,
                                              raw(bytes.data()), bytes.size())
                           : 0;
  ERR_clear_error();
  if (done != 1) size = 0;
  OPENSSL_cleanse(out.data() + size, out.size() - size);
  out.resize(size);
  Secret secret(std::move(out));
  if (done != 1) return std::nullopt;
  return secret;
}

}  // namespace rolecall::perf
