// JWKs and the signatures of JOSE (keys.h).
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "builtin/armor.h"
#include "builtin/keys.h"
#include "builtin/x509.h"

namespace mc::builtin {
namespace {

using Family = JoseAlgorithm::Family;

constexpr JoseAlgorithm kAlgorithms[] = {
    {"RS256", Family::rsa, "SHA256", 0},    {"RS384", Family::rsa, "SHA384", 0},
    {"RS512", Family::rsa, "SHA512", 0},    {"PS256", Family::pss, "SHA256", 0},
    {"PS384", Family::pss, "SHA384", 0},    {"PS512", Family::pss, "SHA512", 0},
    {"ES256", Family::ecdsa, "SHA256", 32}, {"ES384", Family::ecdsa, "SHA384", 48},
    {"ES512", Family::ecdsa, "SHA512", 66}, {"EdDSA", Family::eddsa, nullptr, 0},
    {"HS256", Family::hmac, "SHA256", 0},   {"HS384", Family::hmac, "SHA384", 0},
    {"HS512", Family::hmac, "SHA512", 0},
};

constexpr std::size_t kKeysMax = 1'000;
constexpr std::size_t kKeyTextMax = 1 << 20;
constexpr int kModulusBitsMin = 1'024;  // as Go's crypto/rsa
constexpr int kModulusBitsMax = 16'384;

struct Freed {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Owned = std::unique_ptr<T, Freed>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// Collects what a key is made of.
class KeyMaker {
 public:
  KeyMaker() : builder_(OSSL_PARAM_BLD_new()) {}

  void number(const char* name, const std::string& bytes) {
    Owned<BIGNUM> number(
        BN_bin2bn(bytes_of(std::string_view(bytes)), static_cast<int>(bytes.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder_.get(), name, number.get());
    numbers_.push_back(std::move(number));
  }
  void text(const char* name, const char* text) {
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, text, 0);
  }
  void bytes(const char* name, const std::string& bytes) {
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, bytes.data(), bytes.size());
  }
  Key make(const char* type, bool with_private_half) {
    const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder_.get()));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1) {
      EVP_PKEY_fromdata(context.get(), &key,
                        with_private_half ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        parameters.get());
    }
    ERR_clear_error();
    return Key(key);
  }

 private:
  Owned<OSSL_PARAM_BLD> builder_;
  std::vector<Owned<BIGNUM>> numbers_;  // the builder keeps pointers to them
};

// A member in base64url; "" when it is absent.
Result<std::string> member_bytes(Value jwk, std::string_view name) {
  const Value member = jwk.find(name);
  if (member.is_undefined()) return std::string();
  if (!member.is_string()) return fail(Code::invalid, std::string(name) + " is no string");
  Result<std::string> bytes = decode_base64url(member.text());
  if (!bytes) return fail(Code::invalid, std::string(name) + ": " + bytes.error().what);
  if (bytes->size() > kNumberBytesMax) {
    return fail(Code::invalid, std::string(name) + " has more than 4096 bytes");
  }
  return bytes;
}

bool is_sound_rsa(const evp_pkey_st* key) {
  const int bits = EVP_PKEY_get_bits(key);
  const std::string exponent = key_number(key, OSSL_PKEY_PARAM_RSA_E);
  return bits >= kModulusBitsMin && bits <= kModulusBitsMax && exponent.size() <= 4 &&
         !exponent.empty() && (exponent.back() & 1) != 0 && exponent != "\x01";
}

