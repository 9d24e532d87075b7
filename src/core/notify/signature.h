// The secrets of webhook endpoints, and how a message is signed (Standard Webhooks 1.0.0). Part of
// notify.h.
//
// Secrets are not stored: each is HMAC-SHA256 of tenant, endpoint and generation under one key
// that lies outside of the database. Who has a copy of the database can sign nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "notify/types.h"

namespace mc::notify {

inline constexpr std::size_t kMasterKeyBytesMin = 32;

class Secrets {
 public:
  // `invalid` for a key that is shorter than kMasterKeyBytesMin.
  static Result<Secrets> make(Secret master);

  // "whsec_" and base64 of 32 bytes: for v1, HMAC-SHA256.
  Secret symmetric(const Endpoint& endpoint, std::int64_t generation) const;
  // "whpk_" and base64 of 32 bytes: for v1a, Ed25519.
  Result<std::string> public_key(const Endpoint& endpoint, std::int64_t generation) const;

  // The value of webhook-signature: "v1,... v1a,...", and during the overlap of a rotation those
  // of the former generation behind them. `timestamp` in seconds since 1970.
  Result<std::string> sign(const Parcel& parcel, std::int64_t timestamp) const;

 private:
  explicit Secrets(Secret master) : master_(std::move(master)) {}
  std::string derive(std::string_view purpose, const Endpoint& endpoint,
                     std::int64_t generation) const;
  Secret master_;
};

}  // namespace mc::notify
