// A parsed GraphQL document: one arena per node kind, 32-bit links, interned names.
//
// A Document owns its text and is immutable after parsing, so many threads may share one. Line and
// column are computed only for errors. Grammar: GraphQL, October 2021, and the descriptions on
// operations, fragments and variables of September 2025, as graphql-js 16 has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/nodes.h"  // IWYU pragma: export

namespace mc::graphql {

struct Document {
  std::string source;
  std::string strings;                  // decoded string values, back to back
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
