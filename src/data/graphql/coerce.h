// Input coercion (specification 3.4 to 3.12 "Input Coercion", 6.1.2, 6.4.1): variables from JSON,
// arguments from literals and variables. Messages are those of graphql-js 16 without its
// "Did you mean", which would tell names of the schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/document.h"
#include "graphql/schema.h"
#include "json/json.h"

namespace mc::graphql {

// What went wrong and where: byte offsets into the document, none when empty.
struct Fault {
  std::string message;
  std::vector<std::uint32_t> at;
};

// Bytes that coerced values may still take. Literals may name one big variable many times, so
// every copy is paid for.
class InputBudget {
 public:
  explicit InputBudget(std::size_t bytes) : left_(bytes) {}
  // False when the budget does not hold a copy of `value`; nothing is taken then.
  bool take(const json::Value& value);

 private:
  std::size_t left_;
};

// The coerced variables of one request, found by the symbol of their name.
class Variables {
 public:
  Variables() = default;
  explicit Variables(std::size_t symbols) : slots_(symbols) {}
  // Null when the request gave no value and there is no default.
  const json::Value* find(Symbol name) const {
    return name < slots_.size() && slots_[name] ? &*slots_[name] : nullptr;
  }
  void set(Symbol name, json::Value value) { slots_[name] = std::move(value); }

 private:
  std::vector<std::optional<json::Value>> slots_;
};

// What coercion works on, borrowed.
struct CoerceScope {
  const Schema& schema;
  const Document& document;
  const Variables& variables;
  InputBudget& budget;
};

inline constexpr std::size_t kVariableErrorsMax = 50;  // as in graphql-js

// `received` as parsed from the request. All faults, at most kVariableErrorsMax + 1.
tl::expected<Variables, std::vector<Fault>> coerce_variables(const Schema& schema,
                                                             const Document& document,
                                                             const OperationNode& operation,
                                                             const json::Object& received);

// One JSON value to an input type; faults get `what` and the path to the offending part in front.
struct JsonCoercion {
  const Schema& schema;
  std::string_view variable;
  std::uint32_t at = 0;  // of the variable definition
  std::vector<Fault>& faults;
};
json::Value coerce_json(JsonCoercion& coercion, const json::Value& value, TypeRef type);

// A literal of an input type; nothing when it does not fit (graphql-js valueFromAST).
std::optional<json::Value> coerce_literal(const CoerceScope& scope, Index value, TypeRef type);

// The arguments of a field or directive; `node_at` is where errors about absent ones point.
struct ArgumentSource {
  const std::vector<InputValueDef>& definitions;
  Index first = kNone;  // ArgumentNode list
  std::uint32_t node_at = 0;
};
tl::expected<json::Object, Fault> coerce_arguments(const CoerceScope& scope,
                                                   const ArgumentSource& source);

// Whether @skip and @include let a selection with this directive list be executed.
tl::expected<bool, Fault> is_included(const CoerceScope& scope, Index directives);

// The type a TypeNode names; nothing when it is unknown or wrapped more than 15 times.
std::optional<TypeRef> type_from_node(const Schema& schema, const Document& document, Index type);

// A value as graphql-js shows it in messages (its `inspect`), cut after some 2000 bytes.
std::string inspect(const json::Value& value);
// A type as the document has it: "[Person!]".
std::string print_type(const Document& document, Index type);

}  // namespace mc::graphql
