#include "kanon/intersection.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <tuple>

#include "kanon/exact_loss.h"
#include "kanon/pair_index.h"

namespace mc::kanon {
namespace {

// Rows by rising key, and the group of each.
struct Joint {
  std::vector<ClassMap::Row> rows;
  std::uint32_t groups = 0;
};

// The rows that both have, grouped by both.
Joint join(std::span<const ClassMap::Row> a, std::span<const ClassMap::Row> b) {
  Joint out;
  PairIndex index;
  index.reset(std::min(a.size(), b.size()));
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].key < b[j].key) {
      ++i;
    } else if (b[j].key < a[i].key) {
      ++j;
    } else {
      const std::uint64_t pair = std::uint64_t{a[i].of_class} << 32 | b[j].of_class;
      out.rows.push_back({a[i].key, index.number(pair)});
      ++i;
      ++j;
    }
  }
  out.groups = index.size();
  return out;
}

// Each row of `of`, grouped by the groups that both give it; a row that `more` lacks is in a group
// with those of its own group that it lacks too.
Joint split(const Joint& of, std::span<const ClassMap::Row> more) {
  constexpr std::uint64_t kAbsent = 0;
  Joint out;
  PairIndex index;
  index.reset(of.rows.size());
  std::size_t j = 0;
  for (const ClassMap::Row& row : of.rows) {
    while (j < more.size() && more[j].key < row.key) ++j;
    const bool there = j < more.size() && more[j].key == row.key;
    const std::uint64_t place = there ? std::uint64_t{more[j].of_class} + 1 : kAbsent;
    out.rows.push_back({row.key, index.number(std::uint64_t{row.of_class} << 32 | place)});
  }
  out.groups = index.size();
  return out;
}

// Groups that are too small, and the keys of their rows when `keys` is given.
std::optional<Exposure> too_small(const Joint& joint, std::uint32_t k, Leak leak,
                                  std::vector<std::uint64_t>* keys) {
  std::vector<std::uint64_t> sizes(joint.groups);
  for (const ClassMap::Row& row : joint.rows) ++sizes[row.of_class];
  Exposure out{.leak = leak, .k = k};
  for (const std::uint64_t size : sizes) {
    if (size == 0 || size >= k) continue;
    ++out.groups;
    out.rows += size;
    out.smallest = out.smallest == 0 ? size : std::min(out.smallest, size);
  }
  if (out.groups == 0) return std::nullopt;
  for (const ClassMap::Row& row : joint.rows) {
    if (keys != nullptr && sizes[row.of_class] < k) keys->push_back(row.key);
  }
  return out;
}

// The sensitive values of the rows that the table has.
struct Values {
  const Problem& problem;
  const RowKeys& keys;
};

