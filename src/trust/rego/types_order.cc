// The order in which rules are checked: a rule after all it refers to.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "rego/types_check.h"
#include "rego/walk.h"

namespace mc::rego::types {

namespace {

// A depth-first walk over rules and over nodes of the rule tree, where a node stands for all rules
// at it and below. No recursion: chains of rules may be as long as a policy.
class Order {
 public:
  Order(const Compilation& compilation, const RuleTree& tree) : tree_(tree) {
    for (const Module& module : compilation.modules) {
      for (const Rule& rule : module.rules) {
        packages_[&rule] = &module.package;
        all_.push_back(&rule);
      }
    }
  }

  std::vector<PlacedRule> run() {
    for (const Rule* rule : all_) visit_from(rule);
    return std::move(ordered_);
  }

 private:
  // Exactly one is set.
  struct Vertex {
    const Rule* rule = nullptr;
    const RuleTree* node = nullptr;
  };
  struct Frame {
    const Rule* rule = nullptr;  // null for a node
    std::vector<Vertex> next;
    std::size_t at = 0;
  };

  void visit_from(const Rule* rule) {
    enter({rule, nullptr});
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.at < frame.next.size()) {
        enter(frame.next[frame.at++]);
        continue;
      }
      if (frame.rule != nullptr) ordered_.push_back({packages_[frame.rule], frame.rule});
      frames_.pop_back();
    }
  }

  // Recursion was refused before, so a vertex met again has its place already.
  void enter(const Vertex& vertex) {
    const void* const key = vertex.rule != nullptr ? static_cast<const void*>(vertex.rule)
                                                   : static_cast<const void*>(vertex.node);
    if (!entered_.insert(key).second) return;
    frames_.push_back({vertex.rule, vertex.rule ? needs_of(*vertex.rule) : below(*vertex.node)});
  }

  static std::vector<Vertex> below(const RuleTree& node) {
    std::vector<Vertex> found;
    for (const Rule* rule : node.rules) found.push_back({rule, nullptr});
    for (const auto& [name, child] : node.children) found.push_back({nullptr, &child});
    return found;
  }

  std::vector<Vertex> needs_of(const Rule& rule) const {
    std::vector<Vertex> found;
    const auto on_term = [&](const Term& term) {
      if (term.kind == Term::Kind::ref && !term.items.empty() && term.items[0].is_var("data")) {
        add_ref(term, found);
      }
      return true;
    };
    each_branch(rule, [&](const Rule& branch) {
      visit_terms(branch.body, on_term);
      each_head_term(branch.head, [&](const Term& term) { visit_terms(term, on_term); });
    });
    return found;
  }

  void add_ref(const Term& ref, std::vector<Vertex>& found) const {
    std::vector<const RuleTree*> nodes = {tree_.find({"data"})};
    if (nodes[0] == nullptr) return;
    for (std::size_t i = 1; i < ref.items.size(); ++i) {
      std::vector<const RuleTree*> next;
      for (const RuleTree* node : nodes) step(*node, ref.items[i], next);
      for (const RuleTree* node : next) {
        for (const Rule* rule : node->rules) found.push_back({rule, nullptr});
      }
      nodes = std::move(next);
    }
    for (const RuleTree* node : nodes) found.push_back({nullptr, node});
  }

  static void step(const RuleTree& node, const Term& operand, std::vector<const RuleTree*>& next) {
    if (operand.kind == Term::Kind::string) {
      const auto child = node.children.find(operand.text);
      if (child != node.children.end()) next.push_back(&child->second);
    } else if (!is_constant(operand)) {
      for (const auto& [name, child] : node.children) next.push_back(&child);
    }
  }

  const RuleTree& tree_;
  std::vector<const Rule*> all_;
  std::unordered_map<const Rule*, const Term*> packages_;
  std::unordered_set<const void*> entered_;
  std::vector<Frame> frames_;
  std::vector<PlacedRule> ordered_;
};

}  // namespace

std::vector<PlacedRule> rules_in_order(const Compilation& compilation, const RuleTree& tree) {
  return Order(compilation, tree).run();
}

}  // namespace mc::rego::types
