#include "rego/planner_tree.h"

#include <algorithm>

#include "base/base.h"

namespace mc::rego {
namespace {

bool is_function(const Rule& rule) {
  return rule.head.kind == Head::Kind::function;
}

bool is_constant_part(const Term& item, std::size_t index) {
  return index == 0 || item.kind == Term::Kind::string;
}

// The operands of a head's ref from the first that is no string.
std::vector<Term> open_operands(const Term& ref) {
  std::size_t i = 0;
  while (i < ref.items.size() && is_constant_part(ref.items[i], i)) ++i;
  return {ref.items.begin() + static_cast<std::ptrdiff_t>(i), ref.items.end()};
}

bool has_rules(const RuleTree& tree) {
  return std::any_of(tree.rules.begin(), tree.rules.end(),
                     [](const Rule* rule) { return !is_function(*rule); });
}

bool is_identifier(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

std::string path_text(const Path& path) {
  std::string text;
  for (const std::string& name : path) {
    if (text.empty()) {
      text = name;
    } else if (is_identifier(name)) {
      text += "." + name;
    } else {
      text += "[\"";
      for (const char c : name) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += "\"]";
    }
  }
  return text;
}

DocTree::DocTree(const RuleTree& rules) {
  Path path{"data"};
  const auto data = rules.children.find("data");
  const RuleTree& from = data == rules.children.end() ? rules : data->second;
  find_documents(from);
  build(from, root_, path);
  add_functions(from, path);
  int next = 0;
  number(root_, next);
}

// The depth of these is that of the longest ref, which compile() bounds.
bool DocTree::find_documents(const RuleTree& from) {
  bool found = from.is_package || has_rules(from);
  for (const auto& [name, child] : from.children) {
    if (find_documents(child)) found = true;
  }
  if (found) documents_.insert(&from);
  return found;
}

void DocTree::build(const RuleTree& from, DocNode& to, Path& path) {
  to.group = size();
  to.is_rule = has_rules(from);
  Group& group = groups_.emplace_back();
  group.path = path;
  group.node = &to;
  if (to.is_rule) return fill(from, group);
  group.kind = Group::Kind::extent;
  for (const auto& [name, child] : from.children) {
    if (std::any_of(child.rules.begin(), child.rules.end(),
                    [](const Rule* rule) { return is_function(*rule); })) {
      to.has_functions = true;
    }
    if (!documents_.contains(&child)) continue;
    path.push_back(name);
    build(child, to.children[name], path);
    path.pop_back();
  }
}

void DocTree::fill(const RuleTree& from, Group& group) {
  const bool is_open = std::any_of(from.rules.begin(), from.rules.end(), [](const Rule* rule) {
    return !is_function(*rule) && !open_operands(rule->head.ref).empty();
  });
  const bool goes_on =
      std::any_of(from.children.begin(), from.children.end(),
                  [&](const auto& child) { return documents_.contains(&child.second); });
  if (is_open || goes_on) {
    group.kind = Group::Kind::object;
    std::vector<std::string> below;
    gather(from, below, group);
    // Short refs first: a value that a longer ref would write into is then there to be seen.
    std::map<std::size_t, std::vector<GroupRule>> by_length;
    for (GroupRule& entry : group.rules) by_length[entry.keys.size()].push_back(std::move(entry));
    group.rules.clear();
    for (auto& [length, entries] : by_length) {
      for (GroupRule& entry : entries) group.rules.push_back(std::move(entry));
    }
    return;
  }
  for (const Rule* rule : from.rules) {
    if (is_function(*rule)) continue;
    if (rule->head.kind == Head::Kind::partial_set) group.kind = Group::Kind::set;
    if (rule->is_default) {
      group.default_rule = rule;
    } else {
      group.rules.push_back({rule, {}});
    }
  }
}

// The rules at and below `from`, each with the rest of its ref.
void DocTree::gather(const RuleTree& from, std::vector<std::string>& below, Group& into) {
  for (const Rule* rule : from.rules) {
    if (is_function(*rule)) continue;
    GroupRule entry{rule, {}};
    for (const std::string& name : below) entry.keys.push_back(make_string(name, rule->head.at));
    for (Term& key : open_operands(rule->head.ref)) entry.keys.push_back(std::move(key));
    into.rules.push_back(std::move(entry));
  }
  for (const auto& [name, child] : from.children) {
    below.push_back(name);
    gather(child, below, into);
    below.pop_back();
  }
}

void DocTree::add_functions(const RuleTree& from, Path& path) {
  Group group;
  group.kind = Group::Kind::function;
  group.path = path;
  for (const Rule* rule : from.rules) {
    if (!is_function(*rule)) continue;
    if (rule->is_default) {
      group.default_rule = rule;
    } else {
      group.rules.push_back({rule, {}});
    }
  }
  if (!group.rules.empty() || group.default_rule != nullptr) {
    functions_[path] = size();
    groups_.push_back(std::move(group));
  }
  for (const auto& [name, child] : from.children) {
    path.push_back(name);
    add_functions(child, path);
    path.pop_back();
  }
}

void DocTree::number(DocNode& node, int& next) {
  node.id = next++;
  for (auto& [name, child] : node.children) number(child, next);
  node.end = next;
}

int DocTree::find_function(const Path& path) const {
  const auto found = functions_.find(path);
  return found == functions_.end() ? -1 : found->second;
}

const DocNode* DocTree::find(const Path& path, bool& exact) const {
  const DocNode* node = &root_;
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (node->is_rule) {
      exact = false;
      return node;
    }
    const auto child = node->children.find(path[i]);
    if (child == node->children.end()) return nullptr;
    node = &child->second;
  }
  exact = true;
  return node;
}

}  // namespace mc::rego
