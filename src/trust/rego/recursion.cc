// A rule must not depend on itself. Dependencies are those of the text: a ref with operands that
// are no constants depends on every rule it could name.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "rego/compiler.h"
#include "rego/walk.h"

namespace mc::rego {

namespace {

using Kind = Term::Kind;

// A policy with more is refused: rules by the thousand with refs that could name all of them.
constexpr std::size_t kEdgesMax = 20'000'000;

// Nodes are the branches of rules; the nodes of the rule tree, which stand for all the rules at and
// below them; and refs, whatever the names of their variables, with all that they could name.
class Graph {
 public:
  explicit Graph(const Compilation& c) : tree_(make_rule_tree(c.modules)) {
    for (const Module& module : c.modules) {
      for (const Rule& rule : module.rules) {
        std::vector<int>& chain = chains_[&rule];
        each_branch(rule, [&](const Rule& branch) {
          chain.push_back(static_cast<int>(nodes_.size()));
          nodes_.push_back({&branch, &rule, &module, {}});
        });
      }
    }
    rules_ = nodes_.size();
    add_tree(tree_);
    for (std::size_t i = 0; i < rules_ && !is_full(); ++i) add_refs(static_cast<int>(i));
  }

  bool is_full() const { return edges_ > kEdgesMax; }

  std::size_t rules() const { return rules_; }
  const Rule& rule(int node) const { return *nodes_[static_cast<std::size_t>(node)].branch; }
  // "data.a.p"
  std::string text(const Compilation& c, int node) const;
  // Nodes that lie on a cycle.
  std::vector<bool> cyclic() const;
  // The rules from `start` back to itself; `start` is cyclic.
  std::vector<int> cycle(int start) const;

 private:
  struct Node {
    const Rule* branch = nullptr;  // null: a node of the tree
    const Rule* rule = nullptr;
    const Module* module = nullptr;
    std::vector<int> edges;
  };

  // The number of the node that stands for all at and below `tree`.
  int add_tree(const RuleTree& tree) {
    const int number = static_cast<int>(nodes_.size());
    nodes_.emplace_back();
    below_[&tree] = number;
    std::vector<int> edges;
    for (const Rule* const rule : tree.rules) {
      const std::vector<int>& chain = chains_.at(rule);
      edges.insert(edges.end(), chain.begin(), chain.end());
    }
    for (const auto& [name, child] : tree.children) edges.push_back(add_tree(child));
    nodes_[static_cast<std::size_t>(number)].edges = std::move(edges);
    return number;
  }

  void add_refs(int number) {
    std::vector<int> edges;
    const Rule& branch = rule(number);
    const auto on_term = [&](const Term& term) {
      if (term.kind == Kind::ref && term.items[0].is_var("data")) edges.push_back(add_ref(term));
      return true;
    };
    for (const Term& argument : branch.head.arguments) visit_terms(argument, on_term);
    if (branch.head.key) visit_terms(*branch.head.key, on_term);
    if (branch.head.value) visit_terms(*branch.head.value, on_term);
    visit_terms(branch.body, on_term);
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    edges_ += edges.size();
    nodes_[static_cast<std::size_t>(number)].edges = std::move(edges);
  }

  // The node of a ref.
  int add_ref(const Term& ref) {
    std::string pattern;
    for (const Term& item : ref.items) {
      pattern += static_cast<char>(item.kind == Kind::string ? '.' : is_scalar(item) ? '#' : '*');
      if (item.kind == Kind::string) pattern += item.text + '\0';
    }
    const auto [at, added] = refs_.try_emplace(std::move(pattern), static_cast<int>(nodes_.size()));
    if (!added) return at->second;
    std::vector<int> edges;
    const auto root = tree_.children.find("data");
    std::vector<const RuleTree*> level;
    if (root != tree_.children.end()) level.push_back(&root->second);
    for (std::size_t i = 1; i < ref.items.size() && !level.empty(); ++i) {
      std::vector<const RuleTree*> next;
      for (const RuleTree* const node : level) step(edges, *node, ref.items[i], next);
      level = std::move(next);
    }
    for (const RuleTree* const node : level) edges.push_back(below_.at(node));
    edges_ += edges.size();
    nodes_.push_back({nullptr, nullptr, nullptr, std::move(edges)});
    return at->second;
  }

