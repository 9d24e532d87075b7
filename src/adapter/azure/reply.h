// Replies of Azure Key Vault, read strictly: base64url without padding, and the names of keys that
// were asked for, or they are `corrupt`. Unknown members are passed over. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::azure {

struct KeyName {
  std::string url;       // "https://v.vault.azure.net"
  std::string name;      // of the key
  std::string resource;  // whose tokens it takes: "https://vault.azure.net"
  std::string login;     // "https://login.microsoftonline.com"
  bool managed_hsm = false;
  std::string id() const { return url + "/keys/" + name; }
};
// Of a URI. `invalid` names the part.
Result<KeyName> parse_uri(std::string_view uri);
bool is_version(std::string_view text);

// Of wrapkey; the version is the one that wrapped.
Result<kms::Wrapped> read_wrapped(std::string_view body, const KeyName& key);
// Of unwrapkey, by this version.
Result<Secret> read_unwrapped(std::string_view body, const KeyName& key,
                              const std::string& version);
// A key bundle, as get and rotate give it.
Result<kms::Description> read_key(std::string_view step, std::string_view body, const KeyName& key,
                                  WallTime now);
// A deleted key bundle; nothing: it was purged at once.
Result<std::optional<WallTime>> read_deleted(std::string_view step, std::string_view body,
                                             const KeyName& key);

struct Page {
  struct Version {
    std::string version;
    std::int64_t created = 0;
    bool enabled = true;
  };
  std::vector<Version> versions;
  std::string next;  // the path and query of the next page, of this key; "" = the last one
};
Result<Page> read_page(std::string_view body, const KeyName& key);

// Whether a challenge ("WWW-Authenticate: Bearer authorization=..., resource=...") asks for the
// tokens of this binding; also when it says nothing.
bool is_own_challenge(std::string_view header, const KeyName& key, std::string_view tenant);

// What a reply other than 200 means.
struct Failure {
  Error error;
  std::string code;        // of the service, "" = it gave none
  bool new_token = false;  // a new token may be what was missing
};
Failure read_failure(std::string_view step, const kms::HttpReply& reply);

}  // namespace mc::azure
