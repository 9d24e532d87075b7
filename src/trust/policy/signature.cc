#include "policy/signature.h"

#include <algorithm>
#include <map>

#include "builtin/builtin.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::policy {
namespace {

using term::Value;

constexpr std::size_t kSignaturesMax = 10;

tl::unexpected<Error> refuse(std::string_view what) {
  return fail(Code::invalid, "bundle: " + std::string(what));
}

class NoRandom final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 0); }
};

// A built-in function of Rego, called from here: reading YAML and checking tokens are there
// already.
class Caller {
 public:
  explicit Caller(WallTime now)
      : caches_(builtin::make_caches()), context_(arena_, *caches_, now, random_) {}

  term::Arena& arena() { return arena_; }
  Result<Value> call(std::string_view name, std::initializer_list<Value> operands) {
    const builtin::Builtin* const found = builtin::find_builtin(name);
    MC_CHECK(found != nullptr && found->function != nullptr);
    const Value value = found->function(context_, std::span(operands.begin(), operands.size()));
    if (context_.fault) {
      const std::string what = context_.fault->message;
      context_.fault.reset();
      return fail(Code::invalid, what);
    }
    if (value.is_undefined()) return fail(Code::invalid, std::string(name) + ": undefined");
    return value;
  }

 private:
  term::Arena arena_{256 << 20};
  NoRandom random_;
  std::unique_ptr<builtin::Caches, void (*)(builtin::Caches*)> caches_;
  builtin::Context context_;
};

bool is_structured(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name == "data.json" || name == "data.yaml" || name == "data.yml" ||
         name == proof::kManifestPath || name == proof::kSignaturesPath;
}

// What Go's encoder escapes of a string beyond JSON's must: the line separators of JavaScript.
std::string escape_separators(std::string text) {
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"\xe2\x80\xa8", "\\u2028"},
        {"\xe2\x80\xa9", "\\u2029"}}) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
      text.replace(at, from.size(), to);
      at += to.size();
    }
  }
  return text;
}

Result<std::string> hash_of(std::string_view algorithm, std::string_view bytes) {
  if (algorithm == "SHA-256") return crypto::digest("sha256", bytes);
  if (algorithm == "SHA-384") return crypto::digest("sha384", bytes);
  if (algorithm == "SHA-512") return crypto::digest("sha512", bytes);
  return refuse("hash '" + excerpt(algorithm) + "': SHA-256, SHA-384 and SHA-512 are accepted");
}

// The part of a token, decoded, before anything is believed of it.
Result<term::Document> token_part(std::string_view token, std::size_t index) {
  const std::vector<std::string_view> parts = split(token, '.');
  if (parts.size() != 3) return refuse(".signatures.json: a signature is no token of three parts");
  MC_TRY(const std::string text, from_base64url(parts[index]));
  return term::Document::parse(text, {.depth_max = 16});
}

Status check_files(Value listed, const std::vector<archive::Entry>& files) {
  if (!listed.is_array()) return refuse(".signatures.json: the payload has no list `files`");
  std::map<std::string_view, const archive::Entry*> left;
  for (const archive::Entry& file : files) left[file.path] = &file;
  for (const Value one : listed.items()) {
    std::string_view name = one.find("name").text();
    while (name.starts_with('/')) name.remove_prefix(1);
    if (name == proof::kSignaturesPath) continue;
    const auto found = left.find(name);
    if (found == left.end()) {
      return refuse("'" + excerpt(name) +
                    "' is in the signature, but not in the bundle (or twice)");
    }
    MC_TRY(const std::string bytes, hashed_form(*found->second));
    MC_TRY(const std::string hash, hash_of(one.find("algorithm").text(), bytes));
    if (to_hex(hash) != to_lower(one.find("hash").text())) {
      return refuse("'" + excerpt(name) + "' differs from what was signed");
    }
    left.erase(found);
  }
  if (left.empty()) return ok();
  return refuse("'" + excerpt(left.begin()->first) +
                "' is in the bundle, but not in the signature");
}

Status check_scope(Value payload, const VerificationKey& key) {
  const Value scope = payload.find("scope");
  if (scope.text() == key.scope) return ok();
  return refuse("the signature's scope is '" + excerpt(scope.text()) + "', wanted '" + key.scope +
                "'");
}

// The key that the token names, or the only one there is.
const VerificationKey* choose(std::string_view id, const std::vector<VerificationKey>& keys) {
  if (id.empty()) return keys.size() == 1 ? &keys.front() : nullptr;
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const VerificationKey& key) { return key.id == id; });
  return found == keys.end() ? nullptr : &*found;
}

