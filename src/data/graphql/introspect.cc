#include "graphql/introspect.h"

#include <array>
#include <string_view>

namespace mc::graphql {
namespace {

// How the objects of the introspection types are held in an Object. `data` points into the schema.
//   __Schema     the Schema
//   __Type       data: the TypeDef, index: the wrappers around it
//   __Field, __InputValue, __EnumValue, __Directive: the definition
class Answers {
 public:
  explicit Answers(const FieldCall& call) : call_(call), schema_(call.schema) {}

  // __schema and __type(name:); an unknown name is null, not an error.
  Datum root() const {
    if (call_.field.name == "__schema") return object("__Schema", &schema_);
    const json::Value* name = call_.arguments.find("name");
    const TypeDef* type = name == nullptr || name->as_string() == nullptr
                              ? nullptr
                              : schema_.find(*name->as_string());
    return type == nullptr ? Datum() : type_object({type->id, 0});
  }

  Datum of_schema() const {
    const std::string_view field = call_.field.name;
    if (field == "description") return text(schema_.description());
    if (field == "types") {
      return list(schema_.types(), [&](const TypeDef& type) { return type_object({type.id, 0}); });
    }
    if (field == "queryType") return root_type(OperationKind::query);
    if (field == "mutationType") return root_type(OperationKind::mutation);
    if (field == "subscriptionType") return root_type(OperationKind::subscription);
    return list(schema_.directives(),
                [&](const DirectiveDef& directive) { return object("__Directive", &directive); });
  }

  // Wrapped types have a kind and what they wrap, nothing else.
  Datum of_type(const Object& object_in) const {
    const TypeDef& type = *static_cast<const TypeDef*>(object_in.data);
    const TypeRef ref{type.id, static_cast<std::uint32_t>(object_in.index)};
    const std::string_view field = call_.field.name;
    if (ref.wrappers != 0) {
      if (field == "kind") return Datum::of_text(ref.is_list() ? "LIST" : "NON_NULL");
      return field == "ofType" ? type_object(ref.inner()) : Datum();
    }
    if (field == "kind") return Datum::of_text(kKindNames[static_cast<std::size_t>(type.kind)]);
    if (field == "name") return Datum::of_text(type.name);
    if (field == "description") return text(type.description);
    if (field == "specifiedByURL") return text(type.specified_by);
    const bool has_fields = type.kind == NamedKind::object || type.kind == NamedKind::interface;
    if (field == "fields" && has_fields) {
      return list(type.fields, [&](const FieldDef& item) { return object("__Field", &item); });
    }
    if (field == "interfaces" && has_fields) return types(type.interfaces);
    if (field == "possibleTypes" && type.is_abstract()) return types(type.possible);
    if (field == "enumValues" && type.kind == NamedKind::enum_) {
      return list(type.enum_values,
                  [&](const EnumValueDef& item) { return object("__EnumValue", &item); });
    }
    if (type.kind == NamedKind::input) {
      if (field == "inputFields") return inputs(type.inputs);
      if (field == "isOneOf") return Datum::of_bool(type.one_of);
    }
    return Datum();
  }

  Datum of_field(const FieldDef& field) const {
    if (call_.field.name == "args") return inputs(field.arguments);
    if (call_.field.name == "type") return type_object(field.type);
    return named(field);
  }

  Datum of_input(const InputValueDef& input) const {
    if (call_.field.name == "type") return type_object(input.type);
    if (call_.field.name == "defaultValue") return text(input.default_text);
    return named(input);
  }

  Datum of_enum_value(const EnumValueDef& value) const { return named(value); }

  Datum of_directive(const DirectiveDef& directive) const {
    const std::string_view field = call_.field.name;
    if (field == "name") return Datum::of_text(directive.name);
    if (field == "description") return text(directive.description);
    if (field == "isRepeatable") return Datum::of_bool(directive.repeatable);
    if (field == "args") return inputs(directive.arguments);
    if (field == "isDeprecated") return Datum::of_bool(false);
    if (field == "deprecationReason") return Datum();
    return list(directive.locations, [](const std::string& name) { return Datum::of_text(name); });
  }

 private:
  static constexpr std::array<std::string_view, 6> kKindNames = {
      "SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT"};  // by NamedKind

  // The schema keeps "" for what was not given.
  static Datum text(std::string_view value) {
    return value.empty() ? Datum() : Datum::of_text(value);
  }

  // Introspection types are always in the schema.
  Datum object(std::string_view type, const void* data, std::uint64_t index = 0) const {
    return Datum::of_object({schema_.find(type)->id, data, index});
  }
  Datum type_object(TypeRef type) const {
    return object("__Type", &schema_.type(type.named), type.wrappers);
  }
  Datum root_type(OperationKind kind) const {
    const TypeDef* type = schema_.root(kind);
    return type == nullptr ? Datum() : type_object({type->id, 0});
  }
  Datum types(const std::vector<TypeId>& ids) const {
    return list(ids, [&](TypeId id) { return type_object({id, 0}); });
  }
  Datum inputs(const std::vector<InputValueDef>& all) const {
    return list(all, [&](const InputValueDef& item) { return object("__InputValue", &item); });
  }

  // What fields, input values and enum values have in common.
  template <class Definition>
  Datum named(const Definition& definition) const {
    const std::string_view field = call_.field.name;
    if (field == "name") return Datum::of_text(definition.name);
    if (field == "description") return text(definition.description);
    if (field == "isDeprecated") return Datum::of_bool(definition.deprecated.has_value());
    return definition.deprecated ? Datum::of_text(*definition.deprecated) : Datum();
  }

  bool shows_deprecated() const {
    const json::Value* flag = call_.arguments.find("includeDeprecated");
    return flag != nullptr && flag->as_bool() != nullptr && *flag->as_bool();
  }

  template <class Item>
  static bool is_deprecated(const Item& item) {
    if constexpr (requires { item.deprecated.has_value(); }) {
      return item.deprecated.has_value();
    } else {
      return false;
    }
  }

  // Without includeDeprecated: true, what is deprecated is left out (4.2.5).
  template <class Items, class Make>
  Datum list(const Items& items, const Make& make) const {
    Datum* made = call_.arena.array<Datum>(items.size());
    std::uint32_t count = 0;
    const bool all = shows_deprecated();
    for (const auto& item : items) {
      if (all || !is_deprecated(item)) made[count++] = make(item);
    }
    return Datum::of_list(made, count);
  }

  const FieldCall& call_;
  const Schema& schema_;
};

}  // namespace

void Introspector::resolve(const FieldCall& call, std::span<const Object> parents,
                           std::span<Datum> out) {
  // One type and one field a call: what to ask is decided by the name of the type alone.
  const Answers answers(call);
  const std::string_view type = call.schema.type(call.parent_type).name;
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const void* data = parents[i].data;
    if (&call.field == &call.schema.schema_field() || &call.field == &call.schema.type_field()) {
      out[i] = answers.root();
    } else if (type == "__Type") {
      out[i] = answers.of_type(parents[i]);
    } else if (type == "__Field") {
      out[i] = answers.of_field(*static_cast<const FieldDef*>(data));
    } else if (type == "__InputValue") {
      out[i] = answers.of_input(*static_cast<const InputValueDef*>(data));
    } else if (type == "__EnumValue") {
      out[i] = answers.of_enum_value(*static_cast<const EnumValueDef*>(data));
    } else if (type == "__Directive") {
      out[i] = answers.of_directive(*static_cast<const DirectiveDef*>(data));
    } else {
      out[i] = answers.of_schema();
    }
  }
}

}  // namespace mc::graphql
