// What a CostModel knows of its schema: every weight, by dense ids, and every @listSize.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cost/cost.h"
#include "cost/weights.h"

namespace mc::cost {

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
