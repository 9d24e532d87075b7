// io.jwt.*: JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515). Keys and signatures are in
// keys.h. Messages are OPA's.
#include <charconv>
#include <map>

#include "builtin/armor.h"
#include "builtin/builtin.h"
#include "builtin/fixed_answers.h"
#include "builtin/go_json.h"
#include "builtin/keys.h"
#include "builtin/operands.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kTokenBytesMax = 1 << 20;
constexpr int kNestedMax = 64;
// Verifying takes up to about 100 microseconds.
constexpr std::int64_t kSignatureSteps = 1'000;

// The three parts of a token, as they stand in it.
struct Token {
  std::string_view header, payload, signature;

  std::string_view signed_part() const {
    return {header.data(), header.size() + 1 + payload.size()};
  }
};

Result<Token> split_token(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  if (parts.size() == 1) return fail(Code::invalid, "encoded JWT had no period separators");
  if (parts.size() != 3) {
    return fail(Code::invalid,
                "encoded JWT must have 3 sections, found " + std::to_string(parts.size()));
  }
  return Token{parts[0], parts[1], parts[2]};
}

Result<Value> read_object(term::Arena& arena, std::string_view json) {
  const Result<Value> value = term::parse_json(arena, json);
  if (!value) return fail(Code::invalid, "invalid JSON: " + value.error().what);
  if (!value->is_object()) return fail(Code::invalid, "decoded JSON type was not an Object");
  return *value;
}

Result<Value> read_header(term::Arena& arena, const Token& token) {
  const Result<std::string> json = decode_base64url(token.header);
  if (!json) return fail(Code::invalid, "JWT header had invalid encoding: " + json.error().what);
  const Result<Value> header = read_object(arena, *json);
  if (!header) return fail(Code::invalid, "bad JWT header: " + header.error().what);
  if (!header->find("enc").is_undefined()) {
    return fail(Code::invalid, "JWT is a JWE object, which is not supported");
  }
  return *header;
}

Result<std::string> decode_payload(const Token& token) {
  Result<std::string> bytes = decode_base64url(token.payload);
  if (!bytes) return fail(Code::invalid, "JWT payload had invalid encoding: " + bytes.error().what);
  return bytes;
}

// Operand `index`: a token or a key.
bool want_token(Context& context, Operands operands, std::size_t index) {
  if (!context.want(operands, index, {Kind::string})) return false;
  const std::size_t size = operands[index].text().size();
  if (size > kTokenBytesMax) {
    context.fail("a token and its key have at most 1 MiB");
    return false;
  }
  return context.spend(static_cast<std::int64_t>(size) / 50 + 10) && context.reserve(8 * size);
}

Value triple(Context& context, Value first, Value second, Value third) {
  const Value items[] = {first, second, third};
  return term::array(context.arena, items);
}

// A token within a token stands in quotes (https://jwt.io does it so).
std::string_view without_quotes(std::string_view text) {
  const auto quote = [](char c) { return c == '"' || c == '\''; };
  while (!text.empty() && quote(text.front())) text.remove_prefix(1);
  while (!text.empty() && quote(text.back())) text.remove_suffix(1);
  return text;
}

Value decode(Context& context, Operands operands) {
  if (!want_token(context, operands, 0)) return {};
  std::string text(operands[0].text());
  for (int depth = 0; depth < kNestedMax; ++depth) {
    const Result<Token> token = split_token(text);
    if (!token) return context.fail(token.error().what);
    const Result<Value> header = read_header(context.arena, *token);
    if (!header) return context.fail(header.error().what);
    const Result<std::string> payload = decode_payload(*token);
    if (!payload) return context.fail(payload.error().what);
    const Value type = header->find("cty");
    if (type.is_string() && type.text() == "JWT") {
      text = std::string(without_quotes(*payload));
      continue;
    }
    const Result<Value> claims = read_object(context.arena, *payload);
    if (!claims) return context.fail(claims.error().what);
    const Result<std::string> signature = decode_base64url(token->signature);
    if (!signature) {
      return context.fail("JWT signature had invalid encoding: " + signature.error().what);
    }
    return triple(context, *header, *claims, term::string(context.arena, to_hex(*signature)));
  }
  return context.fail("tokens are nested more than 64 deep");
}

