// Exact decimals with at most nine digits behind the point, as parameters of criteria are written:
// "0.02" is 20,000,000 billionths and nothing near it. Pure, no allocation but for texts.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::kanon {

inline constexpr std::int64_t kNano = 1'000'000'000;
// Shares that are reported (losses, risks, bounds) are whole trillionths, rounded down.
inline constexpr std::int64_t kPico = 1'000'000'000'000;

struct Decimal {
  std::int64_t nano = 0;
  auto operator<=>(const Decimal&) const = default;
};

// Digits, at most one point with digits on both sides, no sign, no exponent, at most nine digits
// before the point. `invalid` otherwise.
Result<Decimal> parse_decimal(std::string_view text);
std::string to_text(Decimal decimal);  // the shortest that reads back
// "0.342336704" of trillionths: the shortest decimal, as documents and people have it.
std::string pico_text(std::int64_t pico);

}  // namespace mc::kanon
