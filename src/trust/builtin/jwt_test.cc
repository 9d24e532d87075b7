#include <doctest/doctest.h>

#include "builtin/test_keys.h"

namespace mc::builtin {
namespace {

constexpr std::string_view kSecretJwk = R"({"kty":"oct","k":"c2VjcmV0"})";  // "secret"

std::string sign(Callee& callee, std::string_view header, std::string_view payload,
                 std::string_view jwk) {
  const Value out = callee.call("io.jwt.encode_sign_raw",
                                {callee.text(header), callee.text(payload), callee.text(jwk)});
  MC_CHECK(out.is_string());
  return std::string(out.text());
}

std::string jwk_of(Callee& callee, const std::string& private_pem) {
  return term::to_json(
      callee.call("crypto.x509.parse_rsa_private_key", {callee.text(private_pem)}));
}

std::string public_jwk(Callee& callee, const std::string& private_pem, std::string_view more) {
  Value jwk = callee.call("crypto.x509.parse_rsa_private_key", {callee.text(private_pem)});
  Value out = callee.read(more);
  for (const term::Entry& entry : jwk.members()) {
    if (std::string_view("d p q dp dq qi").find(entry.key.text()) != std::string_view::npos) {
      continue;
    }
    term::insert(callee.arena(), out, entry.key, entry.value);
  }
  return term::to_json(out);
}

}  // namespace

TEST_CASE("jwt: what is signed verifies, by PEM, certificate and JWK") {
  Callee callee;
  struct Row {
    const char* type;
    std::vector<std::string_view> algorithms;
  };
  const Row rows[] = {{"RSA-2048", {"rs256", "rs384", "rs512", "ps256", "ps384", "ps512"}},
                      {"P-256", {"es256"}},
                      {"P-384", {"es384"}},
                      {"P-521", {"es512"}},
                      {"ED25519", {"eddsa"}}};
  for (const Row& row : rows) {
    const std::string pem = test_private_pem(row.type);
    const std::string other = test_public_pem(test_private_pem(row.type));
    for (const std::string_view name : row.algorithms) {
      CAPTURE(name);
      std::string algorithm = name == "eddsa" ? "EdDSA" : std::string(name);
      if (name != "eddsa") algorithm[0] = static_cast<char>(algorithm[0] - 32);
      if (name != "eddsa") algorithm[1] = 'S';
      const std::string token = sign(callee, R"({"alg":")" + algorithm + R"(","typ":"JWT"})",
                                     R"({"iss":"me"})", jwk_of(callee, pem));
      const std::string verify = "io.jwt.verify_" + std::string(name);
      const auto says = [&](const std::string& key) {
        return callee.shown(verify, {callee.text(token), callee.text(key)});
      };
      CHECK(says(test_public_pem(pem)) == "true");
      CHECK(says(test_certificate_pem({}, pem, "leaf", pem)) == "true");
      CHECK(says(public_jwk(callee, pem, R"({"kid": "1"})")) == "true");
      CHECK(says(public_jwk(callee, pem, R"({"alg": ")" + algorithm + "\"}")) == "true");
      CHECK(says(public_jwk(callee, pem, R"({"alg": "HS256"})")) == "false");
      CHECK(says(other) == "false");
      CHECK(callee.shown("io.jwt.decode_verify",
                         {callee.text(token),
                          callee.read(R"({"iss": "me", "cert": )" +
                                      term::to_json(callee.text(test_public_pem(pem))) + "}")}) ==
            R"([true, {"alg": ")" + algorithm + R"(", "typ": "JWT"}, {"iss": "me"}])");
    }
  }
}

TEST_CASE("jwt: a public key is never taken for a secret") {
  Callee callee;
  const std::string pem = test_private_pem("RSA-2048"), public_pem = test_public_pem(pem);
  Value oct = callee.read(R"({"kty": "oct"})");
  term::insert(callee.arena(), oct, "k", callee.text(to_base64url(public_pem)));
  const std::string forged =
      sign(callee, R"({"alg":"HS256"})", R"({"admin":true})", term::to_json(oct));
  Value constraints = callee.read("{}");
  term::insert(callee.arena(), constraints, "cert", callee.text(public_pem));
  CHECK(callee.shown("io.jwt.decode_verify", {callee.text(forged), constraints}) ==
        "[false, {}, {}]");
  CHECK(callee.shown("io.jwt.verify_rs256", {callee.text(forged), callee.text(public_pem)}) ==
        "false");
  // Nor does a token without a signature count.
  const std::string unsigned_token = to_base64url(R"({"alg":"none"})") + ".e30.";
  CHECK(callee.shown("io.jwt.decode_verify", {callee.text(unsigned_token), constraints}) ==
        "[false, {}, {}]");
}

