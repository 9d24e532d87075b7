#include "kanon/walk.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace mc::kanon {
namespace {

constexpr std::uint32_t kDropped = 0xffffffff;
constexpr std::size_t kMaskValues = 64;  // sensitive columns of more values are judged whole only
constexpr std::uint64_t kTickWork = 1 << 20;  // entries between two ticks
constexpr std::size_t kSplit = 1;             // children of this depth are parts
constexpr std::size_t kRound = 4;             // parts that start from the same best

}  // namespace

bool is_better(const ExactLoss& loss, const Found& a, const Found& than) {
  if (!a.any || !than.any) return a.any;
  if (a.estimate < than.estimate * (1 - ExactLoss::kMargin)) return true;
  if (a.estimate > than.estimate * (1 + ExactLoss::kMargin)) return false;
  const std::strong_ordering order = loss.compare(a.sums, than.sums);
  return order < 0 || (order == 0 && a.levels < than.levels);
}

struct Walk::Child {
  std::size_t level = 0;
  double bound = 0;
};

// A prefix of levels, and its tuples by the finest classes of the next axis.
struct Walk::Frame {
  const Entries* entries = nullptr;  // the lattice's at depth 0, `own` behind
  Entries own;
  std::size_t level = 0;                    // of the axis before
  std::vector<std::uint32_t> parent = {0};  // by group, its group in the frame before
  std::vector<std::uint32_t> under = {0};   // by group, leaves of its value of the axis before
  std::vector<std::uint64_t> sums;          // by axis before, leaves of remaining rows
  std::uint64_t suppressed = 0;
  std::vector<std::uint32_t> fine_of_entry;
  std::vector<std::uint32_t> fine_group, fine_code, fine_rows, fine_population;
  std::vector<std::uint64_t> fine_mask;  // for each masked column, back to back
  std::vector<Child> children;
  std::size_t next = 0;
};

// The classes of a prefix and one level of the next axis.
struct Walk::Grouping {
  std::vector<std::size_t> masked;   // sensitive columns whose number of values is counted
  std::vector<std::uint32_t> least;  // of these, how many values a class must have
  bool judged_whole = false;         // other criteria are left for whole level vectors
  PairIndex fine_index, index, merge_index;
  std::vector<std::uint32_t> of_fine;  // kDropped when its class is
  std::vector<std::uint32_t> parent, under, rows, population;
  std::vector<std::uint64_t> mask;
  std::vector<std::uint64_t> sums;      // by axis, of those that have a level
  std::vector<std::uint64_t> all_sums;  // by axis, with what suppressed rows count; a lower bound
  std::vector<std::uint64_t> by_quasi;
  std::uint64_t suppressed = 0;
  std::uint64_t work = 0, done = 0;
  // Of drop_by_values.
  std::vector<std::uint32_t> offsets, bucket;
  std::vector<ValueCount> pairs, counts;
};

Walk::Walk(const Lattice& lattice, WalkBudget& budget, Tick tick)
    : lattice_(lattice),
      budget_(budget),
      tick_(std::move(tick)),
      grouping_(std::make_unique<Grouping>()) {
  Grouping& g = *grouping_;
  g.judged_whole = lattice.problem.sizes().presence.has_value();
  const std::vector<Sensitive>& sensitive = lattice.problem.sensitive();
  for (std::size_t i = 0; i < sensitive.size(); ++i) {
    const std::uint32_t least = distinct_implied(sensitive[i]);
    const bool masked = sensitive[i].totals.size() <= kMaskValues;
    if (masked && least > 1) {
      g.masked.push_back(i);
      g.least.push_back(least);
    }
    for (const Criterion& each : sensitive[i].criteria) {
      if (!masked || each.kind != Kind::distinct_l) g.judged_whole = true;
    }
  }
  for (std::size_t i = 0; i < lattice.axes.size(); ++i) {
    own_.push_back(std::make_unique<Frame>());
    own_[i]->entries = i == 0 ? &lattice.root : &own_[i]->own;
    frames_.push_back(own_[i].get());
  }
}
Walk::~Walk() = default;

