// Rules that cannot stand side by side under one name.
#include <map>
#include <set>

#include "rego/outputs.h"

namespace mc::rego {

using Kind = Term::Kind;

namespace {

// "a.rego:3"
std::string place(const Compilation& c, const Location& at) {
  const std::string file = at.file < c.files.size() ? c.files[at.file] : "";
  return (file.empty() ? std::string() : file + ":") + std::to_string(at.row);
}

bool has_constant_ref(const Rule& rule) {
  for (std::size_t i = 1; i < rule.head.ref.items.size(); ++i) {
    if (rule.head.ref.items[i].kind != Kind::string) return false;
  }
  return true;
}

class Conflicts {
 public:
  explicit Conflicts(Compilation& c, const RuleTree& tree) : c_(c), tree_(tree) {
    for (const Module& module : c.modules) {
      for (const Rule& rule : module.rules) modules_[&rule] = &module;
    }
  }

  void check() {
    for (const auto& [name, child] : tree_.children) rules(child);
    if (!c_.options.data.is_undefined()) {
      if (const RuleTree* const data = tree_.find({"data"})) documents(*data, {});
    }
    for (const Module& module : c_.modules) packages(module);
  }

 private:
  Term full_ref(const Rule& rule) const {
    Term ref = modules_.at(&rule)->package;
    for (std::size_t i = 0; i < rule.head.ref.items.size(); ++i) {
      const Term& item = rule.head.ref.items[i];
      ref.items.push_back(i == 0 ? make_string(item.text, item.at) : item);
    }
    return ref;
  }

  void error(std::string message, const Location& at, std::string_view code = "rego_type_error") {
    c_.error(std::string(code), std::move(message), at);
  }

  void rules(const RuleTree& node) {
    for (const auto& [name, child] : node.children) rules(child);
    if (node.rules.empty()) return;
    std::set<bool> kinds;
    std::set<std::size_t> arities;
    bool complete = false;
    bool partial = false;
    std::vector<const Rule*> defaults;
    for (const Rule* const rule : node.rules) {
      const bool is_set = rule->head.kind == Head::Kind::partial_set;
      const bool constant = has_constant_ref(*rule);
      kinds.insert(is_set);
      arities.insert(rule->head.arguments.size());
      complete = complete || (!is_set && constant);
      partial = partial || is_set || !constant;
      if (rule->is_default) defaults.push_back(rule);
      if (constant && inside_.empty()) collect(node);
    }
    const Location& at = node.rules[0]->at;
    const std::string name = written_text(c_, full_ref(*node.rules.back()));
    if (!inside_.empty()) {
      std::string list;
      for (const std::string& ref : inside_) list += (list.empty() ? "" : " ") + ref;
      error("rule " + name + " conflicts with [" + list + "]", at);
    } else if (kinds.size() > 1 || arities.size() > 1 || (complete && partial)) {
      error("conflicting rules " + name + " found", at);
    } else if (defaults.size() > 1) {
      std::string list;
      for (const Rule* const rule : defaults) {
        list += (list.empty() ? "" : ", ") + place(c_, rule->at);
      }
      error("multiple default rules " + name + " found at " + list,
            modules_.at(defaults[0])->package_at);
    }
    inside_.clear();
  }

  // The rules below a node into inside_, without those below others of them.
  void collect(const RuleTree& node) {
    for (const auto& [name, child] : node.children) {
      for (const Rule* const rule : child.rules) {
        inside_.insert(written_text(c_, full_ref(*rule)));
      }
      if (child.rules.empty()) collect(child);
    }
  }

  // Rules that would hide a base document, or lie below one that is no object.
  void documents(const RuleTree& node, const std::vector<std::string>& path) {
    for (const auto& [name, child] : node.children) {
      std::vector<std::string> below = path;
      below.push_back(name);
      if (!child.rules.empty() && exists(below)) {
        std::string text;
        for (const std::string& part : below) text += (text.empty() ? "" : "/") + part;
        error("conflicting rule for data path " + text + " found", child.rules[0]->at,
              "rego_compile_error");
      } else {
        documents(child, below);
      }
    }
  }

  bool exists(const std::vector<std::string>& path) const {
    term::Value value = c_.options.data;
    for (const std::string& name : path) {
      if (!value.is_object()) return true;
      value = value.find(name);
      if (value.is_undefined()) return false;
    }
    return true;
  }

  // A rule at the path of another module's package.
  void packages(const Module& module) {
    for (const Rule& rule : module.rules) {
      if (!has_constant_ref(rule)) continue;
      const std::vector<std::string> path = path_of(full_ref(rule));
      const RuleTree* const node = tree_.find(path);
      if (node == nullptr || !node->is_package) continue;
      for (const Module& other : c_.modules) {
        if (&other == &module || path_of(other.package) != path) continue;
        Term package = other.package;
        error("package " + package_text(package) + " conflicts with rule " +
                  to_text(rule.head.ref) + " defined at " + place(c_, rule.at),
              module.package_at);
      }
    }
  }

  // "a.b" of data.a.b.
  static std::string package_text(const Term& package) {
    const std::string text = to_text(package);
    return text.starts_with("data.") ? text.substr(5) : text;
  }

  Compilation& c_;
  const RuleTree& tree_;
  std::map<const Rule*, const Module*> modules_;
  std::set<std::string> inside_;
};

}  // namespace

bool check_conflicts(Compilation& c) {
  const std::size_t before = c.errors.size();
  const RuleTree tree = make_rule_tree(c.modules);
  Conflicts(c, tree).check();
  return c.errors.size() == before;
}

}  // namespace mc::rego
