// An issuer's keys and the tokens it signs, good ones and forged ones; for tests.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::identity {

class JwtMaker {
 public:
  explicit JwtMaker(std::string kid, crypto::Algorithm algorithm = crypto::Algorithm::eddsa)
      : kid_(std::move(kid)), key_(*crypto::SigningKey::generate(algorithm)) {
    header.set("alg", crypto::algorithm_name(algorithm));
    header.set("kid", kid_);
    header.set("typ", "JWT");
  }

  json::Object header;  // tests change it

  json::Value jwk() const {
    json::Object out;
    for (const char* name : {"kty", "crv", "x", "y", "n", "e"}) {
      const std::string value = key_.jwk_member(name);
      if (!value.empty()) out.set(name, value);
    }
    out.set("kid", kid_);
    out.set("use", "sig");
    return json::Value(std::move(out));
  }

  static std::string set_of(json::Array keys) {
    json::Object out;
    out.set("keys", json::Value(std::move(keys)));
    return json::print(json::Value(std::move(out)));
  }
  std::string key_set() const { return set_of({jwk()}); }

  std::string sign(const json::Object& claims) const {
    return sign_text(json::print(json::Value(claims)));
  }
  // The payload as it stands, JSON or not.
  std::string sign_text(std::string_view payload) const {
    const std::string signed_part = unsigned_part(payload);
    return signed_part + "." + to_base64url(*key_.sign(signed_part));
  }
  std::string unsigned_part(std::string_view payload) const {
    return to_base64url(json::print(json::Value(header))) + "." + to_base64url(payload);
  }

 private:
  std::string kid_;
  crypto::SigningKey key_;
};

}  // namespace mc::identity
