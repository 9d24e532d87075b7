#include "gateway/listed_fields.h"

#include <algorithm>

namespace mc::gateway {
namespace {

using graphql::FieldDef;
using graphql::kNone;
using graphql::SelectionKind;
using graphql::SelectionNode;
using graphql::TypeDef;

constexpr std::string_view kMeta = "__";  // names of introspection begin so

struct Named {
  const TypeDef* type;
  const FieldDef* field;
};

Result<Named> find_named(const graphql::Schema& schema, std::string_view type,
                         std::string_view field) {
  const TypeDef* const found = schema.find(type);
  if (found == nullptr || found->built_in) {
    return fail(Code::invalid, "the schema has no type '" + excerpt(type) + "'");
  }
  if (found->kind != graphql::NamedKind::object && found->kind != graphql::NamedKind::interface) {
    return fail(Code::invalid, "'" + excerpt(type) + "' is no object and no interface");
  }
  const FieldDef* const def = found->field(field);
  if (def == nullptr) {
    return fail(Code::invalid,
                "the type '" + excerpt(type) + "' has no field '" + excerpt(field) + "'");
  }
  return Named{found, def};
}

// Can one object be of both types?
bool overlap(const graphql::Schema& schema, const TypeDef& a, const TypeDef& b) {
  return a.id == b.id || std::any_of(a.possible.begin(), a.possible.end(), [&](graphql::TypeId id) {
           return schema.is_possible(b.id, id);
         });
}

}  // namespace

Result<ListedFields> ListedFields::make(const graphql::Schema& schema,
                                        const std::vector<FieldConfig>& listed) {
  ListedFields out(schema);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const FieldConfig& field = listed[i];
    const std::string where = "field " + excerpt(field.field) + ": ";
    const auto same = [&](const FieldConfig& other) { return other.field == field.field; };
    if (std::any_of(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return fail(Code::invalid, where + "is listed twice");
    }
    const int column = static_cast<int>(i);
    if (const Status added = out.add_field(field, column); !added) {
      return fail(Code::invalid, where + added.error().what);
    }
    for (const std::string& place : field.arguments) {
      if (const Status added = out.add_argument(place, column); !added) {
        return fail(Code::invalid,
                    where + "argument " + excerpt(place) + ": " + added.error().what);
      }
    }
  }
  out.size_ = listed.size();
  return out;
}

Status ListedFields::add_field(const FieldConfig& field, int column) {
  const std::vector<std::string_view> parts = split(field.field, '.');
  if (parts.size() != 2) return fail(Code::invalid, "must be Type.field");
  MC_TRY(const Named named, find_named(*schema_, parts[0], parts[1]));
  if (!schema_->type(named.field->type.named).is_leaf()) {
    return fail(Code::invalid, "is " + schema_->type_text(named.field->type) +
                                   ", not a scalar, an enum or a list of them");
  }
  for (const FieldDef* def : alike(*named.type, named.field->name)) {
    entries_[def].columns.push_back(column);
  }
  return ok();
}

Status ListedFields::add_argument(const std::string& place, int column) {
  const std::vector<std::string_view> parts = split(place, '.');
  if (parts.size() != 3) return fail(Code::invalid, "must be Type.field.argument");
  MC_TRY(const Named named, find_named(*schema_, parts[0], parts[1]));
  if (named.field->argument(parts[2]) == nullptr) {
    return fail(Code::invalid, "the field '" + std::string(parts[0]) + "." + named.field->name +
                                   "' has no argument '" + excerpt(parts[2]) + "'");
  }
  const auto index = static_cast<std::uint32_t>(arguments_.size());
  arguments_.push_back({std::string(parts[2]), place, column});
  for (const FieldDef* def : alike(*named.type, named.field->name)) {
    entries_[def].arguments.push_back(index);
  }
  return ok();
}

std::vector<const FieldDef*> ListedFields::alike(const TypeDef& type,
                                                 const std::string& field) const {
  std::vector<const FieldDef*> out;
  for (const TypeDef& other : schema_->types()) {
    const FieldDef* const def = other.is_composite() ? other.field(field) : nullptr;
    if (def != nullptr && overlap(*schema_, type, other)) out.push_back(def);
  }
  return out;
}

const ListedFields::Entry* ListedFields::find(const FieldDef& field) const {
  const auto found = entries_.find(&field);
  return found == entries_.end() ? nullptr : &found->second;
}

TouchedFields ListedFields::touched(const graphql::Document& document,
                                    const graphql::OperationNode& operation) const {
  TouchedFields out;
  std::vector<bool> shown(size_);
  SelectionWalk walk(*schema_, document);
  walk.begin();
  walk.enter({operation.selections, schema_->root(operation.kind)});
  for (auto at = walk.next(); at.node != nullptr; at = walk.next()) {
    const FieldDef* const field =
        selected_field(*schema_, *at.parent, document.name(at.node->name));
    if (field == nullptr) continue;
    if (at.node->has_selections) {
      walk.enter({at.node->selections, &schema_->type(field->type.named)});
    }
    const Entry* const entry = find(*field);
    if (entry == nullptr) continue;
    for (const int column : entry->columns) shown[static_cast<std::size_t>(column)] = true;
    for (graphql::Index i = at.node->arguments; i != kNone; i = document.arguments[i].next) {
      const graphql::ValueNode& value = document.values[document.arguments[i].value];
      for (const std::uint32_t index : entry->arguments) {
        if (arguments_[index].name != document.name(document.arguments[i].name)) continue;
        const bool variable = value.kind == graphql::ValueKind::variable;
        const TouchedFields::Use use{index, variable ? value.name : kNone};
        if (std::find(out.uses.begin(), out.uses.end(), use) == out.uses.end()) {
          out.uses.push_back(use);
        }
      }
    }
  }
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i]) out.columns.push_back(static_cast<int>(i));
  }
  return out;
}

