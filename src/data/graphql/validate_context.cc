#include <algorithm>

#include "graphql/suggest.h"
#include "graphql/validate.h"

namespace mc::graphql {

ValidationContext::ValidationContext(const Schema& schema_in, const Document& document_in,
                                     Findings& findings_in, Suggestions suggestions)
    : schema(schema_in),
      document(document_in),
      findings(findings_in),
      suggest(suggestions == Suggestions::on),
      types_(document_in.names.size(), kUnset),
      fragments_(document_in.names.size(), kNone) {
  for (Index i = 0; i < document.fragments.size(); ++i) {
    fragments_[document.fragments[i].name] = i;
  }
}

const TypeDef* ValidationContext::type_of(Symbol name) {
  TypeId& cached = types_[name];
  if (cached == kUnset) {
    const TypeDef* found = schema.find(document.name(name));
    cached = found == nullptr ? kNoType : found->id;
  }
  return cached == kNoType ? nullptr : &schema.type(cached);
}

const TypeDef* ValidationContext::composite_of(Symbol name) {
  const TypeDef* type = type_of(name);
  return type != nullptr && type->is_composite() ? type : nullptr;
}

std::optional<TypeRef> ValidationContext::resolve(Index index) {
  static constexpr unsigned kWrappersMax = 15;
  TypeRef type;
  unsigned depth = 0;
  for (; document.types[index].kind != TypeKind::named; index = document.types[index].inner) {
    const std::uint32_t wrapper = document.types[index].kind == TypeKind::list ? 1 : 2;
    // No type of a schema has more wrappers; a deeper one is like an unknown type.
    if (depth == kWrappersMax) return std::nullopt;
    type.wrappers |= wrapper << (2 * depth++);
  }
  const TypeDef* named = type_of(document.types[index].name);
  if (named == nullptr) return std::nullopt;
  type.named = named->id;
  return type;
}

const FieldDef* ValidationContext::field_of(const TypeDef* parent, Symbol name) {
  if (parent == nullptr) return nullptr;
  const std::string_view text = document.name(name);
  if (text.starts_with("__")) {
    if (text == "__typename") return &schema.typename_field();
    const bool is_query = parent == schema.root(OperationKind::query);
    if (is_query && text == "__schema") return &schema.schema_field();
    if (is_query && text == "__type") return &schema.type_field();
  }
  return parent->field(text);
}

bool ValidationContext::overlap(const TypeDef& a, const TypeDef& b) {
  if (a.id == b.id) return true;
  const TypeDef& low = a.id < b.id ? a : b;
  const TypeDef& high = a.id < b.id ? b : a;
  const std::uint64_t key = (std::uint64_t{low.id} << 32) | high.id;
  const auto [cached, fresh] = overlaps_.try_emplace(key, false);
  if (!fresh) return cached->second;
  const bool both = a.is_abstract() && b.is_abstract();
  if (both) {
    cached->second = std::any_of(a.possible.begin(), a.possible.end(),
                                 [&](TypeId id) { return schema.is_possible(b.id, id); });
  } else {
    cached->second = schema.is_possible(a.id, b.id) || schema.is_possible(b.id, a.id);
  }
  return cached->second;
}

bool ValidationContext::is_subtype(TypeRef sub, TypeRef super) const {
  while (sub != super) {
    if (super.is_non_null()) {
      if (!sub.is_non_null()) return false;
      super = super.inner();
      sub = sub.inner();
    } else if (sub.is_non_null()) {
      sub = sub.inner();
    } else if (super.is_list() && sub.is_list()) {
      super = super.inner();
      sub = sub.inner();
    } else {
      return false;  // input types have no other subtypes
    }
  }
  return true;
}

std::vector<Index> ValidationContext::spreads_below(Index first) const {
  std::vector<Index> spreads;
  std::vector<Index> sets{first};
  while (!sets.empty()) {
    Index at = sets.back();
    sets.pop_back();
    for (; at != kNone; at = document.selections[at].next) {
      const SelectionNode& node = document.selections[at];
      if (node.kind == SelectionKind::spread) spreads.push_back(at);
      if (node.selections != kNone) sets.push_back(node.selections);
    }
  }
  return spreads;
}

std::string unknown_type_message(std::string_view name, std::vector<std::string_view> options,
                                 bool suggest_names) {
  std::string message = "Unknown type \"" + std::string(name) + "\".";
  if (suggest_names) message += did_you_mean(suggest(name, options));
  return message;
}

}  // namespace mc::graphql
