#include "sql/sql.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "contract/sql_contract.h"
#include "sql/statement_cache.h"

namespace mc::sql {
namespace {

using contract::one_integer;
using contract::one_text;

// A folder of its own that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mc_sql_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

Drivers drivers() {
  Drivers all;
  all.add(sqlite_driver());
  return all;
}

std::unique_ptr<Connection> must_open(const Drivers& all, const std::string& url,
                                      Access access = Access::read_write) {
  auto connection = all.open(url, {.access = access, .busy_timeout = millis(20)});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  return std::move(*connection);
}

TEST_CASE("sqlite: passes the contract of drivers in memory") {
  contract::run_all([] { return must_open(drivers(), "sqlite::memory:"); });
}

TEST_CASE("sqlite: passes the contract of drivers on a file") {
  const TemporaryFolder folder;
  contract::run_all([&] { return must_open(drivers(), "sqlite:" + folder.file("a.db")); });
}

TEST_CASE("sqlite: takes absolute paths and :memory: only, other schemes have no driver") {
  const char* const bad[] = {"",
                             "sqlite",
                             "sqlite:",
                             "sqlite:relative.db",
                             "sqlite://h/p",
                             "sqlite:file:/x",
                             "mysql:/a.db",
                             "sqlite:memory"};
  for (const char* url : bad) {
    CAPTURE(url);
    CHECK(drivers().open(url).error().code == Code::invalid);
  }
  CHECK(drivers().open(std::string("sqlite:/tmp/a\0b", 15)).error().code == Code::invalid);
}

TEST_CASE("sqlite: a file that cannot be opened says why") {
  const TemporaryFolder folder;
  const Drivers all = drivers();
  const OpenOptions reading{.access = Access::read_only};
  CHECK(all.open("sqlite:" + folder.file("none.db"), reading).error().code == Code::not_found);
  CHECK(!std::filesystem::exists(folder.file("none.db")));
  CHECK(all.open("sqlite:" + folder.file("no/folder.db")).error().code == Code::not_found);

  const auto files = sys::real_files();
  REQUIRE(files->write_atomic(folder.file("text.db"), std::string(5000, 'x')).has_value());
  for (const Access access : {Access::read_only, Access::read_write}) {
    const auto open = all.open("sqlite:" + folder.file("text.db"), {.access = access});
    REQUIRE(!open.has_value());
    CHECK(open.error().code == Code::corrupt);
    CHECK(open.error().what.find("text.db") != std::string::npos);
  }
}

TEST_CASE("sqlite: a damaged page is corrupt, not a wrong answer") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  const Drivers all = drivers();
  {
    auto writer = must_open(all, "sqlite:" + path);
    REQUIRE(writer->script("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT) STRICT").has_value());
    std::vector<Param> values;
    for (std::int64_t i = 0; i < 2000; ++i) {
      values.emplace_back(i);
      values.emplace_back(std::string(50, 'v'));
    }
    const std::vector<std::string> columns = {"k", "v"};
    REQUIRE(writer->insert_many("t", columns, values).has_value());
  }
  const auto files = sys::real_files();
  std::string bytes = *files->read_all(path);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(0xa5);
  REQUIRE(files->write_atomic(path, bytes).has_value());
  auto reader = must_open(all, "sqlite:" + path, Access::read_only);
  const auto count = reader->execute("SELECT sum(length(v)) FROM t", {});
  REQUIRE(!count.has_value());
  CHECK(count.error().code == Code::corrupt);
}

TEST_CASE("sqlite: a file has one writing connection, by whatever name, and many readers") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  const Drivers all = drivers();
  auto writer = must_open(all, "sqlite:" + path);
  std::filesystem::create_symlink(path, folder.file("alias.db"));
  CHECK(all.open("sqlite:" + path).error().code == Code::conflict);
  CHECK(all.open("sqlite:" + folder.file("alias.db")).error().code == Code::conflict);
  REQUIRE(writer->script("CREATE TABLE t (k BIGINT); INSERT INTO t VALUES (1)").has_value());
  auto one = must_open(all, "sqlite:" + path, Access::read_only);
  auto two = must_open(all, "sqlite:" + path, Access::read_only);
  CHECK(one_integer(*one, "SELECT k FROM t") == 1);
  CHECK(one_integer(*two, "SELECT k FROM t") == 1);
  CHECK(one->execute("INSERT INTO t VALUES (2)", {}).error().code == Code::unavailable);
  CHECK(!one->execute("ATTACH '/tmp/other.db' AS other", {}).has_value());
  writer.reset();
  writer = must_open(all, "sqlite:" + path);
  CHECK(writer->execute("INSERT INTO t VALUES (2)", {}) == 1);
  CHECK(one_integer(*one, "SELECT count(*) FROM t") == 2);
}

