#include "maestro/own_burn.h"

#include <doctest/doctest.h>

#include "maestro/settings.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

// A server of the node "node_1" whose tenant "alpha" has 1,000 credits a month, and other processes
// of it: what it has used is restored, what it was told is not.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<identity::Directory> directory;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<sql::Connection> database;  // of the index
  sim::FaultyConnection* faulty = nullptr;
  std::unique_ptr<search::Index> index;
  bool away = false;  // the ledger
  std::unique_ptr<RecordSpool> spool;
  std::unique_ptr<budget::Book> book;
  Settings settings;
  std::unique_ptr<OwnBurn> burn;

  World() {
    clock.jump_wall(*parse_rfc3339("2026-01-10T12:00:00Z") - clock.wall());
    auto connection = *sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE(sql::migrate(*connection, sql::built_in_migrations(), clock).has_value());
    directory = *identity::Directory::open(std::move(connection), clock, random);
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    ledger = *ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    database = *sql::sqlite_driver()->open("sqlite::memory:", {});
    auto wrapped = std::make_unique<sim::FaultyConnection>(*database);
    faulty = wrapped.get();
    index = *search::Index::open(std::move(wrapped), ledger->store());
    const auto append =
        [this, to_ledger = RecordSpool::append_to(*ledger)](const ledger::Entry& entry) -> Status {
      return away ? Status(fail(Code::unavailable, "away")) : to_ledger(entry);
    };
    spool = *RecordSpool::open({disk, random, log, append}, "/data/budget-records.json");
    settings.budgets["starter"].credits_per_month = 1'000;
    book = *budget::Book::make({settings.budgets, {}}, {});
    start();
  }
  void start(const std::string& node = "node_1") {
    burn = std::make_unique<OwnBurn>(
        OwnBurn::World{clock, log, *directory, *book, *spool, *index, ledger->store(), node},
        settings);
  }
  // Asks for so many credits, and looks; how often a level was told so far.
  std::int64_t use(std::int64_t credits) {
    const auto amounts = budget::Amounts().set(budget::Dimension::credits, credits);
    budget::Reservation held;
    const budget::Moment at = budget::Moment::of({}, clock.wall());
    REQUIRE(book->reserve({"alpha", "starter", "u", 0}, amounts, at, held).admitted);
    held.settle(amounts, at);
    burn->usage().asked({"alpha", "starter", 0}, amounts, {credits, credits}, clock.mono());
    burn->step();
    (void)spool->record();
    return sink.count("budget.burn");
  }
  std::size_t recorded() const {
    const auto head = ledger->store().head("audit/alpha");
    return head ? head->size : 0;
  }
};

TEST_CASE("own burn: a level of a month is told and recorded once, however often a server starts") {
  World world;
  CHECK(world.use(850) == 1);
  CHECK(world.recorded() == 1);
  for (int i = 0; i < 3; ++i) {
    world.start();
    CHECK(world.use(1) == 1);
  }
  CHECK(world.recorded() == 1);
  CHECK(world.use(70) == 2);  // 90
  world.start();
  CHECK(world.use(1) == 2);
  CHECK(world.recorded() == 2);
  world.clock.advance(seconds(30LL * 86'400));  // in the next month
  world.start();
  CHECK(world.use(1) == 2);
  CHECK(world.use(850) == 3);
  CHECK(world.recorded() == 3);
}

TEST_CASE("own burn: what waits for the ledger was told, and another node tells what it counts") {
  World world;
  world.away = true;
  CHECK(world.use(850) == 1);
  CHECK(world.spool->waiting() == 1);
  world.start();
  CHECK(world.use(1) == 1);
  CHECK(world.spool->waiting() == 1);
  world.away = false;
  world.start("node_2");
  CHECK(world.use(1) == 2);
  CHECK(world.recorded() == 2);
}

TEST_CASE("own burn: what cannot be looked up is told again, and recorded once") {
  World world;
  CHECK(world.use(850) == 1);
  world.start();
  world.faulty->fail_at(1, sim::FaultyConnection::Fault::not_run);
  CHECK(world.use(1) == 2);
  CHECK(world.sink.count("budget.burns_unknown") == 1);
  CHECK(world.recorded() == 1);
}

}  // namespace
}  // namespace mc::app
