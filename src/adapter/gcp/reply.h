// Replies of Google Cloud KMS (JSON of proto3), read strictly: canonical base64, sums, and names of
// the key that was asked for, or they are `corrupt`. Unknown members are passed over. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::gcp {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

// Of a URI: "projects/P/locations/L/keyRings/R/cryptoKeys/K". `invalid` names the part.
Result<std::string> parse_uri(std::string_view uri);

Result<kms::Wrapped> read_encrypted(std::string_view body, const std::string& key);
Result<Secret> read_decrypted(std::string_view body);

struct Version {
  std::int64_t number = 0;
  std::string state;  // "ENABLED"
  std::string protection;
  std::string algorithm;
  std::string import_job;  // "" = generated at the service
  std::optional<WallTime> generated_at = std::nullopt;
  std::optional<WallTime> destroyed_at = std::nullopt;  // when it will be, or was
  bool attested = false;
};
struct Key {
  std::optional<Version> primary;
  std::string purpose;
  std::string wait;  // between the order to destroy and the end: "2592000s"
  bool import_only = false;
};
struct Page {
  std::vector<Version> versions;
  std::string next;  // "" = the last page
};
Result<Version> read_version(std::string_view step, std::string_view body, const std::string& key);
Result<Key> read_key(std::string_view step, std::string_view body, const std::string& key);
Result<Page> read_page(std::string_view body, const std::string& key);
kms::Description description_of(const std::string& key, const Key& seen,
                                std::vector<Version> versions);

// What a reply other than 200 means.
struct Failure {
  Error error;
  bool new_token = false;  // a new token may be what was missing
};
Failure read_failure(std::string_view step, const kms::HttpReply& reply);

}  // namespace mc::gcp
