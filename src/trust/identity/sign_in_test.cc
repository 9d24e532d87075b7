#include <doctest/doctest.h>

#include <set>

#include "contract/identity_world.h"
#include "identity/identity.h"

namespace mc::identity {
namespace {

const TenantId kAlpha("alpha");
const PrincipalId kAna("ana");

struct People : Fixture {
  People() { add_tenant("alpha"); }
  std::string link(Nanos lifetime = seconds(600)) {
    auto issued = directory->issue_link(kAlpha, kAna, lifetime);
    REQUIRE(issued.has_value());
    return std::string(issued->link.reveal(RevealToken()));
  }
  Result<IssuedSession> redeem(const std::string& secret) {
    return directory->sign_in(secret, {"192.0.2.7", "Browser/1"});
  }
  std::string sign_in() {
    auto issued = redeem(link());
    REQUIRE(issued.has_value());
    return std::string(issued->cookie.reveal(RevealToken()));
  }
  void suspend(bool suspended) {
    Tenant tenant = *directory->tenant(kAlpha);
    tenant.state = suspended ? "suspended" : "active";
    REQUIRE(directory->update_tenant(tenant).has_value());
  }
};

TEST_CASE("sign-in: a link gives one session, with the scopes of the roles") {
  People world;
  const std::string link = world.link();
  CHECK(link.size() == 47);
  CHECK(link.starts_with("mcl_"));
  const auto issued = world.redeem(link);
  REQUIRE(issued.has_value());
  const std::string cookie(issued->cookie.reveal(RevealToken()));
  CHECK(cookie.starts_with("mcs_"));
  const auto caller = world.directory->check_session(cookie);
  REQUIRE(caller != nullptr);
  CHECK(caller->tenant == kAlpha);
  CHECK(caller->principal == kAna);
  CHECK(caller->name == "Ana");
  CHECK(caller->session_id == issued->info.id);
  CHECK(caller->token_id.empty());
  CHECK(caller->may(Scope::query));
  CHECK(!caller->may(Scope::admin_write));
  CHECK(issued->info.peer == "192.0.2.7");
  CHECK(world.redeem(link).error().code == Code::denied);
}

TEST_CASE("sign-in: neither secret works in the other's place, nor with a changed character") {
  People world;
  const std::string link = world.link();
  const std::string cookie = world.sign_in();
  CHECK(world.directory->check(cookie) == nullptr);
  CHECK(world.directory->check(link) == nullptr);
  CHECK(world.directory->check_session(link) == nullptr);
  CHECK(world.directory->check_session(world.issue("alpha")) == nullptr);
  CHECK(world.redeem(cookie).error().code == Code::denied);
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(world.directory->check_session(changed) == nullptr);
    changed = link;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(world.redeem(changed).error().code == Code::denied);
  }
  CHECK(world.redeem(link).has_value());
}

TEST_CASE("sign-in: a link ends at its expiry and with its tenant") {
  People world;
  const std::string late = world.link(seconds(60));
  world.clock.advance(seconds(60));
  CHECK(world.redeem(late).error().code == Code::denied);
  const std::string held = world.link();
  world.suspend(true);
  CHECK(world.redeem(held).error().code == Code::denied);
  world.suspend(false);
  CHECK(world.redeem(held).has_value());
}

TEST_CASE("sign-in: a session ends when it is idle, and at its full age however busy") {
  People world;
  const std::string idle = world.sign_in();
  world.clock.advance(kSessionIdle - millis(1));
  CHECK(world.directory->check_session(idle) != nullptr);
  world.clock.advance(kSessionIdle - millis(1));
  CHECK(world.directory->check_session(idle) != nullptr);
  world.clock.advance(kSessionIdle);
  CHECK(world.directory->check_session(idle) == nullptr);

  const std::string busy = world.sign_in();
  const Nanos step = kSessionIdle - seconds(1);
  Nanos age{0};
  while (age + step < kSessionLifetime) {
    world.clock.advance(step);
    age = age + step;
    REQUIRE(world.directory->check_session(busy) != nullptr);
  }
  world.clock.advance(kSessionLifetime - age);
  CHECK(world.directory->check_session(busy) == nullptr);
}

TEST_CASE("sign-in: a restart keeps sessions, and how long they were idle") {
  People world;
  const std::string cookie = world.sign_in();
  world.clock.advance(kSessionIdle - seconds(1));
  REQUIRE(world.directory->check_session(cookie) != nullptr);
  REQUIRE(world.directory->save_last_use().has_value());
  auto again = Directory::open(std::make_unique<sim::FaultyConnection>(*world.database),
                               world.clock, world.random);
  REQUIRE(again.has_value());
  world.clock.advance(kSessionIdle - seconds(1));
  CHECK((*again)->check_session(cookie) != nullptr);
  world.clock.advance(kSessionIdle);
  CHECK((*again)->check_session(cookie) == nullptr);
}

TEST_CASE("sign-in: ending a session ends that one, and only for its own person") {
  People world;
  const std::string first = world.sign_in();
  const std::string second = world.sign_in();
  const auto live = world.directory->sessions(kAlpha, kAna);
  REQUIRE(live->size() == 2);
  const std::string id = world.directory->check_session(first)->session_id;
  CHECK(world.directory->end_session(TenantId("bravo"), kAna, id).error().code == Code::not_found);
  CHECK(world.directory->end_session(kAlpha, PrincipalId("eve"), id).error().code ==
        Code::not_found);
  CHECK(world.directory->check_session(first) != nullptr);
  CHECK(world.directory->end_session(kAlpha, kAna, id).has_value());
  CHECK(world.directory->check_session(first) == nullptr);
  CHECK(world.directory->check_session(second) != nullptr);
  CHECK(world.directory->sessions(kAlpha, kAna)->size() == 1);
}

TEST_CASE("sign-in: a suspended tenant's sessions stop at once and come back with it") {
  People world;
  const std::string cookie = world.sign_in();
  world.suspend(true);
  CHECK(world.directory->check_session(cookie) == nullptr);
  world.suspend(false);
  CHECK(world.directory->check_session(cookie) != nullptr);
}

TEST_CASE("sign-in: one session or link too many ends the oldest") {
  People world;
  std::vector<std::string> cookies;
  for (std::size_t i = 0; i <= kSessionsPerPrincipalMax; ++i) {
    cookies.push_back(world.sign_in());
    world.clock.advance(millis(1));
  }
  CHECK(world.directory->check_session(cookies[0]) == nullptr);
  for (std::size_t i = 1; i < cookies.size(); ++i) {
    CHECK(world.directory->check_session(cookies[i]) != nullptr);
  }
  CHECK(std::set<std::string>(cookies.begin(), cookies.end()).size() == cookies.size());
  std::vector<std::string> links;
  for (std::size_t i = 0; i <= kLinksPerPrincipalMax; ++i) {
    links.push_back(world.link(seconds(60)));
    world.clock.advance(millis(1));
  }
  CHECK(world.redeem(links[0]).error().code == Code::denied);
  CHECK(world.redeem(links[1]).has_value());
  CHECK(world.redeem(links.back()).has_value());
  CHECK(world.directory->issue_link(kAlpha, PrincipalId("eve"), seconds(60)).error().code ==
        Code::not_found);
  CHECK(world.directory->issue_link(kAlpha, kAna, kLinkLifetimeMax + millis(1)).error().code ==
        Code::invalid);
}

// A failure at any statement leaves either no session and a good link, or a session.
TEST_CASE("sign-in: a failing database never uses a link up for nothing") {
  using Fault = sim::FaultyConnection::Fault;
  for (int n = 1; n <= 8; ++n) {
    CAPTURE(n);
    People world;
    const std::string link = world.link();
    world.faulty->fail_at(n, Fault::not_run);
    const auto first = world.redeem(link);
    if (first.has_value()) continue;
    CHECK(first.error().code == Code::unavailable);
    CHECK(world.redeem(link).has_value());
  }
}

TEST_CASE("sign-in: what a browser says of itself is cut and stays text") {
  People world;
  const std::string wide = std::string(kUserAgentBytesMax - 1, 'x') + "\xC3\xA9";
  const auto issued = world.directory->sign_in(world.link(), {"::1", wide});
  CHECK(issued->info.user_agent == std::string(kUserAgentBytesMax - 1, 'x'));
  const auto broken = world.directory->sign_in(world.link(), {"::1", "\xFF\xFE"});
  CHECK(broken->info.user_agent.empty());
}

TEST_CASE("sign-in: a dpo's session may ask for top-ups, and writes no rows") {
  CHECK(join(scopes_of({Role::dpo})) == "query,introspect,admin:read,admin:write");
  CHECK(!scopes_of({Role::dpo, Role::platform}).has(Scope::admin_write));
  CHECK(!scopes_of({Role::dpo, Role::oncall}).has(Scope::admin_write));
}

TEST_CASE("sign-in: an auditor's session writes nothing") {
  CHECK(join(scopes_of({Role::auditor})) == "query,introspect,admin:read");
  Caller caller;
  caller.roles = {Role::auditor, Role::operator_};
  caller.scopes = scopes_of(caller.roles);
  CHECK(!caller.may(Scope::admin_write));
  CHECK(!caller.may(Scope::mutate));
}

TEST_CASE("sign-in: the token against forged requests follows the cookie") {
  CHECK(csrf_token("mcs_a") == csrf_token("mcs_a"));
  CHECK(csrf_token("mcs_a") != csrf_token("mcs_b"));
  CHECK(csrf_token("mcs_a").size() == 43);
}

}  // namespace
}  // namespace mc::identity
