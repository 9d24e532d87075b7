// Time-stamp tokens (RFC 3161): who held these bytes, and when.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "pki/certificate.h"

namespace mc::pki {

inline constexpr std::size_t kTimestampBytesMax = 64 << 10;

// The time of an authority is trusted when its chain ends at the last of `chain` at that time.
struct TimestampAuthority {
  std::vector<Certificate> chain;  // its own certificate first, its root last
  Period period;
};

struct Timestamp {
  WallTime time;
  std::size_t authority = 0;  // among those that were given
  std::string nonce = {};     // of the request, big-endian without zeros before it; "" for none
};

// A TimeStampReq in DER.
struct TimestampRequest {
  std::string sha256;         // 32 bytes
  std::string nonce = {};     // big-endian, at most 20 bytes; "" for none
  bool certificates = false;  // wanted in the answer
};
Result<std::string> print_timestamp_request(const TimestampRequest& request);

// A whole TimeStampResp in DER, as services answer it, over SHA-256, SHA-384 or SHA-512 of
// `message`. Only what the signature covers is accepted: no status but "granted", no unsigned
// attribute, no certificate that is not the authority's.
Result<Timestamp> check_timestamp(std::string_view response, std::string_view message,
                                  std::span<const TimestampAuthority> authorities);

}  // namespace mc::pki
