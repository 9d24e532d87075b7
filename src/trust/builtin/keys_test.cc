#include "builtin/keys.h"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "builtin/armor.h"
#include "builtin/test_keys.h"

namespace mc::builtin {
namespace {

struct Freed {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(CONF* configuration) const { NCONF_free(configuration); }
};

Key key_of(std::string_view private_pem) {
  std::string_view rest = private_pem;
  const auto block = next_pem_block(rest);
  MC_CHECK(block.has_value());
  Result<Key> key = read_private_key(block->type, block->bytes);
  MC_CHECK(key.has_value());
  return std::move(*key);
}

template <class Write>
std::string written(const Write& write) {
  const std::unique_ptr<BIO, Freed> bio(BIO_new(BIO_s_mem()));
  MC_CHECK(write(bio.get()) == 1);
  char* at = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &at);
  return {at, static_cast<std::size_t>(size)};
}

void set_name(X509_NAME* name, std::string_view text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

}  // namespace

std::string test_private_pem(std::string_view type) {
  EVP_PKEY* made = nullptr;
  if (type.starts_with("RSA-")) {
    made = EVP_RSA_gen(static_cast<unsigned>(*parse_int(type.substr(4))));
  } else if (type.starts_with("P-")) {
    made = EVP_EC_gen(std::string(type).c_str());
  } else {
    made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  const Key key(made);
  return written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string test_public_pem(std::string_view private_pem) {
  const Key key = key_of(private_pem);
  return written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key.get()); });
}

std::string test_certificate_pem(const TestCertificate& certificate, std::string_view private_pem,
                                 std::string_view issuer_name, std::string_view issuer_pem) {
  const Key key = key_of(private_pem), issuer = key_of(issuer_pem);
  const std::unique_ptr<X509, Freed> x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 4'711);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), certificate.not_before);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), certificate.not_after);
  set_name(X509_get_subject_name(x509.get()), certificate.name);
  set_name(X509_get_issuer_name(x509.get()), issuer_name);
  X509_set_pubkey(x509.get(), key.get());
  std::vector<std::pair<std::string, std::string>> extensions = certificate.extensions;
  if (certificate.authority) extensions.push_back({"basicConstraints", "critical,CA:TRUE"});
  const std::unique_ptr<CONF, Freed> configuration(NCONF_new(nullptr));
  for (const auto& [name, value] : extensions) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509.get(), x509.get(), nullptr, nullptr, 0);
    X509V3_set_nconf(&context, configuration.get());
    X509_EXTENSION* const made =
        X509V3_EXT_nconf(configuration.get(), &context, name.c_str(), value.c_str());
    MC_CHECK(made != nullptr);
    X509_add_ext(x509.get(), made, -1);
    X509_EXTENSION_free(made);
  }
  const bool edwards = key_kind(issuer.get()) == KeyKind::ed25519;
  MC_CHECK(X509_sign(x509.get(), issuer.get(), edwards ? nullptr : EVP_sha256()) > 0);
  return written([&](BIO* bio) { return PEM_write_bio_X509(bio, x509.get()); });
}

