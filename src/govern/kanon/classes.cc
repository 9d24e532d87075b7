#include "kanon/classes.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "kanon/pair_index.h"

namespace mc::kanon {
namespace {

// Any grouping of rows; some groups may fail. kSuppressed = in no group.
struct Groups {
  std::vector<std::uint32_t> of_row;
  std::size_t size = 0;
};

struct Counted {
  std::vector<std::uint32_t> rows, population;  // by group
};

Counted count(const Problem& problem, const Groups& groups) {
  Counted out{std::vector<std::uint32_t>(groups.size), std::vector<std::uint32_t>(groups.size)};
  for (std::size_t row = 0; row < groups.of_row.size(); ++row) {
    const std::uint32_t group = groups.of_row[row];
    if (group >= groups.size) continue;
    ++out.population[group];
    if (problem.to_release(row)) ++out.rows[group];
  }
  return out;
}

// `judge(group, counts)` gets the values of one sensitive column in each group with released rows.
template <class Judge>
void each_distribution(const Problem& problem, const Groups& groups, std::size_t column,
                       const Judge& judge) {
  const std::vector<std::uint32_t>& codes = problem.table().columns[column].codes;
  std::vector<std::uint64_t> pairs;
  pairs.reserve(problem.rows());
  for (std::size_t row = 0; row < groups.of_row.size(); ++row) {
    if (groups.of_row[row] >= groups.size || !problem.to_release(row)) continue;
    pairs.push_back(std::uint64_t{groups.of_row[row]} << 32 | codes[row]);
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<ValueCount> counts;
  for (std::size_t i = 0; i < pairs.size();) {
    const std::uint64_t group = pairs[i] >> 32;
    counts.clear();
    while (i < pairs.size() && pairs[i] >> 32 == group) {
      const std::uint64_t pair = pairs[i];
      std::uint32_t rows = 0;
      for (; i < pairs.size() && pairs[i] == pair; ++i) ++rows;
      counts.push_back({static_cast<std::uint32_t>(pair), rows});
    }
    judge(static_cast<std::uint32_t>(group), counts);
  }
}

std::vector<std::uint8_t> passing(const Problem& problem, const Groups& groups,
                                  const Counted& counted) {
  std::vector<std::uint8_t> out(groups.size);
  for (std::size_t i = 0; i < groups.size; ++i) {
    out[i] = counted.rows[i] > 0 && fulfils(problem.sizes(), counted.rows[i], counted.population[i])
                 ? 1
                 : 0;
  }
  for (const Sensitive& sensitive : problem.sensitive()) {
    each_distribution(problem, groups, sensitive.column,
                      [&](std::uint32_t group, std::span<const ValueCount> counts) {
                        if (out[group] != 0 && !fulfils_all(sensitive, counts)) out[group] = 0;
                      });
  }
  return out;
}

template <class AppendCells>
Classes classes_of_groups(const Problem& problem, const Groups& groups,
                          const AppendCells& append_cells) {
  const Counted counted = count(problem, groups);
  const std::vector<std::uint8_t> pass = passing(problem, groups, counted);
  std::vector<std::uint32_t> number(groups.size, kSuppressed);
  Classes out;
  out.of_row.resize(groups.of_row.size());
  for (std::size_t row = 0; row < groups.of_row.size(); ++row) {
    const std::uint32_t group = groups.of_row[row];
    std::uint32_t& of_row = out.of_row[row];
    if (!problem.to_release(row)) {
      of_row = kOutside;
    } else if (group >= groups.size || pass[group] == 0) {
      of_row = kSuppressed;
      ++out.suppressed;
    } else {
      if (number[group] == kSuppressed) {
        number[group] = static_cast<std::uint32_t>(out.rows.size());
        out.rows.push_back(counted.rows[group]);
        out.population.push_back(counted.population[group]);
        append_cells(row, out.cells);
      }
      of_row = number[group];
    }
  }
  return out;
}

std::string class_text(const Problem& problem, const Classes& classes, std::size_t of_class) {
  std::string out = "the class (";
  const auto cells = classes.cells_of(of_class, problem.quasi().size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ", ";
    const Hierarchy& hierarchy = problem.quasi()[i].hierarchy;
    const bool known =
        cells[i].level < hierarchy.levels() && cells[i].value < hierarchy.values(cells[i].level);
    out += known ? excerpt(hierarchy.label(cells[i].level, cells[i].value)) : "?";
  }
  return out + ")";
}

using Texts = std::vector<std::string_view>;

Texts texts_of(const Problem& problem, const Classes& classes, std::size_t of_class) {
  const auto cells = classes.cells_of(of_class, problem.quasi().size());
  Texts out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out.push_back(problem.quasi()[i].hierarchy.label(cells[i].level, cells[i].value));
  }
  return out;
}

bool covers(const Hierarchy& hierarchy, const Cell& cell, std::uint32_t leaf) {
  if (hierarchy.value_of(cell.level, leaf) == cell.value) return true;
  const std::string_view text = hierarchy.label(cell.level, cell.value);
  for (std::size_t level = 0; level < hierarchy.levels(); ++level) {
    if (hierarchy.label(level, hierarchy.value_of(level, leaf)) == text) return true;
  }
  return false;
}

Status check_known(const Problem& problem, const Classes& classes) {
  const std::size_t quasi = problem.quasi().size();
  for (std::size_t i = 0; i < classes.cells.size(); ++i) {
    const Hierarchy& hierarchy = problem.quasi()[i % quasi].hierarchy;
    const Cell cell = classes.cells[i];
    if (cell.level < hierarchy.levels() && cell.value < hierarchy.values(cell.level)) continue;
    return fail(Code::denied, class_text(problem, classes, i / quasi) + " has an unknown value");
  }
  return ok();
}

Status check_cells(const Problem& problem, const Classes& classes) {
  MC_TRY_OK(check_known(problem, classes));
  const std::size_t quasi = problem.quasi().size();
  std::map<Texts, std::size_t> seen;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (!seen.emplace(texts_of(problem, classes, i), i).second) {
      return fail(Code::denied, class_text(problem, classes, i) + " is there twice");
    }
  }
  for (std::size_t row = 0; row < classes.of_row.size(); ++row) {
    const std::uint32_t of_class = classes.of_row[row];
    if (problem.to_release(row) == (of_class == kOutside)) {
      return fail(Code::denied,
                  "row " + std::to_string(row + 1) + " is not released as the population says");
    }
    if (of_class >= classes.size()) continue;
    for (std::size_t i = 0; i < quasi; ++i) {
      const Cell cell = classes.cells[of_class * quasi + i];
      if (covers(problem.quasi()[i].hierarchy, cell, problem.leaf(i, row))) continue;
      return fail(Code::denied, class_text(problem, classes, of_class) + " does not cover row " +
                                    std::to_string(row + 1));
    }
  }
  return ok();
}

Status check_suppressed(const Problem& problem, const Classes& classes) {
  const auto suppressed = static_cast<std::uint64_t>(
      std::count(classes.of_row.begin(), classes.of_row.end(), kSuppressed));
  if (suppressed != classes.suppressed) {
    return fail(Code::denied, "the number of suppressed rows is wrong");
  }
  if (suppressed > problem.suppressed_max()) {
    return fail(Code::denied, std::to_string(suppressed) + " rows are suppressed, at most " +
                                  std::to_string(problem.suppressed_max()) + " may be");
  }
  if (problem.suppressed() == Suppressed::star && suppressed > 0 &&
      suppressed < problem.sizes().k) {
    return fail(Code::denied, std::to_string(suppressed) +
                                  " suppressed rows would be a class smaller than k = " +
                                  std::to_string(problem.sizes().k));
  }
  return ok();
}

}  // namespace

