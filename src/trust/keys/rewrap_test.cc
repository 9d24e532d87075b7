#include "keys/rewrap.h"

#include <doctest/doctest.h>

#include <thread>

#include "contract/keys_world.h"
#include "sim/faulty_sql.h"

namespace mc::keys {
namespace {

using envelope::Scope;
using envelope::ScopeKind;

std::vector<std::uint64_t> make_keys(Server& server, int count) {
  std::vector<std::uint64_t> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(server
                      .must(server.ring.current(
                          {kAlpha, ScopeKind::subject, "subject" + std::to_string(i), 0}))
                      ->id());
  }
  return out;
}

std::map<std::uint64_t, envelope::Commitment> commitments(Database& database,
                                                          const std::vector<std::uint64_t>& ids) {
  std::map<std::uint64_t, envelope::Commitment> out;
  Server cold(database);
  for (const std::uint64_t each : ids) {
    const Result<DataKeyPtr> key = cold.ring.find(kAlpha, each);
    REQUIRE_MESSAGE(key.has_value(), key.error().what);
    out.emplace(each, (*key)->commitment());
  }
  return out;
}

TEST_CASE("rewrap: every data key is the same after it, and the old branch key can go") {
  Ready ready;
  const std::vector<std::uint64_t> ids = make_keys(ready.server, 25);
  const auto before = commitments(ready.database, ids);
  REQUIRE(*ready.server.ring.renew_branch(kAlpha) == 2);
  CHECK(*retire_branches({ready.server.ring, ready.database.store, ready.database.random},
                         kAlpha) == std::vector<std::int64_t>{1});
  std::optional<std::uint64_t> after;
  std::int64_t changed = 0;
  for (;;) {
    const Result<Rewrapping> page = rewrap_page(
        {ready.server.ring, ready.database.store, ready.database.random}, kAlpha, after, 10);
    REQUIRE_MESSAGE(page.has_value(), page.error().what);
    changed += page->changed;
    if (after && page->after) {
      CHECK(static_cast<std::int64_t>(*page->after) >= static_cast<std::int64_t>(*after));
    }
    after = page->after;
    if (page->done) break;
  }
  CHECK(changed == 25);
  CHECK(retire_branches({ready.server.ring, ready.database.store, ready.database.random}, kAlpha)
            ->empty());
  CHECK(ready.database.store.branches(kAlpha)->size() == 1);
  CHECK(commitments(ready.database, ids) == before);
}

TEST_CASE("rewrap: whichever statement fails, it goes on from where it was and loses nothing") {
  for (const auto fault : {sim::FaultyConnection::Fault::not_run,
                           sim::FaultyConnection::Fault::run_but_reported_failed}) {
    for (std::int64_t at = 1; at < 40; ++at) {
      Ready ready;
      const std::vector<std::uint64_t> ids = make_keys(ready.server, 7);
      const auto before = commitments(ready.database, ids);
      REQUIRE(ready.server.ring.renew_branch(kAlpha).has_value());
      sim::FaultyConnection faulty(*ready.database.connection);
      Store store([&](const std::function<Status(sql::Connection&)>& use) { return use(faulty); });
      faulty.fail_at(at, fault);
      std::optional<std::uint64_t> after;
      bool failed = false;
      for (int turn = 0; turn < 20; ++turn) {
        const Result<Rewrapping> page =
            rewrap_page({ready.server.ring, store, ready.database.random}, kAlpha, after, 3);
        failed = failed || !page;
        if (!page) continue;  // from the same place
        after = page->after;
        if (page->done) break;
      }
      CHECK(commitments(ready.database, ids) == before);
      CHECK(*ready.database.store.references(kAlpha) ==
            std::map<std::int64_t, std::int64_t>{{2, 7}});
      if (!failed) break;  // it needs no more statements
    }
  }
}

TEST_CASE("rewrap: a server that has not heard of the new branch key makes none under the old") {
  Ready ready;
  Server late(ready.database);
  late.must(late.ring.current({kAlpha, ScopeKind::subject, "first", 0}));
  REQUIRE(ready.server.ring.renew_branch(kAlpha).has_value());
  CHECK(
      rewrap_page({ready.server.ring, ready.database.store, ready.database.random}, kAlpha, {}, 10)
          ->changed == 1);
  CHECK(retire_branches({ready.server.ring, ready.database.store, ready.database.random}, kAlpha)
            ->empty());
  const DataKeyPtr made = late.must(late.ring.current({kAlpha, ScopeKind::subject, "second", 0}));
  CHECK(ready.database.store.data_key(kAlpha, made->id())->key.branch == 2);
}

TEST_CASE("rewrap: several at once, beside readers, change each key once") {
  Ready ready;
  const std::vector<std::uint64_t> ids = make_keys(ready.server, 200);
  const auto before = commitments(ready.database, ids);
  REQUIRE(ready.server.ring.renew_branch(kAlpha).has_value());
  std::atomic<std::int64_t> changed = 0;
  std::atomic<bool> good = true, done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      sim::SimRandom random(static_cast<std::uint64_t>(100 + i));
      std::optional<std::uint64_t> after;
      for (;;) {
        const auto page =
            rewrap_page({ready.server.ring, ready.database.store, random}, kAlpha, after, 7);
        if (!page) good = false;
        if (!page) return;
        changed += page->changed;
        if (page->done) return;
        after = page->after;
      }
    });
  }
  std::thread reader([&] {
    Server cold(ready.database);
    while (!done) {
      for (const std::uint64_t each : ids) {
        if (!cold.ring.find(kAlpha, each)) good = false;
      }
    }
  });
  for (std::thread& each : threads) each.join();
  done = true;
  reader.join();
  CHECK(good);
  CHECK(changed == 200);
  CHECK(*ready.database.store.references(kAlpha) == std::map<std::int64_t, std::int64_t>{{2, 200}});
  CHECK(commitments(ready.database, ids) == before);
}

TEST_CASE("rewrap: a key that is suspended is not rewrapped") {
  Ready ready;
  make_keys(ready.server, 2);
  REQUIRE(ready.server.ring.renew_branch(kAlpha).has_value());
  REQUIRE(ready.server.ring.say(kAlpha, Seen::suspend, "").has_value());
  CHECK(
      rewrap_page({ready.server.ring, ready.database.store, ready.database.random}, kAlpha, {}, 10)
          .error()
          .code == Code::denied);
  CHECK(rewrap_page({ready.server.ring, ready.database.store, ready.database.random}, kAlpha, {}, 0)
            .error()
            .code == Code::invalid);
}

}  // namespace
}  // namespace mc::keys
