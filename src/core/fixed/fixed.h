// Exact numbers for privacy: 128-bit fixed point with directed rounding, probabilities, decimals.
//
// Nothing here uses a floating-point type or the mathematics library, so every result is the same
// on every compiler, processor and locale. A function that takes a Round answers a proven bound:
// with Round::down never above the true value, with Round::up never below it. How far off it may
// be is said at each function, in ulps of its result. All functions are pure and thread-safe.
#pragma once

#include "fixed/decimal.h"      // IWYU pragma: export
#include "fixed/number.h"       // IWYU pragma: export
#include "fixed/probability.h"  // IWYU pragma: export
