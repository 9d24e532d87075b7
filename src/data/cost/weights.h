// Arithmetic of weights and costs: it saturates at kCostMax.
#pragma once

#include <cstdint>

#include "cost/cost.h"

namespace mc::cost {

// Sums and products of what is never negative, and never above kCostMax.
inline Milli sum(Milli a, Milli b) {
  return a + b < kCostMax ? a + b : kCostMax;
}
inline Milli product(Milli a, Milli b) {
  Milli result = 0;
  return __builtin_mul_overflow(a, b, &result) || result > kCostMax ? kCostMax : result;
}

// Weights of either sign, summed apart so that the order does not matter where they saturate.
struct WeightSum {
  Milli plus = 0, minus = 0;

  void add(Milli weight, std::int64_t times = 1) {
    Milli& part = weight < 0 ? minus : plus;
    part = sum(part, product(weight < 0 ? -weight : weight, times));
  }
  void add(const WeightSum& more) {
    plus = sum(plus, more.plus);
    minus = sum(minus, more.minus);
  }
  Milli total() const { return plus > minus ? plus - minus : 0; }
};

}  // namespace mc::cost
