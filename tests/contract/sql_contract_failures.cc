#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "contract/sql_contract.h"

namespace mc::sql::contract {
namespace {

// Runs for hours when nothing stops it.
constexpr const char* kEndless =
    "WITH RECURSIVE c(x) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT x + 1 FROM c "
    "WHERE x < 1000000000000) SELECT count(*) FROM c";

void run_script(Connection& connection, const std::string& sql) {
  const Status done = connection.script(sql);
  REQUIRE_MESSAGE(done.has_value(), done.error().what);
}

void constraints_are_named(Connection& connection) {
  run_script(connection,
             "CREATE TABLE parent (id BIGINT PRIMARY KEY);"
             "CREATE TABLE child (id BIGINT PRIMARY KEY, hash TEXT NOT NULL UNIQUE,"
             " size BIGINT CONSTRAINT size_positive CHECK (size > 0),"
             " parent BIGINT CONSTRAINT child_parent REFERENCES parent (id));"
             "INSERT INTO parent VALUES (1);"
             "INSERT INTO child VALUES (1, 's3cret', 1, 1)");
  struct Row {
    const char* name;
    std::vector<Param> values;
    Code code;
    const char* named;
  };
  const std::int64_t one = 1;
  const std::int64_t two = 2;
  const Row rows[] = {
      {"unique", {two, std::string("s3cret"), one, one}, Code::conflict, "hash"},
      {"primary key", {one, std::string("s3cret2"), one, one}, Code::conflict, "child"},
      {"not null", {two, Param(), one, one}, Code::invalid, "hash"},
      {"check",
       {two, std::string("s3cret3"), std::int64_t{-7}, one},
       Code::invalid,
       "size_positive"},
      {"foreign key", {two, std::string("s3cret4"), one, std::int64_t{77}}, Code::conflict, "key"},
  };
  const std::vector<std::string> columns = {"id", "hash", "size", "parent"};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto done = connection.execute("INSERT INTO child VALUES (?1, ?2, ?3, ?4)", row.values);
    REQUIRE(!done.has_value());
    const Status bulk = connection.insert_many("child", columns, row.values);
    REQUIRE(!bulk.has_value());
    for (const Error& error : {done.error(), bulk.error()}) {
      CAPTURE(error.what);
      CHECK(error.code == row.code);
      CHECK(to_lower(error.what).find(row.named) != std::string::npos);
      CHECK(error.what.find("s3cret") == std::string::npos);
      CHECK(error.what.find("77") == std::string::npos);
    }
  }
  CHECK(one_integer(connection, "SELECT count(*) FROM child") == 1);
}

void failed_bulk_load_leaves_nothing(Connection& connection) {
  run_script(connection, "CREATE TABLE n (k BIGINT PRIMARY KEY)");
  const std::vector<std::string> columns = {"k"};
  const std::vector<Param> twice = {std::int64_t{1}, std::int64_t{2}, std::int64_t{1}};
  CHECK(connection.insert_many("n", columns, twice).error().code == Code::conflict);
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 0);
  const std::vector<std::string> unknown = {"k\"; DROP TABLE n; --"};
  CHECK(connection.insert_many("n", unknown, twice).error().code == Code::invalid);
  CHECK(connection.insert_many("nowhere", columns, twice).error().code == Code::invalid);
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 0);
}

void transactions_end_once(Connection& connection) {
  run_script(connection, "CREATE TABLE n (k BIGINT)");
  CHECK(connection.commit().error().code == Code::invalid);
  CHECK(connection.rollback().error().code == Code::invalid);
  {
    auto transaction = Transaction::begin(connection);
    REQUIRE(transaction.has_value());
    CHECK(connection.begin().error().code == Code::invalid);
    CHECK(connection.execute("INSERT INTO n VALUES (1)", {}) == 1);
  }
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 0);
  {
    auto transaction = Transaction::begin(connection);
    REQUIRE(transaction.has_value());
    Transaction moved = std::move(*transaction);
    CHECK(connection.execute("INSERT INTO n VALUES (2)", {}) == 1);
    CHECK(moved.commit().has_value());
    CHECK(moved.commit().error().code == Code::invalid);
  }
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 1);
}

