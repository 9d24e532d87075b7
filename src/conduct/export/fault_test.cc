// Exports over disks that fail, databases that fail, and servers that end at any moment.
#include <doctest/doctest.h>

#include "contract/export_world.h"
#include "export/export.h"
#include "proof/proof.h"

namespace mc::exporting {
namespace {

using Fault = sim::SimFiles::Fault;

// Whatever happened: what can be had is whole and verifies, and has its record.
void check_whole(ExportWorld& world, const std::string& id) {
  const Run run = world.now(id).run;
  CAPTURE(run.reason);
  if (run.state != State::ready) {
    CHECK((run.state == State::failed || run.state == State::running));
    for (const std::string_view name : {kTableFile, kReleaseFile, kBundleFile}) {
      CHECK(world.file(id, name).empty());
    }
    return;
  }
  const std::string table = world.file(id, kTableFile);
  recheck::Recheck recheck({.manifest = world.file(id, kReleaseFile)});
  recheck.add(table);
  CHECK(recheck.report().verified());
  const auto bundle = proof::parse_bundle(world.file(id, kBundleFile));
  REQUIRE(bundle);
  const proof::TrustedRoot root = world.signed_.signing->trust();
  CHECK(proof::check_bundle({.bundle = *bundle,
                             .root = root,
                             .artifact = {table},
                             .key = world.signed_.signing->signer(),
                             .now = world.signed_.clock.wall()})
            .verified());
  const auto records = world.records();
  CHECK(std::count(records.begin(), records.end(), "export.ready") == 1);
}

TEST_CASE("faults: each write, sync and rename of the disk fails once, in both ways") {
  for (const Fault fault : {Fault::not_stored, Fault::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n <= 12; ++n) {
      CAPTURE(n);
      ExportWorld world(80);
      const std::string id = world.ask()->run.id;
      world.disk.fail_at(n, fault);
      world.work(80);
      CHECK(world.now(id).run.state == State::ready);
      check_whole(world, id);
    }
  }
}

TEST_CASE("faults: a full disk fails the export in the end, and leaves nothing of it to be had") {
  for (const std::size_t room : {std::size_t{0}, std::size_t{300}, std::size_t{3'000}}) {
    CAPTURE(room);
    ExportWorld world(80);
    const std::string id = world.ask()->run.id;
    std::size_t used = 0;
    for (const char* path : {"/etc/age.csv", "/etc/sex.csv", "/etc/zip.csv"}) {
      used += world.disk.bytes_of(path)->size();
    }
    world.disk.set_capacity(used + room);
    world.work(200);
    CHECK(world.now(id).run.state == State::failed);
    check_whole(world, id);
    // With room again the next one leaves; the first is held against nobody.
    world.disk.set_capacity(SIZE_MAX);
    const std::string next = world.ask()->run.id;
    world.work();
    CHECK(world.now(next).run.state == State::ready);
  }
}

TEST_CASE("faults: each statement of the state database fails once, in both ways") {
  using DatabaseFault = sim::FaultyConnection::Fault;
  for (const auto fault : {DatabaseFault::not_run, DatabaseFault::run_but_reported_failed}) {
    for (std::int64_t n = 1; n <= 40; ++n) {
      CAPTURE(n);
      ExportWorld world(80);
      const std::string id = world.ask()->run.id;
      world.faulty->fail_at(n, fault);
      world.work(120);
      CHECK(world.now(id).run.state == State::ready);
      check_whole(world, id);
    }
  }
}

TEST_CASE("faults: a server that ends after any step goes on at its next start") {
  for (int turns = 0; turns <= 6; ++turns) {
    CAPTURE(turns);
    ExportWorld world(80);
    const std::string id = world.ask()->run.id;
    for (int i = 0; i < turns; ++i) REQUIRE(world.worker->turn());
    world.disk.crash();
    world.open();  // the worker is gone without a word; its lease has to end
    world.signed_.clock.advance(world.settings.lease);
    world.work();
    CHECK(world.now(id).run.state == State::ready);
    check_whole(world, id);
  }
}

TEST_CASE("faults: a worker that was taken over for dead does not spoil what another does") {
  ExportWorld world(80);
  const std::string id = world.ask()->run.id;
  REQUIRE(world.worker->turn());
  Worker slow(*world.exports, "slow");
  world.signed_.clock.advance(world.settings.lease);
  REQUIRE(slow.turn());  // takes it over
  REQUIRE(world.worker->turn());
  for (int i = 0; i < 20; ++i) {
    REQUIRE(slow.turn());
    REQUIRE(world.worker->turn());
  }
  CHECK(world.now(id).run.state == State::ready);
  check_whole(world, id);
}

TEST_CASE("faults: files that a kill left behind an export's end go at the next start") {
  ExportWorld world(80);
  const std::string kept = world.ask()->run.id;
  world.work();
  const std::string id = world.ask()->run.id;
  REQUIRE(world.exports->steer(world.ada, world.ada.tenant, id, Steer::cancel));
  const std::string path = "/data/exports/alpha/" + id + "/table.csv";
  REQUIRE(world.disk.make_folders("/data/exports/alpha/" + id));
  world.write(path, "age\n33\n");
  world.open();
  world.work(2);
  CHECK(world.disk.bytes_of(path) == nullptr);
  CHECK_FALSE(world.file(kept, kTableFile).empty());
}

}  // namespace
}  // namespace mc::exporting
