// k-anonymity and its kin: the level vector of least loss, by branch and bound over the lattice.
//
// Every column gets one level of its hierarchy, classes that fail the criteria are suppressed, and
// of all level vectors that suppress no more rows than allowed the one of least loss is found; of
// equals the lexicographically smallest, in the order of the header. Losses are compared as exact
// rational numbers, so the answer is the same on every machine, for any order of rows and any
// number of workers. Method: docs/adr/0033-kanon-search.md.
//
// A search is pure but for the callbacks, and starts no threads: workers come from the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/base.h"
#include "kanon/classes.h"
#include "kanon/config.h"     // IWYU pragma: export
#include "kanon/criteria.h"   // IWYU pragma: export
#include "kanon/hierarchy.h"  // IWYU pragma: export
#include "kanon/problem.h"    // IWYU pragma: export
#include "kanon/quality.h"    // IWYU pragma: export
#include "kanon/risk.h"       // IWYU pragma: export
#include "kanon/table.h"      // IWYU pragma: export

namespace mc::kanon {

using Levels = std::vector<std::uint8_t>;  // one for each quasi-identifier

struct Progress {
  std::uint64_t nodes_done = 0;   // looked at, or ruled out unseen
  std::uint64_t nodes_total = 0;  // of the lattice
  std::int64_t best_pico = -1;    // least loss found so far, -1 = none yet
};
enum class Go : std::uint8_t {
  on,
  finish,  // what was found counts, with the bound that is proven (deadline)
  cancel,  // nothing counts
};
// Asked every few milliseconds, by one worker at a time.
using Watch = std::function<Go(const Progress&)>;

// Runs tasks that do not depend on each other, in any order and at the same time, and returns when
// all have ended.
class Workers {
 public:
  virtual ~Workers() = default;
  virtual void run(std::span<const std::function<void()>> tasks) = 0;
};

struct SearchOptions {
  std::uint64_t nodes_max = 0;  // level vectors that may be looked at, 0 = all
  Watch watch = {};
  Workers* workers = nullptr;  // null = in this thread; what is found is the same
};

struct SearchStats {
  std::uint64_t nodes_total = 0;   // of the lattice
  std::uint64_t nodes_looked = 0;  // whose classes were counted, in whole or in part
  std::int64_t bound_pico = 0;     // no level vector that fulfils all loses less
  bool optimal = true;             // proven: nothing was left out
  bool operator==(const SearchStats&) const = default;
};

struct Solution {
  Levels levels;
  Classes classes;
  Loss loss;
  SearchStats stats;
};

// `denied` when no level vector fulfils what is asked; `exhausted` when none was found within the
// budget; `unavailable` when cancelled.
Result<Solution> search(const Problem& problem, const SearchOptions& options = {});

}  // namespace mc::kanon
