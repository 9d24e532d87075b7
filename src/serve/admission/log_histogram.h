// How often which length of time came, in buckets of an eighth of a power of two: 1 us to 137 s,
// 900 bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/base.h"

namespace mc::admission {

class LogHistogram {
 public:
  void add(Nanos value) {
    ++counts_[bucket_of(value.count)];
    ++count_;
  }
  void add(const LogHistogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
  }
  std::uint64_t count() const { return count_; }
  void clear() { *this = LogHistogram(); }

  // Between the ends of its bucket in proportion; 0 when there is none.
  Nanos quantile(double share) const {
    if (count_ == 0) return {};
    const double rank = std::clamp(share, 0.0, 1.0) * static_cast<double>(count_);
    double before = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      const double here = counts_[i];
      if (here > 0 && before + here >= rank) {
        const auto begin = static_cast<double>(begin_of(i));
        const double width = static_cast<double>(begin_of(i + 1)) - begin;
        return {static_cast<std::int64_t>(begin + width * (rank - before) / here)};
      }
      before += here;
    }
    return {begin_of(kBuckets)};
  }

 private:
  static constexpr int kLowest = 10, kOctaves = 27;  // powers of two, of nanoseconds
  static constexpr int kPartBits = 3, kParts = 1 << kPartBits;
  static constexpr std::size_t kBuckets = 1 + kOctaves * kParts;

  static std::size_t bucket_of(std::int64_t value) {
    if (value < std::int64_t{1} << kLowest) return 0;
    const auto bits = static_cast<std::uint64_t>(value);
    const int octave = static_cast<int>(std::bit_width(bits)) - 1;
    const std::uint64_t part = (bits >> (octave - kPartBits)) & (kParts - 1);
    const auto at = static_cast<std::size_t>(octave - kLowest) * kParts + part + 1;
    return std::min(at, kBuckets - 1);
  }
  static std::int64_t begin_of(std::size_t bucket) {
    if (bucket == 0) return 0;
    const std::size_t octave = (bucket - 1) / kParts, part = (bucket - 1) % kParts;
    const std::int64_t base = std::int64_t{1} << (octave + kLowest);
    return base + (base >> kPartBits) * static_cast<std::int64_t>(part);
  }

  std::array<std::uint32_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
};

}  // namespace mc::admission
