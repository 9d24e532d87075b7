#include "kanon/log2.h"

#include <array>
#include <bit>

namespace mc::kanon {
namespace {

__extension__ using Uint128 = unsigned __int128;

// Bit by bit: the mantissa in [1, 2) is squared; when it reaches 2 the next bit is one. Each square
// is cut off at 2^-63, which the halving of its weight keeps below one unit in sum.
std::uint64_t compute(std::uint64_t x) {
  const int whole = 63 - std::countl_zero(x);
  std::uint64_t mantissa = x << (63 - whole);  // in units of 2^-63
  std::uint64_t fraction = 0;
  for (int bit = 0; bit < kLogBits; ++bit) {
    const Uint128 square = Uint128{mantissa} * mantissa;  // in units of 2^-126, below 4
    const bool two = (square >> 127) != 0;
    mantissa = static_cast<std::uint64_t>(square >> (two ? 64 : 63));
    fraction = fraction << 1 | (two ? 1 : 0);
  }
  return (static_cast<std::uint64_t>(whole) << kLogBits) + fraction;
}

constexpr std::size_t kTable = 4096;  // classes are small

}  // namespace

std::uint64_t log2_fixed(std::uint64_t x) {
  static const auto known = [] {
    std::array<std::uint64_t, kTable> out{};
    for (std::size_t i = 1; i < kTable; ++i) out[i] = compute(i);
    return out;
  }();
  return x < kTable ? known[x] : compute(x);
}

}  // namespace mc::kanon
