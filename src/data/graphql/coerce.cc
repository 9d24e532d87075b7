#include "graphql/coerce.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "graphql/literal.h"

namespace mc::graphql {
namespace {

constexpr std::size_t kShownBytesMax = 2000;
constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kIntMin = std::numeric_limits<std::int32_t>::min();

// Bytes a copy of `value` takes, near enough: every value, its text and its member names. The
// recursion is as deep as the JSON reader or the schema allowed the value to be.
std::size_t weight(const json::Value& value) {
  constexpr std::size_t kValueBytes = sizeof(json::Value);
  if (const std::string* text = value.as_string()) return kValueBytes + text->size();
  std::size_t sum = kValueBytes;
  if (const json::Array* items = value.as_array()) {
    for (const json::Value& item : *items) sum += weight(item);
  } else if (const json::Object* object = value.as_object()) {
    for (const json::Member& member : object->members()) {
      sum += sizeof(std::string) + member.name.size() + weight(member.value);
    }
  }
  return sum;
}

// Enums are short; a table would cost more than it saves.
bool has_enum_value(const TypeDef& type, std::string_view name) {
  for (const EnumValueDef& value : type.enum_values) {
    if (value.name == name) return true;
  }
  return false;
}

// Literals ------------------------------------------------------------------------------------

// graphql-js valueFromAST: nothing instead of a message, because validation has said what is wrong
// with the literal itself; what is left are variables whose values do not fit their place.
// Recursion is bounded by the depth the parser let through.
class Literals {
 public:
  explicit Literals(const CoerceScope& scope) : scope_(scope), document_(scope.document) {}

  std::optional<json::Value> coerce(Index index, TypeRef type) const {
    const ValueNode& node = document_.values[index];
    if (node.kind == ValueKind::variable) return variable(node, type);
    if (node.kind == ValueKind::null) {
      if (type.is_non_null()) return std::nullopt;
      return json::Value();
    }
    type = type.nullable();  // null is out of the way
    if (type.is_list()) return list(index, type.inner());
    const TypeDef& named = scope_.schema.type(type.named);
    if (named.kind == NamedKind::input) return object(node, named);
    if (named.kind == NamedKind::enum_) return enum_value(node, named);
    if (named.kind == NamedKind::scalar) return scalar(index, named);
    return std::nullopt;
  }

 private:
  // Nothing when the budget is spent: then the argument counts as invalid.
  std::optional<json::Value> copied(const json::Value& value) const {
    if (!scope_.budget.take(value)) return std::nullopt;
    return value;
  }

  // Validation has compared the types already; only null needs a look.
  std::optional<json::Value> variable(const ValueNode& node, TypeRef type) const {
    const json::Value* value = scope_.variables.find(node.name);
    if (value == nullptr || (value->is_null() && type.is_non_null())) return std::nullopt;
    return copied(*value);
  }

  // A variable that the request left out and that has no default.
  bool is_missing(Index index) const {
    const ValueNode& node = document_.values[index];
    return node.kind == ValueKind::variable && scope_.variables.find(node.name) == nullptr;
  }

  // 3.11: a single value is a list of one. Missing variables are null items, where null may be.
  std::optional<json::Value> list(Index index, TypeRef item_type) const {
    json::Array items;
    if (document_.values[index].kind != ValueKind::list) {
      std::optional<json::Value> only = coerce(index, item_type);
      if (!only) return std::nullopt;
      items.push_back(std::move(*only));
      return json::Value(std::move(items));
    }
    for (Index i = document_.values[index].first; i != kNone; i = document_.values[i].next) {
      if (is_missing(i)) {
        if (item_type.is_non_null()) return std::nullopt;
        items.emplace_back();
        continue;
      }
      std::optional<json::Value> item = coerce(i, item_type);
      if (!item) return std::nullopt;
      items.push_back(std::move(*item));
    }
    return json::Value(std::move(items));
  }

  const ObjectField* field_named(const ValueNode& node, std::string_view name) const {
    for (Index i = node.first; i != kNone; i = document_.object_fields[i].next) {
      const ObjectField& field = document_.object_fields[i];
      if (document_.name(field.name) == name) return &field;
    }
    return nullptr;
  }

  // 3.10: members in the order of the type, defaults where the literal gives nothing. A missing
  // variable counts as nothing given. Unknown members were refused by validation.
  std::optional<json::Value> object(const ValueNode& node, const TypeDef& type) const {
    if (node.kind != ValueKind::object) return std::nullopt;
    json::Object result;
    for (const InputValueDef& input : type.inputs) {
      const ObjectField* field = field_named(node, input.name);
      std::optional<json::Value> value;
      if (field == nullptr || is_missing(field->value)) {
        if (input.type.is_non_null() && !input.default_value) return std::nullopt;
        if (!input.default_value) continue;
        value = copied(*input.default_value);
      } else {
        value = coerce(field->value, input.type);
      }
      if (!value) return std::nullopt;
      result.members().push_back({input.name, std::move(*value)});
    }
    if (type.one_of && (result.size() != 1 || result.members()[0].value.is_null())) {
      return std::nullopt;
    }
    return json::Value(std::move(result));
  }

