// Literals of a document: printed back, taken as they stand, or coerced to an input type.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "graphql/graphql.h"

namespace mc::graphql {

// As graphql-js prints a value: {a: 1, b: [true, "x"]}.
std::string print_literal(const Document& document, Index value);

// "Quoted", with the escapes of GraphQL; bytes outside ASCII stay except U+0080 to U+009F.
std::string print_string(std::string_view text);
// """Block""", on lines of its own when that reads better.
std::string print_block_string(std::string_view text);
bool printable_as_block_string(std::string_view text);

// The JSON of a literal when no type is known; enum values become strings, variables null.
json::Value untyped_literal(const Document& document, Index value);

// Specification 3.12 "input coercion" without variables. `ready` is asked before the
// default of a field of an input type is read and may refuse; the schema builder orders its work
// so.
struct Coercion {
  const Schema& schema;
  const Document& document;
  std::function<bool(TypeId, std::size_t)> ready = [](TypeId, std::size_t) { return true; };

  // Nothing when the literal does not fit the type.
  std::optional<json::Value> coerce(Index value, TypeRef type) const;

 private:
  std::optional<json::Value> coerce_list(const ValueNode& node, Index value, TypeRef type) const;
  std::optional<json::Value> coerce_object(const ValueNode& node, const TypeDef& type) const;
  std::optional<json::Value> coerce_leaf(const ValueNode& node, Index value,
                                         const TypeDef& type) const;
};

// The text of a coerced value as introspection gives it ("defaultValue").
std::string print_value(const Schema& schema, const json::Value& value, TypeRef type);

}  // namespace mc::graphql
