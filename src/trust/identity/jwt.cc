#include "identity/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "identity/claims.h"

namespace mc::identity {
namespace {

constexpr double kSecondsMax = 253'402'300'800.0;  // the year 10000

Error refused(std::string what) {
  return {Code::denied, "the token is refused: " + std::move(what)};
}
tl::unexpected<Error> refuse(std::string what) {
  return tl::unexpected<Error>(refused(std::move(what)));
}

// One base64url part of a token as a JSON object.
Result<json::Object> decode(std::string_view part, std::string_view what) {
  const Result<std::string> bytes = from_base64url(part);
  if (!bytes) return refuse(std::string(what) + " is not base64url");
  Result<json::Value> value = json::parse(*bytes, {.bytes_max = kJwtBytesMax, .depth_max = 8});
  if (!value || value->as_object() == nullptr) {
    return refuse(std::string(what) + " is not a JSON object");
  }
  return std::move(*value->as_object());
}

bool for_signatures(const json::Object& jwk) {
  const std::string_view use = text_in(jwk, "use");
  if (!use.empty() && use != "sig") return false;
  const json::Value* operations = jwk.find("key_ops");
  if (operations == nullptr) return true;
  const json::Array* list = operations->as_array();
  return list != nullptr &&
         std::find(list->begin(), list->end(), json::Value("verify")) != list->end();
}

Result<std::string> member(const json::Object& jwk, std::string_view name) {
  return from_base64url(text_in(jwk, name));
}

// Nothing for a key that is of no use here; `invalid` for one that ought to be.
Result<std::optional<crypto::PublicKey>> read_key(const json::Object& jwk) {
  if (!for_signatures(jwk)) return std::nullopt;
  const std::string_view type = text_in(jwk, "kty");
  const std::string_view curve = text_in(jwk, "crv");
  std::optional<crypto::PublicKey> key;
  if (type == "RSA") {
    MC_TRY(const std::string n, member(jwk, "n"));
    MC_TRY(const std::string e, member(jwk, "e"));
    MC_TRY(key, crypto::PublicKey::rsa(n, e));
  } else if (type == "EC" && curve == "P-256") {
    MC_TRY(const std::string x, member(jwk, "x"));
    MC_TRY(const std::string y, member(jwk, "y"));
    MC_TRY(key, crypto::PublicKey::p256(x, y));
  } else if (type == "OKP" && curve == "Ed25519") {
    MC_TRY(const std::string x, member(jwk, "x"));
    MC_TRY(key, crypto::PublicKey::ed25519(x));
  } else {
    return std::nullopt;
  }
  // An RSA key for RS512 or PS256 is none for RS256.
  const std::string_view algorithm = text_in(jwk, "alg");
  if (!algorithm.empty() && algorithm != crypto::algorithm_name(key->algorithm())) {
    return std::nullopt;
  }
  return key;
}

Status check_times(const json::Object& claims, WallTime now) {
  MC_TRY(const std::optional<WallTime> expires, read_date(claims, "exp"));
  MC_TRY(const std::optional<WallTime> not_before, read_date(claims, "nbf"));
  MC_TRY(const std::optional<WallTime> issued, read_date(claims, "iat"));
  if (!expires) return refuse("it has no 'exp'");
  if (now - kIssuerClockSkewMax >= *expires) return refuse("it has expired");
  if (not_before && *not_before > now + kIssuerClockSkewMax) return refuse("it is not valid yet");
  if (issued && *issued > now + kIssuerClockSkewMax) {
    return refuse("it was issued in the future; compare the clocks");
  }
  return ok();
}

// `aud` is one text or a list of them.
std::vector<std::string> audiences(const json::Object& claims) {
  std::vector<std::string> out;
  const json::Value* value = claims.find("aud");
  if (value == nullptr) return out;
  if (const std::string* one = value->as_string()) out.push_back(*one);
  if (const json::Array* list = value->as_array()) {
    for (const json::Value& each : *list) {
      if (const std::string* text = each.as_string()) out.push_back(*text);
    }
  }
  return out;
}

Status check_claims(const json::Object& claims, const JwtRules& rules) {
  if (text_in(claims, "iss") != rules.issuer) return refuse("it comes from another issuer");
  const std::vector<std::string> all = audiences(claims);
  if (rules.audience.empty() || std::find(all.begin(), all.end(), rules.audience) == all.end()) {
    return refuse("it is for another audience");
  }
  const std::string_view subject = text_in(claims, "sub");
  if (subject.empty() || subject.size() > kSubjectBytesMax) {
    return refuse("'sub' must have 1 to 255 bytes");
  }
  return check_times(claims, rules.now);
}

}  // namespace

std::string_view text_of(const json::Value* value) {
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::string_view text_in(const json::Object& object, std::string_view name) {
  return text_of(object.find(name));
}

Result<std::optional<WallTime>> read_date(const json::Object& claims, std::string_view name) {
  const json::Value* value = claims.find(name);
  if (value == nullptr) return std::nullopt;
  double number = -1;
  if (const std::int64_t* whole = value->as_int()) number = static_cast<double>(*whole);
  if (const double* real = value->as_double()) number = *real;
  if (!(number >= 0 && number < kSecondsMax)) {
    return refuse("'" + std::string(name) + "' is not a time");
  }
  // Past the range of WallTime (the year 2262) is as good as its end.
  const double nanos = number * 1e9;
  return WallTime{nanos >= 9.2e18 ? INT64_MAX : static_cast<std::int64_t>(nanos)};
}

Result<KeySet> KeySet::parse(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text, {.bytes_max = kKeySetBytesMax}));
  const json::Value* keys = value.find("keys");
  if (keys == nullptr || keys->as_array() == nullptr) {
    return fail(Code::invalid, "a JWK set has a list named 'keys'");
  }
  if (keys->as_array()->size() > kKeySetKeysMax) {
    return fail(Code::invalid, "a JWK set has at most 64 keys here");
  }
  KeySet out;
  for (const json::Value& each : *keys->as_array()) {
    if (each.as_object() == nullptr) return fail(Code::invalid, "a JWK is an object");
    MC_TRY(std::optional<crypto::PublicKey> key, read_key(*each.as_object()));
    if (!key) continue;
    const std::string kid(text_in(*each.as_object(), "kid"));
    const bool twice = std::any_of(out.keys_.begin(), out.keys_.end(), [&](const Named& held) {
      return !kid.empty() && held.kid == kid && held.key.algorithm() == key->algorithm();
    });
    if (twice) return fail(Code::invalid, "two keys are named '" + excerpt(kid) + "'");
    out.keys_.push_back({kid, std::move(*key)});
  }
  return out;
}