  std::optional<json::Value> enum_value(const ValueNode& node, const TypeDef& type) const {
    if (node.kind != ValueKind::enum_) return std::nullopt;
    const std::string_view name = document_.name(node.name);
    if (!has_enum_value(type, name)) return std::nullopt;
    return json::Value(name);
  }

  // 3.5. IDs become text whichever way they were written; Int is 32 bits and takes no fraction.
  std::optional<json::Value> scalar(Index index, const TypeDef& type) const {
    if (!type.built_in) return untyped(index);
    const ValueNode& node = document_.values[index];
    const bool is_text = node.kind == ValueKind::string || node.kind == ValueKind::block_string;
    if (type.name == "String") {
      return is_text ? std::optional(json::Value(document_.text(node))) : std::nullopt;
    }
    if (type.name == "ID") {
      const bool fits = is_text || node.kind == ValueKind::int_;
      return fits ? std::optional(json::Value(document_.text(node))) : std::nullopt;
    }
    if (type.name == "Boolean") {
      if (node.kind == ValueKind::boolean_true) return json::Value(true);
      if (node.kind == ValueKind::boolean_false) return json::Value(false);
      return std::nullopt;
    }
    if (node.kind != ValueKind::int_ && node.kind != ValueKind::float_) return std::nullopt;
    std::optional<json::Value> value = number(node);
    if (!value || type.name == "Float") return value;
    const std::int64_t* whole = value->as_int();
    if (node.kind != ValueKind::int_ || whole == nullptr) return std::nullopt;
    return *whole < kIntMin || *whole > kIntMax ? std::nullopt : value;
  }

  // Integers that fit 64 bits stay exact; what no double can hold is refused.
  std::optional<json::Value> number(const ValueNode& node) const {
    const std::string_view text = document_.text(node);
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (node.kind == ValueKind::int_) {
      const auto [stop, error] = std::from_chars(text.data(), end, whole);
      if (error == std::errc() && stop == end) return json::Value(whole);
    }
    double real = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, real);
    if (stop != end) return std::nullopt;
    if (error == std::errc()) return json::Value(real);
    // Too small for a double is zero, as everywhere else; too large is nothing.
    const bool tiny = text.find("e-") != text.npos || text.find("E-") != text.npos ||
                      text.starts_with("0.") || text.starts_with("-0.");
    return tiny ? std::optional(json::Value(0.0)) : std::nullopt;
  }

  // Custom scalars take any literal (graphql-js valueFromASTUntyped).
  std::optional<json::Value> untyped(Index index) const {
    const ValueNode& node = document_.values[index];
    switch (node.kind) {
      case ValueKind::variable: {
        const json::Value* value = scope_.variables.find(node.name);
        return value == nullptr ? json::Value() : copied(*value);
      }
      case ValueKind::int_:
      case ValueKind::float_:
        return number(node);
      case ValueKind::string:
      case ValueKind::block_string:
        return json::Value(document_.text(node));
      case ValueKind::boolean_true:
        return json::Value(true);
      case ValueKind::boolean_false:
        return json::Value(false);
      case ValueKind::null:
        return json::Value();
      case ValueKind::enum_:
        return json::Value(document_.name(node.name));
      case ValueKind::list:
        return untyped_list(node);
      case ValueKind::object:
        return untyped_object(node);
    }
    return std::nullopt;
  }

  std::optional<json::Value> untyped_list(const ValueNode& node) const {
    json::Array items;
    for (Index i = node.first; i != kNone; i = document_.values[i].next) {
      std::optional<json::Value> item = untyped(i);
      if (!item) return std::nullopt;
      items.push_back(std::move(*item));
    }
    return json::Value(std::move(items));
  }

  // A variable without a value is left out, as an undefined property is.
  std::optional<json::Value> untyped_object(const ValueNode& node) const {
    json::Object result;
    for (Index i = node.first; i != kNone; i = document_.object_fields[i].next) {
      const ObjectField& field = document_.object_fields[i];
      if (is_missing(field.value)) continue;
      std::optional<json::Value> value = untyped(field.value);
      if (!value) return std::nullopt;
      result.set(std::string(document_.name(field.name)), std::move(*value));
    }
    return json::Value(std::move(result));
  }