// Finest classes first: those that the leaves of the next axis make.
void Walk::open(Frame& frame, std::size_t depth) {
  Grouping& g = *grouping_;
  const Entries& entries = *frame.entries;
  const Suffixes& suffixes = lattice_.suffixes[depth];
  const bool known = !entries.population.empty();
  frame.fine_of_entry.resize(entries.size());
  frame.fine_group.clear();
  frame.fine_code.clear();
  frame.fine_rows.clear();
  frame.fine_population.clear();
  frame.fine_mask.clear();
  g.fine_index.reset(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint32_t suffix = entries.suffix[i], code = suffixes.code[suffix];
    const std::uint32_t fine = g.fine_index.number(std::uint64_t{entries.group[i]} << 32 | code);
    if (fine == frame.fine_group.size()) {
      frame.fine_group.push_back(entries.group[i]);
      frame.fine_code.push_back(code);
      frame.fine_rows.push_back(0);
      if (known) frame.fine_population.push_back(0);
      frame.fine_mask.resize(frame.fine_mask.size() + g.masked.size());
    }
    frame.fine_of_entry[i] = fine;
    frame.fine_rows[fine] += entries.rows[i];
    if (known) frame.fine_population[fine] += entries.population[i];
    if (entries.rows[i] == 0) continue;
    for (std::size_t m = 0; m < g.masked.size(); ++m) {
      const std::uint32_t value = lattice_.sensitive_value(suffixes.sensitive[suffix], g.masked[m]);
      frame.fine_mask[fine * g.masked.size() + m] |= std::uint64_t{1} << value;
    }
  }
  g.work += entries.size();
}

void Walk::group(const Frame& frame, std::size_t depth, std::size_t level) {
  Grouping& g = *grouping_;
  const Axis& axis = lattice_.axes[depth];
  const std::vector<std::uint32_t>& value_of = axis.value[level];
  const bool known = !frame.fine_population.empty();
  g.of_fine.resize(frame.fine_group.size());
  g.parent.clear();
  g.under.clear();
  g.rows.clear();
  g.population.clear();
  g.mask.clear();
  g.index.reset(frame.fine_group.size());
  for (std::size_t i = 0; i < frame.fine_group.size(); ++i) {
    const std::uint32_t value = value_of[frame.fine_code[i]];
    const std::uint32_t group = g.index.number(std::uint64_t{frame.fine_group[i]} << 32 | value);
    if (group == g.rows.size()) {
      g.parent.push_back(frame.fine_group[i]);
      g.under.push_back(axis.under[level][value]);
      g.rows.push_back(0);
      g.population.push_back(0);
      g.mask.resize(g.mask.size() + g.masked.size());
    }
    g.of_fine[i] = group;
    g.rows[group] += frame.fine_rows[i];
    g.population[group] += known ? frame.fine_population[i] : frame.fine_rows[i];
    for (std::size_t m = 0; m < g.masked.size(); ++m) {
      g.mask[group * g.masked.size() + m] |= frame.fine_mask[i * g.masked.size() + m];
    }
  }
  g.work += frame.fine_group.size();
}

bool Walk::class_fails(std::size_t group) const {
  const Grouping& g = *grouping_;
  const Sizes& sizes = lattice_.problem.sizes();
  if (g.rows[group] < sizes.k || g.population[group] < sizes.k_map) return true;
  for (std::size_t m = 0; m < g.masked.size(); ++m) {
    const std::uint64_t mask = g.mask[group * g.masked.size() + m];
    if (static_cast<std::uint32_t>(std::popcount(mask)) < g.least[m]) return true;
  }
  return false;
}

// Its rows are suppressed: they leave the sums of all axes that have a level.
void Walk::drop(std::size_t group, std::size_t depth) {
  Grouping& g = *grouping_;
  const std::uint64_t rows = g.rows[group];
  g.rows[group] = 0;
  g.suppressed += rows;
  g.sums[depth] -= rows * g.under[group];
  std::uint32_t at = g.parent[group];
  for (std::size_t above = depth; above > 0 && rows > 0; --above) {
    g.sums[above - 1] -= rows * frames_[above]->under[at];
    at = frames_[above]->parent[at];
  }
}

