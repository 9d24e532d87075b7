#include "maestro/record_spool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "budget/settings_record.h"
#include "maestro/own_budgets.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

using Texts = std::vector<std::string>;

const std::string kFile = "/data/budget-records.json";

ledger::Entry entry(const std::string& action, const std::string& tenant = "alpha",
                    const std::string& payload = "{}") {
  return {"audit/" + tenant, "budget", "node@system", tenant, action,
          "not stated",      "",       payload,       {}};
}

// What another thread does; a thread that does not is a failure, after a while.
bool until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return done();
}

// The ledger has a disk of its own, so that it fails alone.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  sim::SimFiles ledger_disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<ledger::Ledger> ledger;
  std::atomic<bool> away = false;
  std::atomic<int> refused = 0;
  std::unique_ptr<sql::Connection> database;  // of the index
  sim::FaultyConnection* faulty = nullptr;
  std::unique_ptr<search::Index> index;
  std::unique_ptr<RecordSpool> spool;

  World() {
    open_ledger();
    open();
  }
  void open_ledger() {
    spool = nullptr;
    index = nullptr;
    ledger = nullptr;
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {ledger_disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
    ledger = std::move(*opened);
    database = *sql::sqlite_driver()->open("sqlite::memory:", {});
    auto wrapped = std::make_unique<sim::FaultyConnection>(*database);
    faulty = wrapped.get();
    index = *search::Index::open(std::move(wrapped), ledger->store());
  }
  // To the ledger, unless it is away for a while.
  RecordSpool::Append append() {
    return [this, to_ledger = RecordSpool::append_to(*ledger)](const ledger::Entry& one) -> Status {
      if (away) {
        ++refused;
        return fail(Code::unavailable, "away");
      }
      return to_ledger(one);
    };
  }
  Status try_open() {
    spool = nullptr;
    MC_TRY(spool, RecordSpool::open({disk, random, log, append(), millis(5)}, kFile));
    return ok();
  }
  void open() {
    const Status opened = try_open();
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
  }
  // As after a start on the same disks, of which the ledger's had failed.
  void restart() {
    open_ledger();
    open();
  }
  void put(const std::string& action) { spool->put(entry(action)); }
  Texts recorded(const std::string& log_name = "audit/alpha") const {
    Texts out;
    const auto head = ledger->store().head(log_name);
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      out.push_back(ledger::parse_leaf(ledger->store().read(log_name, i)->leaf)->action);
    }
    return out;
  }
  bool has_file() { return *disk.exists(kFile); }
  void start_with(const budget::BudgetSettings& settings, const std::string& node = "node_1") {
    record_settings({*spool, *index, ledger->store(), log}, {settings, node, clock.wall()});
  }
  // By the thread, before whoever ends it would.
  bool waits_for_none() const {
    return until([this] { return spool->waiting() == 0; });
  }
};

TEST_CASE("record spool: what is put is recorded in its order, and nothing is written beside it") {
  World world;
  for (const char* action : {"a", "b", "c"}) world.put(action);
  CHECK(world.spool->waiting() == 3);
  CHECK(world.recorded().empty());
  REQUIRE(world.spool->record().has_value());
  CHECK(world.recorded() == Texts{"a", "b", "c"});
  CHECK(world.spool->waiting() == 0);
  CHECK(!world.has_file());
  CHECK(world.sink.lines().empty());
}

TEST_CASE("record spool: a thread records by itself") {
  World world;
  world.spool->start();
  for (const char* action : {"a", "b"}) {
    world.put(action);
    CHECK(world.waits_for_none());
  }
  CHECK(world.recorded() == Texts{"a", "b"});
}

TEST_CASE("record spool: a thread tries again until the ledger is back, and keeps the order") {
  World world;
  world.away = true;
  world.spool->start();
  world.put("a");
  world.put("b");
  CHECK(until([&] { return world.refused >= 2; }));
  CHECK(world.spool->waiting() == 2);
  world.away = false;
  CHECK(world.waits_for_none());
  CHECK(world.recorded() == Texts{"a", "b"});
  CHECK(world.sink.count("budget.unrecorded") == 1);
}

