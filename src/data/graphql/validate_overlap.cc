#include "graphql/validate_overlap.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "graphql/validate_arguments.h"

namespace mc::graphql {
namespace {

// graphql-js bounds what it says about one conflict.
constexpr std::size_t kDetailMax = 1000;
constexpr std::size_t kNodesMax = 20;
// So many conflicts below two fields are enough to fill both of these.
constexpr std::size_t kInnerMax = 64;
// And its work; ours is lower, since only documents with a conflict (or made to hurt) come here.
constexpr std::size_t kPairBudget = 200'000;
constexpr int kDepthMax = 1000;

struct Field {
  Index selection = kNone;
  const TypeDef* parent = nullptr;
  const FieldDef* definition = nullptr;
};

struct Conflict {
  Symbol response_name = kNone;
  std::string reason;
  std::vector<Index> left, right;  // fields of both sides
};
using Conflicts = std::vector<Conflict>;

struct FieldSet {
  std::vector<std::pair<Symbol, std::vector<Field>>> groups;
  std::unordered_map<Symbol, std::size_t> group_of;
  std::vector<Symbol> fragments;  // each once, in order
  std::unordered_set<Symbol> spread;
  std::unordered_map<Symbol, bool> compared;  // fragment: was it under exclusive parents?
};

std::string abbreviated(std::string text) {
  if (text.size() <= kDetailMax) return text;
  text.resize(kDetailMax);
  return text + "...";
}

// Conflicts below two fields become one conflict of the fields.
Conflict wrap(const Document& document, Conflicts conflicts, Symbol name, const Field& a,
              const Field& b) {
  Conflict outer;
  outer.response_name = name;
  for (const Conflict& conflict : conflicts) {
    if (!outer.reason.empty()) outer.reason += " and ";
    outer.reason += "subfields \"" +
                    abbreviated(std::string(document.name(conflict.response_name))) +
                    "\" conflict because " + conflict.reason;
    if (outer.reason.size() > kDetailMax) break;
  }
  outer.reason = abbreviated(std::move(outer.reason));
  const auto gather = [&](Index own, std::vector<Index> Conflict::* side) {
    std::vector<Index> nodes{own};
    for (const Conflict& conflict : conflicts) {
      const std::vector<Index>& more = conflict.*side;
      const std::size_t kept = std::min(more.size(), kNodesMax - nodes.size());
      nodes.insert(nodes.end(), more.end() - static_cast<std::ptrdiff_t>(kept), more.end());
      if (nodes.size() == kNodesMax) break;
    }
    return nodes;
  };
  outer.left = gather(a.selection, &Conflict::left);
  outer.right = gather(b.selection, &Conflict::right);
  return outer;
}

}  // namespace

// The comparison in pairs; steps (A) to (J) are those of graphql-js.
struct OverlapCheck::Pairs {
  explicit Pairs(ValidationContext& context_in)
      : context(context_in), document(context_in.document), arguments(context_in.document) {}

  ValidationContext& context;
  const Document& document;
  ArgumentSignatures arguments;
  std::map<std::pair<Index, const TypeDef*>, std::unique_ptr<FieldSet>> sets;
  std::map<std::pair<Symbol, Symbol>, bool> compared_fragments;
  std::size_t budget = kPairBudget;
  int depth = 0;  // of the recursion
  int level = 0;  // of fields below fields: only the conflicts at 0 are reported one by one

  // What is below two fields becomes one conflict, for which a few are enough. Comparing goes on
  // all the same: which fragments were compared decides what is said later.
  bool has_room(const Conflicts& conflicts) const {
    return level == 0 || conflicts.size() < kInnerMax;
  }

  bool spend(std::size_t steps) {
    if (steps > budget || depth > kDepthMax) {
      budget = 0;
      context.findings.abort();
      return false;
    }
    budget -= steps;
    return true;
  }

  FieldSet& collect(Index first, const TypeDef* parent) {
    auto& slot = sets[{first, parent}];
    if (slot == nullptr) {
      slot = std::make_unique<FieldSet>();
      collect_into(*slot, first, parent);
    }
    return *slot;
  }