// Groups whose values fail a criterion of one column, and the keys of their rows when `keys` is
// given.
std::optional<Exposure> too_alike(const Joint& joint, const Values& values,
                                  const Sensitive& sensitive, std::vector<std::uint64_t>* keys) {
  constexpr std::uint64_t kUnknown = 0xffffffff;
  const std::vector<std::uint32_t>& codes = values.problem.table().columns[sensitive.column].codes;
  std::vector<std::uint64_t> pairs;  // group, then code, once for each row
  pairs.reserve(joint.rows.size());
  std::size_t at = 0;
  const std::vector<std::uint32_t>& by_key = values.keys.by_key;
  for (const ClassMap::Row& row : joint.rows) {
    while (at < by_key.size() && values.keys.key[by_key[at]] < row.key) ++at;
    const bool known = at < by_key.size() && values.keys.key[by_key[at]] == row.key;
    pairs.push_back(std::uint64_t{row.of_class} << 32 | (known ? codes[by_key[at]] : kUnknown));
  }
  std::sort(pairs.begin(), pairs.end());
  Exposure out{.leak = Leak::shared};
  std::vector<std::uint8_t> failed(joint.groups);
  std::vector<ValueCount> counts;
  for (std::size_t i = 0; i < pairs.size();) {
    const std::uint64_t group = pairs[i] >> 32;
    const std::size_t begin = i;
    counts.clear();
    for (; i < pairs.size() && pairs[i] >> 32 == group; ++i) {
      const auto code = static_cast<std::uint32_t>(pairs[i]);
      if (counts.empty() || counts.back().value != code) counts.push_back({code, 0});
      ++counts.back().rows;
    }
    if (counts.back().value == kUnknown) continue;
    const auto fails =
        std::find_if(sensitive.criteria.begin(), sensitive.criteria.end(),
                     [&](const Criterion& each) { return !fulfils(each, sensitive, counts); });
    if (fails == sensitive.criteria.end()) continue;
    failed[group] = 1;
    ++out.groups;
    out.rows += i - begin;
    if (out.criterion.empty() || i - begin < out.smallest) {
      out.smallest = i - begin;
      out.criterion = fails->text() + " of " + sensitive.name;
    }
  }
  if (out.groups == 0) return std::nullopt;
  for (const ClassMap::Row& row : joint.rows) {
    if (keys != nullptr && failed[row.of_class] != 0) keys->push_back(row.key);
  }
  return out;
}

// Classes of two releases, joined when they share rows (union by the lower number).
class Components {
 public:
  explicit Components(std::size_t nodes) : above_(nodes) {
    std::iota(above_.begin(), above_.end(), 0u);
  }
  std::uint32_t root(std::uint32_t node) {
    while (above_[node] != node) node = above_[node] = above_[above_[node]];
    return node;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    above_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> above_;
};

// The rows that only one of two has, by component and side: who left and who came are told apart,
// so they do not hide each other.
Joint differing(const ClassMap& a, const ClassMap& b) {
  Components components(std::size_t{a.classes()} + b.classes());
  struct One {
    std::uint64_t key;
    std::uint32_t node;
  };
  std::vector<One> ones;
  const std::vector<ClassMap::Row>&x = a.rows(), &y = b.rows();
  for (std::size_t i = 0, j = 0; i < x.size() || j < y.size();) {
    if (j == y.size() || (i < x.size() && x[i].key < y[j].key)) {
      ones.push_back({x[i].key, x[i].of_class});
      ++i;
    } else if (i == x.size() || y[j].key < x[i].key) {
      ones.push_back({y[j].key, a.classes() + y[j].of_class});
      ++j;
    } else {
      components.join(x[i].of_class, a.classes() + y[j].of_class);
      ++i;
      ++j;
    }
  }
  // A class that shares no row with the other release is on its own: nothing is subtracted from it.
  std::vector<std::uint8_t> shares(std::size_t{a.classes()} + b.classes());
  for (std::uint32_t node = 0; node < shares.size(); ++node) {
    if (components.root(node) != node) shares[components.root(node)] = 1;
  }
  Joint out;
  PairIndex index;
  index.reset(ones.size());
  for (const One& one : ones) {
    const std::uint32_t root = components.root(one.node);
    const std::uint64_t side = one.node < a.classes() ? 0 : 1;
    if (shares[root] == 0) continue;
    out.rows.push_back({one.key, index.number(std::uint64_t{root} << 1 | side)});
  }
  out.groups = index.size();
  return out;
}

struct Found {
  std::vector<Exposure> exposures;
  std::vector<std::uint64_t> keys;  // of rows in groups that several releases share, and that fail
};

// `values`: null = sizes alone.
Found find_exposures(const ClassMap& now, std::span<const ClassMap> earlier, std::uint32_t k,
                     const Values* values) {
  Found out;
  const auto add = [&](std::optional<Exposure> exposure, std::optional<std::size_t> of, Leak leak) {
    if (!exposure) return;
    exposure->leak = leak;
    exposure->earlier = of;
    out.exposures.push_back(*exposure);
  };
  const auto look = [&](const Joint& joint, std::uint32_t least, std::optional<std::size_t> of,
                        Leak leak) {
    std::vector<std::uint64_t>* const keys = leak == Leak::shared ? &out.keys : nullptr;
    add(too_small(joint, least, leak, keys), of, leak);
    if (values == nullptr) return;
    for (const Sensitive& each : values->problem.sensitive()) {
      std::optional<Exposure> alike = too_alike(joint, *values, each, keys);
      if (alike) alike->k = least;
      add(std::move(alike), of, leak);
    }
  };
  Joint all{now.rows(), now.classes()};
  std::uint32_t most = k;
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    const std::uint32_t larger = std::max(k, earlier[i].k());
    most = std::max(most, larger);
    look(join(now.rows(), earlier[i].rows()), larger, i, Leak::shared);
    look(differing(now, earlier[i]), larger, i, Leak::differing);
    all = split(all, earlier[i].rows());
  }
  if (earlier.size() > 1) look(all, most, std::nullopt, Leak::shared);
  // What is too small tells more than what is too alike.
  std::sort(out.exposures.begin(), out.exposures.end(), [&](const Exposure& a, const Exposure& b) {
    const auto order = [&](const Exposure& each) {
      return std::tuple(!each.criterion.empty(), each.smallest, each.leak,
                        each.earlier.value_or(earlier.size()), each.criterion);
    };
    return order(a) < order(b);
  });
  return out;
}

