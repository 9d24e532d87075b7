#include "kanon/problem.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kanon/pair_index.h"

namespace mc::kanon {

struct ProblemMaker {
  const Table& table;
  const Config& config;
  std::map<std::string, Hierarchy>& hierarchies;
  Problem out = {};

  static tl::unexpected<Error> refuse(const Column& column, const std::string& why) {
    return fail(Code::invalid, "column '" + excerpt(column.name) + "': " + why);
  }

  Status columns_match() const {
    for (const Column& column : table.columns) {
      if (!config.columns.contains(column.name)) {
        return refuse(column, "the config does not say what it is");
      }
      const Role role = config.columns.at(column.name).role;
      if (column.skipped && role != Role::identifying) return refuse(column, "was not read");
    }
    for (const auto& [name, column] : config.columns) {
      if (!table.find(name)) {
        return fail(Code::invalid, "the table has no column '" + excerpt(name) + "'");
      }
      if (!column.hierarchy.empty() && !hierarchies.contains(name)) {
        return fail(Code::invalid, "the hierarchy of column '" + excerpt(name) + "' is missing");
      }
    }
    return ok();
  }

  Status population() {
    out.rows_ = table.rows;
    if (!config.population) return ok();
    const Column& column = table.columns[*table.find(config.population->column)];
    if (column.skipped) return refuse(column, "tells who is released, but was not read");
    const auto member = column.code_of(config.population->member);
    if (!member) {
      return refuse(column, "no row has the value '" + excerpt(config.population->member) +
                                "' of those that are released");
    }
    out.to_release_.resize(table.rows);
    out.rows_ = 0;
    for (std::size_t row = 0; row < table.rows; ++row) {
      out.to_release_[row] = column.codes[row] == *member ? 1 : 0;
      out.rows_ += out.to_release_[row];
    }
    return ok();
  }

  // The leaf of each value. The error names the first row that has a value without one.
  static Result<std::vector<std::uint32_t>> leaves(const Column& column,
                                                   const Hierarchy& hierarchy) {
    std::vector<std::uint32_t> of_code;
    of_code.reserve(column.values.size());
    for (std::uint32_t code = 0; code < column.values.size(); ++code) {
      const auto leaf = hierarchy.find_leaf(column.values[code]);
      if (!leaf) {
        const auto at = std::find(column.codes.begin(), column.codes.end(), code);
        return refuse(column, "the hierarchy '" + excerpt(hierarchy.name()) +
                                  "' lacks the value '" + excerpt(column.values[code]) +
                                  "' of row " + std::to_string(at - column.codes.begin() + 1));
      }
      of_code.push_back(*leaf);
    }
    return of_code;
  }

  Status add_quasi(std::size_t at) {
    const Column& column = table.columns[at];
    if (out.quasi_.size() == kQuasiMax) {
      return fail(Code::invalid, "more quasi-identifiers than " + std::to_string(kQuasiMax));
    }
    Hierarchy& hierarchy = hierarchies.at(column.name);
    MC_TRY(std::vector<std::uint32_t> of_code, leaves(column, hierarchy));
    out.quasi_.push_back({column.name, at, std::move(hierarchy), std::move(of_code)});
    return ok();
  }

  Status tree(const Column& column, Sensitive& sensitive) {
    const Hierarchy& hierarchy = hierarchies.at(column.name);
    const std::size_t top = hierarchy.levels() - 1;
    if (top == 0 || hierarchy.values(top) != 1) {
      return refuse(column, "t-hierarchical needs a hierarchy whose last level is one value");
    }
    MC_TRY(const std::vector<std::uint32_t> of_code, leaves(column, hierarchy));
    std::vector<std::uint32_t>& first = sensitive.tree.emplace_back();
    for (const std::uint32_t leaf : of_code) first.push_back(hierarchy.value_of(1, leaf));
    for (std::size_t level = 1; level < top; ++level) {
      std::vector<std::uint32_t>& next = sensitive.tree.emplace_back();
      for (std::uint32_t value = 0; value < hierarchy.values(level); ++value) {
        next.push_back(hierarchy.parent(level, value));
      }
    }
    return ok();
  }

  static Status by_number(const Column& column, Sensitive& sensitive) {
    std::vector<std::int64_t> numbers(column.values.size());
    for (const std::uint32_t code : sensitive.by_rank) {
      const std::string& text = column.values[code];
      const bool minus = text.starts_with('-');
      const Result<Decimal> number = parse_decimal(std::string_view(text).substr(minus ? 1 : 0));
      if (!number) return refuse(column, "is to be ordered by number: " + number.error().what);
      numbers[code] = minus ? -number->nano : number->nano;
    }
    std::sort(sensitive.by_rank.begin(), sensitive.by_rank.end(),
              [&](std::uint32_t a, std::uint32_t b) { return numbers[a] < numbers[b]; });
    for (std::size_t i = 1; i < sensitive.by_rank.size(); ++i) {
      const std::uint32_t a = sensitive.by_rank[i - 1], b = sensitive.by_rank[i];
      if (numbers[a] != numbers[b]) continue;
      return refuse(column, "'" + excerpt(column.values[a]) + "' and '" +
                                excerpt(column.values[b]) + "' are the same number");
    }
    return ok();
  }

