#include "gcp/reply.h"

#include <algorithm>
#include <array>
#include <utility>

#include "oauth/oauth.h"

namespace mc::gcp {
namespace {

using oauth::Reader;

constexpr std::string_view kVersions = "/cryptoKeyVersions/";

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> out{};
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    std::uint32_t sum = i;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0x82f63b78U : 0U);
    out[i] = sum;
  }
  return out;
}

// 64-bit numbers are texts in the JSON of proto3.
Result<std::int64_t> number_of(const Reader& reader, const json::Value& from, const char* name) {
  MC_TRY(const std::string text, reader.text(from, name));
  const Result<std::int64_t> number = parse_int(text);
  if (!number || *number < 0 || std::to_string(*number) != text) {
    return reader.corrupt(std::string("'") + name + "' is no number");
  }
  return *number;
}

Result<std::string> bytes_of(const Reader& reader, const json::Value& from, const char* name,
                             std::size_t bytes_max) {
  const json::Value* value = from.find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return reader.corrupt(std::string("'") + name + "' is missing");
  Result<std::string> bytes = from_base64(*text);
  if (!bytes) return reader.corrupt(std::string("'") + name + "' is no canonical base64");
  if (!bytes->empty() && bytes->size() <= bytes_max) return bytes;
  wipe(*bytes);
  return reader.corrupt(std::string("'") + name + "' has too few or too many bytes");
}

Status check_sum(const Reader& reader, const json::Value& from, const char* name,
                 std::string_view bytes) {
  MC_TRY(const std::int64_t sum, number_of(reader, from, name));
  if (sum != crc32c(bytes)) return reader.corrupt(std::string("'") + name + "' does not match");
  return ok();
}

Status check_flag(const Reader& reader, const json::Value& from, const char* name) {
  const json::Value* value = from.find(name);
  if (value != nullptr && *value == json::Value(true)) return ok();
  return reader.corrupt(std::string("'") + name + "' is not true: the request was damaged");
}

// Of "KEY/cryptoKeyVersions/12".
Result<std::int64_t> version_of(const Reader& reader, const json::Value& from,
                                const std::string& key) {
  MC_TRY(const std::string name, reader.text(from, "name"));
  if (!name.starts_with(key + std::string(kVersions))) {
    return reader.corrupt("the reply is of another key");
  }
  const std::string text = name.substr(key.size() + kVersions.size());
  const Result<std::int64_t> number = parse_int(text);
  if (!number || *number <= 0 || std::to_string(*number) != text) {
    return reader.corrupt("'name' is of no version of the key");
  }
  return *number;
}

Result<std::optional<WallTime>> time_of(const Reader& reader, const json::Value& from,
                                        const char* name) {
  MC_TRY(const std::string text, reader.text_if_any(from, name));
  if (text.empty()) return std::optional<WallTime>();
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time) return reader.corrupt(std::string("'") + name + "' is no time");
  return std::optional<WallTime>(*time);
}

Result<Version> version_at(const Reader& reader, const json::Value& from, const std::string& key) {
  Version out;
  MC_TRY(out.number, version_of(reader, from, key));
  MC_TRY(out.state, reader.text(from, "state"));
  MC_TRY(out.protection, reader.text_if_any(from, "protectionLevel"));
  MC_TRY(out.algorithm, reader.text_if_any(from, "algorithm"));
  MC_TRY(out.import_job, reader.text_if_any(from, "importJob"));
  MC_TRY(out.generated_at, time_of(reader, from, "generateTime"));
  MC_TRY(out.destroyed_at, time_of(reader, from, "destroyEventTime"));
  if (!out.destroyed_at) {
    MC_TRY(out.destroyed_at, time_of(reader, from, "destroyTime"));
  }
  const json::Value* attestation = from.find("attestation");
  out.attested = attestation != nullptr && attestation->as_object() != nullptr;
  return out;
}

bool is_alive(const Version& version) {
  return version.state == "ENABLED" || version.state == "DISABLED";
}

std::string protection_of(const std::string& level) {
  if (level == "HSM" || level == "HSM_SINGLE_TENANT") return "hsm";
  if (level == "SOFTWARE") return "software";
  return level == "EXTERNAL" || level == "EXTERNAL_VPC" ? "external" : "";
}

