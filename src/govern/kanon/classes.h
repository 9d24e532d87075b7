// An anonymised table: the class of each row, and what the quasi-identifiers of each class became.
// Global and local recoding, quality, risk, writers and the guard of intersections share it. A
// class covers a row when some level of the row's value has the text of the class.
//
// Plain data. Classes are numbered in the order of their first row in the table; no two have the
// same texts, each has at least one released row.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kanon/problem.h"

namespace mc::kanon {

// A value of a hierarchy.
struct Cell {
  std::uint32_t level = 0;
  std::uint32_t value = 0;
  auto operator<=>(const Cell&) const = default;
};

inline constexpr std::uint32_t kSuppressed = 0xffffffff;  // a row that is dropped
inline constexpr std::uint32_t kOutside = 0xfffffffe;     // a row of the population only

struct Classes {
  std::vector<std::uint32_t> of_row;      // class, kSuppressed or kOutside
  std::vector<Cell> cells;                // of each class, one for each quasi-identifier
  std::vector<std::uint32_t> rows;        // released rows of each class
  std::vector<std::uint32_t> population;  // all rows of the input that have these cells
  std::uint64_t suppressed = 0;

  std::size_t size() const { return rows.size(); }
  std::uint64_t released() const;
  std::span<const Cell> cells_of(std::size_t of_class, std::size_t quasi) const {
    return std::span(cells).subspan(of_class * quasi, quasi);
  }
};

// One generalisation for every row: the level of each quasi-identifier. Classes that fail are
// suppressed; whether these are too many is for check() to say.
Classes classes_of_levels(const Problem& problem, std::span<const std::uint8_t> levels);

// From any assignment: `cells_of_row(row)` gives the cells of a row, none to suppress it. It is
// asked for every row of the table, those of the population among them. Equal cells make one class;
// classes that fail are suppressed.
using CellsOfRow = std::function<std::span<const Cell>(std::size_t row)>;
Classes classes_of_cells(const Problem& problem, const CellsOfRow& cells_of_row);

// Classes whose texts are equal made one: who reads the release cannot tell them apart, though they
// may stand at different levels of a hierarchy. The cells of the higher level stay.
Classes merge_equal_texts(const Problem& problem, const Classes& classes);

// All that was asked: cells that cover their rows, sizes, criteria, suppression limit, and with
// Suppressed::star that none or at least k are suppressed. `denied`, with the reason and the class.
Status check(const Problem& problem, const Classes& classes);

// Whether each value of `sensitive` that is in a row to be released or suppressed is in a released
// one: then a list of the values tells nothing of suppressed rows.
bool all_values_released(const Problem& problem, const Classes& classes,
                         const Sensitive& sensitive);

// By size of class, how many there are; rising.
struct SizeCount {
  std::uint32_t rows = 0;
  std::uint64_t classes = 0;
  bool operator==(const SizeCount&) const = default;
};
std::vector<SizeCount> size_histogram(const Classes& classes);

// The released table as CSV (RFC 4180, LF), without identifying columns. Rows stand in the order of
// their texts, so their place tells nothing of the input. Suppressed rows are left out, or with
// Suppressed::star have "*" in every quasi-identifier and sensitive column, if none or at least k
// of them are; `denied` otherwise. `sink` gets pieces of about 64 KiB; its error ends the writing.
struct CsvOptions {
  char delimiter = ',';
};
using Sink = std::function<Status(std::string_view bytes)>;
Status write_csv(const Problem& problem, const Classes& classes, const CsvOptions& options,
                 const Sink& sink);
// The same rows as texts, for other forms; the header first.
using RowSink = std::function<Status(std::span<const std::string_view> cells)>;
Status each_released_row(const Problem& problem, const Classes& classes, const RowSink& sink);

}  // namespace mc::kanon
