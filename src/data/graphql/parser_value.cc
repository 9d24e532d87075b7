#include "graphql/parser.h"

namespace mc::graphql {

Index Parser::parse_value(Constness constness) {
  switch (token_.kind) {
    case TokenKind::int_:
    case TokenKind::float_: {
      ValueNode node;
      node.kind = peek(TokenKind::int_) ? ValueKind::int_ : ValueKind::float_;
      node.at = node.text = token_.start;
      node.text_length = token_.end - token_.start;
      advance();
      return add(document_.values, node);
    }
    case TokenKind::string:
    case TokenKind::block_string:
      return parse_string_value();
    case TokenKind::name:
      return parse_name_value();
    case TokenKind::dollar:
      return parse_variable_value(constness);
    case TokenKind::bracket_l:
      return parse_list_value(constness);
    case TokenKind::brace_l:
      return parse_object_value(constness);
    default:
      unexpected(token_);
      return kNone;
  }
}

Index Parser::parse_variable_value(Constness constness) {
  const Token dollar = token_;
  advance();
  if (constness == Constness::constant) {
    if (peek(TokenKind::name)) {
      fail(dollar.start,
           "Unexpected variable \"$" + std::string(lexer_.text(token_)) + "\" in constant value.");
    } else {
      unexpected(dollar);
    }
    return kNone;
  }
  ValueNode node;
  node.kind = ValueKind::variable;
  node.at = dollar.start;
  node.name = parse_name();
  return add(document_.values, node);
}

Index Parser::parse_name_value() {
  ValueNode node;
  node.at = token_.start;
  const std::string_view text = lexer_.text(token_);
  advance();
  if (text == "true") {
    node.kind = ValueKind::boolean_true;
  } else if (text == "false") {
    node.kind = ValueKind::boolean_false;
  } else if (text == "null") {
    node.kind = ValueKind::null;
  } else {
    node.kind = ValueKind::enum_;
    node.name = interner_.intern(text);
  }
  return add(document_.values, node);
}

Index Parser::parse_string_value() {
  ValueNode node;
  node.kind = peek(TokenKind::string) ? ValueKind::string : ValueKind::block_string;
  node.at = token_.start;
  node.text = static_cast<std::uint32_t>(document_.strings.size());
  lexer_.append_string(document_.strings, token_);
  node.text_length = static_cast<std::uint32_t>(document_.strings.size()) - node.text;
  advance();
  return add(document_.values, node);
}

Index Parser::parse_list_value(Constness constness) {
  ValueNode node;
  node.kind = ValueKind::list;
  node.at = token_.start;
  const Index index = add(document_.values, node);
  if (!enter()) return kNone;
  advance();
  List<ValueNode> list = list_of(document_.values);
  while (!failed() && !skip(TokenKind::bracket_r)) list.append(parse_value(constness));
  document_.values[index].first = list.first;
  leave();
  return index;
}

Index Parser::parse_object_value(Constness constness) {
  ValueNode node;
  node.kind = ValueKind::object;
  node.at = token_.start;
  const Index index = add(document_.values, node);
  if (!enter()) return kNone;
  advance();
  List<ObjectField> list = list_of(document_.object_fields);
  while (!failed() && !skip(TokenKind::brace_r)) {
    ObjectField field;
    field.at = token_.start;
    field.name = parse_name();
    expect(TokenKind::colon);
    field.value = parse_value(constness);
    list.append(add(document_.object_fields, field));
  }
  document_.values[index].first = list.first;
  leave();
  return index;
}

Index Parser::parse_type() {
  TypeNode node;
  node.at = token_.start;
  if (peek(TokenKind::bracket_l)) {
    if (!enter()) return kNone;
    advance();
    node.kind = TypeKind::list;
    node.inner = parse_type();
    expect(TokenKind::bracket_r);
    leave();
  } else {
    node.kind = TypeKind::named;
    node.name = parse_name();
  }
  const Index index = add(document_.types, node);
  if (!skip(TokenKind::bang)) return index;
  return add(document_.types, {TypeKind::non_null, node.at, kNone, index});
}

}  // namespace mc::graphql