// What a key without a working primary version is: whatever the last of its versions come to.
void set_state(kms::Description& out, const Key& seen, const std::vector<Version>& versions) {
  using enum kms::KeyState;
  const auto is = [](const char* state) {
    return [state](const Version& version) { return version.state == state; };
  };
  out.state = seen.primary && seen.primary->state == "ENABLED" ? enabled : disabled;
  if (seen.primary && seen.primary->state == "DESTROY_SCHEDULED") {
    out.state = pending_destruction;
    out.destroyed_at = seen.primary->destroyed_at;
  }
  if (seen.primary && seen.primary->state == "DESTROYED") out.state = destroyed;
  if (versions.empty() || seen.primary) return;
  if (std::all_of(versions.begin(), versions.end(), is("DESTROYED"))) {
    out.state = destroyed;
    return;
  }
  if (std::any_of(versions.begin(), versions.end(), is_alive)) return;
  for (const Version& version : versions) {
    if (version.state != "DESTROY_SCHEDULED") continue;
    out.state = pending_destruction;
    out.destroyed_at = std::max(out.destroyed_at, version.destroyed_at);
  }
}

struct Row {
  std::string_view status;
  Code code;
};
constexpr Row kRows[] = {
    {"PERMISSION_DENIED", Code::denied},
    {"NOT_FOUND", Code::denied},
    {"FAILED_PRECONDITION", Code::denied},  // a version that is disabled or destroyed
    {"RESOURCE_EXHAUSTED", Code::exhausted},
    {"INVALID_ARGUMENT", Code::invalid},
    {"OUT_OF_RANGE", Code::invalid},
    {"UNIMPLEMENTED", Code::invalid},
    {"DATA_LOSS", Code::corrupt}};

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  std::uint32_t sum = ~0U;
  for (const char c : bytes) sum = (sum >> 8) ^ kTable[(sum ^ static_cast<unsigned char>(c)) & 255];
  return ~sum;
}

Result<std::string> parse_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "gcp-kms:";
  constexpr std::array<std::string_view, 4> kParts = {"projects", "locations", "keyRings",
                                                      "cryptoKeys"};
  const auto bad = [](const std::string& why) { return fail(Code::invalid, "gcp: " + why); };
  const auto good = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (!uri.starts_with(kScheme)) return bad("the URI must begin with gcp-kms:");
  const std::string_view name = uri.substr(kScheme.size());
  const std::vector<std::string_view> parts = split(name, '/');
  if (parts.size() != 8) {
    return bad("the URI must be gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K");
  }
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    const std::string_view part = parts[2 * i + 1];
    // Projects of a domain are called "example.com:project".
    const auto fits = [&](char c) { return good(c) || (i == 0 && (c == ':' || c == '.')); };
    if (parts[2 * i] != kParts[i] || part.empty() || part.size() > 63 || part.front() == '.' ||
        !std::all_of(part.begin(), part.end(), fits)) {
      return bad("the URI's '" + std::string(kParts[i]) + "' is malformed");
    }
  }
  return std::string(name);
}

Result<kms::Wrapped> read_encrypted(std::string_view body, const std::string& key) {
  const Reader reader{"gcp", "encrypt"};
  MC_TRY(const json::Value reply, reader.object(body));
  kms::Wrapped out;
  MC_TRY(const std::int64_t version, version_of(reader, reply, key));
  out.version = std::to_string(version);
  MC_TRY(out.bytes, bytes_of(reader, reply, "ciphertext", kms::kWrappedBytesMax));
  MC_TRY_OK(check_sum(reader, reply, "ciphertextCrc32c", out.bytes));
  MC_TRY_OK(check_flag(reader, reply, "verifiedPlaintextCrc32c"));
  MC_TRY_OK(check_flag(reader, reply, "verifiedAdditionalAuthenticatedDataCrc32c"));
  return out;
}

Result<Secret> read_decrypted(std::string_view body) {
  const Reader reader{"gcp", "decrypt"};
  MC_TRY(json::Value reply, reader.object(body));
  Result<std::string> bytes = bytes_of(reader, reply, "plaintext", kms::kSecretBytesMax);
  Status sound = ok();
  if (bytes) sound = check_sum(reader, reply, "plaintextCrc32c", *bytes);
  oauth::wipe_texts(reply);
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  Secret out(std::move(*bytes));
  if (!sound) return tl::unexpected(std::move(sound.error()));
  return out;
}

Result<Version> read_version(std::string_view step, std::string_view body, const std::string& key) {
  const Reader reader{"gcp", step};
  MC_TRY(const json::Value reply, reader.object(body));
  return version_at(reader, reply, key);
}

