// Amounts of privacy loss, as whole numbers: epsilon in 10^-9, rho in 10^-12, delta in 10^-18.
//
// Arithmetic aborts on overflow, so sums of what comes from outside go through add(), which
// refuses. Decimals are exact; what is computed of a charge is rounded up, of a limit down.
// Nothing here, or that uses it, knows floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::accountant {

using NanoEpsilon = Quantity<struct NanoEpsilonTag>;
using PicoRho = Quantity<struct PicoRhoTag>;
using AttoDelta = Quantity<struct AttoDeltaTag>;

inline constexpr int kEpsilonDigits = 9, kRhoDigits = 12, kDeltaDigits = 18;

// Of one charge or one limit. Far beyond any use, and 9,000 of them still fit a sum.
inline constexpr NanoEpsilon kEpsilonMax{1'000'000 * INT64_C(1'000'000'000)};
inline constexpr PicoRho kRhoMax{1'000 * INT64_C(1'000'000'000'000)};
inline constexpr AttoDelta kDeltaMax{INT64_C(1'000'000'000'000'000'000)};  // 1

// A number as JSON writes it, without a sign: "0.5", "10", "1e-6". What is finer than the unit and
// what is over the maximum is `invalid`, never rounded.
Result<NanoEpsilon> parse_epsilon(std::string_view text);
Result<PicoRho> parse_rho(std::string_view text);
Result<AttoDelta> parse_delta(std::string_view text);

// The shortest exact decimal: "0.5", "10", "0", "0.000000001". A negative one has a "-".
std::string to_decimal(NanoEpsilon amount);
std::string to_decimal(PicoRho amount);
std::string to_decimal(AttoDelta amount);

// The sum, or nothing when it does not fit.
template <class Tag>
std::optional<Quantity<Tag>> add(Quantity<Tag> a, Quantity<Tag> b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.get(), b.get(), &sum)) return std::nullopt;
  return Quantity<Tag>(sum);
}

}  // namespace mc::accountant
