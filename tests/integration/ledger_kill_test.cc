// A ledger in files, killed again and again.
#include <doctest/doctest.h>

#include <filesystem>
#include <random>

#include "ledger_child.h"

namespace mc::ledger {
namespace {

TEST_CASE("ledger: killed at random points, it keeps every record it has acknowledged") {
  const std::string folder = temporary_folder();
  std::mt19937_64 random(1);
  tlog::TreeHead last;
  Tally tally;
  std::uint64_t torn = 0;
  for (int round = 0; round < kills_wanted(); ++round) {
    CAPTURE(round);
    const auto told = Child(folder, "", 1 + random() % 6'000).listen();
    tally.add(told);
    Machine machine;
    const auto ledger = machine.open(folder, "");
    REQUIRE_MESSAGE(ledger.has_value(), ledger.error().what);
    torn += (*ledger)->store().torn() > 0 ? 1 : 0;
    check_told(**ledger, told, last);
  }
  std::filesystem::remove_all(folder);
  MESSAGE(kills_wanted() << " kills: " << tally.records << " records and " << tally.checkpoints
                         << " checkpoints found again, " << torn << " torn ends left behind");
  CHECK(tally.records > 0);
}

}  // namespace
}  // namespace mc::ledger
