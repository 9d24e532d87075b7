#include <algorithm>

#include "graphql/schema_build.h"

namespace mc::graphql {
namespace {

NamedKind named_kind(DefinitionKind kind) {
  switch (kind) {
    case DefinitionKind::object:
      return NamedKind::object;
    case DefinitionKind::interface:
      return NamedKind::interface;
    case DefinitionKind::union_:
      return NamedKind::union_;
    case DefinitionKind::enum_:
      return NamedKind::enum_;
    case DefinitionKind::input:
      return NamedKind::input;
    default:
      return NamedKind::scalar;
  }
}

// Refuses the second of two equal names in one list.
class UniqueNames {
 public:
  bool add(std::string_view name) { return seen_.insert(name).second; }

 private:
  std::unordered_set<std::string_view> seen_;
};

}  // namespace

void SchemaBuilder::complain(std::string message) {
  messages_->push_back(std::move(message));
}

std::string SchemaBuilder::description(const Document& document, Index value) const {
  return value == kNone ? std::string() : std::string(document.text(document.values[value]));
}

TypeId SchemaBuilder::resolve_name(std::string_view name) {
  const auto found = entries_.find(name);
  if (found != entries_.end() && found->second.id != kNoType) return found->second.id;
  complain("Unknown type: \"" + std::string(name) + "\".");
  return kNoType;
}

TypeRef SchemaBuilder::resolve(const Document& document, Index type) {
  static constexpr unsigned kWrappersMax = 15;
  TypeRef result;
  unsigned depth = 0;
  while (document.types[type].kind != TypeKind::named) {
    const std::uint32_t wrapper = document.types[type].kind == TypeKind::list ? 1 : 2;
    if (depth < kWrappersMax) result.wrappers |= wrapper << (2 * depth);
    ++depth;
    type = document.types[type].inner;
  }
  const std::string_view name = document.name(document.types[type].name);
  if (depth > kWrappersMax) {
    complain("A type around \"" + std::string(name) + "\" has more than 15 wrappers.");
  }
  result.named = resolve_name(name);
  return result;
}

void SchemaBuilder::fill_type(TypeDef& type, const Entry& entry) {
  const SdlNode& definition = entry.nodes.front();
  type.kind = named_kind(definition.node->kind);
  type.description = description(*definition.document, definition.node->description);
  const Document& document = *definition.document;
  for (Index at = definition.node->directives; at != kNone; at = document.directives[at].next) {
    const bool marked = document.name(document.directives[at].name) == "oneOf";
    type.one_of = type.one_of || (marked && type.kind == NamedKind::input);
  }
  for (const SdlNode& item : entry.nodes) {
    add_names(type, item);
    add_fields(type, item);
    add_inputs(type.inputs, *item.document, item.node->inputs, type.name);
    add_enum_values(type, item);
  }
}

void SchemaBuilder::add_names(TypeDef& type, SdlNode item) {
  const Document& document = *item.document;
  std::vector<TypeId>& list = type.kind == NamedKind::union_ ? type.possible : type.interfaces;
  for (Index at = item.node->names; at != kNone; at = document.name_nodes[at].next) {
    const TypeId id = resolve_name(document.name(document.name_nodes[at].name));
    if (id != kNoType) list.push_back(id);
  }
}

void SchemaBuilder::add_fields(TypeDef& type, SdlNode item) {
  const Document& document = *item.document;
  UniqueNames names;
  for (const FieldDef& field : type.fields) names.add(field.name);
  std::vector<FieldDef> added;
  for (Index at = item.node->fields; at != kNone; at = document.field_definitions[at].next) {
    const FieldDefinitionNode& node = document.field_definitions[at];
    FieldDef& field = added.emplace_back();
    field.name = document.name(node.name);
    field.description = description(document, node.description);
    field.type = resolve(document, node.type);
    add_inputs(field.arguments, document, node.arguments, type.name + "." + field.name);
    if (!names.add(document.name(node.name))) {
      complain("Field \"" + type.name + "." + field.name + "\" can only be defined once.");
    }
  }
  std::move(added.begin(), added.end(), std::back_inserter(type.fields));
}

void SchemaBuilder::add_inputs(std::vector<InputValueDef>& inputs, const Document& document,
                               Index first, std::string_view owner) {
  UniqueNames names;
  for (const InputValueDef& input : inputs) names.add(input.name);
  std::vector<InputValueDef> added;
  for (Index at = first; at != kNone; at = document.input_values[at].next) {
    const InputValueNode& node = document.input_values[at];
    InputValueDef& input = added.emplace_back();
    input.name = document.name(node.name);
    input.description = description(document, node.description);
    input.type = resolve(document, node.type);
    if (!names.add(document.name(node.name))) {
      complain("\"" + std::string(owner) + "." + input.name + "\" can only be defined once.");
    }
  }
  std::move(added.begin(), added.end(), std::back_inserter(inputs));
}

void SchemaBuilder::add_enum_values(TypeDef& type, SdlNode item) {
  const Document& document = *item.document;
  UniqueNames names;
  for (const EnumValueDef& value : type.enum_values) names.add(value.name);
  std::vector<EnumValueDef> added;
  for (Index at = item.node->enum_values; at != kNone; at = document.enum_values[at].next) {
    const EnumValueNode& node = document.enum_values[at];
    EnumValueDef& value = added.emplace_back();
    value.name = document.name(node.name);
    value.description = description(document, node.description);
    if (!names.add(document.name(node.name))) {
      complain("Enum value \"" + type.name + "." + value.name + "\" can only be defined once.");
    }
  }
  std::move(added.begin(), added.end(), std::back_inserter(type.enum_values));
}

}  // namespace mc::graphql
