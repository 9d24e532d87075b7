#include "azure/reply.h"

#include <algorithm>
#include <array>
#include <utility>

#include "oauth/oauth.h"

namespace mc::azure {
namespace {

using oauth::Reader;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(std::string_view text, std::size_t max) {
  const auto good = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-';
  };
  return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), good);
}

struct Cloud {
  std::string_view domain;
  std::string_view login;
  bool managed_hsm;
};
constexpr std::array<Cloud, 6> kClouds = {
    {{"vault.azure.net", "https://login.microsoftonline.com", false},
     {"managedhsm.azure.net", "https://login.microsoftonline.com", true},
     {"vault.azure.cn", "https://login.partner.microsoftonline.cn", false},
     {"managedhsm.azure.cn", "https://login.partner.microsoftonline.cn", true},
     {"vault.usgovcloudapi.net", "https://login.microsoftonline.us", false},
     {"managedhsm.usgovcloudapi.net", "https://login.microsoftonline.us", true}}};

// The version of "https://VAULT/keys/NAME/VERSION".
Result<std::string> version_of(const Reader& reader, const json::Value& from, const KeyName& key) {
  MC_TRY(const std::string id, reader.text(from, "kid"));
  const std::string begin = key.id() + "/";
  if (!id.starts_with(begin)) return reader.corrupt("the reply is of another key");
  std::string version = id.substr(begin.size());
  if (!is_version(version)) return reader.corrupt("'kid' names no version");
  return version;
}

Result<std::string> value_of(const Reader& reader, const json::Value& from, std::size_t max) {
  const json::Value* value = from.find("value");
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return reader.corrupt("'value' is missing");
  Result<std::string> bytes = from_base64url(*text);
  if (bytes && !bytes->empty() && bytes->size() <= max) return bytes;
  if (bytes) wipe(*bytes);
  return reader.corrupt("'value' is no canonical base64url of 1 to " + std::to_string(max) +
                        " bytes");
}

// Seconds since 1970; nothing where it is missing.
Result<std::optional<WallTime>> time_of(const Reader& reader, const json::Value* from,
                                        const char* name) {
  constexpr std::int64_t kLatest = 9'000'000'000;  // the year 2255
  const json::Value* value = from == nullptr ? nullptr : from->find(name);
  if (value == nullptr || value->is_null()) return std::optional<WallTime>();
  if (value->as_int() == nullptr || *value->as_int() < 0 || *value->as_int() >= kLatest) {
    return reader.corrupt(std::string("'") + name + "' is no time");
  }
  return std::optional<WallTime>(WallTime{*value->as_int() * 1'000'000'000});
}

Result<bool> flag_of(const Reader& reader, const json::Value& from, const char* name,
                     bool otherwise) {
  const json::Value* value = from.find(name);
  if (value == nullptr || value->is_null()) return otherwise;
  if (value->as_bool() == nullptr) {
    return reader.corrupt(std::string("'") + name + "' is no flag");
  }
  return *value->as_bool();
}

Status read_attributes(const Reader& reader, kms::Description& out, const json::Value& attributes,
                       WallTime now) {
  MC_TRY(bool enabled, flag_of(reader, attributes, "enabled", true));
  MC_TRY(out.extractable, flag_of(reader, attributes, "exportable", false));
  MC_TRY(const std::optional<WallTime> begin, time_of(reader, &attributes, "nbf"));
  MC_TRY(const std::optional<WallTime> end, time_of(reader, &attributes, "exp"));
  if (begin) out.attributes["nbf"] = format_rfc3339(*begin);
  if (end) out.attributes["exp"] = format_rfc3339(*end);
  enabled = enabled && !(begin && now < *begin) && !(end && *end <= now);
  out.state = enabled ? kms::KeyState::enabled : kms::KeyState::disabled;
  for (const char* name : {"recoveryLevel", "hsmPlatform"}) {
    MC_TRY(const std::string text, reader.text_if_any(attributes, name));
    if (!text.empty()) out.attributes[name] = text;
  }
  return ok();
}

// Of `name="value"` or name=value in a header; "" = there is none.
std::string_view parameter(std::string_view header, std::string_view name) {
  const std::size_t at = header.find(std::string(name) + "=");
  if (at == std::string_view::npos) return "";
  std::string_view rest = header.substr(at + name.size() + 1);
  if (rest.starts_with('"')) rest.remove_prefix(1);
  return rest.substr(0, rest.find_first_of("\", "));
}

struct Row {
  std::string_view code;
  Code means;
};
constexpr Row kRows[] = {{"Forbidden", Code::denied},
                         {"AccessDenied", Code::denied},
                         {"KeyNotFound", Code::denied},
                         {"KeyDisabled", Code::denied},
                         {"SecretDisabled", Code::denied},
                         {"KeyOperationForbidden", Code::denied},
                         {"ObjectIsDeletedButRecoverable", Code::denied},
                         {"ObjectIsBeingDeleted", Code::denied},
                         {"Throttled", Code::exhausted},
                         {"BadParameter", Code::invalid},
                         {"NotSupported", Code::invalid}};

}  // namespace

bool is_version(std::string_view text) {
  return is_name(text, 64) && text.find('-') == std::string_view::npos;
}

Result<KeyName> parse_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "azure-kv:https://";
  const auto bad = [](const char* why) {
    return fail(Code::invalid, std::string("azure: ") + why);
  };
  if (!uri.starts_with(kScheme)) return bad("the URI must begin with azure-kv:https://");
  const std::vector<std::string_view> parts = split(uri.substr(kScheme.size()), '/');
  if (parts.size() != 3 || parts[1] != "keys" || !is_name(parts[2], 127)) {
    return bad("the URI must be azure-kv:https://VAULT.vault.azure.net/keys/NAME");
  }
  const std::size_t dot = parts[0].find('.');
  for (const Cloud& cloud : kClouds) {
    if (dot == std::string_view::npos || parts[0].substr(dot + 1) != cloud.domain) continue;
    const std::string_view vault = parts[0].substr(0, dot);
    if (!is_name(vault, 24) || to_lower(vault) != vault) {
      return bad("the vault's name must be 1 to 24 lower-case letters, digits and -");
    }
    return KeyName{"https://" + std::string(parts[0]), std::string(parts[2]),
                   "https://" + std::string(cloud.domain), std::string(cloud.login),
                   cloud.managed_hsm};
  }
  return bad("the URI's host is no vault or managed HSM of Azure");
}

