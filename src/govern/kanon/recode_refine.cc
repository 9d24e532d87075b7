#include "kanon/recode_refine.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace mc::kanon {
namespace {

constexpr std::size_t kRounds = 12;
constexpr std::size_t kQuietRounds = 4;  // without gain, that end it
constexpr std::size_t kWindow = 48;      // groups that each is compared with
constexpr std::size_t kTurns = 16;       // changes of one pair in a round
constexpr std::size_t kMembersMax = 48;  // larger groups stay as they are
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Refine::Refine(Groups& groups, Meter& meter, RecodeStats& stats)
    : groups_(&groups), meter_(&meter), stats_(&stats) {}

// Groups that may change, by the places of their nodes, columns in an order of their own.
std::vector<std::uint32_t> Refine::sorted(std::uint64_t seed) const {
  const Space& space = groups_->space();
  std::vector<std::uint32_t> columns(space.columns());
  std::iota(columns.begin(), columns.end(), 0u);
  for (std::size_t i = columns.size(); i > 1; --i) {
    std::swap(columns[i - 1], columns[mix(seed * 64 + i) % i]);
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < groups_->all.size(); ++i) {
    const Group& group = groups_->all[i];
    if (group.rows > 0 && group.members.size() <= kMembersMax) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    for (const std::uint32_t column : columns) {
      const Tree& tree = space.trees[column];
      const std::uint32_t at_a = tree.first[groups_->all[a].nodes[column]];
      const std::uint32_t at_b = tree.first[groups_->all[b].nodes[column]];
      if (at_a != at_b) return at_a < at_b;
    }
    return a < b;
  });
  return order;
}

const std::vector<Refine::Without>& Refine::without(std::uint32_t index) {
  std::vector<Without>& out = without_[index];
  const Group& group = groups_->all[index];
  if (!out.empty() || group.members.empty()) return out;
  const std::size_t size = group.members.size();
  if (group.cost == 0 || size == 1) {
    out.assign(size, {group.nodes, group.cost});
    return out;
  }
  out.resize(size);
  const Space& space = groups_->space();
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t start = i == 0 ? 1 : 0;
    const auto leaves = space.leaves_of(group.members[start].point);
    out[i].nodes.assign(leaves.begin(), leaves.end());
    for (std::size_t j = start + 1; j < size; ++j) {
      if (j != i) out[i].cost = space.widen(out[i].nodes, group.members[j].point);
    }
  }
  return out;
}

void Refine::find_move(const Side& from, const Side& to, bool from_a, Change& best) const {
  const std::uint32_t rows_min = groups_->rows_min();
  if (from.group->rows <= rows_min) return;
  for (std::size_t i = 0; i < from.group->members.size(); ++i) {
    const Member& member = from.group->members[i];
    const std::uint32_t rows = std::min(member.rows, from.group->rows - rows_min);
    const bool whole = rows == member.rows;
    const std::uint64_t left =
        (whole ? (*from.without)[i].cost : from.group->cost) * (from.group->rows - rows);
    if (left >= best.total) continue;
    const std::uint64_t all = to.group->rows + rows;
    const std::uint64_t limit = (best.total - left - 1) / all + 1;
    const std::uint64_t cost = groups_->space().widened(to.group->nodes, member.point, limit);
    if (cost >= limit) continue;
    best = {left + cost * all, from_a ? i : kNone, from_a ? kNone : i, rows};
  }
}

