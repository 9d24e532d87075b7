// How much an anonymised table lost, by the measures and normalisations of ARX.
//
// All are computed on whole numbers and rounded once, so they are the same on every machine. Shares
// are trillionths (decimal.h), 0 = nothing lost, 1 = all. N = rows to be released, suppressed rows
// among them; D = leaves of the hierarchy of a column.
#pragma once

#include <cstdint>
#include <vector>

#include "kanon/classes.h"

namespace mc::kanon {

// Iyengar 2002 as ARX has it: the share of leaves under the value of a cell, 1 of a suppressed row,
// summed over rows and brought to 0 .. 1: d = (sum / N - 1 / D) / (1 - 1 / D); 0 when D is 1.
// Columns are joined by the geometric mean, prod(d + 1) ^ (1 / n) - 1, or the arithmetic one.
struct Loss {
  std::int64_t geometric_pico = 0;
  std::int64_t arithmetic_pico = 0;
  std::vector<std::int64_t> columns_pico = {};  // d of each quasi-identifier
  bool operator==(const Loss&) const = default;
};
Loss loss_of(const Problem& problem, const Classes& classes);

struct Quality {
  Loss loss;
  // Sweeney 2002: mean of level / highest level; 1 of a suppressed row.
  std::int64_t precision_pico = 0;
  // Bayardo and Agrawal 2005: sum of squared class sizes, N for each suppressed row.
  std::int64_t discernibility = 0;
  // LeFevre 2006: N / classes, suppressed rows being one class; in millionths of a row.
  std::int64_t average_class_micro = 0;
  // Goldberger and Tassa 2010: combinations of leaves that a row may have been, of all of them.
  std::int64_t ambiguity_pico = 0;
  // De Waal and Willenborg 1999, for local recoding Prasser 2016: information lost of what each
  // column held; mean of columns.
  std::int64_t entropy_pico = 0;
  bool operator==(const Quality&) const = default;
};
Quality quality_of(const Problem& problem, const Classes& classes);

}  // namespace mc::kanon