  // Past one operand: rules met on the way are depended on too.
  void step(std::vector<int>& edges, const RuleTree& node, const Term& operand,
            std::vector<const RuleTree*>& next) const {
    const auto enter = [&](const RuleTree& child) {
      for (const Rule* const rule : child.rules) {
        const std::vector<int>& chain = chains_.at(rule);
        edges.insert(edges.end(), chain.begin(), chain.end());
      }
      next.push_back(&child);
    };
    if (operand.kind == Kind::string) {
      const auto child = node.children.find(operand.text);
      if (child != node.children.end()) enter(child->second);
    } else if (!is_scalar(operand)) {
      for (const auto& [name, child] : node.children) enter(child);
    }
  }

  RuleTree tree_;
  std::vector<Node> nodes_;
  std::size_t rules_ = 0;
  std::size_t edges_ = 0;
  std::unordered_map<std::string, int> refs_;
  std::unordered_map<const Rule*, std::vector<int>> chains_;
  std::unordered_map<const RuleTree*, int> below_;
};

std::string Graph::text(const Compilation& c, int node) const {
  const Node& found = nodes_[static_cast<std::size_t>(node)];
  Term ref = found.module->package;
  const std::vector<Term>& items = found.rule->head.ref.items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Term item = i == 0 ? make_string(items[0].text, items[0].at) : items[i];
    const auto written = c.written_names.find(item.text);
    if (is_var(item) && written != c.written_names.end()) item.text = written->second;
    ref.items.push_back(std::move(item));
  }
  return to_text(ref);
}

// Tarjan's strongly connected components, without recursion.
std::vector<bool> Graph::cyclic() const {
  const std::size_t count = nodes_.size();
  std::vector<int> index(count, -1);
  std::vector<int> low(count, 0);
  std::vector<bool> on_stack(count, false);
  std::vector<bool> found(count, false);
  std::vector<std::size_t> stack;
  std::vector<std::pair<std::size_t, std::size_t>> path;  // node, next edge
  int next = 0;
  for (std::size_t start = 0; start < count; ++start) {
    if (index[start] >= 0) continue;
    path.emplace_back(start, 0);
    while (!path.empty()) {
      auto& [node, edge] = path.back();
      if (edge == 0) {
        index[node] = low[node] = next++;
        stack.push_back(node);
        on_stack[node] = true;
      }
      if (edge < nodes_[node].edges.size()) {
        const auto to = static_cast<std::size_t>(nodes_[node].edges[edge++]);
        if (to == node) found[node] = true;
        if (index[to] < 0) {
          path.emplace_back(to, 0);
        } else if (on_stack[to]) {
          low[node] = std::min(low[node], index[to]);
        }
        continue;
      }
      const std::size_t done = node;
      path.pop_back();
      if (!path.empty()) low[path.back().first] = std::min(low[path.back().first], low[done]);
      if (low[done] != index[done]) continue;
      const bool several = stack.back() != done;
      for (std::size_t member = count; member != done;) {
        member = stack.back();
        stack.pop_back();
        on_stack[member] = false;
        if (several) found[member] = true;
      }
    }
  }
  return found;
}

std::vector<int> Graph::cycle(int start) const {
  std::vector<int> from(nodes_.size(), -1);
  std::vector<int> queue{start};
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const int node = queue[at];
    for (const int to : nodes_[static_cast<std::size_t>(node)].edges) {
      if (to == start) {
        std::vector<int> path{start};
        for (int step = node; step != start; step = from[static_cast<std::size_t>(step)]) {
          if (nodes_[static_cast<std::size_t>(step)].branch != nullptr) path.push_back(step);
        }
        path.push_back(start);
        std::reverse(path.begin(), path.end());
        return path;
      }
      if (from[static_cast<std::size_t>(to)] >= 0) continue;
      from[static_cast<std::size_t>(to)] = node;
      queue.push_back(to);
    }
  }
  return {};
}

}  // namespace

bool check_recursion(Compilation& c) {
  const std::size_t before = c.errors.size();
  const Graph graph(c);
  if (graph.is_full()) {
    c.error("rego_compile_error",
            "rules depend on each other in more than " + std::to_string(kEdgesMax) + " ways", {});
    return false;
  }
  const std::vector<bool> cyclic = graph.cyclic();
  for (std::size_t i = 0; i < graph.rules() && c.errors.size() <= c.options.errors_max; ++i) {
    if (!cyclic[i]) continue;
    const int node = static_cast<int>(i);
    std::string path;
    for (const int step : graph.cycle(node)) {
      path += (path.empty() ? "" : " -> ") + graph.text(c, step);
    }
    c.error("rego_recursion_error", "rule " + graph.text(c, node) + " is recursive: " + path,
            graph.rule(node).at);
  }
  return c.errors.size() == before;
}

}  // namespace mc::rego
