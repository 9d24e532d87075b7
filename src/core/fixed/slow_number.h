// The oracle of this module's tests: numbers of 128 whole and 384 fraction bits, digit by digit,
// with the plainest series. It shares no code and no constant with the module.
#pragma once

#include <array>
#include <cstdint>

#include "base/base.h"

namespace mc::fixed {

// Never negative. Results are cut after 384 bits.
class SlowNumber {
 public:
  static constexpr std::size_t kDigits = 16, kFraction = 12;  // of 32 bits, lowest first

  SlowNumber() = default;
  // (high * 2^64 + low) / 2^bits, bits up to 384.
  static SlowNumber make(std::uint64_t high, std::uint64_t low, int bits) {
    SlowNumber out;
    for (int i = 0; i < 128; ++i) {
      const std::uint64_t word = i < 64 ? low : high;
      if ((word >> (i % 64) & 1) == 0) continue;
      const int at = static_cast<int>(kFraction) * 32 + i - bits;
      out.digits_[static_cast<std::size_t>(at / 32)] |= std::uint32_t{1} << (at % 32);
    }
    return out;
  }
  static SlowNumber whole(std::uint32_t value) {
    SlowNumber out;
    out.digits_[kFraction] = value;
    return out;
  }

  bool is_zero() const { return digits_ == std::array<std::uint32_t, kDigits>{}; }
  bool operator==(const SlowNumber&) const = default;
  bool operator<(const SlowNumber& other) const {
    for (std::size_t i = kDigits; i-- > 0;) {
      if (digits_[i] != other.digits_[i]) return digits_[i] < other.digits_[i];
    }
    return false;
  }
  bool operator<=(const SlowNumber& other) const { return !(other < *this); }

  friend SlowNumber operator+(const SlowNumber& a, const SlowNumber& b) {
    SlowNumber out;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
      carry += std::uint64_t{a.digits_[i]} + b.digits_[i];
      out.digits_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    MC_CHECK(carry == 0);
    return out;
  }
  friend SlowNumber operator-(const SlowNumber& a, const SlowNumber& b) {
    SlowNumber out;
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
      borrow += std::int64_t{a.digits_[i]} - std::int64_t{b.digits_[i]};
      out.digits_[i] = static_cast<std::uint32_t>(borrow & 0xffffffff);
      borrow >>= 32;
    }
    MC_CHECK(borrow == 0);
    return out;
  }
  friend SlowNumber operator*(const SlowNumber& a, const SlowNumber& b) {
    std::array<std::uint32_t, 2 * kDigits> all{};
    for (std::size_t i = 0; i < kDigits; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < kDigits; ++j) {
        carry += std::uint64_t{a.digits_[i]} * b.digits_[j] + all[i + j];
        all[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      all[i + kDigits] = static_cast<std::uint32_t>(carry);
    }
    SlowNumber out;
    for (std::size_t i = 0; i < kDigits; ++i) out.digits_[i] = all[i + kFraction];
    for (std::size_t i = kDigits + kFraction; i < all.size(); ++i) MC_CHECK(all[i] == 0);
    return out;
  }
  SlowNumber over(std::uint32_t divisor) const {
    SlowNumber out;
    std::uint64_t rest = 0;
    for (std::size_t i = kDigits; i-- > 0;) {
      rest = rest << 32 | digits_[i];
      out.digits_[i] = static_cast<std::uint32_t>(rest / divisor);
      rest %= divisor;
    }
    return out;
  }

 private:
  std::array<std::uint32_t, kDigits> digits_{};
};

// e^x for x below 64: the series of x/64, then six squares. About 2^-300 of it too small.
inline SlowNumber slow_exp(const SlowNumber& x) {
  const SlowNumber part = x.over(64);
  SlowNumber sum = SlowNumber::whole(1);
  SlowNumber term = sum;
  for (std::uint32_t n = 1; !term.is_zero(); ++n) {
    term = (term * part).over(n);
    sum = sum + term;
  }
  for (int i = 0; i < 6; ++i) sum = sum * sum;
  return sum;
}

// e^-x for x below 64, off by about 2^-370: the alternating series of x/64, then six squares.
inline SlowNumber slow_exp_negative(const SlowNumber& x) {
  const SlowNumber part = x.over(64);
  SlowNumber plus = SlowNumber::whole(1);
  SlowNumber minus;
  SlowNumber term = plus;
  for (std::uint32_t n = 1; !term.is_zero(); ++n) {
    term = (term * part).over(n);
    (n % 2 == 0 ? plus : minus) = (n % 2 == 0 ? plus : minus) + term;
  }
  SlowNumber out = plus - minus;
  for (int i = 0; i < 6; ++i) out = out * out;
  return out;
}

}  // namespace mc::fixed
