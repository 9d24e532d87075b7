#include "cost/spent.h"

#include "cost/program.h"

namespace mc::cost {
namespace {

// Those in lists each; recursion is bounded by the 15 wrappers of a type.
std::int64_t count_leaves(std::span<const graphql::Datum> values) {
  std::int64_t count = 0;
  for (const graphql::Datum& value : values) {
    if (value.kind == graphql::Datum::Kind::list) {
      count += count_leaves({value.items, value.count});
    } else if (value.kind != graphql::Datum::Kind::null &&
               value.kind != graphql::Datum::Kind::error) {
      ++count;
    }
  }
  return count;
}

}  // namespace

Spent::Spent(const CostModel& model, graphql::OperationKind kind) : model_(model.state()) {
  const graphql::TypeDef* root = model_.schema->root(kind);
  if (root != nullptr) type_.add(model_.types[root->id]);
}

WeightSum Spent::own_weight(const graphql::FieldCall& call) const {
  const FieldFacts& facts = model_.fields[call.field.id];
  WeightSum out;
  out.add(facts.weight);
  for (std::size_t i = 0; i < call.field.arguments.size(); ++i) {
    const graphql::InputValueDef& definition = call.field.arguments[i];
    const json::Value* value = call.arguments.find(definition.name);
    if (value == nullptr) continue;
    // What is nested too deep was refused before it ran.
    const Result<Given> given = walk_input(model_, *value, definition.type.named);
    if (!given) continue;
    out.add(facts.arguments[i], given->times);
    out.add(given->below);
  }
  return out;
}

void Spent::resolved(const graphql::FieldCall& call, std::span<const graphql::Datum> values,
                     std::size_t objects) {
  const graphql::TypeDef& type = model_.schema->type(call.field.type.named);
  const Milli weight = model_.types[type.id];
  if (weight != 0) {
    type_.add(weight, type.is_leaf() ? count_leaves(values) : static_cast<std::int64_t>(objects));
  }
  const auto parents = static_cast<std::int64_t>(values.size());
  const Milli own = own_weight(call).total();
  if (own != 0) field_.add(own, parents);
}

}  // namespace mc::cost
