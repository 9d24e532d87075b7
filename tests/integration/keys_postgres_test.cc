// The tables of customer-managed keys on PostgreSQL. Needs MC_TEST_POSTGRES_URL
// (tests/e2e/postgres.sh).
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "contract/keys_store_contract.h"
#include "keys/keys.h"
#include "postgres/postgres.h"
#include "sim/sim.h"

namespace mc::keys {
namespace {

std::string server() {
  std::string url = sys::environment("MC_TEST_POSTGRES_URL");
  if (url.empty()) std::printf("skipped, MC_TEST_POSTGRES_URL is unset: the tables of keys\n");
  return url;
}

// The URL of an empty schema of its own.
std::string schema_of(const std::string& url) {
  static int number = 0;
  const std::string schema = "mc_keys_" + std::to_string(++number);
  const auto connection = postgres::postgres_driver()->open(url, {});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  REQUIRE((*connection)
              ->script("DROP SCHEMA IF EXISTS " + schema + " CASCADE; CREATE SCHEMA " + schema)
              .has_value());
  return url + (url.find('?') == std::string::npos ? "?" : "&") + "options=-csearch_path%3D" +
         schema;
}
std::unique_ptr<sql::Connection> connect(const std::string& url) {
  auto out = postgres::postgres_driver()->open(url, {});
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return std::move(*out);
}
Store store_on(sql::Connection& connection) {
  return Store([&](const std::function<Status(sql::Connection&)>& use) { return use(connection); });
}

TEST_CASE("postgres keys: the tables do what the contract says") {
  const std::string url = server();
  if (!url.empty()) contract::run_store_cases([&] { return connect(schema_of(url)); });
}

// One server makes data keys while the other one retires the branch key and removes it.
TEST_CASE("postgres keys: no data key is left under a branch key that is gone") {
  const std::string url = server();
  if (url.empty()) return;
  const std::string own = schema_of(url);
  const auto first = connect(own), second = connect(own);
  sim::SimClock clock;
  REQUIRE(sql::migrate(*first, sql::built_in_migrations(), clock).has_value());
  REQUIRE(first
              ->execute("INSERT INTO tenant (tenant_id, region, plan, retention_tier, "
                        "licence_class, state, created_at, version) VALUES ('alpha', 'eu', 'pro', "
                        "'standard-365d', 'MIT-OK', 'active', 0, 1)",
                        {})
              .has_value());
  const TenantId alpha("alpha");
  Store makes = store_on(*first), retires = store_on(*second);
  Binding binding;
  binding.tenant = alpha;
  binding.provider = "memory";
  binding.uri = "memory:x";
  REQUIRE(makes.insert(binding).has_value());
  std::uint64_t next = 1;
  for (std::int64_t version = 1; version <= 40; ++version) {
    StoredBranch branch;
    branch.version = version;
    branch.uri = binding.uri;
    branch.wrapped = {"wrapped", "1"};
    REQUIRE(makes.add(alpha, branch).has_value());
    std::atomic<bool> go = false;
    std::thread maker([&] {
      while (!go) std::this_thread::yield();
      for (int i = 0; i < 10; ++i) {
        StoredDataKey key;
        key.key.id = next++;
        key.key.scope = {alpha, envelope::ScopeKind::subject, std::to_string(key.key.id), 0};
        key.key.branch = version;
        key.key.wrapped = std::string(60, 'w');
        static_cast<void>(makes.add(key));  // refused once the branch key is retired
      }
    });
    go = true;
    CHECK(retires.retire_branch(alpha, version).has_value());
    const Status removed = retires.remove_branch(alpha, version);
    maker.join();
    const auto references = retires.references(alpha);
    REQUIRE(references.has_value());
    CHECK(removed.has_value() != references->contains(version));
  }
}

}  // namespace
}  // namespace mc::keys
