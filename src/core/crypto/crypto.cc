#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <array>
#include <optional>

namespace mc::crypto {

struct KeyHandle {
  EVP_PKEY* key = nullptr;
  explicit KeyHandle(EVP_PKEY* owned) : key(owned) {}
  KeyHandle(const KeyHandle&) = delete;
  KeyHandle& operator=(const KeyHandle&) = delete;
  ~KeyHandle() { EVP_PKEY_free(key); }
};

namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr std::size_t kRsaExponentBytesMax = 4;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kEd25519Bytes = 32;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Number number(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::string to_bytes(const BIGNUM* number, std::size_t size) {
  std::string out(size, '\0');
  BN_bn2binpad(number, bytes_of(out), static_cast<int>(size));
  return out;
}

// Null when OpenSSL refuses; it checks that a point lies on its curve.
std::shared_ptr<const KeyHandle> make_public(const char* type, OSSL_PARAM_BLD* build) {
  const Params params(OSSL_PARAM_BLD_to_param(build));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  auto handle = std::make_shared<const KeyHandle>(key);
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return handle;
}

const EVP_MD* digest_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::es256:
      return EVP_sha256();
    case Algorithm::es384:
      return EVP_sha384();
    case Algorithm::es512:
      return EVP_sha512();
    case Algorithm::eddsa:
      return nullptr;  // it hashes on its own
  }
  return nullptr;
}

// Bytes of r, and of s; 0 when the algorithm is not ECDSA.
std::size_t coordinate_bytes(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return kCoordinateBytes;
    case Algorithm::es384:
      return 48;
    case Algorithm::es512:
      return 66;
    default:
      return 0;
  }
}

std::string ecdsa_to_der(std::string_view signature, std::size_t half) {
  const EcSignature both(ECDSA_SIG_new());
  Number r = number(signature.substr(0, half));
  Number s = number(signature.substr(half));
  ECDSA_SIG_set0(both.get(), r.release(), s.release());
  std::string out(static_cast<std::size_t>(i2d_ECDSA_SIG(both.get(), nullptr)), '\0');
  unsigned char* to = bytes_of(out);
  i2d_ECDSA_SIG(both.get(), &to);
  return out;
}

// What is not written back as it was read was not DER: another form of a length, a sign, bytes
// behind.
Result<std::string> ecdsa_from_der(std::string_view der, std::size_t half) {
  const unsigned char* from = bytes_of(der);
  const EcSignature both(d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(der.size())));
  const auto fits = [half](const BIGNUM* number) {
    return BN_is_negative(number) == 0 && BN_num_bytes(number) <= static_cast<int>(half);
  };
  if (both == nullptr || !fits(ECDSA_SIG_get0_r(both.get())) ||
      !fits(ECDSA_SIG_get0_s(both.get()))) {
    return fail(Code::invalid, "no ECDSA signature of this curve");
  }
  std::string out =
      to_bytes(ECDSA_SIG_get0_r(both.get()), half) + to_bytes(ECDSA_SIG_get0_s(both.get()), half);
  if (ecdsa_to_der(out, half) != der) return fail(Code::invalid, "the signature is not in DER");
  return out;
}

std::string number_of(const EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &read) != 1) return "";
  const Number held(read);
  return to_bytes(read, size != 0 ? size : static_cast<std::size_t>(BN_num_bytes(read)));
}

std::string ed25519_bytes(const EVP_PKEY* key) {
  std::string out(kEd25519Bytes, '\0');
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key, bytes_of(out), &size) != 1) return "";
  return out;
}

// The algorithm that a key is good for; nothing for other kinds, curves and sizes.
std::optional<Algorithm> algorithm_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
      const int bits = EVP_PKEY_get_bits(key);
      if (bits < kRsaBitsMin || bits > kRsaBitsMax) return std::nullopt;
      return Algorithm::rs256;
    }
    case EVP_PKEY_EC: {
      std::array<char, 32> group{};
      std::size_t size = 0;
      if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return std::nullopt;
      const std::string_view name(group.data(), size);
      if (name == SN_X9_62_prime256v1) return Algorithm::es256;
      if (name == SN_secp384r1) return Algorithm::es384;
      if (name == SN_secp521r1) return Algorithm::es512;
      return std::nullopt;
    }
    case EVP_PKEY_ED25519:
      return Algorithm::eddsa;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view algorithm_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
      return "RS256";
    case Algorithm::es256:
      return "ES256";
    case Algorithm::es384:
      return "ES384";
    case Algorithm::es512:
      return "ES512";
    case Algorithm::eddsa:
      return "EdDSA";
  }
  return "";
}

