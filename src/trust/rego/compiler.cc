#include "rego/compiler.h"

#include <algorithm>

namespace mc::rego {

const RuleTree* RuleTree::find(const std::vector<std::string>& path) const {
  const RuleTree* node = this;
  for (const std::string& name : path) {
    const auto child = node->children.find(name);
    if (child == node->children.end()) return nullptr;
    node = &child->second;
  }
  return node;
}

RuleTree make_rule_tree(const std::vector<Module>& modules) {
  RuleTree root;
  std::vector<const Module*> sorted;
  for (const Module& module : modules) sorted.push_back(&module);
  std::sort(sorted.begin(), sorted.end(), [](const Module* a, const Module* b) {
    return a->file != b->file ? a->file < b->file : a < b;
  });
  for (const Module* module : sorted) {
    RuleTree* package = &root;
    for (const Term& item : module->package.items) package = &package->children[item.text];
    package->is_package = true;
    for (const Rule& rule : module->rules) {
      RuleTree* node = package;
      for (std::size_t i = 0; i < rule.head.ref.items.size(); ++i) {
        const Term& item = rule.head.ref.items[i];
        if (i > 0 && item.kind != Term::Kind::string) break;
        node = &node->children[item.text];
      }
      node->rules.push_back(&rule);
    }
  }
  return root;
}

void Compilation::error(std::string code, std::string message, const Location& at) {
  if (errors.size() > options.errors_max) return;
  if (full()) {
    errors.push_back({"rego_compile_error", "error limit reached", "", {}});
    return;
  }
  std::string file = at.row > 0 && at.file < files.size() ? files[at.file] : "";
  errors.push_back({std::move(code), std::move(message), std::move(file), at});
}

}  // namespace mc::rego
