#include "graphql/schema.h"

#include <algorithm>

namespace mc::graphql {

const InputValueDef* FieldDef::argument(std::string_view wanted) const {
  // Argument lists are short; a scan beats a hash.
  for (const InputValueDef& candidate : arguments) {
    if (candidate.name == wanted) return &candidate;
  }
  return nullptr;
}

const FieldDef* TypeDef::field(std::string_view wanted) const {
  if (fields.empty()) return nullptr;
  const auto found = field_index.find(wanted);
  return found == field_index.end() ? nullptr : &fields[found->second];
}

const InputValueDef* TypeDef::input(std::string_view wanted) const {
  if (inputs.empty()) return nullptr;
  const auto found = field_index.find(wanted);
  return found == field_index.end() ? nullptr : &inputs[found->second];
}

const TypeDef* Schema::find(std::string_view name) const {
  const auto found = type_index_.find(name);
  return found == type_index_.end() ? nullptr : &types_[found->second];
}

const DirectiveDef* Schema::directive(std::string_view name) const {
  const auto found = std::find_if(directives_.begin(), directives_.end(),
                                  [&](const DirectiveDef& d) { return d.name == name; });
  return found == directives_.end() ? nullptr : &*found;
}

const TypeDef* Schema::root(OperationKind kind) const {
  const TypeId id = roots_[static_cast<std::size_t>(kind)];
  return id == kNoType ? nullptr : &types_[id];
}

bool Schema::is_possible(TypeId abstract, TypeId object) const {
  if (abstract == object) return true;
  const TypeDef& super = types_[abstract];
  // An object names its interfaces, few of them; a union can only be searched from its own side.
  const std::vector<TypeId>& candidates =
      super.kind == NamedKind::interface ? types_[object].interfaces : super.possible;
  if (!super.is_abstract()) return false;
  const TypeId wanted = super.kind == NamedKind::interface ? abstract : object;
  return std::find(candidates.begin(), candidates.end(), wanted) != candidates.end();
}

std::string Schema::type_text(TypeRef type) const {
  std::string suffix;
  std::string text;
  for (std::uint32_t rest = type.wrappers; rest != 0; rest >>= 2) {
    const bool list = (rest & 3) == 1;
    if (list) text.push_back('[');
    suffix.push_back(list ? ']' : '!');
  }
  text += type.named == kNoType ? std::string() : types_[type.named].name;
  text.append(suffix.rbegin(), suffix.rend());
  return text;
}

FieldDef* Schema::mutable_field(std::string_view type, std::string_view field) {
  const auto found = type_index_.find(type);
  if (found == type_index_.end()) return nullptr;
  TypeDef& owner = types_[found->second];
  const auto position = owner.field_index.find(field);
  if (owner.fields.empty() || position == owner.field_index.end()) return nullptr;
  return &owner.fields[position->second];
}

}  // namespace mc::graphql