Result<Algorithm> parse_algorithm(std::string_view name) {
  for (const Algorithm each : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    if (algorithm_name(each) == name) return each;
  }
  return fail(Code::invalid, "alg must be RS256, ES256 or EdDSA, not '" + excerpt(name) + "'");
}

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  const Number n = number(modulus.substr(0, kRsaBitsMax / 8 + 1));
  const int bits = BN_num_bits(n.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return fail(Code::invalid, "an RSA modulus has 2048 to 8192 bits, not " + std::to_string(bits));
  }
  if (exponent.empty() || exponent.size() > kRsaExponentBytesMax) {
    return fail(Code::invalid, "an RSA exponent has 1 to 4 bytes");
  }
  const Number e = number(exponent);
  if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) != 0) {
    return fail(Code::invalid, "an RSA exponent is odd and at least 3");
  }
  const ParamBuild build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  auto handle = make_public("RSA", build.get());
  if (handle == nullptr) return fail(Code::invalid, "this is no RSA key");
  return PublicKey(Algorithm::rs256, std::move(handle));
}

Result<PublicKey> PublicKey::p256(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return fail(Code::invalid, "a coordinate of P-256 has 32 bytes");
  }
  const std::string point = "\x04" + std::string(x) + std::string(y);  // SEC 1, uncompressed
  const ParamBuild build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  auto handle = make_public("EC", build.get());
  if (handle == nullptr) return fail(Code::invalid, "the point is not on P-256");
  return PublicKey(Algorithm::es256, std::move(handle));
}

Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  EVP_PKEY* key = x.size() != kEd25519Bytes ? nullptr
                                            : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                                          bytes_of(x), x.size());
  if (key == nullptr) return fail(Code::invalid, "an Ed25519 key has 32 bytes");
  return PublicKey(Algorithm::eddsa, std::make_shared<const KeyHandle>(key));
}

Result<PublicKey> PublicKey::sound(std::shared_ptr<const KeyHandle> handle) {
  const std::optional<Algorithm> algorithm = algorithm_of(handle->key);
  if (!algorithm) {
    return fail(Code::invalid, "the key is not RSA of 2048 bits, P-256, P-384, P-521 or Ed25519");
  }
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, handle->key, nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) {
    return fail(Code::invalid, "the public key is not a sound one");
  }
  return PublicKey(*algorithm, std::move(handle));
}

Result<PublicKey> PublicKey::from_spki(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) return fail(Code::invalid, "no public key in DER");
  auto handle = std::make_shared<const KeyHandle>(key);
  if (at != bytes_of(der) + der.size()) {
    return fail(Code::invalid, "bytes behind the end of the public key");
  }
  return sound(std::move(handle));
}

Result<PublicKey> PublicKey::from_pkcs1(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  EVP_PKEY* key = d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) return fail(Code::invalid, "no RSA public key in DER");
  auto handle = std::make_shared<const KeyHandle>(key);
  if (at != bytes_of(der) + der.size()) {
    return fail(Code::invalid, "bytes behind the end of the public key");
  }
  return sound(std::move(handle));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  MC_TRY(const std::string der, read_pem(pem, "PUBLIC KEY"));
  return from_spki(der);
}

std::string PublicKey::to_spki() const {
  std::string out(static_cast<std::size_t>(i2d_PUBKEY(handle_->key, nullptr)), '\0');
  unsigned char* to = bytes_of(out);
  i2d_PUBKEY(handle_->key, &to);
  return out;
}

std::string PublicKey::to_pem() const {
  return write_pem(to_spki(), "PUBLIC KEY");
}

std::string PublicKey::raw_ed25519() const {
  return algorithm_ == Algorithm::eddsa ? ed25519_bytes(handle_->key) : "";
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  const std::size_t half = coordinate_bytes(algorithm_);
  if (half == 0) return verify_der(message, signature);
  return signature.size() == 2 * half && verify_der(message, ecdsa_to_der(signature, half));
}

bool PublicKey::verify_der(std::string_view message, std::string_view signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest_of(algorithm_), nullptr,
                              handle_->key) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

bool PublicKey::verify_digest_der(std::string_view digest, std::string_view signature) const {
  const EVP_MD* hash = digest_of(algorithm_);
  if (hash == nullptr || digest.size() != static_cast<std::size_t>(EVP_MD_get_size(hash))) {
    return false;
  }
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, handle_->key, nullptr));
  return context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), hash) == 1 &&
         EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), bytes_of(digest),
                         digest.size()) == 1;
}

