#include "dp/unit.h"

#include <algorithm>

namespace mc::dp {
namespace {

// One key a use, so that no digest of one says anything of another.
crypto::Block derived(const crypto::CmacKey& secret, std::string_view use) {
  return secret.digest(std::string("mc.dp.") + std::string(use));
}

std::uint64_t word(const crypto::Block& block, std::size_t half) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | block[8 * half + i];
  return out;
}

}  // namespace

PrivacyUnit::PrivacyUnit(std::string column, const crypto::Block& secret)
    : column_(std::move(column)) {
  const crypto::CmacKey root(secret);
  units_ = std::make_unique<const crypto::CmacKey>(derived(root, "unit"));
  groups_ = std::make_unique<const crypto::CmacKey>(derived(root, "group"));
  rows_ = std::make_unique<const crypto::CmacKey>(derived(root, "row"));
}

Result<PrivacyUnit> PrivacyUnit::declare(std::string column, const crypto::Block& secret) {
  if (column.empty()) {
    return fail(Code::invalid,
                "the dataset declares no column of the privacy unit: rows are not "
                "people, so there are no noisy answers");
  }
  return PrivacyUnit(std::move(column), secret);
}

Unit PrivacyUnit::unit_of(std::string_view text) const {
  const crypto::Block digest = units_->digest(text);
  return {word(digest, 0), word(digest, 1)};
}

// Of no text: a digest of one is never expected to be all zeros.
Unit PrivacyUnit::nobody() const {
  return {0, 0};
}

std::uint64_t PrivacyUnit::group_digest(std::string_view key) const {
  return word(groups_->digest(key), 0);
}

std::uint64_t PrivacyUnit::group_rank(const Unit& unit, std::uint64_t group_digest) const {
  // The digest is of a key of its own already; one block mixes all three words.
  const crypto::Words words = {unit.high_ ^ group_digest, unit.low_};
  return word(groups_->digest({words[0], words[1] & (~std::uint64_t{0} >> 8)}, 15), 0);
}

std::uint64_t PrivacyUnit::row_rank(const Unit& unit, std::uint64_t row) const {
  const crypto::Words words = {unit.high_ ^ row, unit.low_ & (~std::uint64_t{0} >> 8)};
  return word(rows_->digest(words, 15), 0);
}

}  // namespace mc::dp