  const CoerceScope& scope_;
  const Document& document_;
};

// Arguments -----------------------------------------------------------------------------------

// Validation made names unique, so the first is the only one.
const ArgumentNode* argument_named(const Document& document, Index first, std::string_view name) {
  for (Index i = first; i != kNone; i = document.arguments[i].next) {
    if (document.name(document.arguments[i].name) == name) return &document.arguments[i];
  }
  return nullptr;
}

// "Argument "x" of required type "Int!" ", the start of three messages.
std::string argument_text(const CoerceScope& scope, const InputValueDef& definition,
                          std::string_view what) {
  return "Argument \"" + definition.name + "\" of " + std::string(what) + " type \"" +
         scope.schema.type_text(definition.type) + "\" ";
}

// The value of an argument that the node does not give: its default, nothing, or a fault.
tl::expected<std::optional<json::Value>, Fault> absent_argument(const CoerceScope& scope,
                                                                const InputValueDef& definition,
                                                                Fault otherwise) {
  if (definition.default_value) {
    if (scope.budget.take(*definition.default_value)) return definition.default_value;
    otherwise.message = "Argument \"" + definition.name + "\" is too large.";
    return tl::unexpected(std::move(otherwise));
  }
  if (!definition.type.is_non_null()) return std::optional<json::Value>();
  otherwise.message =
      argument_text(scope, definition, "required") + "was " + otherwise.message + ".";
  return tl::unexpected(std::move(otherwise));
}

// 6.4.1 for one argument. Nothing means that the argument does not exist for the resolver, which
// is not the same as null.
tl::expected<std::optional<json::Value>, Fault> coerce_argument(const CoerceScope& scope,
                                                                const InputValueDef& definition,
                                                                const ArgumentSource& source) {
  const Document& document = scope.document;
  const ArgumentNode* argument = argument_named(document, source.first, definition.name);
  if (argument == nullptr) {
    return absent_argument(scope, definition, {"not provided", {source.node_at}});
  }
  const ValueNode& node = document.values[argument->value];
  bool is_null = node.kind == ValueKind::null;
  if (node.kind == ValueKind::variable) {
    const json::Value* value = scope.variables.find(node.name);
    if (value == nullptr) {
      return absent_argument(scope, definition,
                             {"provided the variable \"$" + std::string(document.name(node.name)) +
                                  "\" which was not provided a runtime value",
                              {node.at}});
    }
    is_null = value->is_null();
  }
  if (is_null && definition.type.is_non_null()) {
    return tl::unexpected(
        Fault{argument_text(scope, definition, "non-null") + "must not be null.", {node.at}});
  }
  std::optional<json::Value> value = coerce_literal(scope, argument->value, definition.type);
  if (!value) {
    return tl::unexpected(
        Fault{"Argument \"" + definition.name + "\" has invalid value " +
                  excerpt(print_literal(document, argument->value), kShownBytesMax) + ".",
              {node.at}});
  }
  return value;
}

// The value of `if` of a directive of this name; nothing when the selection has no such directive.
tl::expected<std::optional<bool>, Fault> condition(const CoerceScope& scope, Index directives,
                                                   std::string_view name) {
  const Document& document = scope.document;
  for (Index i = directives; i != kNone; i = document.directives[i].next) {
    const DirectiveNode& node = document.directives[i];
    if (document.name(node.name) != name) continue;
    const DirectiveDef* definition = scope.schema.directive(name);
    if (definition == nullptr || definition->arguments.empty()) return std::optional<bool>();
    auto value = coerce_argument(scope, definition->arguments.front(),
                                 {definition->arguments, node.arguments, node.at});
    if (!value) return tl::unexpected(std::move(value).error());
    const bool* flag = *value ? (*value)->as_bool() : nullptr;
    return flag != nullptr ? std::optional(*flag) : std::nullopt;
  }
  return std::optional<bool>();
}

}  // namespace

bool InputBudget::take(const json::Value& value) {
  const std::size_t bytes = weight(value);
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

std::optional<json::Value> coerce_literal(const CoerceScope& scope, Index value, TypeRef type) {
  return Literals(scope).coerce(value, type);
}

tl::expected<json::Object, Fault> coerce_arguments(const CoerceScope& scope,
                                                   const ArgumentSource& source) {
  json::Object values;
  for (const InputValueDef& definition : source.definitions) {
    auto value = coerce_argument(scope, definition, source);
    if (!value) return tl::unexpected(std::move(value).error());
    if (*value) values.members().push_back({definition.name, std::move(**value)});
  }
  return values;
}

tl::expected<bool, Fault> is_included(const CoerceScope& scope, Index directives) {
  if (directives == kNone) return true;
  auto skip = condition(scope, directives, "skip");
  if (!skip) return tl::unexpected(std::move(skip).error());
  // @skip wins (3.13.2), and what it removed cannot fail on @include.
  if (skip->value_or(false)) return false;
  auto include = condition(scope, directives, "include");
  if (!include) return tl::unexpected(std::move(include).error());
  return include->value_or(true);
}

std::optional<TypeRef> type_from_node(const Schema& schema, const Document& document, Index type) {
  TypeRef result;
  unsigned shift = 0;  // two bits a wrapper, the outermost lowest
  for (Index i = type; i != kNone; i = document.types[i].inner) {
    const TypeNode& node = document.types[i];
    if (node.kind == TypeKind::named) {
      const TypeDef* named = schema.find(document.name(node.name));
      if (named == nullptr) return std::nullopt;
      result.named = named->id;
      return result;
    }
    if (shift == 30) return std::nullopt;
    result.wrappers |= (node.kind == TypeKind::list ? 1u : 2u) << shift;
    shift += 2;
  }
  return std::nullopt;
}

}  // namespace mc::graphql
