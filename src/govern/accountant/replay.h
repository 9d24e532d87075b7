// The journal of a tenant's charges on a dataset, run again: the same totals and the same
// accountant hash on every machine (docs/formats/accountant.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "accountant/account.h"
#include "accountant/charge.h"
#include "crypto/crypto.h"

namespace mc::accountant {

// SHA-256 of the canonical form of what a settled charge says: COMMITTED or BURNED. Pure; this is
// where a replay spends its time, so callers may do it with as many threads as they like.
crypto::Digest charge_hash(const ChargeRecord& charge);

// Takes settled charges in the order of seq.
class Replay {
 public:
  explicit Replay(std::string policy_version);

  // `corrupt` when it is not the next one, is not settled, is of another tenant or dataset than the
  // first, does not fit a sum, or is the rest of a shard that is not open, or of more than it.
  // `hash` is charge_hash(charge).
  Status add(const ChargeRecord& charge, const crypto::Digest& hash);
  Status add(const ChargeRecord& charge) { return add(charge, charge_hash(charge)); }

  std::int64_t charges() const { return charges_; }
  const Amount& spent() const { return spent_; }  // of tenant x dataset, for good; no curve
  // Spent in each window by purpose.
  using WindowKey = std::pair<std::string, WallTime>;
  const std::map<WindowKey, Amount>& windows() const { return windows_; }
  // The accountant hash of what was added until now; more may follow.
  crypto::Digest hash() const;

 private:
  Status add_amount(const ChargeRecord& charge);
  std::string policy_version_;
  std::string tenant_, dataset_;
  std::int64_t charges_ = 0;
  Amount spent_{};
  std::map<WindowKey, Amount> windows_;
  std::map<std::pair<std::string, WindowKey>, Cost> shards_;  // open ones, by query and window
  crypto::Sha256 text_;  // of the canonical form, as far as it is settled
};

// "sha256:" and 64 hexadecimal digits.
std::string digest_text(const crypto::Digest& digest);
Result<crypto::Digest> parse_digest(std::string_view text);

}  // namespace mc::accountant
