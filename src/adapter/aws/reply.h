// Replies of AWS KMS (JSON 1.1), read strictly: sizes, types, canonical base64, and the key that
// was asked for, or it is `corrupt`. Members that are unknown are passed over, as the service adds
// some now and then; one that stands twice is not. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/binding.h"
#include "base/base.h"
#include "json/json.h"
#include "kms/kms.h"

namespace mc::aws {

// A reply of 200, as an object. Values of it are wiped by whoever reads a secret from it.
Result<json::Value> read_object(std::string_view step, std::string_view body);

Result<std::string> read_ciphertext(std::string_view body, const KeyName& key);  // of Encrypt
Result<Secret> read_plaintext(std::string_view body, const KeyName& key);        // of Decrypt

struct Metadata {  // of DescribeKey
  kms::Description description;
  bool replicas = false;  // a primary key of several regions that has others
};
Result<Metadata> read_metadata(std::string_view body, const KeyName& key);

struct Rotations {  // one page of ListKeyRotations
  struct Rotation {
    WallTime at{};
    std::string material;  // "" = the service did not say
    bool operator==(const Rotation&) const = default;
  };
  std::vector<Rotation> rotations;
  std::string next;  // "" = the last page
};
Result<Rotations> read_rotations(std::string_view body, const KeyName& key);

Status read_rotated(std::string_view body, const KeyName& key);             // RotateKeyOnDemand
Result<WallTime> read_deletion(std::string_view body, const KeyName& key);  // ScheduleKeyDeletion

// What a reply other than 200 means.
enum class Remedy : std::uint8_t { none, new_session };
struct Failure {
  Error error;
  std::string code;              // of the service, "" = it gave none
  Remedy remedy = Remedy::none;  // new_session: a new credential may be what was missing
};
// `step` is "decrypt", `now` our clock, for the texts about it.
Failure read_failure(std::string_view step, const kms::HttpReply& reply, WallTime now);

// The code of a JSON or XML error, without namespace and address: "AccessDeniedException".
std::string error_code(const kms::HttpReply& reply);
// By how much our clock is ahead of the reply's Date; nothing when that is missing.
std::optional<Nanos> clock_ahead(const kms::HttpReply& reply, WallTime now);

}  // namespace mc::aws