class Guard {
 public:
  Guard(const Asked& asked, std::span<const ClassMap> earlier, const GuardOptions& options)
      : problem_(asked.problem),
        keys_(asked.keys),
        earlier_(earlier),
        options_(options),
        loss_(asked.problem) {}

  // Level vectors by the loss that they have at least, from the given one upwards. It grows with
  // every level, so what passes with no more than the next bound is the best.
  std::optional<Change> generalise(const Levels& start, bool& complete) {
    using Entry = std::pair<double, Levels>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    std::set<Levels> seen = {start};
    open.emplace(least_loss(start), start);
    std::optional<Change> best;
    std::vector<std::uint64_t> best_sums;
    for (std::uint64_t nodes = 0; !open.empty(); ++nodes) {
      const auto [bound, levels] = open.top();
      open.pop();
      if (best && bound > loss_.estimate(best_sums) * (1 + ExactLoss::kMargin)) return best;
      if (nodes == options_.nodes_max || !goes_on()) {
        complete = false;
        return best;
      }
      Classes classes = classes_of_levels(problem_, levels);
      if (passes(classes)) {
        std::vector<std::uint64_t> sums = sums_of(classes);
        const bool better = !best || loss_.compare(sums, best_sums) < 0 ||
                            (loss_.compare(sums, best_sums) == 0 && levels < best->levels);
        if (better) {
          best = Change{levels, std::move(classes), loss_.loss(sums)};
          best_sums = std::move(sums);
        }
      }
      for (std::size_t i = 0; i < levels.size(); ++i) {
        Levels next = levels;
        if (++next[i] == problem_.quasi()[i].hierarchy.levels()) continue;
        if (seen.insert(next).second) open.emplace(least_loss(next), next);
      }
    }
    return best;
  }

  // Rows of groups that are too small leave, until none are; then all criteria must still hold.
  std::optional<Change> suppress(const Classes& classes, const Levels& levels, bool& complete) {
    std::set<std::uint32_t> out_of;  // rows of the table that leave
    Classes now = classes;
    for (;;) {
      if (!goes_on()) {
        complete = false;
        return std::nullopt;
      }
      Found found = find(now);
      if (found.exposures.empty()) break;
      if (found.keys.empty()) return std::nullopt;  // only rows that differ: none to leave out
      add_rows(found.keys, out_of);
      if (out_of.size() + classes.suppressed > problem_.suppressed_max()) {
        return std::nullopt;
      }
      now = without(classes, out_of);
    }
    if (!check(problem_, now)) return std::nullopt;
    const std::vector<std::uint64_t> sums = sums_of(now);
    return Change{levels, std::move(now), loss_.loss(sums)};
  }

