#include "gateway/answer_plan.h"

#include <algorithm>
#include <numeric>

namespace mc::gateway {
namespace {

using graphql::kNone;
using mask::Strategy;

struct KnownScalar {
  std::string_view name;
  LeafKind kind;
};
// Those of the specification, and those that the datasets have (dataset/sdl.cc).
constexpr KnownScalar kScalars[] = {
    {"ID", LeafKind::id},      {"String", LeafKind::text},       {"Int", LeafKind::int32},
    {"Float", LeafKind::real}, {"Boolean", LeafKind::closed},    {"Long", LeafKind::int64},
    {"Date", LeafKind::date},  {"DateTime", LeafKind::datetime}, {"JSON", LeafKind::closed}};

}  // namespace

LeafKind leaf_kind(const graphql::TypeDef& type) {
  if (type.kind != graphql::NamedKind::scalar) return LeafKind::closed;
  for (const KnownScalar& known : kScalars) {
    if (known.name == type.name) return known.kind;
  }
  return LeafKind::any;
}

bool can_show(LeafKind kind, const mask::Mask& mask) {
  if (mask.strategy == Strategy::keep) return true;
  if (mask.strategy == Strategy::null || mask.strategy == Strategy::drop) return false;
  switch (kind) {
    case LeafKind::text:
    case LeafKind::id:
    case LeafKind::any:
      return true;
    case LeafKind::int32:
    case LeafKind::int64:
    case LeafKind::real:
    case LeafKind::date:
    case LeafKind::datetime:
      return mask.strategy == Strategy::generalise;
    case LeafKind::closed:
      break;
  }
  return false;
}

AnswerPlan::AnswerPlan(const ListedFields& listed, const graphql::Document& document,
                       const graphql::OperationNode& operation, std::span<const ColumnMask> masks)
    : listed_(listed),
      document_(document),
      masks_(masks),
      walk_(listed.schema(), document),
      slots_(document.names.size(), kNone) {
  nodes_.emplace_back();
  places_.push_back({{operation.selections, listed.schema().root(operation.kind)}});
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const Places places = std::move(places_[node]);
    fill(node, places);
  }
}

// All fields of a node, one behind the other.
void AnswerPlan::fill(std::uint32_t node, const Places& places) {
  first_ = nodes_[node].first = static_cast<std::uint32_t>(fields_.size());
  const graphql::Schema& schema = listed_.schema();
  // Once for all places: a fragment that two of them spread is of the same fields both times.
  walk_.begin();
  for (const SelectionWalk::Place& place : places) {
    walk_.enter(place);
    for (auto at = walk_.next(); at.node != nullptr; at = walk_.next()) {
      const graphql::FieldDef* const def =
          selected_field(schema, *at.parent, document_.name(at.node->name));
      if (def == nullptr) continue;
      PlannedField& field = field_of(*at.node, *def);
      mask(field, *def);
      if (!at.node->has_selections) continue;
      if (field.below == kNone) {
        field.below = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
        places_.emplace_back();
      }
      places_[field.below].push_back({at.node->selections, &schema.type(def->type.named)});
    }
  }
  Node& filled = nodes_[node];
  filled.count = static_cast<std::uint32_t>(fields_.size()) - filled.first;
  sorted_.resize(fields_.size());
  const auto first = sorted_.begin() + filled.first;
  std::iota(first, sorted_.end(), filled.first);
  std::sort(first, sorted_.end(),
            [this](std::uint32_t a, std::uint32_t b) { return fields_[a].key < fields_[b].key; });
}

// The one of this response key in the node that is being filled.
PlannedField& AnswerPlan::field_of(const graphql::SelectionNode& node,
                                   const graphql::FieldDef& def) {
  const graphql::Symbol symbol = node.response_name();
  std::uint32_t& slot = slots_[symbol];
  if (slot != kNone && slot >= first_) return fields_[slot];
  slot = static_cast<std::uint32_t>(fields_.size());
  const graphql::TypeDef& type = listed_.schema().type(def.type.named);
  PlannedField& field = fields_.emplace_back();
  field.key = document_.name(symbol);
  field.name = def.name;
  field.type = def.type;
  field.at = node.at;
  if (!node.has_selections) {
    field.leaf = leaf_kind(type);
    field.plain = type.built_in || type.kind == graphql::NamedKind::enum_;
  }
  return field;
}

void AnswerPlan::mask(PlannedField& field, const graphql::FieldDef& def) {
  const ListedFields::Entry* const entry = listed_.find(def);
  if (entry == nullptr) return;
  for (const int column : entry->columns) {
    const ColumnMask& other = masks_[static_cast<std::size_t>(column)];
    if (!other.mask.masks()) continue;
    if (field.masked == nullptr ||
        mask::stricter(field.masked->mask, other.mask) != field.masked->mask) {
      field.masked = &other;
    }
  }
}

PlannedField* AnswerPlan::find(std::uint32_t node, std::string_view key, std::uint32_t& expected) {
  const Node& place = nodes_[node];
  if (expected < place.count && fields_[place.first + expected].key == key) {
    return &fields_[place.first + expected++];
  }
  const auto first = sorted_.begin() + place.first;
  const auto last = first + place.count;
  const auto found = std::lower_bound(
      first, last, key,
      [this](std::uint32_t index, std::string_view wanted) { return fields_[index].key < wanted; });
  if (found == last || fields_[*found].key != key) return nullptr;
  expected = *found - place.first + 1;
  return &fields_[*found];
}

}  // namespace mc::gateway
