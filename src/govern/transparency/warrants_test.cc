#include "transparency/warrants.h"

#include <doctest/doctest.h>

#include "sim/sim.h"
#include "transparency/access_policy.h"

namespace mc::transparency {
namespace {

NewWarrant ticket(const std::string& tenant = "alpha") {
  NewWarrant out;
  out.tenant = TenantId(tenant);
  out.reference = "TKT-123";
  out.reason = "the customer asked for help";
  out.issued_by = "otto@system";
  return out;
}

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  std::unique_ptr<sql::Connection> database = open();
  Warrants warrants{*database, clock, random};
  const TenantId alpha{"alpha"};

  std::unique_ptr<sql::Connection> open() {
    auto connection = sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE(connection.has_value());
    REQUIRE(sql::migrate(**connection, sql::built_in_migrations(), clock).has_value());
    for (const char* tenant : {"alpha", "bravo"}) {
      REQUIRE((*connection)
                  ->execute("INSERT INTO tenant VALUES (?1, 'eu', 'pro', 'standard-365d', "
                            "'MIT-OK', 'active', 0, 1)",
                            {std::string(tenant)})
                  .has_value());
    }
    return std::move(*connection);
  }
  Result<Warrant> decide(const std::string& id, Verdict verdict) {
    verdict.by = "ada@alpha";
    return warrants.decide(alpha, id, verdict);
  }
};

TEST_CASE("warrants: one with a class and a reference opens until it expires") {
  World world;
  const auto made = world.warrants.create(ticket());
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  CHECK(made->state == WarrantState::active);
  const auto used = world.warrants.use(world.alpha, "otto", "read", "");
  REQUIRE(used->has_value());
  CHECK((*used)->id == made->id);
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "change", "")->has_value());
  CHECK_FALSE(world.warrants.use(TenantId("bravo"), "otto", "read", "")->has_value());
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "wrt_other")->has_value());
  CHECK(world.warrants.find(world.alpha, made->id)->uses == 1);
  world.clock.advance(seconds(4LL * 3600));
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
  CHECK(world.warrants.find(world.alpha, made->id)->state == WarrantState::expired);
}

TEST_CASE("warrants: one that names principals opens to nobody else") {
  World world;
  NewWarrant wanted = ticket();
  wanted.principals = "mara,otto";
  wanted.actions = "read,change";
  REQUIRE(world.warrants.create(wanted).has_value());
  CHECK(world.warrants.use(world.alpha, "otto", "change", "")->has_value());
  CHECK(world.warrants.use(world.alpha, "mara", "read", "")->has_value());
  CHECK_FALSE(world.warrants.use(world.alpha, "ott", "read", "")->has_value());
  CHECK_FALSE(world.warrants.use(world.alpha, "mara,otto", "read", "")->has_value());
}

TEST_CASE("warrants: where the tenant wants to be asked, only what it approved opens") {
  World world;
  REQUIRE(world.warrants.change(world.alpha, {true, 0}).has_value());
  NewWarrant wanted = ticket();
  wanted.actions = "read,change";
  const auto asked = world.warrants.create(wanted);
  CHECK(asked->state == WarrantState::requested);
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
  const auto narrower = world.decide(asked->id, {.to = WarrantState::active, .actions = "read"});
  REQUIRE_MESSAGE(narrower.has_value(), narrower.error().what);
  CHECK(narrower->actions == "read");
  CHECK(narrower->decided_by == "ada@alpha");
  CHECK(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "change", "")->has_value());
  // Decided once.
  CHECK(world.decide(asked->id, {.to = WarrantState::active}).error().code == Code::conflict);
  CHECK(world.decide(asked->id, {.to = WarrantState::denied}).error().code == Code::conflict);
  CHECK(world.decide(asked->id, {.to = WarrantState::revoked})->state == WarrantState::revoked);
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
}

TEST_CASE("warrants: where the tenant wants to be asked, one from before opens nothing") {
  World world;
  const auto early = world.warrants.create(ticket());
  REQUIRE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
  NewWarrant wanted = ticket();
  wanted.kind = WarrantClass::approval;
  const auto asked = world.warrants.create(wanted);
  REQUIRE(world.decide(asked->id, {.to = WarrantState::active}).has_value());
  world.clock.advance(millis(1));  // the next has a greater id
  const auto late = world.warrants.create(ticket());
  REQUIRE(world.warrants.change(world.alpha, {true, 0}).has_value());
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", early->id)->has_value());
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", late->id)->has_value());
  // The approved one still does, newer ones or not.
  const auto used = world.warrants.use(world.alpha, "otto", "read", "");
  REQUIRE(used->has_value());
  CHECK((*used)->id == asked->id);
  REQUIRE(world.warrants.change(world.alpha, {false, 1}).has_value());
  CHECK(world.warrants.use(world.alpha, "otto", "read", early->id)->has_value());
}

