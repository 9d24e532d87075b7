// A compiled schema: dense ids, built at run time from SDL, immutable and shareable afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "graphql/document.h"
#include "json/json.h"

namespace mc::graphql {

using TypeId = std::uint32_t;
inline constexpr TypeId kNoType = 0xffffffff;

// A type with its wrappers. `wrappers` reads from the outside in, two bits each, lowest first:
// 0 = end, 1 = list, 2 = non-null. [T!]! is non-null, list, non-null = 0b10'01'10. At most 15.
struct TypeRef {
  TypeId named = kNoType;
  std::uint32_t wrappers = 0;
  bool operator==(const TypeRef&) const = default;
  bool is_non_null() const { return (wrappers & 3) == 2; }
  bool is_list() const { return (wrappers & 3) == 1; }
  TypeRef inner() const { return {named, wrappers >> 2}; }
  TypeRef nullable() const { return is_non_null() ? inner() : *this; }
};

struct AppliedDirective {
  std::string name;
  json::Object arguments;  // coerced where the directive is known, else as written
};
// Coerced input values. Enum values are kept apart from strings by this wrapper of json::Value:
// an enum is stored as a JSON string; custom scalars as whatever literal was given.
struct InputValueDef {
  std::string name;
  std::string description;
  TypeRef type;
  std::optional<json::Value> default_value;  // coerced
  std::string default_text;                  // as printed by introspection, "" = none
  std::optional<std::string> deprecated;     // the reason
  std::vector<AppliedDirective> directives;
  bool required() const { return type.is_non_null() && !default_value; }
};
struct FieldDef {
  std::string name;
  std::string description;
  TypeRef type;
  std::vector<InputValueDef> arguments;
  std::optional<std::string> deprecated;
  std::vector<AppliedDirective> directives;
  std::uint32_t id = 0;   // dense over the whole schema
  std::uint32_t tag = 0;  // free for the owner of the resolvers
  const InputValueDef* argument(std::string_view name) const;
};
struct EnumValueDef {
  std::string name;
  std::string description;
  std::optional<std::string> deprecated;
  std::vector<AppliedDirective> directives;
};
enum class NamedKind : std::uint8_t { scalar, object, interface, union_, enum_, input };
struct TypeDef {
  NamedKind kind{};
  bool built_in = false;  // String, __Type, ...
  bool one_of = false;    // input with @oneOf: exactly one field, not null
  TypeId id = kNoType;
  std::string name;
  std::string description;
  std::string specified_by;        // scalar, "" = none
  std::vector<FieldDef> fields;    // object, interface; without __typename
  std::vector<TypeId> interfaces;  // object, interface
  std::vector<TypeId> possible;    // object: itself; interface, union: objects, in order
  std::vector<EnumValueDef> enum_values;
  std::vector<InputValueDef> inputs;  // input
  std::vector<AppliedDirective> directives;
  std::unordered_map<std::string_view, std::uint32_t> field_index;  // into fields or inputs

  const FieldDef* field(std::string_view name) const;
  const InputValueDef* input(std::string_view name) const;
  bool is_leaf() const { return kind == NamedKind::scalar || kind == NamedKind::enum_; }
  bool is_composite() const { return !is_leaf() && kind != NamedKind::input; }
  bool is_abstract() const { return kind == NamedKind::interface || kind == NamedKind::union_; }
};
struct DirectiveDef {
  std::string name;
  std::string description;
  std::vector<std::string> locations;  // "FIELD", "QUERY", ...
  std::vector<InputValueDef> arguments;
  bool repeatable = false;
  bool built_in = false;
};

class Schema {
 public:
  // Builds from SDL documents in order (extensions too). With `check` all rules of the
  // specification's type validation are applied; the error lists every finding, a line each.
  // Without it, only what the structures need (unknown types, duplicate names).
  enum class Check { full, structure_only };
  static Result<std::unique_ptr<Schema>> build(const std::vector<std::string>& sdl,
                                               Check check = Check::full);

  const TypeDef* find(std::string_view name) const;
  const TypeDef& type(TypeId id) const { return types_[id]; }
  const std::vector<TypeDef>& types() const { return types_; }
  const DirectiveDef* directive(std::string_view name) const;
  const std::vector<DirectiveDef>& directives() const { return directives_; }
  const TypeDef* root(OperationKind kind) const;
  const std::string& description() const { return description_; }
  bool is_possible(TypeId abstract, TypeId object) const;  // also true when equal
  std::size_t field_count() const { return field_count_; }
  std::string type_text(TypeRef type) const;                               // "[Person!]!"
  FieldDef* mutable_field(std::string_view type, std::string_view field);  // to set `tag`
  // The meta fields, addressable like any other: __typename, __schema, __type.
  const FieldDef& typename_field() const { return typename_field_; }
  const FieldDef& schema_field() const { return schema_field_; }
  const FieldDef& type_field() const { return type_field_; }

 private:
  friend class SchemaBuilder;
  std::vector<TypeDef> types_;
  std::unordered_map<std::string_view, TypeId> type_index_;
  std::vector<DirectiveDef> directives_;
  TypeId roots_[3] = {kNoType, kNoType, kNoType};
  std::string description_;
  std::size_t field_count_ = 0;
  FieldDef typename_field_, schema_field_, type_field_;
};

// SDL text of a schema, as graphql-js printSchema prints it.
std::string print_schema(const Schema& schema);

}  // namespace mc::graphql
