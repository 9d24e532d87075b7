#include "kanon/big.h"

namespace mc::kanon {

__extension__ using Uint128 = unsigned __int128;

Big& Big::operator*=(std::uint64_t factor) {
  if (factor == 0) size_ = 0;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const Uint128 product = Uint128{limbs_[i]} * factor + carry;
    limbs_[i] = static_cast<std::uint64_t>(product);
    carry = static_cast<std::uint64_t>(product >> 64);
  }
  if (carry != 0) push(carry);
  return *this;
}

Big& Big::operator+=(const Big& other) {
  while (size_ < other.size_) push(0);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint64_t more = i < other.size_ ? other.limbs_[i] : 0;
    const Uint128 sum = Uint128{limbs_[i]} + more + carry;
    limbs_[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
  if (carry != 0) push(carry);
  return *this;
}

std::strong_ordering Big::operator<=>(const Big& other) const {
  if (size_ != other.size_) return size_ <=> other.size_;
  for (std::size_t i = size_; i-- > 0;) {
    if (limbs_[i] != other.limbs_[i]) return limbs_[i] <=> other.limbs_[i];
  }
  return std::strong_ordering::equal;
}

Big operator*(const Big& a, const Big& b) {
  Big out;
  for (std::size_t i = b.size_; i-- > 0;) {
    Big part = a;
    part *= b.limbs_[i];
    // Shifts `out` by one limb, then adds.
    Big shifted;
    if (out.size_ > 0) {
      shifted.push(0);
      for (std::size_t j = 0; j < out.size_; ++j) shifted.push(out.limbs_[j]);
    }
    shifted += part;
    out = shifted;
  }
  return out;
}

}  // namespace mc::kanon