// What fails in every completion.
void Walk::drop_failing(const Frame& frame, std::size_t depth) {
  Grouping& g = *grouping_;
  g.suppressed = frame.suppressed;
  g.sums = frame.sums;
  g.sums.push_back(0);
  for (std::size_t i = 0; i < g.rows.size(); ++i) {
    g.sums[depth] += std::uint64_t{g.rows[i]} * g.under[i];
    if (!class_fails(i)) continue;
    drop(i, depth);
    if (g.suppressed > lattice_.problem.suppressed_max()) return;
  }
}

bool Walk::values_fail(const Frame& frame, std::size_t depth, std::size_t group) {
  Grouping& g = *grouping_;
  const Suffixes& suffixes = lattice_.suffixes[depth];
  const std::vector<Sensitive>& sensitive = lattice_.problem.sensitive();
  for (std::size_t column = 0; column < sensitive.size(); ++column) {
    g.pairs.clear();
    for (std::uint32_t at = g.offsets[group]; at < g.offsets[group + 1]; ++at) {
      const std::uint32_t entry = g.bucket[at], rows = frame.entries->rows[entry];
      const std::uint32_t combination = suffixes.sensitive[frame.entries->suffix[entry]];
      if (rows > 0) g.pairs.push_back({lattice_.sensitive_value(combination, column), rows});
    }
    std::sort(g.pairs.begin(), g.pairs.end(),
              [](ValueCount a, ValueCount b) { return a.value < b.value; });
    g.counts.clear();
    for (const ValueCount& each : g.pairs) {
      if (g.counts.empty() || g.counts.back().value != each.value) {
        g.counts.push_back({each.value, 0});
      }
      g.counts.back().rows += each.rows;
    }
    if (!fulfils_all(sensitive[column], g.counts)) return true;
  }
  return false;
}

// The criteria that judge whole level vectors only.
void Walk::drop_by_values(const Frame& frame, std::size_t depth) {
  Grouping& g = *grouping_;
  const std::size_t entries = frame.entries->size();
  g.offsets.assign(g.rows.size() + 1, 0);
  for (const std::uint32_t fine : frame.fine_of_entry) ++g.offsets[g.of_fine[fine]];
  for (std::size_t i = 1; i < g.offsets.size(); ++i) g.offsets[i] += g.offsets[i - 1];
  g.bucket.resize(entries);
  for (std::size_t i = entries; i-- > 0;) {
    const std::uint32_t group = g.of_fine[frame.fine_of_entry[i]];
    g.bucket[--g.offsets[group]] = static_cast<std::uint32_t>(i);
  }
  g.work += entries;
  for (std::size_t i = 0; i < g.rows.size(); ++i) {
    if (g.rows[i] == 0) continue;
    const bool fits = fulfils(lattice_.problem.sizes(), g.rows[i], g.population[i]);
    if (fits && !values_fail(frame, depth, i)) continue;
    drop(i, depth);
    if (g.suppressed > lattice_.problem.suppressed_max()) return;
  }
}

bool Walk::within_bound(std::size_t depth) {
  Grouping& g = *grouping_;
  const std::uint64_t kept = lattice_.loss.rows() - g.suppressed;
  g.by_quasi.resize(lattice_.axes.size());
  for (std::size_t i = 0; i < lattice_.axes.size(); ++i) {
    const Axis& axis = lattice_.axes[i];
    g.by_quasi[axis.quasi] = (i <= depth ? g.sums[i] : kept) + axis.leaves * g.suppressed;
  }
  return !result_.best.any ||
         lattice_.loss.estimate(g.by_quasi) <= result_.best.estimate * (1 + ExactLoss::kMargin);
}

// False when nothing under this level can be the best.
bool Walk::look(Frame& frame, std::size_t depth, std::size_t level) {
  Grouping& g = *grouping_;
  ++result_.looked;
  if (budget_.limited) --budget_.nodes_left;
  group(frame, depth, level);
  drop_failing(frame, depth);
  return g.suppressed <= lattice_.problem.suppressed_max() && within_bound(depth);
}

