#include "planner/sql_form.h"

#include <doctest/doctest.h>

namespace mc::planner {
namespace {

using dataset::PrivateAggregate;

std::string where_of(const std::string& condition) {
  const Result<dataset::PrivateQuestion> query =
      parse_sql("SELECT COUNT(*) FROM persons WHERE " + condition);
  return query ? json::print(query->where) : query.error().what;
}

std::string error_of(std::string_view text) {
  const Result<dataset::PrivateQuestion> query = parse_sql(text);
  return query ? "parsed" : query.error().what;
}

TEST_CASE("sql: each aggregate is read with its columns") {
  struct Row {
    const char* text;
    PrivateAggregate aggregate;
    const char* of;
    const char* quantile;
    std::int64_t k;
    std::vector<std::string> group_by;
  };
  const Row rows[] = {
      {"SELECT COUNT(*) FROM persons", PrivateAggregate::count, "", "", 0, {}},
      {"select count(*) from \"persons\";", PrivateAggregate::count, "", "", 0, {}},
      {"SELECT COUNT(DISTINCT id) AS people FROM persons",
       PrivateAggregate::units,
       "id",
       "",
       0,
       {}},
      {"SELECT SUM(income) FROM persons", PrivateAggregate::sum, "income", "", 0, {}},
      {"SELECT AVG(income) FROM persons", PrivateAggregate::mean, "income", "", 0, {}},
      {"SELECT MEDIAN(income) FROM persons", PrivateAggregate::quantile, "income", "0.5", 0, {}},
      {"SELECT QUANTILE(income, 0.9) FROM persons",
       PrivateAggregate::quantile,
       "income",
       "0.9",
       0,
       {}},
      {"SELECT HISTOGRAM(age) FROM persons", PrivateAggregate::histogram, "age", "", 0, {}},
      {"SELECT country, job, COUNT(*) AS n FROM persons GROUP BY country, job",
       PrivateAggregate::count,
       "",
       "",
       0,
       {"country", "job"}},
      {"SELECT COUNT(*), country FROM persons GROUP BY country",
       PrivateAggregate::count,
       "",
       "",
       0,
       {"country"}},
      {"SELECT job, COUNT(*) FROM persons GROUP BY job ORDER BY COUNT(*) DESC LIMIT 10",
       PrivateAggregate::top_k,
       "job",
       "",
       10,
       {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<dataset::PrivateQuestion> query = parse_sql(row.text);
    REQUIRE_MESSAGE(query.has_value(), query.error().what);
    CHECK(query->dataset == "persons");
    CHECK(query->aggregate == row.aggregate);
    CHECK(query->of == row.of);
    CHECK(query->q == row.quantile);
    CHECK(query->k == row.k);
    CHECK(query->group_by == row.group_by);
    CHECK(query->where.is_null());
  }
}

TEST_CASE("sql: a condition becomes the filter that GraphQL would have") {
  struct Row {
    const char* sql;
    const char* filter;
  };
  const Row rows[] = {
      {"age = 5", R"({"age":{"eq":5}})"},
      {"age <> -5", R"({"age":{"ne":-5}})"},
      {"age != 5", R"({"age":{"ne":5}})"},
      {"score >= 1.5", R"({"score":{"gte":1.5}})"},
      {"job = 'it''s'", R"({"job":{"eq":"it's"}})"},
      {"active = TRUE", R"({"active":{"eq":true}})"},
      {"job IS NULL", R"({"job":{"isNull":true}})"},
      {"job is not null", R"({"job":{"isNull":false}})"},
      {"age BETWEEN 1 AND 9", R"({"age":{"gte":1,"lte":9}})"},
      {"job IN ('a', 'b')", R"({"job":{"in":["a","b"]}})"},
      {"job NOT IN ('a')", R"({"not":{"job":{"in":["a"]}}})"},
      {"job LIKE 'eng%'", R"({"job":{"startsWith":"eng"}})"},
      {"a = 1 AND b = 2 OR c = 3",
       R"({"or":[{"and":[{"a":{"eq":1}},{"b":{"eq":2}}]},{"c":{"eq":3}}]})"},
      {"a = 1 AND (b = 2 OR NOT c = 3)",
       R"({"and":[{"a":{"eq":1}},{"or":[{"b":{"eq":2}},{"not":{"c":{"eq":3}}}]}]})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sql);
    CHECK(where_of(row.sql) == row.filter);
  }
}

TEST_CASE("sql: what is not in the form is refused, with its place") {
  struct Row {
    const char* text;
    const char* error;
  };
  const Row rows[] = {
      {"", "sql:1: expected SELECT"},
      {"SELECT * FROM persons", "sql:8: rows are not given, only aggregates"},
      {"SELECT age FROM persons", "sql:12: an aggregate is missing, such as COUNT(*)"},
      {"SELECT age, COUNT(*) FROM persons", "sql:8: a column in front must stand in GROUP BY"},
      {"SELECT COUNT(*), SUM(age) FROM persons",
       "sql:18: one aggregate a query: each has its own price"},
      {"SELECT COUNT(age) FROM persons", "sql:14: a count is COUNT(*) or COUNT(DISTINCT unit)"},
      {"SELECT MAX(age) FROM persons",
       "sql:8: no such aggregate; there are COUNT SUM AVG MEDIAN QUANTILE HISTOGRAM"},
      {"SELECT COUNT(*) FROM a, b", "sql:23: one dataset a query; joins are not allowed"},
      {"SELECT COUNT(*) FROM a JOIN b", "sql:24: one dataset a query; joins are not allowed"},
      {"SELECT COUNT(*) FROM a; SELECT 1", "sql:25: one statement a query"},
      {"SELECT COUNT(*) FROM a HAVING 1", "sql:24: nothing may follow here"},
      {"SELECT COUNT(*) FROM a WHERE 1/b = 1", "sql:30: expected a column"},
      {"SELECT COUNT(*) FROM a WHERE b/1 = 1", "sql:31: expressions are not allowed"},
      {"SELECT COUNT(*) FROM a WHERE b = c",
       "sql:34: expected a value: 'text', a number, TRUE or FALSE"},
      {"SELECT COUNT(*) FROM a WHERE b = NULL", "sql:34: missing values are found by IS NULL"},
      {"SELECT COUNT(*) FROM a WHERE sqrt(b) = 1", "sql:34: functions are not allowed here"},
      {"SELECT COUNT(*) FROM a WHERE b LIKE '%x'", "sql:37: LIKE takes a beginning: 'abc%'"},
      {"SELECT COUNT(*) FROM a -- x", "sql:24: comments are not allowed"},
      {"SELECT COUNT(*) FROM a WHERE b = 99999999999999999999",
       "sql:34: an integer has at most 64 bits"},
      {"SELECT COUNT(*) FROM a WHERE b = 1e-300",
       "sql:34: a number is written with digits and one point"},
      {"SELECT COUNT(*) FROM a WHERE b = 'x", "sql:34: the quote is never closed"},
      {"SELECT COUNT(*) FROM a LIMIT 3",
       "sql:24: LIMIT stands behind ORDER BY COUNT(*) DESC alone"},
      {"SELECT b, COUNT(*) FROM a GROUP BY b ORDER BY b", "sql:47: expected COUNT"},
      {"SELECT b, COUNT(*) FROM a GROUP BY b ORDER BY COUNT(*) DESC LIMIT 0",
       "sql:67: LIMIT is from 1 to 10000"},
      {"SELECT COUNT(*) FROM a GROUP BY b, b", "sql:36: stands twice in GROUP BY"},
      {"SELECT QUANTILE(b) FROM a", "sql:18: expected ,"},
      {"SELECT COUNT(*) FROM select", "sql:22: expected a dataset"},
      {"SELECT COUNT(*) FROM a WHERE (b = 1", "sql:36: expected )"},
      {"\xff", "sql: not UTF-8"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(error_of(row.text) == row.error);
  }
}

TEST_CASE("sql: limits hold at their edge") {
  const std::string start = "SELECT COUNT(*) FROM a WHERE ";
  const auto nested = [&](std::size_t depth) {
    return start + std::string(depth, '(') + "b = 1" + std::string(depth, ')');
  };
  CHECK(error_of(nested(kSqlDepthMax - 1)) == "parsed");
  CHECK(error_of(nested(kSqlDepthMax)) == "sql:38: deeper than 8 levels");
  const auto terms = [&](std::size_t count) {
    std::string text = start + "b = 1";
    for (std::size_t i = 1; i < count; ++i) text += " OR b = 1";
    return text;
  };
  CHECK(error_of(terms(kSqlTermsMax)) == "parsed");
  CHECK(error_of(terms(kSqlTermsMax + 1)) == "sql:930: more than 100 comparisons");
  const auto list = [&](std::size_t count) {
    std::string text = start + "b IN (1";
    for (std::size_t i = 1; i < count; ++i) text += ",1";
    return text + ")";
  };
  CHECK(error_of(list(kSqlListMax)) == "parsed");
  CHECK(error_of(list(kSqlListMax + 1)).ends_with("more than 200 values in a list"));
  CHECK(error_of(start + "b = '" + std::string(kSqlBytesMax, 'x') + "'") ==
        "sql: longer than 16384 bytes");
}

}  // namespace
}  // namespace mc::planner