void Refine::find_exchange(const Side& a, const Side& b, Change& best) const {
  const Space& space = groups_->space();
  constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 0; i < a.group->members.size(); ++i) {
    for (std::size_t j = 0; j < b.group->members.size(); ++j) {
      const Member &of_a = a.group->members[i], &of_b = b.group->members[j];
      const std::uint32_t rows = std::min(of_a.rows, of_b.rows);
      const bool whole_a = rows == of_a.rows, whole_b = rows == of_b.rows;
      const std::uint64_t least_a = whole_a ? (*a.without)[i].cost : a.group->cost;
      const std::uint64_t least_b = whole_b ? (*b.without)[j].cost : b.group->cost;
      if (least_a * a.group->rows + least_b * b.group->rows >= best.total) continue;
      const Nodes& nodes_a = whole_a ? (*a.without)[i].nodes : a.group->nodes;
      const std::uint64_t with_b = space.widened(nodes_a, of_b.point, kUnlimited) * a.group->rows;
      if (with_b + least_b * b.group->rows >= best.total) continue;
      const Nodes& nodes_b = whole_b ? (*b.without)[j].nodes : b.group->nodes;
      const std::uint64_t total =
          with_b + space.widened(nodes_b, of_a.point, kUnlimited) * b.group->rows;
      if (total < best.total) best = {total, i, j, rows};
    }
  }
}

bool Refine::merge(Group& a, Group& b) {
  const std::uint64_t joined = groups_->space().joined(a.nodes, b.nodes);
  if (joined * (std::uint64_t{a.rows} + b.rows) >= a.total() + b.total()) return false;
  a.members.insert(a.members.end(), b.members.begin(), b.members.end());
  a = groups_->make(std::move(a.members));
  b = {};
  return true;
}

bool Refine::apply(Group& a, Group& b, const Change& change) {
  Group new_a = a, new_b = b;
  const auto pass = [&](const Group& from, std::size_t member, Group& less, Group& more) {
    if (member == kNone) return;
    const Member moved{from.members[member].point, change.rows};
    groups_->take(less, moved);
    groups_->add(more, {&moved, 1});
  };
  pass(a, change.a, new_a, new_b);
  pass(b, change.b, new_b, new_a);
  if (groups_->has_criteria() &&
      (!groups_->fulfil_criteria(new_a.members) || !groups_->fulfil_criteria(new_b.members))) {
    return false;
  }
  groups_->refresh(new_a);
  groups_->refresh(new_b);
  a = std::move(new_a);
  b = std::move(new_b);
  return true;
}

bool Refine::improve(std::uint32_t index_a, std::uint32_t index_b) {
  Group &a = groups_->all[index_a], &b = groups_->all[index_b];
  if (a.rows == 0 || b.rows == 0 || a.cost + b.cost == 0) return false;
  if (a.members.size() > kMembersMax || b.members.size() > kMembersMax) return false;
  // Nothing was ever gained from two that are further apart.
  if (groups_->space().joined(a.nodes, b.nodes) > a.cost + b.cost) return false;
  const Side side_a{&a, &without(index_a)}, side_b{&b, &without(index_b)};
  const std::uint64_t now = a.total() + b.total();
  Change best{now, kNone, kNone, 0};
  find_move(side_a, side_b, true, best);
  find_move(side_b, side_a, false, best);
  find_exchange(side_a, side_b, best);
  const bool changed = merge(a, b) || (best.total < now && apply(a, b, best));
  if (!changed) return false;
  without_[index_a].clear();
  without_[index_b].clear();
  ++stats_->moved;
  return true;
}

void Refine::round(std::uint64_t seed) {
  const std::vector<std::uint32_t> order = sorted(seed);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size() && j <= i + kWindow; ++j) {
      if (!meter_->spend(8)) return;
      for (std::size_t turn = 0; turn < kTurns && improve(order[i], order[j]); ++turn) {
      }
    }
  }
}

void Refine::run() {
  without_.assign(groups_->all.size(), {});
  std::size_t quiet = 0;
  meter_->progress.total += kRounds;
  for (std::uint64_t i = 0; i < kRounds && quiet < kQuietRounds && meter_->spend(0); ++i) {
    const std::uint64_t before = stats_->moved;
    round(i);
    quiet = stats_->moved == before ? quiet + 1 : 0;
    ++meter_->progress.done;
    meter_->progress.best_pico = groups_->mean_pico();
  }
}

}  // namespace mc::kanon
