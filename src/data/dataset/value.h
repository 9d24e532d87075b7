// How one value travels: GraphQL input -> bound parameter, result column -> Cell, both dialects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataset/model.h"
#include "graphql/graphql.h"
#include "json/json.h"
#include "sql/sql.h"

namespace mc::dataset {

// A value that was read. Text lives in the arena it was read with. `bad` = the database holds
// something that the column's type does not allow.
struct Cell {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, bad };
  Kind kind = Kind::null;
  union {
    std::int64_t integer = 0;  // boolean: 0 or 1
    double real;
  };
  std::string_view text;

  // Equal values give equal bytes; for lookups among values of one column. Borrows from the cell.
  std::string_view key() const;
};

// Text, integer, real or boolean; null becomes NULL.
sql::Param to_param(const Cell& cell);

// `value` is an input value that the executor coerced; null is refused here. Errors name the rule.
Result<sql::Param> to_param(const Column& column, sql::Dialect dialect, const json::Value& value,
                            std::size_t text_bytes_max);

// The column as a result: quoted, with casts so that PostgreSQL prints it as SQLite stores it.
std::string read_expression(const Column& column, sql::Dialect dialect);
// The column in comparisons and ORDER BY: bytewise for text in both dialects.
std::string compare_expression(const Column& column, sql::Dialect dialect);
// A placeholder as an operand of that column.
std::string operand(const Column& column, sql::Dialect dialect, const std::string& placeholder);
// "column is one of these" with one parameter: a JSON array, so the text does not depend on the
// number of values.
std::string in_json_list(const Column& column, sql::Dialect dialect,
                         const std::string& placeholder);

Cell read_cell(const Column& column, const sql::Rows& rows, int index, graphql::Arena& arena);

// "2026-02-30" is not a date. Years 0001 to 9999.
bool is_date(std::string_view text);
// The canonical text of a moment: UTC, three decimals (six when PostgreSQL keeps it).
Result<std::string> canonical_datetime(std::string_view text);

}  // namespace mc::dataset