TEST_CASE("warrants: an end that was seen stays when the clock goes back") {
  World world;
  NewWarrant wanted = ticket();
  const auto made = world.warrants.create(wanted);
  wanted.kind = WarrantClass::approval;
  wanted.deadline = seconds(600);
  const auto asked = world.warrants.create(wanted);
  world.clock.jump_wall(seconds(600));
  // Seen by a decision that is refused.
  CHECK(world.decide(asked->id, {.to = WarrantState::active}).error().code == Code::conflict);
  world.clock.jump_wall(seconds(4LL * 3600));
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
  world.clock.jump_wall(seconds(-5LL * 3600));
  CHECK(world.warrants.find(world.alpha, asked->id)->state == WarrantState::lapsed);
  CHECK(world.decide(asked->id, {.to = WarrantState::active}).error().code == Code::conflict);
  CHECK(world.warrants.find(world.alpha, made->id)->state == WarrantState::expired);
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
}

TEST_CASE("warrants: an approval that would open nothing is refused by name") {
  World world;
  NewWarrant wanted = ticket();
  wanted.kind = WarrantClass::approval;
  wanted.lifetime = seconds(3600);
  wanted.deadline = seconds(7200);
  const auto asked = world.warrants.create(wanted);
  CHECK(asked->deadline == asked->expires);
  // As older versions wrote it.
  REQUIRE(world.database
              ->execute("UPDATE warrant SET deadline_at = ?1",
                        {to_unix_ms(asked->issued + seconds(7200))})
              .has_value());
  world.clock.advance(seconds(3600));
  const auto late = world.decide(asked->id, {.to = WarrantState::active});
  REQUIRE(!late.has_value());
  CHECK(late.error().code == Code::conflict);
  CHECK(late.error().what.starts_with("expires_at"));
  CHECK(world.decide(asked->id, {.to = WarrantState::denied})->state == WarrantState::denied);
}

TEST_CASE("warrants: all open ones are listed, as their number has a limit") {
  World world;
  const auto first = world.warrants.create(ticket());
  for (std::int64_t i = 0; i < kWarrantsShownMax; ++i) {
    world.clock.advance(millis(1));  // the next has a greater id
    const auto made = world.warrants.create(ticket());
    REQUIRE(world.decide(made->id, {.to = WarrantState::revoked}).has_value());
  }
  const auto list = world.warrants.list(world.alpha);
  REQUIRE(list->size() == static_cast<std::size_t>(kWarrantsShownMax));
  CHECK(list->front().id == first->id);
  CHECK((*list)[1].id > list->back().id);
  for (std::int64_t i = 1; i < kOpenWarrantsMax; ++i) {
    REQUIRE(world.warrants.create(ticket()).has_value());
  }
  for (const bool dry_run : {true, false}) {
    const auto over = world.warrants.create(ticket(), dry_run);
    REQUIRE(!over.has_value());
    CHECK(over.error().code == Code::exhausted);
    CHECK(over.error().what.find("100 open warrants") != std::string::npos);
  }
  CHECK(world.warrants.create(ticket("bravo")).has_value());
  world.clock.advance(seconds(4LL * 3600));  // all of them expire
  CHECK(world.warrants.create(ticket()).has_value());
}

TEST_CASE("warrants: what cannot be told is not done") {
  World world;
  NewWarrant wanted = ticket();
  wanted.kind = WarrantClass::approval;
  const auto asked = world.warrants.create(wanted);
  REQUIRE(world.database->script("ALTER TABLE notify_event RENAME TO away").has_value());
  CHECK_FALSE(world.warrants.create(ticket()).has_value());
  CHECK_FALSE(world.decide(asked->id, {.to = WarrantState::active}).has_value());
  CHECK(world.warrants.list(world.alpha)->size() == 1);
  CHECK(world.warrants.find(world.alpha, asked->id)->state == WarrantState::requested);
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
}

TEST_CASE("warrants: a dry run says what would be, and changes nothing") {
  World world;
  const auto planned = world.warrants.create(ticket(), true);
  CHECK(planned->state == WarrantState::active);
  CHECK(world.warrants.list(world.alpha)->empty());
  const auto made = world.warrants.create(ticket());
  const auto ended = world.decide(made->id, {.to = WarrantState::revoked, .dry_run = true});
  CHECK(ended->state == WarrantState::revoked);
  CHECK(world.warrants.find(world.alpha, made->id)->state == WarrantState::active);
}

