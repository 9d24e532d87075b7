#include "maestro/privacy_watch.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "accountant/charge_json.h"
#include "json/json.h"
#include "maestro/privacy_settings.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

using accountant::Accountant;
using accountant::NanoEpsilon;

const TenantId kAlpha("alpha");
using Levels = std::vector<std::int64_t>;

NanoEpsilon epsilon(const char* text) {
  return *accountant::parse_epsilon(text);
}

std::unique_ptr<sql::Connection> empty_database(sys::Clock& clock) {
  auto out = *sql::sqlite_driver()->open("sqlite::memory:", {});
  REQUIRE(sql::migrate(*out, sql::built_in_migrations(), clock).has_value());
  return out;
}

// A tenant whose budget of "visit" for research is 10 in a window of a day.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<sql::Connection> state = empty_database(clock);
  sim::FaultyConnection* faulty = nullptr;
  std::unique_ptr<identity::Directory> directory;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<search::Index> index;
  std::unique_ptr<Accountant> books;
  std::unique_ptr<PrivacyWatch> watch;
  int charges = 0;
  PrivacySettings words;

  World() {
    clock.jump_wall(*parse_rfc3339("2026-11-30T12:00:00Z") - clock.wall());
    auto wrapped = std::make_unique<sim::FaultyConnection>(*state);
    faulty = wrapped.get();
    directory = *identity::Directory::open(std::move(wrapped), clock, random);
    identity::Tenant tenant;
    tenant.id = kAlpha;
    tenant.region = "eu";
    REQUIRE(directory->create_tenant(tenant).has_value());
    open_ledger();
    accountant::Settings settings;
    settings.other_datasets.length = *accountant::WindowLength::parse("day");
    books = *Accountant::open(
        {.writer = empty_database(clock), .reader = nullptr, .clock = clock, .random = random},
        settings, "one");
    start();
  }
  void open_ledger() {
    index = nullptr;
    ledger = nullptr;
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    ledger = *ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    index =
        *search::Index::open(*sql::sqlite_driver()->open("sqlite::memory:", {}), ledger->store());
  }
  void start() {
    watch = std::make_unique<PrivacyWatch>(
        PrivacyWatch::World{*books, *ledger, *index, *directory, clock, log},
        *exhaustion_notice(words));
    watch->touch(kAlpha, "visit", "research");
  }
  void restart() {
    watch = nullptr;
    open_ledger();
    start();
  }
  // Through reservation and reading; with a result or burned.
  void spend(const char* cost, bool burned = false, const char* dataset = "visit") {
    accountant::Charge charge;
    charge.tenant = kAlpha;
    charge.dataset = dataset;
    charge.purpose = "research";
    charge.analyst = PrincipalId("ana");
    charge.query_type = "count";
    charge.mechanism = "discrete_laplace";
    charge.cost.epsilon = epsilon(cost);
    charge.query = "sha256:" + std::string(64, '0');
    charge.key = "k" + std::to_string(++charges);
    const auto reply = books->reserve(charge, accountant::Then::execute);
    REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
    REQUIRE(std::holds_alternative<accountant::Reservation>(*reply));
    const accountant::ChargeRef ref = std::get<accountant::Reservation>(*reply).charge;
    if (burned) REQUIRE(books->abandon(ref).has_value());
    if (!burned) REQUIRE(books->commit(ref, "{}").has_value());
    watch->touch(kAlpha, dataset, "research");
  }
  void top_up(const char* more) {
    const std::string id = "top_" + std::to_string(++charges);
    REQUIRE(books
                ->add_top_up({.tenant = kAlpha,
                              .id = id,
                              .dataset = "visit",
                              .purpose = "research",
                              .epsilon = epsilon(more),
                              .window_start = *parse_rfc3339("2026-11-30T00:00:00Z"),
                              .expires_at = clock.wall() + seconds(3'600),
                              .record = id})
                .has_value());
    watch->touch(kAlpha, "visit", "research");
  }
  void step() { REQUIRE(watch->step().has_value()); }
  // Somebody asks, and the budget does not have it.
  // `of_lifetime`: said to be by the lifetime's account, which has no window.
  void refuse(const char* cost, const char* query = "0", bool of_lifetime = false) {
    accountant::Charge charge;
    charge.tenant = kAlpha;
    charge.dataset = "visit";
    charge.purpose = "research";
    charge.analyst = PrincipalId("ana");
    charge.query_type = "count";
    charge.mechanism = "discrete_laplace";
    charge.cost.epsilon = epsilon(cost);
    charge.query = std::string("sha256:") + query;
    charge.key = "k" + std::to_string(++charges);
    const auto reply = books->reserve(charge, accountant::Then::execute);
    REQUIRE(reply.has_value());
    REQUIRE(std::holds_alternative<accountant::Refusal>(*reply));
    auto by = std::get<accountant::Refusal>(*reply);
    if (of_lifetime) by.account.start = {};
    dataset::PrivateRefusal told;
    told.error = by.error();
    told.extensions.set("budget", "window of purpose research");
    told.extensions.set("requested", cost);
    told.extensions.set("remaining", accountant::to_decimal(by.epsilon_left));
    json::Object near;
    near.set("epsilon", "0.125");
    near.set("rmse", "11.3");
    told.extensions.set("nearest", std::move(near));
    watch->refused(charge, by, told);
  }
  json::Value notice(std::size_t at) const { return *json::parse(recorded("dp.exhausted").at(at)); }
  std::vector<std::string> recorded(const std::string& type) const {
    std::vector<std::string> out;
    const auto head = ledger->store().head("audit/alpha");
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      const auto read = ledger->store().read("audit/alpha", i);
      REQUIRE(read.has_value());
      if (ledger::parse_leaf(read->leaf)->type == type) out.push_back(read->payload);
    }
    return out;
  }
  // What the accountant hash of a dataset is made of.
  std::vector<std::string> settled(const char* dataset = "visit") {
    const auto all = books->reports().settled(kAlpha, dataset, 0, 1'000);
    REQUIRE(all.has_value());
    std::vector<std::string> out;
    for (const auto& each : *all) out.push_back(accountant::settled_json(each));
    return out;
  }
  Levels levels() const {
    Levels out;
    for (const std::string& each : recorded("dp.budget")) {
      out.push_back(*json::parse(each)->find("level")->as_int());
    }
    return out;
  }
  std::int64_t told(const char* type = "mc.privacy.low") {
    std::int64_t out = -1;
    REQUIRE(directory
                ->lend([&](sql::Connection& connection) -> Status {
                  MC_TRY(const auto rows, connection.query("SELECT COUNT(*) FROM notify_event "
                                                           "WHERE type = ?1",
                                                           {type}));
                  MC_TRY([[maybe_unused]] const bool found, rows->next());
                  out = rows->integer(0);
                  return ok();
                })
                .has_value());
    return out;
  }
};