void Walk::finish_leaf(std::size_t depth, std::size_t level) {
  Grouping& g = *grouping_;
  const Problem& problem = lattice_.problem;
  if (g.suppressed > problem.suppressed_max() || !within_bound(depth)) return;
  if (problem.suppressed() == Suppressed::star && g.suppressed > 0 &&
      g.suppressed < problem.sizes().k) {
    return;
  }
  Found found{.any = true,
              .levels = Levels(lattice_.axes.size()),
              .sums = g.by_quasi,
              .estimate = lattice_.loss.estimate(g.by_quasi),
              .suppressed = g.suppressed};
  for (std::size_t i = 0; i < depth; ++i) {
    found.levels[lattice_.axes[i].quasi] = static_cast<std::uint8_t>(frames_[i + 1]->level);
  }
  found.levels[lattice_.axes[depth].quasi] = static_cast<std::uint8_t>(level);
  if (is_better(lattice_.loss, found, result_.best)) result_.best = std::move(found);
}

bool Walk::worth(const Child& child) const {
  return !result_.best.any || child.bound <= result_.best.estimate * (1 + ExactLoss::kMargin);
}

// The table under one level more.
void Walk::descend(const Frame& frame, std::size_t depth, const Child& child) {
  Grouping& g = *grouping_;
  group(frame, depth, child.level);
  drop_failing(frame, depth);
  Frame& below = *frames_[depth + 1];
  below.level = child.level;
  below.suppressed = g.suppressed;
  below.sums = g.sums;
  below.parent.clear();
  below.under.clear();
  g.offsets.assign(g.rows.size(), kDropped);
  for (std::size_t i = 0; i < g.rows.size(); ++i) {
    if (g.rows[i] == 0) continue;
    g.offsets[i] = static_cast<std::uint32_t>(below.parent.size());
    below.parent.push_back(g.parent[i]);
    below.under.push_back(g.under[i]);
  }
  for (std::uint32_t& group : g.of_fine) group = g.offsets[group];
  fill(frame, depth);
}

// Entries that have become equal are joined, those of dropped classes left out.
void Walk::fill(const Frame& frame, std::size_t depth) {
  Grouping& g = *grouping_;
  const Entries& entries = *frame.entries;
  const std::vector<std::uint32_t>& next = lattice_.suffixes[depth].next;
  Entries& own = frames_[depth + 1]->own;
  own.group.clear();
  own.suffix.clear();
  own.rows.clear();
  own.population.clear();
  const bool known = !entries.population.empty();
  g.merge_index.reset(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint32_t group = g.of_fine[frame.fine_of_entry[i]];
    if (group == kDropped) continue;
    const std::uint32_t suffix = next[entries.suffix[i]];
    const std::uint32_t at = g.merge_index.number(std::uint64_t{group} << 32 | suffix);
    if (at == own.group.size()) {
      own.group.push_back(group);
      own.suffix.push_back(suffix);
      own.rows.push_back(0);
      if (known) own.population.push_back(0);
    }
    own.rows[at] += entries.rows[i];
    if (known) own.population[at] += entries.population[i];
  }
  g.work += entries.size();
}

// What is left out below a class of `depth`, by the sums of the level that was grouped last.
void Walk::cut_level(std::size_t depth) {
  if (grouping_->suppressed > lattice_.problem.suppressed_max()) return;
  if (within_bound(depth)) result_.cuts.push_back(grouping_->by_quasi);
}

// What is left of a frame that the walk does not come to.
void Walk::cut(std::size_t depth) {
  Frame& frame = *frames_[depth];
  for (; frame.next < frame.children.size(); ++frame.next) {
    group(frame, depth, frame.children[frame.next].level);
    drop_failing(frame, depth);
    cut_level(depth);
  }
}

// False when the walk has to stop.
bool Walk::may_go_on() {
  Grouping& g = *grouping_;
  if (!result_.stopped && g.work >= kTickWork) {
    g.work = 0;
    result_.stopped = !tick_(g.done, result_.best);
    g.done = 0;
  }
  result_.stopped = result_.stopped || budget_.used_up();
  return !result_.stopped;
}

