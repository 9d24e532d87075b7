// What a binding of AWS KMS says: `aws-kms:arn:aws:kms:REGION:ACCOUNT:key/ID` and its options.
//
// Names are whole key ARNs. An alias is refused: it can be pointed at another key by whoever may
// change it, and what was wrapped by the one would be bound to the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::aws {

struct KeyName {
  std::string arn;
  std::string partition;  // "aws", "aws-cn", "aws-us-gov"
  std::string region;
  std::string account;  // 12 digits
  bool operator==(const KeyName&) const = default;
};
// Of a URI. `invalid` names the part.
Result<KeyName> parse_uri(std::string_view uri);

struct Binding {
  KeyName key;
  std::string uri;
  std::string kms_url;  // without a path: "https://kms.eu-central-1.amazonaws.com"
  std::string sts_url;
  std::string ca_file;            // "" = the system's
  std::int64_t window_days = 30;  // between the order to destroy and the end
  std::string access_key_file;    // static credentials ...
  std::string secret_key_file;
  std::string session_token_file;       // "" = none
  std::string web_identity_token_file;  // ... or a role by a token, never both
  std::string role_arn;
  std::string session_name;
};
// `invalid` names the option or the file that is unknown, missing or malformed.
Result<Binding> read_binding(const std::string& uri, const kms::Credentials& credentials);

// "kms.eu-central-1.amazonaws.com" of a URL of a Binding: what is signed and sent as Host.
std::string host_of(std::string_view url);

}  // namespace mc::aws
