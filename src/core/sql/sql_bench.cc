// SQLite on a file: prepared reads by key and bulk loading, as one JSON line.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "contract/sql_measure.h"
#include "sql/sql.h"

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "sql_bench_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  bool done = false;
  {
    const auto connection = mc::sql::sqlite_driver()->open("sqlite:" + folder + "/bench.db", {});
    done = connection && mc::sql::contract::measure(**connection, 200'000);
  }
  std::filesystem::remove_all(folder);
  return done ? 0 : 1;
}
