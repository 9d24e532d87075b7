// The whole ledger on a disk that fails or lies: no checkpoint is signed that does not continue
// those before it.
#include <doctest/doctest.h>

#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

using Fault = sim::SimFiles::Fault;

tlog::NoteSigner signer() {
  return *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))));
}

Entry entry(int i) {
  return {"audit/alpha", "access", "ben", "alpha", "read", "support", "", std::to_string(i), {}};
}

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  LedgerConfig config{.folder = "/data/ledger", .signed_head_file = "/other/head"};

  Result<std::unique_ptr<Ledger>> open() {
    return Ledger::open(config, {files, clock, random}, signer());
  }
};

// What somebody outside has seen: acknowledged records, and signed heads.
struct Seen {
  std::vector<Recorded> records;
  std::vector<tlog::TreeHead> heads;

  void see(const std::string& checkpoint) {
    const auto note = tlog::parse_note(checkpoint);
    REQUIRE(note.has_value());
    heads.push_back(tlog::parse_checkpoint(note->text)->head);
  }
  // Whether the ledger has it all, and its newest signed head continues every other.
  void check(const Ledger& ledger) {
    for (const Recorded& each : records) {
      const auto record = ledger.store().read("audit/alpha", each.seq);
      REQUIRE(record.has_value());
      CHECK(tlog::leaf_hash(record->leaf) == each.leaf_hash);
    }
    see(ledger.checkpoint());
    for (const tlog::TreeHead& head : heads) {
      REQUIRE(head.size <= heads.back().size);
      if (head.size == 0) continue;  // every history continues that
      CHECK(*ledger.store().root_at(kRootLog, head.size) == head.root);
    }
  }
};

void append(Ledger& ledger, int count, Seen& seen) {
  for (int i = 0; i < count; ++i) {
    if (const auto done = ledger.append(entry(i))) seen.records.push_back(*done);
    if (const auto checkpoint = ledger.publish()) seen.see(*checkpoint);
  }
}

TEST_CASE("ledger faults: whichever operation fails, nothing acknowledged or signed is lost") {
  for (const Fault fault : {Fault::not_stored, Fault::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n < 90; ++n) {
      CAPTURE(n);
      World world;
      world.config.segment_bytes = 2'048;
      Seen seen;
      world.files.fail_at(n, fault);
      if (auto ledger = world.open()) append(**ledger, 6, seen);
      world.files.crash();
      world.files.fail_at(1'000'000, fault);
      auto ledger = world.open();
      REQUIRE_MESSAGE(ledger.has_value(), ledger.error().what);
      seen.check(**ledger);
      append(**ledger, 2, seen);
      seen.check(**ledger);
    }
  }
}

// Segments, trees, mark and signed head, as a sound ledger leaves them.
std::map<std::string, std::string> sound_files(const std::vector<std::string>& paths, Seen& seen) {
  World world;
  {
    auto ledger = world.open();
    REQUIRE(ledger.has_value());
    append(**ledger, 3, seen);
  }
  std::map<std::string, std::string> out;
  for (const std::string& path : paths) {
    REQUIRE(world.files.bytes_of(path) != nullptr);
    out[path] = *world.files.bytes_of(path);
  }
  return out;
}

// Either the ledger is not opened, or what it signs continues what was signed.
std::uint64_t refused_with(const std::map<std::string, std::string>& files, const Seen& before) {
  World world;
  for (const auto& [path, bytes] : files) {
    REQUIRE(world.files.open_random_access(path).has_value());
    *world.files.bytes_of(path) = bytes;
  }
  auto ledger = world.open();
  if (!ledger) {
    CHECK(ledger.error().code == Code::corrupt);
    return 1;
  }
  Seen seen;
  seen.heads = before.heads;
  seen.see((*ledger)->checkpoint());
  for (const tlog::TreeHead& head : seen.heads) {
    CHECK(*(*ledger)->store().root_at(kRootLog, head.size) == head.root);
  }
  // A record whose bytes were changed is not shown as if it were the one; signing goes on from the
  // trees that were read back, or stops.
  Seen after;
  append(**ledger, 1, after);
  if (!after.heads.empty()) {
    const tlog::TreeHead& last = seen.heads.back();
    CHECK(*(*ledger)->store().root_at(kRootLog, last.size) == last.root);
  }
  return 0;
}

const std::vector<std::string> kFiles = {"/data/ledger/segments/00000000000000000000.batches",
                                         "/data/ledger/trees/0.nodes", "/data/ledger/trees/1.nodes",
                                         "/other/head"};

TEST_CASE("ledger faults: cut anywhere, a file is made whole again or the ledger is refused") {
  Seen seen;
  const auto files = sound_files(kFiles, seen);
  std::uint64_t refused = 0;
  for (const std::string& path : kFiles) {
    const std::string& whole = files.at(path);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      CAPTURE(path);
      CAPTURE(cut);
      auto changed = files;
      changed[path] = whole.substr(0, cut);
      refused += refused_with(changed, seen);
      if (path == "/other/head") cut += 63;
    }
  }
  // Every cut of the segment loses what was signed.
  CHECK(refused >= files.at(kFiles[0]).size());
}

TEST_CASE("ledger faults: no flipped bit of any file is signed over") {
  Seen seen;
  const auto files = sound_files(kFiles, seen);
  std::uint64_t refused = 0;
  for (const std::string& path : kFiles) {
    const std::string& whole = files.at(path);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      CAPTURE(path);
      CAPTURE(at);
      auto changed = files;
      changed[path][at] ^= static_cast<char>(1 << at % 8);
      refused += refused_with(changed, seen);
      if (path == "/other/head") at += 63;
    }
  }
  CHECK(refused > 0);
}

}  // namespace
}  // namespace mc::ledger
