// The contract of data/dataset on PostgreSQL. Needs MC_TEST_POSTGRES_URL (tests/e2e/postgres.sh).
#include <doctest/doctest.h>

#include <cstdio>

#include "contract/dataset_contract.h"
#include "dataset/dataset.h"
#include "postgres/postgres.h"

namespace mc::dataset {
namespace {

std::string with_schema(const std::string& url, const std::string& schema) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + "options=-csearch_path%3D" +
         schema;
}

// The URL of an empty schema; "" when there is no server.
std::string empty_schema(const std::string& schema) {
  const std::string url = sys::environment("MC_TEST_POSTGRES_URL");
  if (url.empty()) {
    std::printf("skipped, MC_TEST_POSTGRES_URL is unset: %s\n", schema.c_str());
    return url;
  }
  const auto connection = postgres::postgres_driver()->open(url, {});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  REQUIRE((*connection)
              ->script("DROP SCHEMA IF EXISTS " + schema + " CASCADE; CREATE SCHEMA " + schema)
              .has_value());
  return with_schema(url, schema);
}

contract::Backend backend(const std::string& url) {
  return {.driver = [] { return postgres::postgres_driver(); }, .url = [url](int) { return url; }};
}

TEST_CASE("postgres datasets: read, limit and refuse as the contract says") {
  const std::string url = empty_schema("mc_dataset_cases");
  if (!url.empty()) contract::run_cases(backend(url));
}

TEST_CASE("postgres datasets: write with versions, and never into another tenant") {
  const std::string url = empty_schema("mc_dataset_writes");
  if (!url.empty()) contract::run_writes(backend(url));
}

TEST_CASE("postgres datasets: filter, order and page as the twin in memory does") {
  const std::string url = empty_schema("mc_dataset_oracle");
  if (!url.empty()) contract::run_oracle(backend(url), 150);
}

TEST_CASE("postgres datasets: private answers are of the rows that the filter says") {
  const std::string url = empty_schema("mc_dataset_private");
  if (!url.empty()) contract::run_private(backend(url), 150);
}

TEST_CASE("postgres datasets: one tenant's answers do not depend on another tenant's rows") {
  const std::string url = empty_schema("mc_dataset_isolation");
  if (!url.empty()) contract::run_isolation(backend(url), 500);
}

TEST_CASE("postgres imports: make a table, append to it, stop and go on") {
  const std::string url = empty_schema("mc_dataset_import");
  if (url.empty()) return;
  auto connection = postgres::postgres_driver()->open(url, {});
  REQUIRE(connection.has_value());
  sim::SimFiles files;
  {
    auto file = files.open("a.csv", sys::OpenMode::truncate);
    REQUIRE((*file)
                ->write("Name;ok;day;at;n;x\n\"A;b\";true;2026-01-02;2026-01-02T03:04:05Z;7;1.5\n"
                        ";;;;;\nC;false;2026-01-03;2026-01-02T03:04:05Z;8;2\n")
                .has_value());
  }
  ImportOptions options{
      .tenant = TenantId("alpha"), .table = "t", .create = CreateTable::if_absent};
  options.batch_rows = 1;
  int calls = 0;
  options.progress = [&](const ImportProgress&) { return ++calls != 2; };
  CHECK(import_file(**connection, files, "a.csv", options).error().code == Code::unavailable);
  const auto report = import_file(**connection, files, "a.csv", options);
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK(report->resumed_at > 0);
  CHECK(report->rows == 3);
  const auto again = import_file(**connection, files, "a.csv", options);
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK_FALSE(again->table_created);
  options.mode = ImportMode::replace;
  options.tenant = TenantId("bravo");
  REQUIRE(import_file(**connection, files, "a.csv", options).has_value());
  const auto rows = (*connection)
                        ->query(
                            "SELECT string_agg(concat_ws('|', id, name, ok, day, n, x), ',' "
                            "ORDER BY id), count(*) FROM t WHERE tenant_id = ?1",
                            {sql::Param("alpha")});
  REQUIRE(rows.has_value());
  REQUIRE(*(*rows)->next());
  CHECK((*rows)->text(0) ==
        "1|A;b|t|2026-01-02|7|1.5,2,3|C|f|2026-01-03|8|2,"
        "4|A;b|t|2026-01-02|7|1.5,5,6|C|f|2026-01-03|8|2");
}

}  // namespace
}  // namespace mc::dataset
