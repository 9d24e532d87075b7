#include "kanon/recode_cube.h"

#include <algorithm>
#include <numeric>

namespace mc::kanon {
namespace {

constexpr std::uint32_t kMixed = 0xffffffff;

}  // namespace

CubeWalk::CubeWalk(const Space& space) : space_(&space), order_(space.columns()) {
  std::iota(order_.begin(), order_.end(), 0u);
  const auto leaves = [&](std::uint32_t column) { return space.trees[column].at[0].size(); };
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return leaves(a) != leaves(b) ? leaves(a) < leaves(b) : a < b;
  });
  for (const Tree& tree : space.trees) counts_.emplace_back(tree.parent.size());
}

// The least price that a cell with these counts, or any inside it, can have.
bool CubeWalk::worth(const Counts& counts, std::uint64_t cost) const {
  if (counts.free == 0 || cost > limits_.cost_max) return false;
  if (counts.free >= limits_.rows_min) return true;
  if (counts.free + counts.spare < limits_.rows_min) return false;
  // Inside, cost and loans only grow, the rest only shrinks; but lenders that gain by it could be
  // more there.
  if (counts.lost >= cost) return true;
  const std::uint64_t loans = limits_.rows_min - counts.free;
  const std::uint64_t loss = loans * (cost - counts.lost) * limits_.loss_weight;
  return counts.free * cost + loss <= counts.free * limits_.price_max;
}

// Whether no column but the last one chosen could have a lower level and still hold all items: the
// last one was looked at by part().
bool CubeWalk::narrowest(const Task& task) const {
  const std::size_t columns = space_->columns();
  for (std::uint32_t i = 0; i + 1 < task.depth; ++i) {
    if (task.levels[i] == 0) continue;
    const std::uint32_t* const below = space_->trees[order_[i]].at[task.levels[i] - 1u].data();
    const std::uint32_t* const leaves = space_->leaves.data() + order_[i];
    const auto node = [&](std::uint32_t at) {
      return below[leaves[items_[lists_[at]].point * columns]];
    };
    std::uint32_t at = task.from + 1;
    while (at < task.from + task.size && node(at) == node(task.from)) ++at;
    if (at == task.from + task.size) return false;
  }
  return true;
}

// Parts the items of a task by their nodes of one level; parts that are worth it become tasks.
// False when all have the same node, so that higher levels add nothing.
bool CubeWalk::part(const Task& task, std::size_t at_level) {
  const std::size_t column = order_[task.depth];
  const Tree& tree = space_->trees[column];
  const std::uint32_t* const nodes = tree.at[at_level].data();
  const std::uint32_t* const below = at_level > 0 ? tree.at[at_level - 1].data() : nullptr;
  const std::size_t columns = space_->columns();
  const std::uint32_t* const leaves = space_->leaves.data() + column;
  std::vector<Counts>& counts = counts_[column];
  seen_.clear();
  for (std::uint32_t i = task.from; i < task.from + task.size; ++i) {
    const Item& item = items_[lists_[i]];
    const std::uint32_t leaf = leaves[item.point * columns];
    const std::uint32_t node = nodes[leaf];
    Counts& count = counts[node];
    if (count.items++ == 0) {
      seen_.push_back(node);
      count.below = below != nullptr ? below[leaf] : kMixed;
    } else if (below != nullptr && count.below != below[leaf]) {
      count.below = kMixed;
    }
    (item.group == kFree ? count.free : count.spare) += item.rows;
    count.lost = std::max(count.lost, item.cost);
  }
  const auto behind = static_cast<std::uint32_t>(lists_.size());
  std::uint32_t from = behind;
  for (const std::uint32_t node : seen_) {
    Counts& count = counts[node];
    const std::uint64_t cost = task.cost + tree.cost[node];
    count.chosen = count.below == kMixed && worth(count, cost);
    if (!count.chosen) continue;
    tasks_.push_back({task.levels, task.depth + 1, from, count.items, cost});
    tasks_.back().levels[task.depth] = static_cast<std::uint8_t>(at_level);
    count.next = from;
    from += count.items;
  }
  if (from > behind) {
    lists_.resize(from);
    for (std::uint32_t i = task.from; i < task.from + task.size; ++i) {
      Counts& count = counts[nodes[leaves[items_[lists_[i]].point * columns]]];
      if (count.chosen) lists_[count.next++] = lists_[i];
    }
  }
  const bool several = seen_.size() > 1;
  for (const std::uint32_t node : seen_) counts[node] = {};
  return several;
}

void CubeWalk::run(std::span<const Item> items, const CubeLimits& limits, Meter& meter,
                   const Visit& visit) {
  items_ = items;
  limits_ = limits;
  lists_.resize(items.size());
  std::iota(lists_.begin(), lists_.end(), 0u);
  tasks_.assign(1, {.size = static_cast<std::uint32_t>(items.size())});
  while (!tasks_.empty()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    lists_.resize(task.from + task.size);
    if (!narrowest(task)) continue;
    if (task.depth == space_->columns()) {
      if (!visit(std::span(lists_).subspan(task.from, task.size), task.cost)) return;
      continue;
    }
    for (std::size_t i = 0; i < space_->trees[order_[task.depth]].at.size(); ++i) {
      if (!meter.spend(task.size)) return;
      if (!part(task, i)) break;
    }
  }
}

}  // namespace mc::kanon
