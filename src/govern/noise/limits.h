// What parameters may be, and how it is said. Private to this module.
#pragma once

#include <cstdint>
#include <string>

#include "noise/calibrate.h"

namespace mc::noise {

inline Status check_range(std::int64_t value, std::int64_t least, std::int64_t most, int digits,
                          const char* name) {
  if (value >= least && value <= most) return ok();
  return fail(Code::invalid, std::string(name) + ": from " + fixed::print_decimal(least, digits) +
                                 " to " + fixed::print_decimal(most, digits) + ", not " +
                                 fixed::print_decimal(value, digits));
}
inline Status check_epsilon(std::int64_t nano) {
  return check_range(nano, 1, kEpsilonMost, fixed::kNanoDigits, "epsilon");
}
inline Status check_delta(std::int64_t atto) {
  return check_range(atto, 1, 1'000'000'000'000'000'000, fixed::kAttoDigits, "delta");
}
inline Status check_sensitivity(std::int64_t sensitivity, std::int64_t most) {
  return check_range(sensitivity, 1, most, 0, "sensitivity");
}

}  // namespace mc::noise