TEST_CASE("record spool: what a ledger that is down does not take outlives a restart, once each") {
  World world;
  world.put("a");
  REQUIRE(world.spool->record().has_value());
  world.ledger->refuse({Code::unavailable, "gone"});
  world.put("b");
  CHECK(!world.spool->record().has_value());
  world.put("c");
  CHECK(!world.spool->record().has_value());
  CHECK(world.sink.count("budget.unrecorded") == 1);
  CHECK(world.has_file());
  CHECK(world.spool->waiting() == 2);
  world.restart();
  CHECK(world.spool->waiting() == 2);
  REQUIRE(world.spool->record().has_value());
  CHECK(world.recorded() == Texts{"a", "b", "c"});
  CHECK(!world.has_file());
  CHECK(world.spool->dropped() == 0);
}

// With the n-th operation of either disk failing, and a crash behind it.
TEST_CASE("record spool: the n-th write fails, and everything is recorded once") {
  using Fault = sim::SimFiles::Fault;
  for (const Fault fault : {Fault::not_stored, Fault::stored_but_reported_failed}) {
    for (const bool of_ledger : {false, true}) {
      bool failed = true;
      for (std::int64_t n = 1; failed && n < 100; ++n) {
        CAPTURE(n);
        CAPTURE(of_ledger);
        World world;
        if (!of_ledger) world.ledger->refuse({Code::unavailable, "gone"});
        sim::SimFiles& disk = of_ledger ? world.ledger_disk : world.disk;
        const std::int64_t before = disk.operations();
        disk.fail_at(n, fault);
        for (const char* action : {"a", "b"}) {
          world.put(action);
          (void)world.spool->record();
        }
        (void)world.spool->record();  // what could not be written is tried again
        failed = disk.operations() - before >= n;
        world.spool = nullptr;
        world.index = nullptr;
        world.ledger = nullptr;
        world.disk.crash();
        world.ledger_disk.crash();
        world.restart();
        if (!world.spool->record()) REQUIRE(world.spool->record().has_value());
        CHECK(world.recorded() == Texts{"a", "b"});
        CHECK(!world.has_file());
      }
    }
  }
}

TEST_CASE("record spool: what waits is bounded; what is dropped is counted and told") {
  World world;
  world.ledger->refuse({Code::unavailable, "gone"});
  for (std::size_t i = 0; i < kSpooledMax; ++i) world.put("a");
  CHECK(world.spool->dropped() == 0);
  world.put("late");
  CHECK(world.spool->waiting() == kSpooledMax);
  CHECK(world.spool->dropped() == 1);
  CHECK(world.sink.count("budget.record_dropped") == 1);
  CHECK(!world.spool->newest("late"));
  CHECK(world.spool->newest("a"));

  World large;
  large.ledger->refuse({Code::unavailable, "gone"});
  const std::string payload(ledger::kPayloadBytesMax, 'x');
  for (std::size_t i = 0; i * payload.size() <= kSpooledBytesMax; ++i) {
    large.spool->put(entry("a", "alpha", payload));
  }
  CHECK(large.spool->dropped() == 1);
  CHECK(!large.spool->record().has_value());
  large.restart();  // so much is read again
  CHECK(large.spool->waiting() == kSpooledBytesMax / payload.size());
}

TEST_CASE("record spool: what can stand in no ledger holds up nothing behind it") {
  World world;
  world.spool->put(entry("a\nb"));
  world.put("c");
  REQUIRE(world.spool->record().has_value());
  CHECK(world.recorded() == Texts{"c"});
  CHECK(world.spool->dropped() == 1);
}

