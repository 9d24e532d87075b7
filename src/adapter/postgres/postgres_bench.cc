// PostgreSQL at MC_TEST_POSTGRES_URL: prepared reads by key and COPY, as one JSON line.
#include <cstdio>

#include "contract/sql_measure.h"
#include "postgres/postgres.h"

int main() {
  const std::string url = mc::sys::environment("MC_TEST_POSTGRES_URL");
  if (url.empty()) {
    std::printf("{\"bench\":\"sql\",\"skipped\":\"MC_TEST_POSTGRES_URL is unset\"}\n");
    return 0;
  }
  const auto connection = mc::postgres::postgres_driver()->open(url, {});
  if (!connection) {
    std::fprintf(stderr, "postgres_bench: %s\n", connection.error().what.c_str());
    return 1;
  }
  return mc::sql::contract::measure(**connection, 20'000) ? 0 : 1;
}
