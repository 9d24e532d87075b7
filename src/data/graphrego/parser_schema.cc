// Type system definitions.
#include <algorithm>
#include <array>
#include <utility>

#include "graphrego/parser.h"

namespace mc::graphrego {

namespace {

// The kinds of definitions by their keywords, with gqlparser's names.
struct TypeKeyword {
  std::string_view keyword, kind;
};
constexpr TypeKeyword kTypeKeywords[] = {
    {"scalar", "SCALAR"}, {"type", "OBJECT"}, {"interface", "INTERFACE"},
    {"union", "UNION"},   {"enum", "ENUM"},   {"input", "INPUT_OBJECT"},
};

const TypeKeyword* find_keyword(std::string_view word) {
  const auto* const at =
      std::find_if(std::begin(kTypeKeywords), std::end(kTypeKeywords),
                   [word](const TypeKeyword& keyword) { return keyword.keyword == word; });
  return at == std::end(kTypeKeywords) ? nullptr : at;
}

constexpr std::string_view kLocations[] = {
    "QUERY",
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
};

}  // namespace

Value Parser::schema_document() {
  for (Value* list : {&definitions_, &extensions_, &schemas_, &schema_extensions_, &directives_}) {
    *list = term::array(arena_);
  }
  while (!failed() && !is(TokenKind::eof)) {
    const Description described = description();
    if (!is(TokenKind::name)) {
      unexpected();
      break;
    }
    const auto add = [this](Value& list, Value made) {
      if (!failed()) term::append(arena_, list, made);
    };
    if (find_keyword(peek().value) != nullptr) {
      add(definitions_, type_definition(described));
    } else if (is_keyword("schema")) {
      add(schemas_, schema_definition(described));
    } else if (is_keyword("directive")) {
      add(directives_, directive_definition(described));
    } else if (is_keyword("extend")) {
      if (!described.text.empty()) fail(last_, "Unexpected " + last_.text());
      extension();
    } else {
      unexpected();
    }
  }
  Node document(*this);
  document.set("Schema", schemas_).set("SchemaExtension", schema_extensions_);
  document.set("Directives", directives_).set("Definitions", definitions_);
  return document.set("Extensions", extensions_).set("Comment", comment_).value();
}

Parser::Description Parser::description() {
  if (!is(TokenKind::string) && !is(TokenKind::block_string)) return {};
  const Value comment = comment_;
  return {next().value, comment};
}

Parser::Node Parser::begin_definition(const Description& described, Value comment) {
  Node node(*this);
  node.set("Position", place_value(peek().at));
  node.set("BeforeDescriptionComment", described.comment);
  node.set("Description", described.text);
  return node.set("AfterDescriptionComment", comment);
}

// A part of a definition with its own description.
Parser::Node Parser::begin_described() {
  Node node(*this);
  node.set("Position", place_value(peek().at));
  const Description described = description();
  if (!described.text.empty()) node.set("BeforeDescriptionComment", described.comment);
  node.set("Description", described.text);
  peek();
  return node.set("AfterDescriptionComment", comment_);
}

Value Parser::schema_definition(const Description& described) {
  peek();
  const Value comment = comment_;
  expect_keyword("schema");
  Node node = begin_definition(described, comment);
  node.set("Directives", directives(Constant::yes));
  node.set("OperationTypes", some(TokenKind::brace_l, TokenKind::brace_r,
                                  [this] { return operation_type_definition(); }));
  return node.value();
}

Value Parser::operation_type_definition() {
  Node node = begin();
  node.set("Operation", operation_type());
  expect(TokenKind::colon);
  return node.set("Type", name()).value();
}

Value Parser::type_definition(const Description& described) {
  peek();
  const Value comment = comment_;
  const std::string keyword = next().value;
  Node node = begin_definition(described, comment);
  node.set("Kind", find_keyword(keyword)->kind).set("Name", name());
  const bool implements = keyword == "type" || keyword == "interface";
  if (implements && is_keyword("implements")) {
    next();
    node.set("Interfaces", names_after(TokenKind::amp));
  }
  finish_type(node, keyword, Constant::yes);
  return node.flag("BuiltIn", false).value();
}

// "A & B", with an optional separator before.
Value Parser::names_after(TokenKind separator) {
  Value names = term::array(arena_);
  skip(separator);
  do {
    const std::string found = name();
    if (!failed()) term::append(arena_, names, text(found));
  } while (skip(separator));
  return names;
}

void Parser::finish_type(Node& node, std::string_view keyword, Constant constant) {
  node.set("Directives", directives(constant));
  const auto braces = [this](auto item) {
    return some(TokenKind::brace_l, TokenKind::brace_r, item);
  };
  if (keyword == "type" || keyword == "interface") {
    node.set("Fields", braces([this] { return field_definition(); }));
  } else if (keyword == "input") {
    node.set("Fields", braces([this] { return input_field_definition(); }));
  } else if (keyword == "enum") {
    node.set("EnumValues", braces([this] { return enum_value_definition(); }));
  } else if (keyword == "union" && skip(TokenKind::equals)) {
    node.set("Types", names_after(TokenKind::pipe));
  }
}

Value Parser::field_definition() {
  Node node = begin_described();
  node.set("Name", name());
  node.set("Arguments", argument_definitions());
  expect(TokenKind::colon);
  node.set("Type", type_reference());
  return node.set("Directives", directives(Constant::yes)).value();
}

Value Parser::argument_definitions() {
  return some(TokenKind::paren_l, TokenKind::paren_r, [this] { return input_field_definition(); });
}

Value Parser::input_field_definition() {
  Node node = begin_described();
  node.set("Name", name());
  expect(TokenKind::colon);
  node.set("Type", type_reference());
  if (skip(TokenKind::equals)) node.set("DefaultValue", literal(Constant::yes));
  return node.set("Directives", directives(Constant::yes)).value();
}

Value Parser::enum_value_definition() {
  Node node = begin_described();
  node.set("Name", name());
  return node.set("Directives", directives(Constant::yes)).value();
}

Value Parser::directive_definition(const Description& described) {
  peek();
  const Value comment = comment_;
  expect_keyword("directive");
  expect(TokenKind::at);
  Node node = begin_definition(described, comment);
  node.set("Name", name());
  node.set("Arguments", argument_definitions());
  const bool repeatable = is(TokenKind::name) && is_keyword("repeatable");
  if (repeatable) next();
  node.flag("IsRepeatable", repeatable);
  expect_keyword("on");
  return node.set("Locations", directive_locations()).value();
}

Value Parser::directive_locations() {
  Value locations = term::array(arena_);
  skip(TokenKind::pipe);
  do {
    const Token token = peek();
    expect(TokenKind::name);
    const bool known = std::find(std::begin(kLocations), std::end(kLocations), token.value) !=
                       std::end(kLocations);
    if (!known) fail(token, "Unexpected " + token.text());
    if (!failed()) term::append(arena_, locations, text(token.value));
  } while (skip(TokenKind::pipe));
  return locations;
}

void Parser::extension() {
  peek();
  const Value comment = comment_;
  expect_keyword("extend");
  if (failed()) return;
  if (is_keyword("schema")) {
    const Value made = schema_extension(comment);
    if (!failed()) term::append(arena_, schema_extensions_, made);
  } else if (find_keyword(peek().value) != nullptr) {
    const Value made = type_extension(comment);
    if (!failed()) term::append(arena_, extensions_, made);
  } else {
    unexpected();
  }
}

Value Parser::schema_extension(Value comment) {
  expect_keyword("schema");
  Node node = begin_definition({}, comment);
  node.set("Directives", directives(Constant::yes));
  node.set("OperationTypes", some(TokenKind::brace_l, TokenKind::brace_r,
                                  [this] { return operation_type_definition(); }));
  const Value made = node.value();
  if (made.find("Directives").is_undefined() && made.find("OperationTypes").is_undefined()) {
    unexpected();
  }
  return made;
}

Value Parser::type_extension(Value comment) {
  const std::string keyword = peek().value;
  expect_keyword(keyword);
  Node node = begin_definition({}, comment);
  node.set("Kind", find_keyword(keyword)->kind).set("Name", name());
  if (keyword == "type" && is_keyword("implements")) {
    next();
    node.set("Interfaces", names_after(TokenKind::amp));
  }
  finish_type(node, keyword, keyword == "input" ? Constant::no : Constant::yes);
  const Value made = node.flag("BuiltIn", false).value();
  const auto has = [&](std::string_view part) { return !made.find(part).is_undefined(); };
  if (!has("Directives") && !has("Interfaces") && !has("Fields") && !has("Types") &&
      !has("EnumValues")) {
    unexpected();
  }
  return made;
}

Parsed parse_schema(term::Arena& arena, std::string_view text) {
  Parser parser(arena, text);
  const Value tree = parser.schema_document();
  return {tree, parser.fault()};
}

}  // namespace mc::graphrego