Result<kms::Wrapped> read_wrapped(std::string_view body, const KeyName& key) {
  const Reader reader{"azure", "wrapkey"};
  MC_TRY(const json::Value reply, reader.object(body));
  kms::Wrapped out;
  MC_TRY(out.version, version_of(reader, reply, key));
  MC_TRY(out.bytes, value_of(reader, reply, kms::kWrappedBytesMax));
  return out;
}

Result<Secret> read_unwrapped(std::string_view body, const KeyName& key,
                              const std::string& version) {
  const Reader reader{"azure", "unwrapkey"};
  MC_TRY(json::Value reply, reader.object(body));
  const Result<std::string> given = version_of(reader, reply, key);
  Result<std::string> bytes = value_of(reader, reply, kms::kSecretBytesMax);
  oauth::wipe_texts(reply);
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  Secret out(std::move(*bytes));
  if (!given) return tl::unexpected(given.error());
  if (*given != version) return reader.corrupt("the reply is of another version");
  return out;
}

Result<kms::Description> read_key(std::string_view step, std::string_view body, const KeyName& key,
                                  WallTime now) {
  const Reader reader{"azure", step};
  MC_TRY(const json::Value reply, reader.object(body));
  const json::Value* bundle = reply.find("key");
  const json::Value* attributes = reply.find("attributes");
  if (bundle == nullptr || attributes == nullptr) {
    return reader.corrupt("'key' or 'attributes' is missing");
  }
  kms::Description out;
  out.key = key.id();
  MC_TRY(out.version, version_of(reader, *bundle, key));
  MC_TRY(out.algorithm, reader.text(*bundle, "kty"));
  out.protection = out.algorithm.ends_with("-HSM") ? "hsm" : "software";
  MC_TRY_OK(read_attributes(reader, out, *attributes, now));
  MC_TRY(const std::string modulus, reader.text_if_any(*bundle, "n"));
  if (const Result<std::string> bytes = from_base64url(modulus); bytes && !bytes->empty()) {
    out.attributes["bits"] = std::to_string(bytes->size() * 8);
  }
  return out;
}

