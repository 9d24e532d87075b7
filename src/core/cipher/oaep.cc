#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

constexpr int kBitsMin = 2048, kBitsMax = 8192;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// OpenSSL's queue of errors is the thread's: nothing of ours stays in it.
struct ClearErrors {
  ClearErrors() = default;
  ClearErrors(const ClearErrors&) = delete;
  ClearErrors& operator=(const ClearErrors&) = delete;
  ~ClearErrors() { ERR_clear_error(); }
};

bool is_fit(EVP_PKEY* key) {
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
         EVP_PKEY_get_bits(key) >= kBitsMin && EVP_PKEY_get_bits(key) <= kBitsMax;
}

Owned<EVP_PKEY> public_key_of(std::string_view spki) {
  const auto* at = reinterpret_cast<const unsigned char*>(spki.data());
  const unsigned char* const end = at + spki.size();
  Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  if (!is_fit(key.get()) || at != end) key.reset();
  return key;
}

Owned<EVP_PKEY> private_key_of(const Secret& pkcs8) {
  const std::string_view der = pkcs8.reveal(RevealToken());
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = at + der.size();
  const Owned<PKCS8_PRIV_KEY_INFO> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != end) return nullptr;
  Owned<EVP_PKEY> key(EVP_PKCS82PKEY(info.get()));
  if (!is_fit(key.get())) key.reset();
  return key;
}

bool set_up(EVP_PKEY_CTX* context, OaepHash hash, std::string_view label) {
  const EVP_MD* const digest = hash == OaepHash::sha1 ? EVP_sha1() : EVP_sha256();
  if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) != 1) {
    return false;
  }
  if (label.empty()) return true;
  void* copy = OPENSSL_memdup(label.data(), label.size());
  if (copy == nullptr) return false;
  if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(label.size())) == 1) {
    return true;
  }
  OPENSSL_free(copy);
  return false;
}

constexpr std::size_t kLabelBytesMax = 4096;

// A modulus of kBitsMax bits. Wiped.
struct Buffer {
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  std::array<unsigned char, kBitsMax / 8> bytes;
  std::size_t size = kBitsMax / 8;
  std::string text() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }
};

}  // namespace

Result<std::string> oaep_encrypt(OaepHash hash, std::string_view spki, const Secret& secret,
                                 std::string_view label) {
  const ClearErrors clear;
  if (label.size() > kLabelBytesMax) return fail(Code::invalid, "rsa-oaep: the label is too long");
  const Owned<EVP_PKEY> key = public_key_of(spki);
  if (key == nullptr) {
    return fail(Code::invalid, "rsa-oaep: the key must be RSA of 2048 to 8192 bits");
  }
  const std::string_view in = secret.reveal(RevealToken());
  const std::size_t hash_bytes = hash == OaepHash::sha1 ? 20 : 32;
  const auto modulus_bytes = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  if (in.size() > modulus_bytes - 2 * hash_bytes - 2) {
    return fail(Code::invalid, "rsa-oaep: the secret is too long for the key");
  }
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  Buffer out;
  if (context == nullptr || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      !set_up(context.get(), hash, label) ||
      EVP_PKEY_encrypt(context.get(), out.bytes.data(), &out.size,
                       reinterpret_cast<const unsigned char*>(in.data()), in.size()) != 1) {
    return fail(Code::invalid, "rsa-oaep: the key cannot be used");
  }
  return out.text();
}

Result<Secret> oaep_decrypt(OaepHash hash, const Secret& pkcs8, std::string_view sealed,
                            std::string_view label) {
  const ClearErrors clear;
  if (label.size() > kLabelBytesMax) return fail(Code::invalid, "rsa-oaep: the label is too long");
  const Owned<EVP_PKEY> key = private_key_of(pkcs8);
  if (key == nullptr) {
    return fail(Code::invalid, "rsa-oaep: the key must be RSA of 2048 to 8192 bits");
  }
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  Buffer out;
  // A shorter text is a number as well, and OpenSSL takes it (RFC 8017 section 7.1.2 step 1 b).
  if (sealed.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key.get())) &&
      context != nullptr && EVP_PKEY_decrypt_init(context.get()) == 1 &&
      set_up(context.get(), hash, label) &&
      EVP_PKEY_decrypt(context.get(), out.bytes.data(), &out.size,
                       reinterpret_cast<const unsigned char*>(sealed.data()), sealed.size()) == 1) {
    return Secret(out.text());
  }
  return fail(Code::corrupt, "rsa-oaep: the sealed bytes, their key or their label is wrong");
}

}  // namespace mc::cipher
