// Recursive descent over the grammar of October 2021, with the same order of reading, and so the
// same first error, as graphql-js 16. Private to parse().
//
// After the first error the current token is `failed`, which matches nothing: every function may
// go on without looking, loops end, and the half-made Document is thrown away. Depth is counted,
// so the machine stack is bounded by ParseLimits::depth_max, whatever the input.
#pragma once

#include <algorithm>
#include <memory_resource>
#include <string>
#include <string_view>

#include "graphql/document.h"
#include "graphql/graphql.h"
#include "graphql/intern.h"
#include "graphql/lexer.h"

namespace mc::graphql {

// How many bytes of source there usually are for one node. Too much room costs page faults, too
// little costs copies.
template <class Node>
inline constexpr std::size_t kBytesPerNode = 256;
template <>
inline constexpr std::size_t kBytesPerNode<SelectionNode> = 24;
template <>
inline constexpr std::size_t kBytesPerNode<ArgumentNode> = 40;
template <>
inline constexpr std::size_t kBytesPerNode<ValueNode> = 32;
template <>
inline constexpr std::size_t kBytesPerNode<TypeNode> = 64;
template <>
inline constexpr std::size_t kBytesPerNode<std::string_view> = 48;

enum class Constness { variable, constant };

class Parser {
 public:
  Parser(Document& document, const ParseLimits& limits);
  bool parse_document();  // false: error() says why
  GraphqlError error() const;

 private:
  // Appends `last` to a linked list and remembers it as its end.
  template <class Node>
  struct List {
    std::pmr::vector<Node>& nodes;
    Index first = kNone;
    Index last = kNone;
    void append(Index index) {
      if (last == kNone) {
        first = index;
      } else {
        nodes[last].next = index;
      }
      last = index;
    }
  };
  template <class Node>
  List<Node> list_of(std::pmr::vector<Node>& nodes) {
    return {nodes};
  }
  // The first node of a kind reserves room for what a source of this size usually has.
  template <class Node>
  Index add(std::pmr::vector<Node>& nodes, const Node& node) {
    if (nodes.empty()) nodes.reserve(room(kBytesPerNode<Node>));
    nodes.push_back(node);
    return static_cast<Index>(nodes.size() - 1);
  }
  std::size_t room(std::size_t bytes_per_node) const {
    return std::clamp<std::size_t>(document_.source.size() / bytes_per_node, 8, 8192);
  }
  template <class Node, class Item>
  Index optional_many(std::pmr::vector<Node>& nodes, TokenKind open, TokenKind close, Item item) {
    List<Node> list = list_of(nodes);
    if (!skip(open)) return kNone;
    do {
      list.append(item());
    } while (!failed() && !skip(close));
    return list.first;
  }

  // Tokens.
  void advance();
  void advance_rare(std::uint32_t position);
  Token lookahead();
  bool peek(TokenKind kind) const { return token_.kind == kind; }
  bool failed() const { return token_.kind == TokenKind::failed; }
  bool skip(TokenKind kind) {
    if (token_.kind != kind) return false;
    advance();
    return true;
  }
  void expect(TokenKind kind);
  bool is_keyword(const Token& token, std::string_view word) const {
    return token.kind == TokenKind::name && lexer_.text(token) == word;
  }
  bool skip_keyword(std::string_view word);
  void expect_keyword(std::string_view word);
  bool peek_description() const { return peek(TokenKind::string) || peek(TokenKind::block_string); }
  std::string value_of(const Token& token) const;  // "" for punctuators
  std::string describe(const Token& token) const;  // as in messages
  void fail(std::uint32_t at, std::string message, std::string_view code = {});
  void fail_as_lexer();
  void fail_too_many_tokens();
  void unexpected(const Token& token);
  bool enter();  // one level deeper; false after a failure
  void leave() { --depth_; }

  // Executable documents.
  Symbol parse_name();
  void parse_definition();
  void parse_definition_keyword(const Token& keyword, bool described);
  void parse_operation();
  bool parse_operation_kind(OperationKind& kind);
  void parse_fragment();
  Symbol parse_fragment_name();
  Index parse_variables();
  Index parse_variable();
  Index parse_selections();
  Index parse_selection();
  Index parse_field();
  Index parse_spread();
  Index parse_arguments(Constness constness);
  Index parse_argument(Constness constness);
  Index parse_directives(Constness constness);

  // Values and types.
  Index parse_value(Constness constness);
  Index parse_variable_value(Constness constness);
  Index parse_list_value(Constness constness);
  Index parse_object_value(Constness constness);
  Index parse_name_value();
  Index parse_string_value();
  Index parse_description() { return peek_description() ? parse_string_value() : kNone; }
  Index parse_type();

  // Type system documents.
  DefinitionKind type_system_kind(const Token& keyword) const;  // operation when none
  void parse_type_system(DefinitionKind kind);
  void parse_extension();
  void parse_type_system_body(TypeSystemNode& node);
  void parse_operation_types(TypeSystemNode& node);
  Index parse_operation_type();
  Index parse_implements();
  Index parse_names(TokenKind delimiter, bool locations);
  Index parse_name_node();
  Index parse_location();
  Index parse_fields();
  Index parse_field_definition();
  Index parse_input_values(TokenKind open, TokenKind close);
  Index parse_input_value();
  Index parse_enum_values();
  Index parse_enum_value();

  Document& document_;
  const ParseLimits& limits_;
  Lexer lexer_;
  Interner interner_;
  Token token_;
  int depth_ = 0;
  int depth_max_;
  std::uint32_t token_count_ = 0;
  std::string message_;
  std::string_view code_;
  std::uint32_t error_at_ = 0;
};

}  // namespace mc::graphql