void a_failure_dooms_the_transaction(Connection& connection) {
  run_script(connection, "CREATE TABLE n (k BIGINT PRIMARY KEY)");
  {
    auto transaction = Transaction::begin(connection);
    REQUIRE(transaction.has_value());
    CHECK(connection.execute("INSERT INTO n VALUES (1)", {}) == 1);
    CHECK(connection.execute("INSERT INTO n VALUES (1)", {}).error().code == Code::conflict);
    CHECK(connection.execute("INSERT INTO n VALUES (2)", {}).error().code == Code::conflict);
    CHECK(connection.query("SELECT 1", {}).error().code == Code::conflict);
    CHECK(connection.script("SELECT 1").error().code == Code::conflict);
    CHECK(transaction->commit().error().code == Code::conflict);
  }
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 0);
  CHECK(connection.execute("INSERT INTO n VALUES (3)", {}) == 1);
  for (const char* mistake : {"INSERT INTO n VALUES (?1)", "SELECT ?0", "", "SELEC"}) {
    CAPTURE(mistake);
    auto transaction = Transaction::begin(connection);
    REQUIRE(transaction.has_value());
    CHECK(connection.execute(mistake, {}).error().code == Code::invalid);
    CHECK(transaction->commit().error().code == Code::conflict);
  }
}

void scripts_keep_out_of_transactions(Connection& connection) {
  run_script(connection, "CREATE TABLE n (k BIGINT)");
  {
    auto transaction = Transaction::begin(connection);
    REQUIRE(transaction.has_value());
    const Status done = connection.script("INSERT INTO n VALUES (1); COMMIT;");
    REQUIRE(!done.has_value());
    CHECK(done.error().code == Code::invalid);
    CHECK(connection.execute("INSERT INTO n VALUES (2)", {}).error().code == Code::conflict);
  }
  CHECK(connection.execute("INSERT INTO n VALUES (3)", {}) == 1);
  CHECK(connection.script("BEGIN").error().code == Code::invalid);
  CHECK(connection.begin().has_value());
  CHECK(connection.rollback().has_value());
}

void rows_hold_the_connection(Connection& connection) {
  run_script(connection, "CREATE TABLE n (k BIGINT); INSERT INTO n VALUES (1), (2), (3)");
  REQUIRE(connection.begin().has_value());
  auto rows = connection.query("SELECT k FROM n ORDER BY k", {});
  REQUIRE(rows.has_value());
  REQUIRE((*rows)->next() == true);
  CHECK(connection.execute("DELETE FROM n", {}).error().code == Code::invalid);
  CHECK(connection.query("SELECT 1", {}).error().code == Code::invalid);
  CHECK(connection.script("DELETE FROM n").error().code == Code::invalid);
  CHECK(connection.commit().error().code == Code::invalid);
  CHECK((*rows)->integer(0) == 1);
  REQUIRE((*rows)->next() == true);
  CHECK((*rows)->integer(0) == 2);
  CHECK(connection.rollback().has_value());
  CHECK((*rows)->next().error().code == Code::unavailable);
  CHECK((*rows)->type(0) == Type::null);
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 3);

  // Rows dropped in the middle free the connection.
  auto half = connection.query("SELECT k FROM n", {});
  REQUIRE((*half)->next() == true);
  half->reset();
  CHECK(one_integer(connection, "SELECT count(*) FROM n") == 3);
}

void slow_statements_time_out(Connection& connection) {
  connection.set_statement_timeout(millis(20));
  const auto done = connection.execute(kEndless, {});
  REQUIRE(!done.has_value());
  CHECK(done.error().code == Code::unavailable);
  CHECK(done.error().what.find("20ms") != std::string::npos);
  CHECK(one_integer(connection, "SELECT 1") == 1);

  auto rows = connection.query(kEndless, {});
  if (rows) CHECK((*rows)->next().error().code == Code::unavailable);
  rows = fail(Code::invalid, "");
  connection.set_statement_timeout(Nanos{});
  CHECK(one_integer(connection, "SELECT 1") == 1);
}

void interrupt_stops_a_statement(Connection& connection) {
  connection.interrupt();  // nothing runs: nothing happens
  CHECK(one_integer(connection, "SELECT 1") == 1);
  std::atomic<bool> stopped = false;
  std::thread other([&] {
    while (!stopped) {
      connection.interrupt();
      std::this_thread::yield();
    }
  });
  const auto done = connection.execute(kEndless, {});
  stopped = true;
  other.join();
  REQUIRE(!done.has_value());
  CHECK(done.error().code == Code::unavailable);
  CHECK(one_integer(connection, "SELECT 1") == 1);
}

}  // namespace

std::span<const Case> failure_cases() {
  static const Case all[] = {
      {"a violated constraint is named, its values are not", constraints_are_named},
      {"a failed bulk load leaves nothing behind", failed_bulk_load_leaves_nothing},
      {"a transaction ends once", transactions_end_once},
      {"a failed statement dooms its transaction", a_failure_dooms_the_transaction},
      {"a script may not end the transaction", scripts_keep_out_of_transactions},
      {"rows being read hold the connection", rows_hold_the_connection},
      {"a statement past its limit is stopped", slow_statements_time_out},
      {"interrupt stops the running statement", interrupt_stops_a_statement},
  };
  return all;
}

}  // namespace mc::sql::contract
