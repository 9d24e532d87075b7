// For tests: databases in a folder that goes away with the test.
#pragma once

#include <filesystem>
#include <string>

#include "contract/dataset_contract.h"

namespace mc::dataset {

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

}  // namespace mc::dataset
