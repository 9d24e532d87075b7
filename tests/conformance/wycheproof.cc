#include <array>
#include <cstdio>
#include <cstring>

#include "cipher/cipher.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "suite.h"

namespace mc::conformance {
namespace {

std::string text_of(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

std::int64_t number_of(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  return found == nullptr || found->as_int() == nullptr ? 0 : *found->as_int();
}

Result<std::string> bytes_of(const json::Value& value, std::string_view member) {
  return from_hex(text_of(value, member));
}

// What one test says of us.
struct Outcome {
  bool holds = false;
  std::string outside = {};  // not empty: our interface has no such thing, for this reason
};
Outcome outside(std::string why) {
  return {.outside = std::move(why)};
}

// Whether what a test has holds; an error when the file is not understood, or when two functions of
// ours that belong together do not agree.
using Check = Result<Outcome> (*)(const json::Value& group, const json::Value& test);

struct Curve {
  std::string_view name, sha;
  crypto::Algorithm algorithm;
};
constexpr Curve kCurves[] = {{"secp256r1", "SHA-256", crypto::Algorithm::es256},
                             {"secp384r1", "SHA-384", crypto::Algorithm::es384},
                             {"secp521r1", "SHA-512", crypto::Algorithm::es512}};

Result<crypto::PublicKey> key_of(const json::Value& group, crypto::Algorithm algorithm) {
  MC_TRY(const std::string spki, bytes_of(group, "publicKeyDer"));
  MC_TRY(crypto::PublicKey key, crypto::PublicKey::from_spki(spki));
  if (key.algorithm() != algorithm) return fail(Code::invalid, "the key is of another algorithm");
  MC_TRY(const crypto::PublicKey again,
         crypto::PublicKey::from_pem(text_of(group, "publicKeyPem")));
  if (again.to_spki() != spki) return fail(Code::invalid, "its PEM is another key");
  return key;
}

std::string curve_of(const json::Value& group) {
  const json::Value* key = group.find("publicKey");
  return key == nullptr ? "" : text_of(*key, "curve");
}

// Signatures in DER, or as r || s where the group says so (IEEE P1363).
Result<Outcome> check_ecdsa(const json::Value& group, const json::Value& test) {
  const std::string name = curve_of(group), sha = text_of(group, "sha");
  const Curve* curve = nullptr;
  for (const Curve& each : kCurves) {
    if (each.name == name && each.sha == sha) curve = &each;
  }
  if (curve == nullptr) return outside("no ECDSA on " + name + " with " + sha);
  MC_TRY(const crypto::PublicKey key, key_of(group, curve->algorithm));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string signature, bytes_of(test, "sig"));
  if (text_of(group, "type") == "EcdsaP1363Verify") {
    if (curve->algorithm != crypto::Algorithm::es256) {
      return outside("r || s is taken of P-256 only");
    }
    return Outcome{key.verify(message, signature)};
  }
  const bool holds = key.verify_der(message, signature);
  if (curve->algorithm == crypto::Algorithm::es256) {
    const Result<std::string> both = crypto::es256_from_der(signature);
    if ((both && key.verify(message, *both)) != holds) {
      return fail(Code::corrupt, "its DER and its r || s do not agree");
    }
  }
  return Outcome{holds};
}

Result<Outcome> check_ed25519(const json::Value& group, const json::Value& test) {
  const std::string curve = curve_of(group);
  if (curve != "edwards25519") return outside("no EdDSA on " + curve);
  MC_TRY(const crypto::PublicKey key, key_of(group, crypto::Algorithm::eddsa));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string signature, bytes_of(test, "sig"));
  return Outcome{key.verify(message, signature)};
}

Result<Outcome> check_hmac(const json::Value& group, const json::Value& test) {
  MC_TRY(const std::string key, bytes_of(test, "key"));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string tag, bytes_of(test, "tag"));
  const auto size = static_cast<std::size_t>(number_of(group, "tagSize") / 8);
  return Outcome{equal_constant_time(crypto::hmac_sha256(key, message).substr(0, size), tag)};
}

