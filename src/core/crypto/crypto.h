// Signatures and keyed hashes, by OpenSSL.
//
// A key is good for exactly one algorithm, fixed when it is made, so a message can never choose how
// it is verified (RFC 8725 section 3.1). Keys are immutable and thread-safe. Messages are hashed
// inside. Signatures of ECDSA have one of two forms: r || s as in tokens (RFC 7518 section 3.4), or
// the DER of X.509, CMS and Sigstore (ECDSA-Sig-Value, RFC 3279 section 2.2.3).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/pem.h"         // IWYU pragma: export
#include "crypto/sealed_key.h"  // IWYU pragma: export
#include "crypto/sha256.h"      // IWYU pragma: export

namespace mc::crypto {

enum class Algorithm : std::uint8_t {
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256, modulus of 2048 to 8192 bits
  es256,  // ECDSA on P-256 with SHA-256
  es384,  // on P-384 with SHA-384, in certificates only
  es512,  // on P-521 with SHA-512, in certificates only
  eddsa,  // Ed25519
};
std::string_view algorithm_name(Algorithm algorithm);  // as JOSE has it: "ES256"
// Of a token: RS256, ES256 or EdDSA, exactly as written.
Result<Algorithm> parse_algorithm(std::string_view name);

struct KeyHandle;  // an EVP_PKEY

class PublicKey {
 public:
  // From big-endian numbers, as in a JWK. `invalid` for a point off its curve, a weak modulus.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  static Result<PublicKey> p256(std::string_view x, std::string_view y);  // 32 bytes each
  static Result<PublicKey> ed25519(std::string_view x);                   // 32 bytes

  // SubjectPublicKeyInfo (RFC 5280 section 4.1) of one of these algorithms, nothing behind it.
  static Result<PublicKey> from_spki(std::string_view der);
  static Result<PublicKey> from_pkcs1(std::string_view der);  // RSAPublicKey (RFC 8017 A.1.1)
  static Result<PublicKey> from_pem(std::string_view pem);    // one "PUBLIC KEY"

  Algorithm algorithm() const { return algorithm_; }
  std::string to_spki() const;
  std::string to_pem() const;
  std::string raw_ed25519() const;  // 32 bytes, "" of another algorithm
  bool verify(std::string_view message, std::string_view signature) const;  // ECDSA as r || s
  bool verify_der(std::string_view message, std::string_view signature) const;
  // Of the message's digest by the hash of the algorithm; false for Ed25519, which has none.
  bool verify_digest_der(std::string_view digest, std::string_view signature) const;

 private:
  friend class SigningKey;
  static Result<PublicKey> sound(std::shared_ptr<const KeyHandle> handle);
  PublicKey(Algorithm algorithm, std::shared_ptr<const KeyHandle> handle)
      : algorithm_(algorithm), handle_(std::move(handle)) {}
  Algorithm algorithm_;
  std::shared_ptr<const KeyHandle> handle_;  // shared by copies; an EVP_PKEY is counted anyway
};

class SigningKey {
 public:
  static Result<SigningKey> generate(Algorithm algorithm);  // RSA: 2048 bits
  static Result<SigningKey> ed25519(const Secret& seed);    // 32 bytes, RFC 8032 section 5.1.5
  static Result<SigningKey> from_pkcs8(const Secret& der);  // PrivateKeyInfo (RFC 5208)

  PublicKey public_key() const { return public_key_; }
  Secret to_pkcs8() const;
  Result<std::string> sign(std::string_view message) const;      // ECDSA as r || s
  Result<std::string> sign_der(std::string_view message) const;  // ECDSA in DER
  // The members `kty`, `crv`, `x`, `y`, `n`, `e` of its JWK, base64url; "" for those it lacks.
  std::string jwk_member(std::string_view name) const;

 private:
  explicit SigningKey(PublicKey key) : public_key_(std::move(key)) {}
  PublicKey public_key_;  // its handle holds the private half too
};

// Between the two forms of an ES256 signature.
std::string es256_to_der(std::string_view signature);      // of 64 bytes
Result<std::string> es256_from_der(std::string_view der);  // `invalid` for all but strict DER

// By "sha256", "sha384" or "sha512" (FIPS 180-4); `invalid` for other names.
Result<std::string> digest(std::string_view algorithm, std::string_view message);

// HMAC (RFC 2104) with SHA-256, 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace mc::crypto
