#include "proof/tile_check.h"

#include <doctest/doctest.h>

#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::proof {
namespace {

const std::string kLog = "audit/alpha";
constexpr std::uint64_t kRecords = 700;

std::string failure(const Report& report) {
  return report.verified() ? "" : report.failure()->name;
}

// A log with some tiles, all of them as files.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger;
  std::string checkpoint;
  tlog::Policy policy = tlog::Policy::of_logs({});

  World() {
    ledger = std::move(*ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/head"}, {files, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))))));
    const ledger::Entry entry{kLog, "access", "ben", "alpha", "read", "support", "", "", {}};
    for (std::uint64_t i = 1; i < kRecords; ++i) {
      ledger->append(entry, [](const Result<ledger::Recorded>& done) { MC_CHECK(done); });
    }
    REQUIRE(ledger->append(entry));
    REQUIRE(ledger->publish());
    const auto signers = *ledger->signers_of(kLog);
    checkpoint = ledger->publish_log(kLog, signers)->note;
    policy = tlog::Policy::of_logs({signers.front().key()});
    REQUIRE(ledger->store().head(kLog)->size == kRecords);
  }
  Result<std::string> fetch(const std::string& path) const {
    MC_TRY(const tlog::Tile tile, tlog::parse_tile_path(path));
    if (tile.level != tlog::kEntries) return ledger->store().tile(kLog, tile);
    std::string out;
    for (int i = 0; i < tile.width; ++i) {
      const std::uint64_t seq = tile.index * tlog::kTileWidth + static_cast<std::uint64_t>(i);
      MC_TRY(const ledger::ReadRecord record, ledger->store().read(kLog, seq));
      MC_TRY_OK(tlog::append_entry(out, record.leaf));
    }
    return out;
  }
  Report check(const std::string& path, const std::string& bytes) const {
    return check_tile({path, bytes, checkpoint}, policy,
                      [this](const std::string& each) { return fetch(each); });
  }
};

TEST_CASE("tile: each of a log stands in its tree, also a part of one") {
  const World world;
  for (const std::string path : {"tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2",
                                 "tile/entries/000", "tile/entries/002.p/188", "tile/0/000.p/7",
                                 "tile/0/001.p/255", "tile/1/000.p/1", "tile/entries/001.p/3"}) {
    CAPTURE(path);
    const std::string bytes = *world.fetch(path);
    CHECK(failure(world.check(path, bytes)) == "");
    for (std::size_t at = 0; at < bytes.size(); at += 31) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 4);
      CAPTURE(at);
      CHECK_FALSE(world.check(path, changed).verified());
    }
    CHECK(failure(world.check(path, bytes.substr(1))) == "format");
    CHECK(failure(world.check(path, bytes + "x")) == "format");
  }
}

TEST_CASE("tile: another one's place, and places that the tree has not, are refused") {
  const World world;
  const std::string first = *world.fetch("tile/0/000");
  CHECK(failure(world.check("tile/0/001", first)) == "tile");
  CHECK(failure(world.check("tile/0/002", first)) == "tile");
  CHECK(failure(world.check("tile/0/003", first)) == "tile");
  CHECK(failure(world.check("tile/1/000", first)) == "tile");
  CHECK(failure(world.check("tile/7/x999/999", first)) == "tile");
  CHECK(failure(world.check("tile/0/x18/x446/x744/x073/x709/x551/615", first)) == "format");
  CHECK(failure(world.check("tile/0/0", first)) == "format");
  CHECK(failure(world.check("tile/8/000", first)) == "format");
}

TEST_CASE("tile: without the others, or with damaged ones, nothing is shown") {
  const World world;
  const std::string path = "tile/0/000";
  const std::string bytes = *world.fetch(path);
  const TileFile file{path, bytes, world.checkpoint};
  const auto none = [](const std::string&) -> Result<std::string> {
    return fail(Code::not_found, "it is not there");
  };
  CHECK(failure(check_tile(file, world.policy, none)) == "tile");
  const auto damaged = [&](const std::string& each) -> Result<std::string> {
    MC_TRY(std::string other, world.fetch(each));
    if (each != path) other.back() = static_cast<char>(other.back() ^ 1);
    return other;
  };
  CHECK(failure(check_tile(file, world.policy, damaged)) == "tile");
  CHECK(failure(check_tile(file, tlog::Policy::of_logs({}), none)) == "checkpoint");
}

}  // namespace
}  // namespace mc::proof