Result<Outcome> check_hkdf(const json::Value&, const json::Value& test) {
  constexpr std::int64_t kBytesMax = 255 * 32;
  MC_TRY(const std::string secret, bytes_of(test, "ikm"));
  MC_TRY(const std::string salt, bytes_of(test, "salt"));
  MC_TRY(const std::string info, bytes_of(test, "info"));
  MC_TRY(const std::string wanted, bytes_of(test, "okm"));
  const std::int64_t size = number_of(test, "size");
  // Asking for more than there is breaks the contract, which ends a program: it is not asked for.
  if (size > kBytesMax) return outside("HKDF with SHA-256 gives at most 8160 bytes");
  std::string out(static_cast<std::size_t>(size), '\0');
  cipher::hkdf_sha256(secret, salt, info,
                      {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return Outcome{out == wanted};
}

Result<Outcome> check_gcm(const json::Value& group, const json::Value& test) {
  for (const auto& [member, bits] : {std::pair{"keySize", 256}, {"ivSize", 96}, {"tagSize", 128}}) {
    const std::int64_t has = number_of(group, member);
    if (has == bits) continue;
    return outside("AES-GCM, " + std::string(member) + " of " + std::to_string(has) +
                   " bits: ours is " + std::to_string(bits));
  }
  MC_TRY(const std::string key_bytes, bytes_of(test, "key"));
  MC_TRY(const std::string nonce, bytes_of(test, "iv"));
  MC_TRY(const std::string aad, bytes_of(test, "aad"));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string ciphertext, bytes_of(test, "ct"));
  MC_TRY(const std::string tag, bytes_of(test, "tag"));
  std::array<std::uint8_t, cipher::kKeyBytes> key;
  if (key_bytes.size() != key.size()) return fail(Code::invalid, "its key has another size");
  std::memcpy(key.data(), key_bytes.data(), key.size());
  const std::string sealed = ciphertext + tag;
  std::string out(ciphertext.size(), '?'), again(message.size() + cipher::kTagBytes, '?');
  const cipher::Sealing how = {cipher::Suite::aes_256_gcm, key, nonce, aad};
  const bool opened = cipher::open(how, sealed, out.data()).has_value();
  if (!opened && out != std::string(out.size(), '\0')) {
    return fail(Code::corrupt, "something came out of what was refused");
  }
  if (opened && out != message) return fail(Code::corrupt, "it opens as another message");
  if (opened && !(cipher::seal(how, message, again.data()) && again == sealed)) {
    return fail(Code::corrupt, "its message is sealed in another way");
  }
  return Outcome{opened};
}

Result<Outcome> check_wrap(const json::Value& test, cipher::Wrap form) {
  MC_TRY(std::string key_bytes, bytes_of(test, "key"));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string wrapped, bytes_of(test, "ct"));
  const Secret key(std::move(key_bytes));
  const Result<Secret> secret = cipher::unwrap_key(form, key, wrapped);
  if (!secret) return Outcome{false};
  if (secret->reveal(RevealToken()) != message) {
    return fail(Code::corrupt, "it unwraps as another key");
  }
  const Result<std::string> again = cipher::wrap_key(form, key, Secret(message));
  if (!again || *again != wrapped) return fail(Code::corrupt, "its key is wrapped in another way");
  return Outcome{true};
}
Result<Outcome> check_kw(const json::Value&, const json::Value& test) {
  return check_wrap(test, cipher::Wrap::kw);
}
Result<Outcome> check_kwp(const json::Value&, const json::Value& test) {
  return check_wrap(test, cipher::Wrap::kwp);
}

