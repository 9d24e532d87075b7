#include "contract/sql_measure.h"

#include <cstdio>
#include <vector>

namespace mc::sql::contract {
namespace {

constexpr std::int64_t kRows = 100'000;

std::string tenant_of(std::int64_t id) {
  return "tenant-" + std::to_string(id % 10);
}

std::string table_text(Dialect dialect) {
  const bool sqlite = dialect == Dialect::sqlite;
  return std::string("CREATE ") + (sqlite ? "" : "TEMPORARY ") +
         "TABLE orders (tenant TEXT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, price " +
         (sqlite ? "REAL" : "DOUBLE PRECISION") + " NOT NULL, PRIMARY KEY (tenant, id))" +
         (sqlite ? " WITHOUT ROWID" : "");
}

Status load(Connection& connection) {
  MC_TRY_OK(connection.script(table_text(connection.dialect())));
  std::vector<Param> values;
  for (std::int64_t i = 0; i < kRows; ++i) {
    values.emplace_back(tenant_of(i));
    values.emplace_back(i);
    values.emplace_back("customer " + std::to_string(i));
    values.emplace_back(static_cast<double>(i) / 7);
  }
  const std::vector<std::string> columns = {"tenant", "id", "name", "price"};
  const auto clock = sys::real_clock();
  const MonoTime start = clock->mono();
  MC_TRY_OK(connection.insert_many("orders", columns, values));
  std::printf("{\"bench\":\"sql\",\"driver\":\"%s\",\"insert_many_rows_per_s\":%.0f,",
              connection.version().c_str(),
              static_cast<double>(kRows) / to_seconds(clock->mono() - start));
  return ok();
}

Status read_one(Connection& connection, std::int64_t id) {
  const Param key[] = {tenant_of(id), id};
  MC_TRY(const auto rows,
         connection.query("SELECT id, name, price FROM orders WHERE tenant = ?1 AND id = ?2", key));
  MC_TRY(const bool found, rows->next());
  if (!found || rows->integer(0) != id || rows->text(1).empty()) {
    return fail(Code::not_found, "a row is missing");
  }
  MC_TRY(const bool more, rows->next());
  if (more) return fail(Code::conflict, "a row too many");
  return ok();
}

Status load_and_read(Connection& connection, std::int64_t reads) {
  MC_TRY_OK(load(connection));
  const auto clock = sys::real_clock();
  const MonoTime start = clock->mono();
  const Nanos cpu = sys::usage().cpu;
  for (std::int64_t i = 0; i < reads; ++i) MC_TRY_OK(read_one(connection, (i * 7919) % kRows));
  const double count = static_cast<double>(reads);
  std::printf("\"read_by_key_cpu_us\":%.2f,\"read_by_key_wall_us\":%.2f}\n",
              to_seconds(sys::usage().cpu - cpu) * 1e6 / count,
              to_seconds(clock->mono() - start) * 1e6 / count);
  return ok();
}

}  // namespace

bool measure(Connection& connection, std::int64_t reads) {
  const Status done = load_and_read(connection, reads);
  if (!done) std::fprintf(stderr, "sql bench: %s\n", done.error().what.c_str());
  return done.has_value();
}

}  // namespace mc::sql::contract
