#include "graphrego/parser.h"

#include <utility>

namespace mc::graphrego {

Parser::Node& Parser::Node::set(std::string_view name, Value value) {
  if (value.is_undefined() || (value.is_array() && value.size() == 0)) return *this;
  term::insert(parser_.arena_, value_, name, value);
  return *this;
}

Parser::Node& Parser::Node::set(std::string_view name, std::string_view text) {
  return set(name, parser_.text(text));
}

// Comments before a token are kept as one group.
Token Parser::read_past_comments() {
  Token token = lexer_.next();
  if (token.kind != TokenKind::comment) return token;
  Value list = term::array(arena_);
  while (token.kind == TokenKind::comment) {
    term::append(arena_, list, Node(*this).set("Value", token.value).value());
    token = lexer_.next();
  }
  comment_ = Node(*this).set("List", list).value();
  return token;
}

const Token& Parser::peek() {
  if (failed()) return last_;
  if (!peeked_) {
    token_ = read_past_comments();
    peeked_ = true;
  }
  return token_;
}

Token Parser::next() {
  if (failed()) return last_;
  peek();
  peeked_ = false;
  comment_ = {};
  last_ = token_;
  return last_;
}

bool Parser::skip(TokenKind kind) {
  if (failed() || !is(kind)) return false;
  next();
  return true;
}

void Parser::expect(TokenKind kind) {
  if (skip(kind)) return;
  fail(peek(), "Expected " + std::string(kind_text(kind)) + ", found " +
                   std::string(kind_text(peek().kind)));
}

void Parser::expect_keyword(std::string_view word) {
  if (is(TokenKind::name) && is_keyword(word)) {
    next();
    return;
  }
  fail(peek(), "Expected " + quote(word) + ", found " + peek().text());
}

std::string Parser::name() {
  std::string found = peek().value;
  expect(TokenKind::name);
  return found;
}

void Parser::fail(const Token& token, std::string message) {
  if (!failed()) fault_ = Fault{std::move(message), token.at};
}

bool Parser::enter() {
  if (++depth_ <= kDepthMax) return true;
  fail(peek(), "Nested more than " + std::to_string(kDepthMax) + " levels deep");
  return false;
}

Parser::Node Parser::begin(std::string_view comment_name) {
  Node node(*this);
  node.set("Position", place_value(peek().at));
  node.set(comment_name, comment_);
  return node;
}

Value Parser::query_document() {
  Value operations = term::array(arena_), fragments = term::array(arena_);
  while (!failed() && !is(TokenKind::eof)) {
    const bool named = is(TokenKind::name);
    if (is(TokenKind::brace_l) ||
        (named && (is_keyword("query") || is_keyword("mutation") || is_keyword("subscription")))) {
      const Value made = operation();
      if (!failed()) term::append(arena_, operations, made);
    } else if (named && is_keyword("fragment")) {
      const Value made = fragment_definition();
      if (!failed()) term::append(arena_, fragments, made);
    } else {
      unexpected();
    }
  }
  return Node(*this).set("Operations", operations).set("Fragments", fragments).value();
}

Value Parser::operation() {
  if (is(TokenKind::brace_l)) {
    Node node(*this);
    node.set("Position", place_value(peek().at)).set("Operation", "query").set("Name", "");
    return node.set("SelectionSet", selection_set()).value();
  }
  Node node = begin();
  node.set("Operation", operation_type());
  node.set("Name", is(TokenKind::name) ? next().value : "");
  node.set("VariableDefinitions", variable_definitions());
  node.set("Directives", directives(Constant::no));
  return node.set("SelectionSet", selection_set()).value();
}

std::string Parser::operation_type() {
  const Token token = next();
  if (token.value != "query" && token.value != "mutation" && token.value != "subscription") {
    fail(token, "Unexpected " + token.text());
  }
  return token.value;
}

Value Parser::variable_definitions() {
  return many(TokenKind::paren_l, TokenKind::paren_r, [this] { return variable_definition(); });
}

Value Parser::variable_definition() {
  Node node = begin();
  expect(TokenKind::dollar);
  node.set("Variable", name());
  expect(TokenKind::colon);
  node.set("Type", type_reference());
  if (skip(TokenKind::equals)) node.set("DefaultValue", literal(Constant::yes));
  node.set("Directives", directives(Constant::no));
  return node.flag("Used", false).value();
}

Value Parser::fragment_definition() {
  Node node = begin();
  expect_keyword("fragment");
  node.set("Name", fragment_name());
  node.set("VariableDefinition", variable_definitions());
  expect_keyword("on");
  node.set("TypeCondition", name());
  node.set("Directives", directives(Constant::no));
  return node.set("SelectionSet", selection_set()).value();
}

std::string Parser::fragment_name() {
  if (!is_keyword("on")) return name();
  unexpected();
  return "";
}

Value Parser::selection_set() {
  if (!is(TokenKind::brace_l)) {
    expect(TokenKind::brace_l);
    return {};
  }
  Value selections;
  if (enter()) {
    selections = some(TokenKind::brace_l, TokenKind::brace_r, [this] { return selection(); });
  }
  leave();
  return selections;
}

Value Parser::selection() {
  return is(TokenKind::spread) ? fragment() : field();
}

Value Parser::field() {
  Node node = begin();
  const std::string alias = name();
  node.set("Alias", alias);
  node.set("Name", skip(TokenKind::colon) ? name() : alias);
  node.set("Arguments", arguments(Constant::no));
  node.set("Directives", directives(Constant::no));
  if (is(TokenKind::brace_l)) node.set("SelectionSet", selection_set());
  return node.value();
}

Value Parser::fragment() {
  peek();
  const Value comment = comment_;
  expect(TokenKind::spread);
  Node node(*this);
  node.set("Position", place_value(peek().at)).set("Comment", comment);
  if (is(TokenKind::name) && !is_keyword("on")) {
    node.set("Name", fragment_name());
    return node.set("Directives", directives(Constant::no)).value();
  }
  std::string condition;
  if (is_keyword("on")) {
    next();
    condition = name();
  }
  node.set("TypeCondition", condition);
  node.set("Directives", directives(Constant::no));
  return node.set("SelectionSet", selection_set()).value();
}

Value Parser::arguments(Constant constant) {
  return many(TokenKind::paren_l, TokenKind::paren_r, [&] { return argument(constant); });
}

Value Parser::argument(Constant constant) {
  Node node = begin();
  node.set("Name", name());
  expect(TokenKind::colon);
  return node.set("Value", literal(constant)).value();
}

namespace {

// gqlparser's ValueKind.
enum Kind : int {
  kVariable,
  kInt,
  kFloat,
  kString,
  kBlock,
  kBoolean,
  kNull,
  kEnum,
  kList,
  kObject,
};

int kind_of(const Token& token) {
  switch (token.kind) {
    case TokenKind::int_:
      return kInt;
    case TokenKind::float_:
      return kFloat;
    case TokenKind::string:
      return kString;
    case TokenKind::block_string:
      return kBlock;
    case TokenKind::name:
      if (token.value == "true" || token.value == "false") return kBoolean;
      return token.value == "null" ? kNull : kEnum;
    default:
      return -1;
  }
}

}  // namespace

Value Parser::value_node(int kind, std::string_view raw, Place at) {
  Node node(*this);
  node.set("Position", place_value(at)).set("Raw", raw);
  return node.set("Kind", Value::integer(kind)).flag("ExpectedTypeHasDefault", false).value();
}

Value Parser::literal(Constant constant) {
  const Token token = peek();
  if (token.kind == TokenKind::bracket_l || token.kind == TokenKind::brace_l) {
    const Value made = enter() ? nested_literal(constant) : Value();
    leave();
    return made;
  }
  if (token.kind == TokenKind::dollar && constant == Constant::no) {
    next();
    return value_node(kVariable, name(), token.at);
  }
  const int kind = kind_of(token);
  if (kind < 0) {
    unexpected();
    return {};
  }
  next();
  return value_node(kind, token.value, token.at);
}

Value Parser::nested_literal(Constant constant) {
  const Place at = peek().at;
  const Value comment = comment_;
  const bool list = is(TokenKind::bracket_l);
  Value children;
  if (list) {
    children = many(TokenKind::bracket_l, TokenKind::bracket_r, [&] {
      return Node(*this).set("Name", "").set("Value", literal(constant)).value();
    });
  } else {
    children = many(TokenKind::brace_l, TokenKind::brace_r, [&] { return object_field(constant); });
  }
  Value node = value_node(list ? kList : kObject, "", at);
  if (!comment.is_undefined()) term::insert(arena_, node, "Comment", comment);
  if (children.size() > 0) term::insert(arena_, node, "Children", children);
  return node;
}

Value Parser::object_field(Constant constant) {
  Node node = begin();
  node.set("Name", name());
  expect(TokenKind::colon);
  return node.set("Value", literal(constant)).value();
}

Value Parser::directives(Constant constant) {
  Value list = term::array(arena_);
  while (!failed() && skip(TokenKind::at)) {
    Node node(*this);
    node.set("Position", place_value(peek().at)).set("Name", name());
    node.set("Arguments", arguments(constant)).set("Location", "");
    if (!failed()) term::append(arena_, list, node.value());
  }
  return list;
}

Value Parser::type_reference() {
  Node node(*this);
  if (skip(TokenKind::bracket_l)) {
    node.set("Position", place_value(peek().at)).set("NamedType", "");
    if (enter()) node.set("Elem", type_reference());
    leave();
    expect(TokenKind::bracket_r);
  } else {
    node.set("Position", place_value(peek().at)).set("NamedType", name());
  }
  return node.flag("NonNull", skip(TokenKind::bang)).value();
}

Parsed parse_query(term::Arena& arena, std::string_view text) {
  Parser parser(arena, text);
  const Value tree = parser.query_document();
  return {tree, parser.fault()};
}

}  // namespace mc::graphrego
