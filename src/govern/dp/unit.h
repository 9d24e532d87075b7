// Whose presence a release hides: the privacy unit. Without a declared unit there is no release,
// because a Unit is made by nothing but a PrivacyUnit, and rows have a Unit each.
//
// Immutable and thread-safe. The secret is one of the dataset's own and stays the same: the same
// person has the same digest, and the same rows count, in each release of it.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/cmac.h"

namespace mc::dp {

// A keyed digest of a value of the unit's column. Two persons share one with chance 2^-128.
class Unit {
 public:
  auto operator<=>(const Unit&) const = default;
  std::uint64_t high() const { return high_; }
  std::uint64_t low() const { return low_; }

 private:
  friend class PrivacyUnit;
  Unit(std::uint64_t high, std::uint64_t low) : high_(high), low_(low) {}
  std::uint64_t high_, low_;
};

class PrivacyUnit {
 public:
  // `invalid` without a column: a row is never taken for a person.
  static Result<PrivacyUnit> declare(std::string column, const crypto::Block& secret);

  const std::string& column() const { return column_; }
  // By the canonical text of the value: equal persons must have equal texts.
  Unit unit_of(std::string_view text) const;
  // All rows whose unit is NULL together are one unit, so that their number cannot be large.
  Unit nobody() const;

  // Which of a unit's groups and rows count, when it has too many: those of the lowest ranks.
  std::uint64_t group_rank(const Unit& unit, std::uint64_t group_digest) const;
  std::uint64_t row_rank(const Unit& unit, std::uint64_t row) const;
  std::uint64_t group_digest(std::string_view key) const;

 private:
  explicit PrivacyUnit(std::string column, const crypto::Block& secret);
  std::string column_;
  std::unique_ptr<const crypto::CmacKey> units_, groups_, rows_;  // one a use, from the secret
};

}  // namespace mc::dp