Result<std::string> verify_one(std::string_view token, const std::vector<archive::Entry>& files,
                               const BundleOptions& options) {
  MC_TRY(const term::Document header, token_part(token, 0));
  MC_TRY(const term::Document claims, token_part(token, 1));
  std::string_view id = header.root().find("kid").text();
  if (id.empty()) id = claims.root().find("keyid").text();
  const VerificationKey* const key = choose(id, options.keys);
  if (key == nullptr) return refuse("no configured key has the id '" + excerpt(id) + "'");
  Caller caller(options.now);
  term::Arena& arena = caller.arena();
  Value wanted = term::object(arena);
  const bool is_secret = key->algorithm.starts_with("HS");
  term::insert(arena, wanted, is_secret ? "secret" : "cert", term::string(arena, key->key));
  term::insert(arena, wanted, "alg", term::string(arena, key->algorithm));
  term::insert(arena, wanted, "time", Value::integer(options.now.nanos));
  MC_TRY(const Value checked,
         caller.call("io.jwt.decode_verify", {term::string(arena, token), wanted}));
  if (checked.size() != 3 || !checked.items()[0].is_true()) {
    return refuse("the signature does not verify with the key '" + key->id + "' (" +
                  key->algorithm + "), or it has expired");
  }
  const Value payload = checked.items()[2];
  MC_TRY_OK(check_scope(payload, *key));
  MC_TRY_OK(check_files(payload.find("files"), files));
  return key->id;
}

Result<std::string> sign_token(std::string_view input, const SigningOptions& options) {
  if (options.algorithm == "HS256") return crypto::hmac_sha256(options.key, input);
  MC_TRY(const crypto::Algorithm algorithm, crypto::parse_algorithm(options.algorithm));
  MC_TRY(std::string der, crypto::read_pem(options.key, "PRIVATE KEY"));
  MC_TRY(const crypto::SigningKey key, crypto::SigningKey::from_pkcs8(Secret(std::move(der))));
  if (key.public_key().algorithm() != algorithm) {
    return fail(Code::invalid,
                "algorithm " + options.algorithm + ": the key is for " +
                    std::string(crypto::algorithm_name(key.public_key().algorithm())));
  }
  return key.sign(input);
}

}  // namespace

Result<std::string> yaml_to_json(std::string_view yaml, const std::string& path) {
  Caller caller({});
  const auto value = caller.call("yaml.unmarshal", {term::string(caller.arena(), yaml)});
  if (!value) return refuse(path + ": " + value.error().what);
  return term::to_json(*value);
}

Result<std::string> hashed_form(const archive::Entry& file) {
  if (!is_structured(file.path)) return file.bytes;
  std::string text = file.bytes;
  if (file.path.ends_with(".yaml") || file.path.ends_with(".yml")) {
    MC_TRY(text, yaml_to_json(file.bytes, file.path));
  }
  const auto document = term::Document::parse(text);
  if (!document) return refuse(file.path + ": " + document.error().what);
  return escape_separators(term::to_json(document->root()));
}

Result<std::string> verify_signatures(std::string_view signatures_json,
                                      const std::vector<archive::Entry>& files,
                                      const BundleOptions& options) {
  const auto document = term::Document::parse(signatures_json, {.depth_max = 8});
  if (!document) return refuse(".signatures.json: " + document.error().what);
  const Value tokens = document->root().find("signatures");
  if (!tokens.is_array() || tokens.size() == 0 || tokens.size() > kSignaturesMax) {
    return refuse(".signatures.json: `signatures` is a list of 1 to 10 tokens");
  }
  std::optional<Error> first;
  for (const Value token : tokens.items()) {
    auto verified = verify_one(token.text(), files, options);
    if (verified) return verified;
    if (!first) first = std::move(verified.error());
  }
  return tl::unexpected<Error>(std::move(*first));
}

Result<std::string> sign_files(const std::vector<archive::Entry>& files,
                               const SigningOptions& options) {
  std::string header, payload;
  json::Writer head(header);
  head.begin_object().member("alg", options.algorithm);
  if (!options.key_id.empty()) head.member("kid", options.key_id);
  head.member("typ", "JWT").end_object();
  json::Writer body(payload);
  body.begin_object().key("files").begin_array();
  for (const archive::Entry& file : files) {
    if (file.path == proof::kSignaturesPath) continue;
    MC_TRY(const std::string bytes, hashed_form(file));
    MC_TRY(const std::string hash, crypto::digest("sha256", bytes));
    body.begin_object().member("algorithm", "SHA-256").member("hash", to_hex(hash));
    body.member("name", file.path).end_object();
  }
  body.end_array();
  if (options.expires) body.member("exp", to_unix_ms(*options.expires) / 1'000);
  if (!options.key_id.empty()) body.member("keyid", options.key_id);
  if (!options.scope.empty()) body.member("scope", options.scope);
  body.end_object();
  const std::string input = to_base64url(header) + "." + to_base64url(payload);
  MC_TRY(const std::string signature, sign_token(input, options));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("signatures").begin_array();
  writer.value(input + "." + to_base64url(signature)).end_array().end_object();
  return out;
}

}  // namespace mc::policy
