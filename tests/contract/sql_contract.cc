#include "contract/sql_contract.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

namespace mc::sql::contract {

std::string real_type(Dialect dialect) {
  return dialect == Dialect::sqlite ? "REAL" : "DOUBLE PRECISION";
}
std::string blob_type(Dialect dialect) {
  return dialect == Dialect::sqlite ? "BLOB" : "BYTEA";
}
std::string boolean_type(Dialect dialect) {
  return dialect == Dialect::sqlite ? "INTEGER" : "BOOLEAN";
}

std::string one_text(Connection& connection, const std::string& sql,
                     std::initializer_list<Param> params) {
  auto rows = connection.query(sql, params);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  const Result<bool> more = (*rows)->next();
  REQUIRE_MESSAGE(more.has_value(), more.error().what);
  return *more ? std::string((*rows)->text(0)) : std::string();
}

std::int64_t one_integer(Connection& connection, const std::string& sql,
                         std::initializer_list<Param> params) {
  auto rows = connection.query(sql, params);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  const Result<bool> more = (*rows)->next();
  REQUIRE_MESSAGE(more.has_value(), more.error().what);
  REQUIRE(*more);
  return (*rows)->integer(0);
}

namespace {

void run_script(Connection& connection, const std::string& sql) {
  const Status done = connection.script(sql);
  REQUIRE_MESSAGE(done.has_value(), done.error().what);
}

void make_values_table(Connection& connection) {
  const Dialect dialect = connection.dialect();
  run_script(connection, "CREATE TABLE v (k BIGINT, i BIGINT, r " + real_type(dialect) +
                             ", t TEXT, b " + blob_type(dialect) + ", f " + boolean_type(dialect) +
                             ")");
}

std::vector<std::vector<Param>> tricky_rows() {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::string nasty =
      "tab\t newline\n return\r back\\slash \\N 'q' \"d\" ?1 $1 ; -- \xc3\xa9";
  return {
      {std::int64_t{1}, Limits::max(), 1e308, nasty, Blob{std::string("\0\xff\\x", 4)}, true},
      {std::int64_t{2}, Limits::min(), -0.1, std::string(), Blob{}, false},
      {std::int64_t{3}, Param(), Param(), Param(), Param(), Param()},
      {std::int64_t{4}, std::int64_t{0}, 5e-324, std::string("\\."), Blob{std::string(300, '\t')},
       true},
  };
}

void check_value(const Rows& rows, int column, const Param& want) {
  if (std::holds_alternative<std::monostate>(want)) {
    CHECK(rows.type(column) == Type::null);
  } else if (const auto* integer = std::get_if<std::int64_t>(&want)) {
    CHECK(rows.type(column) == Type::integer);
    CHECK(rows.integer(column) == *integer);
  } else if (const auto* real = std::get_if<double>(&want)) {
    CHECK(rows.type(column) == Type::real);
    CHECK(rows.real(column) == *real);
  } else if (const auto* text = std::get_if<std::string>(&want)) {
    CHECK(rows.type(column) == Type::text);
    CHECK(rows.text(column) == *text);
  } else if (const auto* blob = std::get_if<Blob>(&want)) {
    CHECK(rows.type(column) == Type::blob);
    CHECK(rows.text(column) == blob->bytes);
  } else {
    CHECK(rows.type(column) == Type::integer);
    CHECK(rows.boolean(column) == std::get<bool>(want));
  }
}

void check_tricky_rows(Connection& connection) {
  auto rows = connection.query("SELECT k, i, r, t, b, f FROM v ORDER BY k", {});
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  for (const std::vector<Param>& want : tricky_rows()) {
    REQUIRE((*rows)->next() == true);
    for (std::size_t i = 0; i < want.size(); ++i) {
      CAPTURE(i);
      check_value(**rows, static_cast<int>(i), want[i]);
    }
  }
  CHECK((*rows)->next() == false);
}

void values_come_back(Connection& connection) {
  make_values_table(connection);
  for (const std::vector<Param>& row : tricky_rows()) {
    CHECK(connection.execute("INSERT INTO v VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row) == 1);
  }
  check_tricky_rows(connection);
}

void bulk_values_come_back(Connection& connection) {
  make_values_table(connection);
  std::vector<Param> all;
  for (const std::vector<Param>& row : tricky_rows()) all.insert(all.end(), row.begin(), row.end());
  const std::vector<std::string> columns = {"k", "i", "r", "t", "b", "f"};
  const Status done = connection.insert_many("v", columns, all);
  CHECK_MESSAGE(done.has_value(), done.error().what);
  check_tricky_rows(connection);

  CHECK(connection.begin().has_value());
  CHECK(connection.insert_many("v", columns, all).has_value());
  CHECK(connection.rollback().has_value());
  CHECK(one_integer(connection, "SELECT count(*) FROM v") == 4);
  CHECK(connection.insert_many("v", columns, {}).has_value());
  CHECK(connection.insert_many("v", columns, std::span(all).first(5)).error().code ==
        Code::invalid);
}

void other_types_are_zero(Connection& connection) {
  auto rows = connection.query("SELECT 7, CAST('x' AS TEXT), NULL", {});
  REQUIRE(rows.has_value());
  REQUIRE((*rows)->next() == true);
  CHECK((*rows)->columns() == 3);
  CHECK((*rows)->real(0) == 7.0);
  CHECK((*rows)->text(0) == "");
  CHECK((*rows)->integer(1) == 0);
  CHECK((*rows)->real(1) == 0.0);
  CHECK(!(*rows)->boolean(1));
  CHECK((*rows)->type(2) == Type::null);
  CHECK((*rows)->text(2) == "");
  CHECK((*rows)->type(3) == Type::null);  // no such column
  CHECK((*rows)->name(3) == "");
}

void counts_changes(Connection& connection) {
  CHECK(connection.execute("CREATE TABLE n (k BIGINT)", {}) == 0);
  CHECK(connection.execute("INSERT INTO n VALUES (1), (2), (3)", {}) == 3);
  CHECK(connection.execute("UPDATE n SET k = k + 1 WHERE k > ?1", {std::int64_t{1}}) == 2);
  CHECK(connection.execute("SELECT k FROM n", {}) == 0);
  CHECK(connection.execute("DELETE FROM n WHERE k = 99", {}) == 0);
  CHECK(connection.execute("DELETE FROM n", {}) == 3);
  CHECK(one_integer(connection, "INSERT INTO n VALUES (41) RETURNING k + 1") == 42);
}

void streams_in_order(Connection& connection) {
  auto rows = connection.query(
      "WITH RECURSIVE c(x, y) AS (SELECT 1, 1 UNION ALL SELECT x + 1, x * 2 FROM c WHERE x < ?1) "
      "SELECT x AS number, y FROM c",
      {std::int64_t{20'000}});
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  std::int64_t count = 0;
  while (*(*rows)->next()) {
    ++count;
    if ((*rows)->integer(0) != count) FAIL("row out of order");
  }
  CHECK(count == 20'000);
  CHECK((*rows)->next() == false);  // and stays at the end
  rows->reset();
  auto named = connection.query("SELECT 1 AS number, 2 AS \"a ?1\"", {});
  REQUIRE((*named)->next() == true);
  CHECK((*named)->name(0) == "number");
  CHECK((*named)->name(1) == "a ?1");
}

void placeholders(Connection& connection) {
  const std::string a = "first";
  const std::string b = "second";
  CHECK(one_text(connection, "SELECT CAST(?2 AS TEXT) || '/' || CAST(?1 AS TEXT) || '/' || ?2",
                 {a, b}) == "second/first/second");
  CHECK(one_text(connection, "SELECT '?1 '' $1' /* ?2 */ || CAST(?1 AS TEXT) -- ?3\n", {a}) ==
        "?1 ' $1first");
  const std::string attack = "x'; DROP TABLE n; --";
  CHECK(one_text(connection, "SELECT CAST(?1 AS TEXT)", {attack}) == attack);
}

void wrong_statements(Connection& connection) {
  struct Row {
    const char* name;
    const char* sql;
  };
  const Row rows[] = {{"too few parameters", "SELECT CAST(?2 AS TEXT) || CAST(?1 AS TEXT)"},
                      {"too many parameters", "SELECT 1"},
                      {"two statements", "SELECT CAST(?1 AS TEXT); SELECT 2"},
                      {"nothing", ""},
                      {"a comment", "-- nothing"},
                      {"syntax", "SELEC ?1"},
                      {"no such table", "SELECT * FROM nowhere WHERE a = ?1"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto done = connection.execute(row.sql, {std::string("s3cret")});
    REQUIRE(!done.has_value());
    CHECK(done.error().code == Code::invalid);
    CHECK(done.error().what.find("s3cret") == std::string::npos);
  }
  CHECK(one_integer(connection, "SELECT 1; -- and no more") == 1);
}

void cache_follows_the_schema(Connection& connection) {
  run_script(connection, "CREATE TABLE w (a BIGINT); INSERT INTO w VALUES (1)");
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 150; ++i) {  // more than the cache holds
      const std::string sql = "SELECT a + " + std::to_string(i) + " FROM w";
      if (one_integer(connection, sql) != 1 + i) FAIL("wrong statement");
    }
  }
  const char* const everything = "SELECT * FROM w";
  CHECK(one_integer(connection, everything) == 1);
  run_script(connection, "ALTER TABLE w ADD COLUMN b TEXT");
  auto rows = connection.query(everything, {});
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  const Result<bool> more = (*rows)->next();
  REQUIRE_MESSAGE(more.has_value(), more.error().what);
  CHECK((*rows)->columns() == 2);
}

}  // namespace

std::span<const Case> statement_cases() {
  static const Case all[] = {
      {"bound values come back unchanged", values_come_back},
      {"bulk loaded values come back unchanged", bulk_values_come_back},
      {"a value read as another type is zero", other_types_are_zero},
      {"changed rows are counted", counts_changes},
      {"rows stream in order and end once", streams_in_order},
      {"placeholders are numbered and literals left alone", placeholders},
      {"wrong statements are invalid and quote no value", wrong_statements},
      {"cached statements follow the schema", cache_follows_the_schema},
  };
  return all;
}

void run_all(const std::function<std::unique_ptr<Connection>()>& open_empty) {
  for (const auto cases : {statement_cases(), failure_cases(), migration_cases()}) {
    for (const Case& one : cases) {
      SUBCASE(one.name) {
        const std::unique_ptr<Connection> connection = open_empty();
        REQUIRE(connection != nullptr);
        one.run(*connection);
      }
    }
  }
}

}  // namespace mc::sql::contract
