#include "postgres/postgres.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "contract/job_contract.h"
#include "contract/sql_contract.h"

namespace mc::postgres {
namespace {

using sql::Access;
using sql::Blob;
using sql::Connection;
using sql::Param;
using sql::contract::one_integer;
using sql::contract::one_text;

// tests/e2e/postgres.sh sets it; without it the cases below show that they were skipped.
std::string test_url(const char* test) {
  std::string url = sys::environment("MC_TEST_POSTGRES_URL");
  if (url.empty()) std::printf("skipped, MC_TEST_POSTGRES_URL is unset: %s\n", test);
  return url;
}

std::unique_ptr<Connection> must_open(const std::string& url, Access access = Access::read_write) {
  auto connection = postgres_driver()->open(
      url, {.access = access, .busy_timeout = millis(50), .connect_timeout = seconds(5)});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  return std::move(*connection);
}

// The test schema, emptied; other connections reach it through with_schema().
std::unique_ptr<Connection> open_empty(const std::string& url) {
  auto connection = must_open(url);
  const Status done = connection->script(
      "DROP SCHEMA IF EXISTS mc_test CASCADE; CREATE SCHEMA mc_test; SET search_path = mc_test");
  REQUIRE_MESSAGE(done.has_value(), done.error().what);
  return connection;
}

std::string with_schema(const std::string& url) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + "options=-csearch_path%3Dmc_test";
}

TEST_CASE("postgres: passes the contract of drivers") {
  const std::string url = test_url("the contract");
  if (url.empty()) return;
  sql::contract::run_all([&] { return open_empty(url); });
}

TEST_CASE("postgres: jobs keep their contract") {
  const std::string url = test_url("the job contract");
  if (url.empty()) return;
  job::contract::run_all([&] { return open_empty(url); });
}

TEST_CASE("postgres: column types map to the five types of core/sql") {
  const std::string url = test_url("column types");
  if (url.empty()) return;
  const auto connection = must_open(url);
  struct Row {
    const char* sql;
    sql::Type type;
    const char* text;
    double real;
  };
  const Row rows[] = {
      {"SELECT true", sql::Type::integer, "", 1},
      {"SELECT (-3)::int2", sql::Type::integer, "", -3},
      {"SELECT (-70000)::int4", sql::Type::integer, "", -70000},
      {"SELECT 1.5::float4", sql::Type::real, "", 1.5},
      {"SELECT 0.1::float8", sql::Type::real, "", 0.1},
      {"SELECT 'a'::varchar", sql::Type::text, "a", 0},
      {"SELECT 'b'::char(3)", sql::Type::text, "b  ", 0},
      {"SELECT 12345678901234567890.10::numeric", sql::Type::text, "12345678901234567890.10", 0},
      {"SELECT '2024-02-29'::date", sql::Type::text, "2024-02-29", 0},
      {"SELECT '2024-02-29T12:00:00+02:00'::timestamptz", sql::Type::text, "2024-02-29 10:00:00+00",
       0},
      {"SELECT '{\"a\": 1}'::jsonb", sql::Type::text, "{\"a\": 1}", 0},
      {"SELECT '\\x00ff'::bytea", sql::Type::blob, "\0\xff", 0},
      {"SELECT NULL::int4", sql::Type::null, "", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sql);
    const bool blob = row.type == sql::Type::blob;
    const std::string text = blob ? std::string(row.text, 2) : row.text;
    // Alone, in binary form where it has one, and beside a date, which makes all columns text.
    for (const char* more : {"", ", current_date"}) {
      auto got = connection->query(std::string(row.sql) + more, {});
      REQUIRE_MESSAGE(got.has_value(), got.error().what);
      REQUIRE((*got)->next() == true);
      CHECK((*got)->type(0) == row.type);
      CHECK((*got)->text(0) == text);
      CHECK((*got)->real(0) == row.real);
      CHECK((*got)->integer(0) ==
            (row.type == sql::Type::integer ? static_cast<std::int64_t>(row.real) : 0));
    }
  }
}

// Ends a session as a server does that goes away; it is gone when this returns.
void end_session(Connection& admin, std::int64_t pid) {
  CHECK(one_integer(admin, "SELECT CAST(pg_terminate_backend(CAST(?1 AS INT), 5000) AS INT)",
                    {pid}) == 1);
}

std::int64_t session_of(Connection& connection) {
  return one_integer(connection, "SELECT pg_backend_pid()");
}

TEST_CASE("postgres: a lost connection fails what ran on it, and nothing when it was idle") {
  const std::string url = test_url("a lost connection");
  if (url.empty()) return;
  const auto admin = must_open(url);
  const auto connection = must_open(url);
  end_session(*admin, session_of(*connection));
  CHECK(one_integer(*connection, "SELECT 1") == 1);
  end_session(*admin, session_of(*connection));
  CHECK(connection->begin().has_value());
  end_session(*admin, session_of(*connection));
  CHECK(connection->execute("SELECT 1", {}).error().code == Code::unavailable);
  // The transaction is gone; nothing may run outside of it by accident.
  CHECK(connection->execute("SELECT 1", {}).error().code == Code::conflict);
  CHECK(connection->commit().error().code == Code::conflict);
  CHECK(connection->rollback().has_value());
  CHECK(one_integer(*connection, "SELECT 1") == 1);

  connection->set_statement_timeout(seconds(3));
  end_session(*admin, session_of(*connection));
  CHECK(one_text(*connection, "SHOW statement_timeout") == "3s");
}

TEST_CASE("postgres: a connection that is lost while a statement runs is unavailable once") {
  const std::string url = test_url("a statement that is cut off");
  if (url.empty()) return;
  const auto admin = must_open(url);
  const auto connection = must_open(url);
  const std::int64_t pid = session_of(*connection);
  Code code = Code::invalid;
  std::thread runs([&] { code = connection->execute("SELECT pg_sleep(60)", {}).error().code; });
  while (one_integer(*admin,
                     "SELECT count(*) FROM pg_stat_activity WHERE pid = ?1 AND state = 'active' "
                     "AND wait_event = 'PgSleep'",
                     {pid}) == 0) {
    std::this_thread::yield();
  }
  end_session(*admin, pid);
  runs.join();
  CHECK(code == Code::unavailable);
  CHECK(one_integer(*connection, "SELECT 1") == 1);
}

TEST_CASE("postgres: of several hosts it takes the one that answers and takes writes") {
  const std::string url = test_url("several hosts");
  if (url.empty()) return;
  // Nobody listens on port 1.
  const std::size_t at = url.find('@') + 1;
  const auto connection = must_open(url.substr(0, at) + "127.0.0.1:1," + url.substr(at) +
                                    "&target_session_attrs=read-write");
  CHECK(one_integer(*connection, "SELECT 1") == 1);
  const std::string reader = url + "&target_session_attrs=standby";
  CHECK(postgres_driver()->open(reader, {}).error().code == Code::unavailable);
}

TEST_CASE("postgres: a server that takes no writes any more is left for the next session") {
  const std::string url = test_url("a server that became a standby");
  if (url.empty()) return;
  const auto connection = must_open(url);
  REQUIRE(connection->script("DROP TABLE IF EXISTS mc_standby; CREATE TABLE mc_standby (a INT)"));
  const std::int64_t before = session_of(*connection);
  REQUIRE(connection->script("SET default_transaction_read_only = on"));
  CHECK(connection->execute("INSERT INTO mc_standby VALUES (1)", {}).error().code ==
        Code::unavailable);
  CHECK(session_of(*connection) != before);
  CHECK(connection->execute("INSERT INTO mc_standby VALUES (1)", {}).has_value());
  REQUIRE(connection->script("DROP TABLE mc_standby"));

  const auto reader = must_open(url, Access::read_only);
  const std::int64_t kept = session_of(*reader);
  CHECK_FALSE(reader->execute("CREATE TABLE mc_standby (a INT)", {}));
  CHECK(session_of(*reader) == kept);
}

TEST_CASE("postgres: a server that says that it is in another region is not used") {
  const std::string url = test_url("regions");
  if (url.empty()) return;
  const std::string in_eu = url + "&options=-cmc.region%3Deu-west-1";
  struct Row {
    const std::string& url;
    const char* wanted;
    const char* refused;  // the region that is named
  };
  const Row rows[] = {
      {in_eu, "eu-west-1", ""},   {in_eu, "", ""}, {in_eu, "us-east-1", "eu-west-1"},
      {in_eu, "eu", "eu-west-1"}, {url, "eu", ""}, {url, "", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.wanted);
    const auto opened = postgres_driver()->open(row.url, {.region = row.wanted});
    CHECK(opened.has_value() == std::string_view(row.refused).empty());
    if (opened) continue;
    CHECK(opened.error().code == Code::denied);
    CHECK(sql::wrong_region(opened.error()) == row.refused);
  }
  CHECK(sql::wrong_region({Code::denied, "something else"}).empty());
}

TEST_CASE("postgres: the region is looked at again when the connection is made anew") {
  const std::string url = test_url("regions of a new session");
  if (url.empty()) return;
  const auto admin = must_open(url);
  auto opened = postgres_driver()->open(url, {.region = "eu-west-1"});
  REQUIRE(opened);
  Connection& connection = **opened;
  const std::int64_t pid = session_of(connection);
  // As another server says that is behind the same name now.
  REQUIRE(admin->script("ALTER ROLE CURRENT_USER SET mc.region = 'us-east-1'"));
  CHECK(one_integer(connection, "SELECT 1") == 1);
  end_session(*admin, pid);
  const auto refused = connection.execute("SELECT 1", {});
  REQUIRE(admin->script("ALTER ROLE CURRENT_USER RESET mc.region"));
  CHECK(sql::wrong_region(refused.error()) == "us-east-1");
  CHECK(one_integer(connection, "SELECT 1") == 1);
}

TEST_CASE("postgres: the statement timeout survives a rollback of the transaction that set it") {
  const std::string url = test_url("timeout and rollback");
  if (url.empty()) return;
  const auto connection = must_open(url);
  CHECK(connection->begin().has_value());
  connection->set_statement_timeout(seconds(7));
  CHECK(one_text(*connection, "SHOW statement_timeout") == "7s");
  CHECK(connection->rollback().has_value());
  CHECK(one_text(*connection, "SHOW statement_timeout") == "7s");
  connection->set_statement_timeout(Nanos{});
  CHECK(one_text(*connection, "SHOW statement_timeout") == "0");
}

TEST_CASE("postgres: a schema changed or statements forgotten elsewhere are prepared again") {
  const std::string url = test_url("stale statements");
  if (url.empty()) return;
  const auto connection = open_empty(url);
  const auto other = must_open(with_schema(url));
  REQUIRE(connection->script("CREATE TABLE w (a BIGINT); INSERT INTO w VALUES (5)").has_value());
  CHECK(one_integer(*connection, "SELECT * FROM w") == 5);
  REQUIRE(other->script("ALTER TABLE w ALTER a TYPE TEXT").has_value());
  CHECK(one_text(*connection, "SELECT * FROM w") == "5");
  REQUIRE(connection->script("DEALLOCATE ALL").has_value());
  CHECK(one_text(*connection, "SELECT * FROM w") == "5");
}

TEST_CASE("postgres: the server keeps no more statements than the cache") {
  const std::string url = test_url("cache and server");
  if (url.empty()) return;
  const auto connection = must_open(url);
  for (std::int64_t i = 0; i < 200; ++i) {
    if (one_integer(*connection, "SELECT CAST(" + std::to_string(i) + " AS BIGINT)") != i) {
      FAIL("wrong statement");
    }
  }
  CHECK(one_integer(*connection, "SELECT count(*) FROM pg_prepared_statements") <= 65);
}

TEST_CASE("postgres: a row lock held elsewhere is unavailable after the busy time") {
  const std::string url = test_url("locks");
  if (url.empty()) return;
  const auto one = open_empty(url);
  const auto two = must_open(with_schema(url));
  REQUIRE(one->script("CREATE TABLE n (k BIGINT); INSERT INTO n VALUES (1)").has_value());
  REQUIRE(one->begin().has_value());
  CHECK(one->execute("UPDATE n SET k = 2", {}) == 1);
  const auto blocked = two->execute("UPDATE n SET k = 3", {});
  REQUIRE(!blocked.has_value());
  CHECK(blocked.error().code == Code::unavailable);
  CHECK(one->commit().has_value());
  CHECK(two->execute("UPDATE n SET k = 3", {}) == 1);
}

TEST_CASE("postgres: a read-only connection may not write") {
  const std::string url = test_url("read-only");
  if (url.empty()) return;
  const auto writer = open_empty(url);
  REQUIRE(writer->script("CREATE TABLE n (k BIGINT)").has_value());
  const auto reader = must_open(with_schema(url), Access::read_only);
  CHECK(reader->execute("INSERT INTO n VALUES (1)", {}).error().code == Code::unavailable);
  CHECK(one_integer(*reader, "SELECT count(*) FROM n") == 0);
}

TEST_CASE("postgres: a deferred constraint fails the commit") {
  const std::string url = test_url("deferred constraint");
  if (url.empty()) return;
  const auto connection = open_empty(url);
  REQUIRE(connection
              ->script("CREATE TABLE a (k BIGINT PRIMARY KEY); CREATE TABLE b (k BIGINT CONSTRAINT "
                       "b_a REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
              .has_value());
  {
    auto transaction = sql::Transaction::begin(*connection);
    REQUIRE(transaction.has_value());
    CHECK(connection->execute("INSERT INTO b VALUES (1)", {}) == 1);
    const Status done = transaction->commit();
    REQUIRE(!done.has_value());
    CHECK(done.error().code == Code::conflict);
    CHECK(done.error().what.find("b_a") != std::string::npos);
  }
  CHECK(one_integer(*connection, "SELECT count(*) FROM b") == 0);
}

TEST_CASE("postgres: text with a NUL byte is refused, a blob takes it") {
  const std::string url = test_url("NUL bytes");
  if (url.empty()) return;
  const auto connection = open_empty(url);
  REQUIRE(connection->script("CREATE TABLE n (t TEXT, b BYTEA)").has_value());
  const std::string nul("a\0b", 3);
  const std::string_view insert = "INSERT INTO n VALUES (?1, ?2)";
  CHECK(connection->execute(insert, {nul, Param()}).error().code == Code::invalid);
  const std::vector<std::string> columns = {"t", "b"};
  CHECK(connection->insert_many("n", columns, std::vector<Param>{nul, Param()}).error().code ==
        Code::invalid);
  CHECK(connection->execute(insert, {Param(), Blob{nul}}) == 1);
  CHECK(connection->execute(insert, {Param(), nul}) == 1);  // text for a blob column: its bytes
  CHECK(one_integer(*connection, "SELECT count(*) FROM n WHERE b = ?1", {Blob{nul}}) == 2);
}

TEST_CASE("postgres: COPY as a statement does not hang the connection") {
  const std::string url = test_url("COPY");
  if (url.empty()) return;
  const auto connection = open_empty(url);
  REQUIRE(connection->script("CREATE TABLE n (k BIGINT)").has_value());
  for (const char* copy : {"COPY n FROM STDIN", "COPY n TO STDOUT"}) {
    CHECK(connection->script(copy).error().code == Code::invalid);
    CHECK(connection->execute(copy, {}).error().code == Code::invalid);
    CHECK(one_integer(*connection, "SELECT 1") == 1);
  }
}

TEST_CASE("postgres: dropping an endless query outside a transaction cancels it") {
  const std::string url = test_url("dropped rows");
  if (url.empty()) return;
  const auto connection = must_open(url);
  // In the select list the series is made row by row (in FROM it would be stored first).
  const char* const endless = "SELECT generate_series(1, CAST(?1 AS BIGINT)), repeat('x', 1000)";
  const std::int64_t count = 2'000'000'000;
  auto rows = connection->query(endless, {count});
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  for (int i = 0; i < 3; ++i) REQUIRE((*rows)->next() == true);
  rows->reset();
  CHECK(one_integer(*connection, "SELECT 1") == 1);
  // In a transaction the statement may be stopped by a rollback only.
  REQUIRE(connection->begin().has_value());
  rows = connection->query(endless, {count});
  REQUIRE((*rows)->next() == true);
  CHECK(connection->rollback().has_value());
  CHECK((*rows)->next().error().code == Code::unavailable);
  CHECK(one_integer(*connection, "SELECT 1") == 1);
}

TEST_CASE("postgres: URLs with a password or unknown options are refused without quoting them") {
  const char* const bad[] = {"postgres://user:s3cret@localhost/db",
                             "postgres://localhost/db?password=s3cret",
                             "postgres://localhost/db?passw0rd=s3cret",
                             "postgres://localhost/db?sslpassword=s3cret",
                             "postgres://localhost/db?service=s3cret",
                             "postgres://localhost:s3cret:1/db",
                             "postgres:s3cret",
                             "host=localhost password=s3cret"};
  for (const char* url : bad) {
    CAPTURE(url);
    const auto open = postgres_driver()->open(url, {});
    REQUIRE(!open.has_value());
    CHECK(open.error().code == Code::invalid);
    CHECK(open.error().what.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("postgres: nobody listening is unavailable") {
  // Port 1 on loopback: refused at once.
  const auto open = postgres_driver()->open("postgresql://nobody@127.0.0.1:1/db", {});
  REQUIRE(!open.has_value());
  CHECK(open.error().code == Code::unavailable);
}

TEST_CASE("postgres: wrong passwords are refused without quoting them") {
  const std::string url = test_url("wrong password");
  if (url.empty()) return;
  const std::string path = "/tmp/mc_postgres_test_passfile";
  const auto files = sys::real_files();
  REQUIRE(files->write_atomic(path, "*:*:*:*:s3cret\n").has_value());
  const auto open = postgres_driver()->open(url.substr(0, url.find('?')) + "?passfile=" + path, {});
  CHECK(files->remove(path).has_value());
  REQUIRE(!open.has_value());
  CHECK(open.error().code == Code::unavailable);
  CHECK(open.error().what.find("s3cret") == std::string::npos);
}

}  // namespace
}  // namespace mc::postgres
