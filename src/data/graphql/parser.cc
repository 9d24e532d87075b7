#include "graphql/parser.h"

#include <utility>

namespace mc::graphql {
namespace {

constexpr std::string_view kParseFailed = "GRAPHQL_PARSE_FAILED";
constexpr std::string_view kTooManyTokens = "TOKEN_LIMIT_EXCEEDED";
constexpr std::string_view kTooDeep = "DEPTH_LIMIT_EXCEEDED";

// Whatever the caller allows, the stack of a worker thread must hold it.
constexpr int kDepthHardMax = 1000;

}  // namespace

Parser::Parser(Document& document, const ParseLimits& limits)
    : document_(document),
      limits_(limits),
      lexer_(document.source),
      interner_(document.names, document.source),
      depth_max_(std::min(limits.depth_max, kDepthHardMax)) {
  document.names.reserve(2 * room(kBytesPerNode<std::string_view>));
}

bool Parser::parse_document() {
  advance();
  do {
    parse_definition();
  } while (!failed() && !peek(TokenKind::eof));
  document_.token_count = token_count_;
  return !failed();
}

GraphqlError Parser::error() const {
  return {
      "Syntax Error: " + message_, {locate(document_.source, error_at_)}, std::string(code_), {}};
}

void Parser::fail(std::uint32_t at, std::string message, std::string_view code) {
  if (failed()) return;
  message_ = std::move(message);
  code_ = code.empty() ? kParseFailed : code;
  error_at_ = at;
  token_.kind = TokenKind::failed;
}

void Parser::fail_as_lexer() {
  fail(lexer_.error_at(), lexer_.message());
}

void Parser::fail_too_many_tokens() {
  fail(token_.start,
       "Document contains more that " + std::to_string(limits_.tokens_max) +
           " tokens. Parsing aborted.",
       kTooManyTokens);
}

Token Parser::lookahead() {
  const Token token = lexer_.read(token_.end);
  if (token.kind == TokenKind::failed) fail_as_lexer();
  return token;
}

// What is rare stands outside, so that nothing is saved for it here.
void Parser::advance() {
  if (failed()) return;
  Token token;
  if (!lexer_.read_frequent(token_.end, token)) return advance_rare(token.start);
  token_ = token;
  if (++token_count_ > limits_.tokens_max) fail_too_many_tokens();
}

void Parser::advance_rare(std::uint32_t position) {
  const Token token = lexer_.read_rare(position);
  if (token.kind == TokenKind::failed) return fail_as_lexer();
  token_ = token;
  if (token.kind == TokenKind::eof) return;
  if (++token_count_ > limits_.tokens_max) fail_too_many_tokens();
}

bool Parser::enter() {
  if (failed()) return false;
  if (++depth_ <= depth_max_) return true;
  fail(token_.start,
       "Document is nested deeper than " + std::to_string(depth_max_) + ". Parsing aborted.",
       kTooDeep);
  return false;
}

std::string Parser::value_of(const Token& token) const {
  std::string value;
  if (token.kind == TokenKind::string || token.kind == TokenKind::block_string) {
    lexer_.append_string(value, token);
  } else if (token.kind >= TokenKind::name && token.kind != TokenKind::failed) {
    value = lexer_.text(token);
  }
  return value;
}

std::string Parser::describe(const Token& token) const {
  std::string text(token_kind_text(token.kind));
  if (token.kind >= TokenKind::name) text += " \"" + value_of(token) + "\"";
  return text;
}

void Parser::unexpected(const Token& token) {
  if (failed() || token.kind == TokenKind::failed) return;
  fail(token.start, "Unexpected " + describe(token) + ".");
}

void Parser::expect(TokenKind kind) {
  if (token_.kind == kind) return advance();
  if (failed()) return;
  fail(token_.start,
       "Expected " + std::string(token_kind_text(kind)) + ", found " + describe(token_) + ".");
}

bool Parser::skip_keyword(std::string_view word) {
  if (!is_keyword(token_, word)) return false;
  advance();
  return true;
}

void Parser::expect_keyword(std::string_view word) {
  if (skip_keyword(word) || failed()) return;
  fail(token_.start, "Expected \"" + std::string(word) + "\", found " + describe(token_) + ".");
}

Symbol Parser::parse_name() {
  if (!peek(TokenKind::name)) {
    expect(TokenKind::name);
    return kNone;
  }
  const std::string_view text = lexer_.text(token_);
  advance();
  return interner_.intern(text);
}

void Parser::parse_definition() {
  if (peek(TokenKind::brace_l)) return parse_operation();
  const bool described = peek_description();
  const Token keyword = described ? lookahead() : token_;
  if (described && keyword.kind == TokenKind::brace_l) {
    return fail(token_.start,
                "Unexpected description, descriptions are not supported on shorthand queries.");
  }
  if (keyword.kind == TokenKind::name) return parse_definition_keyword(keyword, described);
  unexpected(keyword);
}

void Parser::parse_definition_keyword(const Token& keyword, bool described) {
  if (limits_.type_system) {
    const DefinitionKind kind = type_system_kind(keyword);
    if (kind != DefinitionKind::operation) return parse_type_system(kind);
  }
  for (const std::string_view word : {"query", "mutation", "subscription"}) {
    if (is_keyword(keyword, word)) return parse_operation();
  }
  if (is_keyword(keyword, "fragment")) return parse_fragment();
  if (described) {
    return fail(token_.start,
                "Unexpected description, only GraphQL definitions support descriptions.");
  }
  if (limits_.type_system && is_keyword(keyword, "extend")) return parse_extension();
  unexpected(keyword);
}

bool Parser::parse_operation_kind(OperationKind& kind) {
  const Token token = token_;
  expect(TokenKind::name);
  if (is_keyword(token, "query")) return kind = OperationKind::query, true;
  if (is_keyword(token, "mutation")) return kind = OperationKind::mutation, true;
  if (is_keyword(token, "subscription")) return kind = OperationKind::subscription, true;
  unexpected(token);
  return false;
}

void Parser::parse_operation() {
  OperationNode node;
  node.at = token_.start;
  node.name_at = token_.start;
  if (peek(TokenKind::brace_l)) {
    node.shorthand = true;
  } else {
    node.description = parse_description();
    parse_operation_kind(node.kind);
    if (peek(TokenKind::name)) {
      node.name_at = token_.start;
      node.name = parse_name();
    }
    node.variables = parse_variables();
    node.directives = parse_directives(Constness::variable);
  }
  node.selections = parse_selections();
  const Index index = add(document_.operations, node);
  add(document_.definitions, {DefinitionKind::operation, index});
}

void Parser::parse_fragment() {
  FragmentNode node;
  node.at = token_.start;
  node.description = parse_description();
  expect_keyword("fragment");
  node.name_at = token_.start;
  node.name = parse_fragment_name();
  expect_keyword("on");
  node.type_condition_at = token_.start;
  node.type_condition = parse_name();
  node.directives = parse_directives(Constness::variable);
  node.selections = parse_selections();
  const Index index = add(document_.fragments, node);
  add(document_.definitions, {DefinitionKind::fragment, index});
}

// graphql-js looks at the value of the token only, so the string "on" is caught as well.
Symbol Parser::parse_fragment_name() {
  if (value_of(token_) == "on") {
    unexpected(token_);
    return kNone;
  }
  return parse_name();
}

Index Parser::parse_variables() {
  return optional_many(document_.variables, TokenKind::paren_l, TokenKind::paren_r,
                       [this] { return parse_variable(); });
}

Index Parser::parse_variable() {
  VariableNode node;
  node.description = parse_description();
  node.at = token_.start;
  expect(TokenKind::dollar);
  node.name = parse_name();
  expect(TokenKind::colon);
  node.type = parse_type();
  if (skip(TokenKind::equals)) node.default_value = parse_value(Constness::constant);
  node.directives = parse_directives(Constness::constant);
  return add(document_.variables, node);
}

Index Parser::parse_selections() {
  if (!peek(TokenKind::brace_l)) {
    expect(TokenKind::brace_l);
    return kNone;
  }
  if (!enter()) return kNone;
  const Index first = optional_many(document_.selections, TokenKind::brace_l, TokenKind::brace_r,
                                    [this] { return parse_selection(); });
  leave();
  return first;
}

Index Parser::parse_selection() {
  return peek(TokenKind::spread) ? parse_spread() : parse_field();
}

Index Parser::parse_field() {
  SelectionNode node;
  node.kind = SelectionKind::field;
  node.at = node.name_at = token_.start;
  node.name = parse_name();
  if (skip(TokenKind::colon)) {
    node.alias = node.name;
    node.name_at = token_.start;
    node.name = parse_name();
  }
  node.arguments = parse_arguments(Constness::variable);
  node.directives = parse_directives(Constness::variable);
  node.has_selections = peek(TokenKind::brace_l);
  const Index index = add(document_.selections, node);
  if (node.has_selections) {
    const Index below = parse_selections();
    document_.selections[index].selections = below;
  }
  return index;
}

Index Parser::parse_spread() {
  SelectionNode node;
  node.at = token_.start;
  expect(TokenKind::spread);
  const bool condition = skip_keyword("on");
  node.name_at = token_.start;
  if (!condition && peek(TokenKind::name)) {
    node.kind = SelectionKind::spread;
    node.name = parse_name();  // cannot be "on": that was skipped
    node.directives = parse_directives(Constness::variable);
    return add(document_.selections, node);
  }
  node.kind = SelectionKind::inline_fragment;
  if (condition) node.type_condition = parse_name();
  node.directives = parse_directives(Constness::variable);
  node.has_selections = true;
  const Index index = add(document_.selections, node);
  const Index below = parse_selections();
  document_.selections[index].selections = below;
  return index;
}

Index Parser::parse_arguments(Constness constness) {
  return optional_many(document_.arguments, TokenKind::paren_l, TokenKind::paren_r,
                       [=, this] { return parse_argument(constness); });
}

Index Parser::parse_argument(Constness constness) {
  ArgumentNode node;
  node.at = token_.start;
  node.name = parse_name();
  expect(TokenKind::colon);
  node.value = parse_value(constness);
  return add(document_.arguments, node);
}

Index Parser::parse_directives(Constness constness) {
  List<DirectiveNode> list = list_of(document_.directives);
  while (peek(TokenKind::at)) {
    DirectiveNode node;
    node.at = token_.start;
    advance();
    node.name = parse_name();
    node.arguments = parse_arguments(constness);
    list.append(add(document_.directives, node));
  }
  return list.first;
}

}  // namespace mc::graphql
