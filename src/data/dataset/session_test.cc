#include "dataset/session.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "contract/dataset_contract.h"

namespace mc::dataset {
namespace {

using contract::Reply;

// One SQLite file a world, in a folder that goes away with the test.
class SqliteFolder {
 public:
  SqliteFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mc_dataset_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  SqliteFolder(const SqliteFolder&) = delete;
  SqliteFolder& operator=(const SqliteFolder&) = delete;
  ~SqliteFolder() { std::filesystem::remove_all(path_); }
  contract::Backend backend() const {
    return {
        .driver = [] { return sql::sqlite_driver(); },
        .url = [path = path_](
                   int world) { return "sqlite:" + path + "/" + std::to_string(world) + ".db"; }};
  }

 private:
  std::string path_;
};

TEST_CASE("session: reads, limits and refuses as the contract says") {
  const SqliteFolder folder;
  contract::run_cases(folder.backend());
}

TEST_CASE("session: writes with versions, and never into another tenant") {
  const SqliteFolder folder;
  contract::run_writes(folder.backend());
}

TEST_CASE("session: filters, orders and pages as the twin in memory does") {
  const SqliteFolder folder;
  contract::run_oracle(folder.backend(), 150);
}

// MC_ISOLATION_REQUESTS=10000 is the nightly form.
TEST_CASE("session: one tenant's answers do not depend on another tenant's rows") {
  const SqliteFolder folder;
  const std::string wanted = sys::environment("MC_ISOLATION_REQUESTS", "500");
  contract::run_isolation(folder.backend(), static_cast<int>(*parse_int(wanted)));
}

TEST_CASE("session: there is none without a tenant") {
  const SqliteFolder folder;
  contract::World world(folder.backend(), {"alpha"});
  sim::SimRandom random;
  const auto session =
      Session::make(world.catalog(), TenantId(), world.connections(), {world.clock(), random});
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().code == Code::denied);
}

TEST_CASE("writers: lend the one writing connection to one caller at a time") {
  const SqliteFolder folder;
  contract::World world(folder.backend(), {"alpha"});
  {
    const auto first = world.writers().borrow("main", millis(1));
    REQUIRE(first.has_value());
    Code second = Code::invalid;
    std::thread([&] { second = world.writers().borrow("main", millis(1)).error().code; }).join();
    CHECK(second == Code::unavailable);
    CHECK(world.writers().borrow("elsewhere", millis(1)).error().code == Code::not_found);
    // A mutation that cannot have the writer in time says so and changes nothing.
    Reply reply;
    std::thread([&] {
      reply = world.ask("alpha", "mutation { deletePerson(id: \"p1\") }", {},
                        {.may = {.writes = true}, .deadline = world.clock().mono() + millis(1)});
    }).join();
    CHECK(reply.code() == "UNAVAILABLE");
  }
  CHECK(world.writers().borrow("main", millis(1)).has_value());
  CHECK(world.ask("alpha", "{ person(id: \"p1\") { id } }").body ==
        R"({"data":{"person":{"id":"p1"}}})");
}

TEST_CASE("tables: what the model promises has to be there, and keys begin with the tenant") {
  struct Row {
    const char* name;
    const char* table;
    const char* finding;  // "" = usable
  };
  const Row rows[] = {
      {"usable", "CREATE TABLE t (tenant_id, id TEXT, n, PRIMARY KEY (tenant_id, id))", ""},
      {"by an index",
       "CREATE TABLE t (tenant_id, id TEXT, n); CREATE UNIQUE INDEX i ON t "
       "(tenant_id, id)",
       ""},
      {"no table", "CREATE TABLE other (id)", "no table t"},
      {"no column", "CREATE TABLE t (tenant_id, id TEXT, PRIMARY KEY (tenant_id, id))",
       "has no column n"},
      {"no tenant column", "CREATE TABLE t (id TEXT, n, PRIMARY KEY (id))",
       "has no column tenant_id"},
      {"no unique key", "CREATE TABLE t (tenant_id, id TEXT, n)", "no unique index on"},
      {"a key of all tenants", "CREATE TABLE t (tenant_id, id TEXT PRIMARY KEY, n)",
       "does not begin with tenant_id"},
      {"a rowid key", "CREATE TABLE t (tenant_id, id INTEGER PRIMARY KEY, n)",
       "does not begin with tenant_id"},
      {"another unique column",
       "CREATE TABLE t (tenant_id, id TEXT, n UNIQUE, PRIMARY KEY (tenant_id, id))",
       "does not begin with tenant_id"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    const SqliteFolder folder;
    sql::Drivers drivers;
    drivers.add(sql::sqlite_driver());
    const auto model = parse_model(
        "sources: [{name: main, url: \"" + folder.backend().url(1) +
            "\"}]\ndatasets: [{name: a, source: main, table: t, key: id, tenant: tenant_id, "
            "writable: true, columns: [{name: id, type: id}, {name: n, type: int}]}]\n",
        "t.yaml");
    REQUIRE_MESSAGE(model.has_value(), model.error().what);
    Writers writers(drivers, *model);
    ConnectionSet connections(drivers, *model, writers);
    REQUIRE((*writers.borrow("main", seconds(1)))->script(row.table).has_value());
    const Status status = check_tables(*model, connections);
    CHECK(status.has_value() == (*row.finding == '\0'));
    if (!status) CHECK(status.error().what.find(row.finding) != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::dataset