TEST_CASE("privacy watch: each settled charge is recorded once, in order, as it is hashed") {
  World world;
  world.spend("0.5");
  world.spend("0.25", true);
  world.spend("0.125", false, "trip");
  world.step();
  world.step();
  world.spend("1");
  world.step();
  REQUIRE(world.settled().size() == 3);
  std::vector<std::string> visits, trips;
  for (const std::string& each : world.recorded("dp.charge")) {
    const bool trip = each.find("\"trip\"") != std::string::npos;
    (trip ? trips : visits).push_back(each);
  }
  CHECK(visits == world.settled());
  CHECK(trips == world.settled("trip"));
  CHECK(visits[1].find("\"0.25\"") != std::string::npos);  // burned, and spent all the same
  const auto read = world.ledger->store().read("audit/alpha", 1);
  const auto leaf = ledger::parse_leaf(read->leaf);
  CHECK(leaf->action == "dp.charge.visit");
  CHECK(leaf->actor == "ana@alpha");
  CHECK(leaf->purpose == "research");
}

TEST_CASE("privacy watch: goes on behind the last record after a start, more than a page of them") {
  World world;
  world.spend("0.01");
  world.spend("0.02");
  world.step();
  world.spend("0.03");  // settled, and not recorded when the server ended
  for (int i = 0; i < 450; ++i) world.spend("0.001");
  world.restart();
  world.step();
  CHECK(world.recorded("dp.charge") == world.settled());
  // What is there is not even offered again.
  world.restart();
  world.ledger->refuse({Code::unavailable, "the disk is gone"});
  world.step();
  CHECK(world.recorded("dp.charge").size() == 453);
}

