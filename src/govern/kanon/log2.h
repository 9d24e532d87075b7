// Binary logarithms of whole numbers by whole numbers, the same on every machine. Private.
#pragma once

#include <cstdint>

namespace mc::kanon {

inline constexpr int kLogBits = 56;

// log2(x) * 2^56, rounded down by less than 2 units; x > 0.
std::uint64_t log2_fixed(std::uint64_t x);

}  // namespace mc::kanon
