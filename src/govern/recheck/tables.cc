#include "recheck/tables.h"

#include <algorithm>

#include "base/base.h"

namespace mc::recheck {
namespace {

constexpr std::size_t kSlotsFirst = 1024;

// The slots are to be at most half full.
bool is_full(std::size_t used, std::size_t slots) {
  return used * 2 >= slots;
}

}  // namespace

TextTable::TextTable(std::size_t texts_max, std::size_t bytes_max, std::uint64_t secret)
    : texts_max_(texts_max), bytes_max_(bytes_max), secret_(secret), slots_(kSlotsFirst) {}

std::optional<std::uint32_t> TextTable::add(std::string_view text) {
  const std::uint64_t hash = keyed_hash(secret_, text);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash != hash || this->text(slots_[slot] - 1) != text) continue;
    ++entry.rows;
    return slots_[slot] - 1;
  }
  if (entries_.size() >= texts_max_ || bytes_max_ - bytes_.size() < text.size()) {
    return std::nullopt;
  }
  const auto number = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({hash, bytes_.size(), static_cast<std::uint32_t>(text.size()), 1});
  bytes_ += text;
  slots_[slot] = number + 1;
  if (is_full(entries_.size(), slots_.size())) grow();
  return number;
}

void TextTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i) + 1;
  }
}

PairTable::PairTable(std::size_t pairs_max, std::uint64_t secret)
    : pairs_max_(pairs_max), secret_(keyed_hash(secret, "pairs")), slots_(kSlotsFirst) {}

// The slot of the pair, or the empty one where it belongs.
std::size_t PairTable::slot_of(std::uint32_t first, std::uint32_t second) const {
  std::uint64_t mixed = ((std::uint64_t{first} << 32) | second) ^ secret_;
  for (int round = 0; round < 2; ++round) {  // Stafford's variant 13 of MurmurHash3's finaliser
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    mixed = (mixed ^ (mixed >> 31)) + secret_;
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mixed & mask;
  while (slots_[slot].rows != 0 && (slots_[slot].first != first || slots_[slot].second != second)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

bool PairTable::add(std::uint32_t first, std::uint32_t second) {
  Pair& pair = slots_[slot_of(first, second)];
  if (pair.rows == 0) {
    if (size_ >= pairs_max_) return false;
    ++size_;
    pair = {first, second, 0};
  }
  ++pair.rows;
  if (is_full(size_, slots_.size())) grow();
  return true;
}

std::int64_t PairTable::rows(std::uint32_t first, std::uint32_t second) const {
  return slots_[slot_of(first, second)].rows;
}

void PairTable::grow() {
  std::vector<Pair> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Pair& pair : old) {
    if (pair.rows != 0) slots_[slot_of(pair.first, pair.second)] = pair;
  }
}

std::vector<Pair> PairTable::sorted() const {
  std::vector<Pair> out;
  out.reserve(size_);
  for (const Pair& pair : slots_) {
    if (pair.rows != 0) out.push_back(pair);
  }
  std::sort(out.begin(), out.end(), [](const Pair& a, const Pair& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  return out;
}

}  // namespace mc::recheck
