// Replies of a transit engine, as its API documentation has them. Foreign bytes: read strictly;
// errors tell nothing of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::transit {

// N of "vault:vN:BASE64"; `corrupt`: it is none, also where the base64 is not canonical, so that no
// other bytes stand for the same.
Result<std::int64_t> version_of(std::string_view step, std::string_view wrapped);

Result<kms::Wrapped> read_wrapped(std::string_view body);
Result<Secret> read_secret(std::string_view body);

struct Key {
  std::string type;
  bool seals = false;  // a cipher that takes associated data
  bool soft_deleted = false;
  bool deletion_allowed = false;
  bool extractable = false;  // exportable, or in a backup in plaintext
  std::int64_t latest = 0;
  std::int64_t oldest = 1;                        // that may decrypt
  std::int64_t oldest_to_seal = 0;                // 0 = the latest
  std::map<std::string, std::string> attributes;  // as they are named there
};
Result<Key> read_key(std::string_view body, const std::string& name);

struct Token {
  Secret token;
  std::int64_t lasts_s = 0;  // 0 = without end
};
Result<Token> read_token(std::string_view body);

// Of a reply that is not 2xx.
Error read_failure(std::string_view step, const kms::HttpReply& reply);

}  // namespace mc::transit