Result<Key> read_key(std::string_view step, std::string_view body, const std::string& key) {
  const Reader reader{"gcp", step};
  MC_TRY(const json::Value reply, reader.object(body));
  MC_TRY(const std::string name, reader.text(reply, "name"));
  if (name != key) return reader.corrupt("the reply is of another key");
  Key out;
  MC_TRY(out.purpose, reader.text(reply, "purpose"));
  if (out.purpose != "ENCRYPT_DECRYPT") {
    return fail(Code::invalid,
                "gcp: " + std::string(step) + ": the key's purpose is not ENCRYPT_DECRYPT");
  }
  MC_TRY(out.wait, reader.text_if_any(reply, "destroyScheduledDuration"));
  const json::Value* import_only = reply.find("importOnly");
  out.import_only = import_only != nullptr && *import_only == json::Value(true);
  if (const json::Value* primary = reply.find("primary"); primary != nullptr) {
    MC_TRY(out.primary, version_at(reader, *primary, key));
  }
  return out;
}

Result<Page> read_page(std::string_view body, const std::string& key) {
  const Reader reader{"gcp", "list versions"};
  MC_TRY(const json::Value reply, reader.object(body));
  Page out;
  if (const json::Value* list = reply.find("cryptoKeyVersions"); list != nullptr) {
    if (list->as_array() == nullptr) return reader.corrupt("'cryptoKeyVersions' is no list");
    for (const json::Value& one : *list->as_array()) {
      MC_TRY(Version version, version_at(reader, one, key));
      out.versions.push_back(std::move(version));
    }
  }
  const json::Value* next = reply.find("nextPageToken");
  if (next != nullptr && *next != json::Value("")) {
    MC_TRY(out.next, reader.text(reply, "nextPageToken"));
  }
  return out;
}

kms::Description description_of(const std::string& key, const Key& seen,
                                std::vector<Version> versions) {
  kms::Description out;
  out.key = key;
  set_state(out, seen, versions);
  std::sort(versions.begin(), versions.end(),
            [](const Version& a, const Version& b) { return a.number > b.number; });
  for (const Version& version : versions) {
    if (is_alive(version)) out.versions.push_back(std::to_string(version.number));
  }
  if (!seen.wait.empty()) out.attributes["destroyScheduledDuration"] = seen.wait;
  if (seen.import_only) out.attributes["importOnly"] = "true";
  if (!seen.primary) return out;
  const Version& primary = *seen.primary;
  out.version = std::to_string(primary.number);
  out.algorithm = primary.algorithm;
  out.protection = protection_of(primary.protection);
  out.origin = out.protection == "external" ? "EXTERNAL"
               : primary.import_job.empty() ? "GENERATED"
                                            : "IMPORTED";
  out.attributes["protectionLevel"] = primary.protection;
  out.attributes["state"] = primary.state;
  out.attributes["attestation"] = primary.attested ? "present" : "absent";
  if (!primary.import_job.empty()) out.attributes["importJob"] = primary.import_job;
  if (primary.generated_at) out.attributes["generateTime"] = format_rfc3339(*primary.generated_at);
  return out;
}

Failure read_failure(std::string_view step, const kms::HttpReply& reply) {
  const Result<json::Value> value =
      json::parse(reply.body, {.bytes_max = kms::kReplyBytesMax, .depth_max = 12});
  const json::Value* error = value ? value->find("error") : nullptr;
  const std::string status = error == nullptr ? "" : oauth::plain_code(error->find("status"));
  Failure out;
  out.error.what = "gcp: " + std::string(step) + ": " +
                   (status.empty() ? "status " + std::to_string(reply.status) : status);
  out.error.code = !status.empty() || reply.status >= 500 ? Code::unavailable : Code::corrupt;
  if (reply.status == 429) out.error.code = Code::exhausted;
  for (const Row& row : kRows) {
    if (row.status == status) out.error.code = row.code;
  }
  // What does not open is refused as a wrong argument.
  if (status == "INVALID_ARGUMENT" && step == "decrypt") out.error.code = Code::corrupt;
  if (status == "UNAUTHENTICATED") {
    out.new_token = true;
    out.error.what += "; the credential is to be renewed";
  }
  if (out.error.code == Code::exhausted || out.error.code == Code::unavailable) {
    out.error.retry_after_s = oauth::retry_after(reply);
  }
  return out;
}

}  // namespace mc::gcp
