// The contract of the accountant on SQLite (tests/contract/accountant_contract.h).
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "contract/accountant_contract.h"

namespace mc::accountant {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mc-accountant-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // Each call a new file.
  contract::Connect fresh() {
    const std::string url = "sqlite:" + path_ + "/" + std::to_string(++files_) + ".db";
    return [this, url](sql::Access access) {
      auto out = driver_->open(url, {.access = access});
      REQUIRE_MESSAGE(out.has_value(), out.error().what);
      return std::move(*out);
    };
  }

 private:
  std::string path_;
  int files_ = 0;
  std::unique_ptr<sql::Driver> driver_ = sql::sqlite_driver();
};

TEST_CASE("accountant: on SQLite it does what the contract says") {
  Folder folder;
  contract::run_cases([&] { return folder.fresh(); });
}

TEST_CASE("accountant: top-ups on SQLite") {
  Folder folder;
  contract::run_top_ups([&] { return folder.fresh(); });
}

TEST_CASE("accountant: reports on SQLite") {
  Folder folder;
  contract::run_reports([&] { return folder.fresh(); });
}

TEST_CASE("accountant: whatever statement fails, stored or not, the books are right") {
  Folder folder;
  contract::run_faults([&] { return folder.fresh(); });
}

TEST_CASE("accountant: the last 0.05 that 200 clients want goes to exactly one") {
  Folder folder;
  contract::run_races([&] { return folder.fresh(); }, 200);
}

TEST_CASE("accountant: decides as a twin that adds everything up each time") {
  Folder folder;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    contract::run_oracle([&] { return folder.fresh(); }, seed, 800);
  }
}

}  // namespace
}  // namespace mc::accountant
