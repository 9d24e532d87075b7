// A parsed GraphQL document: one arena per node kind, 32-bit links, interned names.
//
// A Document owns its text and is immutable after parsing, so many threads may share one. Line and
// column are computed only for errors. Grammar: GraphQL, October 2021, and the descriptions on
// operations, fragments and variables of September 2025, as graphql-js 16 has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"
#include "graphql/nodes.h"  // IWYU pragma: export

namespace mc::graphql {

struct Document {
 private:
  // Nodes and names live here and are freed at once. A small document needs no more than this.
  static constexpr std::size_t kInsideBytes = 2048;
  alignas(std::max_align_t) std::byte inside_[kInsideBytes];
  std::pmr::monotonic_buffer_resource memory_{inside_, kInsideBytes};

 public:
  std::string source;
  std::string strings;                                 // decoded string values, back to back
  std::pmr::vector<std::string_view> names{&memory_};  // by Symbol; views into `source`
  std::pmr::vector<DefinitionNode> definitions{&memory_};
  std::pmr::vector<OperationNode> operations{&memory_};
  std::pmr::vector<FragmentNode> fragments{&memory_};
  std::pmr::vector<TypeSystemNode> type_system{&memory_};
  std::pmr::vector<SelectionNode> selections{&memory_};
  std::pmr::vector<ArgumentNode> arguments{&memory_};
  std::pmr::vector<DirectiveNode> directives{&memory_};
  std::pmr::vector<ValueNode> values{&memory_};
  std::pmr::vector<ObjectField> object_fields{&memory_};
  std::pmr::vector<TypeNode> types{&memory_};
  std::pmr::vector<VariableNode> variables{&memory_};
  std::pmr::vector<NameNode> name_nodes{&memory_};
  std::pmr::vector<OperationTypeNode> operation_types{&memory_};
  std::pmr::vector<InputValueNode> input_values{&memory_};
  std::pmr::vector<FieldDefinitionNode> field_definitions{&memory_};
  std::pmr::vector<EnumValueNode> enum_values{&memory_};
  std::uint32_t token_count = 0;

  explicit Document(std::string text) : source(std::move(text)) {}
  Document(const Document&) = delete;  // names point into source, nodes into the document
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
