// Literals and variables where an input type is expected.
#pragma once

#include <vector>

#include "graphql/validate.h"

namespace mc::graphql {

// One use of a variable, with what its place asks for.
struct VariableUsage {
  Index value = kNone;
  InputPlace place;
};

// ValuesOfCorrectType, UniqueInputFieldNames and the collection of variable usages, in one walk.
class ValueWalk {
 public:
  explicit ValueWalk(ValidationContext& context);

  // Usages go to `usages`. Recursion is bounded by the depth of the parser.
  void walk(Index value, const InputPlace& place, std::vector<VariableUsage>& usages);

 private:
  void visit(Index value, const InputPlace& place, bool check);
  void visit_list(Index value, const InputPlace& place, bool check);
  void visit_object(Index value, const InputPlace& place, bool check);
  void check_required(Index value, const TypeDef& type);
  void check_one_of(Index value, const TypeDef& type);
  void unknown_field(const ObjectField& field, const TypeDef& type);
  const std::vector<const InputValueDef*>& required_inputs(const TypeDef& type);

  ValidationContext& context_;
  std::vector<VariableUsage>* usages_ = nullptr;
  std::unordered_map<TypeId, std::vector<const InputValueDef*>> required_;
};

}  // namespace mc::graphql
