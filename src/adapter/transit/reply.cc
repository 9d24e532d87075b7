#include "transit/reply.h"

#include <algorithm>
#include <utility>

#include "json/json.h"

namespace mc::transit {
namespace {

constexpr json::Limits kLimits = {
    .bytes_max = kms::kReplyBytesMax, .depth_max = 8, .values_max = 4'096};
constexpr std::int64_t kVersionMax = 1'000'000;
constexpr std::int64_t kRetryAfterMax = 3'600;
constexpr std::size_t kTokenMax = 4 << 10;

tl::unexpected<Error> corrupt(std::string_view step, const std::string& why) {
  return fail(Code::corrupt, "vault-transit: " + std::string(step) + ": " + why);
}

Result<json::Value> parse(std::string_view step, std::string_view body) {
  Result<json::Value> out = json::parse(body, kLimits);
  if (!out || out->as_object() == nullptr) return corrupt(step, "the reply is no JSON object");
  return out;
}

std::string* text_in(json::Value& object, const char* part, const char* name) {
  json::Object* all = object.as_object();
  json::Value* inner = all == nullptr ? nullptr : all->find(part);
  json::Object* members = inner == nullptr ? nullptr : inner->as_object();
  json::Value* value = members == nullptr ? nullptr : members->find(name);
  return value == nullptr ? nullptr : value->as_string();
}

const std::int64_t* number_in(const json::Value& object, const char* name) {
  const json::Value* value = object.find(name);
  return value == nullptr ? nullptr : value->as_int();
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kTokenMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

struct Flag {
  const char* name;
  bool Key::* set;
};
constexpr Flag kFlags[] = {
    {"deletion_allowed", &Key::deletion_allowed},
    {"exportable", &Key::extractable},
    {"allow_plaintext_backup", &Key::extractable},
    {"soft_deleted", &Key::soft_deleted},
    {"derived", nullptr},
    {"imported_key", nullptr},
};

Status read_flags(Key& out, const json::Value& data) {
  for (const Flag& flag : kFlags) {
    const json::Value* value = data.find(flag.name);
    if (value == nullptr) continue;
    if (value->as_bool() == nullptr) return corrupt("describe", "a flag that is none");
    const bool on = *value->as_bool();
    out.attributes[flag.name] = on ? "true" : "false";
    if (flag.set != nullptr) out.*flag.set = out.*flag.set || on;
  }
  return ok();
}

// Words of Vault's and OpenBao's sources, which are the only thing that tells these apart.
struct Row {
  int status;
  std::string_view word;
  Code code;
  std::string_view means;
};
constexpr Row kRows[] = {
    {400, "encryption key not found", Code::denied, "the key is gone"},
    {400, "too old", Code::denied, "the version is retired"},
    {400, "soft deleted", Code::denied, "the key is deleted"},
    {400, "soft-deleted", Code::denied, "the key is deleted"},
    {400, "invalid ciphertext", Code::corrupt, "the wrapped secret does not open"},
    {400, "message authentication failed", Code::corrupt, "the wrapped secret does not open"},
    {400, "invalid role", Code::denied, "the login is refused"},
    {400, "invalid secret id", Code::denied, "the login is refused"},
    {400, "", Code::invalid, ""},
    {403, "", Code::denied, ""},
    {404, "", Code::denied, "the key is gone"},
    {405, "", Code::invalid, ""},
    {429, "", Code::exhausted, ""},
};

std::string words_of(const kms::HttpReply& reply) {
  const Result<json::Value> body = json::parse(reply.body, kLimits);
  const json::Value* errors = body ? body->find("errors") : nullptr;
  std::string out;
  if (errors == nullptr || errors->as_array() == nullptr) return out;
  for (const json::Value& one : *errors->as_array()) {
    if (one.as_string() != nullptr) out += to_lower(*one.as_string()) + "\n";
  }
  return out;
}

// Whether it is the service that speaks, and not a proxy before it.
bool is_of_service(const kms::HttpReply& reply) {
  const Result<json::Value> body = json::parse(reply.body, kLimits);
  const json::Value* errors = body ? body->find("errors") : nullptr;
  return errors != nullptr && errors->as_array() != nullptr;
}

}  // namespace

Result<std::int64_t> version_of(std::string_view step, std::string_view wrapped) {
  constexpr std::string_view kPrefix = "vault:v";
  const std::size_t colon = wrapped.find(':', kPrefix.size());
  if (!wrapped.starts_with(kPrefix) || colon == std::string_view::npos ||
      wrapped.size() > kms::kWrappedBytesMax) {
    return corrupt(step, "no wrapped secret of a transit engine");
  }
  const std::string digits(wrapped.substr(kPrefix.size(), colon - kPrefix.size()));
  Result<std::int64_t> version = parse_int(digits);
  const Result<std::string> bytes = from_base64(wrapped.substr(colon + 1));
  if (!version || *version < 1 || *version > kVersionMax || std::to_string(*version) != digits ||
      !bytes || bytes->empty()) {
    return corrupt(step, "no wrapped secret of a transit engine");
  }
  return version;
}

Result<kms::Wrapped> read_wrapped(std::string_view body) {
  constexpr std::string_view kStep = "encrypt";
  MC_TRY(json::Value reply, parse(kStep, body));
  const std::string* text = text_in(reply, "data", "ciphertext");
  if (text == nullptr) return corrupt(kStep, "'ciphertext' is missing");
  MC_TRY(const std::int64_t version, version_of(kStep, *text));
  const json::Value* said = reply.find("data")->find("key_version");
  if (said != nullptr && (said->as_int() == nullptr || *said->as_int() != version)) {
    return corrupt(kStep, "'key_version' is not that of the ciphertext");
  }
  return kms::Wrapped{*text, std::to_string(version)};
}

Result<Secret> read_secret(std::string_view body) {
  constexpr std::string_view kStep = "decrypt";
  MC_TRY(json::Value reply, parse(kStep, body));
  std::string* text = text_in(reply, "data", "plaintext");
  if (text == nullptr) return corrupt(kStep, "'plaintext' is missing");
  Result<std::string> bytes = from_base64(*text);
  wipe(*text);
  if (!bytes) return corrupt(kStep, "'plaintext' is no canonical base64");
  Secret out(std::move(*bytes));
  const std::size_t size = out.reveal(RevealToken()).size();
  if (size == 0 || size > kms::kSecretBytesMax) {
    return corrupt(kStep, "'plaintext' must have 1 to 64 bytes");
  }
  return out;
}

Result<Key> read_key(std::string_view body, const std::string& name) {
  constexpr std::string_view kStep = "describe";
  MC_TRY(json::Value reply, parse(kStep, body));
  const std::string* said = text_in(reply, "data", "name");
  if (said == nullptr || *said != name) return corrupt(kStep, "the reply is of another key");
  const std::string* type = text_in(reply, "data", "type");
  const json::Value& data = *reply.find("data");
  const std::int64_t* latest = number_in(data, "latest_version");
  const std::int64_t* oldest = number_in(data, "min_decryption_version");
  if (type == nullptr || type->size() > 64 || !is_token(*type)) {
    return corrupt(kStep, "'type' is missing or no name");
  }
  if (latest == nullptr || oldest == nullptr || *latest < 1 || *latest > kVersionMax ||
      *oldest < 0 || *oldest > *latest) {
    return corrupt(kStep, "the versions are missing or none");
  }
  Key out;
  out.type = *type;
  out.latest = *latest;
  out.oldest = std::max<std::int64_t>(1, *oldest);
  for (const std::string_view sealing :
       {"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305"}) {
    out.seals = out.seals || out.type == sealing;
  }
  MC_TRY_OK(read_flags(out, data));
  for (const char* number : {"min_decryption_version", "min_encryption_version",
                             "min_available_version", "latest_version"}) {
    if (const std::int64_t* value = number_in(data, number)) {
      out.attributes[number] = std::to_string(*value);
    }
  }
  const std::int64_t* sealing = number_in(data, "min_encryption_version");
  if (sealing != nullptr && *sealing >= 0 && *sealing <= *latest) out.oldest_to_seal = *sealing;
  return out;
}

Result<Token> read_token(std::string_view body) {
  constexpr std::string_view kStep = "login";
  MC_TRY(json::Value reply, parse(kStep, body));
  std::string* text = text_in(reply, "auth", "client_token");
  if (text == nullptr) return corrupt(kStep, "'client_token' is missing");
  Token out;
  const bool good = is_token(*text);
  if (good) out.token = Secret(*text);
  wipe(*text);
  const std::int64_t* lasts = number_in(*reply.find("auth"), "lease_duration");
  if (!good || lasts == nullptr || *lasts < 0 || *lasts > 1'000'000'000) {
    return corrupt(kStep, "the reply holds a malformed token");
  }
  out.lasts_s = *lasts;
  return out;
}

Error read_failure(std::string_view step, const kms::HttpReply& reply) {
  const std::string status = "status " + std::to_string(reply.status);
  Error out = {Code::unavailable, "vault-transit: " + std::string(step) + ": " + status};
  const std::string words = words_of(reply);
  for (const Row& row : kRows) {
    if (row.status != reply.status || words.find(row.word) == std::string::npos) continue;
    out.code = row.code;
    if (!row.means.empty()) out.what += ": " + std::string(row.means);
    break;
  }
  if (reply.status == 503) out.what += ": the service is sealed, or not ready";
  const bool somebody_else = reply.status < 500 && reply.status != 429 && !is_of_service(reply);
  if (somebody_else) {
    out.code = Code::corrupt;
    out.what =
        "vault-transit: " + std::string(step) + ": " + status + ", and no word of the service";
  }
  const Result<std::int64_t> after = parse_int(reply.header("retry-after"));
  if ((out.code == Code::exhausted || out.code == Code::unavailable) && after && *after >= 0) {
    out.retry_after_s = std::min(*after, kRetryAfterMax);
  }
  return out;
}

}  // namespace mc::transit
