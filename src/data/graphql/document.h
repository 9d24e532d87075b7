// A parsed GraphQL document: one arena per node kind, 32-bit links, interned names.
//
// Lists are singly linked through `next` in source order; kNone ends them. Every `at` is a byte
// offset into `source`; line and column are computed only for errors. A Document owns its text and
// is immutable after parsing, so many threads may share one. Grammar: GraphQL, October 2021, and
// the descriptions on operations, fragments and variables of September 2025, as graphql-js 16 has.
// `at` of a definition is its description, if any; of a part (field, enum value) it is the name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::graphql {

using Index = std::uint32_t;
using Symbol = std::uint32_t;  // an interned name; index into Document::names
inline constexpr Index kNone = 0xffffffff;

enum class ValueKind : std::uint8_t {
  variable, int_, float_, string, block_string, boolean_true, boolean_false, null, enum_, list, object
};
struct ValueNode {
  ValueKind kind{};
  std::uint32_t at = 0;
  Symbol name = kNone;   // variable, enum value; of an object field: ObjectField below
  std::uint32_t text = 0, text_length = 0;  // int/float: slice of source; strings: of `strings`
  Index first = kNone;   // list: values; object: object fields
  Index next = kNone;    // in a list
};
struct ObjectField {
  Symbol name = kNone;
  std::uint32_t at = 0;
  Index value = kNone;
  Index next = kNone;
};
struct ArgumentNode {
  Symbol name = kNone;
  std::uint32_t at = 0;
  Index value = kNone;
  Index next = kNone;
};
struct DirectiveNode {
  Symbol name = kNone;
  std::uint32_t at = 0;  // of '@'
  Index arguments = kNone;
  Index next = kNone;
};
enum class SelectionKind : std::uint8_t { field, spread, inline_fragment };
struct SelectionNode {
  SelectionKind kind{};
  bool has_selections = false;
  std::uint32_t at = 0;          // field: alias or name; others: of "..."
  std::uint32_t name_at = 0;     // field and spread: of the name; inline: of the type condition
  Symbol name = kNone;           // field name, or fragment name of a spread
  Symbol alias = kNone;          // kNone when there is none
  Symbol type_condition = kNone; // inline fragment; kNone when absent
  Index arguments = kNone;
  Index directives = kNone;
  Index selections = kNone;
  Index next = kNone;
  Symbol response_name() const { return alias == kNone ? name : alias; }
};
enum class TypeKind : std::uint8_t { named, list, non_null };
struct TypeNode {
  TypeKind kind{};
  std::uint32_t at = 0;
  Symbol name = kNone;
  Index inner = kNone;
};
struct VariableNode {
  Symbol name = kNone;
  std::uint32_t at = 0;  // of '$'
  Index description = kNone;
  Index type = kNone;
  Index default_value = kNone;
  Index directives = kNone;
  Index next = kNone;
};
enum class OperationKind : std::uint8_t { query, mutation, subscription };
struct OperationNode {
  OperationKind kind{};
  bool shorthand = false;  // "{ a }"
  Symbol name = kNone;
  std::uint32_t at = 0, name_at = 0;
  Index description = kNone;
  Index variables = kNone, directives = kNone, selections = kNone;
};
struct FragmentNode {
  Symbol name = kNone;
  std::uint32_t at = 0, name_at = 0;
  Index description = kNone;
  Symbol type_condition = kNone;
  std::uint32_t type_condition_at = 0;
  Index directives = kNone, selections = kNone;
};

// Type system definitions; also the shapes of their parts. `description` is an index into values.
struct NameNode {
  Symbol name = kNone;
  std::uint32_t at = 0;
  Index next = kNone;
};
struct InputValueNode {
  Symbol name = kNone;
  std::uint32_t at = 0;
  Index description = kNone;
  Index type = kNone;
  Index default_value = kNone;
  Index directives = kNone;
  Index next = kNone;
};
struct FieldDefinitionNode {
  Symbol name = kNone;
  std::uint32_t at = 0;
  Index description = kNone;
  Index arguments = kNone;  // input values
  Index type = kNone;
  Index directives = kNone;
  Index next = kNone;
};
struct EnumValueNode {
  Symbol name = kNone;
  std::uint32_t at = 0;
  Index description = kNone, directives = kNone, next = kNone;
};
struct OperationTypeNode {  // "query: Query" of a schema definition
  OperationKind kind{};
  std::uint32_t at = 0, type_at = 0;
  Symbol type = kNone;
  Index next = kNone;
};
enum class DefinitionKind : std::uint8_t {
  operation, fragment, schema, scalar, object, interface, union_, enum_, input, directive
};
struct TypeSystemNode {
  DefinitionKind kind{};
  bool extension = false, repeatable = false;  // repeatable: of a directive
  Symbol name = kNone;            // not for schema
  std::uint32_t at = 0, name_at = 0;
  Index description = kNone, directives = kNone;
  Index names = kNone;            // interfaces, union members or directive locations
  Index fields = kNone;           // object, interface: field definitions
  Index inputs = kNone;           // input: fields; directive: arguments
  Index enum_values = kNone;
  Index operation_types[3] = {kNone, kNone, kNone};  // schema: first name of each OperationKind
  Index operation_type_list = kNone;                 // schema: all as written, repetitions too
};
struct DefinitionNode {
  DefinitionKind kind{};
  Index index = kNone;  // into operations, fragments or type_system
};

struct Document {
  std::string source;
  std::string strings;  // decoded string values, back to back
  std::vector<std::string_view> names;  // by Symbol; views into `source`
  std::vector<DefinitionNode> definitions;
  std::vector<OperationNode> operations;
  std::vector<FragmentNode> fragments;
  std::vector<TypeSystemNode> type_system;
  std::vector<SelectionNode> selections;
  std::vector<ArgumentNode> arguments;
  std::vector<DirectiveNode> directives;
  std::vector<ValueNode> values;
  std::vector<ObjectField> object_fields;
  std::vector<TypeNode> types;
  std::vector<VariableNode> variables;
  std::vector<NameNode> name_nodes;
  std::vector<OperationTypeNode> operation_types;
  std::vector<InputValueNode> input_values;
  std::vector<FieldDefinitionNode> field_definitions;
  std::vector<EnumValueNode> enum_values;
  std::uint32_t token_count = 0;

  Document() = default;
  Document(const Document&) = delete;  // names point into source
  Document& operator=(const Document&) = delete;

  std::string_view name(Symbol symbol) const {
    return symbol == kNone ? std::string_view() : names[symbol];
  }
  // Digits of a number or the decoded characters of a string.
  std::string_view text(const ValueNode& value) const {
    const bool decoded = value.kind == ValueKind::string || value.kind == ValueKind::block_string;
    return std::string_view(decoded ? strings : source).substr(value.text, value.text_length);
  }
};

struct Location {
  std::uint32_t line = 1;    // from 1
  std::uint32_t column = 1;  // from 1, in UTF-16 code units like graphql-js
  bool operator==(const Location&) const = default;
};
Location locate(std::string_view source, std::uint32_t at);

}  // namespace mc::graphql
