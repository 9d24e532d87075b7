// Local recoding: every row gets, column by column, the value of its hierarchy that suits it, and
// no row is suppressed. Against one level a column for all rows it loses about a sixth.
//
// Every class of equal cells has at least k rows (and k-map rows; rows of the population only are
// in no class) and fulfils all criteria of the sensitive columns: recode() checks this with check()
// before it answers. What is made small is the arithmetic mean of the losses of the columns; the
// geometric mean, which is never more, follows. It is a heuristic: no bound is proven.
//
// Determinism: whole numbers only, no clock, no random source. The same table gives the same
// classes on every machine, in any order of its rows: only which of several rows that are equal in
// all quasi-identifiers and sensitive columns goes to which of their classes follows that order.
//
// Time is that of the steps (rows looked at while cells are counted, pairs of classes compared),
// about 10 ns each; how many depends on how alike rows are. Memory: about 150 bytes a row beside
// the table. Method, and what else was tried: docs/adr/0036-local-recoding.md.
#pragma once

#include <cstdint>
#include <functional>

#include "base/base.h"
#include "kanon/kanon.h"

namespace mc::kanon {

struct RecodeProgress {
  std::uint64_t done = 0, total = 0;  // rows that have a class; from then on, rounds of refining
  std::int64_t best_pico = -1;        // arithmetic mean of the losses; -1 = some rows have no class
};
// Asked every few milliseconds. Go::finish: what there is counts, made whole by quick means.
using RecodeWatch = std::function<Go(const RecodeProgress&)>;

// Many columns can have more cells than could ever be looked at, so there is always a limit.
inline constexpr std::uint64_t kStepsMax = 1'000'000'000;  // and for each row:
inline constexpr std::uint64_t kStepsMaxOfRow = 4'000;

struct RecodeOptions {
  std::uint64_t steps_max = 0;  // any number gives a valid answer; 0 = the limit above
  RecodeWatch watch = {};
};

struct RecodeStats {
  std::uint64_t steps = 0;
  std::uint64_t lent = 0;   // rows that left a class larger than k to make another possible
  std::uint64_t moved = 0;  // moves and exchanges of rows between two classes
  bool finished = true;     // neither the limit of steps nor the watch ended it
  bool operator==(const RecodeStats&) const = default;
};

struct Recoding {
  Classes classes;  // none suppressed
  Loss loss;
  RecodeStats stats;
};

// `invalid` with delta-presence, which needs to know what would become of rows outside the release;
// `denied` when no classes were found, by the rule that even all rows together fail (fewer than k
// rows, a criterion), or because values of a column have no common generalisation; `unavailable`
// when cancelled.
Result<Recoding> recode(const Problem& problem, const RecodeOptions& options = {});

}  // namespace mc::kanon
