// What an operation selects, collected once per concrete type and kept: the plan of execute().
//
// A SetPlan is the merged selection sets below one response field; fields() gives what it selects
// on objects of one type. Plans grow while they are used. Growing takes a lock, reading does not,
// and nothing handed out changes or moves until the Plan dies.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/coerce.h"
#include "graphql/execute.h"

namespace mc::graphql {

struct TypePlan;

struct SetPlan {
  std::vector<Index> sets;  // first SelectionNode of each selection set to merge, in order
  mutable std::atomic<const TypePlan*> types{nullptr};  // a list through TypePlan::next
  mutable KeptSlot kept;                                // of the field's resolver
};

// Where the value of a field comes from.
enum class Source : std::uint8_t { resolver, type_name, introspection };
// How a leaf is written; none for composite types.
enum class Leaf : std::uint8_t { none, integer, real, text, boolean, id, enum_, custom };

struct FieldPlan {
  const FieldDef* field = nullptr;
  Source source = Source::resolver;
  Leaf leaf = Leaf::none;
  bool plain_text = false;          // String or ID, not a list of them
  bool variable_arguments = false;  // then `arguments` is empty and made for each execution
  std::string_view response_name;
  std::string key;                 // `"name":`, ready to be written
  std::vector<Index> nodes;        // the merged SelectionNodes, for locations
  const TypeDef* named = nullptr;  // the type without its wrappers
  json::Object arguments;
  std::optional<Fault> fault;      // of constant arguments
  std::unique_ptr<SetPlan> below;  // composite types only
};

struct TypePlan {
  const TypeDef* type = nullptr;
  std::vector<FieldPlan> fields;
  std::optional<Fault> fault;  // a @skip or @include without a usable value
  const TypePlan* next = nullptr;
};

class Plan {
 public:
  Plan(const Schema& schema, const Document& document, const OperationNode& operation);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const SetPlan& root() const { return root_; }
  // `variables` decide @skip and @include only; all users of a plan must agree on those.
  const TypePlan& fields(const SetPlan& set, const TypeDef& type, const Variables& variables);

 private:
  class Collector;
  std::unique_ptr<TypePlan> build(const SetPlan& set, const TypeDef& type,
                                  const Variables& variables) const;

  const Schema& schema_;
  const Document& document_;
  SetPlan root_;
  std::vector<Index> fragments_;  // by the symbol of their name; empty when there are none
  std::mutex growing_;
  std::deque<std::unique_ptr<TypePlan>> held_;  // guarded by growing_
};

// Plans of one operation for each combination of values of the variables in @skip and @include.
struct PreparedOperation::Inner {
  Inner(const Schema& schema_in, const Document& document_in, const OperationNode& operation_in);
  // The shared plan, or nothing when the conditions have no usable values or too many variants.
  Plan* plan(const Variables& variables);

  const Schema& schema;
  const Document& document;
  const OperationNode& operation;
  bool introspects = false;  // somewhere in the document
  std::uint32_t introspects_at = 0;

 private:
  static constexpr std::size_t kConditionsMax = 60;
  static constexpr std::size_t kVariantsMax = 16;
  struct Variant {
    std::uint64_t bits = 0;  // one for each condition
    std::unique_ptr<Plan> plan;
  };
  std::vector<Symbol> conditions_;
  std::optional<Plan> only_;  // when there are no conditions
  Guarded<std::vector<Variant>> variants_;
};

// Offset of the first field named __schema or __type.
std::optional<std::uint32_t> find_introspection(const Document& document);

}  // namespace mc::graphql