TEST_CASE("record spool: a file that is not one is moved aside, told and counted") {
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string(R"({"kind":"mc.record-spool/v1"})"),
        std::string(R"({"kind":"mc.record-spool/v2","entries":[]})"),
        std::string(R"({"kind":"mc.record-spool/v1","entries":[{"log":"audit/alpha"}]})")}) {
    CAPTURE(bad);
    World world;
    REQUIRE(world.disk.write_atomic(kFile, bad).has_value());
    world.open();
    CHECK(world.spool->dropped() == 1);
    CHECK(world.sink.count("budget.records_corrupt") == 1);
    CHECK(!world.has_file());
    CHECK(*world.disk.read_all(kFile + ".corrupt", 1'000) == bad);
    world.put("a");
    REQUIRE(world.spool->record().has_value());
    CHECK(world.recorded() == Texts{"a"});
    world.open();
    CHECK(world.spool->dropped() == 0);
  }
}

budget::BudgetSettings settings_of(std::int64_t gql_qps) {
  budget::BudgetSettings out;
  out.plans["starter"].gql_qps = gql_qps;
  return out;
}

TEST_CASE("settings history: a start with others is recorded, a start with the same is not") {
  World world;
  world.start_with({});  // nothing is limited, and never was
  CHECK(world.recorded("audit/system").empty());
  for (const std::int64_t qps : {50, 50, 20, 50, 50}) {
    world.start_with(settings_of(qps));
    world.restart();
  }
  CHECK(world.recorded("audit/system").size() == 3);
  world.start_with({});
  world.start_with({});
  REQUIRE(world.recorded("audit/system").size() == 4);
  const auto read = world.ledger->store().read("audit/system", 3);
  CHECK(budget::settings_in(read->payload)->hash == hash_of(budget::BudgetSettings{}));
}

TEST_CASE("settings history: while the ledger is down a start is told, and recorded by the next") {
  World world;
  world.start_with(settings_of(50));
  world.ledger->refuse({Code::unavailable, "gone"});
  world.start_with(settings_of(20));
  CHECK(world.sink.count("budget.unrecorded") == 1);
  CHECK(world.sink.count("budget.settings_changed") == 2);
  world.start_with(settings_of(20));  // what waits is known
  CHECK(world.spool->waiting() == 1);
  world.start_with(settings_of(50));
  world.start_with(settings_of(20));  // the same change as before, and another one
  CHECK(world.spool->waiting() == 3);
  world.restart();
  world.start_with(settings_of(20));
  CHECK(world.spool->waiting() == 0);
  Texts hashes;
  for (std::uint64_t i = 0; i < world.ledger->store().head("audit/system")->size; ++i) {
    hashes.push_back(
        budget::settings_in(world.ledger->store().read("audit/system", i)->payload)->hash);
  }
  const std::string fast = hash_of(settings_of(50)), slow = hash_of(settings_of(20));
  CHECK(hashes == Texts{fast, slow, fast, slow});
}

TEST_CASE("settings history: servers with settings of their own each record their changes alone") {
  World world;
  for (int round = 0; round < 3; ++round) {
    world.start_with(settings_of(50), "node_1");
    world.start_with(settings_of(20), "node_2");
    world.start_with({}, "node_3");  // never had any
    CHECK(world.recorded("audit/system").size() == 2);
  }
  world.start_with(settings_of(20), "node_1");
  CHECK(world.recorded("audit/system").size() == 3);
  const auto read = world.ledger->store().read("audit/system", 2);
  CHECK(read->payload.find(hash_of(settings_of(50))) != std::string::npos);
  world.start_with(settings_of(20), "node_2");
  CHECK(world.recorded("audit/system").size() == 3);
}

TEST_CASE("settings history: what cannot be looked up is recorded once more, whatever it was") {
  World world;
  world.start_with(settings_of(50));
  for (const budget::BudgetSettings& settings : {budget::BudgetSettings{}, settings_of(50)}) {
    const std::size_t before = world.recorded("audit/system").size();
    for (std::size_t times = 1; times <= 2; ++times) {
      world.faulty->fail_at(1, sim::FaultyConnection::Fault::not_run);
      world.start_with(settings);
      CHECK(world.recorded("audit/system").size() == before + times);
    }
    world.start_with(settings);
    CHECK(world.recorded("audit/system").size() == before + 2);
  }
  CHECK(world.sink.count("budget.settings_unknown") == 4);
}

TEST_CASE("settings history: after an erased record there is one more") {
  World world;
  world.start_with(settings_of(50));
  world.start_with(settings_of(20));
  ledger::Entry why = entry("erased", "system");
  REQUIRE(world.ledger->redact("audit/system", 1, why).has_value());
  world.start_with(settings_of(50));  // as the newest that can be read
  const std::size_t records = world.recorded("audit/system").size();
  CHECK(world.recorded("audit/system").back() == budget::kSettingsAction);
  world.start_with(settings_of(50));
  CHECK(world.recorded("audit/system").size() == records);
}

}  // namespace
}  // namespace mc::app