Result<std::optional<WallTime>> read_deleted(std::string_view step, std::string_view body,
                                             const KeyName& key) {
  const Reader reader{"azure", step};
  MC_TRY(const json::Value reply, reader.object(body));
  const json::Value* bundle = reply.find("key");
  if (bundle == nullptr) return reader.corrupt("'key' is missing");
  const Result<std::string> version = version_of(reader, *bundle, key);
  if (!version) return tl::unexpected(version.error());
  return time_of(reader, &reply, "scheduledPurgeDate");
}

Result<Page> read_page(std::string_view body, const KeyName& key) {
  const Reader reader{"azure", "list versions"};
  MC_TRY(const json::Value reply, reader.object(body));
  const json::Value* list = reply.find("value");
  if (list == nullptr || list->as_array() == nullptr) return reader.corrupt("no 'value'");
  Page out;
  for (const json::Value& one : *list->as_array()) {
    Page::Version version;
    MC_TRY(version.version, version_of(reader, one, key));
    if (const json::Value* attributes = one.find("attributes"); attributes != nullptr) {
      MC_TRY(version.enabled, flag_of(reader, *attributes, "enabled", true));
      MC_TRY(const std::optional<WallTime> created, time_of(reader, attributes, "created"));
      version.created = created.value_or(WallTime{}).nanos;
    }
    out.versions.push_back(std::move(version));
  }
  MC_TRY(const std::string next, reader.text_if_any(reply, "nextLink"));
  if (next.empty()) return out;
  // The link is the service's, so only what is of this key is followed, and by the binding's URL.
  const std::string path = "/keys/" + key.name + "/versions?";
  for (const std::string& url : {key.url, key.url + ":443"}) {
    if (next.starts_with(url + path)) out.next = next.substr(url.size());
  }
  if (out.next.empty() || out.next.find_first_of(" #\"\\") != std::string::npos) {
    return reader.corrupt("'nextLink' leads elsewhere");
  }
  return out;
}

bool is_own_challenge(std::string_view header, const KeyName& key, std::string_view tenant) {
  const std::string_view resource = parameter(header, "resource");
  std::string_view authority = parameter(header, "authorization");
  if (authority.empty()) authority = parameter(header, "authorization_uri");
  if (!resource.empty() && resource != key.resource) return false;
  // The host is not compared: an authority has several, and none of them is used.
  return authority.empty() ||
         equals_ignoring_case(authority.substr(authority.rfind('/') + 1), tenant);
}

Failure read_failure(std::string_view step, const kms::HttpReply& reply) {
  const Result<json::Value> value =
      json::parse(reply.body, {.bytes_max = kms::kReplyBytesMax, .depth_max = 12});
  const json::Value* error = value ? value->find("error") : nullptr;
  const json::Value* inner = error == nullptr ? nullptr : error->find("innererror");
  Failure out;
  out.code = error == nullptr ? "" : oauth::plain_code(error->find("code"));
  const std::string why = inner == nullptr ? "" : oauth::plain_code(inner->find("code"));
  out.error.what = "azure: " + std::string(step) + ": " +
                   (out.code.empty() ? "status " + std::to_string(reply.status) : out.code) +
                   (why.empty() ? "" : " (" + why + ")");
  out.error.code = !out.code.empty() || reply.status >= 500 ? Code::unavailable : Code::corrupt;
  if (reply.status == 403 && !out.code.empty()) out.error.code = Code::denied;
  if (reply.status == 429) out.error.code = Code::exhausted;
  for (const Row& row : kRows) {
    if (row.code == out.code) out.error.code = row.means;
  }
  // What does not open is refused as a wrong parameter.
  if (out.code == "BadParameter" && step == "unwrapkey") out.error.code = Code::corrupt;
  if (reply.status == 401) {
    out.new_token = true;
    out.error.code = Code::unavailable;
    out.error.what += "; the credential is to be renewed";
  }
  if (out.error.code == Code::exhausted || out.error.code == Code::unavailable) {
    out.error.retry_after_s = oauth::retry_after(reply);
  }
  return out;
}

}  // namespace mc::azure