TEST_CASE("jwt: the key a token names decides alone") {
  Callee callee;
  const std::string first = test_private_pem("P-256"), second = test_private_pem("P-256");
  const std::string keys = R"({"keys": [)" + public_jwk(callee, first, R"({"kid": "1"})") + "," +
                           public_jwk(callee, second, R"({"kid": "2"})") + "]}";
  const auto says = [&](std::string_view kid, const std::string& signer) {
    const std::string token = sign(callee, R"({"alg":"ES256","kid":")" + std::string(kid) + "\"}",
                                   "{}", jwk_of(callee, signer));
    return callee.shown("io.jwt.verify_es256", {callee.text(token), callee.text(keys)});
  };
  CHECK(says("1", first) == "true");
  CHECK(says("1", second) == "false");
  CHECK(says("2", second) == "true");
  CHECK(says("3", second) == "true");  // of nobody: any may be it
}

TEST_CASE("jwt: decode_verify keeps to its constraints") {
  Callee callee;
  callee.now = WallTime{2'000'000'000'000};  // 2000 s
  struct Row {
    const char* header;
    const char* payload;
    const char* constraints;
    const char* result;  // "true", "false", or a message
  };
  const char* const plain = R"({"alg":"HS256"})";
  const Row rows[] = {
      {plain, "{}", R"({"secret": "secret"})", "true"},
      {plain, "{}", R"({"secret": "other"})", "false"},
      {plain, "{}", R"({"secret": "secret", "alg": "HS256"})", "true"},
      {plain, "{}", R"({"secret": "secret", "alg": "HS512"})", "false"},
      {plain, R"({"iss":"a"})", R"({"secret": "secret", "iss": "a"})", "true"},
      {plain, R"({"iss":"b"})", R"({"secret": "secret", "iss": "a"})", "false"},
      {plain, R"({"iss":7})", R"({"secret": "secret", "iss": "a"})", "false"},
      {plain, R"({"aud":"a"})", R"({"secret": "secret"})", "false"},
      {plain, R"({"aud":["b","a"]})", R"({"secret": "secret", "aud": "a"})", "true"},
      {plain, R"({"aud":["b"]})", R"({"secret": "secret", "aud": "a"})", "false"},
      {plain, R"({"aud":7})", R"({"secret": "secret", "aud": "a"})", "false"},
      {plain, "{}", R"({"secret": "secret", "aud": "a"})", "false"},
      {plain, R"({"exp":2000})", R"({"secret": "secret"})", "false"},
      {plain, R"({"exp":2000.5})", R"({"secret": "secret"})", "true"},
      {plain, R"({"exp":2001})", R"({"secret": "secret", "time": 3000000000000})", "false"},
      {plain, R"({"nbf":2000})", R"({"secret": "secret"})", "true"},
      {plain, R"({"nbf":2000.1})", R"({"secret": "secret"})", "false"},
      {plain, R"({"exp":"x"})", R"({"secret": "secret"})", "exp value must be a number"},
      {plain, R"({"nbf":null})", R"({"secret": "secret"})", "nbf value must be a number"},
      {R"({"alg":"HS256","x":1,"crit":["x"]})", "{}", R"({"secret": "secret"})", "false"},
      {R"({"alg":"HS256","x":1,"crit":["y"]})", "{}", R"({"secret": "secret"})", "true"},
      {R"({"alg":"HS256","crit":[]})", "{}", R"({"secret": "secret"})",
       "crit: must be a nonempty list"},
      {R"({"alg":"HS256","crit":1})", "{}", R"({"secret": "secret"})", "crit: must be a list"},
      {R"({"alg":"HS256","kid":1})", "{}", R"({"secret": "secret"})", "kid: must be a string"},
      {plain, "{}", R"({})", "no key constraint"},
      {plain, "{}", R"({"secret": "a", "cert": "{\"keys\": []}"})", "duplicate key constraints"},
      {plain, "{}", R"({"cert": "{\"keys\": []}"})", "false"},
      {plain, "{}", R"({"cert": 1})", "cert constraint: must be a string"},
      {plain, "{}", R"({"secret": 1})", "secret constraint: must be a string"},
      {plain, "{}", R"({"secret": "a", "time": "x"})", "token time constraint: must be a number"},
      {plain, "{}", R"({"secret": "a", "time": -1})",
       "token time constraint: must not be negative"},
      {plain, "{}", R"({"secret": "a", "sub": "x"})", "unknown token validation constraint: sub"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.header);
    CAPTURE(row.payload);
    CAPTURE(row.constraints);
    const std::string token = sign(callee, row.header, row.payload, kSecretJwk);
    const Value out =
        callee.call("io.jwt.decode_verify", {callee.text(token), callee.read(row.constraints)});
    const std::string said = callee.fault ? callee.fault->message : term::to_rego(out.items()[0]);
    CHECK(said == row.result);
  }
}

TEST_CASE("jwt: tokens within tokens are opened, each by its signature") {
  Callee callee;
  const std::string inner = sign(callee, R"({"alg":"HS256"})", R"({"a":1})", kSecretJwk);
  const std::string outer =
      sign(callee, R"({"alg":"HS256","typ":"x","cty":"JWT"})", inner, kSecretJwk);
  CHECK(callee.shown("io.jwt.decode_verify",
                     {callee.text(outer), callee.read(R"({"secret": "secret"})")}) ==
        R"([true, {"alg": "HS256"}, {"a": 1}])");
  CHECK(callee.call("io.jwt.decode", {callee.text(outer)}).items()[1].find("a").small() == 1);
  const std::string forged = sign(callee, R"({"alg":"HS256","typ":"x","cty":"JWT"})",
                                  inner.substr(0, inner.size() - 4) + "AAAA", kSecretJwk);
  CHECK(callee.shown("io.jwt.decode_verify",
                     {callee.text(forged), callee.read(R"({"secret": "secret"})")}) ==
        "[false, {}, {}]");
}

