// What an operation has cost by what it did: response analysis of IBM's specification, told by
// graphql::execute() while it runs instead of read from the answer.
#pragma once

#include "cost/cost.h"
#include "cost/weights.h"
#include "graphql/graphql.h"

namespace mc::cost {

// Sums weights as docs/formats/cost.md has them, over what was there: each object and leaf value
// counts its type, by the declared one, each field of each object itself and its arguments (with
// the defaults of the schema). Of a field that was resolved and nulled later too. Never more than
// price() when lists are no longer than it took them for and no default is an object. Of one
// thread.
class Spent final : public graphql::Tally {
 public:
  // The model's schema is that of the execution.
  Spent(const CostModel& model, graphql::OperationKind kind);
  void resolved(const graphql::FieldCall& call, std::span<const graphql::Datum> values,
                std::size_t objects) override;
  Cost total() const { return {type_.total(), field_.total()}; }

 private:
  WeightSum own_weight(const graphql::FieldCall& call) const;

  const CostModel::State& model_;
  WeightSum type_, field_;
};

}  // namespace mc::cost
