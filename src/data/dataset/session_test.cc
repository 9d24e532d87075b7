#include "dataset/session.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "contract/dataset_contract.h"

namespace mc::dataset {
namespace {

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
  auto first = world.writers().borrow("main", millis(1));
  REQUIRE(first.has_value());
  CHECK(world.writers().borrow("elsewhere", millis(1)).error().code == Code::not_found);
}

}  // namespace
}  // namespace mc::dataset
