#include "residency/probe.h"

#include <doctest/doctest.h>

#include "contract/residency_world.h"

namespace mc::residency {
namespace {

struct ProbeTest : ResidencyWorld {
  Regions regions{{}, "eu"};
  identity::Tenant alpha = tenant("alpha", "eu");

  static identity::Tenant tenant(const std::string& id, const std::string& region) {
    identity::Tenant out;
    out.id = TenantId(id);
    out.region = region;
    return out;
  }

  Probed run(const std::string& period = "2026-01-01T00Z") {
    return probe({signing.clock, signing.random, drivers, model, *writers}, regions, alpha, period);
  }
  static std::string text(TestServer& server, const std::string& sql) {
    const auto rows = server.database->query(sql, {});
    REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
    return *(*rows)->next() ? std::string((*rows)->text(0)) : "";
  }
};

TEST_CASE("residency: a sentinel is written where the tenant's rows are, and read back") {
  ProbeTest world;
  const Probed found = world.run();
  REQUIRE(found.sources.size() == 1);
  CHECK(found.sources.front() ==
        SourceCheck{"graph", "eu", "eu", "PostgreSQL 15.0", "ok", "ok", 0, 0});
  CHECK(found.violations.empty());
  CHECK(world.text(world.eu,
                   "SELECT tenant_id || ' ' || region || ' ' || period || ' ' || written_at "
                   "FROM mc_residency_probe") ==
        "alpha eu 2026-01-01T00Z 2026-01-01T00:00:00.000Z");
  CHECK(world.us.statements == 0);  // where it may not lie, nothing was even asked

  const std::string before = world.text(world.eu, "SELECT nonce FROM mc_residency_probe");
  CHECK(before.size() == 32);
  CHECK(world.run("2026-01-01T01Z").sources.front().read == "ok");
  CHECK(world.text(world.eu, "SELECT nonce FROM mc_residency_probe") != before);
  CHECK(world.text(world.eu, "SELECT CAST(count(*) AS TEXT) FROM mc_residency_probe") == "1");
}

TEST_CASE("residency: a source that is closed to the tenant gets no sentinel") {
  ProbeTest world;
  world.model.sources = {{"graph", "test:us", "us"}};
  world.open();
  const Probed found = world.run();
  REQUIRE(found.sources.size() == 1);
  CHECK(found.sources.front().write == "not-permitted");
  CHECK(found.sources.front().read == "not-permitted");
  CHECK(world.us.statements == 0);
}

TEST_CASE("residency: a failover to a standby of the region keeps it true") {
  ProbeTest world;
  CHECK(world.run().sources.front().write == "ok");
  world.eu.down = true;
  Probed found = world.run("2026-01-01T01Z");
  CHECK(found.sources.front().write == "unavailable");
  CHECK(found.sources.front().read == "unavailable");
  CHECK(found.violations.empty());  // nobody knows; nothing was seen
  world.servers["eu"] = &world.standby;
  found = world.run("2026-01-01T02Z");
  CHECK(found.sources.front().write == "ok");
  CHECK(found.sources.front().read == "ok");
  CHECK(world.text(world.standby, "SELECT period FROM mc_residency_probe") == "2026-01-01T02Z");
}

TEST_CASE("residency: a failover to a server of another region is a violation, and is refused") {
  ProbeTest world;
  CHECK(world.run().sources.front().write == "ok");
  world.standby.claim = "us";
  world.servers["eu"] = &world.standby;
  world.eu.down = true;
  const Probed found = world.run("2026-01-01T01Z");
  CHECK(found.sources.front().write == "wrong-region");
  CHECK(found.sources.front().read == "wrong-region");
  REQUIRE(found.violations.size() == 2);
  const Violation& first = found.violations.front();
  CHECK(first.code == "wrong-region");
  CHECK(first.action == "write");
  CHECK(first.source == "graph");
  CHECK(first.src == "eu");
  CHECK(first.dst == "us");
  CHECK(first.denied);
  CHECK(found.violations.back().action == "read");
  // Not even the table was made there.
  CHECK(world.text(world.standby, "SELECT CAST(count(*) AS TEXT) FROM sqlite_master") == "0");
}

TEST_CASE(
    "residency: a server that changes what it says is found out in the session that is open") {
  ProbeTest world;
  CHECK(world.run().sources.front().write == "ok");
  world.eu.claim = "us";
  const Probed found = world.run("2026-01-01T01Z");
  CHECK(found.sources.front().write == "wrong-region");
  CHECK(found.sources.front().claim == "us");
  CHECK(found.violations.size() == 2);
  CHECK(world.text(world.eu, "SELECT period FROM mc_residency_probe") == "2026-01-01T00Z");
}

TEST_CASE("residency: a server that says nothing of its region is taken as configured") {
  ProbeTest world;
  world.eu.claim = "";
  const Probed found = world.run();
  CHECK(found.sources.front().write == "ok");
  CHECK(found.sources.front().claim.empty());
  CHECK(found.violations.empty());
}

TEST_CASE("residency: two regions that are one database give each other away") {
  ProbeTest world;
  CHECK(world.run().violations.empty());
  world.us.claim = "";
  world.servers["us"] = &world.eu;
  world.eu.claim = "";
  world.alpha = ProbeTest::tenant("bravo", "us");
  world.regions = Regions({}, "us");
  const Probed found = world.run();
  CHECK(found.sources.front().read == "ok");
  REQUIRE(found.violations.size() == 1);
  CHECK(found.violations.front().code == "foreign-sentinel");
  CHECK(found.violations.front().dst == "eu");
  CHECK_FALSE(found.violations.front().denied);
}

TEST_CASE("residency: who may not make the table can be given it") {
  ProbeTest world;
  world.eu.refuses_tables = true;
  Probed found = world.run();
  CHECK(found.sources.front().write == "denied");
  CHECK(found.violations.empty());
  world.eu.refuses_tables = false;
  CHECK(world.run().sources.front().write == "ok");
  world.eu.refuses_tables = true;
  CHECK(world.run().sources.front().write == "ok");
}

TEST_CASE("residency: a read that brings back another sentinel is a mismatch") {
  ProbeTest world;
  // What a standby that lags behind, or another database, answers.
  CHECK(world.eu.database
            ->script("CREATE TABLE mc_residency_probe (tenant_id TEXT, region TEXT, period TEXT, "
                     "nonce TEXT, written_at TEXT, PRIMARY KEY (tenant_id, region));"
                     "CREATE TRIGGER late AFTER INSERT ON mc_residency_probe BEGIN UPDATE "
                     "mc_residency_probe SET nonce = 'old', period = 'old'; END;")
            .has_value());
  const Probed found = world.run();
  CHECK(found.sources.front().write == "ok");
  CHECK(found.sources.front().read == "mismatch");
}

TEST_CASE("residency: the sources of a tenant are those that sessions read") {
  dataset::Model model;
  model.sources = {{"graph", "test:eu", "eu"},
                   {"graph", "test:us", "us"},
                   {"plain", "test:eu", ""},
                   {"unused", "test:eu", "eu"}};
  model.datasets = {test_dataset("graph"), test_dataset("plain")};
  using Indices = std::vector<std::size_t>;
  CHECK(sources_of(model, "eu") == Indices{0, 2});
  CHECK(sources_of(model, "us") == Indices{1, 2});
  CHECK(sources_of(model, "local") == Indices{2});
}

}  // namespace
}  // namespace mc::residency
