#include "graphql/validate_values.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "graphql/literal.h"
#include "graphql/suggest.h"

namespace mc::graphql {
namespace {

std::string expected(const ValidationContext& context, Index value, TypeRef type) {
  return "Expected value of type \"" + context.schema.type_text(type) + "\", found " +
         print_literal(context.document, value) + ".";
}

bool fits_int(std::string_view digits) {
  std::int64_t number = 0;
  const auto [_, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && number <= INT32_MAX && number >= INT32_MIN;
}

std::string enum_problem(const ValidationContext& context, const ValueNode& node,
                         const std::string& text, const TypeDef& type) {
  std::string message;
  if (node.kind != ValueKind::enum_) {
    message = "Enum \"" + type.name + "\" cannot represent non-enum value: " + text + ".";
  } else {
    const bool known = std::any_of(type.enum_values.begin(), type.enum_values.end(),
                                   [&](const EnumValueDef& value) { return value.name == text; });
    if (known) return {};
    message = "Value \"" + text + "\" does not exist in \"" + type.name + "\" enum.";
  }
  if (context.suggest) {
    std::vector<std::string_view> names;
    for (const EnumValueDef& value : type.enum_values) names.push_back(value.name);
    message += did_you_mean(suggest(text, names), "the enum value");
  }
  return message;
}

// What a built-in scalar says of a literal it does not take; empty when it takes it.
std::string scalar_problem(const ValueNode& node, const std::string& text, const TypeDef& type) {
  const bool is_int = node.kind == ValueKind::int_;
  const bool is_string = node.kind == ValueKind::string || node.kind == ValueKind::block_string;
  if (type.name == "Int") {
    if (!is_int) return "Int cannot represent non-integer value: " + text;
    if (!fits_int(text)) return "Int cannot represent non 32-bit signed integer value: " + text;
  } else if (type.name == "Float") {
    if (!is_int && node.kind != ValueKind::float_) {
      return "Float cannot represent non numeric value: " + text;
    }
  } else if (type.name == "String") {
    if (!is_string) return "String cannot represent a non string value: " + text;
  } else if (type.name == "Boolean") {
    if (node.kind != ValueKind::boolean_true && node.kind != ValueKind::boolean_false) {
      return "Boolean cannot represent a non boolean value: " + text;
    }
  } else if (!is_string && !is_int) {
    return "ID cannot represent a non-string and non-integer value: " + text;
  }
  return {};
}

}  // namespace

void check_leaf_value(ValidationContext& context, Index value, TypeRef type) {
  const TypeDef& named = context.schema.type(type.named);
  const ValueNode& node = context.document.values[value];
  if (!named.is_leaf()) {
    context.findings.add(Rule::values_of_correct_type, expected(context, value, type), {node.at});
    return;
  }
  if (named.kind == NamedKind::scalar && !named.built_in) return;  // takes every literal
  const std::string text = print_literal(context.document, value);
  std::string problem = named.kind == NamedKind::enum_ ? enum_problem(context, node, text, named)
                                                       : scalar_problem(node, text, named);
  if (problem.empty()) return;
  context.findings.add(Rule::values_of_correct_type, std::move(problem), {node.at});
}

ValueWalk::ValueWalk(ValidationContext& context) : context_(context) {}

void ValueWalk::walk(Index value, const InputPlace& place, std::vector<VariableUsage>& usages) {
  usages_ = &usages;
  visit(value, place, true);
}

void ValueWalk::visit(Index value, const InputPlace& place, bool check) {
  const ValueNode& node = context_.document.values[value];
  if (context_.findings.aborted()) return;
  switch (node.kind) {
    case ValueKind::variable:
      usages_->push_back({value, place});
      return;
    case ValueKind::list:
      visit_list(value, place, check);
      return;
    case ValueKind::object:
      visit_object(value, place, check);
      return;
    case ValueKind::null:
      if (!check || !place.known || !place.type.is_non_null()) return;
      context_.findings.add(Rule::values_of_correct_type, expected(context_, value, place.type),
                            {node.at});
      return;
    default:
      if (check && place.known) check_leaf_value(context_, value, place.type);
  }
}

void ValueWalk::visit_list(Index value, const InputPlace& place, bool check) {
  InputPlace item{.known = place.known, .has_parent = place.known, .parent = place.type};
  const TypeRef nullable = place.type.nullable();
  const bool is_list = place.known && nullable.is_list();
  item.type = is_list ? nullable.inner() : nullable;
  if (!is_list) {
    if (check && place.known) check_leaf_value(context_, value, item.type);
    check = false;
  }
  const auto& values = context_.document.values;
  for (Index at = values[value].first; at != kNone; at = values[at].next) visit(at, item, check);
}

void ValueWalk::visit_object(Index value, const InputPlace& place, bool check) {
  const Document& document = context_.document;
  const TypeDef* type = place.known ? &context_.schema.type(place.type.named) : nullptr;
  if (type != nullptr && type->kind != NamedKind::input) {
    if (check) check_leaf_value(context_, value, place.type);
    type = nullptr;
  }
  check = check && type != nullptr;
  if (check) check_required(value, *type);
  if (check && type->one_of) check_one_of(value, *type);

  const Index first = document.values[value].first;
  const bool several = first != kNone && document.object_fields[first].next != kNone;
  std::unordered_map<Symbol, std::uint32_t> seen;
  for (Index at = first; at != kNone; at = document.object_fields[at].next) {
    const ObjectField& field = document.object_fields[at];
    InputPlace inner{.has_parent = place.known, .parent = place.type};
    if (type != nullptr) {
      const InputValueDef* input = type->input(document.name(field.name));
      inner.known = input != nullptr;
      inner.has_default = input != nullptr && input->default_value.has_value();
      if (input != nullptr) inner.type = input->type;
      if (input == nullptr && check) unknown_field(field, *type);
    }
    if (several) {
      const auto [before, fresh] = seen.emplace(field.name, field.at);
      if (!fresh) {
        context_.findings.add(Rule::unique_input_field_names,
                              "There can be only one input field named \"" +
                                  std::string(document.name(field.name)) + "\".",
                              {before->second, field.at});
      }
    }
    visit(field.value, inner, check);
    if (context_.findings.aborted()) return;
  }
}

const std::vector<const InputValueDef*>& ValueWalk::required_inputs(const TypeDef& type) {
  const auto [entry, fresh] = required_.try_emplace(type.id);
  if (fresh) {
    for (const InputValueDef& input : type.inputs) {
      if (input.required()) entry->second.push_back(&input);
    }
  }
  return entry->second;
}

void ValueWalk::check_required(Index value, const TypeDef& type) {
  const auto& required = required_inputs(type);
  if (required.empty()) return;
  const Document& document = context_.document;
  std::unordered_set<std::string_view> given;
  const ValueNode& node = document.values[value];
  for (Index at = node.first; at != kNone; at = document.object_fields[at].next) {
    given.insert(document.name(document.object_fields[at].name));
  }
  for (const InputValueDef* input : required) {
    if (given.contains(input->name)) continue;
    context_.findings.add(Rule::values_of_correct_type,
                          "Field \"" + type.name + "." + input->name + "\" of required type \"" +
                              context_.schema.type_text(input->type) + "\" was not provided.",
                          {node.at});
  }
}

void ValueWalk::check_one_of(Index value, const TypeDef& type) {
  const Document& document = context_.document;
  const ValueNode& node = document.values[value];
  Index last = kNone;
  bool one = node.first != kNone;
  for (Index at = node.first; at != kNone; at = document.object_fields[at].next) {
    last = at;
    one = one && document.object_fields[at].name == document.object_fields[node.first].name;
  }
  if (!one) {
    context_.findings.add(Rule::values_of_correct_type,
                          "OneOf Input Object \"" + type.name + "\" must specify exactly one key.",
                          {node.at});
    return;
  }
  const ObjectField& field = document.object_fields[last];
  if (document.values[field.value].kind != ValueKind::null) return;
  context_.findings.add(Rule::values_of_correct_type,
                        "Field \"" + type.name + "." + std::string(document.name(field.name)) +
                            "\" must be non-null.",
                        {node.at});
}

void ValueWalk::unknown_field(const ObjectField& field, const TypeDef& type) {
  const std::string_view name = context_.document.name(field.name);
  std::string message =
      "Field \"" + std::string(name) + "\" is not defined by type \"" + type.name + "\".";
  if (context_.suggest) {
    std::vector<std::string_view> names;
    for (const InputValueDef& input : type.inputs) names.push_back(input.name);
    message += did_you_mean(suggest(name, names));
  }
  context_.findings.add(Rule::values_of_correct_type, std::move(message), {field.at});
}

}  // namespace mc::graphql
