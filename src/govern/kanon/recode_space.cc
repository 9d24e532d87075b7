#include "kanon/recode_space.h"

#include <numeric>

namespace mc::kanon {
namespace {

std::uint64_t share_cost(std::uint64_t under, std::uint64_t all) {
  return all < 2 ? 0 : ((under - 1) * kWholeColumn + (all - 1) / 2) / (all - 1);
}

struct TreeMaker {
  const Hierarchy& hierarchy;
  Tree out = {};
  std::vector<std::uint32_t> under = {};  // leaves of a node

  std::uint32_t add(Cell cell, std::uint32_t leaves, std::uint64_t cost) {
    const auto node = static_cast<std::uint32_t>(out.parent.size());
    out.parent.push_back(node);
    out.cell.push_back(cell);
    out.cost.push_back(cost);
    under.push_back(leaves);
    return node;
  }

  void add_level(std::uint32_t level) {
    const auto from = static_cast<std::uint32_t>(out.parent.size());
    for (std::uint32_t value = 0; value < hierarchy.values(level); ++value) {
      const std::uint32_t leaves = hierarchy.leaves_under(level, value);
      add({level, value}, leaves, share_cost(leaves, hierarchy.leaves()));
    }
    std::vector<std::uint32_t>& at = out.at.emplace_back(hierarchy.leaves());
    for (std::uint32_t leaf = 0; leaf < at.size(); ++leaf) {
      at[leaf] = from + hierarchy.value_of(level, leaf);
    }
    if (level == 0) return;
    const auto below = static_cast<std::uint32_t>(hierarchy.values(level - 1));
    for (std::uint32_t value = 0; value < below; ++value) {
      out.parent[from - below + value] = from + hierarchy.parent(level - 1, value);
    }
  }

  void number_leaves() {
    const std::size_t nodes = out.parent.size();
    std::vector<std::uint32_t> next(nodes);
    out.first.resize(nodes);
    out.after.resize(nodes);
    std::uint32_t top = 0;
    for (std::size_t i = nodes; i-- > 0;) {  // parents come after their children
      std::uint32_t& from = out.parent[i] == i ? top : next[out.parent[i]];
      out.first[i] = next[i] = from;
      from += under[i];
      out.after[i] = from;
    }
  }

  Tree make() {
    const auto levels = static_cast<std::uint32_t>(hierarchy.levels());
    for (std::uint32_t level = 0; level < levels; ++level) add_level(level);
    const auto tops = static_cast<std::uint32_t>(hierarchy.values(levels - 1));
    if (tops > 1) {
      const std::uint32_t root = add({}, static_cast<std::uint32_t>(hierarchy.leaves()), kNever);
      for (std::uint32_t i = 1; i <= tops; ++i) out.parent[root - i] = root;
    }
    number_leaves();
    return std::move(out);
  }
};

// The lowest node from `node` upwards that holds the leaves from `first` to before `after`.
inline std::uint32_t climb(const Tree& tree, std::uint32_t node, std::uint32_t first,
                           std::uint32_t after) {
  while (first < tree.first[node] || after > tree.after[node]) node = tree.parent[node];
  return node;
}

}  // namespace

Space::Space(const Problem& problem) : tuples(unique_tuples(problem)) {
  for (const Quasi& quasi : problem.quasi()) trees.push_back(TreeMaker{quasi.hierarchy}.make());
  for (std::uint32_t tuple = 0; tuple < tuples.size(); ++tuple) {
    if (tuples.rows[tuple] == 0) continue;
    rows.push_back(tuples.rows[tuple]);
    tuple_of.push_back(tuple);
    const auto of_tuple = tuples.leaves_of(tuple);
    leaves.insert(leaves.end(), of_tuple.begin(), of_tuple.end());
  }
}

std::uint64_t Space::widen(std::span<std::uint32_t> nodes, std::uint32_t point) const {
  const auto point_leaves = leaves_of(point);
  std::uint64_t cost = 0;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const Tree& tree = trees[i];
    const std::uint32_t place = tree.first[point_leaves[i]];
    nodes[i] = climb(tree, nodes[i], place, place + 1);
    cost += tree.cost[nodes[i]];
  }
  return cost;
}

std::uint64_t Space::widened(std::span<const std::uint32_t> nodes, std::uint32_t point,
                             std::uint64_t limit) const {
  const auto point_leaves = leaves_of(point);
  std::uint64_t cost = 0;
  for (std::size_t i = 0; i < trees.size() && cost < limit; ++i) {
    const Tree& tree = trees[i];
    const std::uint32_t place = tree.first[point_leaves[i]];
    cost += tree.cost[climb(tree, nodes[i], place, place + 1)];
  }
  return cost;
}

std::uint64_t Space::joined(std::span<const std::uint32_t> a,
                            std::span<const std::uint32_t> b) const {
  std::uint64_t cost = 0;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const Tree& tree = trees[i];
    cost += tree.cost[climb(tree, a[i], tree.first[b[i]], tree.after[b[i]])];
  }
  return cost;
}

}  // namespace mc::kanon
