// The risk that a released row is linked to a person, by three attackers (El Emam and Dankar 2008).
//
// Exact fractions, rounded up to trillionths. Suppressed rows are at no risk and do not count.
#pragma once

#include <cstdint>

#include "kanon/classes.h"

namespace mc::kanon {

struct Risk {
  // Knows that somebody is in the table: 1 / size of the class.
  std::int64_t prosecutor_highest_pico = 0;
  std::int64_t prosecutor_average_pico = 0;  // classes / rows
  // Knows only the population: 1 / rows of the population with these cells.
  std::int64_t journalist_highest_pico = 0;
  std::int64_t journalist_average_pico = 0;
  // Links everybody, wants many: the expected share of rows that are linked rightly.
  std::int64_t marketer_pico = 0;
  std::uint32_t smallest_class = 0;    // 0 = no class
  std::uint64_t rows_of_smallest = 0;  // released rows that are in classes of that size
  std::uint64_t rows_below_k = 0;      // of classes smaller than k
  bool operator==(const Risk&) const = default;
};
Risk risk_of(const Problem& problem, const Classes& classes);
// Of the table as it came, every value as it is and nothing suppressed.
Risk risk_before(const Problem& problem);

// For previews: of the rows that are suppressed, how many would stay if one column were at its
// highest level, and so how much of the suppression is this column's doing.
std::vector<std::uint64_t> suppressed_by_column(const Problem& problem,
                                                std::span<const std::uint8_t> levels);

}  // namespace mc::kanon
