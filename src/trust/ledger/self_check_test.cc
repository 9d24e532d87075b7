#include "ledger/self_check.h"

#include <doctest/doctest.h>

#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

const std::string kFolder = "/data/ledger";

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<Ledger> ledger;

  World() {
    auto opened = Ledger::open(
        {.folder = kFolder, .signed_head_file = "/other/head", .segment_bytes = 4'096},
        {files, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                *crypto::SigningKey::ed25519(Secret(std::string(32, 's')))));
    REQUIRE(opened.has_value());
    ledger = std::move(*opened);
  }
  void record(int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(ledger->append({"audit/alpha",
                              "access",
                              "ben",
                              "alpha",
                              "read",
                              "support",
                              "",
                              "payload " + std::to_string(i),
                              {}}));
    }
  }
};

TEST_CASE("self-check: it reads in steps to the end, then follows") {
  World world;
  SelfCheck check(world.files, kFolder, *world.ledger);
  CHECK(check.step(1));  // nothing is there yet
  world.record(40);
  int steps = 0;
  do {
    const Status done = check.step(3'000);
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
    ++steps;
  } while (check.progress().behind > 0);
  CHECK(steps > 5);
  CHECK(check.progress().records == 40);
  world.record(2);
  CHECK(check.step(1 << 20));
  CHECK(check.progress().records == 42);
  CHECK(check.progress().behind == 0);
  const auto passes = check.progress().passes;
  check.restart();
  CHECK(check.step(1 << 20));
  CHECK(check.progress().records == 42);
  CHECK(check.progress().passes == passes + 1);
}

TEST_CASE("self-check: an erasure is no damage") {
  World world;
  world.record(10);
  REQUIRE(world.ledger->redact("audit/alpha", 3, {"", "", "ada", "alpha", "", "law", "", "", {}}));
  SelfCheck check(world.files, kFolder, *world.ledger);
  CHECK(check.step(1 << 20));
  CHECK(check.progress().behind == 0);
}

TEST_CASE("self-check: each flipped bit of a batch is found") {
  World world;
  world.record(6);
  std::string& bytes = *world.files.bytes_of(kFolder + "/segments/00000000000000000000.batches");
  const std::size_t size = bytes.size();
  for (std::size_t at = 0; at < size; ++at) {
    CAPTURE(at);
    bytes[at] ^= static_cast<char>(1 << at % 8);
    SelfCheck check(world.files, kFolder, *world.ledger);
    const Status done = check.step(1 << 20);
    REQUIRE(!done.has_value());
    CHECK(done.error().code == Code::corrupt);
    CHECK(!check.step(1 << 20).has_value());  // and again
    bytes[at] ^= static_cast<char>(1 << at % 8);
  }
  SelfCheck check(world.files, kFolder, *world.ledger);
  CHECK(check.step(1 << 20));
}

}  // namespace
}  // namespace mc::ledger
