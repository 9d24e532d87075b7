// Rows a second of import_file into a new SQLite table; wall and CPU. One JSON line.
#include <cstdio>
#include <filesystem>

#include "dataset/dataset.h"

using namespace mc;

int main() {
  constexpr int kRows = 300'000;
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "mc_import_bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "rows.csv").string();
  const auto files = sys::real_files();
  const auto clock = sys::real_clock();
  std::string text = "sex;age;race;marital-status;education;country;workclass;occupation;score\n";
  for (int i = 0; i < kRows; ++i) {
    text += "Female;" + std::to_string(17 + i % 70) +
            ";White;Never-married;Some-college;United-States;State-gov;\"Adm; clerical\";" +
            std::to_string(i % 1000) + ".25\n";
  }
  {
    auto file = files->open(path, sys::OpenMode::truncate);
    if (!file || !(*file)->write(text)) return 1;
  }
  auto connection = sql::sqlite_driver()->open("sqlite:" + (folder / "bench.db").string(), {});
  if (!connection) return 1;
  const MonoTime start = clock->mono();
  const Nanos cpu = sys::usage().cpu;
  const auto report = dataset::import_file(
      **connection, *files, path,
      {.tenant = TenantId("alpha"), .table = "adult", .create = dataset::CreateTable::if_absent});
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().what.c_str());
    return 1;
  }
  const double wall = to_seconds(clock->mono() - start);
  const double spent = to_seconds(sys::usage().cpu - cpu);
  std::printf(
      "{\"bench\":\"import\",\"rows\":%d,\"bytes\":%zu,\"rows_per_s\":%.0f,"
      "\"rows_per_cpu_s\":%.0f}\n",
      kRows, text.size(), kRows / wall, kRows / spent);
  std::filesystem::remove_all(folder);
  return report->rows == kRows ? 0 : 1;
}