TEST_CASE("jwt: secrets of three sizes") {
  Callee callee;
  for (const char* bits : {"256", "384", "512"}) {
    CAPTURE(bits);
    const std::string token =
        sign(callee, R"({"alg":"HS)" + std::string(bits) + "\"}", "{}", kSecretJwk);
    const std::string verify = "io.jwt.verify_hs" + std::string(bits);
    CHECK(callee.shown(verify, {callee.text(token), callee.text("secret")}) == "true");
    CHECK(callee.shown(verify, {callee.text(token), callee.text("Secret")}) == "false");
    CHECK(callee.shown("io.jwt.verify_hs256", {callee.text(token), callee.text("secret")}) ==
          (std::string_view(bits) == "256" ? "true" : "false"));
  }
}

TEST_CASE("jwt: malformed tokens are errors that say where") {
  Callee callee;
  const std::string header = to_base64url(R"({"alg":"HS256"})");
  struct Row {
    std::string token;
    const char* message;
  };
  const Row rows[] = {
      {"abc", "encoded JWT had no period separators"},
      {"a.b", "encoded JWT must have 3 sections, found 2"},
      {"a.b.c.d", "encoded JWT must have 3 sections, found 4"},
      {"!!!!.e30.AA", "JWT header had invalid encoding: illegal base64 data at input byte 0"},
      {"AAAA.e30.AA", "bad JWT header: invalid JSON: "},
      {to_base64url("[]") + ".e30.AA", "bad JWT header: decoded JSON type was not an Object"},
      {to_base64url(R"({"enc":"x"})") + ".e30.AA", "JWT is a JWE object, which is not supported"},
      {header + ".e3!!.AA",
       "JWT payload had invalid encoding: illegal base64 data at input byte 2"},
      {header + ".AAAA.AA", "invalid JSON: "},
      {header + ".e30.A", "JWT signature had invalid encoding: illegal base64url string: A"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.token);
    callee.call("io.jwt.decode", {callee.text(row.token)});
    REQUIRE(callee.fault.has_value());
    CHECK(callee.fault->message.starts_with(row.message));
  }
  // RFC 7519 section 3.1.
  const std::string good = header + "." + to_base64url(R"({"a": "b"})") + ".AQI";
  CHECK(callee.shown("io.jwt.decode", {callee.text(good)}) ==
        R"([{"alg": "HS256"}, {"a": "b"}, "0102"])");
}

TEST_CASE("jwt: encode_sign refuses what it cannot sign") {
  Callee callee;
  struct Row {
    const char* header;
    const char* payload;
    std::string jwk;
    const char* message;
  };
  const Row rows[] = {
      {"{}", "{}", std::string(kSecretJwk),
       "missing or invalid 'alg' header: jwsbb: header \"alg\" not found"},
      {R"({"alg":"none"})", "{}", std::string(kSecretJwk), "unknown JWS algorithm: none"},
      {R"({"alg":"HS256"})", "x", std::string(kSecretJwk), "type is JWT but payload is not JSON"},
      {R"({"alg":"RS256"})", "{}", std::string(kSecretJwk),
       "the key is no private key for the algorithm RS256"},
      {R"({"alg":"HS256"})", "{}", R"({"keys":[]})", "no keys found in JWK set"},
      {R"({"alg":"ES384"})", "{}", jwk_of(callee, test_private_pem("P-256")),
       "the key is no private key for the algorithm ES384"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    CHECK(callee.shown("io.jwt.encode_sign_raw",
                       {callee.text(row.header), callee.text(row.payload), callee.text(row.jwk)}) ==
          std::string("eval_builtin_error: ") + row.message);
  }
  // Objects are signed as Go's encoding/json writes them: sorted, with < > & escaped.
  const Value token = callee.call(
      "io.jwt.encode_sign", {callee.read(R"({"typ": "JWT", "alg": "HS256"})"),
                             callee.read(R"({"b": "<", "a": {2, 1}})"), callee.read(kSecretJwk)});
  REQUIRE(token.is_string());
  CHECK(token.text().starts_with(to_base64url(R"({"alg":"HS256","typ":"JWT"})") + "." +
                                 to_base64url(R"({"a":[1,2],"b":"\u003c"})") + "."));
}

TEST_CASE("jwt: verifying costs steps") {
  Callee callee;
  const std::string token = sign(callee, R"({"alg":"HS256"})", "{}", kSecretJwk);
  callee.steps = 500;
  callee.call("io.jwt.decode_verify", {callee.text(token), callee.read(R"({"secret": "secret"})")});
  REQUIRE(callee.fault.has_value());
  CHECK(callee.fault->failure == Failure::cancelled);
}

}  // namespace mc::builtin
