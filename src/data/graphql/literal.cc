#include "graphql/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace mc::graphql {
namespace {

void append_literal(std::string& out, const Document& document, Index index) {
  const ValueNode& node = document.values[index];
  switch (node.kind) {
    case ValueKind::variable:
      out.append("$").append(document.name(node.name));
      return;
    case ValueKind::int_:
    case ValueKind::float_:
      out += document.text(node);
      return;
    case ValueKind::string:
      out += print_string(document.text(node));
      return;
    case ValueKind::block_string:
      out += print_block_string(document.text(node));
      return;
    case ValueKind::boolean_true:
      out += "true";
      return;
    case ValueKind::boolean_false:
      out += "false";
      return;
    case ValueKind::null:
      out += "null";
      return;
    case ValueKind::enum_:
      out += document.name(node.name);
      return;
    case ValueKind::list:
      out += "[";
      for (Index item = node.first; item != kNone; item = document.values[item].next) {
        if (item != node.first) out += ", ";
        append_literal(out, document, item);
      }
      out += "]";
      return;
    case ValueKind::object:
      out += "{";
      for (Index at = node.first; at != kNone; at = document.object_fields[at].next) {
        const ObjectField& field = document.object_fields[at];
        if (at != node.first) out += ", ";
        out.append(document.name(field.name)).append(": ");
        append_literal(out, document, field.value);
      }
      out += "}";
      return;
  }
}

double to_double(std::string_view digits) {
  return std::strtod(std::string(digits).c_str(), nullptr);
}

std::optional<std::int64_t> to_int(std::string_view digits) {
  std::int64_t number = 0;
  const auto end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

json::Value number_value(std::string_view digits) {
  if (const auto integer = to_int(digits)) return *integer;
  const double real = to_double(digits);
  return std::isfinite(real) ? json::Value(real) : json::Value();
}

}  // namespace

std::string print_literal(const Document& document, Index value) {
  std::string out;
  append_literal(out, document, value);
  return out;
}

json::Value untyped_literal(const Document& document, Index index) {
  const ValueNode& node = document.values[index];
  switch (node.kind) {
    case ValueKind::int_:
    case ValueKind::float_:
      return number_value(document.text(node));
    case ValueKind::string:
    case ValueKind::block_string:
      return document.text(node);
    case ValueKind::enum_:
      return document.name(node.name);
    case ValueKind::boolean_true:
      return true;
    case ValueKind::boolean_false:
      return false;
    case ValueKind::variable:
    case ValueKind::null:
      return nullptr;
    case ValueKind::list: {
      json::Array items;
      for (Index item = node.first; item != kNone; item = document.values[item].next) {
        items.push_back(untyped_literal(document, item));
      }
      return items;
    }
    case ValueKind::object: {
      json::Object members;
      for (Index at = node.first; at != kNone; at = document.object_fields[at].next) {
        const ObjectField& field = document.object_fields[at];
        members.set(std::string(document.name(field.name)), untyped_literal(document, field.value));
      }
      return members;
    }
  }
  return nullptr;
}

std::optional<json::Value> Coercion::coerce(Index value, TypeRef type) const {
  const ValueNode& node = document.values[value];
  if (node.kind == ValueKind::variable) return std::nullopt;
  if (type.is_non_null()) {
    if (node.kind == ValueKind::null) return std::nullopt;
    return coerce(value, type.inner());
  }
  if (node.kind == ValueKind::null) return json::Value();
  if (type.is_list()) return coerce_list(node, value, type);
  const TypeDef& named = schema.type(type.named);
  if (named.kind == NamedKind::input) return coerce_object(node, named);
  if (!named.is_leaf()) return std::nullopt;
  return coerce_leaf(node, value, named);
}

std::optional<json::Value> Coercion::coerce_list(const ValueNode& node, Index value,
                                                 TypeRef type) const {
  json::Array items;
  if (node.kind != ValueKind::list) {  // a single value stands for a list of one
    auto item = coerce(value, type.inner());
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
    return items;
  }
  for (Index at = node.first; at != kNone; at = document.values[at].next) {
    auto item = coerce(at, type.inner());
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
  }
  return items;
}

std::optional<json::Value> Coercion::coerce_object(const ValueNode& node,
                                                   const TypeDef& type) const {
  if (node.kind != ValueKind::object) return std::nullopt;
  json::Object members;
  for (std::size_t i = 0; i < type.inputs.size(); ++i) {
    const InputValueDef& input = type.inputs[i];
    Index given = kNone;  // the last of equal names, as graphql-js
    for (Index at = node.first; at != kNone; at = document.object_fields[at].next) {
      const ObjectField& field = document.object_fields[at];
      if (document.name(field.name) == input.name) given = field.value;
    }
    if (given == kNone) {
      if (!ready(type.id, i)) return std::nullopt;
      if (input.default_value) {
        members.set(input.name, *input.default_value);
      } else if (input.type.is_non_null()) {
        return std::nullopt;
      }
      continue;
    }
    auto member = coerce(given, input.type);
    if (!member) return std::nullopt;
    members.set(input.name, std::move(*member));
  }
  if (type.one_of && (members.size() != 1 || members.members().front().value.is_null())) {
    return std::nullopt;
  }
  return members;
}

std::optional<json::Value> Coercion::coerce_leaf(const ValueNode& node, Index value,
                                                 const TypeDef& type) const {
  const bool is_string = node.kind == ValueKind::string || node.kind == ValueKind::block_string;
  const bool is_int = node.kind == ValueKind::int_;
  const bool is_number = is_int || node.kind == ValueKind::float_;
  if (type.kind == NamedKind::enum_) {
    const bool known =
        node.kind == ValueKind::enum_ &&
        std::any_of(type.enum_values.begin(), type.enum_values.end(),
                    [&](const EnumValueDef& e) { return e.name == document.name(node.name); });
    if (!known) return std::nullopt;
    return document.name(node.name);
  }
  if (!type.built_in) return untyped_literal(document, value);
  if (type.name == "Int") {
    const auto number = is_int ? to_int(document.text(node)) : std::nullopt;
    if (!number || *number > INT32_MAX || *number < INT32_MIN) return std::nullopt;
    return *number;
  }
  if (type.name == "Float") {
    const double number = is_number ? to_double(document.text(node)) : INFINITY;
    if (!std::isfinite(number)) return std::nullopt;
    return number;
  }
  if (type.name == "Boolean") {
    if (node.kind == ValueKind::boolean_true) return true;
    if (node.kind == ValueKind::boolean_false) return false;
    return std::nullopt;
  }
  if (is_string || (is_int && type.name == "ID")) return document.text(node);
  return std::nullopt;
}

}  // namespace mc::graphql
