// A desk of top-ups with its databases, its ledger and its clock in memory; for the module's tests.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "contract/top_up_records.h"
#include "json/json.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"
#include "topup/topup.h"
#include "transparency/transparency.h"

namespace mc::topup {

inline std::unique_ptr<sql::Connection> empty_database(sys::Clock& clock) {
  auto out = sql::sqlite_driver()->open("sqlite::memory:", {});
  REQUIRE(out.has_value());
  REQUIRE(sql::migrate(**out, sql::built_in_migrations(), clock).has_value());
  return std::move(*out);
}

// Tenants alpha and bravo with a warrant each; a window of 30 days begins on 2026-11-03. Databases
// and the ledger's disk outlive a server.
struct World : LedgerReads<World> {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<sql::Connection> state, accounts;
  sim::FaultyConnection* faulty_state = nullptr;
  sim::FaultyConnection* faulty_accounts = nullptr;
  std::unique_ptr<identity::Directory> directory;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<accountant::Accountant> books;
  std::unique_ptr<Desk> desk;
  std::string warrant, foreign;

  World() {
    clock.jump_wall(*parse_rfc3339("2026-11-30T12:00:00Z") - clock.wall());
    state = empty_database(clock);
    accounts = empty_database(clock);
    start();
    for (const char* name : {"alpha", "bravo"}) {
      identity::Tenant tenant;
      tenant.id = TenantId(name);
      tenant.region = "eu";
      REQUIRE(directory->create_tenant(tenant).has_value());
    }
    warrant = give(kAlpha);
    foreign = give(TenantId("bravo"));
  }
  // As after the end of the server before, however that ended.
  void start() {
    desk = nullptr;
    books = nullptr;
    ledger = nullptr;
    directory = nullptr;
    auto wrapped = std::make_unique<sim::FaultyConnection>(*state);
    faulty_state = wrapped.get();
    directory = *identity::Directory::open(std::move(wrapped), clock, random);
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    ledger = *ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    accountant::Settings settings;
    settings.plans["default"].top_up_window_max = epsilon("10");
    settings.plans["default"].top_up_lifetime_max = epsilon("15");
    auto writer = std::make_unique<sim::FaultyConnection>(*accounts);
    faulty_accounts = writer.get();
    auto opened = accountant::Accountant::open(
        {.writer = std::move(writer), .reader = nullptr, .clock = clock, .random = random},
        settings, "one");
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
    books = std::move(*opened);
    desk = std::make_unique<Desk>(Desk::World{*directory, *ledger, *books, clock, random, log});
  }
  template <class Use>
  void with_warrants(const Use& use) {
    REQUIRE(directory
                ->lend([&](sql::Connection& connection) -> Status {
                  transparency::Warrants warrants(connection, clock, random);
                  use(warrants);
                  return ok();
                })
                .has_value());
  }
  std::string give(const TenantId& tenant, Nanos lifetime = transparency::kWarrantLifetimeMax) {
    std::string id;
    with_warrants([&](transparency::Warrants& warrants) {
      transparency::NewWarrant wanted;
      wanted.tenant = tenant;
      wanted.reference = "TKT-7";
      wanted.reason = "a study";
      wanted.issued_by = "otto@system";
      wanted.lifetime = lifetime;
      const auto made = warrants.create(wanted);
      REQUIRE_MESSAGE(made.has_value(), made.error().what);
      id = made->id;
    });
    return id;
  }
  void take_back(const std::string& id) {
    with_warrants([&](transparency::Warrants& warrants) {
      REQUIRE(warrants.decide(kAlpha, id, {transparency::WarrantState::revoked, "dora@alpha"})
                  .has_value());
    });
  }
  Request wanted(const char* more = "4", Nanos lifetime = seconds(3'600)) {
    Request out;
    out.tenant = "alpha";
    out.dataset = "visit";
    out.purpose = "research";
    out.epsilon = epsilon(more);
    out.expires = whole_ms(clock.wall()) + lifetime;
    out.warrant = warrant;
    out.ticket = "TKT-7";
    out.reason = "the study of the winter needs one more count";
    return out;
  }
  Request asked(const char* more = "4", Nanos lifetime = seconds(3'600)) {
    auto made = desk->ask(wanted(more, lifetime), kAna);
    REQUIRE_MESSAGE(made.has_value(), made.error().what);
    return std::move(*made);
  }
  Result<Request> decide(const std::string& id, State to, const Actor& by = kDora,
                         Run run = Run::real) {
    return desk->decide(kAlpha, id, {to, run}, by);
  }
  Code code_of(const std::string& id, State to, const Actor& by = kDora) {
    const auto done = decide(id, to, by);
    REQUIRE_FALSE(done.has_value());
    return done.error().code;
  }
  // Ids of the top-ups in force.
  Names in_force() {
    const auto held = books->reports().top_ups({kAlpha, "visit", "research"});
    REQUIRE(held.has_value());
    Names out;
    for (const accountant::TopUp& each : *held) out.push_back(each.id);
    return out;
  }
  std::string limit() {
    const auto all = books->reports().standings({kAlpha, "visit", "research"}, "default");
    REQUIRE(all.has_value());
    return accountant::to_decimal(*all->front().epsilon_left);
  }
  void spend(const char* cost, const std::string& key) {
    accountant::Charge charge;
    charge.tenant = kAlpha;
    charge.dataset = "visit";
    charge.purpose = "research";
    charge.analyst = PrincipalId("ana");
    charge.query_type = "count";
    charge.mechanism = "discrete_laplace";
    charge.cost.epsilon = epsilon(cost);
    charge.query = "sha256:" + std::string(64, '0');
    charge.key = key;
    const auto reply = books->reserve(charge, accountant::Then::execute);
    REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
    REQUIRE(std::holds_alternative<accountant::Reservation>(*reply));
    REQUIRE(books->commit(std::get<accountant::Reservation>(*reply).charge, "{}").has_value());
  }
  State state_of(const std::string& id) { return desk->find(kAlpha, id)->state; }
  // What is in force is what is stored as approved, each once, and each was approved in the
  // ledger, by somebody else than who asked.
  void check_agreement() {
    Names stored;
    const auto listed = desk->list(kAlpha);
    REQUIRE(listed.has_value());
    for (const Request& one : *listed) {
      if (one.state == State::active) stored.push_back(one.id);
    }
    std::ranges::sort(stored);
    CHECK(in_force() == stored);
    std::size_t approved = 0;
    for (const std::string& id : stored) {
      for (const Record& each : records()) {
        if (each.action != "approve" || *each.payload.find("top_up")->as_string() != id) continue;
        CHECK(each.actor != *each.payload.find("asked_by")->as_string());
        ++approved;
        break;
      }
    }
    CHECK(approved == stored.size());
  }
};

}  // namespace mc::topup
