// How long the standard demo world takes: one JSON line. usage: demo_bench [folder]
#include <fmt/format.h>
#include <stdlib.h>  // mkdtemp

#include <cstdio>
#include <filesystem>

#include "demo/demo.h"

int main(int argument_count, char** arguments) {
  std::string folder = (std::filesystem::temp_directory_path() / "mc-demo-XXXXXX").string();
  if (argument_count > 1) folder = std::string(arguments[1]) + "/mc-demo-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  mc::sql::Drivers drivers;
  drivers.add(mc::sql::sqlite_driver());
  const auto files = mc::sys::real_files();
  const auto clock = mc::sys::real_clock();
  const mc::MonoTime begin = clock->mono();
  const auto report = mc::demo::generate({.folder = folder}, drivers, *files, {});
  const mc::Nanos taken = clock->mono() - begin;
  std::int64_t bytes = 0;
  if (report) {
    for (const std::string& path : report->files) {
      bytes += static_cast<std::int64_t>(std::filesystem::file_size(path));
    }
  }
  std::filesystem::remove_all(folder);
  if (!report) {
    fmt::print(stderr, "{}\n", report.error().what);
    return 1;
  }
  fmt::print("{}\n", fmt::format(R"({{"bench":"demo","rows":{},"seconds":{:.2f},"bytes":{},)"
                                 R"("resident_bytes":{},"digest":"{}"}})",
                                 report->rows, mc::to_seconds(taken), bytes,
                                 mc::sys::usage().resident_bytes, report->digest));
  return 0;
}