TEST_CASE("privacy watch: what the ledger could not take is recorded by a later step, in order") {
  for (std::int64_t n = 1; n <= 8; ++n) {
    for (const auto fault :
         {sim::SimFiles::Fault::not_stored, sim::SimFiles::Fault::stored_but_reported_failed}) {
      CAPTURE(n);
      World world;
      for (int i = 0; i < 4; ++i) world.spend("0.5", i == 2);
      world.disk.fail_at(n, fault);
      const bool failed = !world.watch->step();
      world.disk.fail_at(0, fault);
      if (failed) world.restart();  // a ledger whose disk failed starts anew
      world.step();
      CHECK(world.recorded("dp.charge") == world.settled());
    }
  }
}

TEST_CASE("privacy watch: a fifth and a tenth are told once in a window, whoever restarts") {
  World world;
  world.spend("5");
  world.spend("2.999");
  world.step();
  CHECK(world.watch->left().at(0).permille == 200);  // 200.1
  CHECK(world.levels() == Levels{20});
  world.restart();
  world.spend("0.9");
  world.step();
  world.step();
  CHECK(world.levels() == Levels{20});
  CHECK(world.told() == 1);
  world.spend("0.101");  // exactly a tenth is left
  world.step();
  CHECK(world.levels() == Levels{20, 10});
  CHECK(world.told() == 2);
  world.restart();
  world.spend("0.5");
  world.step();
  CHECK(world.levels() == Levels{20, 10});
  CHECK(world.told() == 2);
  CHECK(world.sink.count("privacy.low") == 2);
  const json::Value low = *json::parse(world.recorded("dp.budget")[1]);
  CHECK(*low.find("left_permille")->as_int() == 100);
  CHECK(*low.find("epsilon_left")->as_string() == "1");
  CHECK(*low.find("epsilon_limit")->as_string() == "10");
  CHECK(*low.find("resets_at")->as_string() == "2026-12-01T00:00:00.000Z");
  // The next window has its own.
  world.clock.advance(seconds(86'400));
  world.spend("5");
  world.step();
  CHECK(world.told() == 2);
  world.spend("3");
  world.step();
  CHECK(world.levels() == Levels{20, 10, 20});
  CHECK(world.told() == 3);
}

TEST_CASE("privacy watch: what is above a fifth is not told, and a fall past both is told once") {
  World world;
  world.spend("5");
  world.spend("2.98");
  world.step();
  CHECK(world.watch->left().at(0).permille == 202);
  CHECK(world.levels().empty());
  world.spend("1.52");
  world.step();
  CHECK(world.levels() == Levels{10});
  CHECK(world.told() == 1);
}

TEST_CASE("privacy watch: a top-up lifts what is left, and a level that was told stays told") {
  World world;
  world.spend("5");
  world.spend("3.5");
  world.step();
  CHECK(world.levels() == Levels{20});
  world.top_up("5");
  world.step();
  const PrivacyWatch::Left left = world.watch->left().at(0);
  CHECK(left.permille == 433);
  CHECK(left.epsilon_limit == 15);
  CHECK(left.epsilon_top_up == 5);
  CHECK(left.epsilon_spent == 8.5);
  world.spend("3.75");  // 18 % of 15
  world.step();
  CHECK(world.levels() == Levels{20});
  world.spend("1.5");
  world.step();
  CHECK(world.levels() == Levels{20, 10});
  CHECK(world.told() == 2);
}

TEST_CASE("privacy watch: a notice that could not be stored is told by the next step") {
  for (std::int64_t n = 1; n <= 6; ++n) {
    CAPTURE(n);
    World world;
    world.spend("5");
    world.spend("3.5");
    world.faulty->fail_at(n, sim::FaultyConnection::Fault::not_run);
    static_cast<void>(world.watch->step());
    world.faulty->fail_at(0, sim::FaultyConnection::Fault::not_run);
    world.step();
    world.step();
    CHECK(world.levels() == Levels{20});
    CHECK(world.told() == 1);
  }
}

std::string text_in(const json::Value& object, const char* name) {
  const json::Value* const found = object.find(name);
  return found != nullptr && found->as_string() != nullptr ? *found->as_string() : "null";
}

TEST_CASE("privacy watch: a refusal is a record of what was refused and what would pass, once") {
  World world;
  world.spend("5");
  world.spend("3");
  world.refuse("5");
  world.refuse("5");
  world.step();
  world.refuse("5");
  world.step();
  REQUIRE(world.recorded("dp.refusal").size() == 1);
  const json::Value one = *json::parse(world.recorded("dp.refusal")[0]);
  CHECK(text_in(one, "kind") == "mc.dp-refusal/v1");
  CHECK(text_in(one, "analyst") == "ana");
  CHECK(text_in(one, "query") == "sha256:0");
  CHECK(text_in(one, "budget") == "window of purpose research");
  CHECK(text_in(one, "requested") == "5");
  CHECK(text_in(one, "remaining") == "2");
  CHECK(text_in(one, "resets_at") == "2026-12-01T00:00:00.000Z");
  CHECK(text_in(*one.find("nearest"), "epsilon") == "0.125");
  CHECK(text_in(one, "message").find("5 of epsilon was requested, 2 is left") != std::string::npos);
  const auto read = world.ledger->store().read("audit/alpha", 4);
  const auto leaf = ledger::parse_leaf(read->leaf);
  CHECK(leaf->type == "dp.refusal");
  CHECK(leaf->action == "dp.refusal.visit");
  CHECK(leaf->actor == "ana@alpha");
  CHECK(leaf->purpose == "research");
  // Another question, another amount, another window.
  world.refuse("5", "1");
  world.refuse("4.5");
  world.step();
  CHECK(world.recorded("dp.refusal").size() == 3);
  world.clock.advance(seconds(86'400));
  world.spend("5");
  world.spend("4");
  world.refuse("5");
  world.step();
  CHECK(world.recorded("dp.refusal").size() == 4);
}

TEST_CASE("privacy watch: who asks on and on fills neither memory nor log") {
  World world;
  world.spend("5");
  world.spend("5");
  for (std::size_t i = 0; i < kRefusalsQueued + 10; ++i) {
    world.refuse("1", std::to_string(i).c_str());
  }
  world.step();
  CHECK(std::ssize(world.recorded("dp.refusal")) == kRefusalsRecorded);
  world.refuse("1", "more");
  world.step();
  CHECK(std::ssize(world.recorded("dp.refusal")) == kRefusalsRecorded);
}

TEST_CASE("privacy watch: refusals by a lifetime are recorded again on the next day") {
  World world;
  world.spend("5");
  world.spend("5");
  for (std::size_t i = 0; i < kRefusalsQueued; ++i) {
    world.refuse("1", std::to_string(i).c_str(), true);
  }
  world.step();
  CHECK(std::ssize(world.recorded("dp.refusal")) == kRefusalsRecorded);
  world.clock.advance(seconds(86'400));
  world.spend("5");
  world.spend("5");
  world.refuse("1", "of another day", true);
  world.step();
  CHECK(std::ssize(world.recorded("dp.refusal")) == kRefusalsRecorded + 1);
}

TEST_CASE("privacy watch: a budget that is used up is told once a window, and again in the next") {
  World world;
  world.spend("5");
  world.clock.advance(seconds(11LL * 3'600));  // half of it in 23 hours: it does until midnight
  world.step();
  CHECK(world.recorded("dp.exhausted").empty());
  world.spend("0.1");
  world.refuse("5");  // 4.9 is left, enough for others
  world.step();
  CHECK(world.recorded("dp.exhausted").empty());
  world.clock.advance(seconds(3'500));
  world.spend("4.7");
  world.refuse("0.5");
  world.step();
  world.refuse("0.5", "1");
  world.step();
  REQUIRE(world.recorded("dp.exhausted").size() == 1);
  CHECK(world.told("mc.privacy.exhausted") == 1);
  const json::Value one = world.notice(0);
  CHECK(text_in(one, "why") == "used up");
  CHECK(text_in(one, "epsilon_left") == "0.2");
  CHECK(text_in(one, "epsilon_limit") == "10");
  CHECK(text_in(one, "resets_at") == "2026-12-01T00:00:00.000Z");
  CHECK(text_in(one, "title") == "The privacy budget of visit for research is used up");
  const std::string text = text_in(one, "text");
  for (const char* part :
       {"Tenant alpha, dataset visit, purpose research", "Left: epsilon 0.2 of 10.",
        "Reset: 2026-12-01T00:00:00.000Z.", "what is left lasts until the reset",
        "The nearest query that passes: epsilon 0.125, off by 11.3 (RMSE).",
        "asked for\nat /privacy, or by", "--tenant alpha --dataset visit --purpose research"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  }
  world.restart();
  world.refuse("0.5", "2");
  world.step();
  CHECK(world.told("mc.privacy.exhausted") == 1);
  world.clock.advance(seconds(86'400));
  world.spend("5");
  world.spend("5");  // nothing is left: that alone says it
  world.step();
  CHECK(world.told("mc.privacy.exhausted") == 2);
  CHECK(text_in(world.notice(1), "text").find("nothing is left") != std::string::npos);
  CHECK(world.sink.count("privacy.exhausted") == 2);
}

TEST_CASE("privacy watch: a budget that will be gone within a day is told, once half of it is") {
  World world;  // it is noon
  world.spend("4.9");
  world.step();
  CHECK(world.recorded("dp.exhausted").empty());
  world.spend("3");  // 7.9 in twelve hours: 2.1 does for three
  world.step();
  world.spend("0.1");
  world.step();
  REQUIRE(world.told("mc.privacy.exhausted") == 1);
  const json::Value one = world.notice(0);
  CHECK(text_in(one, "why") == "used up within a day at the present rate");
  CHECK(text_in(one, "exhausted_at").starts_with("2026-11-30T15:"));
  CHECK(text_in(one, "text").find("gone on 2026-11-30T15:") != std::string::npos);
  CHECK(text_in(one, "text").find("any of at most epsilon 2.1") != std::string::npos);
}

TEST_CASE("privacy watch: a notice has the operator's words") {
  World world;
  world.words.exhaustion_notice = {.title = "{{{tenant}}} {purpose}", .text = "Ask {ask_at}\nnow"};
  world.words.override_url = "https://desk.example/privacy";
  world.restart();
  world.spend("5");
  world.spend("5");
  world.step();
  CHECK(text_in(world.notice(0), "title") == "{alpha} research");
  CHECK(text_in(world.notice(0), "text") == "Ask https://desk.example/privacy\nnow");
}

TEST_CASE("privacy watch: a notice in words that could not be stored is told by the next step") {
  for (std::int64_t n = 1; n <= 8; ++n) {
    CAPTURE(n);
    World world;
    world.spend("5");
    world.spend("4.9");
    world.refuse("0.5");
    world.faulty->fail_at(n, sim::FaultyConnection::Fault::not_run);
    static_cast<void>(world.watch->step());
    world.faulty->fail_at(0, sim::FaultyConnection::Fault::not_run);
    world.step();
    world.step();
    CHECK(world.recorded("dp.refusal").size() == 1);
    CHECK(world.recorded("dp.exhausted").size() == 1);
    CHECK(world.told("mc.privacy.exhausted") == 1);
  }
}

}  // namespace
}  // namespace mc::app