  Status add_sensitive(std::size_t at) {
    const Column& column = table.columns[at];
    const ColumnConfig& wanted = config.columns.at(column.name);
    Sensitive sensitive;
    sensitive.name = column.name;
    sensitive.column = at;
    for (const CriterionConfig& each : wanted.criteria) {
      MC_TRY(const Criterion criterion, each.criterion());
      sensitive.criteria.push_back(criterion);
    }
    if (sensitive.criteria.empty()) {
      sensitive.criteria.push_back({.kind = Kind::distinct_l, .l = {.nano = 2 * kNano}});
    }
    sensitive.totals.assign(column.values.size(), 0);
    for (std::size_t row = 0; row < table.rows; ++row) {
      if (out.to_release(row)) ++sensitive.totals[column.codes[row]];
    }
    sensitive.rows = out.rows_;
    for (const Criterion& each : sensitive.criteria) {
      if (each.kind == Kind::t_hierarchical && sensitive.tree.empty()) {
        MC_TRY_OK(tree(column, sensitive));
      }
      if (each.kind == Kind::t_ordered && sensitive.by_rank.empty()) {
        for (std::uint32_t code = 0; code < sensitive.totals.size(); ++code) {
          if (sensitive.totals[code] > 0) sensitive.by_rank.push_back(code);
        }
        if (wanted.order == Order::numeric) MC_TRY_OK(by_number(column, sensitive));
      }
    }
    out.sensitive_.push_back(std::move(sensitive));
    return ok();
  }

  Result<Problem> make() {
    MC_TRY_OK(config.check());
    MC_TRY_OK(columns_match());
    MC_TRY_OK(population());
    if (out.rows_ == 0) return fail(Code::invalid, "the table has no rows to release");
    out.table_ = &table;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const Role role = config.columns.at(table.columns[i].name).role;
      if (role == Role::identifying) continue;
      out.released_columns_.push_back(i);
      if (role == Role::quasi) MC_TRY_OK(add_quasi(i));
      if (role == Role::sensitive) MC_TRY_OK(add_sensitive(i));
    }
    out.sizes_.k = static_cast<std::uint32_t>(config.k);
    out.sizes_.k_map = static_cast<std::uint32_t>(config.k_map);
    if (config.presence) {
      Presence& presence = out.sizes_.presence.emplace();
      MC_TRY(presence.min, parse_decimal(config.presence->min));
      MC_TRY(presence.max, parse_decimal(config.presence->max));
    }
    MC_TRY(const Decimal limit, parse_decimal(config.suppression));
    // At most 2^32 rows and 10^9 billionths: below 2^63.
    out.suppressed_max_ = out.rows_ * static_cast<std::uint64_t>(limit.nano) / kNano;
    if (!config.row_key.empty()) {
      out.row_key_ = table.find(config.row_key);
      if (table.columns[*out.row_key_].skipped) {
        return refuse(table.columns[*out.row_key_], "is the row key, but was not read");
      }
    }
    out.mean_ = config.mean;
    out.suppressed_ = config.suppressed;
    return std::move(out);
  }
};

Result<Problem> Problem::make(const Table& table, const Config& config,
                              std::map<std::string, Hierarchy> hierarchies) {
  return ProblemMaker{table, config, hierarchies}.make();
}

namespace {

// Each tuple gets the number of its place in the order of `columns`, first column first.
struct Ranks {
  std::vector<std::uint32_t> of_row;
  std::uint32_t size = 1;
};

// Column by column from the last: the pair (code, rank of what is behind) gets its rank.
template <class CodeOf>
void refine(std::size_t rows, const CodeOf& code_of, PairIndex& index, Ranks& ranks) {
  index.reset(rows);
  std::vector<std::uint64_t> keys;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t key = std::uint64_t{code_of(row)} << 32 | ranks.of_row[row];
    const std::uint32_t number = index.number(key);
    if (number == keys.size()) keys.push_back(key);
    ranks.of_row[row] = number;
  }
  std::vector<std::uint32_t> order(keys.size()), rank(keys.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  for (std::size_t row = 0; row < rows; ++row) ranks.of_row[row] = rank[ranks.of_row[row]];
  ranks.size = static_cast<std::uint32_t>(keys.size());
}

}  // namespace

Tuples unique_tuples(const Problem& problem) {
  const Table& table = problem.table();
  const std::size_t rows = table.rows;
  Tuples out;
  out.quasi = problem.quasi().size();
  out.sensitive = problem.sensitive().size();
  Ranks ranks{std::vector<std::uint32_t>(rows)};
  PairIndex index;
  for (std::size_t i = out.sensitive; i-- > 0;) {
    const Column& column = table.columns[problem.sensitive()[i].column];
    refine(rows, [&](std::size_t row) { return column.codes[row]; }, index, ranks);
  }
  for (std::size_t i = out.quasi; i-- > 0;) {
    refine(rows, [&](std::size_t row) { return problem.leaf(i, row); }, index, ranks);
  }
  out.rows.assign(ranks.size, 0);
  out.leaves.resize(ranks.size * out.quasi);
  out.values.resize(ranks.size * out.sensitive);
  if (problem.has_population()) out.population.assign(ranks.size, 0);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t tuple = ranks.of_row[row];
    if ((out.population.empty() ? out.rows[tuple] : out.population[tuple]) == 0) {
      for (std::size_t i = 0; i < out.quasi; ++i) {
        out.leaves[tuple * out.quasi + i] = problem.leaf(i, row);
      }
      for (std::size_t i = 0; i < out.sensitive; ++i) {
        out.values[tuple * out.sensitive + i] =
            table.columns[problem.sensitive()[i].column].codes[row];
      }
    }
    if (problem.to_release(row)) ++out.rows[tuple];
    if (!out.population.empty()) ++out.population[tuple];
  }
  out.of_row = std::move(ranks.of_row);
  return out;
}

}  // namespace mc::kanon
