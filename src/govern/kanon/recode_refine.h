// Local improvement of groups. Private to the module.
#pragma once

#include <cstdint>
#include <vector>

#include "kanon/recode_groups.h"

namespace mc::kanon {

// Rows move between two groups, are exchanged, or two groups become one, whenever that makes the
// whole lose less. Groups are compared with those that stand next to them when all are sorted by
// their nodes, once for each of several orders of the columns.
class Refine {
 public:
  Refine(Groups& groups, Meter& meter, RecodeStats& stats);
  void run();

 private:
  // A group without one of its members.
  struct Without {
    Nodes nodes;
    std::uint64_t cost = 0;
  };
  struct Side {
    Group* group = nullptr;
    const std::vector<Without>* without = nullptr;
  };
  struct Change {  // kNone = nothing of that side
    std::uint64_t total = 0;
    std::size_t a = 0, b = 0;  // members
    std::uint32_t rows = 0;    // of each, that change sides
  };
  void round(std::uint64_t seed);
  std::vector<std::uint32_t> sorted(std::uint64_t seed) const;
  bool improve(std::uint32_t a, std::uint32_t b);
  bool merge(Group& a, Group& b);
  void find_move(const Side& from, const Side& to, bool from_a, Change& best) const;
  void find_exchange(const Side& a, const Side& b, Change& best) const;
  bool apply(Group& a, Group& b, const Change& change);
  const std::vector<Without>& without(std::uint32_t group);

  Groups* groups_;
  Meter* meter_;
  RecodeStats* stats_;
  std::vector<std::vector<Without>> without_;  // by group; empty = not known
};

}  // namespace mc::kanon
