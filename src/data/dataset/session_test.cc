#include "dataset/session.h"

#include <doctest/doctest.h>

#include <thread>

#include "contract/dataset_contract.h"
#include "contract/dataset_folder.h"

namespace mc::dataset {
namespace {

using contract::Reply;

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

TEST_CASE("session: private answers are of the rows that the filter says, and are not counted") {
  const SqliteFolder folder;
  contract::run_private(folder.backend(), 150);
}

// MC_ISOLATION_REQUESTS=10000 is the nightly form.
TEST_CASE("session: one tenant's answers do not depend on another tenant's rows") {
  const SqliteFolder folder;
  const std::string wanted = sys::environment("MC_ISOLATION_REQUESTS", "500");
  contract::run_isolation(folder.backend(), static_cast<int>(*parse_int(wanted)));
}

// A driver whose statements could wait for another process.
class DistantDriver final : public sql::Driver {
 public:
  std::string_view scheme() const override { return "sqlite"; }
  Result<std::unique_ptr<sql::Connection>> open(const std::string& url,
                                                const sql::OpenOptions& options) override {
    return inner_->open(url, options);
  }

 private:
  std::unique_ptr<sql::Driver> inner_ = sql::sqlite_driver();
};

TEST_CASE("session: a brief one ends at each of its bounds and says so, or answers as any other") {
  const SqliteFolder folder;
  contract::World world(folder.backend(), {"alpha"});
  struct Row {
    const char* name;
    BriefLimits brief;
    bool too_long;
  };
  const std::string query = "{ people(first: 20) { nodes { id boss { id boss { id } } } } }";
  const Reply usual = world.ask("alpha", query);
  REQUIRE(usual.code().empty());
  REQUIRE(usual.report.statements == 3);
  for (const Row& row :
       {Row{"enough", {100'000, 1'000, 3}, false}, Row{"rows", {100'000, 10, 3}, true},
        Row{"statements", {100'000, 1'000, 2}, true}, Row{"bytes", {100'000, 1'000, 3, 100}, true},
        Row{"steps", {1, 1'000, 3}, false}}) {  // counted by the thousand
    CAPTURE(row.name);
    const Reply reply = world.ask("alpha", query, {}, {.brief = row.brief});
    CHECK(reply.report.too_long == row.too_long);
    if (row.too_long) {
      CHECK(reply.code() == "UNAVAILABLE");
      CHECK(reply.report.faults.empty());
    } else {
      CHECK(reply.body == usual.body);
    }
  }
}

TEST_CASE("session: a brief one waits for no other process") {
  const SqliteFolder folder;
  contract::Backend backend = folder.backend();
  backend.driver = [] { return std::make_unique<DistantDriver>(); };
  contract::World world(backend, {"alpha"});
  const std::string query = "{ person(id: \"p1\") { id } }";
  CHECK(world.ask("alpha", query).code().empty());
  const Reply reply = world.ask("alpha", query, {}, {.brief = {100'000, 1'000, 3}});
  CHECK(reply.report.too_long);
  CHECK(reply.report.statements == 0);
}

// A writer that the Writers know nothing of, as in another process.
void rename_elsewhere(const contract::World& world, const std::string& name) {
  const Model& model = world.catalog().model();
  const auto driver = sql::sqlite_driver();
  const auto writer = driver->open(model.sources.front().url, {});
  REQUIRE(writer.has_value());
  const auto renamed = (*writer)->execute(
      "UPDATE " + model.datasets.front().table + " SET \"full name\" = ?1", {sql::Param(name)});
  REQUIRE_MESSAGE(renamed.has_value(), renamed.error().what);
}

TEST_CASE("views: readers keep one while it is held; a change by the writers ends it") {
  const SqliteFolder folder;
  contract::World world(folder.backend(), {"alpha"});
  const std::string query = "{ person(id: \"p1\") { name } }";
  const auto named = [](std::string_view name) {
    return R"({"data":{"person":{"name":")" + std::string(name) + "\"}}}";
  };
  rename_elsewhere(world, "one");
  ConnectionSet& connections = world.connections();
  connections.hold_views();
  CHECK(world.ask("alpha", query).body == named("one"));
  rename_elsewhere(world, "two");
  CHECK(world.ask("alpha", query).body == named("one"));
  SUBCASE("released") {
    connections.release_views();
    CHECK_FALSE(connections.holds_views());
    CHECK(world.ask("alpha", query).body == named("two"));
    rename_elsewhere(world, "three");
    CHECK(world.ask("alpha", query).body == named("three"));
  }
  SUBCASE("a change through the writers") {
    const Reply changed =
        world.ask("alpha", "mutation { updatePerson(id: \"p1\", input: {name: \"four\"}) { id } }",
                  {}, {.may = {.writes = true}});
    CHECK(changed.code().empty());
    connections.hold_views();  // as at the start of the next request
    CHECK(world.ask("alpha", query).body == named("four"));
    rename_elsewhere(world, "five");
    connections.hold_views();
    CHECK(world.ask("alpha", query).body == named("four"));
  }
  SUBCASE("the end of a session that was cut") {
    const std::string many = "{ people(first: 20) { nodes { id boss { id } } } }";
    const Reply cut = world.ask("alpha", many, {}, {.brief = {1, 1, 1}});
    CHECK(cut.report.too_long);
    CHECK(world.ask("alpha", query, {}, {.brief = {100'000, 10, 1}}).code().empty());
    connections.release_views();
    CHECK(world.ask("alpha", query).body == named("two"));
  }
}

TEST_CASE("views: all reads of a request agree, whoever writes between them") {
  const SqliteFolder folder;
  contract::World world(folder.backend(), {"alpha"});
  const std::string query = "{ people(first: 5) { nodes { name boss { name boss { name } } } } }";
  int statements = 0;
  world.journal().on_query = [&] {  // before the first step of each statement
    rename_elsewhere(world, "renamed " + std::to_string(++statements));
    CHECK(world.writers().borrow("main", seconds(1)).has_value());  // and somebody here has written
  };
  world.connections().hold_views();
  const std::string agreeing = world.ask("alpha", query).body;
  CHECK(statements == 3);
  CHECK(agreeing.find("renamed 1") != std::string::npos);
  CHECK(agreeing.find("renamed 2") == std::string::npos);
  CHECK(agreeing.find("renamed 3") == std::string::npos);
  world.connections().release_views();
  const std::string apart = world.ask("alpha", query).body;
  for (const char* name : {"renamed 4", "renamed 5", "renamed 6"}) {
    CHECK(apart.find(name) != std::string::npos);
  }
}

TEST_CASE("views: a statement that fails ends its view") {
  const SqliteFolder folder;
  contract::World world(folder.backend(), {"alpha"});
  const std::string query = "{ person(id: \"p1\") { id } }";
  ConnectionSet& connections = world.connections();
  connections.hold_views();
  CHECK(world.ask("alpha", query).code().empty());
  const auto reader = connections.reader(0);
  REQUIRE(reader.has_value());
  world.journal().watching = false;
  CHECK_FALSE((*reader)->query("SELECT nothing", {}).has_value());
  world.journal().watching = true;
  CHECK(world.ask("alpha", query).code() == "UNAVAILABLE");
  CHECK(world.ask("alpha", query).code().empty());
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

TEST_CASE("dataset: a source that cannot be opened is named, with its region") {
  sql::Drivers drivers;
  drivers.add(sql::sqlite_driver());
  const auto model = parse_model(
      "sources: [{name: main, url: \"sqlite:/nonexistent/rows.db\", region: eu}]\n"
      "datasets: [{name: a, source: main, table: t, key: id, tenant: tenant_id, "
      "columns: [{name: id, type: id}]}]\n",
      "t.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  Writers writers(drivers, *model, false);
  ConnectionSet connections(drivers, *model, writers);
  const Status status = check_tables(*model, connections);
  REQUIRE_FALSE(status);
  CHECK(status.error().what.starts_with("dataset a: source main of eu: "));
}

}  // namespace
}  // namespace mc::dataset
