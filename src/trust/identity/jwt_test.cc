#include "identity/jwt.h"

#include <doctest/doctest.h>

#include <functional>

#include "contract/jwt_maker.h"

namespace mc::identity {
namespace {

using crypto::Algorithm;

constexpr std::int64_t kNow = 1'700'000'000;
const JwtRules kRules{"https://issuer.example", "maestro", {kNow * 1'000'000'000}};

json::Object good_claims() {
  json::Object out;
  out.set("iss", "https://issuer.example");
  out.set("aud", "maestro");
  out.set("sub", "ana");
  out.set("iat", kNow);
  out.set("exp", kNow + 300);
  return out;
}

Result<json::Object> verify(const JwtMaker& maker, const std::string& token) {
  const Result<KeySet> keys = KeySet::parse(maker.key_set());
  REQUIRE(keys);
  return verify_jwt(token, *keys, kRules);
}

std::string reason(const Result<json::Object>& refused) {
  REQUIRE_FALSE(refused);
  return refused.error().what;
}

TEST_CASE("jwt: a good token of each algorithm gives its claims") {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    CAPTURE(crypto::algorithm_name(algorithm));
    const JwtMaker maker("k1", algorithm);
    const auto claims = verify(maker, maker.sign(good_claims()));
    REQUIRE(claims);
    CHECK(*claims->find("sub") == json::Value("ana"));
  }
}

TEST_CASE("jwt: none and HMAC with the public key are refused, whatever the key set holds") {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    JwtMaker maker("k1", algorithm);
    const std::string payload = json::print(json::Value(good_claims()));
    for (const char* name : {"none", "None", "nOnE", "", "HS256", "HS512", "RS512", "PS256"}) {
      CAPTURE(name);
      maker.header.set("alg", name);
      const std::string head = maker.unsigned_part(payload);
      CHECK_FALSE(verify(maker, head + "."));
      const std::string secret = json::print(maker.jwk());
      CHECK_FALSE(verify(maker, head + "." + to_base64url(crypto::hmac_sha256(secret, head))));
      CHECK_FALSE(verify(maker, maker.sign(good_claims())));
    }
    maker.header.set("alg", json::Value());
    CHECK_FALSE(verify(maker, maker.sign(good_claims())));
    maker.header.erase("alg");
    CHECK_FALSE(verify(maker, maker.sign(good_claims())));
  }
}

TEST_CASE("jwt: a key is not used for another algorithm than its own") {
  JwtMaker elliptic("k1", Algorithm::es256);
  const std::string set = JwtMaker("k1", Algorithm::rs256).key_set();
  const auto refused = verify_jwt(elliptic.sign(good_claims()), *KeySet::parse(set), kRules);
  CHECK(refused.error().code == Code::not_found);
  elliptic.header.set("alg", "RS256");
  CHECK(reason(verify_jwt(elliptic.sign(good_claims()), *KeySet::parse(set), kRules))
            .find("signature") != std::string::npos);
}

TEST_CASE("jwt: keys that a token brings along are not used") {
  JwtMaker thief("k1");
  const JwtMaker issuer("k1");
  thief.header.set("jwk", thief.jwk());
  thief.header.set("jku", "https://thief.example/jwks");
  CHECK(reason(verify(issuer, thief.sign(good_claims()))).find("signature") != std::string::npos);
  thief.header.set("kid", "other");
  CHECK(verify(issuer, thief.sign(good_claims())).error().code == Code::not_found);
}

TEST_CASE("jwt: each claim is held to its rule, at the edge of the clock skew") {
  using Change = std::function<void(json::Object&)>;
  struct Row {
    const char* name;
    bool good;
    Change change;
  };
  const auto set = [](const char* name, json::Value value) {
    return [name, value](json::Object& claims) { claims.set(name, value); };
  };
  const auto erase = [](const char* name) {
    return [name](json::Object& claims) { claims.erase(name); };
  };
  const Row rows[] = {
      {"another issuer", false, set("iss", "https://issuer.example/")},
      {"no issuer", false, erase("iss")},
      {"another audience", false, set("aud", "maestro2")},
      {"no audience", false, erase("aud")},
      {"audience number", false, set("aud", 1)},
      {"audience list", true, set("aud", json::Array{json::Value("x"), json::Value("maestro")})},
      {"audience list without us", false, set("aud", json::Array{json::Value("x")})},
      {"empty subject", false, set("sub", "")},
      {"long subject", false, set("sub", std::string(256, 'x'))},
      {"subject at the limit", true, set("sub", std::string(255, 'x'))},
      {"subject number", false, set("sub", 7)},
      {"no end", false, erase("exp")},
      {"end as text", false, set("exp", std::to_string(kNow + 9))},
      {"negative end", false, set("exp", -1)},
      {"end at the skew", false, set("exp", kNow - 60)},
      {"end within the skew", true, set("exp", kNow - 59)},
      {"end with decimals", true, set("exp", static_cast<double>(kNow) - 59.5)},
      {"far end", true, set("exp", std::int64_t{253'402'300'799})},
      {"past the far end", false, set("exp", 1e300)},
      {"start within the skew", true, set("nbf", kNow + 60)},
      {"start past the skew", false, set("nbf", kNow + 61)},
      {"issued within the skew", true, set("iat", kNow + 60)},
      {"issued in the future", false, set("iat", kNow + 61)},
      {"issued long ago", true, set("iat", 0)},
  };
  const JwtMaker maker("k1");
  for (const Row& row : rows) {
    CAPTURE(row.name);
    json::Object claims = good_claims();
    row.change(claims);
    CHECK(verify(maker, maker.sign(claims)).has_value() == row.good);
  }
}

TEST_CASE("jwt: what is no token is refused with its reason") {
  JwtMaker maker("k1");
  const std::string good = maker.sign(good_claims());
  const std::size_t dot = good.find('.');
  const std::string cases[] = {"",
                               ".",
                               "..",
                               "a.b.c",
                               good + ".",
                               good.substr(0, good.rfind('.')),
                               " " + good,
                               good + " ",
                               good + "=",
                               std::string(kJwtBytesMax + 1, 'a'),
                               "e30" + good.substr(dot),
                               std::string("\0.\0.\0", 5)};
  for (const std::string& text : cases) {
    CAPTURE(text);
    CHECK(verify(maker, text).error().code == Code::denied);
  }
  CHECK_FALSE(verify(maker, maker.sign_text("[]")));
  CHECK_FALSE(verify(maker, maker.sign_text("not json")));
  CHECK_FALSE(verify(maker, maker.sign_text(R"({"iss":"a","iss":"https://issuer.example"})")));
  maker.header.set("crit", json::Array{json::Value("exp")});
  CHECK(reason(verify(maker, maker.sign(good_claims()))).find("crit") != std::string::npos);
}

TEST_CASE("jwt: every changed character of a token is noticed") {
  const JwtMaker maker("k1");
  const std::string good = maker.sign(good_claims());
  REQUIRE(verify(maker, good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(verify(maker, changed));
  }
}

TEST_CASE("key set: keys that are of no use here are left out, broken ones refused") {
  const auto parse = [](const std::string& key) {
    return KeySet::parse(R"({"keys":[)" + key + "]}");
  };
  for (const char* other :
       {R"({"kty":"oct","k":"c2VjcmV0"})", R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})",
        R"({"kty":"OKP","crv":"X25519","x":"AA"})", R"({"kty":"RSA","use":"enc","n":"AA"})",
        R"({"kty":"RSA","key_ops":["encrypt"],"n":"AA"})", R"({})"}) {
    CAPTURE(other);
    const auto keys = parse(other);
    REQUIRE(keys);
    CHECK(keys->size() == 0);
  }
  for (const char* broken :
       {R"({"kty":"RSA","n":"AA","e":"AQAB"})", R"({"kty":"RSA"})",
        R"({"kty":"RSA","n":"!","e":"!"})", R"({"kty":"OKP","crv":"Ed25519","x":"AA"})",
        R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})", "1"}) {
    CAPTURE(broken);
    CHECK_FALSE(parse(broken));
  }
  CHECK_FALSE(KeySet::parse(""));
  CHECK_FALSE(KeySet::parse("[]"));
  CHECK_FALSE(KeySet::parse(R"({"keys":{}})"));
  CHECK(KeySet::parse(R"({"keys":[]})"));
}

TEST_CASE("key set: a name stands for one key, and no name for the only one") {
  const JwtMaker one("k1");
  const JwtMaker two("k2");
  const KeySet both = *KeySet::parse(JwtMaker::set_of({one.jwk(), two.jwk()}));
  CHECK(both.size() == 2);
  CHECK(both.find("k1", Algorithm::eddsa) != both.find("k2", Algorithm::eddsa));
  CHECK(both.find("k3", Algorithm::eddsa) == nullptr);
  CHECK(both.find("", Algorithm::eddsa) == nullptr);
  CHECK(KeySet::parse(one.key_set())->find("", Algorithm::eddsa) != nullptr);
  CHECK_FALSE(KeySet::parse(JwtMaker::set_of({one.jwk(), one.jwk()})));
  json::Array many(kKeySetKeysMax + 1, one.jwk());
  CHECK_FALSE(KeySet::parse(JwtMaker::set_of(many)));
}

TEST_CASE("id token: nonce and authorised party are those of this sign-in") {
  struct Row {
    const char* name;
    const char* nonce;
    const char* party;
    bool several;
    bool good;
  };
  const Row rows[] = {{"plain", "n1", nullptr, false, true},
                      {"with party", "n1", "portal", false, true},
                      {"other party", "n1", "thief", false, false},
                      {"several audiences", "n1", "portal", true, true},
                      {"several without party", "n1", nullptr, true, false},
                      {"other nonce", "n2", nullptr, false, false},
                      {"empty nonce", "", nullptr, false, false},
                      {"no nonce", nullptr, nullptr, false, false}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    json::Object claims = good_claims();
    if (row.nonce != nullptr) claims.set("nonce", row.nonce);
    if (row.party != nullptr) claims.set("azp", row.party);
    if (row.several) claims.set("aud", json::Array{json::Value("portal"), json::Value("x")});
    CHECK(check_id_token(claims, {"portal", "n1"}).has_value() == row.good);
    CHECK_FALSE(check_id_token(claims, {"portal", ""}));
  }
}

}  // namespace
}  // namespace mc::identity
