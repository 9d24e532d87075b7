// What an operation costs before it runs, by the cost directives of IBM's specification (draft of
// 2021, ibm.github.io/graphql-specs/cost-spec.html): static query analysis. docs/formats/cost.md
// says where the draft leaves a choice and which one is made here.
//
//   CostModel    of a schema: the weights of @cost and the sizes of @listSize, read and checked
//   once CostProgram  of one operation: sums, products and bounds of its selections; small and
//   linear,
//                made once a document. A fragment is one part of it however often it is spread, so
//                a bomb of fragments costs no more to price than to write
//   price()      of one request: the program run with its variables
//
// All arithmetic saturates. A cost is an upper bound of what the operation can select.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/graphql.h"

namespace mc::cost {

// A thousandth of a credit; weights have at most three decimals. Saturates at kCostMax.
using Milli = std::int64_t;
inline constexpr Milli kMilli = 1'000;
inline constexpr Milli kCostMax = 1'000'000'000'000'000;     // 1e12 credits
inline constexpr Milli kWeightMax = 1'000'000'000;           // 1e6 credits, of either sign
inline constexpr std::int64_t kListSizeMax = 1'000'000'000;  // of any list
inline constexpr std::size_t kProgramStepsMax = 100'000;     // of one operation
inline constexpr std::size_t kTypeChoicesMax = 4'096;        // objects * fragments of one set

struct CostConfig {
  std::int64_t list_size = 100;  // assumed where nothing says how long a list is; 1 to kListSizeMax
};

class CostModel {
 public:
  // `invalid` names the place ("Query.people(first:)") and what is wrong with its directive: a
  // weight that is no decimal or beyond kWeightMax, or where none may be; a slicing argument that
  // is not there or no integer, a sized field that is no list, a negative size. The schema must
  // outlive the model.
  static Result<std::shared_ptr<const CostModel>> make(const graphql::Schema& schema,
                                                       const CostConfig& config = {});
  ~CostModel();
  CostModel(const CostModel&) = delete;
  CostModel& operator=(const CostModel&) = delete;

  const graphql::Schema& schema() const;

  struct State;  // model.h
  const State& state() const { return *state_; }

 private:
  explicit CostModel(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

struct Cost {
  Milli type = 0;   // objects and values that may be returned
  Milli field = 0;  // resolvers that may run
  bool operator==(const Cost&) const = default;
  // What is charged: the larger one, in whole credits, rounded up, at least 1.
  std::int64_t credits() const;
};

class CostProgram {
 public:
  // Of a document that validates against the model's schema; not kept. The model is, and must
  // outlive the program. `exhausted`: more than kProgramStepsMax steps, or nested too deep.
  // `invalid`: the operation is not there, fragments spread each other.
  static Result<std::unique_ptr<const CostProgram>> make(const CostModel& model,
                                                         const graphql::Document& document,
                                                         std::size_t operation);
  ~CostProgram();
  CostProgram(const CostProgram&) = delete;
  CostProgram& operator=(const CostProgram&) = delete;

  // Variables as the request has them, or coerced: the defaults of the operation apply here.
  // Allocates nothing for a usual operation. `invalid`, with the name of the field or variable:
  // none or several of the slicing arguments of a field that wants one, a value of one that is
  // negative or no integer, a variable of @skip or @include that is no Boolean. Any thread may call
  // it.
  Result<Cost> price(const json::Object& variables) const;
  // False: price() gives the same whatever the variables are.
  bool depends_on_variables() const;
  std::size_t steps() const;

  struct Body;  // program.h

 private:
  explicit CostProgram(std::unique_ptr<const Body> code);
  std::unique_ptr<const Body> code_;
};

}  // namespace mc::cost