const FieldDef* selected_field(const graphql::Schema& schema, const TypeDef& type,
                               std::string_view name) {
  if (!name.starts_with(kMeta)) return type.field(name);
  for (const FieldDef* meta :
       {&schema.typename_field(), &schema.schema_field(), &schema.type_field()}) {
    if (meta->name == name) return meta;
  }
  return nullptr;
}

SelectionWalk::SelectionWalk(const graphql::Schema& schema, const graphql::Document& document)
    : schema_(schema),
      document_(document),
      fragment_of_(document.names.size(), kNone),
      seen_(document.fragments.size()) {
  for (std::size_t i = 0; i < document.fragments.size(); ++i) {
    fragment_of_[document.fragments[i].name] = static_cast<graphql::Index>(i);
  }
}

void SelectionWalk::begin() {
  ++walk_;
  open_.clear();
}

void SelectionWalk::spread(graphql::Symbol name) {
  const graphql::Index index = fragment_of_[name];
  if (index == kNone || seen_[index] == walk_) return;
  seen_[index] = walk_;
  const graphql::FragmentNode& fragment = document_.fragments[index];
  enter({fragment.selections, schema_.find(document_.name(fragment.type_condition))});
}

SelectionWalk::Found SelectionWalk::next() {
  while (!open_.empty()) {
    Place& place = open_.back();
    if (place.selections == kNone || place.type == nullptr) {
      open_.pop_back();
      continue;
    }
    const SelectionNode& node = document_.selections[place.selections];
    const TypeDef* const parent = place.type;
    place.selections = node.next;  // `place` ends when something is entered
    switch (node.kind) {
      case SelectionKind::field:
        return {&node, parent};
      case SelectionKind::spread:
        spread(node.name);
        break;
      case SelectionKind::inline_fragment:
        enter({node.selections, node.type_condition == kNone
                                    ? parent
                                    : schema_.find(document_.name(node.type_condition))});
        break;
    }
  }
  return {};
}

}  // namespace mc::gateway
