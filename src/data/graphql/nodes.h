// The nodes of a parsed GraphQL document: plain data with 32-bit links, one vector per kind.
//
// Lists are singly linked through `next` in source order; kNone ends them. Every `at` is a byte
// offset into the source: of a definition it is its description, if it has one; of a part (field,
// argument, enum value) it is the name. Names are interned.
#pragma once

#include <cstdint>

namespace mc::graphql {

using Index = std::uint32_t;
using Symbol = std::uint32_t;  // an interned name; index into Document::names
inline constexpr Index kNone = 0xffffffff;

enum class ValueKind : std::uint8_t {
  variable,
  int_,
  float_,
  string,
  block_string,
  boolean_true,
  boolean_false,
  null,
  enum_,
  list,
  object
};
struct ValueNode {
  ValueKind kind{};
  std::uint32_t at = 0;
  Symbol name = kNone;  // variable, enum value; of an object field: ObjectField below
  std::uint32_t text = 0, text_length = 0;  // int/float: slice of source; strings: of `strings`
  Index first = kNone;                      // list: values; object: object fields
  Index next = kNone;                       // in a list
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
  std::uint32_t at = 0;           // field: alias or name; others: of "..."
  std::uint32_t name_at = 0;      // field and spread: of the name; inline: of the type condition
  Symbol name = kNone;            // field name, or fragment name of a spread
  Symbol alias = kNone;           // kNone when there is none
  Symbol type_condition = kNone;  // inline fragment; kNone when absent
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
  operation,
  fragment,
  schema,
  scalar,
  object,
  interface,
  union_,
  enum_,
  input,
  directive
};
struct TypeSystemNode {
  DefinitionKind kind{};
  bool extension = false, repeatable = false;  // repeatable: of a directive
  Symbol name = kNone;                         // not for schema
  std::uint32_t at = 0, name_at = 0;
  Index description = kNone, directives = kNone;
  Index names = kNone;   // interfaces, union members or directive locations
  Index fields = kNone;  // object, interface: field definitions
  Index inputs = kNone;  // input: fields; directive: arguments
  Index enum_values = kNone;
  Index operation_types[3] = {kNone, kNone, kNone};  // schema: first name of each OperationKind
  Index operation_type_list = kNone;                 // schema: all as written, repetitions too
};
struct DefinitionNode {
  DefinitionKind kind{};
  Index index = kNone;  // into operations, fragments or type_system
};

}  // namespace mc::graphql
