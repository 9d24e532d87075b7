#include "keys/keyring.h"

#include <doctest/doctest.h>

#include <thread>

#include "contract/keys_world.h"

namespace mc::keys {
namespace {

using envelope::Scope;
using envelope::ScopeKind;

const Scope kVisits{kAlpha, ScopeKind::dataset, "visit", 0};

TEST_CASE("keyring: a key that was bound serves once its service has wrapped and opened") {
  Database database;
  Server server(database);
  CHECK(server.ring.has_key(kAlpha));
  CHECK_FALSE(server.ring.has_key(TenantId("cosmos")));
  CHECK(server.ring.current(kVisits).error().what.starts_with("cmk_pending: "));
  CHECK(server.ring.current(kVisits).error().code == Code::denied);
  database.service().with([](auto& all) { all.outage = true; });
  CHECK(server.ring.renew_branch(kAlpha).error().code == Code::unavailable);
  CHECK(server.state() == State::pending);
  database.service().with([](auto& all) { all.outage = false; });
  CHECK(*server.ring.renew_branch(kAlpha) == 1);
  CHECK(server.told == std::vector<std::string>{"alpha: pending to active"});
  CHECK(server.ring.binding(kAlpha)->branch == 1);
  const DataKeyPtr key = server.must(server.ring.current(kVisits));
  CHECK(server.must(server.ring.current(kVisits)) == key);
  CHECK(server.must(server.ring.find(kAlpha, key->id())) == key);
  CHECK(server.ring.find(kAlpha, key->id() + 1).error().code == Code::not_found);
}

TEST_CASE("keyring: no tenant finds a key by another one's name") {
  Ready ready;
  const DataKeyPtr key = ready.server.must(ready.server.ring.current(kVisits));
  CHECK(ready.server.ring.find(kBravo, key->id()).error().code == Code::not_found);
  // Nor when a row is copied in the database.
  REQUIRE(ready.database.connection
              ->execute("INSERT INTO cmk_data_key SELECT 'bravo', key_id, kind, name, epoch, "
                        "branch, wrapped, commitment, state, made_at FROM cmk_data_key",
                        {})
              .has_value());
  CHECK(ready.server.ring.find(kBravo, key->id()).error().code == Code::corrupt);
  CHECK(ready.server.must(ready.server.ring.find(kAlpha, key->id())) == key);
}

TEST_CASE("keyring: another server finds the same key with one call of the service") {
  Ready ready;
  const DataKeyPtr key = ready.server.must(ready.server.ring.current(kVisits));
  Server other(ready.database);
  const std::int64_t before = ready.database.service().calls().all();
  const DataKeyPtr same = other.must(other.ring.find(kAlpha, key->id()));
  CHECK(same->commitment() == key->commitment());
  CHECK(other.must(other.ring.current(kVisits))->id() == key->id());
  for (const char* const name : {"a", "b", "c"}) {
    other.must(other.ring.current({kAlpha, ScopeKind::dataset, name, 0}));
  }
  CHECK(ready.database.service().calls().all() == before + 1);
}

TEST_CASE("keyring: a thousand readers of a cold tenant make one call") {
  Ready ready;
  const std::uint64_t id = ready.server.must(ready.server.ring.current(kVisits))->id();
  Server cold(ready.database);
  const std::int64_t before = ready.database.service().calls().all();
  constexpr int kThreads = 20, kEach = 50;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kEach; ++j) good += cold.ring.find(kAlpha, id).has_value() ? 1 : 0;
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(good == kThreads * kEach);
  CHECK(ready.database.service().calls().all() == before + 1);
}

TEST_CASE("keyring: a no of the service is heard within a probe, on every server") {
  Ready ready;
  Server other(ready.database);
  const std::uint64_t id = ready.server.must(ready.server.ring.current(kVisits))->id();
  other.must(other.ring.find(kAlpha, id));
  ready.database.service().with([](auto& all) { all.state = kms::KeyState::disabled; });
  int took = 0;
  while (ready.server.ring.find(kAlpha, id).has_value() ||
         other.ring.find(kAlpha, id).has_value()) {
    REQUIRE(took < 30);
    ++took;
    ready.server.second();
    REQUIRE(other.ring.poll().has_value());  // it hears of it from the first one
  }
  CHECK(took <= 15);
  CHECK(ready.server.ring.find(kAlpha, id).error().what.starts_with("cmk_suspended: "));
  CHECK(other.ring.find(kAlpha, id).error().code == Code::denied);
  CHECK(other.ring.kept().data_keys == 0);
  CHECK(ready.server.told == std::vector<std::string>{"alpha: active to suspended"});
  // And is over when the service opens again.
  ready.database.service().with([](auto& all) { all.state = kms::KeyState::enabled; });
  for (int i = 0; i < 15; ++i) ready.server.second();
  REQUIRE(other.ring.poll().has_value());
  CHECK(ready.server.ring.find(kAlpha, id).has_value());
  CHECK(other.ring.find(kAlpha, id).has_value());
}

TEST_CASE("keyring: the tenant's own word holds on every server at its next look") {
  Ready ready;
  Server other(ready.database);
  const std::uint64_t id = ready.server.must(ready.server.ring.current(kVisits))->id();
  other.must(other.ring.find(kAlpha, id));
  REQUIRE(ready.server.ring.say(kAlpha, Seen::suspend, "we leave").has_value());
  CHECK(ready.server.ring.find(kAlpha, id).error().code == Code::denied);
  other.second();
  CHECK(other.ring.find(kAlpha, id).error().what.starts_with("cmk_suspended: "));
  for (int i = 0; i < 60; ++i) other.second();  // no answer of the service opens it again
  CHECK(other.ring.find(kAlpha, id).error().code == Code::denied);
  REQUIRE(other.ring.say(kAlpha, Seen::resume, "").has_value());
  CHECK(other.ring.find(kAlpha, id).has_value());
  ready.server.second();
  CHECK(ready.server.ring.find(kAlpha, id).has_value());
  CHECK(ready.server.ring.current({kBravo, ScopeKind::dataset, "visit", 0}).has_value());
}

TEST_CASE("keyring: an outage is served from what is kept, to the second, and no longer") {
  Ready ready;
  Server& server = ready.server;
  const std::uint64_t id = server.must(server.ring.current(kVisits))->id();
  ready.database.service().with([](auto& all) { all.outage = true; });
  const WallTime good = server.ring.binding(kAlpha)->standing.good.wall;
  while (server.state() != State::degraded) server.second();
  CHECK(server.ring.find(kAlpha, id).has_value());
  // What is not kept cannot be had, and nothing new is made without the service.
  while (server.ring.find(kAlpha, id).has_value()) server.second();
  CHECK(ready.database.clock.wall() - good >= kGraceDefault);
  CHECK(ready.database.clock.wall() - good <= kGraceDefault + seconds(1));
  CHECK(server.ring.find(kAlpha, id).error().code == Code::unavailable);
  CHECK(server.ring.find(kAlpha, id).error().what.starts_with("cmk_unavailable: "));
  CHECK(server.ring.find(kAlpha, id).error().retry_after_s.has_value());
  CHECK(server.ring.kept().data_keys == 0);
  ready.database.service().with([](auto& all) { all.outage = false; });
  for (int i = 0; i < 15; ++i) server.second();
  CHECK(server.ring.find(kAlpha, id).has_value());
  CHECK(server.told == std::vector<std::string>{"alpha: active to degraded",
                                                "alpha: degraded to locked",
                                                "alpha: locked to active"});
}

TEST_CASE("keyring: a service that gives another's key, or a broken one, serves nobody") {
  for (const bool other_tenants : {true, false}) {
    Ready ready;
    const std::uint64_t id = ready.server.must(ready.server.ring.current(kVisits))->id();
    Server cold(ready.database);
    ready.database.service().with([&](auto& all) {
      if (other_tenants) all.plaintext = std::string(64, 'x');
      all.corrupts = !other_tenants;
    });
    CHECK(cold.ring.find(kAlpha, id).error().code == Code::unavailable);
    CHECK(cold.state() == State::degraded);
    CHECK(cold.ring.current(kVisits).error().code == Code::unavailable);
    CHECK(cold.ring.kept().data_keys == 0);
  }
}

TEST_CASE("keyring: while a key is in use it does not expire under its readers") {
  Ready ready;
  Server& server = ready.server;
  const std::uint64_t id = server.must(server.ring.current(kVisits))->id();
  for (int i = 0; i < 3'600; ++i) {
    server.second();
    const std::int64_t before = ready.database.service().calls().all();
    REQUIRE(server.ring.find(kAlpha, id).has_value());
    CHECK(ready.database.service().calls().all() == before);  // no reader waits for the service
  }
  CHECK(ready.database.service().calls().all() < 3'600 / 15 + 10);
}

TEST_CASE("keyring: a key that nobody uses is forgotten, and its service left alone") {
  Ready ready;
  Server& server = ready.server;
  server.must(server.ring.current(kVisits));
  for (int i = 0; i < 2'000; ++i) server.second();
  CHECK(server.ring.kept().data_keys == 0);
  const std::int64_t before = ready.database.service().calls().all();
  for (int i = 0; i < 100; ++i) server.second();
  CHECK(ready.database.service().calls().all() == before);
}

TEST_CASE("keyring: a new branch key wraps what is made from then on, and the old one opens") {
  Ready ready;
  Server& server = ready.server;
  const std::uint64_t old = server.must(server.ring.current(kVisits))->id();
  CHECK(*server.ring.renew_branch(kAlpha) == 2);
  const DataKeyPtr made = server.must(server.ring.current({kAlpha, ScopeKind::object, "x", 0}));
  CHECK(ready.database.store.data_key(kAlpha, made->id())->key.branch == 2);
  CHECK(ready.database.store.data_key(kAlpha, old)->key.branch == 1);
  Server cold(ready.database);
  CHECK(cold.ring.find(kAlpha, old).has_value());
  CHECK(cold.ring.find(kAlpha, made->id()).has_value());
  CHECK(*ready.database.store.references(kAlpha) ==
        std::map<std::int64_t, std::int64_t>{{1, 1}, {2, 1}});
}

TEST_CASE("keyring: as many keys are kept as may be, those that were used last") {
  Database database;
  Limits limits;
  limits.data_keys_max = 3;
  Server server(database, limits);
  REQUIRE(server.ring.renew_branch(kAlpha).has_value());
  std::vector<std::uint64_t> ids;
  for (const char* const name : {"a", "b", "c", "d", "e"}) {
    ids.push_back(server.must(server.ring.current({kAlpha, ScopeKind::dataset, name, 0}))->id());
    database.clock.advance(millis(1));
  }
  server.ring.tick();
  CHECK(server.ring.kept().data_keys == 3);
  const std::int64_t opened = server.ring.kept().opened;
  for (std::size_t i = 2; i < 5; ++i) server.must(server.ring.find(kAlpha, ids[i]));
  CHECK(server.ring.kept().opened == opened);
  server.must(server.ring.find(kAlpha, ids[0]));
  CHECK(server.ring.kept().opened == opened + 1);
}

}  // namespace
}  // namespace mc::keys