  void collect_into(FieldSet& set, Index first, const TypeDef* parent) {
    for (Index at = first; at != kNone; at = document.selections[at].next) {
      const SelectionNode& node = document.selections[at];
      if (node.kind == SelectionKind::inline_fragment) {
        const bool bare = node.type_condition == kNone;
        collect_into(set, node.selections, bare ? parent : context.type_of(node.type_condition));
      } else if (node.kind == SelectionKind::spread) {
        if (set.spread.insert(node.name).second) set.fragments.push_back(node.name);
      } else {
        const auto [group, fresh] =
            set.group_of.try_emplace(node.response_name(), set.groups.size());
        if (fresh) set.groups.push_back({node.response_name(), {}});
        const FieldDef* definition =
            parent == nullptr ? nullptr : parent->field(document.name(node.name));
        set.groups[group->second].second.push_back({at, parent, definition});
      }
    }
  }

  FieldSet* collect_fragment(Symbol name) {
    const Index fragment = context.fragment_of(name);
    if (fragment == kNone) return nullptr;
    const FragmentNode& node = document.fragments[fragment];
    return &collect(node.selections, context.type_of(node.type_condition));
  }

  // (A) to (C): the conflicts of one selection set, `wanted` at most.
  Conflicts within(Index first, const TypeDef* parent, std::size_t wanted) {
    Conflicts conflicts;
    FieldSet& set = collect(first, parent);
    for (const auto& [name, fields] : set.groups) {
      for (std::size_t i = 0; i < fields.size(); ++i) {
        for (std::size_t j = i + 1; j < fields.size(); ++j) {
          compare(conflicts, false, name, {fields[i], fields[j]});
          if (budget == 0 || conflicts.size() >= wanted) return conflicts;
        }
      }
    }
    for (std::size_t i = 0; i < set.fragments.size(); ++i) {
      fields_and_fragment(conflicts, false, set, set.fragments[i]);
      for (std::size_t j = i + 1; j < set.fragments.size(); ++j) {
        fragments(conflicts, false, set.fragments[i], set.fragments[j]);
        if (budget == 0 || conflicts.size() >= wanted) return conflicts;
      }
    }
    return conflicts;
  }

  // (D), (E): a set of fields against a fragment and all that it spreads.
  void fields_and_fragment(Conflicts& conflicts, bool exclusive, FieldSet& set, Symbol name) {
    if (!spend(1) || set.groups.empty()) return;
    const auto before = set.compared.find(name);
    if (before != set.compared.end() && (!before->second || exclusive)) return;
    set.compared[name] = exclusive;
    FieldSet* other = collect_fragment(name);
    if (other == nullptr || other == &set) return;
    between(conflicts, exclusive, set, *other);
    ++depth;
    for (const Symbol inner : other->fragments) {
      fields_and_fragment(conflicts, exclusive, set, inner);
    }
    --depth;
  }

  // True when this pair needs no comparison any more.
  bool compared_before(Symbol a, Symbol b, bool exclusive) {
    const auto known = [&](Symbol left, Symbol right) {
      const auto found = compared_fragments.find({left, right});
      return found != compared_fragments.end() && (exclusive || !found->second);
    };
    if (known(a, b) || known(b, a)) return true;
    compared_fragments[{a, b}] = exclusive;
    return false;
  }

  // (F), (G): two fragments and all that they spread.
  void fragments(Conflicts& conflicts, bool exclusive, Symbol a, Symbol b) {
    if (!spend(2) || a == b || compared_before(a, b, exclusive)) return;
    FieldSet* left = collect_fragment(a);
    FieldSet* right = collect_fragment(b);
    if (left == nullptr || right == nullptr) return;
    between(conflicts, exclusive, *left, *right);
    ++depth;
    for (const Symbol inner : right->fragments) fragments(conflicts, exclusive, a, inner);
    for (const Symbol inner : left->fragments) fragments(conflicts, exclusive, inner, b);
    --depth;
  }

  // (H) to (J): the selection sets of two fields that share a response name.
  Conflicts below(bool exclusive, const Field& a, const Field& b) {
    const auto set_of = [&](const Field& field) -> FieldSet& {
      const TypeDef* type = field.definition == nullptr
                                ? nullptr
                                : &context.schema.type(field.definition->type.named);
      return collect(document.selections[field.selection].selections, type);
    };
    Conflicts conflicts;
    FieldSet& left = set_of(a);
    FieldSet& right = set_of(b);
    between(conflicts, exclusive, left, right);
    for (const Symbol name : right.fragments) fields_and_fragment(conflicts, exclusive, left, name);
    for (const Symbol name : left.fragments) fields_and_fragment(conflicts, exclusive, right, name);
    for (const Symbol name : left.fragments) {
      for (const Symbol other : right.fragments) fragments(conflicts, exclusive, name, other);
    }
    return conflicts;
  }

