#include <array>

#include "graphql/parser.h"

namespace mc::graphql {
namespace {

struct Keyword {
  std::string_view word;
  DefinitionKind kind;
};
constexpr Keyword kKeywords[] = {
    {"schema", DefinitionKind::schema}, {"scalar", DefinitionKind::scalar},
    {"type", DefinitionKind::object},   {"interface", DefinitionKind::interface},
    {"union", DefinitionKind::union_},  {"enum", DefinitionKind::enum_},
    {"input", DefinitionKind::input},   {"directive", DefinitionKind::directive}};

constexpr std::string_view kLocations[] = {"QUERY",
                                           "MUTATION",
                                           "SUBSCRIPTION",
                                           "FIELD",
                                           "FRAGMENT_DEFINITION",
                                           "FRAGMENT_SPREAD",
                                           "INLINE_FRAGMENT",
                                           "VARIABLE_DEFINITION",
                                           "SCHEMA",
                                           "SCALAR",
                                           "OBJECT",
                                           "FIELD_DEFINITION",
                                           "ARGUMENT_DEFINITION",
                                           "INTERFACE",
                                           "UNION",
                                           "ENUM",
                                           "ENUM_VALUE",
                                           "INPUT_OBJECT",
                                           "INPUT_FIELD_DEFINITION",
                                           "DIRECTIVE_DEFINITION"};

}  // namespace

DefinitionKind Parser::type_system_kind(const Token& keyword) const {
  for (const Keyword& entry : kKeywords) {
    if (is_keyword(keyword, entry.word)) return entry.kind;
  }
  return DefinitionKind::operation;
}

void Parser::parse_type_system(DefinitionKind kind) {
  TypeSystemNode node;
  node.kind = kind;
  node.at = token_.start;
  node.description = parse_description();
  advance();  // the keyword
  parse_type_system_body(node);
  const Index index = add(document_.type_system, node);
  add(document_.definitions, {kind, index});
}

// An extension has to extend something.
void Parser::parse_extension() {
  const Token keyword = lookahead();
  const DefinitionKind kind = type_system_kind(keyword);
  if (kind == DefinitionKind::operation || kind == DefinitionKind::directive) {
    return unexpected(keyword);
  }
  TypeSystemNode node;
  node.kind = kind;
  node.extension = true;
  node.at = token_.start;
  advance();
  advance();
  parse_type_system_body(node);
  const bool empty = node.directives == kNone && node.names == kNone && node.fields == kNone &&
                     node.inputs == kNone && node.enum_values == kNone &&
                     node.operation_type_list == kNone;
  if (empty) return unexpected(token_);
  const Index index = add(document_.type_system, node);
  add(document_.definitions, {kind, index});
}

// What follows the keyword; each kind has its own parts, in this order.
void Parser::parse_type_system_body(TypeSystemNode& node) {
  const DefinitionKind kind = node.kind;
  if (kind == DefinitionKind::directive) expect(TokenKind::at);
  if (kind != DefinitionKind::schema) {
    node.name_at = token_.start;
    node.name = parse_name();
  }
  if (kind == DefinitionKind::directive) {
    node.inputs = parse_input_values(TokenKind::paren_l, TokenKind::paren_r);
    node.repeatable = skip_keyword("repeatable");
    expect_keyword("on");
    node.names = parse_names(TokenKind::pipe, true);
    return;
  }
  const bool has_fields = kind == DefinitionKind::object || kind == DefinitionKind::interface;
  if (has_fields) node.names = parse_implements();
  node.directives = parse_directives(Constness::constant);
  if (has_fields) node.fields = parse_fields();
  if (kind == DefinitionKind::schema) parse_operation_types(node);
  if (kind == DefinitionKind::union_ && skip(TokenKind::equals)) {
    node.names = parse_names(TokenKind::pipe, false);
  }
  if (kind == DefinitionKind::enum_) node.enum_values = parse_enum_values();
  if (kind == DefinitionKind::input) {
    node.inputs = parse_input_values(TokenKind::brace_l, TokenKind::brace_r);
  }
}

void Parser::parse_operation_types(TypeSystemNode& node) {
  if (!node.extension && !peek(TokenKind::brace_l)) return expect(TokenKind::brace_l);
  node.operation_type_list =
      optional_many(document_.operation_types, TokenKind::brace_l, TokenKind::brace_r,
                    [this] { return parse_operation_type(); });
  if (failed()) return;
  for (Index i = node.operation_type_list; i != kNone; i = document_.operation_types[i].next) {
    const OperationTypeNode& entry = document_.operation_types[i];
    Index& slot = node.operation_types[static_cast<std::size_t>(entry.kind)];
    if (slot == kNone) slot = add(document_.name_nodes, {entry.type, entry.type_at, kNone});
  }
}

Index Parser::parse_operation_type() {
  OperationTypeNode node;
  node.at = token_.start;
  parse_operation_kind(node.kind);
  expect(TokenKind::colon);
  node.type_at = token_.start;
  node.type = parse_name();
  return add(document_.operation_types, node);
}

Index Parser::parse_implements() {
  return skip_keyword("implements") ? parse_names(TokenKind::amp, false) : kNone;
}

// Names with a delimiter between them, which may also stand before the first.
Index Parser::parse_names(TokenKind delimiter, bool locations) {
  List<NameNode> list = list_of(document_.name_nodes);
  skip(delimiter);
  do {
    list.append(locations ? parse_location() : parse_name_node());
  } while (skip(delimiter));
  return list.first;
}

Index Parser::parse_name_node() {
  NameNode node;
  node.at = token_.start;
  node.name = parse_name();
  return add(document_.name_nodes, node);
}

Index Parser::parse_location() {
  const Token token = token_;
  const Index index = parse_name_node();
  const std::string_view text = lexer_.text(token);
  if (std::find(std::begin(kLocations), std::end(kLocations), text) == std::end(kLocations)) {
    unexpected(token);
  }
  return index;
}

Index Parser::parse_fields() {
  return optional_many(document_.field_definitions, TokenKind::brace_l, TokenKind::brace_r,
                       [this] { return parse_field_definition(); });
}

Index Parser::parse_field_definition() {
  FieldDefinitionNode node;
  node.description = parse_description();
  node.at = token_.start;
  node.name = parse_name();
  node.arguments = parse_input_values(TokenKind::paren_l, TokenKind::paren_r);
  expect(TokenKind::colon);
  node.type = parse_type();
  node.directives = parse_directives(Constness::constant);
  return add(document_.field_definitions, node);
}

Index Parser::parse_input_values(TokenKind open, TokenKind close) {
  return optional_many(document_.input_values, open, close, [this] { return parse_input_value(); });
}

Index Parser::parse_input_value() {
  InputValueNode node;
  node.description = parse_description();
  node.at = token_.start;
  node.name = parse_name();
  expect(TokenKind::colon);
  node.type = parse_type();
  if (skip(TokenKind::equals)) node.default_value = parse_value(Constness::constant);
  node.directives = parse_directives(Constness::constant);
  return add(document_.input_values, node);
}

Index Parser::parse_enum_values() {
  return optional_many(document_.enum_values, TokenKind::brace_l, TokenKind::brace_r,
                       [this] { return parse_enum_value(); });
}

// As with "on", graphql-js refuses the reserved words as strings too, with this message.
Index Parser::parse_enum_value() {
  EnumValueNode node;
  node.description = parse_description();
  node.at = token_.start;
  const std::string value = value_of(token_);
  if (value == "true" || value == "false" || value == "null") {
    fail(token_.start, describe(token_) + " is reserved and cannot be used for an enum value.");
  }
  node.name = parse_name();
  node.directives = parse_directives(Constness::constant);
  return add(document_.enum_values, node);
}

}  // namespace mc::graphql
