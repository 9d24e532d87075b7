#include <doctest/doctest.h>

#include <vector>

#include "contract/sql_contract.h"

namespace mc::sql::contract {
namespace {

struct FixedClock final : sys::Clock {
  WallTime wall() override { return {1'700'000'000'123'000'000}; }
  MonoTime mono() override { return {}; }
};

Migration both(int number, const std::string& name, const std::string& sql) {
  return {number, name, sql, sql};
}

std::vector<Migration> two_migrations() {
  return {both(1, "0001_first", "CREATE TABLE a (k BIGINT); INSERT INTO a VALUES (1);"),
          both(2, "0002_second", "INSERT INTO a VALUES (2);")};
}

void applies_once_in_order(Connection& connection) {
  FixedClock clock;
  const std::vector<Migration> two = two_migrations();
  auto first = migrate(connection, std::span(two).first(1), clock);
  REQUIRE_MESSAGE(first.has_value(), first.error().what);
  CHECK(first->applied == std::vector<std::string>{"0001_first"});
  auto second = migrate(connection, two, clock);
  REQUIRE_MESSAGE(second.has_value(), second.error().what);
  CHECK(second->applied == std::vector<std::string>{"0002_second"});
  CHECK(second->version == 2);
  auto third = migrate(connection, two, clock);
  REQUIRE(third.has_value());
  CHECK(third->applied.empty());
  CHECK(third->version == 2);
  CHECK(one_integer(connection, "SELECT count(*) FROM a") == 2);
  CHECK(one_text(connection, "SELECT sha256 FROM mc_migration WHERE number = 2") ==
        to_hex(sys::sha256("INSERT INTO a VALUES (2);")));
  CHECK(one_integer(connection, "SELECT applied_at FROM mc_migration WHERE number = 1") ==
        1'700'000'000'123);
}

void refuses_a_different_past(Connection& connection) {
  FixedClock clock;
  REQUIRE(migrate(connection, two_migrations(), clock).has_value());
  struct Row {
    const char* name;
    std::vector<Migration> migrations;
    const char* named;
  };
  const std::vector<Migration> two = two_migrations();
  const Row rows[] = {
      {"edited", {two[0], both(2, "0002_second", "INSERT INTO a VALUES (3);")}, "0002_second"},
      {"renamed", {two[0], both(2, "0002_other", two[1].sqlite)}, "0002_other"},
      {"unknown to this program", {two[0]}, "0002_second"},
      {"all unknown", {}, "0001_first"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto done = migrate(connection, row.migrations, clock);
    REQUIRE(!done.has_value());
    CHECK(done.error().code == Code::corrupt);
    CHECK(done.error().what.find(row.named) != std::string::npos);
  }
  CHECK(one_integer(connection, "SELECT count(*) FROM a") == 2);
  CHECK(migrate(connection, two, clock).has_value());
}

void refuses_a_late_insertion(Connection& connection) {
  FixedClock clock;
  const std::vector<Migration> gap = {both(1, "0001_a", "CREATE TABLE a (k BIGINT)"),
                                      both(3, "0003_c", "CREATE TABLE c (k BIGINT)")};
  REQUIRE(migrate(connection, gap, clock).has_value());
  const std::vector<Migration> filled = {gap[0], both(2, "0002_b", "CREATE TABLE b (k BIGINT)"),
                                         gap[1]};
  const auto done = migrate(connection, filled, clock);
  REQUIRE(!done.has_value());
  CHECK(done.error().code == Code::corrupt);
  CHECK(done.error().what.find("0002_b") != std::string::npos);
  const std::vector<Migration> backwards = {gap[1], gap[0]};
  CHECK(migrate(connection, backwards, clock).error().code == Code::invalid);
}

void a_failing_migration_leaves_no_trace(Connection& connection) {
  FixedClock clock;
  std::vector<Migration> bad = two_migrations();
  bad[1] = both(2, "0002_second", "CREATE TABLE b (k BIGINT); INSERT INTO nowhere VALUES (1);");
  const auto done = migrate(connection, bad, clock);
  REQUIRE(!done.has_value());
  CHECK(done.error().what.find("0002_second") != std::string::npos);
  CHECK(!connection.execute("SELECT * FROM b", {}).has_value());
  CHECK(one_integer(connection, "SELECT count(*) FROM mc_migration") == 1);
  const auto fixed = migrate(connection, two_migrations(), clock);
  REQUIRE(fixed.has_value());
  CHECK(fixed->version == 2);
}

void built_in_tables_work(Connection& connection) {
  FixedClock clock;
  const auto done = migrate(connection, built_in_migrations(), clock);
  REQUIRE_MESSAGE(done.has_value(), done.error().what);
  REQUIRE(done->applied.size() >= 2);
  CHECK(done->applied[0] == "0001_identity");
  CHECK(done->applied[1] == "0002_job");
  const Status filled = connection.script(
      "INSERT INTO tenant VALUES ('alpha', 'eu', 'free', 'short', 'open', 'active', 1, 1);"
      "INSERT INTO principal VALUES ('alpha', 'p1', 'Ann', '[]', 'active', 1);"
      "INSERT INTO token (tenant_id, token_id, principal_id, hash, scopes, purposes, created_at)"
      " VALUES ('alpha', 't1', 'p1', 'h', '[]', '[]', 1);");
  REQUIRE_MESSAGE(filled.has_value(), filled.error().what);
  const auto twice = connection.execute(
      "INSERT INTO token (tenant_id, token_id, principal_id, hash, scopes, purposes, created_at)"
      " VALUES ('alpha', 't2', 'p1', 'h', '[]', '[]', 1)",
      {});
  CHECK(twice.error().code == Code::conflict);
  CHECK(twice.error().what.find("hash") != std::string::npos);
  const auto orphan =
      connection.execute("INSERT INTO principal VALUES ('beta', 'p', '', '[]', 'active', 1)", {});
  CHECK(orphan.error().code == Code::conflict);
}

}  // namespace

std::span<const Case> migration_cases() {
  static const Case all[] = {
      {"migrations apply once and in order", applies_once_in_order},
      {"an edited or unknown migration stops the start", refuses_a_different_past},
      {"a migration cannot be inserted before applied ones", refuses_a_late_insertion},
      {"a failing migration leaves no trace", a_failing_migration_leaves_no_trace},
      {"the built-in migrations make working tables", built_in_tables_work},
  };
  return all;
}

}  // namespace mc::sql::contract
