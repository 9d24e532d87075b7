#include "rego/planner_overlay.h"

#include <utility>

#include "rego/outputs.h"
#include "rego/walk.h"

namespace mc::rego {
namespace {

std::string mock_key(const Mock& mock) {
  switch (mock.kind) {
    case Mock::Kind::builtin:
      return "b" + mock.builtin;
    case Mock::Kind::function:
      return "f" + std::to_string(mock.group);
    case Mock::Kind::constant:
      return "c" + to_text(mock.constant);
    case Mock::Kind::parameter:
      return "p";
  }
  return "";
}

// Equal for overlays that replace the same.
std::string key_of(const Overlay& overlay) {
  std::string key;
  for (const auto& [id, node] : overlay.hidden) key += std::to_string(id) + ",";
  for (const auto& [name, mock] : overlay.mocks) key += "\n" + name + "\n" + mock_key(mock);
  return key;
}

}  // namespace

std::vector<std::string> Overlay::parameters() const {
  std::vector<std::string> names;
  for (const auto& [name, mock] : mocks) {
    if (mock.kind == Mock::Kind::parameter) names.push_back(name);
  }
  return names;
}

Overlays::Overlays(const DocTree& tree) : tree_(tree) {
  all_.emplace_back();
  by_key_[key_of(all_.front())] = &all_.front();
}

const Overlay& Overlays::make(Overlay overlay) {
  const auto [at, added] = by_key_.try_emplace(key_of(overlay), nullptr);
  if (added) {
    overlay.id = static_cast<int>(all_.size());
    all_.push_back(std::move(overlay));
    at->second = &all_.back();
  }
  return *at->second;
}

const Overlay& Overlays::without_mocks(const Overlay& overlay) {
  if (overlay.mocks.empty()) return all_[static_cast<std::size_t>(overlay.id)];
  Overlay without;
  without.hidden = overlay.hidden;
  return make(std::move(without));
}

const Overlay& Overlays::relevant(const Overlay& overlay, int group) {
  if (overlay.id == 0) return none();
  const std::pair key(overlay.id, group);
  if (const auto known = relevant_.find(key); known != relevant_.end()) return *known->second;
  if (uses_.empty()) find_uses();
  const auto index = static_cast<std::size_t>(group);
  Overlay kept;
  for (const auto& [name, mock] : overlay.mocks) {
    if (affected_by_mock(name)[index]) kept.mocks.emplace(name, mock);
  }
  for (const auto& [id, node] : overlay.hidden) {
    const Affected& affected = affected_by_node(*node);
    bool matters = affected[index];
    // The function that stands for another is run under the hidden documents as well.
    for (const auto& [name, mock] : kept.mocks) {
      if (mock.kind == Mock::Kind::function && affected[static_cast<std::size_t>(mock.group)]) {
        matters = true;
      }
    }
    if (matters) kept.hidden.emplace(id, node);
  }
  const Overlay& made = make(std::move(kept));
  relevant_[key] = &made;
  return made;
}

void Overlays::find_uses() {
  const int count = tree_.size();
  users_.resize(static_cast<std::size_t>(count));
  std::vector<std::vector<int>> by_node;  // the rules' groups, by the id of their node
  for (int i = 0; i < count; ++i) {
    uses_.push_back(uses_of(tree_.group(i)));
    const DocNode* node = tree_.group(i).node;
    if (node == nullptr) continue;
    const auto id = static_cast<std::size_t>(node->id);
    if (by_node.size() <= id) by_node.resize(id + 1);
    by_node[id].push_back(i);
  }
  for (int i = 0; i < count; ++i) {
    const Uses& uses = uses_[static_cast<std::size_t>(i)];
    for (const int function : uses.functions) {
      users_[static_cast<std::size_t>(function)].push_back(i);
    }
    for (const DocNode* node : uses.nodes) {
      for (int id = node->id; id < node->end; ++id) {
        for (const int used : by_node[static_cast<std::size_t>(id)]) {
          if (used != i) users_[static_cast<std::size_t>(used)].push_back(i);
        }
      }
    }
  }
}

void Overlays::note_ref(const Term& ref, Uses& uses) const {
  if (ref.items.empty() || ref.items[0].kind != Term::Kind::var) return;
  if (ref.items[0].text != "data") {
    uses.names.insert(dotted(ref));
    return;
  }
  Path path{"data"};
  for (std::size_t i = 1; i < ref.items.size() && ref.items[i].kind == Term::Kind::string; ++i) {
    path.push_back(ref.items[i].text);
  }
  if (const int function = tree_.find_function(path); function >= 0) {
    uses.functions.insert(function);
    uses.names.insert(path_text(path));
  }
  bool exact = false;
  if (const DocNode* node = tree_.find(path, exact)) uses.nodes.push_back(node);
}

Overlays::Uses Overlays::uses_of(const Group& group) const {
  Uses uses;
  if (group.kind == Group::Kind::extent) uses.nodes.push_back(group.node);
  auto on_expr = [](const Expr&) { return true; };
  auto on_term = [&](const Term& term) {
    if (term.kind == Term::Kind::ref) note_ref(term, uses);
    return true;
  };
  auto on_head_term = [&](const Term& term) { visit(term, on_expr, on_term); };
  auto on_branch = [&](const Rule& rule) {
    each_head_term(rule.head, on_head_term);
    visit(rule.body, on_expr, on_term);
  };
  for (const GroupRule& entry : group.rules) each_branch(*entry.rule, on_branch);
  return uses;
}

const Overlays::Affected& Overlays::affected_by_node(const DocNode& node) {
  const auto [at, added] = by_node_.try_emplace(node.id);
  if (!added) return at->second;
  Affected& affected = at->second;
  affected.resize(uses_.size());
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    for (const DocNode* used : uses_[i].nodes) {
      if (used->holds(node) || node.holds(*used)) affected[i] = true;
    }
  }
  spread(affected);
  return affected;
}

const Overlays::Affected& Overlays::affected_by_mock(const std::string& name) {
  const auto [at, added] = by_mock_.try_emplace(name);
  if (!added) return at->second;
  Affected& affected = at->second;
  affected.resize(uses_.size());
  for (std::size_t i = 0; i < uses_.size(); ++i) affected[i] = uses_[i].names.contains(name);
  spread(affected);
  return affected;
}

// To all that use a group that is affected.
void Overlays::spread(Affected& affected) const {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < affected.size(); ++i) {
    if (affected[i]) waiting.push_back(i);
  }
  while (!waiting.empty()) {
    const std::size_t used = waiting.back();
    waiting.pop_back();
    for (const int user : users_[used]) {
      const auto index = static_cast<std::size_t>(user);
      if (affected[index]) continue;
      affected[index] = true;
      waiting.push_back(index);
    }
  }
}

}  // namespace mc::rego