TEST_CASE("sqlite: a reader's transaction is a snapshot, the writer goes on") {
  const TemporaryFolder folder;
  const Drivers all = drivers();
  auto writer = must_open(all, "sqlite:" + folder.file("a.db"));
  REQUIRE(writer->script("CREATE TABLE t (k BIGINT)").has_value());
  auto reader = must_open(all, "sqlite:" + folder.file("a.db"), Access::read_only);
  auto transaction = Transaction::begin(*reader);
  REQUIRE(transaction.has_value());
  CHECK(one_integer(*reader, "SELECT count(*) FROM t") == 0);
  CHECK(writer->execute("INSERT INTO t VALUES (1)", {}) == 1);
  CHECK(one_integer(*reader, "SELECT count(*) FROM t") == 0);
  CHECK(transaction->commit().has_value());
  CHECK(one_integer(*reader, "SELECT count(*) FROM t") == 1);
}

TEST_CASE("sqlite: a lock held by somebody else is unavailable after the busy time") {
  const TemporaryFolder folder;
  const std::string url = "sqlite:" + folder.file("a.db");
  // Two drivers stand for two processes, which the data folder's lock keeps apart in production.
  const Drivers mine = drivers();
  const Drivers theirs = drivers();
  auto first = must_open(mine, url);
  auto second = must_open(theirs, url);
  REQUIRE(first->script("CREATE TABLE t (k BIGINT)").has_value());
  REQUIRE(first->begin().has_value());
  CHECK(second->begin().error().code == Code::unavailable);
  CHECK(second->execute("INSERT INTO t VALUES (1)", {}).error().code == Code::unavailable);
  REQUIRE(first->commit().has_value());
  CHECK(second->execute("INSERT INTO t VALUES (1)", {}) == 1);
}