std::uint64_t Classes::released() const {
  return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0});
}

Classes classes_of_levels(const Problem& problem, std::span<const std::uint8_t> levels) {
  const std::size_t rows = problem.table().rows;
  Groups groups{std::vector<std::uint32_t>(rows), 1};
  PairIndex index;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Hierarchy& hierarchy = problem.quasi()[i].hierarchy;
    index.reset(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::uint32_t value = hierarchy.value_of(levels[i], problem.leaf(i, row));
      groups.of_row[row] = index.number(std::uint64_t{groups.of_row[row]} << 32 | value);
    }
    groups.size = index.size();
  }
  return classes_of_groups(problem, groups, [&](std::size_t row, std::vector<Cell>& cells) {
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const Hierarchy& hierarchy = problem.quasi()[i].hierarchy;
      cells.push_back({levels[i], hierarchy.value_of(levels[i], problem.leaf(i, row))});
    }
  });
}

Classes classes_of_cells(const Problem& problem, const CellsOfRow& cells_of_row) {
  const std::size_t rows = problem.table().rows, quasi = problem.quasi().size();
  Groups groups{std::vector<std::uint32_t>(rows, kSuppressed), 0};
  std::map<std::vector<Cell>, std::uint32_t> seen;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<const Cell> cells = cells_of_row(row);
    if (cells.empty()) continue;
    MC_CHECK(cells.size() == quasi);
    const auto next = static_cast<std::uint32_t>(seen.size());
    groups.of_row[row] =
        seen.emplace(std::vector<Cell>(cells.begin(), cells.end()), next).first->second;
  }
  groups.size = seen.size();
  return classes_of_groups(problem, groups, [&](std::size_t row, std::vector<Cell>& cells) {
    const std::span<const Cell> more = cells_of_row(row);
    cells.insert(cells.end(), more.begin(), more.end());
  });
}