Status read_rsa(Value jwk, JoseKey& out) {
  struct Part {
    const char* name;
    const char* parameter;
  };
  constexpr Part kParts[] = {
      {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
      {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
  KeyMaker maker;
  std::string parts[8];
  for (std::size_t i = 0; i < 8; ++i) {
    MC_TRY(parts[i], member_bytes(jwk, kParts[i].name));
  }
  if (parts[0].empty() || parts[1].empty()) {
    return fail(Code::invalid, "a key of type RSA needs n and e");
  }
  out.is_private = !parts[2].empty();
  // The factors serve only all together.
  bool factors = out.is_private;
  for (std::size_t i = 3; i < 8; ++i) factors = factors && !parts[i].empty();
  for (std::size_t i = 0; i < (factors ? 8U : out.is_private ? 3U : 2U); ++i) {
    maker.number(kParts[i].parameter, parts[i]);
  }
  out.key = maker.make("RSA", out.is_private);
  return out.key ? ok() : Status(fail(Code::invalid, "not a key of type RSA"));
}

Status read_ec(Value jwk, JoseKey& out) {
  struct Curve {
    std::string_view name;
    const char* group;
    std::size_t bytes;
  };
  constexpr Curve kCurves[] = {
      {"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};
  const Value name = jwk.find("crv");
  const Curve* curve = nullptr;
  for (const Curve& known : kCurves) {
    if (name.is_string() && name.text() == known.name) curve = &known;
  }
  if (curve == nullptr) return fail(Code::invalid, "crv is none of P-256, P-384, P-521");
  MC_TRY(const std::string x, member_bytes(jwk, "x"));
  MC_TRY(const std::string y, member_bytes(jwk, "y"));
  MC_TRY(const std::string d, member_bytes(jwk, "d"));
  if (x.empty() || y.empty() || x.size() > curve->bytes || y.size() > curve->bytes) {
    return fail(Code::invalid, "a key of type EC needs x and y of its curve");
  }
  KeyMaker maker;
  maker.text(OSSL_PKEY_PARAM_GROUP_NAME, curve->group);
  std::string point = "\x04";
  point += std::string(curve->bytes - x.size(), '\0') + x;
  point += std::string(curve->bytes - y.size(), '\0') + y;
  maker.bytes(OSSL_PKEY_PARAM_PUB_KEY, point);
  out.is_private = !d.empty();
  if (out.is_private) maker.number(OSSL_PKEY_PARAM_PRIV_KEY, d);
  out.key = maker.make("EC", out.is_private);
  return out.key ? ok() : Status(fail(Code::invalid, "the point is not on the curve"));
}

Status read_okp(Value jwk, JoseKey& out) {
  const Value curve = jwk.find("crv");
  // Key agreement: such a key may stand in a set, and verifies nothing.
  if (curve.is_string() && curve.text() == "X25519") return ok();
  if (!curve.is_string() || curve.text() != "Ed25519") {
    return fail(Code::invalid, "crv is not Ed25519");
  }
  MC_TRY(const std::string x, member_bytes(jwk, "x"));
  MC_TRY(const std::string d, member_bytes(jwk, "d"));
  if (x.size() != 32 || (!d.empty() && d.size() != 32)) {
    return fail(Code::invalid, "a key of type OKP needs x of 32 bytes, and d of 32 or none");
  }
  out.is_private = !d.empty();
  const std::string& half = out.is_private ? d : x;
  out.key.reset(out.is_private
                    ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                   bytes_of(std::string_view(half)), half.size())
                    : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                  bytes_of(std::string_view(half)), half.size()));
  // The public half that is named must be the one that belongs to the private half.
  if (!out.key || raw_ed25519(out.key.get(), false) != x) {
    return fail(Code::invalid, "x does not belong to d");
  }
  return ok();
}

Result<JoseKey> read_jwk(Value jwk) {
  JoseKey out;
  const Value type = jwk.find("kty");
  if (!jwk.is_object() || !type.is_string()) return fail(Code::invalid, "kty is missing");
  if (const Value name = jwk.find("alg"); name.is_string())
    out.algorithm = std::string(name.text());
  if (const Value name = jwk.find("kid"); name.is_string()) out.id = std::string(name.text());
  if (type.text() == "RSA") {
    MC_TRY_OK(read_rsa(jwk, out));
  } else if (type.text() == "EC") {
    MC_TRY_OK(read_ec(jwk, out));
  } else if (type.text() == "OKP") {
    MC_TRY_OK(read_okp(jwk, out));
  } else if (type.text() == "oct") {
    out.symmetric = true;
    MC_TRY(out.secret, member_bytes(jwk, "k"));
    if (out.secret.empty()) return fail(Code::invalid, "a key of type oct needs k");
  } else {
    return fail(Code::invalid, "unknown key type " + excerpt(type.text()));
  }
  return out;
}

bool fits(const JoseAlgorithm& algorithm, const JoseKey& key) {
  if (!key.algorithm.empty() && key.algorithm != algorithm.name) return false;
  if (algorithm.family == Family::hmac) return key.symmetric;
  if (!key.key) return false;
  const KeyKind kind = key_kind(key.key.get());
  switch (algorithm.family) {
    case Family::rsa:
    case Family::pss:
      return kind == KeyKind::rsa && is_sound_rsa(key.key.get());
    case Family::ecdsa:
      return kind == KeyKind::ec && curve_bytes(key.key.get()) == algorithm.coordinate;
    case Family::eddsa:
      return kind == KeyKind::ed25519;
    case Family::hmac:
      break;
  }
  return false;
}

// r || s as DER; "" unless it has the size of the curve.
std::string to_der(const JoseAlgorithm& algorithm, std::string_view signature) {
  const std::size_t half = algorithm.coordinate;
  if (signature.size() != 2 * half) return "";
  const Owned<ECDSA_SIG> parts(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(bytes_of(signature), static_cast<int>(half), nullptr);
  BIGNUM* const s = BN_bin2bn(bytes_of(signature.substr(half)), static_cast<int>(half), nullptr);
  if (!parts || ECDSA_SIG_set0(parts.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return "";
  }
  std::string out(static_cast<std::size_t>(std::max(i2d_ECDSA_SIG(parts.get(), nullptr), 0)), '\0');
  unsigned char* to = bytes_of(out);
  i2d_ECDSA_SIG(parts.get(), &to);
  return out;
}

Result<std::string> from_der(const JoseAlgorithm& algorithm, std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const Owned<ECDSA_SIG> parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  const auto half = static_cast<int>(algorithm.coordinate);
  std::string out(2 * algorithm.coordinate, '\0');
  if (!parts || BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), bytes_of(out), half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), bytes_of(out) + half, half) != half) {
    return fail(Code::invalid, "the signature does not fit the curve");
  }
  return out;
}

bool set_padding(const JoseAlgorithm& algorithm, EVP_PKEY_CTX* context, int salt) {
  if (algorithm.family != Family::pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1;
}

const EVP_MD* digest_of(const JoseAlgorithm& algorithm) {
  return algorithm.digest == nullptr ? nullptr : EVP_get_digestbyname(algorithm.digest);
}

}  // namespace

const JoseAlgorithm* find_jose_algorithm(std::string_view name) {
  for (const JoseAlgorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

Result<std::vector<JoseKey>> read_jwks(std::string_view json) {
  if (json.size() > kKeyTextMax) return fail(Code::invalid, "JWKs have at most 1 MiB");
  term::Arena arena;
  MC_TRY(const Value root, term::parse_json(arena, json, {.depth_max = 20}));
  if (!root.is_object()) return fail(Code::invalid, "a JWK is an object");
  std::vector<JoseKey> out;
  const Value keys = root.find("keys");
  if (!keys.is_array()) {
    MC_TRY(JoseKey key, read_jwk(root));
    out.push_back(std::move(key));
    return out;
  }
  if (keys.size() > kKeysMax) return fail(Code::invalid, "a JWK set has at most 1000 keys");
  for (const Value jwk : keys.items()) {
    MC_TRY(JoseKey key, read_jwk(jwk));
    out.push_back(std::move(key));
  }
  return out;
}

Result<std::vector<JoseKey>> read_verification_keys(std::string_view text) {
  std::vector<JoseKey> out;
  std::string_view rest = text;
  if (const std::optional<PemBlock> block = next_pem_block(rest)) {
    if (!rest.empty()) return fail(Code::invalid, "extra data after a PEM certificate block");
    JoseKey key;
    if (block->type == "CERTIFICATE") {
      const unsigned char* at = bytes_of(std::string_view(block->bytes));
      const Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(block->bytes.size())));
      if (certificate) key.key.reset(X509_get_pubkey(certificate.get()));
      ERR_clear_error();
      if (!certificate || at != bytes_of(std::string_view(block->bytes)) + block->bytes.size()) {
        return fail(Code::invalid,
                    "failed to parse a PEM certificate: x509: malformed certificate");
      }
    } else if (block->type == "PUBLIC KEY") {
      key.key = read_public_key(block->bytes);
      if (!key.key) {
        return fail(Code::invalid,
                    "failed to parse a PEM public key: x509: unknown public key algorithm");
      }
    } else {
      return fail(Code::invalid, "failed to extract a Key from the PEM certificate");
    }
    out.push_back(std::move(key));
    return out;
  }
  Result<std::vector<JoseKey>> keys = read_jwks(text);
  if (!keys) {
    return fail(Code::invalid, "failed to parse a JWK key (set): " + keys.error().what);
  }
  for (JoseKey& key : *keys) {
    // A key for something else, such as encryption, verifies nothing.
    if (!key.algorithm.empty() && find_jose_algorithm(key.algorithm) == nullptr) continue;
    out.push_back(std::move(key));
  }
  return out;
}

bool jose_verify(const JoseAlgorithm& algorithm, const JoseKey& key, std::string_view message,
                 std::string_view signature) {
  if (!fits(algorithm, key)) return false;
  if (algorithm.family == Family::hmac) {
    return equal_secrets(hmac_bytes(algorithm.digest, key.secret, message), signature);
  }
  if (key.is_private) return false;  // it is for signing
  // OpenSSL takes a PSS signature without its leading zero bytes; RFC 8017, section 8.1.2, step 1
  // does not.
  const bool is_rsa = algorithm.family == Family::rsa || algorithm.family == Family::pss;
  if (is_rsa && signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key.key.get()))) {
    return false;
  }
  std::string der;
  if (algorithm.family == Family::ecdsa) {
    der = to_der(algorithm, signature);
    signature = der;
  }
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  const bool good = context && !signature.empty() &&
                    EVP_DigestVerifyInit(context.get(), &settings, digest_of(algorithm), nullptr,
                                         key.key.get()) == 1 &&
                    set_padding(algorithm, settings, RSA_PSS_SALTLEN_AUTO) &&
                    EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                     bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<std::string> jose_sign(const JoseAlgorithm& algorithm, const JoseKey& key,
                              std::string_view message) {
  if (!fits(algorithm, key) || (!key.symmetric && !key.is_private)) {
    return fail(Code::invalid,
                "the key is no private key for the algorithm " + std::string(algorithm.name));
  }
  if (algorithm.family == Family::hmac) return hmac_bytes(algorithm.digest, key.secret, message);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  std::size_t size = 0;
  std::string out;
  bool good = context &&
              EVP_DigestSignInit(context.get(), &settings, digest_of(algorithm), nullptr,
                                 key.key.get()) == 1 &&
              set_padding(algorithm, settings, RSA_PSS_SALTLEN_DIGEST) &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) == 1;
  if (good) {
    out.resize(size);
    good =
        EVP_DigestSign(context.get(), bytes_of(out), &size, bytes_of(message), message.size()) == 1;
    out.resize(size);
  }
  ERR_clear_error();
  if (!good) return fail(Code::invalid, "the key does not sign");
  return algorithm.family == Family::ecdsa ? from_der(algorithm, out) : out;
}

}  // namespace mc::builtin
