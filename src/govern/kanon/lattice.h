// A problem as the search walks it: columns in the order in which they get their levels, values as
// dense codes, and tuples as chains of suffixes. Private to the module.
//
// An axis is a quasi-identifier at its place in that order. A suffix of depth d is what a tuple has
// on the axes from d on and in its sensitive columns: its code on axis d, and a suffix of depth
// d + 1. So a tuple under a prefix of levels is two numbers, the class of its prefix and its
// suffix, whatever the number of columns. Immutable after make; any number of threads may read it.
#pragma once

#include <cstdint>
#include <vector>

#include "kanon/exact_loss.h"
#include "kanon/problem.h"

namespace mc::kanon {

struct Axis {
  std::size_t quasi = 0;  // index in the problem
  std::size_t levels = 0;
  std::uint64_t leaves = 0;                       // D
  std::vector<std::vector<std::uint32_t>> value;  // by level and code
  std::vector<std::vector<std::uint32_t>> under;  // leaves, by level and value
  std::vector<std::uint32_t> values;              // by level, how many
};

struct Suffixes {
  std::vector<std::uint32_t> code;       // on this axis
  std::vector<std::uint32_t> next;       // of the depth behind
  std::vector<std::uint32_t> sensitive;  // combination of sensitive values
  std::size_t size() const { return code.size(); }
};

// Tuples under a prefix.
struct Entries {
  std::vector<std::uint32_t> group;  // class of the prefix
  std::vector<std::uint32_t> suffix;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> population;  // empty without a declared population
  std::size_t size() const { return group.size(); }
};

struct Lattice {
  explicit Lattice(const Problem& of);

  const Problem& problem;
  ExactLoss loss;
  std::vector<Axis> axes;
  std::vector<Suffixes> suffixes;  // by depth
  // By combination and sensitive column, the code.
  std::vector<std::uint32_t> sensitive_values;
  Entries root;
  std::uint64_t nodes = 1;                 // level vectors; saturates
  std::vector<std::uint64_t> nodes_below;  // by depth: of the axes from there on

  std::uint32_t sensitive_value(std::uint32_t combination, std::size_t column) const {
    return sensitive_values[combination * problem.sensitive().size() + column];
  }
};

}  // namespace mc::kanon
