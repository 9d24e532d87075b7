// Where local recoding takes place: the hierarchies as trees, and the distinct rows as points.
// Private to the module.
//
// A node is a value of a level. Of nodes that hold the same leaves only the lowest is ever used. A
// column whose highest level has several values gets a root above them that no release can show;
// it costs kNever.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kanon/classes.h"
#include "kanon/problem.h"

namespace mc::kanon {

inline constexpr std::uint64_t kWholeColumn = 1'000'000;  // cost of a highest value
// No such value. Rows times columns times this stays below 2^63.
inline constexpr std::uint64_t kNever = std::uint64_t{1} << 32;

struct Tree {
  std::vector<std::uint32_t> parent;        // of the root: itself
  std::vector<std::uint32_t> first, after;  // places of the leaves under a node, in tree order
  std::vector<std::uint64_t> cost;          // what a row loses: 0 for a leaf, kWholeColumn for all
  std::vector<Cell> cell;                   // the value of a node
  std::vector<std::vector<std::uint32_t>> at;  // node by level and leaf; a leaf is its own node
};

// A generalised row: a node for each column.
using Nodes = std::vector<std::uint32_t>;

struct Space {
  explicit Space(const Problem& problem);

  std::size_t points() const { return rows.size(); }
  std::size_t columns() const { return trees.size(); }
  std::span<const std::uint32_t> leaves_of(std::uint32_t point) const {
    return std::span(leaves).subspan(point * trees.size(), trees.size());
  }
  // Makes `nodes` cover the point too; what a row with these nodes loses.
  std::uint64_t widen(std::span<std::uint32_t> nodes, std::uint32_t point) const;
  // The same without doing it, given up once it reaches `limit`.
  std::uint64_t widened(std::span<const std::uint32_t> nodes, std::uint32_t point,
                        std::uint64_t limit) const;
  // What a row would lose if two were one.
  std::uint64_t joined(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const;

  Tuples tuples;
  std::vector<Tree> trees;
  std::vector<std::uint32_t> leaves;    // of each point, back to back
  std::vector<std::uint32_t> rows;      // of each point
  std::vector<std::uint32_t> tuple_of;  // of each point
};

}  // namespace mc::kanon