// --- verifying ---

// What a header says about its signature.
struct Header {
  std::string algorithm, key_id, type;
  std::vector<std::string> critical, unknown;

  bool valid() const {
    if (algorithm.empty()) return false;
    for (const std::string& name : unknown) {
      // What must be understood and is not (RFC 7515 section 4.1.11).
      if (std::find(critical.begin(), critical.end(), name) != critical.end()) return false;
    }
    return true;
  }
};

Result<Header> parse_header(Value object) {
  Header out;
  std::string unused;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"alg", &out.algorithm}, {"kid", &out.key_id}, {"cty", &out.type}, {"typ", &unused}};
  for (const term::Entry& entry : object.members()) {
    const std::string_view name = entry.key.text();
    std::string* text = nullptr;
    for (const auto& [known, to] : texts) {
      if (known == name) text = to;
    }
    if (text != nullptr) {
      if (!entry.value.is_string()) {
        return fail(Code::invalid, std::string(name) + ": must be a string");
      }
      *text = std::string(entry.value.text());
    } else if (name == "crit") {
      if (!entry.value.is_array()) return fail(Code::invalid, "crit: must be a list");
      for (const Value item : entry.value.items()) {
        if (!item.is_string()) break;
        out.critical.emplace_back(item.text());
      }
      if (out.critical.empty()) return fail(Code::invalid, "crit: must be a nonempty list");
    } else {
      out.unknown.emplace_back(name);
    }
  }
  return out;
}

// By the key the token names, if the set has it, else by any that may have this algorithm.
bool verified_by(const std::vector<JoseKey>& keys, const JoseAlgorithm& algorithm,
                 const Header& header, std::pair<std::string_view, std::string_view> signed_and) {
  const auto by = [&](const JoseKey& key) {
    return jose_verify(algorithm, key, signed_and.first, signed_and.second);
  };
  if (!header.key_id.empty()) {
    for (const JoseKey& key : keys) {
      if (key.id == header.key_id) return by(key);
    }
  }
  return std::any_of(keys.begin(), keys.end(), [&](const JoseKey& key) {
    return (key.algorithm.empty() || key.algorithm == header.algorithm) && by(key);
  });
}

// The algorithm is the function's, whatever the token says.
Value verify_by_key(Context& context, Operands operands, const char* name) {
  if (!want_token(context, operands, 0) || !want_token(context, operands, 1)) return {};
  const Result<Token> token = split_token(operands[0].text());
  if (!token) return context.fail(token.error().what);
  const Result<std::vector<JoseKey>> keys = read_verification_keys(operands[1].text());
  if (!keys) return context.fail(keys.error().what);
  const Result<std::string> signature = decode_base64url(token->signature);
  if (!signature) return context.fail(signature.error().what);
  const Result<Value> object = read_header(context.arena, *token);
  if (!object) return context.fail(object.error().what);
  const Result<Header> header = parse_header(*object);
  if (!header) return context.fail(header.error().what);
  if (!context.spend(kSignatureSteps * static_cast<std::int64_t>(keys->size()))) return {};
  return Value::boolean(
      verified_by(*keys, *find_jose_algorithm(name), *header, {token->signed_part(), *signature}));
}

Value verify_by_secret(Context& context, Operands operands, const char* digest) {
  if (!want_token(context, operands, 0) || !want_token(context, operands, 1)) return {};
  const Result<Token> token = split_token(operands[0].text());
  if (!token) return context.fail(token.error().what);
  const Result<std::string> signature = decode_base64url(token->signature);
  if (!signature) return context.fail(signature.error().what);
  return Value::boolean(
      equal_secrets(hmac_bytes(digest, operands[1].text(), token->signed_part()), *signature));
}

