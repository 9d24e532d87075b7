// Two processes with one ledger in PostgreSQL, each killed at a point of its own.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "ledger_child.h"
#include "postgres/postgres.h"

namespace mc::ledger {
namespace {

std::map<std::string, tlog::TreeHead> heads_of(const Store& store) {
  std::map<std::string, tlog::TreeHead> out;
  for (const std::string& log : store.logs()) out[log] = *store.head(log);
  return out;
}

TEST_CASE("ledger: two processes on PostgreSQL, killed at random points, keep every record") {
  const std::string url = sys::environment("MC_TEST_POSTGRES_URL");
  if (url.empty()) {
    std::printf("skipped, MC_TEST_POSTGRES_URL is unset: kills on PostgreSQL\n");
    return;
  }
  auto connection = postgres::postgres_driver()->open(url, {});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  REQUIRE((*connection)
              ->script("DROP TABLE IF EXISTS ledger_order, ledger_signed, ledger_batch")
              .has_value());
  const std::string folder = temporary_folder();
  for (const char* name : {"/a", "/b", "/c"}) std::filesystem::create_directory(folder + name);
  std::mt19937_64 random(2);
  const Machine machine;
  tlog::TreeHead last;
  Tally tally;
  for (int round = 0; 2 * round < kills_wanted(); ++round) {
    CAPTURE(round);
    Child a(folder + "/a", url, 1 + random() % 4'000);
    Child b(folder + "/b", url, 1 + random() % 4'000);
    std::vector<std::vector<Told>> told(2);
    std::thread other([&] { told[1] = b.listen(); });
    told[0] = a.listen();
    other.join();
    // A third process finds all that the two have told.
    const auto ledger = machine.open(folder + "/c", url);
    REQUIRE_MESSAGE(ledger.has_value(), ledger.error().what);
    for (const auto& each : told) {
      tally.add(each);
      check_told(**ledger, each, last);
    }
    if (2 * (round + 1) < kills_wanted()) continue;
    const auto report = verify(*machine.files, folder + "/c", {2, nullptr, {}});
    REQUIRE_MESSAGE(report.has_value(), report.error().what);
    CHECK(report->heads == heads_of((*ledger)->store()));
  }
  std::filesystem::remove_all(folder);
  MESSAGE(kills_wanted() << " kills: " << tally.records << " records and " << tally.checkpoints
                         << " checkpoints of two processes found again");
  CHECK(tally.records > 0);
}

}  // namespace
}  // namespace mc::ledger
