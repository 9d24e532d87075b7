// A recursive descent over GraphQL, production for production as gqlparser does it, so that what is
// accepted and where errors are found is the same. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "graphrego/lexer.h"
#include "graphrego/tree.h"

namespace mc::graphrego {

class Parser {
 public:
  Parser(term::Arena& arena, std::string_view text) : arena_(arena), lexer_(text) {}

  Value query_document();   // parser.cc
  Value schema_document();  // parser_schema.cc
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  // An object in the making. Empty lists and absent parts are left out.
  class Node {
   public:
    explicit Node(Parser& parser) : parser_(parser), value_(term::object(parser.arena_)) {}
    Node& set(std::string_view name, Value value);
    Node& set(std::string_view name, std::string_view text);
    Node& flag(std::string_view name, bool value) { return set(name, Value::boolean(value)); }
    Value value() const { return value_; }

   private:
    Parser& parser_;
    Value value_;
  };
  // A string before a definition, and the comment before that.
  struct Description {
    std::string text;
    Value comment;
  };
  enum class Constant : bool { no, yes };

  // Tokens (parser.cc). After a fault the last token is seen for ever.
  const Token& peek();
  Token next();
  Token read_past_comments();
  bool failed() const { return fault_.has_value(); }
  bool is(TokenKind kind) { return peek().kind == kind; }
  bool is_keyword(std::string_view word) { return peek().value == word; }
  bool skip(TokenKind kind);
  void expect(TokenKind kind);
  void expect_keyword(std::string_view word);
  std::string name();
  void fail(const Token& token, std::string message);
  void unexpected() { fail(peek(), "Unexpected " + peek().text()); }
  bool enter();  // false, with a fault, where things are nested too deeply
  void leave() { --depth_; }

  Value text(std::string_view value) { return term::string(arena_, value); }
  // A node that starts at the next token, whose comment it keeps under `comment_name`.
  Node begin(std::string_view comment_name = "Comment");
  // Items between `open` and `close`; undefined when there is no `open`. some: at least one.
  template <class Item>
  Value many(TokenKind open, TokenKind close, const Item& item);
  template <class Item>
  Value some(TokenKind open, TokenKind close, const Item& item);
  template <class Item>
  Value rest_of_list(TokenKind close, const Item& item);

  // Queries (parser.cc).
  Value operation();
  std::string operation_type();
  Value variable_definitions();
  Value variable_definition();
  Value fragment_definition();
  std::string fragment_name();
  Value selection_set();
  Value selection();
  Value field();
  Value fragment();
  Value arguments(Constant constant);
  Value argument(Constant constant);
  Value literal(Constant constant);
  Value nested_literal(Constant constant);
  Value value_node(int kind, std::string_view raw, Place at);
  Value object_field(Constant constant);
  Value directives(Constant constant);
  Value type_reference();

  // Schemas (parser_schema.cc).
  Description description();
  Node begin_definition(const Description& description, Value comment);
  Node begin_described();
  Value schema_definition(const Description& description);
  Value operation_type_definition();
  Value type_definition(const Description& description);
  Value directive_definition(const Description& description);
  void extension();
  Value schema_extension(Value comment);
  Value type_extension(Value comment);
  Value names_after(TokenKind separator);
  Value fields_definition();
  Value field_definition();
  Value input_field_definition();
  Value argument_definitions();
  Value enum_value_definition();
  Value directive_locations();
  void finish_type(Node& node, std::string_view keyword, Constant constant);

  term::Arena& arena_;
  Lexer lexer_;
  std::optional<Fault> fault_;
  bool peeked_ = false;
  Token token_, last_;
  Value comment_;  // before the token peeked at
  int depth_ = 0;
  Value definitions_, extensions_, schemas_, schema_extensions_, directives_;
};

template <class Item>
Value Parser::rest_of_list(TokenKind close, const Item& item) {
  Value list = term::array(arena_);
  while (!failed() && !is(close)) {
    const Value made = item();
    if (!failed()) term::append(arena_, list, made);
  }
  return list;
}

template <class Item>
Value Parser::many(TokenKind open, TokenKind close, const Item& item) {
  if (!skip(open)) return {};
  const Value list = rest_of_list(close, item);
  next();
  return list;
}

template <class Item>
Value Parser::some(TokenKind open, TokenKind close, const Item& item) {
  if (!skip(open)) return {};
  const Value list = rest_of_list(close, item);
  if (!failed() && list.size() == 0) {
    fail(peek(), "expected at least one definition, found " + std::string(kind_text(peek().kind)));
    return {};
  }
  next();
  return list;
}

}  // namespace mc::graphrego