// Looks at every level of an axis; those that are worth it become children, or on the last axis
// level vectors. False when the walk has to stop.
bool Walk::enter(std::size_t depth) {
  Grouping& g = *grouping_;
  Frame& frame = *frames_[depth];
  const bool last = depth + 1 == frames_.size();
  const std::uint64_t below = lattice_.nodes_below[depth + 1];
  open(frame, depth);
  frame.children.clear();
  frame.next = 0;
  for (std::size_t level = lattice_.axes[depth].levels; level-- > 0;) {
    if (!may_go_on()) {
      // No level that is left loses less than the leaves do.
      g.suppressed = frame.suppressed;
      g.sums = frame.sums;
      g.sums.push_back(lattice_.loss.rows() - frame.suppressed);
      cut_level(depth);
      return false;
    }
    const bool within = look(frame, depth, level);
    if (g.suppressed > lattice_.problem.suppressed_max()) {
      g.done += below * (level + 1);  // lower levels suppress no less
      break;
    }
    if (!within || last) g.done += below;
    if (!within) continue;
    if (!last) {
      frame.children.push_back({level, lattice_.loss.estimate(g.by_quasi)});
      continue;
    }
    if (g.judged_whole) drop_by_values(frame, depth);
    finish_leaf(depth, level);
  }
  return true;
}

// All that is under a child of a frame, and leaves the frames above alone.
void Walk::explore(std::size_t depth, const Child& child) {
  const std::size_t base = depth;
  descend(*frames_[depth], depth, child);
  ++depth;
  enter(depth);
  while (depth > base) {
    Frame& frame = *frames_[depth];
    if (result_.stopped) cut(depth);
    if (frame.next == frame.children.size()) {
      --depth;
      continue;
    }
    const Child next = frame.children[frame.next++];
    if (!worth(next)) {
      grouping_->done += lattice_.nodes_below[depth + 1];
      continue;
    }
    descend(frame, depth, next);
    ++depth;
    enter(depth);
  }
}

// In a lane: one child of the frame at kSplit of the whole.
void Walk::part(const Walk& whole, const Child& child) {
  for (std::size_t i = 0; i <= kSplit; ++i) frames_[i] = whole.frames_[i];
  result_ = {};
  result_.best = whole.result_.best;
  explore(kSplit, child);
  const bool on = tick_(grouping_->done, result_.best);
  grouping_->done = 0;
  result_.stopped = result_.stopped || !on;
}

void Walk::join(WalkResult part) {
  result_.looked += part.looked;
  result_.stopped = result_.stopped || part.stopped;
  for (auto& each : part.cuts) result_.cuts.push_back(std::move(each));
  if (is_better(lattice_.loss, part.best, result_.best)) result_.best = std::move(part.best);
}

// The children of the frame at kSplit. A limited budget is spent by one after another.
void Walk::run_parts(Workers* workers) {
  Frame& frame = *frames_[kSplit];
  const std::size_t round = budget_.limited ? 1 : kRound;
  while (lanes_.size() < round) {
    lanes_.push_back(std::make_unique<Walk>(lattice_, budget_, tick_));
  }
  while (frame.next < frame.children.size() && may_go_on()) {
    std::vector<std::function<void()>> tasks;
    for (; tasks.size() < round && frame.next < frame.children.size(); ++frame.next) {
      const Child child = frame.children[frame.next];
      if (!worth(child)) {
        grouping_->done += lattice_.nodes_below[kSplit + 1];
        continue;
      }
      Walk& lane = *lanes_[tasks.size()];
      tasks.emplace_back([this, &lane, child] { lane.part(*this, child); });
    }
    if (workers != nullptr && tasks.size() > 1) {
      workers->run(tasks);
    } else {
      for (const auto& task : tasks) task();
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) join(lanes_[i]->take());
  }
  if (result_.stopped) cut(kSplit);
}

void Walk::run(Workers* workers) {
  enter(0);
  Frame& top = *frames_[0];
  while (!result_.stopped && top.next < top.children.size()) {
    const Child child = top.children[top.next++];
    if (!worth(child)) {
      grouping_->done += lattice_.nodes_below[1];
    } else if (frames_.size() <= kSplit + 1) {
      explore(0, child);
    } else {
      descend(top, 0, child);
      enter(kSplit);
      run_parts(workers);
    }
  }
  if (result_.stopped) cut(0);
  tick_(grouping_->done, result_.best);
}

}  // namespace mc::kanon