// --- decode_verify ---

struct Constraints {
  std::string secret, algorithm, issuer, audience;
  std::vector<JoseKey> keys;
  bool has_keys = false;
  double nanos = -1;
};

Status read_time(Value value, Constraints& out) {
  if (!value.is_number()) return fail(Code::invalid, "token time constraint: must be a number");
  out.nanos = term::to_double(value);
  if (!(out.nanos <= 1e300)) {
    return fail(Code::invalid, "token time constraint: unvalid float64");
  }
  if (out.nanos < 0) return fail(Code::invalid, "token time constraint: must not be negative");
  return ok();
}

Status read_constraint(std::string_view name, Value value, Constraints& out) {
  const std::pair<std::string_view, std::string*> texts[] = {{"secret", &out.secret},
                                                             {"alg", &out.algorithm},
                                                             {"iss", &out.issuer},
                                                             {"aud", &out.audience}};
  for (const auto& [known, to] : texts) {
    if (known != name) continue;
    if (!value.is_string()) {
      return fail(Code::invalid, std::string(name) + " constraint: must be a string");
    }
    *to = std::string(value.text());
    return ok();
  }
  if (name == "cert") {
    if (!value.is_string()) return fail(Code::invalid, "cert constraint: must be a string");
    MC_TRY(out.keys, read_verification_keys(value.text()));
    out.has_keys = true;
    return ok();
  }
  if (name == "time") return read_time(value, out);
  return fail(Code::invalid, "unknown token validation constraint: " + excerpt(name));
}

Result<Constraints> read_constraints(Value object, WallTime now) {
  Constraints out;
  for (const term::Entry& entry : object.members()) {
    const std::string name =
        entry.key.is_string() ? std::string(entry.key.text()) : term::to_rego(entry.key);
    MC_TRY_OK(read_constraint(name, entry.value, out));
  }
  if (out.nanos < 0) out.nanos = static_cast<double>(now.nanos);
  if (out.has_keys && !out.secret.empty()) return fail(Code::invalid, "duplicate key constraints");
  if (!out.has_keys && out.secret.empty()) return fail(Code::invalid, "no key constraint");
  return out;
}

bool names_audience(Value audience, std::string_view wanted) {
  const auto is_it = [&](Value item) { return item.is_string() && item.text() == wanted; };
  if (!audience.is_array()) return is_it(audience);
  return std::any_of(audience.items().begin(), audience.items().end(), is_it);
}