TEST_CASE("warrants: silence until the deadline is a denial") {
  World world;
  NewWarrant wanted = ticket();
  wanted.kind = WarrantClass::approval;
  wanted.deadline = seconds(600);
  const auto asked = world.warrants.create(wanted);
  CHECK(asked->state == WarrantState::requested);
  world.clock.advance(seconds(600));
  CHECK(world.warrants.find(world.alpha, asked->id)->state == WarrantState::lapsed);
  CHECK(world.decide(asked->id, {.to = WarrantState::active}).error().code == Code::conflict);
  CHECK_FALSE(world.warrants.use(world.alpha, "otto", "read", "")->has_value());
}

TEST_CASE("warrants: an approval is never wider than what was asked") {
  World world;
  NewWarrant wanted = ticket();
  wanted.kind = WarrantClass::approval;
  const auto asked = world.warrants.create(wanted);
  const WallTime now = world.clock.wall();
  const std::vector<Verdict> wider = {{.actions = "read,change"},
                                      {.actions = "change"},
                                      {.expires = asked->expires + seconds(1)},
                                      {.expires = now},
                                      {.actions = "all"}};
  for (const Verdict& each : wider) {
    CHECK(world.decide(asked->id, each).error().code == Code::invalid);
  }
  CHECK(world.decide(asked->id, {.expires = now + seconds(60)})->expires ==
        whole_ms(now + seconds(60)));
}

TEST_CASE("warrants: what cannot be one is refused by name") {
  World world;
  struct Case {
    void (*spoil)(NewWarrant&);
    std::string named;
  };
  const std::vector<Case> cases = {
      {[](NewWarrant& w) { w.reference = ""; }, "reference"},
      {[](NewWarrant& w) { w.reference = std::string(65, 'x'); }, "reference"},
      {[](NewWarrant& w) { w.reference = "two\nlines"; }, "reference"},
      {[](NewWarrant& w) { w.reason = ""; }, "reason"},
      {[](NewWarrant& w) { w.actions = "read, change"; }, "actions"},
      {[](NewWarrant& w) { w.lifetime = seconds(59); }, "lifetime"},
      {[](NewWarrant& w) { w.lifetime = seconds(91LL * 24 * 3600); }, "lifetime"},
      {[](NewWarrant& w) { w.deadline = seconds(8LL * 24 * 3600); }, "deadline"},
      {[](NewWarrant& w) { w.principals = "otto,,mara"; }, "principals"},
      {[](NewWarrant& w) { w.principals = ""; }, "principals"},
  };
  for (const Case& each : cases) {
    NewWarrant wanted = ticket();
    each.spoil(wanted);
    const auto refused = world.warrants.create(wanted);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().what.starts_with(each.named));
  }
  CHECK(world.warrants.list(world.alpha)->empty());
  CHECK(world.warrants.change(world.alpha, {true, 3}).error().code == Code::conflict);
}

TEST_CASE("access policy: a warrant opens; without one it is told, or shut by rule") {
  const auto policy = parse_access_policy(
      "actions:\n"
      "  - {action: \"GET /v1/tenants/{tenant}/tokens\", without_warrant: deny}\n"
      "  - {action: \"POST *\", without_warrant: deny}\n",
      "policy.yaml");
  REQUIRE_MESSAGE(policy.has_value(), policy.error().what);
  Warrant held;
  held.kind = WarrantClass::incident;
  const std::optional<Warrant> none;
  const std::optional<Warrant> one = held;
  struct Case {
    std::string action;
    std::string region;
    bool warrant;
    bool approval;
    bool allowed;
    std::string reason;
  };
  const std::string tokens = "GET /v1/tenants/{tenant}/tokens";
  const std::string people = "GET /v1/tenants/{tenant}/principals";
  const std::vector<Case> cases = {
      {people, "eu", false, false, true, "no-warrant"},
      {people, "local", false, false, true, "no-warrant"},
      {people, "us", false, false, false, "cross-region"},
      {people, "us", true, false, true, "incident-response"},
      {people, "eu", false, true, false, "approval-required"},
      {people, "eu", true, true, true, "incident-response"},
      {tokens, "eu", false, false, false, "no-warrant"},
      {tokens, "eu", true, false, true, "incident-response"},
      {"POST /v1/tenants/{tenant}/tokens", "eu", false, false, false, "no-warrant"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.action);
    CAPTURE(each.region);
    const Decision decision =
        decide(*policy, {each.action, each.region, "eu", each.warrant ? one : none, each.approval});
    CHECK(decision.allowed == each.allowed);
    CHECK(decision.reason == each.reason);
  }
  CHECK_FALSE(parse_access_policy("without_warrant: ask\n", "p").has_value());
  CHECK_FALSE(parse_access_policy("actions: [{without_warrant: deny}]\n", "p").has_value());
  CHECK_FALSE(parse_access_policy("other: 1\n", "p").has_value());
}

}  // namespace
}  // namespace mc::transparency
