// One JSON line: CPU microseconds of a prepared read by key, rows per second of insert_many.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "sql/sql.h"

namespace mc::sql {
namespace {

constexpr std::int64_t kRows = 100'000;
constexpr std::int64_t kReads = 200'000;

[[noreturn]] void stop(const Error& error) {
  std::fprintf(stderr, "sql_bench: %s\n", error.what.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error());
  return std::move(*result);
}

double cpu_seconds() {
  return to_seconds(sys::usage().cpu);
}

std::vector<Param> rows_of_orders() {
  std::vector<Param> values;
  for (std::int64_t i = 0; i < kRows; ++i) {
    values.emplace_back(std::string("tenant-") + std::to_string(i % 10));
    values.emplace_back(i);
    values.emplace_back(std::string("customer ") + std::to_string(i));
    values.emplace_back(static_cast<double>(i) / 7);
  }
  return values;
}

struct Figures {
  double read_cpu_us = 0;
  double insert_rows_per_s = 0;
};

Figures measure(Connection& connection) {
  Figures figures;
  const auto clock = sys::real_clock();
  must(
      connection.script("CREATE TABLE orders (tenant TEXT NOT NULL, id INTEGER NOT NULL, name "
                        "TEXT NOT NULL, price REAL NOT NULL, PRIMARY KEY (tenant, id)) "
                        "STRICT, WITHOUT ROWID"));
  const std::vector<Param> values = rows_of_orders();
  const std::vector<std::string> columns = {"tenant", "id", "name", "price"};
  const MonoTime start = clock->mono();
  must(connection.insert_many("orders", columns, values));
  figures.insert_rows_per_s = static_cast<double>(kRows) / to_seconds(clock->mono() - start);
  const double before = cpu_seconds();
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < kReads; ++i) {
    const std::int64_t id = (i * 7919) % kRows;
    const Param key[] = {std::string("tenant-") + std::to_string(id % 10), id};
    auto rows = must(
        connection.query("SELECT id, name, price FROM orders WHERE tenant = ?1 AND id = ?2", key));
    if (!must(rows->next())) stop({Code::not_found, "a row is missing"});
    bytes += rows->integer(0) + static_cast<std::int64_t>(rows->text(1).size());
    if (must(rows->next())) stop({Code::conflict, "a row too many"});
  }
  figures.read_cpu_us = (cpu_seconds() - before) * 1e6 / static_cast<double>(kReads);
  if (bytes == 0) stop({Code::not_found, "nothing was read"});
  return figures;
}

int run() {
  std::string folder = (std::filesystem::temp_directory_path() / "sql_bench_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  Drivers drivers;
  drivers.add(sqlite_driver());
  Figures figures;
  {
    const auto connection = must(drivers.open("sqlite:" + folder + "/bench.db"));
    figures = measure(*connection);
    std::printf(
        "{\"bench\":\"sql\",\"driver\":\"%s\",\"read_by_key_cpu_us\":%.2f,"
        "\"insert_many_rows_per_s\":%.0f}\n",
        connection->version().c_str(), figures.read_cpu_us, figures.insert_rows_per_s);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace mc::sql

int main() {
  return mc::sql::run();
}
