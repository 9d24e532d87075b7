// A noisy release: what may be published of a table, as integers and points of a public grid.
//
// Between the rows and these numbers there is nothing of floating point: sums are exact in 128
// bits, and so is each draw (noise/noise.h). One call is one spend of the price that price() has
// told; a second call draws again and costs again. Which failure comes, but for exhausted memory,
// depends on the spec alone.
//
// Timing: draws come from a pool that is filled before; how often quantile and top draw depends on
// the scores, so a caller that must hide it answers after a fixed time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/base.h"
#include "dp/spec.h"
#include "dp/table.h"
#include "noise/noise.h"

namespace mc::dp {

struct Cell {
  std::uint32_t group = 0;  // index in Release::keys
  std::uint32_t bin = 0;    // of a histogram
  // count, units, sum, histogram, top: the noisy number, which may be below zero. quantile: the
  // point. mean: the noisy sum of (value - centre_of(bounds)), by which the noise is halved.
  Wide value = 0;
  Wide count = 0;  // mean: the noisy count of rows
};

struct Release {
  std::vector<std::string> keys;  // {""} with Keys::none
  // By group, then bin; of top by rank.
  std::vector<Cell> cells;
  Price price;
};

// Borrowed for the call, both of one thread.
struct Chance {
  noise::Pool& pool;      // for noise on numbers
  noise::Source& source;  // for choices
};

// `invalid` when price() refuses it, or the table is of other bounds or keys, or lacks values.
Result<Release> release(Table& table, const Spec& spec, Chance chance);

// Post-processing, to be marked as such where it is shown; the raw numbers are published too.
// Rounded to the nearest, clamped to the bounds; the centre when the noisy count is below 1.
std::int64_t mean_of(const Cell& cell, const Bounds& bounds);
inline Wide at_least_zero(Wide value) {
  return value < 0 ? 0 : value;
}

}  // namespace mc::dp
