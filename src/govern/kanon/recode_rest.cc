#include "kanon/recode_rest.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace mc::kanon {
namespace {

constexpr std::uint64_t kTriesMax = 50'000'000;  // members times groups
constexpr std::size_t kCandidates = 8;

struct Parts {
  std::uint64_t saved = 0;
  std::vector<std::vector<Member>> parts;
};

// The node below `node` that holds a leaf.
std::uint32_t below(const Tree& tree, std::uint32_t leaf, std::uint32_t node) {
  while (tree.parent[leaf] != node) leaf = tree.parent[leaf];
  return leaf;
}

// By the nodes below that of one column; saves nothing when that cannot be.
Parts part(const Groups& groups, const Group& group, std::size_t column) {
  const Tree& tree = groups.space().trees[column];
  const std::uint32_t node = group.nodes[column];
  Parts out;
  if (tree.after[node] - tree.first[node] < 2) return out;
  std::map<std::uint32_t, std::vector<Member>> by_node;
  for (const Member& each : group.members) {
    by_node[below(tree, groups.space().leaves_of(each.point)[column], node)].push_back(each);
  }
  std::vector<Member> others;
  for (auto& [child, members] : by_node) {
    if (!groups.fulfil(members)) {
      others.insert(others.end(), members.begin(), members.end());
      continue;
    }
    std::uint64_t rows = 0;
    for (const Member& each : members) rows += each.rows;
    out.saved += rows * (tree.cost[node] - tree.cost[child]);
    out.parts.push_back(std::move(members));
  }
  if (others.empty()) return out;
  if (!groups.fulfil(others)) return {};
  out.parts.push_back(std::move(others));
  return out;
}

struct Choice {
  std::int64_t more = 0;  // that all rows lose
  std::size_t group = 0;
  auto operator<=>(const Choice&) const = default;
};

// The group that takes a member at the least cost and still fulfils all; false = none of those
// that were tried.
bool join(Groups& groups, const Member& member) {
  std::vector<Choice> choices;
  for (std::size_t i = 0; i < groups.all.size(); ++i) {
    const Group& group = groups.all[i];
    if (group.rows == 0) continue;
    const std::uint64_t cost = groups.space().widened(group.nodes, member.point, kNever);
    if (cost >= kNever) continue;
    const Choice choice{static_cast<std::int64_t>(cost * (group.rows + member.rows)) -
                            static_cast<std::int64_t>(group.total()),
                        i};
    if (choices.size() == kCandidates && choices.back() < choice) continue;
    choices.insert(std::lower_bound(choices.begin(), choices.end(), choice), choice);
    if (choices.size() > kCandidates) choices.pop_back();
  }
  for (const Choice& each : choices) {
    Group joined = groups.all[each.group];
    groups.add(joined, {&member, 1});
    if (!groups.fulfil_criteria(joined.members)) continue;
    groups.all[each.group] = std::move(joined);
    return true;
  }
  return false;
}

// The groups that are nearest to one, nearest first.
std::vector<std::size_t> nearest(const Groups& groups, const Group& to) {
  std::vector<Choice> choices;
  for (std::size_t i = 0; i < groups.all.size(); ++i) {
    const Group& group = groups.all[i];
    if (group.rows == 0) continue;
    const std::uint64_t cost = groups.space().joined(to.nodes, group.nodes);
    choices.push_back({static_cast<std::int64_t>(cost * (group.rows + to.rows)) -
                           static_cast<std::int64_t>(group.total()),
                       i});
  }
  std::sort(choices.begin(), choices.end());
  std::vector<std::size_t> out;
  out.reserve(choices.size());
  for (const Choice& each : choices) out.push_back(each.group);
  return out;
}

// Joins whole groups, the nearest ones, ever more of them, until all is fulfilled; then parts them
// anew.
void swallow(Groups& groups, std::vector<Member> rest) {
  Group pool = groups.make(std::move(rest));
  std::size_t next = 0, step = 1;
  const std::vector<std::size_t> near = nearest(groups, pool);
  while (!groups.fulfil(pool.members) && next < near.size()) {
    for (std::size_t i = 0; i < step && next < near.size(); ++i) {
      Group& group = groups.all[near[next++]];
      pool.members.insert(pool.members.end(), group.members.begin(), group.members.end());
      group = {};
    }
    step *= 2;
  }
  split(groups, std::move(pool.members));
}

}  // namespace

void split(Groups& groups, std::vector<Member> members) {
  std::vector<std::vector<Member>> open;
  open.push_back(std::move(members));
  while (!open.empty()) {
    Group group = groups.make(std::move(open.back()));
    open.pop_back();
    Parts best;
    for (std::size_t column = 0; column < groups.space().columns() && group.cost > 0; ++column) {
      Parts parts = part(groups, group, column);
      if (parts.saved > best.saved) best = std::move(parts);
    }
    if (best.saved == 0) groups.all.push_back(std::move(group));
    for (std::vector<Member>& each : best.parts) open.push_back(std::move(each));
  }
}

void settle(Groups& groups, std::vector<Member> rest) {
  if (rest.empty()) return;
  const std::size_t before = groups.all.size();
  if (groups.fulfil(rest)) {
    split(groups, std::move(rest));
    rest.clear();
    for (std::size_t i = before; i < groups.all.size(); ++i) {
      if (groups.all[i].cost < kNever) continue;
      rest.insert(rest.end(), groups.all[i].members.begin(), groups.all[i].members.end());
      groups.all[i] = {};
    }
  }
  std::vector<Member> stuck;
  const bool many = rest.size() * groups.all.size() > kTriesMax;
  for (const Member& each : rest) {
    if (many || !join(groups, each)) stuck.push_back(each);
  }
  if (!stuck.empty()) swallow(groups, std::move(stuck));
}

}  // namespace mc::kanon
