// Keys by OpenSSL: from PEM, DER and JWK (RFC 7517), and the signatures of JOSE (RFC 7518). Private
// to this module.
//
// A key verifies or signs only by an algorithm of its own kind and curve, and by the one it names,
// so a token never chooses how its key is used (RFC 8725 section 3.1).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "builtin/builtin.h"

struct evp_pkey_st;

namespace mc::builtin {

struct KeyFreed {
  void operator()(evp_pkey_st* key) const;
};
using Key = std::unique_ptr<evp_pkey_st, KeyFreed>;

// Of a PEM block of this type: "RSA PRIVATE KEY", "PRIVATE KEY" or "EC PRIVATE KEY".
Result<Key> read_private_key(std::string_view pem_type, std::string_view der);
Key read_public_key(std::string_view spki);  // null when it is none

enum class KeyKind { other, rsa, ec, ed25519 };
KeyKind key_kind(const evp_pkey_st* key);
// A number of the key by OpenSSL's name of it ("n", "rsa-factor1"), big-endian; "" without it.
std::string key_number(const evp_pkey_st* key, const char* name);
// Bytes of a coordinate: 32 of P-256; 0 of an unknown curve.
std::size_t curve_bytes(const evp_pkey_st* key);
std::string raw_ed25519(const evp_pkey_st* key, bool secret);  // 32 bytes each
bool same_public_half(const evp_pkey_st* a, const evp_pkey_st* b);

struct JoseAlgorithm {
  enum class Family { hmac, rsa, pss, ecdsa, eddsa };
  std::string_view name;
  Family family;
  const char* digest;      // null of EdDSA
  std::size_t coordinate;  // bytes, of ECDSA
};
const JoseAlgorithm* find_jose_algorithm(std::string_view name);  // exactly as written

struct JoseKey {
  Key key;             // or, of "oct",
  std::string secret;  // the bytes
  bool symmetric = false, is_private = false;
  std::string algorithm, id;  // "alg" and "kid"; "" without
};
// A JWK or a JWK set. Members nobody knows are ignored.
Result<std::vector<JoseKey>> read_jwks(std::string_view json);
// A PEM certificate, a PEM public key, or JWKs. The messages are OPA's.
Result<std::vector<JoseKey>> read_verification_keys(std::string_view text);

bool jose_verify(const JoseAlgorithm& algorithm, const JoseKey& key, std::string_view message,
                 std::string_view signature);
Result<std::string> jose_sign(const JoseAlgorithm& algorithm, const JoseKey& key,
                              std::string_view message);

// `digest` by OpenSSL's name; "" of an unknown one.
std::string hash_bytes(const char* digest, std::string_view message);
std::string hmac_bytes(const char* digest, std::string_view key, std::string_view message);
// In a time that depends on the sizes only.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace mc::builtin