const crypto::PublicKey* KeySet::find(std::string_view kid, crypto::Algorithm algorithm) const {
  const crypto::PublicKey* found = nullptr;
  for (const Named& held : keys_) {
    if (held.key.algorithm() != algorithm) continue;
    if (!kid.empty() && held.kid == kid) return &held.key;
    if (!kid.empty()) continue;
    if (found != nullptr) return nullptr;  // more than one: which is meant is not told
    found = &held.key;
  }
  return found;
}

Result<json::Object> verify_jwt(std::string_view token, const KeySet& keys, const JwtRules& rules) {
  if (token.size() > kJwtBytesMax) return refuse("it is longer than 8192 bytes");
  const std::vector<std::string_view> parts = split(token, '.');
  if (parts.size() != 3) return refuse("it does not have three parts");
  MC_TRY(const json::Object header, decode(parts[0], "its header"));
  const Result<crypto::Algorithm> algorithm = crypto::parse_algorithm(text_in(header, "alg"));
  if (!algorithm) return refuse(algorithm.error().what);
  if (header.find("crit") != nullptr) return refuse("'crit' asks for an unknown extension");
  const crypto::PublicKey* key = keys.find(text_in(header, "kid"), *algorithm);
  if (key == nullptr) return fail(Code::not_found, "the token is signed with an unknown key");
  const Result<std::string> signature = from_base64url(parts[2]);
  const std::string_view signed_part = token.substr(0, token.rfind('.'));
  if (!signature || !key->verify(signed_part, *signature)) return refuse("its signature is wrong");
  MC_TRY(json::Object claims, decode(parts[1], "its payload"));
  MC_TRY_OK(check_claims(claims, rules));
  return claims;
}

Status check_id_token(const json::Object& claims, const IdTokenRules& rules) {
  const std::string_view party = text_in(claims, "azp");
  const bool several = audiences(claims).size() > 1;
  if ((several || claims.find("azp") != nullptr) && party != rules.client_id) {
    return refuse("'azp' names another client");
  }
  if (rules.nonce.empty() || !equal_constant_time(text_in(claims, "nonce"), rules.nonce)) {
    return refuse("'nonce' is not the one of this sign-in");
  }
  return ok();
}

}  // namespace mc::identity
