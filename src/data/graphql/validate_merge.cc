// The fast pass of OverlappingFieldsCanBeMerged. A merged set is what one response object is made
// of: the selection sets of all fields with the same response name, fragments included. Fields of a
// set with one response name must agree in shape; those that can meet in one object must also be
// the same field with the same arguments. (S. Adameit, "Overlapping fields can be merged fast",
// 2017.)
#include <algorithm>
#include <unordered_set>

#include "graphql/validate_arguments.h"
#include "graphql/validate_overlap.h"

namespace mc::graphql {
namespace {

struct Field {
  Index selection = kNone;
  const TypeDef* parent = nullptr;
  const FieldDef* definition = nullptr;
};

// Fields can meet (full), or their parents exclude each other and only shapes count.
enum class Mode : std::uint8_t { full, shape };

struct MergedSet {
  std::vector<Field> owners;  // the fields whose selections are merged; empty for a root
  Index first = kNone;        // of a root
  const TypeDef* parent = nullptr;
  Mode mode = Mode::full;
};

struct VectorHash {
  std::size_t operator()(const std::vector<Index>& key) const {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL ^ key.size();
    for (const Index part : key) {
      hash = (hash ^ part) * 0xff51afd7ed558ccdULL;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

class MergedSets {
 public:
  MergedSets(ValidationContext& context, std::size_t budget)
      : context_(context),
        document_(context.document),
        arguments_(document_),
        budget_(budget),
        single_(document_.selections.size(), false),
        fragment_round_(document_.fragments.size(), 0),
        fragment_done_(document_.fragments.size(), false),
        fragment_alone_(document_.fragments.size(), false),
        group_round_(document_.names.size(), 0),
        group_of_(document_.names.size(), 0) {}

  MergeVerdict run() {
    for (const OperationNode& operation : document_.operations) {
      const TypeDef* root = context_.schema.root(operation.kind);
      if (root != nullptr && root->kind != NamedKind::object) root = nullptr;
      if (!known_spread(operation.selections)) {
        work_.push_back({{}, operation.selections, root, Mode::full});
      }
    }
    if (!drain()) return verdict_;
    // What operations do not reach: first fragments that nobody spreads, then the circles.
    std::vector<bool> spread(document_.fragments.size(), false);
    for (const SelectionNode& node : document_.selections) {
      if (node.kind != SelectionKind::spread) continue;
      const Index fragment = context_.fragment_of(node.name);
      if (fragment != kNone) spread[fragment] = true;
    }
    for (const bool circles : {false, true}) {
      for (Index i = 0; i < document_.fragments.size(); ++i) {
        if (fragment_done_[i] || spread[i] != circles) continue;
        fragment_done_[i] = true;
        const FragmentNode& node = document_.fragments[i];
        work_.push_back(
            {{}, node.selections, context_.composite_of(node.type_condition), Mode::full});
        if (!drain()) return verdict_;
      }
    }
    return MergeVerdict::clean;
  }

 private:
  bool drain() {
    while (!work_.empty()) {
      MergedSet set = std::move(work_.back());
      work_.pop_back();
      if (!check(set)) return false;
    }
    return true;
  }

  // A set that is nothing but one spread is the set of that fragment; many owners share it.
  bool known_spread(Index first) {
    const SelectionNode& node = document_.selections[first];
    if (node.kind != SelectionKind::spread || node.next != kNone) return false;
    const Index fragment = context_.fragment_of(node.name);
    if (fragment == kNone) return true;
    const bool known = fragment_alone_[fragment];
    fragment_alone_[fragment] = true;
    return known;
  }

  bool spend(std::size_t steps) {
    if (steps <= budget_) {
      budget_ -= steps;
      return true;
    }
    verdict_ = MergeVerdict::exhausted;
    return false;
  }

  bool check(const MergedSet& set) {
    ++round_;
    groups_used_ = 0;
    if (set.owners.empty()) {
      if (!collect(set.first, set.parent)) return false;
    }
    for (const Field& owner : set.owners) {
      const TypeDef* below = nullptr;
      if (owner.definition != nullptr) {
        below = &context_.schema.type(owner.definition->type.named);
      }
      if (!collect(document_.selections[owner.selection].selections, below)) return false;
    }
    for (std::size_t i = 0; i < groups_used_; ++i) {
      if (!check_group(groups_[i], set.mode)) return false;
    }
    return true;
  }

  // Adds the fields of a selection set to the groups of this round, every fragment once.
  bool collect(Index first, const TypeDef* parent) {
    struct Step {
      Index at;
      const TypeDef* parent;
    };
    std::vector<Step> stack{{first, parent}};
    while (!stack.empty()) {
      Step& step = stack.back();
      if (step.at == kNone) {
        stack.pop_back();
        continue;
      }
      if (!spend(1)) return false;
      const Index at = step.at;
      const TypeDef* owner = step.parent;
      const SelectionNode& node = document_.selections[at];
      step.at = node.next;
      if (node.kind == SelectionKind::field) {
        add(at, owner);
      } else if (node.kind == SelectionKind::inline_fragment) {
        const bool bare = node.type_condition == kNone;
        stack.push_back({node.selections, bare ? owner : context_.type_of(node.type_condition)});
      } else {
        const Index fragment = context_.fragment_of(node.name);
        if (fragment == kNone || fragment_round_[fragment] == round_) continue;
        fragment_round_[fragment] = round_;
        fragment_done_[fragment] = true;
        const FragmentNode& target = document_.fragments[fragment];
        stack.push_back({target.selections, context_.type_of(target.type_condition)});
      }
    }
    return true;
  }

  void add(Index at, const TypeDef* parent) {
    const SelectionNode& node = document_.selections[at];
    const Symbol name = node.response_name();
    if (group_round_[name] != round_) {
      group_round_[name] = round_;
      group_of_[name] = static_cast<std::uint32_t>(groups_used_);
      if (groups_used_ == groups_.size()) groups_.emplace_back();
      groups_[groups_used_++].clear();
    }
    const FieldDef* definition =
        parent == nullptr ? nullptr : parent->field(document_.name(node.name));
    groups_[group_of_[name]].push_back({at, parent, definition});
  }

  bool conflict() {
    verdict_ = MergeVerdict::conflict;
    return false;
  }

  bool check_group(const std::vector<Field>& group, Mode mode) {
    if (group.size() == 1) {
      // A set of one owner was or will be looked at in full wherever the field stands.
      if (mode == Mode::full) descend(group, mode);
      return true;
    }
    if (!spend(group.size()) || !same_shape(group)) return false;
    if (mode == Mode::shape) {
      descend(group, Mode::shape);
      return true;
    }
    // Fields of different object types never meet; all others may.
    std::unordered_map<const TypeDef*, std::vector<Field>> objects;
    std::vector<Field> others;
    for (const Field& field : group) {
      const bool object = field.parent != nullptr && field.parent->kind == NamedKind::object;
      (object ? objects[field.parent] : others).push_back(field);
    }
    if (objects.size() <= 1) {
      if (!same_fields(group)) return false;
      descend(group, Mode::full);
      return true;
    }
    for (auto& [_, fields] : objects) {
      if (!spend(fields.size() + others.size())) return false;
      fields.insert(fields.end(), others.begin(), others.end());
      if (!same_fields(fields)) return false;
      descend(fields, Mode::full);
    }
    descend(group, Mode::shape);
    return true;
  }

  bool same_shape(const std::vector<Field>& group) {
    const FieldDef* model = nullptr;
    for (const Field& field : group) {
      if (field.definition == nullptr) continue;
      if (model == nullptr) model = field.definition;
      const TypeRef a = model->type;
      const TypeRef b = field.definition->type;
      const bool leaf =
          context_.schema.type(a.named).is_leaf() || context_.schema.type(b.named).is_leaf();
      if (a.wrappers != b.wrappers || (leaf && a.named != b.named)) return conflict();
    }
    return true;
  }

  bool same_fields(const std::vector<Field>& group) {
    const SelectionNode& model = document_.selections[group.front().selection];
    for (const Field& field : group) {
      const SelectionNode& node = document_.selections[field.selection];
      if (node.name != model.name) return conflict();
      if (node.arguments == kNone && model.arguments == kNone) continue;
      if (!spend(1)) return false;
      // Doubled names are refused anyway; let the slow pass find the words for them.
      const bool doubled = arguments_.has_doubles(node.arguments);
      if (doubled || !arguments_.same(node.arguments, model.arguments)) return conflict();
    }
    return true;
  }

  // Queues the merged set below a group, unless it was looked at already.
  void descend(const std::vector<Field>& group, Mode mode) {
    MergedSet below;
    below.mode = mode;
    for (const Field& field : group) {
      if (document_.selections[field.selection].selections != kNone) below.owners.push_back(field);
    }
    if (below.owners.empty()) return;
    if (below.owners.size() == 1) {
      // One owner alone has nothing to conflict with by shape.
      if (mode == Mode::shape || single_[below.owners[0].selection]) return;
      single_[below.owners[0].selection] = true;
      if (known_spread(document_.selections[below.owners[0].selection].selections)) return;
    } else {
      std::vector<Index> key;
      key.reserve(below.owners.size() + 1);
      for (const Field& owner : below.owners) key.push_back(owner.selection);
      std::sort(key.begin(), key.end());
      key.push_back(mode == Mode::full ? 0 : 1);
      if (!seen_.insert(std::move(key)).second) return;
    }
    work_.push_back(std::move(below));
  }

  ValidationContext& context_;
  const Document& document_;
  ArgumentSignatures arguments_;
  std::size_t budget_;
  MergeVerdict verdict_ = MergeVerdict::clean;
  std::vector<MergedSet> work_;
  std::vector<bool> single_;  // by selection: its own set was queued
  std::unordered_set<std::vector<Index>, VectorHash> seen_;

  std::uint32_t round_ = 0;
  std::vector<std::uint32_t> fragment_round_;
  std::vector<bool> fragment_done_;                    // part of some set
  std::vector<bool> fragment_alone_;                   // a set by itself
  std::vector<std::uint32_t> group_round_, group_of_;  // by response name
  std::vector<std::vector<Field>> groups_;
  std::size_t groups_used_ = 0;
};

}  // namespace

MergeVerdict check_merged_sets(ValidationContext& context, std::size_t budget) {
  return MergedSets(context, budget).run();
}

}  // namespace mc::graphql