Result<SigningKey> SigningKey::generate(Algorithm algorithm) {
  EVP_PKEY* key = nullptr;
  switch (algorithm) {
    case Algorithm::rs256:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{kRsaBitsMin});
      break;
    case Algorithm::es256:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      break;
    case Algorithm::es384:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
      break;
    case Algorithm::es512:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521");
      break;
    case Algorithm::eddsa:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  if (key == nullptr) return fail(Code::unavailable, "no key could be generated");
  return SigningKey(PublicKey(algorithm, std::make_shared<const KeyHandle>(key)));
}

Result<SigningKey> SigningKey::ed25519(const Secret& seed) {
  const std::string_view bytes = seed.reveal(RevealToken());
  EVP_PKEY* key =
      bytes.size() != kEd25519Bytes
          ? nullptr
          : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size());
  if (key == nullptr) return fail(Code::invalid, "an Ed25519 seed has 32 bytes");
  return SigningKey(PublicKey(Algorithm::eddsa, std::make_shared<const KeyHandle>(key)));
}

Result<SigningKey> SigningKey::from_pkcs8(const Secret& der) {
  const std::string_view bytes = der.reveal(RevealToken());
  const unsigned char* at = bytes_of(bytes);
  EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(bytes.size()));
  if (key == nullptr) return fail(Code::invalid, "no private key in DER");
  auto handle = std::make_shared<const KeyHandle>(key);
  if (at != bytes_of(bytes) + bytes.size()) {
    return fail(Code::invalid, "bytes behind the end of the private key");
  }
  MC_TRY(PublicKey both, PublicKey::sound(std::move(handle)));
  return SigningKey(std::move(both));
}

Secret SigningKey::to_pkcs8() const {
  using Info = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freed<PKCS8_PRIV_KEY_INFO_free>>;
  const Info info(EVP_PKEY2PKCS8(public_key_.handle_->key));
  std::string out(static_cast<std::size_t>(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr)), '\0');
  unsigned char* to = bytes_of(out);
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &to);
  return Secret(std::move(out));
}

Result<std::string> SigningKey::sign(std::string_view message) const {
  MC_TRY(std::string out, sign_der(message));
  const std::size_t half = coordinate_bytes(public_key_.algorithm_);
  return half == 0 ? std::move(out) : ecdsa_from_der(out, half);
}

Result<std::string> SigningKey::sign_der(std::string_view message) const {
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, digest_of(public_key_.algorithm_), nullptr,
                         public_key_.handle_->key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
    return fail(Code::unavailable, "the key does not sign");
  }
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), bytes_of(out), &size, bytes_of(message), message.size()) != 1) {
    return fail(Code::unavailable, "the key does not sign");
  }
  out.resize(size);
  return out;
}

std::string SigningKey::jwk_member(std::string_view name) const {
  const EVP_PKEY* key = public_key_.handle_->key;
  switch (public_key_.algorithm_) {
    case Algorithm::rs256:
      if (name == "kty") return "RSA";
      if (name == "n") return to_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_N, 0));
      if (name == "e") return to_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
      return "";
    case Algorithm::es256:
    case Algorithm::es384:
    case Algorithm::es512: {
      const std::size_t size = coordinate_bytes(public_key_.algorithm_);
      if (name == "kty") return "EC";
      if (name == "crv") return size == 32 ? "P-256" : size == 48 ? "P-384" : "P-521";
      if (name == "x") return to_base64url(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size));
      if (name == "y") return to_base64url(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
      return "";
    }
    case Algorithm::eddsa:
      if (name == "kty") return "OKP";
      if (name == "crv") return "Ed25519";
      if (name == "x") return to_base64url(ed25519_bytes(key));
      return "";
  }
  return "";
}

std::string es256_to_der(std::string_view signature) {
  return ecdsa_to_der(signature, kCoordinateBytes);
}

Result<std::string> es256_from_der(std::string_view der) {
  return ecdsa_from_der(der, kCoordinateBytes);
}

Result<std::string> digest(std::string_view algorithm, std::string_view message) {
  const EVP_MD* hash = algorithm == "sha256"   ? EVP_sha256()
                       : algorithm == "sha384" ? EVP_sha384()
                       : algorithm == "sha512" ? EVP_sha512()
                                               : nullptr;
  if (hash == nullptr) {
    return fail(Code::invalid, "'" + excerpt(algorithm) + "' is not sha256, sha384 or sha512");
  }
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(hash)), '\0');
  if (EVP_Digest(message.data(), message.size(), bytes_of(out), nullptr, hash, nullptr) != 1) {
    return fail(Code::unavailable, "the digest cannot be computed");
  }
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string out(32, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message), message.size(),
       bytes_of(out), &size);
  return out;
}

}  // namespace mc::crypto
