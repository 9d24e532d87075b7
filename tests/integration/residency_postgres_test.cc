// Residency on PostgreSQL: three servers, and the one that takes writes is killed, twice
// (tests/e2e/residency/cluster.sh). One after the other takes its place; the last stands in another
// region.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "contract/residency_world.h"
#include "postgres/postgres.h"

namespace mc::residency {
namespace {

constexpr Nanos kWait = seconds(10);

struct Cluster {
  std::string url = sys::environment("MC_TEST_CLUSTER_URL");
  std::string third = sys::environment("MC_TEST_CLUSTER_THIRD");
  std::string failover = sys::environment("MC_TEST_CLUSTER_FAILOVER");
};

// The world of the unit tests, with real servers in the place of its own.
struct ClusterWorld : ResidencyWorld {
  explicit ClusterWorld(const Cluster& cluster) : ResidencyWorld({}, "eu-west-1") {
    drivers.add(postgres::postgres_driver());
    model.sources = {{"graph", cluster.url, "eu-west-1"}};
    add_tenant("bravo", "eu-west-1");
    open({}, "eu-west-1");
  }
  Summary prove() {
    signing.clock.advance(seconds(1));
    const auto made = residency->prove_now(TenantId("bravo"));
    REQUIRE_MESSAGE(made.has_value(), made.error().what);
    return *made;
  }
  json::Value source_of(const Summary& summary) {
    return document("bravo", summary.period).find("sources")->as_array()->front();
  }
};

Result<std::string> one_text(sql::Connection& connection, std::string_view sql) {
  MC_TRY(const auto rows, connection.query(sql, {}));
  MC_TRY(const bool there, rows->next());
  return there ? std::string(rows->text(0)) : "";
}

std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

TEST_CASE("residency: failovers on PostgreSQL: in the region it holds, out of it nothing goes") {
  const Cluster cluster;
  if (cluster.url.empty()) {
    std::printf("skipped, MC_TEST_CLUSTER_URL is unset: failovers on PostgreSQL\n");
    return;
  }
  ClusterWorld world(cluster);
  // What requests use, opened before and kept over both failovers.
  dataset::ConnectionSet connections(world.drivers, world.model, *world.writers);
  const auto write = [&](const std::string& row) -> Status {
    MC_TRY(const dataset::Writers::Lease writer, world.writers->borrow("graph", kWait));
    MC_TRY_OK(writer->execute("INSERT INTO kept VALUES (?1)", {row}));
    return ok();
  };
  const auto read = [&]() -> Result<std::string> {
    MC_TRY(sql::Connection * reader, connections.reader(0, kWait));
    return one_text(*reader, "SELECT string_agg(name, ' ' ORDER BY name) FROM kept");
  };
  {
    auto writer = world.writers->borrow("graph", kWait);
    REQUIRE_MESSAGE(writer.has_value(), writer.error().what);
    REQUIRE((*writer)->script("DROP TABLE IF EXISTS kept; CREATE TABLE kept (name TEXT)"));
  }
  REQUIRE(write("a"));
  CHECK(read() == Result<std::string>("a"));
  Summary proof = world.prove();
  CHECK(proof.ok);
  CHECK(text_in(world.source_of(proof), "claim") == "eu-west-1");

  REQUIRE(std::system(cluster.failover.c_str()) == 0);
  proof = world.prove();
  CHECK(proof.ok);
  CHECK(proof.violations == 0);
  CHECK(text_in(world.source_of(proof), "write") == "ok");
  // No request had to fail first: its connections were idle when their server went.
  CHECK(read() == Result<std::string>("a"));
  CHECK(write("b").has_value());
  CHECK(read() == Result<std::string>("a b"));
  const std::string last = proof.period;

  REQUIRE(std::system(cluster.failover.c_str()) == 0);
  const auto refused = read();
  REQUIRE_FALSE(refused);
  CHECK(sql::wrong_region(refused.error()) == "us-east-1");
  CHECK(sql::wrong_region(write("c").error()) == "us-east-1");
  proof = world.prove();
  CHECK_FALSE(proof.ok);
  CHECK(proof.violations == 2);
  CHECK(text_in(world.source_of(proof), "write") == "wrong-region");
  CHECK(text_in(world.source_of(proof), "read") == "wrong-region");
  const auto records = world.records("bravo");
  std::size_t denied = 0;
  for (const auto& record : records) denied += record.header.type == "denied" ? 1 : 0;
  CHECK(denied == 2);

  // Seen there: it takes writes, and none of ours came.
  const auto third = postgres::postgres_driver()->open(cluster.third, {});
  REQUIRE(third);
  CHECK(one_text(**third, "SELECT pg_is_in_recovery()::text") == Result<std::string>("false"));
  CHECK(one_text(**third, "SELECT string_agg(name, ' ' ORDER BY name) FROM kept")
            .value_or("")
            .find('c') == std::string::npos);
  CHECK(one_text(**third, "SELECT max(period) FROM mc_residency_probe").value_or("") <= last);
}

}  // namespace
}  // namespace mc::residency
