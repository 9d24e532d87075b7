// Signatures and keyed hashes, by OpenSSL.
//
// A key is good for exactly one algorithm, fixed when it is made, so a message can never choose how
// it is verified (RFC 8725 section 3.1). Keys are immutable and thread-safe. Messages are hashed
// inside. Signatures have the form of RFC 7518 and RFC 8037: for ES256 the 64 bytes r || s.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/sha256.h"  // IWYU pragma: export

namespace mc::crypto {

enum class Algorithm : std::uint8_t {
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256, modulus of 2048 to 8192 bits
  es256,  // ECDSA on P-256 with SHA-256
  eddsa,  // Ed25519
};
std::string_view algorithm_name(Algorithm algorithm);      // "RS256", "ES256", "EdDSA"
Result<Algorithm> parse_algorithm(std::string_view name);  // these three, exactly as written

struct KeyHandle;  // an EVP_PKEY

class PublicKey {
 public:
  // From big-endian numbers, as in a JWK. `invalid` for a point off its curve, a weak modulus.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  static Result<PublicKey> p256(std::string_view x, std::string_view y);  // 32 bytes each
  static Result<PublicKey> ed25519(std::string_view x);                   // 32 bytes

  // SubjectPublicKeyInfo (RFC 5280 section 4.1), of RSA, P-256 or Ed25519 and nothing behind it.
  static Result<PublicKey> from_spki(std::string_view der);
  static Result<PublicKey> from_pem(std::string_view pem);  // one "PUBLIC KEY" (RFC 7468)

  Algorithm algorithm() const { return algorithm_; }
  std::string to_spki() const;
  std::string to_pem() const;
  std::string raw_ed25519() const;  // 32 bytes, "" of another algorithm
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  friend class SigningKey;
  PublicKey(Algorithm algorithm, std::shared_ptr<const KeyHandle> handle)
      : algorithm_(algorithm), handle_(std::move(handle)) {}
  Algorithm algorithm_;
  std::shared_ptr<const KeyHandle> handle_;  // shared by copies; an EVP_PKEY is counted anyway
};

class SigningKey {
 public:
  static Result<SigningKey> generate(Algorithm algorithm);  // RSA: 2048 bits
  static Result<SigningKey> ed25519(const Secret& seed);    // 32 bytes, RFC 8032 section 5.1.5

  PublicKey public_key() const { return public_key_; }
  Result<std::string> sign(std::string_view message) const;
  // The members `kty`, `crv`, `x`, `y`, `n`, `e` of its JWK, base64url; "" for those it lacks.
  std::string jwk_member(std::string_view name) const;

 private:
  explicit SigningKey(PublicKey key) : public_key_(std::move(key)) {}
  PublicKey public_key_;  // its handle holds the private half too
};

// An ES256 signature as ECDSA-Sig-Value (RFC 3279 section 2.2.3), as X.509, CMS and Sigstore have
// it.
std::string es256_to_der(std::string_view signature);      // of 64 bytes
Result<std::string> es256_from_der(std::string_view der);  // `invalid` for all but strict DER

// HMAC (RFC 2104) with SHA-256, 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace mc::crypto
