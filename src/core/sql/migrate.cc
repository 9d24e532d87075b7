#include <fmt/format.h>

#include "sql/sql.h"

namespace mc::sql {
namespace {

struct Recorded {
  std::string name;
  std::string sha256;
};
using RecordedByNumber = std::map<std::int64_t, Recorded>;

const std::string& text_of(const Migration& migration, Dialect dialect) {
  return dialect == Dialect::sqlite ? migration.sqlite : migration.postgres;
}

// Two programs that start at once must not both apply: SQLite's BEGIN IMMEDIATE already excludes
// the second, PostgreSQL needs a lock of the application's own.
Status lock_and_prepare(Connection& connection) {
  if (connection.dialect() == Dialect::sqlite) {
    return connection.script(
        "CREATE TABLE IF NOT EXISTS mc_migration (number INTEGER NOT NULL PRIMARY KEY, "
        "name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT");
  }
  constexpr std::int64_t kLockKey = 0x6d635f6d696772;  // "mc_migr"
  MC_TRY(std::unique_ptr<Rows> rows,
         connection.query("SELECT pg_advisory_xact_lock(?1)", {kLockKey}));
  MC_TRY([[maybe_unused]] const bool row, rows->next());
  rows.reset();
  return connection.script(
      "CREATE TABLE IF NOT EXISTS mc_migration (number BIGINT NOT NULL PRIMARY KEY, "
      "name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL)");
}

Result<RecordedByNumber> read_recorded(Connection& connection) {
  MC_TRY(const std::unique_ptr<Rows> rows,
         connection.query("SELECT number, name, sha256 FROM mc_migration ORDER BY number", {}));
  RecordedByNumber recorded;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return recorded;
    recorded[rows->integer(0)] = {std::string(rows->text(1)), std::string(rows->text(2))};
  }
}

Status check_order(std::span<const Migration> migrations) {
  int last = 0;
  for (const Migration& migration : migrations) {
    if (migration.number <= last || migration.name.empty()) {
      return fail(Code::invalid, fmt::format("migration {} ({}) is out of order", migration.number,
                                             migration.name));
    }
    last = migration.number;
  }
  return ok();
}

// What is recorded must be a prefix of what this program brings, word for word.
Status check_recorded(const RecordedByNumber& recorded, std::span<const Migration> migrations,
                      Dialect dialect) {
  RecordedByNumber unknown = recorded;
  const std::int64_t newest = recorded.empty() ? 0 : recorded.rbegin()->first;
  for (const Migration& migration : migrations) {
    const auto found = recorded.find(migration.number);
    if (found == recorded.end()) {
      if (migration.number > newest) continue;
      return fail(Code::corrupt, fmt::format("migration {} was never applied, but the later "
                                             "number {} was",
                                             migration.name, newest));
    }
    if (found->second.name != migration.name ||
        found->second.sha256 != to_hex(sys::sha256(text_of(migration, dialect)))) {
      return fail(Code::corrupt, fmt::format("migration {} has changed since it was applied as {}",
                                             migration.name, found->second.name));
    }
    unknown.erase(migration.number);
  }
  if (unknown.empty()) return ok();
  return fail(Code::corrupt, fmt::format("the database has migration {}, which this program does "
                                         "not know",
                                         unknown.begin()->second.name));
}

// Applies the first migration that is missing; false when there is none. One transaction.
Result<bool> apply_next(Connection& connection, std::span<const Migration> migrations,
                        sys::Clock& clock, MigrationReport& report) {
  MC_TRY(Transaction transaction, Transaction::begin(connection));
  MC_TRY_OK(lock_and_prepare(connection));
  MC_TRY(const RecordedByNumber recorded, read_recorded(connection));
  MC_TRY_OK(check_recorded(recorded, migrations, connection.dialect()));
  for (const Migration& migration : migrations) {
    if (recorded.contains(migration.number)) continue;
    const std::string& text = text_of(migration, connection.dialect());
    if (Status done = connection.script(text); !done) {
      return fail(done.error().code,
                  fmt::format("migration {}: {}", migration.name, done.error().what));
    }
    MC_TRY([[maybe_unused]] const std::int64_t rows,
           connection.execute("INSERT INTO mc_migration (number, name, sha256, applied_at) "
                              "VALUES (?1, ?2, ?3, ?4)",
                              {std::int64_t{migration.number}, migration.name,
                               to_hex(sys::sha256(text)), to_unix_ms(clock.wall())}));
    MC_TRY_OK(transaction.commit());
    report.applied.push_back(migration.name);
    report.version = migration.number;
    return true;
  }
  MC_TRY_OK(transaction.commit());
  report.version = recorded.empty() ? 0 : static_cast<int>(recorded.rbegin()->first);
  return false;
}

}  // namespace

Result<MigrationReport> migrate(Connection& connection, std::span<const Migration> migrations,
                                sys::Clock& clock) {
  MC_TRY_OK(check_order(migrations));
  MigrationReport report;
  while (true) {
    MC_TRY(const bool applied, apply_next(connection, migrations, clock, report));
    if (!applied) return report;
  }
}

}  // namespace mc::sql