Result<Outcome> check_oaep(const json::Value& group, const json::Value& test) {
  const std::string sha = text_of(group, "sha"), mask = text_of(group, "mgfSha");
  if (sha != mask) return outside("RSA-OAEP with " + sha + ", masks by " + mask);
  if (sha != "SHA-1" && sha != "SHA-256") return outside("RSA-OAEP with " + sha);
  const std::int64_t bits = number_of(group, "keySize");
  if (bits < 2048 || bits > 8192) return outside("RSA of " + std::to_string(bits) + " bits");
  const auto hash = sha == "SHA-1" ? cipher::OaepHash::sha1 : cipher::OaepHash::sha256;
  MC_TRY(std::string der, bytes_of(group, "privateKeyPkcs8"));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string sealed, bytes_of(test, "ct"));
  MC_TRY(const std::string label, bytes_of(test, "label"));
  const Result<Secret> secret = cipher::oaep_decrypt(hash, Secret(std::move(der)), sealed, label);
  if (!secret && secret.error().code != Code::corrupt) return tl::unexpected(secret.error());
  if (secret && secret->reveal(RevealToken()) != message) {
    return fail(Code::corrupt, "it decrypts as another message");
  }
  return Outcome{secret.has_value()};
}

struct Known {
  std::string_view algorithm;
  Check check;
};
constexpr Known kKnown[] = {{"ECDSA", check_ecdsa},     {"EDDSA", check_ed25519},
                            {"HMACSHA256", check_hmac}, {"HKDF-SHA-256", check_hkdf},
                            {"AES-GCM", check_gcm},     {"AES-WRAP", check_kw},
                            {"AES-KWP", check_kwp},     {"RSAES-OAEP", check_oaep}};
// Of the schemas that some algorithms have beside those, for which there is no check.
constexpr std::string_view kSchemas[] = {"ecdsa_verify_schema", "ecdsa_p1363_verify_schema",
                                         "eddsa_verify_schema", "mac_test_schema",
                                         "hkdf_test_schema",    "aead_test_schema",
                                         "keywrap_test_schema", "rsaes_oaep_decrypt_schema"};

Check check_of(const json::Value& file) {
  const std::string algorithm = text_of(file, "algorithm"), schema = text_of(file, "schema");
  bool known = false;
  for (const std::string_view name : kSchemas) known |= schema.starts_with(name);
  if (!known) return nullptr;
  for (const Known& each : kKnown) {
    if (each.algorithm == algorithm) return each.check;
  }
  return nullptr;
}

void run_test(const std::string& id, const Result<Outcome>& outcome, const json::Value& test,
              Report& report) {
  if (!outcome) return report.fail(id, outcome.error().what);
  if (!outcome->outside.empty()) return report.skip(outcome->outside);
  const std::string wanted = text_of(test, "result");
  if (wanted == "acceptable" || outcome->holds == (wanted == "valid")) return report.pass();
  report.fail(id, std::string(outcome->holds ? "accepted" : "refused") + ", is " + wanted + ": " +
                      text_of(test, "comment"));
}

std::string why_missed(const json::Value& file, std::int64_t cases) {
  const std::string algorithm = text_of(file, "algorithm");
  return std::to_string(cases) + " cases of " + algorithm + " (" + text_of(file, "schema") + "): " +
         (algorithm == "AES-GCM-SIV" ? "not in use, as nonces of XAES-256-GCM are random and long"
                                     : "we have no such function");
}

void run_file(const std::string& name, const json::Value& file, Report& report) {
  const Check check = check_of(file);
  std::int64_t count = 0;
  const json::Value* groups = file.find("testGroups");
  if (groups == nullptr || groups->as_array() == nullptr) return report.fail(name, "no testGroups");
  for (const json::Value& group : *groups->as_array()) {
    const json::Value* tests = group.find("tests");
    if (tests == nullptr || tests->as_array() == nullptr) return report.fail(name, "no tests");
    for (const json::Value& test : *tests->as_array()) {
      ++count;
      if (check == nullptr) continue;
      run_test(name + " " + std::to_string(number_of(test, "tcId")), check(group, test), test,
               report);
    }
  }
  if (check == nullptr) report.miss(name, why_missed(file, count));
}

}  // namespace

void run_wycheproof(const Vectors& vectors, Report& report) {
  for (const std::string& path : vectors.find("", ".json")) {
    const auto text = vectors.read(path);
    if (!text) {
      report.fail(path, text.error().what);
      continue;
    }
    const auto file = json::parse(*text, {.bytes_max = 64 << 20});
    if (!file) {
      report.fail(path, file.error().what);
    } else {
      run_file(path, *file, report);
    }
  }
}

}  // namespace mc::conformance
