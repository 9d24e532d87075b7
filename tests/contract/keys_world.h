// Servers with keyrings over one database, and tenants' key services in memory; for the tests of
// trust/keys.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "keys/keyring.h"
#include "sim/memory_provider.h"
#include "sim/sim.h"

namespace mc::keys {

inline const TenantId kAlpha("alpha"), kBravo("bravo");

// The database that servers share, with two tenants.
struct Database {
  sim::SimClock clock;
  sim::SimRandom random{11};
  std::unique_ptr<sql::Connection> connection = *sql::sqlite_driver()->open("sqlite::memory:", {});
  std::mutex mutex;
  Store store{[this](const std::function<Status(sql::Connection&)>& use) {
    const std::lock_guard lock(mutex);
    return use(*connection);
  }};
  std::map<TenantId, std::shared_ptr<sim::MemoryProvider>> services;

  Database() {
    REQUIRE(sql::migrate(*connection, sql::built_in_migrations(), clock).has_value());
    for (const TenantId& each : {kAlpha, kBravo}) {
      REQUIRE(connection
                  ->execute("INSERT INTO tenant (tenant_id, region, plan, retention_tier, "
                            "licence_class, state, created_at, version) VALUES (?1, 'eu', 'pro', "
                            "'standard-365d', 'MIT-OK', 'active', 0, 1)",
                            {each.get()})
                  .has_value());
      services[each] = std::make_shared<sim::MemoryProvider>(clock, nullptr, each.get());
      Binding binding;
      binding.tenant = each;
      binding.provider = "memory";
      binding.uri = services[each]->uri();
      binding.bound = binding.last_rotated = whole_ms(clock.wall());
      REQUIRE(store.insert(binding).has_value());
    }
  }
  sim::MemoryProvider& service(const TenantId& tenant = kAlpha) { return *services[tenant]; }
};

// Lends a service that outlives the one who binds it.
class Lent final : public kms::Provider {
 public:
  explicit Lent(std::shared_ptr<sim::MemoryProvider> inner) : inner_(std::move(inner)) {}
  std::string_view kind() const override { return inner_->kind(); }
  const std::string& uri() const override { return inner_->uri(); }
  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context& context,
                            MonoTime deadline) override {
    return inner_->wrap(secret, context, deadline);
  }
  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context& context,
                        MonoTime deadline) override {
    return inner_->unwrap(wrapped, context, deadline);
  }
  Result<kms::Description> describe(MonoTime deadline) override {
    return inner_->describe(deadline);
  }
  Result<std::string> rotate(MonoTime deadline) override { return inner_->rotate(deadline); }
  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    return inner_->destroy(version, deadline);
  }

 private:
  const std::shared_ptr<sim::MemoryProvider> inner_;
};

struct Server {
  explicit Server(Database& database, Limits limits = {})
      : database(database),
        ring({.store = database.store,
              .arena = *arena,
              .clock = database.clock,
              .random = database.random,
              .bind = [this](const Binding& binding) -> Result<std::unique_ptr<kms::Provider>> {
                return std::make_unique<Lent>(this->database.services.at(binding.tenant));
              },
              .changed =
                  [this](const Binding& binding, const Change& change) {
                    told.push_back(binding.tenant.get() + ": " + std::string(name_of(change.from)) +
                                   " to " + std::string(name_of(change.to)));
                  }},
             limits) {
    REQUIRE(ring.poll().has_value());
  }
  // As a server does it each second.
  void second() {
    database.clock.advance(seconds(1));
    REQUIRE(ring.poll().has_value());
    for (const TenantId& each : ring.due()) ring.probe(each);
    ring.tick();
  }
  DataKeyPtr must(const Result<DataKeyPtr>& key) {
    REQUIRE_MESSAGE(key.has_value(), key.error().what);
    return *key;
  }
  State state(const TenantId& tenant = kAlpha) { return ring.binding(tenant)->standing.state; }

  Database& database;
  std::unique_ptr<cipher::KeyArena> arena = *cipher::KeyArena::make(1'000);
  std::vector<std::string> told;
  Keyring ring;
};

// A server whose tenants' keys are in use.
struct Ready {
  Database database;
  Server server{database};
  Ready() {
    REQUIRE(server.ring.renew_branch(kAlpha).has_value());
    REQUIRE(server.ring.renew_branch(kBravo).has_value());
    server.told.clear();
  }
};

}  // namespace mc::keys
