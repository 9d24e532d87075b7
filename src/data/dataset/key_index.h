// Numbers different texts 0, 1, 2 ... as they are added. For the keys of one relation: filled once,
// no larger than it was made for. Borrows the texts.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::dataset {

class KeyIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  explicit KeyIndex(std::size_t keys_max)
      : slots_(std::bit_ceil(keys_max * 2 + 2)), mask_(slots_.size() - 1) {}

  // The number of `key`, a new one when it was not there.
  std::uint32_t add(std::string_view key) {
    Slot& slot = slots_[place(key)];
    if (slot.number == kNone) {
      MC_CHECK(count_ * 2 < slots_.size());
      slot = {key, count_++};
    }
    return slot.number;
  }
  std::uint32_t find(std::string_view key) const { return slots_[place(key)].number; }
  std::uint32_t size() const { return count_; }

 private:
  struct Slot {
    std::string_view key;
    std::uint32_t number = kNone;
  };
  // Of the key, or the free slot where it would be.
  std::size_t place(std::string_view key) const {
    std::size_t at = std::hash<std::string_view>{}(key)&mask_;
    while (slots_[at].number != kNone && slots_[at].key != key) at = (at + 1) & mask_;
    return at;
  }

  std::vector<Slot> slots_;
  std::size_t mask_;
  std::uint32_t count_ = 0;
};

}  // namespace mc::dataset
