// Whole numbers of up to 4,608 bits: products of one factor for each quasi-identifier, so that
// losses are compared exactly. Private to the module.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "base/base.h"

namespace mc::kanon {

class Big {
 public:
  Big(std::uint64_t value = 0) : limbs_{value}, size_(value == 0 ? 0 : 1) {}

  Big& operator*=(std::uint64_t factor);
  Big& operator+=(const Big& other);
  // The power of a number that was multiplied `times` times.
  Big& multiply(std::uint64_t factor, std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) *this *= factor;
    return *this;
  }
  std::strong_ordering operator<=>(const Big& other) const;
  bool operator==(const Big& other) const { return (*this <=> other) == 0; }
  friend Big operator*(const Big& a, const Big& b);

 private:
  static constexpr std::size_t kLimbs = 72;
  void push(std::uint64_t limb) {
    MC_CHECK(size_ < kLimbs);
    limbs_[size_++] = limb;
  }
  std::array<std::uint64_t, kLimbs> limbs_;  // only the first size_ count, lowest first
  std::size_t size_;                         // without leading zeros
};

// The greatest whole r in 0 .. most with `small_enough(r)`, which holds up to some r and not beyond
// it; 0 must be small enough.
template <class SmallEnough>
std::int64_t greatest(std::int64_t most, const SmallEnough& small_enough) {
  std::int64_t low = 0, high = most;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (small_enough(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace mc::kanon
