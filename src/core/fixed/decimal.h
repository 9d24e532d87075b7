// Decimals of people and JSON as exact whole units: "0.05" of epsilon is 50,000,000 nano.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::fixed {

constexpr int kNanoDigits = 9;   // epsilon
constexpr int kPicoDigits = 12;  // rho
constexpr int kAttoDigits = 18;  // delta
constexpr std::size_t kDecimalBytesMax = 40;

// What a decimal may be: a whole number of units of 10^-digits from `least` to `most`. `name`
// stands in the errors.
struct DecimalRule {
  std::string_view name;
  int digits = kNanoDigits;  // 0 to 18
  std::int64_t least = 0;    // from 0 on
  std::int64_t most = INT64_MAX;
};

// The number grammar of JSON (RFC 8259, section 6) without a sign: "0.05", "12", "1e-6", "2.50".
// `invalid`, with the name and the limit, for anything else: no number, NaN, inf, a sign, more
// bytes than kDecimalBytesMax, a value that is not a whole number of units ("1e-300"), or out of
// range.
Result<std::int64_t> parse_decimal(std::string_view text, const DecimalRule& rule);

// The shortest decimal without an exponent that is exactly `units`: "0.05", "12", "-0.5". What
// parse_decimal() reads back to the same units, where it takes them; so it may be hashed.
std::string print_decimal(std::int64_t units, int digits);

}  // namespace mc::fixed
