#include "aws/reply.h"

#include <algorithm>
#include <array>
#include <utility>

#include "aws/xml.h"

namespace mc::aws {
namespace {

constexpr json::Limits kLimits = {
    .bytes_max = kms::kReplyBytesMax, .depth_max = 8, .values_max = 4'096};
constexpr std::size_t kTextMax = 2'048;
constexpr std::size_t kCodeMax = 64;

tl::unexpected<Error> corrupt(std::string_view step, std::string_view why) {
  return fail(Code::corrupt, "aws: " + std::string(step) + ": " + std::string(why));
}

// A text of the reply that goes into records: printable ASCII, or it is none of the service's.
bool is_plain(std::string_view text) {
  return text.size() <= kTextMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

Result<std::string> text_of(std::string_view step, const json::Value& from, const char* name) {
  const json::Value* value = from.find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr || text->empty() || !is_plain(*text)) {
    return corrupt(step, std::string("'") + name + "' is missing or no text");
  }
  return *text;
}
// "" where it is missing or null.
Result<std::string> text_if_any(std::string_view step, const json::Value& from, const char* name) {
  const json::Value* value = from.find(name);
  if (value == nullptr || value->is_null()) return "";
  return text_of(step, from, name);
}

// Seconds since 1970, whole or with a fraction.
Result<WallTime> time_of(std::string_view step, const json::Value& from, const char* name) {
  constexpr std::int64_t kLatest = 9'000'000'000;  // the year 2255
  const json::Value* value = from.find(name);
  if (value != nullptr && value->as_int() != nullptr) {
    const std::int64_t at = *value->as_int();
    if (at >= 0 && at < kLatest) return WallTime{at * 1'000'000'000};
  } else if (value != nullptr && value->as_double() != nullptr) {
    const double at = *value->as_double();
    if (at >= 0 && at < static_cast<double>(kLatest)) {
      return from_unix_ms(static_cast<std::int64_t>(at * 1'000));
    }
  }
  return corrupt(step, std::string("'") + name + "' is missing or no time");
}

Status check_key(std::string_view step, const json::Value& from, const char* name,
                 const KeyName& key) {
  MC_TRY(const std::string given, text_of(step, from, name));
  if (given != key.arn) return corrupt(step, "the reply is of another key");
  return ok();
}

Status check_algorithm(std::string_view step, const json::Value& from) {
  MC_TRY(const std::string given, text_if_any(step, from, "EncryptionAlgorithm"));
  if (!given.empty() && given != "SYMMETRIC_DEFAULT") {
    return corrupt(step, "the reply is of another algorithm");
  }
  return ok();
}

void wipe_texts(json::Value& object) {
  for (json::Member& member : object.as_object()->members()) {
    if (std::string* text = member.value.as_string()) wipe(*text);
  }
}

Result<Secret> plaintext_of(json::Value& reply, const KeyName& key) {
  constexpr std::string_view kStep = "decrypt";
  MC_TRY_OK(check_key(kStep, reply, "KeyId", key));
  MC_TRY_OK(check_algorithm(kStep, reply));
  const json::Value* value = reply.find("Plaintext");
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return corrupt(kStep, "'Plaintext' is missing");
  Result<std::string> bytes = from_base64(*text);
  if (!bytes) return corrupt(kStep, "'Plaintext' is no canonical base64");
  if (bytes->empty() || bytes->size() > kms::kSecretBytesMax) {
    wipe(*bytes);
    return corrupt(kStep, "'Plaintext' must have 1 to 64 bytes");
  }
  return Secret(std::move(*bytes));
}

Result<kms::KeyState> state_of(const std::string& name) {
  using enum kms::KeyState;
  // What a key does not do its work in is as good as disabled.
  constexpr std::array<std::pair<std::string_view, kms::KeyState>, 8> kStates = {
      {{"Enabled", enabled},
       {"Updating", enabled},
       {"Disabled", disabled},
       {"Creating", disabled},
       {"PendingImport", disabled},
       {"Unavailable", disabled},
       {"PendingDeletion", pending_destruction},
       {"PendingReplicaDeletion", pending_destruction}}};
  for (const auto& [known, state] : kStates) {
    if (known == name) return state;
  }
  return corrupt("describe", "'KeyState' is none that is known");
}

// As the KMS guide says it: keys of AWS_KMS, EXTERNAL and AWS_CLOUDHSM are used inside of HSMs,
// those of an external store outside of AWS.
std::string protection_of(const std::string& origin) {
  if (origin == "AWS_KMS" || origin == "EXTERNAL" || origin == "AWS_CLOUDHSM") return "hsm";
  return origin == "EXTERNAL_KEY_STORE" ? "external" : "";
}

Status read_attributes(kms::Description& out, const json::Value& metadata) {
  for (const char* name : {"AWSAccountId", "KeyManager", "KeyState", "KeyUsage", "CustomKeyStoreId",
                           "ExpirationModel"}) {
    MC_TRY(const std::string text, text_if_any("describe", metadata, name));
    if (!text.empty()) out.attributes[name] = text;
  }
  const json::Value* several = metadata.find("MultiRegion");
  if (several == nullptr || several->is_null()) return ok();
  if (several->as_bool() == nullptr) return corrupt("describe", "'MultiRegion' is no flag");
  out.attributes["MultiRegion"] = *several->as_bool() ? "true" : "false";
  return ok();
}

// Of a key of several regions: whether it is the primary one and has replicas.
bool has_replicas(const json::Value& metadata) {
  const json::Value* regions = metadata.find("MultiRegionConfiguration");
  const json::Value* replicas = regions == nullptr ? nullptr : regions->find("ReplicaKeys");
  const json::Value* type = regions == nullptr ? nullptr : regions->find("MultiRegionKeyType");
  return type != nullptr && *type == json::Value("PRIMARY") && replicas != nullptr &&
         replicas->as_array() != nullptr && !replicas->as_array()->empty();
}

}  // namespace

Result<json::Value> read_object(std::string_view step, std::string_view body) {
  Result<json::Value> value = json::parse(body, kLimits);
  if (!value || value->as_object() == nullptr) return corrupt(step, "the reply is no JSON object");
  return value;
}

Result<std::string> read_ciphertext(std::string_view body, const KeyName& key) {
  constexpr std::string_view kStep = "encrypt";
  MC_TRY(const json::Value reply, read_object(kStep, body));
  MC_TRY_OK(check_key(kStep, reply, "KeyId", key));
  MC_TRY_OK(check_algorithm(kStep, reply));
  const json::Value* value = reply.find("CiphertextBlob");
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return corrupt(kStep, "'CiphertextBlob' is missing");
  Result<std::string> bytes = from_base64(*text);
  if (!bytes) return corrupt(kStep, "'CiphertextBlob' is no canonical base64");
  if (bytes->empty() || bytes->size() > kms::kWrappedBytesMax) {
    return corrupt(kStep, "'CiphertextBlob' must have 1 to 4096 bytes");
  }
  return bytes;
}

Result<Secret> read_plaintext(std::string_view body, const KeyName& key) {
  MC_TRY(json::Value reply, read_object("decrypt", body));
  Result<Secret> out = plaintext_of(reply, key);
  wipe_texts(reply);
  return out;
}

Result<Metadata> read_metadata(std::string_view body, const KeyName& key) {
  constexpr std::string_view kStep = "describe";
  MC_TRY(const json::Value reply, read_object(kStep, body));
  const json::Value* metadata = reply.find("KeyMetadata");
  if (metadata == nullptr || metadata->as_object() == nullptr) {
    return corrupt(kStep, "'KeyMetadata' is missing");
  }
  MC_TRY_OK(check_key(kStep, *metadata, "Arn", key));
  Metadata out;
  kms::Description& description = out.description;
  description.key = key.arn;
  MC_TRY(const std::string state, text_of(kStep, *metadata, "KeyState"));
  MC_TRY(description.state, state_of(state));
  MC_TRY(description.version, text_if_any(kStep, *metadata, "CurrentKeyMaterialId"));
  MC_TRY(description.origin, text_of(kStep, *metadata, "Origin"));
  description.protection = protection_of(description.origin);
  MC_TRY(description.algorithm, text_if_any(kStep, *metadata, "KeySpec"));
  if (description.algorithm.empty()) {
    MC_TRY(description.algorithm, text_of(kStep, *metadata, "CustomerMasterKeySpec"));
  }
  MC_TRY_OK(read_attributes(description, *metadata));
  const auto account = description.attributes.find("AWSAccountId");
  if (account != description.attributes.end() && account->second != key.account) {
    return corrupt(kStep, "'AWSAccountId' is not the key's account");
  }
  if (const json::Value* at = metadata->find("DeletionDate"); at != nullptr && !at->is_null()) {
    MC_TRY(description.destroyed_at, time_of(kStep, *metadata, "DeletionDate"));
  }
  out.replicas = has_replicas(*metadata);
  return out;
}

Result<Rotations> read_rotations(std::string_view body, const KeyName& key) {
  constexpr std::string_view kStep = "list rotations";
  MC_TRY(const json::Value reply, read_object(kStep, body));
  const json::Value* list = reply.find("Rotations");
  if (list == nullptr || list->as_array() == nullptr) return corrupt(kStep, "no 'Rotations'");
  Rotations out;
  for (const json::Value& one : *list->as_array()) {
    MC_TRY_OK(check_key(kStep, one, "KeyId", key));
    Rotations::Rotation rotation;
    // The first material of a key, and one that waits to be used, have no time of rotation.
    if (const json::Value* at = one.find("RotationDate"); at != nullptr && !at->is_null()) {
      MC_TRY(rotation.at, time_of(kStep, one, "RotationDate"));
    }
    MC_TRY(rotation.material, text_if_any(kStep, one, "KeyMaterialId"));
    out.rotations.push_back(std::move(rotation));
  }
  const json::Value* more = reply.find("Truncated");
  if (more != nullptr && more->as_bool() != nullptr && *more->as_bool()) {
    MC_TRY(out.next, text_of(kStep, reply, "NextMarker"));
  }
  return out;
}

Status read_rotated(std::string_view body, const KeyName& key) {
  MC_TRY(const json::Value reply, read_object("rotate", body));
  return check_key("rotate", reply, "KeyId", key);
}

Result<WallTime> read_deletion(std::string_view body, const KeyName& key) {
  MC_TRY(const json::Value reply, read_object("destroy", body));
  MC_TRY_OK(check_key("destroy", reply, "KeyId", key));
  return time_of("destroy", reply, "DeletionDate");
}

std::string error_code(const kms::HttpReply& reply) {
  std::string text(reply.header("x-amzn-errortype"));
  if (text.empty() && reply.body.starts_with('<')) {
    const Result<Element> root = parse_xml(reply.body);
    const Element* all = root ? root->child("Errors") : nullptr;  // some services have a list
    const Element* error = all != nullptr ? all->child("Error")
                           : root         ? root->child("Error")
                                          : nullptr;
    const Element* code = error == nullptr ? nullptr : error->child("Code");
    if (code != nullptr) text = code->text;
  } else if (text.empty()) {
    const Result<json::Value> body = json::parse(reply.body, kLimits);
    const json::Value* type = body ? body->find("__type") : nullptr;
    if (type != nullptr && type->as_string() != nullptr) text = *type->as_string();
  }
  // "com.amazonaws.kms#NotFoundException:http://internal.amazon.com/coral/..."
  text.resize(std::min(text.find(':'), text.size()));
  if (const std::size_t hash = text.rfind('#'); hash != std::string::npos) text.erase(0, hash + 1);
  const auto good = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  };
  if (text.size() > kCodeMax || !std::all_of(text.begin(), text.end(), good)) return "";
  return text;
}

}  // namespace mc::aws