 private:
  bool passes(const Classes& classes) const {
    return check(problem_, classes) && find(classes).exposures.empty();
  }
  Found find(const Classes& classes) const {
    const Values values{problem_, keys_};
    return find_exposures(ClassMap(keys_, classes), earlier_, problem_.sizes().k, &values);
  }
  bool goes_on() const { return !options_.goes_on || options_.goes_on(); }

  std::vector<std::uint64_t> sums_of(const Classes& classes) const {
    const std::size_t quasi = problem_.quasi().size();
    std::vector<std::uint64_t> sums(quasi);
    for (std::size_t i = 0; i < quasi; ++i) {
      const Hierarchy& hierarchy = problem_.quasi()[i].hierarchy;
      sums[i] = classes.suppressed * hierarchy.leaves();
      for (std::size_t j = 0; j < classes.size(); ++j) {
        const Cell cell = classes.cells[j * quasi + i];
        sums[i] += std::uint64_t{classes.rows[j]} * hierarchy.leaves_under(cell.level, cell.value);
      }
    }
    return sums;
  }

  // Nothing suppressed.
  double least_loss(const Levels& levels) {
    std::vector<std::uint64_t> sums(levels.size());
    for (std::size_t i = 0; i < levels.size(); ++i) sums[i] = base(i, levels[i]);
    return loss_.estimate(sums);
  }
  std::uint64_t base(std::size_t quasi, std::size_t level) {
    const auto known = base_.find({quasi, level});
    if (known != base_.end()) return known->second;
    const Hierarchy& hierarchy = problem_.quasi()[quasi].hierarchy;
    std::uint64_t sum = 0;
    for (std::size_t row = 0; row < problem_.table().rows; ++row) {
      if (!problem_.to_release(row)) continue;
      sum += hierarchy.leaves_under(level, hierarchy.value_of(level, problem_.leaf(quasi, row)));
    }
    return base_[{quasi, level}] = sum;
  }

  void add_rows(std::vector<std::uint64_t>& keys, std::set<std::uint32_t>& out_of) const {
    std::sort(keys.begin(), keys.end());
    for (const std::uint32_t row : keys_.by_key) {
      if (std::binary_search(keys.begin(), keys.end(), keys_.key[row])) out_of.insert(row);
    }
  }

  Classes without(const Classes& classes, const std::set<std::uint32_t>& out_of) const {
    const std::size_t quasi = problem_.quasi().size();
    return classes_of_cells(problem_, [&](std::size_t row) -> std::span<const Cell> {
      const std::uint32_t of_class = classes.of_row[row];
      if (of_class >= classes.size() || out_of.contains(static_cast<std::uint32_t>(row))) return {};
      return classes.cells_of(of_class, quasi);
    });
  }

  const Problem& problem_;
  const RowKeys& keys_;
  std::span<const ClassMap> earlier_;
  const GuardOptions& options_;
  ExactLoss loss_;
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> base_;
};

}  // namespace

std::vector<Exposure> exposures(const ClassMap& now, std::span<const ClassMap> earlier,
                                std::uint32_t k) {
  return find_exposures(now, earlier, k, nullptr).exposures;
}

GuardVerdict guard(const Asked& asked, std::span<const ClassMap> earlier,
                   const GuardOptions& options) {
  GuardVerdict out{.map = ClassMap(asked.keys, asked.classes), .exposed = {}};
  const Values values{asked.problem, asked.keys};
  out.exposed = find_exposures(out.map, earlier, asked.problem.sizes().k, &values).exposures;
  if (out.passes()) return out;
  Guard search(asked, earlier, options);
  if (!asked.levels.empty()) out.generalise = search.generalise(asked.levels, out.complete);
  out.suppress = search.suppress(asked.classes, asked.levels, out.complete);
  return out;
}

}  // namespace mc::kanon
