#include "residency/tried.h"

#include <doctest/doctest.h>

#include "contract/residency_world.h"

namespace mc::residency {
namespace {

std::vector<Tried> tried_in(ResidencyWorld& world) {
  std::vector<Tried> out;
  for (const auto& record : world.records("alpha")) {
    if (auto tried = read_tried(record)) out.push_back(std::move(*tried));
  }
  return out;
}

TEST_CASE("residency: an attempt is read back from its record as it was") {
  ResidencyWorld world;
  world.settle();  // its proof is a record too, and no attempt
  world.residency->attempt({TenantId("alpha"), "ada@alpha", "read", "fraud-risk", "graph", "eu",
                            "us", "cross-region", "req_7", "person"});
  const std::vector<Tried> all = tried_in(world);
  REQUIRE(all.size() == 1);
  const Tried& one = all.front();
  CHECK(one.record == 1);
  CHECK(one.denied);
  CHECK_FALSE(one.erased);
  CHECK(one.actor == "ada@alpha");
  CHECK(one.purpose == "fraud-risk");
  CHECK(one.code == "cross-region");
  CHECK(one.action == "read");
  CHECK(one.dataset == "person");
  CHECK(one.source == "graph");
  CHECK(one.src == "eu");
  CHECK(one.dst == "us");
  CHECK(one.count == 1);
  CHECK(one.period.empty());
  CHECK(one.request_id == "req_7");
}

TEST_CASE("residency: what a probe found is told from what it was denied") {
  ResidencyWorld world;
  world.settle();
  world.servers["eu"] = &world.us;  // which says that it is elsewhere
  world.signing.clock.advance(seconds(3'600));
  world.settle();
  std::vector<Tried> all = tried_in(world);
  REQUIRE(all.size() == 2);
  for (const Tried& each : all) {
    CHECK(each.denied);
    CHECK(each.code == "wrong-region");
    CHECK(each.actor == "residency@system");
    CHECK(each.dst == "us");
    CHECK(each.period == "2026-01-01T00Z");
    CHECK(each.dataset.empty());
  }
  CHECK(all[0].action == "write");
  CHECK(all[1].action == "read");

  world.servers["eu"] = &world.eu;
  REQUIRE(world.eu.database->execute(
      "INSERT INTO mc_residency_probe VALUES ('alpha', 'us', 'p', 'n', 't')", {}));
  world.signing.clock.advance(seconds(3'600));
  world.settle();
  all = tried_in(world);
  REQUIRE(all.size() == 3);
  CHECK_FALSE(all.back().denied);
  CHECK(all.back().code == "foreign-sentinel");
}

TEST_CASE("residency: of an erased record nothing is left but that it was") {
  ResidencyWorld world;
  world.residency->attempt(
      {TenantId("alpha"), "ada@alpha", "read", "", "graph", "eu", "us", "cross-region", "req_7"});
  transparency::ReadableRecord record = world.records("alpha").front();
  record.erased = true;
  record.payload = json::Value();
  const auto tried = read_tried(record);
  REQUIRE(tried);
  CHECK(tried->erased);
  CHECK(tried->actor == "ada@alpha");
  CHECK(tried->code.empty());
  CHECK(tried->dst.empty());
  CHECK_FALSE(tried->count);
}

TEST_CASE("residency: records of other things are none") {
  transparency::ReadableRecord record;
  record.payload = *json::parse(R"({"reason":"no-warrant"})");
  record.header.action = "GET /v1/tenants/{tenant}/tokens";
  for (const char* type : {"denied", "access", "residency", "change"}) {
    record.header.type = type;
    CHECK_FALSE(read_tried(record));
  }
  record.header.action = "residency probe";
  record.header.type = "residency";
  CHECK_FALSE(read_tried(record));
}

}  // namespace
}  // namespace mc::residency