TEST_CASE("keys: hashes and codes are those of the standards") {
  CHECK(to_hex(hash_bytes("MD5", "abc")) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(to_hex(hash_bytes("SHA256", "")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash_bytes("none", "abc").empty());
  // RFC 4231, test case 2, and the empty key.
  CHECK(to_hex(hmac_bytes("SHA256", "Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_bytes("SHA256", "", "a") == hmac_bytes("SHA256", std::string(1, '\0'), "a"));
  CHECK(equal_secrets("ab", "ab"));
  CHECK_FALSE(equal_secrets("ab", "ac"));
  CHECK_FALSE(equal_secrets("ab", "abc"));
}

TEST_CASE("keys: a key serves its own algorithms only") {
  const std::string rsa = test_private_pem("RSA-2048"), p256 = test_private_pem("P-256"),
                    p384 = test_private_pem("P-384"), edwards = test_private_pem("ED25519");
  struct Row {
    const std::string& pem;
    std::vector<std::string_view> algorithms;
  };
  const Row rows[] = {{rsa, {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
                      {p256, {"ES256"}},
                      {p384, {"ES384"}},
                      {edwards, {"EdDSA"}}};
  for (const Row& row : rows) {
    JoseKey signer;
    signer.key = key_of(row.pem);
    signer.is_private = true;
    const std::vector<JoseKey> keys = *read_verification_keys(test_public_pem(row.pem));
    for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                             "ES512", "EdDSA", "HS256"}) {
      CAPTURE(name);
      const JoseAlgorithm& algorithm = *find_jose_algorithm(name);
      const bool own =
          std::find(row.algorithms.begin(), row.algorithms.end(), name) != row.algorithms.end();
      const Result<std::string> signature = jose_sign(algorithm, signer, "message");
      CHECK(signature.has_value() == own);
      if (!signature) continue;
      CHECK(jose_verify(algorithm, keys[0], "message", *signature));
      CHECK_FALSE(jose_verify(algorithm, keys[0], "massage", *signature));
      CHECK_FALSE(jose_verify(algorithm, keys[0], "message", signature->substr(1)));
      CHECK_FALSE(jose_verify(algorithm, keys[0], "message", ""));
      for (const std::string_view other : row.algorithms) {
        if (other == name) continue;
        CHECK_FALSE(jose_verify(*find_jose_algorithm(other), keys[0], "message", *signature));
      }
    }
  }
  CHECK(find_jose_algorithm("none") == nullptr);
  CHECK(find_jose_algorithm("rs256") == nullptr);
}

TEST_CASE("keys: a signature without its leading zero byte verifies nothing") {
  const std::string pem = test_private_pem("RSA-2048");
  const std::vector<JoseKey> keys = *read_verification_keys(test_public_pem(pem));
  JoseKey signer;
  signer.key = key_of(pem);
  signer.is_private = true;
  for (const char* name : {"PS256", "RS256"}) {
    CAPTURE(name);
    const JoseAlgorithm& algorithm = *find_jose_algorithm(name);
    std::string message, signature;  // one of 256 signatures begins with a zero
    for (int tries = 0; tries < 20'000 && (tries == 0 || signature[0] != '\0'); ++tries) {
      message = std::to_string(tries);
      signature = *jose_sign(algorithm, signer, message);
    }
    REQUIRE(signature[0] == '\0');
    CHECK(jose_verify(algorithm, keys[0], message, signature));
    CHECK_FALSE(jose_verify(algorithm, keys[0], message, signature.substr(1)));
    CHECK_FALSE(jose_verify(algorithm, keys[0], message, std::string(1, '\0') + signature));
  }
}

TEST_CASE("keys: weak keys verify nothing") {
  const std::string weak = test_private_pem("RSA-768");
  const std::vector<JoseKey> keys = *read_verification_keys(test_public_pem(weak));
  JoseKey signer;
  signer.key = key_of(weak);
  signer.is_private = true;
  CHECK_FALSE(jose_sign(*find_jose_algorithm("RS256"), signer, "message").has_value());
  CHECK_FALSE(jose_verify(*find_jose_algorithm("RS256"), keys[0], "message", std::string(96, 'x')));
}

TEST_CASE("keys: what a JWK must have") {
  struct Row {
    const char* jwk;
    const char* message;
  };
  const Row rows[] = {
      {R"({"kty":"oct","k":"c2VjcmV0"})", ""},
      {R"({"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"OKP","crv":"X25519","x":"AA"}]})", ""},
      {R"({"keys":[]})", ""},
      {R"({"kty":"oct"})", "a key of type oct needs k"},
      {R"({"kty":"none"})", "unknown key type none"},
      {R"({"kty":"RSA","n":"AQAB"})", "a key of type RSA needs n and e"},
      {R"({"kty":"RSA","n":"!","e":"AQAB"})", "n: illegal base64url string: !"},
      {R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})", "the point is not on the curve"},
      {R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})", "crv is none of P-256, P-384, P-521"},
      {R"({"kty":"OKP","crv":"Ed448","x":"AA"})", "crv is not Ed25519"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"AA"})",
       "a key of type OKP needs x of 32 bytes, and d of 32 or none"},
      {R"([])", "a JWK is an object"},
      {R"({})", "kty is missing"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.jwk);
    const auto keys = read_jwks(row.jwk);
    CHECK((keys ? "" : keys.error().what) == row.message);
  }
}

TEST_CASE("keys: verification keys are PEM or JWK, and nothing behind them") {
  const std::string pem = test_public_pem(test_private_pem("P-256"));
  CHECK(read_verification_keys(pem).has_value());
  struct Row {
    std::string text;
    const char* message;
  };
  const Row rows[] = {{pem + "x", "extra data after a PEM certificate block"},
                      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                       "failed to parse a PEM certificate: x509: malformed certificate"},
                      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                       "failed to parse a PEM public key: x509: unknown public key algorithm"},
                      {"-----BEGIN X-----\nAAAA\n-----END X-----\n",
                       "failed to extract a Key from the PEM certificate"},
                      {R"({"kty":"?"})", "failed to parse a JWK key (set): unknown key type ?"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto keys = read_verification_keys(row.text);
    REQUIRE_FALSE(keys.has_value());
    CHECK(keys.error().what == row.message);
  }
  // A key for encryption stands in a set and verifies nothing.
  CHECK(read_verification_keys(R"({"keys":[{"kty":"oct","k":"AA","alg":"A128KW"}]})")->empty());
}

}  // namespace mc::builtin