Classes merge_equal_texts(const Problem& problem, const Classes& classes) {
  const std::size_t quasi = problem.quasi().size();
  std::map<Texts, std::uint32_t> seen;
  std::vector<std::uint32_t> number;
  Classes out;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto cells = classes.cells_of(i, quasi);
    const auto next = static_cast<std::uint32_t>(seen.size());
    const std::uint32_t at = seen.emplace(texts_of(problem, classes, i), next).first->second;
    number.push_back(at);
    if (at == next) {
      out.rows.push_back(0);
      out.population.push_back(0);
      out.cells.insert(out.cells.end(), cells.begin(), cells.end());
    }
    out.rows[at] += classes.rows[i];
    out.population[at] += classes.population[i];
    for (std::size_t column = 0; column < quasi; ++column) {
      Cell& kept = out.cells[at * quasi + column];
      if (cells[column].level > kept.level) kept = cells[column];
    }
  }
  out.suppressed = classes.suppressed;
  out.of_row = classes.of_row;
  for (std::uint32_t& of_class : out.of_row) {
    if (of_class < classes.size()) of_class = number[of_class];
  }
  return out;
}

Status check(const Problem& problem, const Classes& classes) {
  MC_CHECK(classes.of_row.size() == problem.table().rows);
  MC_TRY_OK(check_cells(problem, classes));
  MC_TRY_OK(check_suppressed(problem, classes));
  const Groups groups{classes.of_row, classes.size()};
  const Counted counted = count(problem, groups);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (counted.rows[i] != classes.rows[i] || counted.rows[i] == 0) {
      return fail(Code::denied, class_text(problem, classes, i) + " has a wrong number of rows");
    }
    // Rows of the population only stand in no class, so their number is taken as given.
    if (!fulfils(problem.sizes(), classes.rows[i], classes.population[i])) {
      return fail(Code::denied,
                  class_text(problem, classes, i) + " has " + std::to_string(classes.rows[i]) +
                      " rows of " + std::to_string(classes.population[i]) +
                      " in the population, k is " + std::to_string(problem.sizes().k));
    }
  }
  Status out = ok();
  for (const Sensitive& sensitive : problem.sensitive()) {
    each_distribution(problem, groups, sensitive.column,
                      [&](std::uint32_t group, std::span<const ValueCount> counts) {
                        for (const Criterion& each : sensitive.criteria) {
                          if (!out || fulfils(each, sensitive, counts)) continue;
                          out = fail(Code::denied, class_text(problem, classes, group) + " fails " +
                                                       each.text() + " of column '" +
                                                       excerpt(sensitive.name) + "'");
                        }
                      });
  }
  return out;
}

bool all_values_released(const Problem& problem, const Classes& classes,
                         const Sensitive& sensitive) {
  const std::vector<std::uint32_t>& codes = problem.table().columns[sensitive.column].codes;
  std::vector<std::uint8_t> released(sensitive.totals.size());
  for (std::size_t row = 0; row < classes.of_row.size(); ++row) {
    if (classes.of_row[row] < classes.size()) released[codes[row]] = 1;
  }
  for (std::size_t code = 0; code < released.size(); ++code) {
    if (sensitive.totals[code] > 0 && released[code] == 0) return false;
  }
  return true;
}

std::vector<SizeCount> size_histogram(const Classes& classes) {
  std::map<std::uint32_t, std::uint64_t> counts;
  for (const std::uint32_t rows : classes.rows) ++counts[rows];
  std::vector<SizeCount> out;
  out.reserve(counts.size());
  for (const auto& [rows, number] : counts) out.push_back({rows, number});
  return out;
}

}  // namespace mc::kanon
