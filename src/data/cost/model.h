// What a CostModel knows of its schema: every weight, by dense ids, and every @listSize.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

// An argument and the input fields below it, down to an integer. Points into the schema.
using SlicingPath = std::vector<const graphql::InputValueDef*>;

// One @listSize.
struct SizeRule {
  std::string place;  // "Query.people"
  std::vector<SlicingPath> slicing;
  std::vector<std::string> sized_fields;
  std::optional<std::int64_t> assumed;
  bool require_one = true;
};

struct FieldFacts {
  Milli weight = 0;
  std::vector<Milli> arguments;  // weights
  std::vector<std::uint32_t>
      sizes;                 // State::sizes: its own one, or those of an interface's objects
  bool default_size = true;  // whether list_size is one of the sizes of the field itself
};

struct CostModel::State {
  const graphql::Schema* schema = nullptr;
  CostConfig config;
  std::vector<Milli> types;                    // by TypeId
  std::vector<FieldFacts> fields;              // by FieldDef::id
  std::vector<std::vector<Milli>> inputs;      // fields of input objects, by TypeId
  std::vector<std::vector<Milli>> directives;  // arguments, in the order of the schema
  std::vector<SizeRule> sizes;
};

}  // namespace mc::cost
