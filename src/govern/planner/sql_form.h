// The SQL form of a private query: one aggregate of one dataset, parsed strictly.
//
//   SELECT [column {, column} ,] aggregate [AS name] FROM dataset
//     [WHERE condition] [GROUP BY column {, column}] [ORDER BY COUNT(*) DESC LIMIT k] [;]
//
//   aggregate  COUNT(*)  COUNT(DISTINCT unit)  SUM(column)  AVG(column)  MEDIAN(column)
//              QUANTILE(column, 0.9)  HISTOGRAM(column)
//   condition  OR, AND, NOT and parentheses over  column = <> != < <= > >= literal,
//              column [NOT] IN (literals), column [NOT] BETWEEN literal AND literal,
//              column [NOT] LIKE 'beginning%', column IS [NOT] NULL
//   literal    'text' with '' for a quote, an integer, a decimal, TRUE, FALSE
//
// Everything else is refused by name: there are no joins, no sub-queries, no expressions and no
// functions, since what can fail or be slow for one row alone tells of that row. The columns in
// front of the aggregate must be those of GROUP BY. ORDER BY with LIMIT is the mechanism of the
// top k, and nothing else: an order by true values would tell them. Names are the dataset's, in
// double quotes or bare; key words are case-insensitive.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/base.h"
#include "dataset/private.h"

namespace mc::planner {

inline constexpr std::size_t kSqlBytesMax = 16 << 10;
inline constexpr std::size_t kSqlDepthMax = 8;      // of parentheses and NOT
inline constexpr std::size_t kSqlTermsMax = 100;    // comparisons
inline constexpr std::size_t kSqlListMax = 200;     // literals of one IN
inline constexpr std::size_t kSqlColumnsMax = 8;    // of GROUP BY
inline constexpr std::int64_t kSqlTopMax = 10'000;  // of LIMIT

// Errors (`invalid`) name the place: "sql:17: functions are not allowed here".
Result<dataset::PrivateQuestion> parse_sql(std::string_view text);

}  // namespace mc::planner
