// Requests and replies of KMIP (OASIS KMIP 1.4; 1.2 and 1.3 are parts of it): one operation each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kmip/ttlv.h"
#include "kms/kms.h"

namespace mc::kmip {

namespace tag {
inline constexpr std::uint32_t kAttribute = 0x420008, kAttributeName = 0x42000a,
                               kAttributeValue = 0x42000b, kBatchCount = 0x42000d,
                               kBatchItem = 0x42000f, kBlockCipherMode = 0x420011,
                               kAlgorithm = 0x420028, kParameters = 0x42002b, kIv = 0x42003d,
                               kLinkType = 0x42004b, kLinkedObject = 0x42004c,
                               kMaximumResponseSize = 0x420050, kOffset = 0x420058,
                               kOperation = 0x42005c, kPaddingMethod = 0x42005f,
                               kProtocolVersion = 0x420069, kMajor = 0x42006a, kMinor = 0x42006b,
                               kRequestHeader = 0x420077, kRequest = 0x420078,
                               kRequestPayload = 0x420079, kResponseHeader = 0x42007a,
                               kResponse = 0x42007b, kResponsePayload = 0x42007c,
                               kResultReason = 0x42007e, kResultStatus = 0x42007f,
                               kRevocationReason = 0x420081, kRevocationCode = 0x420082,
                               kId = 0x420094, kData = 0x4200c2, kTagLength = 0x4200ce,
                               kAdditionalData = 0x4200fe, kTag = 0x4200ff;
}  // namespace tag

enum class Operation : std::uint8_t {
  re_key = 0x04,
  get_attributes = 0x0b,
  activate = 0x12,
  revoke = 0x13,
  destroy = 0x14,
  discover_versions = 0x1e,
  encrypt = 0x1f,
  decrypt = 0x20,
};

// Result Reason (9.1.3.2.29), those that more than their row of the table hang on.
enum class Reason : std::uint32_t {
  none = 0,
  item_not_found = 0x01,
  operation_not_supported = 0x05,
  invalid_field = 0x07,
  feature_not_supported = 0x08,
  cryptographic_failure = 0x0a,
  permission_denied = 0x0c,
  general_failure = 0x100,
};
struct Failure {
  Error error;
  Reason reason = Reason::none;
};
template <class T>
using Answer = tl::expected<T, Failure>;

struct Step {
  std::string_view name;  // for people: "encrypt"
  Operation operation = Operation::encrypt;
};

std::string write_request(int minor, Operation operation, std::vector<Item> payload);
// The payload, which may have no items. `corrupt`: no reply to that; else as the service said.
Answer<Item> read_reply(const Step& step, int minor, std::string_view bytes);
// What a Result Reason means by the contract, and its name or number.
Error failure_of(const Step& step, std::uint32_t reason);

// The greatest of 1.2, 1.3 and 1.4 that is in it; `invalid`: none is.
Result<int> read_minor(const Item& payload);

enum class State : std::uint8_t {
  none,
  pre_active,
  active,
  deactivated,
  compromised,
  destroyed,
  destroyed_compromised
};
struct Facts {
  State state = State::none;
  std::string algorithm;    // "AES-256"
  std::string replaced_by;  // by Re-key; "" = it is the present one
  std::optional<bool> extractable = std::nullopt;
  std::map<std::string, std::string> attributes;  // as they are named there
};
std::vector<Item> attributes_wanted(const std::string& id);
Result<Facts> read_facts(const Item& payload, const std::string& id);

// "" is none: an id is 1 to 256 bytes of printable ASCII.
Result<std::string> read_id(const Step& step, const Item& payload);

}  // namespace mc::kmip
