// Texts of at most fifteen bytes that stay in two words, from a number to its mask: what is written
// to memory in pieces and read as a whole is waited for.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "crypto/cmac.h"

namespace mc::mask {

using crypto::Words;  // the first byte is the lowest

inline bool is_ascii(const Words& words) {
  return ((words[0] | words[1]) & 0x8080808080808080ULL) == 0;
}

inline bool is_ascii(std::string_view text) {
  Words all{};
  for (; text.size() > 16; text.remove_prefix(16)) {
    const Words words = crypto::words_of(text.substr(0, 16));
    all = {all[0] | words[0], all[1] | words[1]};
  }
  return is_ascii(all) && is_ascii(crypto::words_of(text));
}

// The first bytes of a word, at most eight. Stores that may overlap cost less than a loop.
inline void store(std::uint64_t word, std::size_t size, char* out) {
  if (size >= 4) {
    const auto low = static_cast<std::uint32_t>(word);
    const auto high = static_cast<std::uint32_t>(word >> 8 * (size - 4));
    std::memcpy(out, &low, 4);
    std::memcpy(out + size - 4, &high, 4);
  } else if (size > 0) {
    out[0] = static_cast<char>(word);
    out[size / 2] = static_cast<char>(word >> 8 * (size / 2));
    out[size - 1] = static_cast<char>(word >> 8 * (size - 1));
  }
}
// The first bytes of two, at most sixteen.
inline void store(const Words& words, std::size_t size, char* out) {
  if (size >= 8) {
    std::memcpy(out, words.data(), 8);
    store(words[1], size - 8, out + 8);
  } else {
    store(words[0], size, out);
  }
}

struct ShortText {
  Words words{};  // zeros behind the text
  std::size_t size = 0;

  // Of this object, while it is there.
  std::string_view view() const { return {reinterpret_cast<const char*>(words.data()), size}; }
};

// Numbers below these have eight digits and fourteen at most.
inline constexpr std::uint64_t kEightDigits = 100'000'000, kFourteenDigits = 100'000'000'000'000;

// The eight digits of a number, the first in the lowest byte. First as four lanes of two digits: a
// lane is the number down to it, less a hundred times the number down to the lane before. Then as
// eight lanes by the same rule. All is linear, so the products of a step can be made at once.
inline std::uint64_t eight_digits(std::uint32_t number) {
  constexpr std::uint64_t kLane = 1 << 16, kStep = 1 - 100 * kLane;
  const std::uint64_t pairs = number / 1'000'000 * kStep + number / 10'000 * kStep * kLane +
                              number / 100 * kStep * kLane * kLane + number * kLane * kLane * kLane;
  const std::uint64_t tens = pairs * 103 >> 10 & 0x000f000f000f000fULL;  // / 10, below 100
  return pairs * 256 + tens * (1 - 10 * 256ULL) + 0x3030303030303030ULL;
}

// A number below 10^8 in decimal.
inline ShortText short_decimal(std::uint32_t number) {
  const std::uint64_t digits = eight_digits(number);
  const std::uint64_t not_zero = (digits & 0x0f0f0f0f0f0f0f0fULL) | 1ULL << 56;  // the last stays
  const int zeros = std::countr_zero(not_zero) / 8;
  return {{digits >> 8 * zeros, 0}, static_cast<std::size_t>(8 - zeros)};
}
// One from 10^8 and below 10^14.
inline ShortText longer_decimal(std::uint64_t number) {
  const ShortText front = short_decimal(static_cast<std::uint32_t>(number / kEightDigits));
  const std::uint64_t back = eight_digits(static_cast<std::uint32_t>(number % kEightDigits));
  const std::size_t bits = 8 * front.size;  // 8 to 48
  return {{front.words[0] | back << bits, back >> (64 - bits)}, front.size + 8};
}

inline ShortText with_sign(const ShortText& text, bool negative) {
  if (!negative) return text;
  return {{text.words[0] << 8 | '-', text.words[1] << 8 | text.words[0] >> 56}, text.size + 1};
}

}  // namespace mc::mask
