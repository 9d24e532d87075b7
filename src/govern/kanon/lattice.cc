#include "kanon/lattice.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kanon/pair_index.h"

namespace mc::kanon {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? std::numeric_limits<std::uint64_t>::max() : out;
}

// Codes count the leaves that tuples have, in the order of the hierarchy.
struct Coded {
  Axis axis;
  std::vector<std::uint32_t> code_of_leaf;
};

Coded code_axis(const Problem& problem, const Tuples& tuples, std::size_t quasi) {
  const Hierarchy& hierarchy = problem.quasi()[quasi].hierarchy;
  Coded out;
  out.code_of_leaf.assign(hierarchy.leaves(), kNone);
  for (std::size_t i = 0; i < tuples.size(); ++i) {
    out.code_of_leaf[tuples.leaves_of(i)[quasi]] = 0;
  }
  std::vector<std::uint32_t> leaves;
  for (std::uint32_t leaf = 0; leaf < hierarchy.leaves(); ++leaf) {
    if (out.code_of_leaf[leaf] == kNone) continue;
    out.code_of_leaf[leaf] = static_cast<std::uint32_t>(leaves.size());
    leaves.push_back(leaf);
  }
  Axis& axis = out.axis;
  axis.quasi = quasi;
  axis.levels = hierarchy.levels();
  axis.leaves = hierarchy.leaves();
  for (std::size_t level = 0; level < hierarchy.levels(); ++level) {
    std::vector<std::uint32_t> dense(hierarchy.values(level), kNone);
    std::vector<std::uint32_t>& value = axis.value.emplace_back();
    std::vector<std::uint32_t>& under = axis.under.emplace_back();
    for (const std::uint32_t leaf : leaves) {
      const std::uint32_t of_leaf = hierarchy.value_of(level, leaf);
      if (dense[of_leaf] == kNone) {
        dense[of_leaf] = static_cast<std::uint32_t>(under.size());
        under.push_back(hierarchy.leaves_under(level, of_leaf));
      }
      value.push_back(dense[of_leaf]);
    }
    axis.values.push_back(static_cast<std::uint32_t>(under.size()));
  }
  return out;
}

// The pair (code, what is behind) of each tuple by its rank; `behind` becomes that rank.
Suffixes make_suffixes(const std::vector<std::uint32_t>& codes, std::vector<std::uint32_t>& behind,
                       PairIndex& index) {
  index.reset(codes.size());
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> number(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::uint64_t key = std::uint64_t{codes[i]} << 32 | behind[i];
    number[i] = index.number(key);
    if (number[i] == keys.size()) keys.push_back(key);
  }
  std::vector<std::uint32_t> order(keys.size()), rank(keys.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  Suffixes out;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    rank[order[i]] = i;
    out.code.push_back(static_cast<std::uint32_t>(keys[order[i]] >> 32));
    out.next.push_back(static_cast<std::uint32_t>(keys[order[i]]));
  }
  for (std::size_t i = 0; i < codes.size(); ++i) behind[i] = rank[number[i]];
  return out;
}

// The combination of sensitive values of each tuple.
std::vector<std::uint32_t> combinations(const Tuples& tuples, PairIndex& index,
                                        std::vector<std::uint32_t>& values) {
  std::vector<std::uint32_t> out(tuples.size());
  std::uint32_t size = 1;
  for (std::size_t column = 0; column < tuples.sensitive; ++column) {
    index.reset(tuples.size());
    for (std::size_t i = 0; i < tuples.size(); ++i) {
      out[i] = index.number(std::uint64_t{out[i]} << 32 | tuples.values_of(i)[column]);
    }
    size = index.size();
  }
  values.assign(size * tuples.sensitive, 0);
  for (std::size_t i = 0; i < tuples.size(); ++i) {
    const auto of = tuples.values_of(i);
    std::copy(of.begin(), of.end(),
              values.begin() + static_cast<std::ptrdiff_t>(out[i] * tuples.sensitive));
  }
  return out;
}

}  // namespace

Lattice::Lattice(const Problem& of) : problem(of), loss(of) {
  const Tuples tuples = unique_tuples(problem);
  std::vector<Coded> coded;
  coded.reserve(tuples.quasi);
  for (std::size_t i = 0; i < tuples.quasi; ++i) coded.push_back(code_axis(problem, tuples, i));
  // Columns of many values part the most: under them most level vectors are ruled out early.
  std::sort(coded.begin(), coded.end(), [](const Coded& a, const Coded& b) {
    if (a.axis.values[0] != b.axis.values[0]) return a.axis.values[0] > b.axis.values[0];
    return a.axis.quasi < b.axis.quasi;
  });
  PairIndex index;
  std::vector<std::uint32_t> behind = combinations(tuples, index, sensitive_values);
  std::vector<std::uint32_t> combination = behind;
  suffixes.resize(coded.size());
  nodes_below.assign(coded.size() + 1, 1);
  for (std::size_t depth = coded.size(); depth-- > 0;) {
    const std::size_t quasi = coded[depth].axis.quasi;
    std::vector<std::uint32_t> codes(tuples.size());
    for (std::size_t i = 0; i < tuples.size(); ++i) {
      codes[i] = coded[depth].code_of_leaf[tuples.leaves_of(i)[quasi]];
    }
    suffixes[depth] = make_suffixes(codes, behind, index);
    if (tuples.sensitive > 0) {
      suffixes[depth].sensitive.resize(suffixes[depth].size());
      for (std::size_t i = 0; i < tuples.size(); ++i) {
        suffixes[depth].sensitive[behind[i]] = combination[i];
      }
    }
    nodes_below[depth] = times(nodes_below[depth + 1], coded[depth].axis.levels);
  }
  nodes = nodes_below[0];
  for (Coded& each : coded) axes.push_back(std::move(each.axis));
  root.group.assign(tuples.size(), 0);
  root.suffix.resize(tuples.size());
  root.rows.resize(tuples.size());
  if (!tuples.population.empty()) root.population.resize(tuples.size());
  for (std::size_t i = 0; i < tuples.size(); ++i) {
    root.suffix[behind[i]] = behind[i];
    root.rows[behind[i]] = tuples.rows[i];
    if (!tuples.population.empty()) root.population[behind[i]] = tuples.population[i];
  }
}

}  // namespace mc::kanon