TEST_CASE("sqlite: a statement that takes more steps than allowed is stopped, a short one is not") {
  const Drivers all = drivers();
  auto connection = must_open(all, "sqlite::memory:");
  CHECK(all.in_process("sqlite::memory:"));
  CHECK_FALSE(all.in_process("postgres://u@h/d"));
  const std::string count_to =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
      "SELECT max(i) FROM n";
  const auto run = [&](std::int64_t most) { return connection->execute(count_to, {most}); };
  connection->set_step_limit(5'000);
  CHECK(run(10).has_value());
  const auto stopped = run(100'000);
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code == Code::unavailable);
  // The steps of all statements since the limit was set count together.
  CHECK_FALSE(run(100'000).has_value());
  connection->set_step_limit(5'000);
  CHECK(run(10).has_value());
  connection->set_step_limit(0);
  CHECK(run(100'000).has_value());
  // Nor is a huge value read.
  const char* const huge = "SELECT zeroblob(3000000)";
  CHECK(connection->execute(huge, {}).has_value());
  connection->set_step_limit(5'000);
  CHECK_FALSE(connection->execute(huge, {}).has_value());
  connection->set_step_limit(0);
  CHECK(connection->execute(huge, {}).has_value());
}

TEST_CASE("sqlite: a full disk is unavailable and its transaction rolls back whole") {
  auto connection = must_open(drivers(), "sqlite::memory:");
  REQUIRE(connection->script("CREATE TABLE t (v TEXT); PRAGMA max_page_count = 20").has_value());
  {
    auto transaction = Transaction::begin(*connection);
    REQUIRE(transaction.has_value());
    const std::string page(4096, 'x');
    Result<std::int64_t> done = 0;
    while (done) done = connection->execute("INSERT INTO t VALUES (?1)", {page});
    CHECK(done.error().code == Code::unavailable);
    // SQLite may have rolled back by itself; nothing slips out of the transaction even so.
    CHECK(connection->execute("INSERT INTO t VALUES ('y')", {}).error().code == Code::conflict);
    CHECK(transaction->commit().error().code == Code::conflict);
  }
  CHECK(one_integer(*connection, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("sqlite: settings are those of the durability rules") {
  const TemporaryFolder folder;
  const Drivers all = drivers();
  auto writer = must_open(all, "sqlite:" + folder.file("a.db"));
  REQUIRE(writer->script("CREATE TABLE t (k BIGINT)").has_value());
  auto reader = must_open(all, "sqlite:" + folder.file("a.db"), Access::read_only);
  CHECK(one_text(*writer, "PRAGMA journal_mode") == "wal");
  CHECK(one_integer(*writer, "PRAGMA synchronous") == 2);
  CHECK(one_integer(*writer, "PRAGMA foreign_keys") == 1);
  CHECK(one_integer(*writer, "PRAGMA trusted_schema") == 0);
  CHECK(one_integer(*writer, "PRAGMA wal_autocheckpoint") == 4000);
  CHECK(one_integer(*reader, "PRAGMA wal_autocheckpoint") == 0);
  CHECK(one_integer(*reader, "PRAGMA query_only") == 1);
  CHECK(one_text(*writer, "PRAGMA mmap_size").empty());
  CHECK(one_integer(*reader, "PRAGMA trusted_schema") == 0);
  CHECK(writer->version().starts_with("SQLite 3."));
  CHECK(!writer->execute("SELECT \"no such column\"", {}).has_value());
}

TEST_CASE("sqlite: a full-text error does not repeat the bound value") {
  auto connection = must_open(drivers(), "sqlite::memory:");
  REQUIRE(connection->script("CREATE VIRTUAL TABLE f USING fts5(body)").has_value());
  const auto done =
      connection->execute("SELECT * FROM f WHERE f MATCH ?1", {std::string("\"s3cret\" AND (")});
  REQUIRE(!done.has_value());
  CHECK(done.error().code == Code::invalid);
  CHECK(done.error().what.find("s3cret") == std::string::npos);
}

TEST_CASE("sqlite: rows may outlive their connection") {
  auto connection = must_open(drivers(), "sqlite::memory:");
  auto rows = connection->query("SELECT 1", {});
  REQUIRE(rows.has_value());
  connection.reset();
  CHECK((*rows)->next().error().code == Code::unavailable);
  CHECK((*rows)->columns() == 0);
}

TEST_CASE("sql: identifiers are quoted, quotes doubled") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("a\"b") == "\"a\"\"b\"");
  CHECK(quoted("") == "\"\"");
}

TEST_CASE("statement cache: keeps the recently used, agrees with a slow twin") {
  StatementCache<int> cache(4);
  std::vector<std::pair<std::string, int>> twin;  // newest first
  std::uint32_t state = 7;
  for (int round = 0; round < 5000; ++round) {
    state = state * 1664525 + 1013904223;
    const std::string key = "k" + std::to_string((state >> 16) % 9);
    const auto known = std::find_if(twin.begin(), twin.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    int* const found = cache.find(key);
    REQUIRE((found != nullptr) == (known != twin.end()));
    if (found != nullptr && (state >> 8) % 5 == 0) {
      cache.erase(key);
      twin.erase(known);
    } else if (found != nullptr) {
      REQUIRE(*found == known->second);
      std::rotate(twin.begin(), known, known + 1);
    } else {
      cache.insert(key, round);
      twin.insert(twin.begin(), {key, round});
      if (twin.size() > 4) twin.pop_back();
    }
    REQUIRE(cache.size() == twin.size());
  }
  cache.clear();
  CHECK(cache.size() == 0);
}

}  // namespace
}  // namespace mc::sql
