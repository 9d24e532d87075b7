// A stream of chance for one table of one tenant. Integers only, so that every machine draws the
// same values: SplitMix64 (Steele, Lea, Flood 2014) and multiply-shift ranges (Lemire 2019, the
// bias of at most n / 2^64 is of no interest here).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mc::demo {

class Stream {
 public:
  // FNV-1a of the label keeps the tables of a seed independent of each other.
  Stream(std::uint64_t seed, std::string_view label) : state_(seed) {
    for (const char c : label) {
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
  }

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  // Even over 0 .. n - 1; n > 0.
  std::int64_t below(std::int64_t n) { return scaled(next(), n); }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool percent(int chance) { return below(100) < chance; }

  // Skewed over 0 .. n - 1: the product of three even draws, so that the first tenth gets over
  // half of all. A few persons and organisations hold most links, as in real graphs.
  std::int64_t skewed(std::int64_t n) {
    const std::int64_t once = scaled(next(), kFine);
    const std::int64_t twice = scaled(next(), once + 1);
    return scaled(next(), kFine) * (twice + 1) / kFine * n / kFine;
  }

  // The index of an entry, drawn in proportion to its weight.
  std::size_t weighted(std::span<const int> weights) {
    std::int64_t sum = 0;
    for (const int weight : weights) sum += weight;
    std::int64_t draw = below(sum);
    std::size_t index = 0;
    while (draw >= weights[index]) draw -= weights[index++];
    return index;
  }

  template <class T, std::size_t N>
  const T& pick(const T (&entries)[N]) {
    return entries[static_cast<std::size_t>(below(static_cast<std::int64_t>(N)))];
  }
  // The first entries come more often than the last ones.
  template <class T, std::size_t N>
  const T& pick_common(const T (&entries)[N]) {
    const std::int64_t n = static_cast<std::int64_t>(N);
    const std::int64_t a = below(n);
    const std::int64_t b = below(n);
    return entries[static_cast<std::size_t>(a < b ? a : b)];
  }

 private:
  static constexpr std::int64_t kFine = 1 << 28;
  static std::int64_t scaled(std::uint64_t draw, std::int64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>((Wide{draw} * static_cast<std::uint64_t>(n)) >> 64U);
  }

  std::uint64_t state_;
};

}  // namespace mc::demo
