// The resolver of the introspection types (specification section 4) over a Schema.
#pragma once

#include <span>

#include "graphql/execute.h"

namespace mc::graphql {

class Introspector final : public Resolver {
 public:
  // Fields of __Schema, __Type, ..., and __schema and __type of the query root. Never fails.
  void resolve(const FieldCall& call, std::span<const Object> parents,
               std::span<Datum> out) override;
};

}  // namespace mc::graphql
