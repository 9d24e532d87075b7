#include <cstdio>

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

// Whether the signature or tag of a test holds; an error when the file is not understood.
using Check = Result<bool> (*)(const json::Value& group, const json::Value& test);

Result<bool> check_signature(const json::Value& group, const json::Value& test,
                             crypto::Algorithm algorithm) {
  MC_TRY(const std::string spki, bytes_of(group, "publicKeyDer"));
  MC_TRY(const crypto::PublicKey key, crypto::PublicKey::from_spki(spki));
  if (key.algorithm() != algorithm) return fail(Code::invalid, "the key is of another algorithm");
  MC_TRY(const crypto::PublicKey again,
         crypto::PublicKey::from_pem(text_of(group, "publicKeyPem")));
  if (again.to_spki() != spki) return fail(Code::invalid, "its PEM is another key");
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string signature, bytes_of(test, "sig"));
  if (algorithm == crypto::Algorithm::eddsa) return key.verify(message, signature);
  const Result<std::string> both = crypto::es256_from_der(signature);
  return both && key.verify(message, *both);
}

Result<bool> check_ecdsa(const json::Value& group, const json::Value& test) {
  if (text_of(group, "sha") != "SHA-256") return fail(Code::invalid, "its hash is not SHA-256");
  return check_signature(group, test, crypto::Algorithm::es256);
}
Result<bool> check_ed25519(const json::Value& group, const json::Value& test) {
  return check_signature(group, test, crypto::Algorithm::eddsa);
}

Result<bool> check_hmac(const json::Value& group, const json::Value& test) {
  MC_TRY(const std::string key, bytes_of(test, "key"));
  MC_TRY(const std::string message, bytes_of(test, "msg"));
  MC_TRY(const std::string tag, bytes_of(test, "tag"));
  const auto size = static_cast<std::size_t>(number_of(group, "tagSize") / 8);
  return equal_constant_time(crypto::hmac_sha256(key, message).substr(0, size), tag);
}

Check check_of(const json::Value& file) {
  const std::string algorithm = text_of(file, "algorithm");
  if (algorithm == "ECDSA") return check_ecdsa;
  if (algorithm == "EDDSA") return check_ed25519;
  return algorithm == "HMACSHA256" ? check_hmac : nullptr;
}

std::string check_test(Check check, const json::Value& group, const json::Value& test) {
  const Result<bool> holds = check(group, test);
  if (!holds) return holds.error().what;
  const std::string wanted = text_of(test, "result");
  if (wanted == "acceptable") return "";
  if (*holds == (wanted == "valid")) return "";
  return std::string(*holds ? "accepted" : "refused") + ", is " + wanted + ": " +
         text_of(test, "comment");
}

void run_file(const std::string& name, const json::Value& file, Report& report) {
  const Check check = check_of(file);
  if (check == nullptr) {
    std::printf("passed by: %s, %s\n", name.c_str(), text_of(file, "algorithm").c_str());
    return;
  }
  const json::Value* groups = file.find("testGroups");
  if (groups == nullptr || groups->as_array() == nullptr) return report.fail(name, "no testGroups");
  for (const json::Value& group : *groups->as_array()) {
    const json::Value* tests = group.find("tests");
    if (tests == nullptr || tests->as_array() == nullptr) return report.fail(name, "no tests");
    for (const json::Value& test : *tests->as_array()) {
      report.add(name + " " + std::to_string(number_of(test, "tcId")),
                 check_test(check, group, test));
    }
  }
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
