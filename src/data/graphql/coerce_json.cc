// JSON values to input types: graphql-js getVariableValues and coerceInputValue.
#include <cmath>
#include <limits>
#include <unordered_map>

#include "graphql/coerce.h"

namespace mc::graphql {
namespace {

constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kIntMin = std::numeric_limits<std::int32_t>::min();
constexpr double kSafeIntegerMax = 9007199254740991.0;
constexpr std::size_t kShownNameBytesMax = 200;

// Where in the variable we are; linked through the stack.
struct Step {
  const Step* before = nullptr;
  std::string_view name;  // of a field; empty for a list index
  std::size_t index = 0;
};

// ".friends[2].name", as graphql-js prints paths.
std::string path_text(const Step* step) {
  std::string text;
  for (; step != nullptr; step = step->before) {
    text.insert(0, step->name.empty() ? "[" + std::to_string(step->index) + "]"
                                      : "." + std::string(step->name));
  }
  return text;
}

// A double that holds an integer any reader can tell apart from its neighbours.
bool is_whole(double number) {
  return std::trunc(number) == number && std::abs(number) <= kSafeIntegerMax;
}

// Walks a value and its type together. After a fault it goes on, so that one answer names all of
// them; what did not fit is null in the result, which nobody reads then. Recursion is bounded by
// the depth limit of the JSON reader, a list of one by the wrappers of its type.
class JsonCoercer {
 public:
  explicit JsonCoercer(JsonCoercion& coercion) : coercion_(coercion) {}

  json::Value coerce(const json::Value& value, TypeRef type, const Step* path) {
    if (is_full()) return {};
    if (value.is_null()) {
      if (type.is_non_null()) {
        fault(value, path,
              "Expected non-nullable type \"" + coercion_.schema.type_text(type) +
                  "\" not to be null.");
      }
      return {};
    }
    type = type.nullable();
    if (type.is_list()) return list(value, type.inner(), path);
    const TypeDef& named = coercion_.schema.type(type.named);
    switch (named.kind) {
      case NamedKind::input:
        return object(value, named, path);
      case NamedKind::enum_:
        return enum_value(value, named, path);
      default:
        return named.built_in ? built_in(value, named, path) : value;
    }
  }

 private:
  // Past the limit nothing more is looked at: the input may be large and wrong throughout.
  bool is_full() const { return coercion_.faults.size() > kVariableErrorsMax; }

  void fault(const json::Value& value, const Step* path, const std::string& message) {
    if (is_full()) return;
    if (coercion_.faults.size() == kVariableErrorsMax) {
      coercion_.faults.push_back(
          {"Too many errors processing variables, error limit reached. Execution aborted.", {}});
      return;
    }
    const std::string variable(coercion_.variable);
    std::string text = "Variable \"$" + variable + "\" got invalid value " + inspect(value);
    if (path != nullptr) text += " at \"" + variable + path_text(path) + "\"";
    coercion_.faults.push_back({text + "; " + message, {coercion_.at}});
  }

  // A value that is no list is a list of one; its path has no index then.
  json::Value list(const json::Value& value, TypeRef item_type, const Step* path) {
    json::Array result;
    const json::Array* items = value.as_array();
    if (items == nullptr) {
      result.push_back(coerce(value, item_type, path));
      return result;
    }
    result.reserve(items->size());
    Step step{path, {}, 0};
    for (const json::Value& item : *items) {
      result.push_back(coerce(item, item_type, &step));
      ++step.index;
    }
    return result;
  }

  json::Value object(const json::Value& value, const TypeDef& type, const Step* path) {
    const json::Object* given = value.as_object();
    if (given == nullptr) {
      fault(value, path, "Expected type \"" + type.name + "\" to be an object.");
      return {};
    }
    // One pass over what was given, so that neither side is searched for each member of the other.
    std::vector<const json::Value*> by_input(type.inputs.size());
    for (const json::Member& member : given->members()) {
      const InputValueDef* input = type.input(member.name);
      if (input != nullptr) {
        by_input[static_cast<std::size_t>(input - type.inputs.data())] = &member.value;
      }
    }
    json::Object result;
    for (std::size_t i = 0; i < by_input.size(); ++i) {
      const InputValueDef& input = type.inputs[i];
      if (by_input[i] != nullptr) {
        const Step step{path, input.name, 0};
        result.members().push_back({input.name, coerce(*by_input[i], input.type, &step)});
      } else if (input.default_value) {
        result.members().push_back({input.name, *input.default_value});
      } else if (input.type.is_non_null()) {
        fault(value, path,
              "Field \"" + input.name + "\" of required type \"" +
                  coercion_.schema.type_text(input.type) + "\" was not provided.");
      }
    }
    check_members(value, type, path, result);
    return result;
  }

  // What the type does not have, then the rule of @oneOf.
  void check_members(const json::Value& value, const TypeDef& type, const Step* path,
                     const json::Object& result) {
    for (const json::Member& member : value.as_object()->members()) {
      if (is_full()) return;
      if (type.input(member.name) != nullptr) continue;
      fault(value, path,
            "Field \"" + excerpt(member.name, kShownNameBytesMax) + "\" is not defined by type \"" +
                type.name + "\".");
    }
    if (!type.one_of) return;
    if (result.size() != 1) {
      fault(value, path, "Exactly one key must be specified for OneOf type \"" + type.name + "\".");
    }
    if (result.empty()) return;
    const std::string& first = result.members()[0].name;
    const json::Value* given = value.find(first);  // what did not fit has its fault already
    if (given == nullptr || !given->is_null()) return;
    const Step step{path, first, 0};
    fault(json::Value(), &step, "Field \"" + first + "\" must be non-null.");
  }

