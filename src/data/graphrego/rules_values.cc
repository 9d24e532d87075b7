// Rules about literals and variables.
#include <charconv>
#include <utility>

#include "graphrego/validate.h"

namespace mc::graphrego {

namespace {

bool is_one_of(const Definition& type, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (type.name == name) return true;
  }
  return false;
}

// Whether an integer literal is out of the range of so many bits.
template <class Integer>
bool is_out_of_range(std::string_view digits) {
  Integer value = 0;
  return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec ==
         std::errc::result_out_of_range;
}

std::string unexpected(const Literal& literal) {
  const std::string wanted = literal.expected->text(), shown = literal.text();
  const auto is = [&](std::string_view name) {
    return wanted == name ||
           (wanted.size() == name.size() + 1 && wanted.starts_with(name) && wanted.ends_with('!'));
  };
  if (is("Int")) {
    return (is_out_of_range<std::int32_t>(literal.raw)
                ? "Int cannot represent non 32-bit signed integer value: "
                : "Int cannot represent non-integer value: ") +
           shown;
  }
  if (is("String") || wanted == "[String]") {
    return "String cannot represent a non string value: " + shown;
  }
  if (is("Boolean")) return "Boolean cannot represent a non boolean value: " + shown;
  if (is("Float")) return "Float cannot represent non numeric value: " + shown;
  if (is("ID")) return "ID cannot represent a non-string and non-integer value: " + shown;
  if (literal.definition->kind == "ENUM") {
    return "Enum \"" + wanted + "\" cannot represent non-enum value: " + shown + ".";
  }
  return "Expected value of type \"" + wanted + "\", found " + shown + ".";
}

std::string enum_suggestion(const Literal& literal) {
  const std::vector<std::string> close = suggestions(literal.raw, literal.definition->enum_values);
  return close.empty() ? "" : " Did you mean the enum value " + quoted_or_list(close) + "?";
}

}  // namespace

void Validator::on_value(const Literal& literal) {
  const bool variable = literal.kind == LiteralKind::variable;
  if (variable && operation_ != nullptr && literal.variable == nullptr) {
    report(literal.at,
           "Variable \"" + literal.text() + "\" is not defined" +
               (operation_->name.empty() ? "." : " by operation \"" + operation_->name + "\"."));
  }
  if (literal.kind == LiteralKind::object) {
    std::set<std::string_view> seen;
    for (const NamedLiteral& member : literal.children) {
      if (seen.insert(member.name).second) continue;
      report(member.at, "There can be only one input field named \"" + member.name + "\".");
    }
  }
  value_of_correct_type(literal);
  if (variable) variable_in_allowed_position(literal);
}

void Validator::value_of_correct_type(const Literal& literal) {
  if (literal.definition == nullptr || literal.expected == nullptr) return;
  const Definition& type = *literal.definition;
  if (literal.kind == LiteralKind::null && literal.expected->non_null) {
    report(literal.at, "Expected value of type \"" + literal.expected->text() + "\", found " +
                           literal.text() + ".");
  }
  // What a scalar of one's own takes is not known.
  const bool known_scalar = is_one_of(type, {"Int", "Float", "String", "Boolean", "ID"});
  if (type.kind == "SCALAR" && !known_scalar) return;
  const auto check = [&](bool fits) {
    if (!fits) report(literal.at, unexpected(literal));
  };
  switch (literal.kind) {
    case LiteralKind::list:
      return check(!literal.expected->elem.empty());
    case LiteralKind::int_:
      check(!is_out_of_range<std::int64_t>(literal.raw));
      return check(is_one_of(type, {"Int", "Float", "ID"}));
    case LiteralKind::float_:
      return check(type.name == "Float");
    case LiteralKind::string:
    case LiteralKind::block:
      return string_of_correct_type(literal);
    case LiteralKind::enum_:
      return enum_of_correct_type(literal);
    case LiteralKind::boolean:
      return check(type.name == "Boolean");
    case LiteralKind::object:
      return object_of_correct_type(literal);
    default:
      return;
  }
}

void Validator::string_of_correct_type(const Literal& literal) {
  if (literal.definition->kind == "ENUM") {
    report(literal.at, "Enum \"" + literal.expected->text() +
                           "\" cannot represent non-enum value: " + literal.text() + "." +
                           enum_suggestion(literal));
  } else if (!is_one_of(*literal.definition, {"String", "ID"})) {
    report(literal.at, unexpected(literal));
  }
}

void Validator::enum_of_correct_type(const Literal& literal) {
  const Definition& type = *literal.definition;
  if (type.kind != "ENUM") {
    report(literal.at, unexpected(literal));
    return;
  }
  for (const std::string& value : type.enum_values) {
    if (value == literal.raw) return;
  }
  report(literal.at, "Value \"" + literal.text() + "\" does not exist in \"" +
                         literal.expected->text() + "\" enum." + enum_suggestion(literal));
}

void Validator::object_of_correct_type(const Literal& literal) {
  const Definition& type = *literal.definition;
  std::vector<std::string> names;
  for (const FieldDefinition& field : type.fields) {
    names.push_back(field.name);
    if (!field.type.non_null || field.default_value) continue;
    if (find_named(literal.children, field.name) != nullptr) continue;
    report(literal.at, "Field \"" + type.name + "." + field.name + "\" of required type \"" +
                           field.type.text() + "\" was not provided.");
  }
  for (const NamedLiteral& member : literal.children) {
    if (type.field(member.name) != nullptr) continue;
    const std::vector<std::string> close = suggestions(member.name, names);
    report(member.at, "Field \"" + member.name + "\" is not defined by type \"" + type.name +
                          "\"." +
                          (close.empty() ? "" : " Did you mean " + quoted_or_list(close) + "?"));
  }
}

void Validator::variable_in_allowed_position(const Literal& literal) {
  if (literal.expected == nullptr || literal.variable == nullptr || operation_ == nullptr) return;
  const VariableDefinition& variable = *literal.variable;
  Type wanted = *literal.expected;
  const bool has_default =
      variable.default_value && variable.default_value->kind != LiteralKind::null;
  if (has_default || literal.expected_has_default) wanted.non_null = false;
  if (variable.type.is_compatible(wanted)) return;
  report(literal.at, "Variable \"" + literal.text() + "\" of type \"" + variable.type.text() +
                         "\" used in position expecting type \"" + literal.expected->text() +
                         "\".");
}

}  // namespace mc::graphrego
