// Numbers for 64-bit keys, 0, 1, 2, ... in the order in which keys come. Private to the module.
//
// Open addressing with linear probing, at most half full; the keys are not from outside but dense
// codes, so a multiplicative hash spreads them.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace mc::kanon {

class PairIndex {
 public:
  // Forgets all keys; there will be at most `keys`.
  void reset(std::size_t keys) {
    const std::size_t slots = std::bit_ceil(keys * 2 + 2);
    if (slots_.size() < slots) {
      slots_.assign(slots, {});
      epoch_ = 0;
    }
    mask_ = slots - 1;
    shift_ = 64 - std::countr_zero(slots);
    if (++epoch_ == 0) {
      slots_.assign(slots_.size(), {});
      epoch_ = 1;
    }
    size_ = 0;
  }
  std::uint32_t number(std::uint64_t key) {
    std::size_t at = static_cast<std::size_t>((key * 0x9e3779b97f4a7c15u) >> shift_);
    for (;; at = (at + 1) & mask_) {
      Slot& slot = slots_[at];
      if (slot.epoch != epoch_) {
        slot = {key, size_, epoch_};
        return size_++;
      }
      if (slot.key == key) return slot.number;
    }
  }
  std::uint32_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t number = 0;
    std::uint32_t epoch = 0;  // a slot of an older one is free
  };
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  int shift_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t epoch_ = 0;
};

}  // namespace mc::kanon
