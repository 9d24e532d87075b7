#include "builtin/keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include <cstring>

namespace mc::builtin {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

void KeyFreed::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<Key> read_private_key(std::string_view pem_type, std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const auto size = static_cast<long>(der.size());
  Key key;
  const char* what = "x509: failed to parse private key";
  if (pem_type == "RSA PRIVATE KEY") {
    key.reset(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, size));
  } else if (pem_type == "EC PRIVATE KEY") {
    key.reset(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, size));
    what = "x509: failed to parse EC private key";
  } else if (PKCS8_PRIV_KEY_INFO* const info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, size)) {
    key.reset(EVP_PKCS82PKEY(info));
    PKCS8_PRIV_KEY_INFO_free(info);
  }
  ERR_clear_error();
  if (!key || at != bytes_of(der) + der.size()) return fail(Code::invalid, what);
  if (key_kind(key.get()) == KeyKind::other) {
    return fail(Code::invalid,
                "x509: PKCS#8 wrapping contained private key with unknown algorithm");
  }
  return key;
}

Key read_public_key(std::string_view spki) {
  const unsigned char* at = bytes_of(spki);
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  ERR_clear_error();
  if (key && at != bytes_of(spki) + spki.size()) key.reset();
  return key;
}

KeyKind key_kind(const evp_pkey_st* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return KeyKind::rsa;
    case EVP_PKEY_EC:
      return curve_bytes(key) > 0 ? KeyKind::ec : KeyKind::other;
    case EVP_PKEY_ED25519:
      return KeyKind::ed25519;
    default:
      return KeyKind::other;
  }
}

std::string key_number(const evp_pkey_st* key, const char* name) {
  BIGNUM* number = nullptr;
  std::string out;
  if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
    out.resize(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes_of(out));
  }
  BN_clear_free(number);
  ERR_clear_error();
  return out;
}

std::size_t curve_bytes(const evp_pkey_st* key) {
  char name[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) {
    ERR_clear_error();
    return 0;
  }
  const std::string_view group(name, size);
  return group == "prime256v1"  ? 32
         : group == "secp384r1" ? 48
         : group == "secp521r1" ? 66
         : group == "secp224r1" ? 28
                                : 0;
}

std::string raw_ed25519(const evp_pkey_st* key, bool secret) {
  std::string out(32, '\0');
  std::size_t size = out.size();
  const int got = secret ? EVP_PKEY_get_raw_private_key(key, bytes_of(out), &size)
                         : EVP_PKEY_get_raw_public_key(key, bytes_of(out), &size);
  ERR_clear_error();
  return got == 1 ? out : "";
}

bool same_public_half(const evp_pkey_st* a, const evp_pkey_st* b) {
  const bool same = EVP_PKEY_eq(a, b) == 1;
  ERR_clear_error();
  return same;
}

std::string hash_bytes(const char* digest, std::string_view message) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const EVP_MD* const algorithm = EVP_get_digestbyname(digest);
  if (algorithm == nullptr ||
      EVP_Digest(message.data(), message.size(), bytes_of(out), &size, algorithm, nullptr) != 1) {
    ERR_clear_error();
    return "";
  }
  out.resize(size);
  return out;
}

std::string hmac_bytes(const char* digest, std::string_view key, std::string_view message) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const EVP_MD* const algorithm = EVP_get_digestbyname(digest);
  // A null pointer would mean the key of the call before.
  const char* const key_at = key.empty() ? "" : key.data();
  if (algorithm == nullptr || key.size() > INT32_MAX ||
      HMAC(algorithm, key_at, static_cast<int>(key.size()), bytes_of(message), message.size(),
           bytes_of(out), &size) == nullptr) {
    ERR_clear_error();
    return "";
  }
  out.resize(size);
  return out;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mc::builtin
