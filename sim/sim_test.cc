#include "sim/sim.h"

#include <doctest/doctest.h>

namespace mc::sim {
namespace {

TEST_CASE("sim clock: moves only when told, and wall time alone may jump") {
  SimClock clock;
  const MonoTime start = clock.mono();
  CHECK(format_rfc3339(clock.wall()) == "2026-01-01T00:00:00.000Z");
  clock.advance(seconds(5));
  clock.jump_wall(seconds(-60));
  CHECK((clock.mono() - start) == seconds(5));
  CHECK(format_rfc3339(clock.wall()) == "2025-12-31T23:59:05.000Z");
}

TEST_CASE("sim random: the same seed gives the same bytes") {
  SimRandom a(7), b(7), c(8);
  CHECK(a.next_u64() == b.next_u64());
  CHECK(a.next_u64() != c.next_u64());
}

TEST_CASE("sim files: a crash keeps only what was synced") {
  SimFiles disk;
  {
    auto file = *disk.open("/d/a", sys::OpenMode::append);
    REQUIRE(file->write("durable").has_value());
    REQUIRE(file->sync().has_value());
    REQUIRE(file->write(" lost").has_value());
  }
  CHECK(disk.read_all("/d/a") == "durable lost");
  disk.crash();
  CHECK(disk.read_all("/d/a") == "durable");
}

TEST_CASE("sim files: an atomic write leaves the old or the new bytes at every fault") {
  for (const auto fault :
       {SimFiles::Fault::not_stored, SimFiles::Fault::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n <= 4; ++n) {
      SimFiles disk;
      REQUIRE(disk.write_atomic("/d/a", "old").has_value());
      disk.fail_at(n, fault);
      const bool done = disk.write_atomic("/d/a", "new").has_value();
      CHECK(done == (n == 4));  // write, sync, rename: the fourth operation never happens
      disk.crash();
      const std::string bytes = *disk.read_all("/d/a");
      CHECK((bytes == "old" || bytes == "new"));
      if (done) CHECK(bytes == "new");
    }
  }
}

TEST_CASE("sim files: a full disk refuses and stores nothing") {
  SimFiles disk;
  disk.set_capacity(4);
  auto file = *disk.open("/a", sys::OpenMode::append);
  CHECK(file->write("1234").has_value());
  CHECK(file->write("5").error().code == Code::unavailable);
  CHECK(disk.read_all("/a") == "1234");
}

}  // namespace
}  // namespace mc::sim