  json::Value enum_value(const json::Value& value, const TypeDef& type, const Step* path) {
    const std::string* name = value.as_string();
    if (name == nullptr) {
      fault(
          value, path,
          "Enum \"" + type.name + "\" cannot represent non-string value: " + inspect(value) + ".");
      return {};
    }
    for (const EnumValueDef& known : type.enum_values) {
      if (known.name == *name) return value;
    }
    fault(value, path,
          "Value \"" + excerpt(*name, kShownNameBytesMax) + "\" does not exist in \"" + type.name +
              "\" enum.");
    return {};
  }

  json::Value built_in(const json::Value& value, const TypeDef& type, const Step* path) {
    if (type.name == "Int") return integer(value, path);
    if (type.name == "ID") return id(value, path);
    if (type.name == "Float") {
      if (value.as_int() != nullptr || value.as_double() != nullptr) return value;
      fault(value, path, "Float cannot represent non numeric value: " + inspect(value));
      return {};
    }
    if (type.name == "Boolean") {
      if (value.as_bool() != nullptr) return value;
      fault(value, path, "Boolean cannot represent a non boolean value: " + inspect(value));
      return {};
    }
    if (value.as_string() != nullptr) return value;
    fault(value, path, "String cannot represent a non string value: " + inspect(value));
    return {};
  }

  // The range is tested as a double, which holds every 32-bit integer exactly.
  // JSON does not tell 1 from 1.0, so whole doubles count as integers.
  json::Value integer(const json::Value& value, const Step* path) {
    const std::int64_t* whole = value.as_int();
    const double* real = value.as_double();
    if (whole == nullptr && (real == nullptr || std::trunc(*real) != *real)) {
      fault(value, path, "Int cannot represent non-integer value: " + inspect(value));
      return {};
    }
    const double number = whole != nullptr ? static_cast<double>(*whole) : *real;
    if (number > static_cast<double>(kIntMax) || number < static_cast<double>(kIntMin)) {
      fault(value, path, "Int cannot represent non 32-bit signed integer value: " + inspect(value));
      return {};
    }
    return static_cast<std::int64_t>(number);
  }

  json::Value id(const json::Value& value, const Step* path) {
    if (value.as_string() != nullptr) return value;
    if (const std::int64_t* whole = value.as_int()) return std::to_string(*whole);
    if (const double* real = value.as_double(); real != nullptr && is_whole(*real)) {
      return std::to_string(static_cast<std::int64_t>(*real));
    }
    fault(value, path, "ID cannot represent value: " + inspect(value));
    return {};
  }

  JsonCoercion& coercion_;
};

// Output types cannot be sent in; validation refuses them, this keeps unchecked documents safe.
bool is_input_type(const Schema& schema, std::optional<TypeRef> type) {
  if (!type) return false;
  const NamedKind kind = schema.type(type->named).kind;
  return kind == NamedKind::scalar || kind == NamedKind::enum_ || kind == NamedKind::input;
}

// The received values by name; hashed only when there are many.
class Received {
 public:
  explicit Received(const json::Object& object) : object_(object) {
    if (object.size() <= kLinearMax) return;
    for (const json::Member& member : object.members()) index_[member.name] = &member.value;
  }
  const json::Value* find(std::string_view name) const {
    if (object_.size() <= kLinearMax) return object_.find(name);
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : found->second;
  }

 private:
  static constexpr std::size_t kLinearMax = 16;
  const json::Object& object_;
  std::unordered_map<std::string_view, const json::Value*> index_;
};

}  // namespace

json::Value coerce_json(JsonCoercion& coercion, const json::Value& value, TypeRef type) {
  return JsonCoercer(coercion).coerce(value, type, nullptr);
}

tl::expected<Variables, std::vector<Fault>> coerce_variables(const Schema& schema,
                                                             const Document& document,
                                                             const OperationNode& operation,
                                                             const json::Object& received) {
  if (operation.variables == kNone) return Variables();
  Variables variables(document.names.size());
  std::vector<Fault> faults;
  const Received by_name(received);
  // Defaults are constants of the document: no variables in them, and each is copied once.
  const Variables none;
  InputBudget unlimited(std::numeric_limits<std::size_t>::max());
  for (Index i = operation.variables; i != kNone; i = document.variables[i].next) {
    const VariableNode& node = document.variables[i];
    const std::string_view name = document.name(node.name);
    const std::optional<TypeRef> type = type_from_node(schema, document, node.type);
    if (faults.size() > kVariableErrorsMax) break;
    if (!is_input_type(schema, type)) {
      faults.push_back({"Variable \"$" + std::string(name) + "\" expected value of type \"" +
                            print_type(document, node.type) +
                            "\" which cannot be used as an input type.",
                        {document.types[node.type].at}});
      continue;
    }
    const json::Value* value = by_name.find(name);
    if (value == nullptr && node.default_value != kNone) {
      std::optional<json::Value> fallback =
          coerce_literal({schema, document, none, unlimited}, node.default_value, *type);
      if (fallback) variables.set(node.name, std::move(*fallback));
      continue;
    }
    // Null at the top has its own message; deeper ones come from coerce_json.
    if (type->is_non_null() && (value == nullptr || value->is_null())) {
      const bool absent = value == nullptr;
      faults.push_back({"Variable \"$" + std::string(name) + "\" of " +
                            (absent ? "required" : "non-null") + " type \"" +
                            schema.type_text(*type) + "\" " +
                            (absent ? "was not provided." : "must not be null."),
                        {node.at}});
      continue;
    }
    if (value == nullptr) continue;
    JsonCoercion coercion{schema, name, node.at, faults};
    variables.set(node.name, coerce_json(coercion, *value, *type));
  }
  if (!faults.empty()) return tl::unexpected(std::move(faults));
  return variables;
}

}  // namespace mc::graphql
