// Orders: taps set or lifted by a file that somebody signed, for when there is no other way in
// (docs/formats/tap-order.md). A DSSE envelope; any key of the crypto module signs.
//
// Pure. Which keys may, and that no order counts twice, is the desk's (desk.h) and the inbox's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/crypto.h"
#include "tap/tap.h"

namespace mc::tap {

inline constexpr std::string_view kOrderType = "application/vnd.maestro.tap-order+json";
inline constexpr std::size_t kOrderBytesMax = 64 << 10;
inline constexpr Nanos kOrderLifetimeMax = seconds(24LL * 3600);         // from issued to expires
inline constexpr Nanos kOrderAheadMax = seconds(300);                    // that clocks may differ
inline constexpr std::int64_t kSerialMax = (std::int64_t{1} << 53) - 1;  // exact in JSON

struct Order {
  std::int64_t serial = 0;    // above that of the key's last order; 1 or more
  WallTime issued, expires;   // no server takes it later than that
  std::string id;             // of the tap that is set or lifted
  std::optional<Wanted> set;  // none = lifted
};

struct SignedOrder {
  Order order;
  std::string key_id;
};

// The first 16 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo.
std::string key_id_of(const crypto::PublicKey& key);

// The file. `invalid` names the member that no server would take.
Result<std::string> sign_order(const Order& order, const crypto::SigningKey& key);
// `corrupt` when it is no order at all, `denied` when none of the keys has signed it, `invalid`
// when it is signed and wrong. Times are not held against a clock here.
Result<SignedOrder> open_order(std::string_view text, std::span<const crypto::PublicKey> keys);

}  // namespace mc::tap
