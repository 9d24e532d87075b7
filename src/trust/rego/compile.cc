// compile(): the passes in their order.
#include <algorithm>
#include <set>
#include <utility>

#include "rego/compiler.h"
#include "rego/walk.h"

namespace mc::rego {
namespace {

// Names of packages and rules become trees, which are walked by recursion.
constexpr std::size_t kRefMax = 500;

// Numbers the file that every node of a module or a query is from.
class FileStamp {
 public:
  explicit FileStamp(std::uint32_t file) : file_(file) {}

  // A Term or a Body.
  template <class Node>
  void all(Node& node) {
    auto on_expr = [&](Expr& expr) {
      expr.at.file = file_;
      for (With& with : expr.with) with.at.file = file_;
      return true;
    };
    auto on_term = [&](Term& term) {
      term.at.file = file_;
      return true;
    };
    visit(node, on_expr, on_term);
  }

  void rule(Rule& rule) {
    each_branch(rule, [&](Rule& branch) {
      branch.at.file = branch.end.file = branch.head.at.file = file_;
      all(branch.head.ref);
      each_head_term(branch.head, [&](Term& term) { all(term); });
      all(branch.body);
      for (Annotation& annotation : branch.annotations) annotation.at.file = file_;
    });
  }

  void module(Module& module) {
    all(module.package);
    module.package_at.file = file_;
    for (Import& import : module.imports) {
      import.at.file = file_;
      all(import.path);
    }
    for (Rule& rule : module.rules) this->rule(rule);
    for (Comment& comment : module.comments) comment.at.file = file_;
    for (Annotation& annotation : module.annotations) annotation.at.file = file_;
  }

 private:
  std::uint32_t file_;
};

// By file name; equal names in the order given.
std::vector<Module> sorted(std::vector<Module> modules) {
  std::vector<std::pair<std::string, std::size_t>> order;
  order.reserve(modules.size());
  for (const Module& module : modules) order.emplace_back(module.file, order.size());
  std::sort(order.begin(), order.end());
  std::vector<Module> made;
  made.reserve(modules.size());
  for (const auto& [file, index] : order) made.push_back(std::move(modules[index]));
  return made;
}

bool check_sizes(Compilation& c) {
  const auto check = [&](const Term& ref) {
    if (ref.items.size() <= kRefMax) return;
    c.error("rego_compile_error",
            "a name has " + std::to_string(ref.items.size()) + " parts, more than " +
                std::to_string(kRefMax),
            ref.at);
  };
  for (const Module& module : c.modules) {
    check(module.package);
    for (const Rule& rule : module.rules) check(rule.head.ref);
  }
  return c.errors.empty();
}

void add_rule_paths(const RuleTree& tree, std::string& path, std::set<std::string>& paths) {
  if (!tree.rules.empty()) paths.insert(path);
  const std::size_t length = path.size();
  for (const auto& [name, child] : tree.children) {
    if (length > 0) path += '.';
    path += name;
    add_rule_paths(child, path, paths);
    path.resize(length);
  }
}

}  // namespace

Checked<Compiled> compile(std::vector<Module> modules, const CompileOptions& options) {
  Compilation c;
  c.options = options;
  c.queries = std::exchange(c.options.queries, {});
  c.modules = sorted(std::move(modules));
  for (Module& module : c.modules) {
    FileStamp(static_cast<std::uint32_t>(c.files.size())).module(module);
    c.files.push_back(module.file);
  }
  if (!c.queries.empty()) {
    FileStamp stamp(static_cast<std::uint32_t>(c.files.size()));
    for (NamedQuery& query : c.queries) stamp.all(query.body);
    c.files.push_back("<query>");
  }
  using Pass = bool (*)(Compilation&);
  constexpr Pass kPasses[] = {check_sizes,     resolve_names,   rewrite_locals, rewrite_terms,
                              check_conflicts, check_calls,     order_bodies,   check_recursion,
                              check_types,     check_deprecated};
  for (const Pass pass : kPasses) {
    if (pass == check_types && !options.check_types) continue;
    if (!pass(c)) return tl::unexpected(std::move(c.errors));
  }
  const RuleTree tree = make_rule_tree(c.modules);
  auto policy = plan_policy(c, tree);
  if (!policy) return tl::unexpected(std::move(policy.error()));
  Compiled made;
  made.policy = std::move(*policy);
  std::set<std::string> paths;
  std::string path;
  add_rule_paths(tree, path, paths);
  made.rule_paths.assign(paths.begin(), paths.end());
  return made;
}

}  // namespace mc::rego
