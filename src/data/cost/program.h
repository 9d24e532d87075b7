// The code of a CostProgram: one unit for the operation, one for each fragment, a unit a list of
// instructions on a stack of costs. Whatever is known without variables is folded while compiling,
// so an operation without variables is a handful of additions.
//
//   add       adds a constant cost to the top
//   test      jumps when a condition takes the selection out
//   enter     evaluates the sizes of a field and pushes a cost, for what lies below it
//   leave     pops it and adds what the field costs with it
//   call      adds the cost of a unit, which runs once a request
//   branch    pushes a cost, for one fragment of a set with an abstract parent
//   join      pops it and puts it aside
//   choose    takes `count` of those back and adds the largest sum of one row
//   ret       ends a unit
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cost/model.h"

namespace mc::cost {

inline constexpr std::uint32_t kNoIndex = 0xffffffff;

struct Range {
  std::uint32_t first = 0, count = 0;
};

enum class Op : std::uint8_t { add, test, enter, leave, call, branch, join, choose, ret };
struct Instruction {
  Op op{};
  // add: constants; test: conditions; enter, leave: fields; call: units; choose: choices
  std::uint32_t index = 0;
  std::uint32_t target = 0;  // test
};

// An input value as far as it costs: how often the weight of the place where it stands counts, and
// what lies below it.
struct Given {
  std::int64_t times = 0;
  WeightSum below;
};

struct Variable {
  std::string name;
  graphql::TypeId type = graphql::kNoType;  // without its lists
  bool has_default = false;
  Given fallback;  // the default of the operation
};

struct Condition {
  std::uint32_t variable = kNoIndex;
  bool has_default = false, fallback = false;
  bool wanted = true;  // false of @skip
};

// A variable within the arguments of a field.
struct Term {
  std::uint32_t variable = kNoIndex;
  Milli weight = 0;
};

// Of a value for a place of this type (without its lists). `invalid` when it is nested too deep.
Result<Given> walk_input(const CostModel::State& model, const json::Value& value,
                         graphql::TypeId type);

// The value of one slicing argument.
enum class Presence : std::uint8_t { absent, given, by_default };
struct SizeValue {
  Presence presence = Presence::absent;
  bool fits = true;  // an integer that is not negative
  std::int64_t value = 0;
};
struct Slice {
  std::uint32_t variable = kNoIndex;
  SizeValue absent;  // without that variable; the value itself when it needs none
  SizeValue null;    // when it is null
  const SlicingPath* path = nullptr;
  std::uint32_t step = 0;  // of the path, which the variable is the value of
};

// Of `value` at that step of the path; null when there is none. Defaults of the schema apply.
SizeValue read_size(const json::Value* value, const SlicingPath& path, std::size_t step);

// A @listSize where a document uses it.
struct Size {
  const SizeRule* rule = nullptr;
  Range slices;
  bool constant = false;  // `value` is its size
  std::int64_t value = 0;
};
// `values` are those of its slices.
class SizeTally {
 public:
  explicit SizeTally(const SizeRule& rule) : rule_(rule) {}
  Status add(const SizeValue& value, const SlicingPath& path);
  Result<std::int64_t> size(const CostConfig& config) const;

 private:
  const SizeRule& rule_;
  std::size_t given_ = 0, defaults_ = 0;
  std::int64_t largest_ = -1;
};

struct Field {
  Milli type_weight = 0;
  WeightSum own;           // weight, arguments and directives without variables
  Range terms;             // the other arguments
  Range sizes;             // to be evaluated first
  Range refs;              // to Size: the largest of these and of `least` is the outermost list
  std::int64_t least = 1;  // 1 of what is no list
  std::int64_t inner = 1;  // of the lists inside
};

// The objects of an abstract type, by the fragments that cover them.
struct Choice {
  std::uint32_t count = 0;  // of fragments
  Range rows;               // of ordinals: for each row how many, then which
};

struct CostProgram::Body {
  const CostModel::State* model = nullptr;
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> units;  // where they begin; the operation first
  std::vector<Cost> constants;
  std::vector<Condition> conditions;
  std::vector<Field> fields;
  std::vector<Term> terms;
  std::vector<Slice> slices;
  std::vector<Size> sizes;
  std::vector<std::uint32_t> refs;
  std::vector<Choice> choices;
  std::vector<std::uint32_t> ordinals;
  std::vector<Variable> variables;
  std::unordered_map<std::string_view, std::uint32_t> variable_index;
  Milli root_weight = 0;

  std::size_t steps() const {
    return instructions.size() + terms.size() + slices.size() + sizes.size() + refs.size() +
           ordinals.size();
  }
};

// The largest sum of a row, of each cost on its own. `rows` as in Choice, `costs` by ordinal.
Cost largest_row(const std::uint32_t* rows, std::size_t count, const Cost* costs);

// What a field adds with `below` under it.
Cost field_cost(const Field& field, const WeightSum& own, std::int64_t count, const Cost& below);

}  // namespace mc::cost