// Whether the claims meet the constraints; `invalid` for a time that is no number.
Result<bool> meets(term::Arena& arena, const Constraints& constraints, Value claims) {
  const Value issuer = claims.find("iss"), audience = claims.find("aud");
  if (!constraints.issuer.empty() && (!issuer.is_string() || issuer.text() != constraints.issuer)) {
    return false;
  }
  // A token for somebody is not for whoever names no audience.
  if (audience.is_undefined() ? !constraints.audience.empty()
                              : !names_audience(audience, constraints.audience)) {
    return false;
  }
  char digits[64] = {};
  const auto end =
      std::to_chars(digits, digits + sizeof digits, constraints.nanos / 1'000'000'000).ptr;
  const Value now =
      term::number(arena, std::string_view(digits, static_cast<std::size_t>(end - digits)));
  const Value expires = claims.find("exp"), starts = claims.find("nbf");
  if (!expires.is_undefined()) {
    if (!expires.is_number()) return fail(Code::invalid, "exp value must be a number");
    if (term::compare(now, expires) >= 0) return false;
  }
  if (!starts.is_undefined()) {
    if (!starts.is_number()) return fail(Code::invalid, "nbf value must be a number");
    if (term::compare(now, starts) < 0) return false;
  }
  return true;
}

// A token that has been verified, or a reason to say no.
struct Opened {
  bool verified = false;
  Value header, claims;
};

Result<Opened> open_token(Context& context, std::string text, const Constraints& constraints) {
  for (int depth = 0; depth < kNestedMax; ++depth) {
    MC_TRY(const Token token, split_token(text));
    MC_TRY(const Value object, read_header(context.arena, token));
    MC_TRY(const Header header, parse_header(object));
    if (!header.valid()) return Opened{};
    if (!constraints.algorithm.empty() && constraints.algorithm != header.algorithm) {
      return Opened{};
    }
    MC_TRY(const std::string signature, decode_base64url(token.signature));
    const JoseAlgorithm* const algorithm = find_jose_algorithm(header.algorithm);
    if (algorithm == nullptr) return Opened{};
    if (constraints.has_keys) {
      if (!verified_by(constraints.keys, *algorithm, header, {token.signed_part(), signature})) {
        return Opened{};
      }
    } else {
      JoseKey secret;
      secret.symmetric = true;
      secret.secret = constraints.secret;
      if (!jose_verify(*algorithm, secret, token.signed_part(), signature)) return Opened{};
    }
    MC_TRY(std::string payload, decode_payload(token));
    if (equals_ignoring_case(header.type, "JWT")) {
      text = std::move(payload);
      continue;
    }
    MC_TRY(const Value claims, read_object(context.arena, payload));
    return Opened{true, object, claims};
  }
  return fail(Code::invalid, "tokens are nested more than 64 deep");
}

Value decode_verify(Context& context, Operands operands) {
  if (!context.want(operands, 1, {Kind::object})) return {};
  const Result<Constraints> constraints = read_constraints(operands[1], now_of(context));
  if (!constraints) return context.fail(constraints.error().what);
  if (!want_token(context, operands, 0)) return {};
  const auto keys = static_cast<std::int64_t>(constraints->keys.size()) + 1;
  if (!context.spend(kSignatureSteps * keys)) return {};
  const Result<Opened> opened = open_token(context, std::string(operands[0].text()), *constraints);
  if (!opened) return context.fail(opened.error().what);
  bool good = opened->verified;
  if (good) {
    const Result<bool> met = meets(context.arena, *constraints, opened->claims);
    if (!met) return context.fail(met.error().what);
    good = *met;
  }
  const Value empty = term::object(context.arena);
  return triple(context, Value::boolean(good), good ? opened->header : empty,
                good ? opened->claims : empty);
}

// --- signing ---

Result<std::string> signed_token(Context& context, std::string_view headers,
                                 std::string_view payload, std::string_view jwk) {
  MC_TRY(const std::vector<JoseKey> keys, read_jwks(jwk));
  if (keys.empty()) return fail(Code::invalid, "no keys found in JWK set");
  const Result<Value> header = term::parse_json(context.arena, headers);
  if (!header) {
    return fail(Code::invalid,
                "missing or invalid 'alg' header: cannot parse JSON: " + header.error().what);
  }
  const Value name = header->find("alg");
  if (!name.is_string()) {
    return fail(Code::invalid,
                std::string("missing or invalid 'alg' header: jwsbb: header \"alg\" ") +
                    (name.is_undefined() ? "not found" : "is not a string"));
  }
  const JoseAlgorithm* const algorithm = find_jose_algorithm(name.text());
  if (algorithm == nullptr) {
    return fail(Code::invalid, "unknown JWS algorithm: " + excerpt(name.text()));
  }
  const Value type = header->find("typ");
  const bool is_jwt = !type.is_string() || type.text() == "JWT";
  if (is_jwt && !term::parse_json(context.arena, payload)) {
    return fail(Code::invalid, "type is JWT but payload is not JSON");
  }
  std::string out = to_base64url(headers) + "." + to_base64url(payload);
  MC_TRY(const std::string signature, jose_sign(*algorithm, keys.front(), out));
  return out + "." + to_base64url(signature);
}

Value sign(Context& context, std::string_view headers, std::string_view payload,
           std::string_view jwk) {
  if (!context.spend(kSignatureSteps) || !context.reserve(4 * payload.size())) return {};
  const Result<std::string> token = signed_token(context, headers, payload, jwk);
  return token ? term::string(context.arena, *token) : context.fail(token.error().what);
}

Value encode_sign_raw(Context& context, Operands operands) {
  for (const std::size_t index : {2UL, 0UL, 1UL}) {
    if (!want_token(context, operands, index)) return {};
  }
  return sign(context, operands[0].text(), operands[1].text(), operands[2].text());
}

Value encode_sign(Context& context, Operands operands) {
  std::string texts[3];
  for (std::size_t i = 0; i < 3; ++i) {
    if (!append_go_json(context, texts[i], operands[i])) return {};
    if (texts[i].size() > kTokenBytesMax) {
      return context.fail("a token and its key have at most 1 MiB");
    }
  }
  return sign(context, texts[0], texts[1], texts[2]);
}

template <const char* Name>
Value verify_key(Context& context, Operands operands) {
  return verify_by_key(context, operands, Name);
}
template <const char* Digest>
Value verify_secret(Context& context, Operands operands) {
  return verify_by_secret(context, operands, Digest);
}

constexpr char kRs256[] = "RS256", kRs384[] = "RS384", kRs512[] = "RS512", kPs256[] = "PS256",
               kPs384[] = "PS384", kPs512[] = "PS512", kEs256[] = "ES256", kEs384[] = "ES384",
               kEs512[] = "ES512", kEdDsa[] = "EdDSA";
constexpr char kSha256[] = "SHA256", kSha384[] = "SHA384", kSha512[] = "SHA512";

constexpr std::string_view kByKey = "(jwt: string, certificate: string) => boolean";
constexpr std::string_view kBySecret = "(jwt: string, secret: string) => boolean";

constexpr Builtin kBuiltins[] = {
    {"io.jwt.decode", "(jwt: string) => array<object[any: any], object[any: any], string>", decode},
    {"io.jwt.decode_verify",
     "(jwt: string, constraints: object[string: any]) => "
     "array<boolean, object[any: any], object[any: any]>",
     decode_verify, false},
    {"io.jwt.encode_sign",
     "(headers: object[string: any], payload: object[string: any], key: object[string: any]) => "
     "string",
     encode_sign, false},
    {"io.jwt.encode_sign_raw", "(headers: string, payload: string, key: string) => string",
     encode_sign_raw, false},
    {"io.jwt.verify_eddsa", kByKey, verify_key<kEdDsa>},
    {"io.jwt.verify_es256", kByKey, verify_key<kEs256>},
    {"io.jwt.verify_es384", kByKey, verify_key<kEs384>},
    {"io.jwt.verify_es512", kByKey, verify_key<kEs512>},
    {"io.jwt.verify_hs256", kBySecret, verify_secret<kSha256>},
    {"io.jwt.verify_hs384", kBySecret, verify_secret<kSha384>},
    {"io.jwt.verify_hs512", kBySecret, verify_secret<kSha512>},
    {"io.jwt.verify_ps256", kByKey, verify_key<kPs256>},
    {"io.jwt.verify_ps384", kByKey, verify_key<kPs384>},
    {"io.jwt.verify_ps512", kByKey, verify_key<kPs512>},
    {"io.jwt.verify_rs256", kByKey, verify_key<kRs256>},
    {"io.jwt.verify_rs384", kByKey, verify_key<kRs384>},
    {"io.jwt.verify_rs512", kByKey, verify_key<kRs512>},
};

}  // namespace

std::span<const Builtin> jwt_builtins() {
  return kBuiltins;
}

}  // namespace mc::builtin
