// All cells that hold enough rows, found column by column: a cube with a least support, as Beyer
// and Ramakrishnan 1999 ("Bottom-up computation of sparse and iceberg cubes"). Private.
//
// A cell is a node for each column. It is looked at only when no narrower one holds the same items,
// so no set of items is seen twice; and nothing is looked at under a part of a cell, some columns
// of which are chosen, that holds too few rows.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kanon/recode_groups.h"

namespace mc::kanon {

inline constexpr std::uint32_t kFree = 0xffffffff;

// Rows of one point that have no group (kFree), or that a group could spare.
struct Item {
  std::uint32_t point = 0;
  std::uint32_t group = kFree;
  std::uint32_t rows = 0;
  std::uint64_t cost = 0;  // of the rows in their group
};

struct CubeLimits {
  std::uint32_t rows_min = 1;
  std::uint64_t cost_max = 0;  // of a cell
  // A cell with too few free rows can borrow others. What these lose by it, taken `loss_weight`
  // times, is shared by the free ones, whose cost and share may be `price_max` together. A cell is
  // not looked at when that cannot be.
  std::uint64_t price_max = 0;
  std::uint64_t loss_weight = 1;
};

class CubeWalk {
 public:
  // Columns are taken in the order of their leaves, few first.
  explicit CubeWalk(const Space& space);
  // `items` are numbers of items in the cell, at least one of them free. False = enough.
  using Visit = std::function<bool(std::span<const std::uint32_t> items, std::uint64_t cost)>;
  void run(std::span<const Item> items, const CubeLimits& limits, Meter& meter, const Visit& visit);

 private:
  struct Task {  // a cell of which the first `depth` columns have a level
    std::array<std::uint8_t, kQuasiMax> levels = {};
    std::uint32_t depth = 0;
    std::uint32_t from = 0, size = 0;  // its items in lists_
    std::uint64_t cost = 0;
  };
  struct Counts {
    std::uint32_t items = 0;
    std::uint32_t below = 0;            // node of the level below, or kMixed
    std::uint64_t free = 0, spare = 0;  // rows
    std::uint64_t lost = 0;             // most that a spare row has lost
    std::uint32_t next = 0;
    bool chosen = false;
  };
  bool narrowest(const Task& task) const;
  bool part(const Task& task, std::size_t at_level);
  bool worth(const Counts& counts, std::uint64_t cost) const;

  const Space* space_;
  std::vector<std::uint32_t> order_;         // of columns
  std::vector<std::vector<Counts>> counts_;  // by column and node
  std::vector<std::uint32_t> seen_;          // nodes that have counts
  std::vector<std::uint32_t> lists_;         // items of the tasks, those of later ones behind
  std::vector<Task> tasks_;
  std::span<const Item> items_;
  CubeLimits limits_;
};

}  // namespace mc::kanon