  void between(Conflicts& conflicts, bool exclusive, const FieldSet& a, const FieldSet& b) {
    for (const auto& [name, fields] : a.groups) {
      if (!spend(1)) return;
      const auto other = b.group_of.find(name);
      if (other == b.group_of.end()) continue;
      for (const Field& left : fields) {
        for (const Field& right : b.groups[other->second].second) {
          compare(conflicts, exclusive, name, {left, right});
          if (budget == 0) return;
        }
      }
    }
  }

  void compare(Conflicts& conflicts, bool parents_exclusive, Symbol name,
               const std::pair<Field, Field>& pair) {
    if (!spend(2)) return;
    const auto& [a, b] = pair;
    const auto is_object = [](const TypeDef* type) {
      return type != nullptr && type->kind == NamedKind::object;
    };
    const bool exclusive =
        parents_exclusive || (a.parent != b.parent && is_object(a.parent) && is_object(b.parent));
    std::string reason = exclusive ? std::string() : field_difference(a, b);
    if (reason.empty()) reason = shape_difference(a, b);
    if (!reason.empty()) {
      if (has_room(conflicts)) {
        conflicts.push_back({name, std::move(reason), {a.selection}, {b.selection}});
      }
      return;
    }
    const bool deeper = document.selections[a.selection].selections != kNone &&
                        document.selections[b.selection].selections != kNone;
    if (!deeper) return;
    ++depth;
    ++level;
    Conflicts inner = below(exclusive, a, b);
    --level;
    --depth;
    if (inner.empty() || !has_room(conflicts)) return;
    conflicts.push_back(wrap(document, std::move(inner), name, a, b));
  }

  std::string field_difference(const Field& a, const Field& b) {
    const SelectionNode& left = document.selections[a.selection];
    const SelectionNode& right = document.selections[b.selection];
    if (left.name != right.name) {
      return "\"" + abbreviated(std::string(document.name(left.name))) + "\" and \"" +
             abbreviated(std::string(document.name(right.name))) + "\" are different fields";
    }
    return arguments.same(left.arguments, right.arguments) ? "" : "they have differing arguments";
  }

  std::string shape_difference(const Field& a, const Field& b) const {
    if (a.definition == nullptr || b.definition == nullptr) return {};
    const TypeRef left = a.definition->type;
    const TypeRef right = b.definition->type;
    const Schema& schema = context.schema;
    const bool leaf = schema.type(left.named).is_leaf() || schema.type(right.named).is_leaf();
    if (left.wrappers == right.wrappers && !(leaf && left.named != right.named)) return {};
    return "they return conflicting types \"" + schema.type_text(left) + "\" and \"" +
           schema.type_text(right) + "\"";
  }
};

OverlapCheck::OverlapCheck(ValidationContext& context) : context_(context) {}
OverlapCheck::~OverlapCheck() = default;

void OverlapCheck::prepare() {
  // Enough for any honest document many times over.
  const std::size_t budget = 30'000 + 16 * context_.document.selections.size();
  needed_ = check_merged_sets(context_, budget) != MergeVerdict::clean;
  if (needed_) pairs_ = std::make_unique<Pairs>(context_);
}

void OverlapCheck::check(Index first, const TypeDef* parent) {
  const Document& document = context_.document;
  const std::size_t wanted = context_.findings.room() + 1;
  for (const Conflict& conflict : pairs_->within(first, parent, wanted)) {
    std::vector<std::uint32_t> at;
    for (const auto* side : {&conflict.left, &conflict.right}) {
      for (const Index field : *side) at.push_back(document.selections[field].at);
    }
    context_.findings.add(
        Rule::overlapping_fields_can_be_merged,
        "Fields \"" + abbreviated(std::string(document.name(conflict.response_name))) +
            "\" conflict because " + conflict.reason +
            ". Use different aliases on the fields to fetch both if this was intentional.",
        at);
  }
}

}  // namespace mc::graphql
