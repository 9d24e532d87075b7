#include "search/search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>

#include "sim/sim.h"

namespace mc::search {
namespace {

using Numbers = std::vector<std::uint64_t>;

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger = open("/data/ledger");
  std::string path = "/tmp/mc_search_" + sys::make_id("tst", clock, random) + ".db";
  std::unique_ptr<sql::Driver> driver = sql::sqlite_driver();

  ~World() { std::remove(path.c_str()); }
  std::unique_ptr<ledger::Ledger> open(const std::string& folder) {
    auto opened = ledger::Ledger::open(
        {.folder = folder, .signed_head_file = folder + ".head"}, {files, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                *crypto::SigningKey::ed25519(Secret(std::string(32, 's')))));
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  std::unique_ptr<Index> index() {
    auto connection = driver->open("sqlite:" + path, {});
    REQUIRE(connection.has_value());
    auto out = Index::open(std::move(*connection), ledger->store());
    REQUIRE_MESSAGE(out.has_value(), out.error().what);
    return std::move(*out);
  }
  // With a payload that says why.
  void reasoned(const std::string& type, const std::string& reason) {
    const std::string payload = R"({"object":"/v1","reason":")" + reason + "\"}";
    REQUIRE(ledger->append(
        {"audit/alpha", type, "otto@system", "alpha", "GET /v1", "support", "", payload, {}}));
  }
  void erase(std::uint64_t seq) {
    REQUIRE(ledger->redact(
        "audit/alpha", seq,
        {"", "", "ada@alpha", "alpha", "", "erasure", "", R"({"reason":"no-warrant"})", {}}));
  }
  void record(const std::string& actor, const std::string& action, const std::string& warrant = "",
              const std::string& tenant = "alpha") {
    clock.advance(seconds(1));
    REQUIRE(ledger->append({"audit/" + tenant,
                            "access",
                            actor,
                            tenant,
                            action,
                            "support",
                            warrant,
                            "secret payload",
                            {}}));
  }
};

Numbers found(Index& index, const Query& query, const std::string& log = "audit/alpha") {
  const auto out = index.find(log, query);
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return out->records;
}

TEST_CASE("search: records are found by each of the texts, newest first") {
  World world;
  world.record("otto@system", "GET /v1/tokens", "TKT-1");
  world.record("mara@system", "GET /v1/people");
  world.record("otto@system", "GET /v1/people", "TKT-12");
  world.record("otto@system", "GET /v1/people", "", "bravo");
  const auto index = world.index();
  CHECK(found(*index, {}) == Numbers{2, 1, 0});
  CHECK(found(*index, {.actor = "otto@system"}) == Numbers{2, 0});
  CHECK(found(*index, {.action = "GET /v1/people"}) == Numbers{2, 1});
  CHECK(found(*index, {.action = "GET /v1/*"}) == Numbers{2, 1, 0});
  CHECK(found(*index, {.warrant = "TKT-1"}) == Numbers{0});
  CHECK(found(*index, {.warrant = "TKT-1*"}) == Numbers{2, 0});
  CHECK(found(*index, {.actor = "otto@system", .action = "GET /v1/people"}) == Numbers{2});
  CHECK(found(*index, {.type = "change"}).empty());
  CHECK(found(*index, {.purpose = "support"}) == Numbers{2, 1, 0});
  CHECK(found(*index, {}, "audit/bravo") == Numbers{0});
  // What was recorded just now is there.
  world.record("ina@system", "GET /v1/tokens");
  CHECK(found(*index, {.actor = "ina*"}) == Numbers{3});
}

TEST_CASE("search: times and pages") {
  World world;
  const WallTime begin = world.clock.wall();
  for (int i = 0; i < 25; ++i) world.record("otto@system", "read");
  const auto index = world.index();
  CHECK(found(*index, {.from = begin + seconds(3), .to = begin + seconds(6)}) == Numbers{4, 3, 2});
  Query query{.limit = 10};
  Numbers all;
  for (bool more = true; more;) {
    const auto page = index->find("audit/alpha", query);
    REQUIRE(page.has_value());
    all.insert(all.end(), page->records.begin(), page->records.end());
    more = page->more;
    query.before = all.back();
  }
  CHECK(all.size() == 25);
  CHECK(std::is_sorted(all.rbegin(), all.rend()));
}

TEST_CASE("search: behind a number, oldest first, until there is no more") {
  World world;
  for (int i = 0; i < 9; ++i) world.record(i % 2 == 0 ? "otto@system" : "mara@system", "read");
  const auto index = world.index();
  CHECK(found(*index, {.after = -1, .limit = 3}) == Numbers{0, 1, 2});
  CHECK(found(*index, {.after = 6}) == Numbers{7, 8});
  CHECK(found(*index, {.after = 8}).empty());
  CHECK(found(*index, {.after = INT64_MAX}).empty());
  CHECK(found(*index, {.before = 5, .after = 1}) == Numbers{2, 3, 4});
  CHECK(index->find("audit/alpha", {.after = -2}).error().what.starts_with("after"));
  Query query{.actor = "otto*", .after = -1, .limit = 2};
  Numbers all;
  for (bool more = true; more;) {
    const auto page = index->find("audit/alpha", query);
    REQUIRE(page.has_value());
    all.insert(all.end(), page->records.begin(), page->records.end());
    more = page->more;
    query.after = static_cast<std::int64_t>(all.back());
  }
  CHECK(all == Numbers{0, 2, 4, 6, 8});
}

TEST_CASE("search: by the code of the reason, of what has one") {
  World world;
  for (const char* type : {"access", "change", "violation", "denied", "outcome"}) {
    world.reasoned(type, "no-warrant");
  }
  world.reasoned("access", "customer-support");
  world.reasoned("access", "what somebody wrote");
  world.record("otto@system", "read");  // its payload is no JSON
  const auto index = world.index();
  CHECK(found(*index, {.reason = "no-warrant"}) == Numbers{3, 2, 1, 0});
  CHECK(found(*index, {.type = "denied", .reason = "no-warrant"}) == Numbers{3});
  CHECK(found(*index, {.reason = "customer*"}) == Numbers{5});
  CHECK(found(*index, {.reason = "what*"}).empty());
}

TEST_CASE("search: what was erased has no reason, whether the index was there before or not") {
  for (const bool before : {true, false}) {
    CAPTURE(before);
    World world;
    world.reasoned("access", "no-warrant");
    world.reasoned("access", "no-warrant");
    auto index = before ? world.index() : nullptr;
    if (before) CHECK(found(*index, {.reason = "no-warrant"}) == Numbers{1, 0});
    world.erase(0);
    if (!before) index = world.index();
    CHECK(found(*index, {.reason = "no-warrant"}) == Numbers{1});
    CHECK(found(*index, {.actor = "otto@system"}) == Numbers{1, 0});
  }
}

TEST_CASE("search: an index of another format is made again") {
  World world;
  world.reasoned("access", "no-warrant");
  for (const char* other :
       {"CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT, next INTEGER, last TEXT);"
        "CREATE TABLE entry (log INTEGER, seq INTEGER, actor TEXT);"
        "INSERT INTO log VALUES (1, 'audit/alpha', 1, '');",
        "PRAGMA user_version = 9"}) {
    CAPTURE(other);
    {
      const auto connection = world.driver->open("sqlite:" + world.path, {});
      REQUIRE(connection.has_value());
      REQUIRE((*connection)->script(other).has_value());
    }
    CHECK(found(*world.index(), {.reason = "no-warrant"}) == Numbers{0});
  }
}

TEST_CASE("search: it follows, in pieces, and goes on after a restart") {
  World world;
  for (int i = 0; i < 30; ++i) world.record("otto@system", "read");
  {
    const auto index = world.index();
    CHECK_FALSE(*index->follow(10));
    CHECK_FALSE(*index->follow(10));
  }
  const auto index = world.index();
  CHECK(*index->follow(10));
  CHECK(*index->follow(10));
  CHECK(found(*index, {.limit = 1'000}).size() == 30);
}

TEST_CASE("search: an index of another ledger is made again") {
  World world;
  for (int i = 0; i < 5; ++i) world.record("otto@system", "read");
  CHECK(*world.index()->follow(100));
  world.ledger = world.open("/data/other");
  for (int i = 0; i < 3; ++i) world.record("mara@system", "read");
  const auto index = world.index();
  CHECK(found(*index, {.actor = "otto@system"}).empty());
  CHECK(found(*index, {.actor = "mara@system"}) == Numbers{2, 1, 0});
}

TEST_CASE("search: what cannot be asked is refused by name, and no text becomes SQL") {
  World world;
  world.record("otto@system", "read");
  const auto index = world.index();
  CHECK(index->find("audit/alpha", {.limit = 0}).error().what.starts_with("limit"));
  CHECK(index->find("audit/alpha", {.limit = kHitsMax + 1}).error().what.starts_with("limit"));
  CHECK(index->find("audit/alpha", {.actor = "two\nlines"}).error().what.starts_with("actor"));
  CHECK(index->find("audit/alpha", {.action = std::string(513, 'x')})
            .error()
            .what.starts_with("action"));
  CHECK(index->find("audit/nobody", {}).error().code == Code::not_found);
  CHECK(index->find("root", {}).error().code == Code::not_found);
  CHECK(found(*index, {.actor = "' OR 1=1 --"}).empty());
  CHECK(found(*index, {.actor = "%"}).empty());
  CHECK(found(*index, {.actor = "*"}) == Numbers{0});
}

}  // namespace
}  // namespace mc::search
