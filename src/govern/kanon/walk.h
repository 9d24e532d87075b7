// Branch and bound under one level of the first axis. Private to the module.
//
// Axes get their levels one after another. Under a prefix of levels the tuples are grouped by their
// prefix, and the axes behind stand at level 0 in the bound and at their top in the count: a class
// of the prefix that is too small is so in every completion, so its rows are suppressed for good.
// They leave the table and count with all leaves. A prefix is left when they are too many, or when
// the loss of what is left, each axis behind at its leaves, exceeds the best loss known.
//
// Only criteria that are monotone (criteria.h) may say that a class of a prefix fails; the others
// judge whole level vectors. Single-threaded; walks share an immutable Lattice and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kanon/kanon.h"
#include "kanon/lattice.h"
#include "kanon/pair_index.h"

namespace mc::kanon {

// What is known of a level vector that fulfils all.
struct Found {
  bool any = false;
  Levels levels = {};                    // in the order of the header
  std::vector<std::uint64_t> sums = {};  // of ExactLoss, likewise
  double estimate = 0;
  std::uint64_t suppressed = 0;
};
// Lower loss, then the lexicographically smaller level vector.
bool is_better(const ExactLoss& loss, const Found& a, const Found& than);

// How many level vectors and prefixes may still be looked at. Not shared by walks at the same time.
struct WalkBudget {
  std::uint64_t nodes_left = 0;
  bool limited = false;
  bool used_up() const { return limited && nodes_left == 0; }
};

struct WalkResult {
  Found best;
  std::uint64_t looked = 0;
  bool stopped = false;
  // Of each part that was left out when the walk stopped, sums whose loss bounds it from below.
  std::vector<std::vector<std::uint64_t>> cuts = {};
};

class Walk {
 public:
  // Gets the nodes that were done since it was asked last; false ends the walk.
  using Tick = std::function<bool(std::uint64_t done, const Found& best)>;
  Walk(const Lattice& lattice, WalkBudget& budget, Tick tick);
  ~Walk();

  // The whole lattice, in rounds of parts under the levels of the first two axes. The parts of a
  // round start from the same best and run by `workers` or one after another; each round starts
  // from the best of all before. So what is found and what is looked at do not depend on the
  // workers.
  void run(Workers* workers);
  WalkResult take() { return std::move(result_); }

 private:
  struct Frame;
  struct Child;
  struct Grouping;

  bool enter(std::size_t depth);
  void open(Frame& frame, std::size_t depth);
  bool look(Frame& frame, std::size_t depth, std::size_t level);
  void group(const Frame& frame, std::size_t depth, std::size_t level);
  void drop_failing(const Frame& frame, std::size_t depth);
  void drop_by_values(const Frame& frame, std::size_t depth);
  void drop(std::size_t group, std::size_t depth);
  bool class_fails(std::size_t group) const;
  bool values_fail(const Frame& frame, std::size_t depth, std::size_t group);
  void finish_leaf(std::size_t depth, std::size_t level);
  bool worth(const Child& child) const;
  void descend(const Frame& frame, std::size_t depth, const Child& child);
  void fill(const Frame& frame, std::size_t depth);
  bool within_bound(std::size_t depth);
  bool may_go_on();
  void cut_level(std::size_t depth);
  void cut(std::size_t depth);
  void explore(std::size_t depth, const Child& child);
  void run_parts(Workers* workers);
  void part(const Walk& whole, const Child& child);
  void join(WalkResult part);

  const Lattice& lattice_;
  WalkBudget& budget_;
  Tick tick_;
  WalkResult result_;
  std::vector<std::unique_ptr<Frame>> own_;
  std::vector<Frame*> frames_;  // by depth; of a part the first ones belong to the whole
  std::unique_ptr<Grouping> grouping_;
  std::vector<std::unique_ptr<Walk>> lanes_;  // that run parts
};

}  // namespace mc::kanon
