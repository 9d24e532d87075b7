#include "identity/identity.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "contract/identity_world.h"

namespace mc::identity {
namespace {

TEST_CASE("identity: a token resolves to its principal, tenant, roles and scopes") {
  Fixture world;
  world.add_tenant("alpha");
  const std::string token = world.issue("alpha");
  CHECK(token.size() == 47);
  CHECK(token.starts_with("mct_"));
  const auto caller = world.directory->check(token);
  REQUIRE(caller != nullptr);
  CHECK(caller->tenant == TenantId("alpha"));
  CHECK(caller->principal == PrincipalId("ana"));
  CHECK(caller->roles == Flags<Role>{Role::analyst});
  CHECK(caller->may(Scope::query));
  CHECK(!caller->may(Scope::mutate));
  CHECK(caller->purpose == "demo");
}

TEST_CASE("identity: any changed character makes a token unknown") {
  Fixture world;
  world.add_tenant("alpha");
  const std::string token = world.issue("alpha");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(world.directory->check(changed) == nullptr);
  }
  for (const char* bad : {"", "mct_", "Bearer x"}) CHECK(world.directory->check(bad) == nullptr);
  CHECK(world.directory->check(token + "A") == nullptr);
}

TEST_CASE("identity: a token ends at its expiry, to the millisecond") {
  Fixture world;
  world.add_tenant("alpha");
  const std::string token = world.issue("alpha", seconds(60));
  world.clock.advance(seconds(60) - millis(1));
  CHECK(world.directory->check(token) != nullptr);
  world.clock.advance(millis(1));
  CHECK(world.directory->check(token) == nullptr);
}

TEST_CASE("identity: a wall clock that jumps back does not revive a revoked token") {
  Fixture world;
  world.add_tenant("alpha");
  const std::string token = world.issue("alpha");
  const auto tokens = world.directory->tokens(TenantId("alpha"));
  REQUIRE(tokens->size() == 1);
  REQUIRE(world.directory->revoke(TenantId("alpha"), tokens->front().id).has_value());
  world.clock.jump_wall(seconds(-3600));
  CHECK(world.directory->check(token) == nullptr);
  CHECK(world.directory->revoke(TenantId("alpha"), tokens->front().id).error().code ==
        Code::not_found);
}

TEST_CASE("identity: a tenant cannot revoke or list the tokens of another") {
  Fixture world;
  world.add_tenant("alpha");
  world.add_tenant("bravo");
  const std::string token = world.issue("alpha");
  const std::string id = world.directory->tokens(TenantId("alpha"))->front().id;
  CHECK(world.directory->revoke(TenantId("bravo"), id).error().code == Code::not_found);
  CHECK(world.directory->tokens(TenantId("bravo"))->empty());
  CHECK(world.directory->check(token) != nullptr);
}

TEST_CASE("identity: a suspended tenant's tokens stop at once and come back with it") {
  Fixture world;
  world.add_tenant("alpha");
  const std::string token = world.issue("alpha");
  Tenant tenant = *world.directory->tenant(TenantId("alpha"));
  tenant.state = "suspended";
  const auto suspended = world.directory->update_tenant(tenant);
  REQUIRE(suspended.has_value());
  CHECK(world.directory->check(token) == nullptr);
  CHECK(world.directory->update_tenant(tenant).error().code == Code::conflict);
  tenant = *suspended;
  tenant.state = "active";
  REQUIRE(world.directory->update_tenant(tenant).has_value());
  CHECK(world.directory->check(token) != nullptr);
}

TEST_CASE("identity: the text of a token is nowhere in the database files") {
  std::string folder = (std::filesystem::temp_directory_path() / "mc-identity-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  {
    Fixture world("sqlite:" + folder + "/state.db");
    world.add_tenant("alpha");
    const std::string token = world.issue("alpha");
    const std::string hash = to_hex(sys::sha256(token));
    bool hash_found = false;
    const auto files = sys::real_files();
    const std::vector<std::string> names = *files->list(folder);
    for (const std::string& name : names) {
      const std::string bytes = *files->read_all(folder + "/" + name);
      CHECK(bytes.find(token.substr(4)) == std::string::npos);
      hash_found = hash_found || bytes.find(hash) != std::string::npos;
    }
    CHECK(hash_found);  // otherwise the search above looked in the wrong place
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("identity: last use is noted and saved") {
  Fixture world;
  world.add_tenant("alpha");
  const std::string token = world.issue("alpha", seconds(3600));
  CHECK(!world.directory->tokens(TenantId("alpha"))->front().last_used.has_value());
  world.clock.advance(seconds(5));
  REQUIRE(world.directory->check(token) != nullptr);
  const auto used = world.directory->tokens(TenantId("alpha"))->front().last_used;
  REQUIRE(used.has_value());
  CHECK(format_rfc3339(*used) == "2026-01-01T00:00:05.000Z");
  world.issue("alpha");  // rebuilds the index; the noted time must survive it
  CHECK(world.directory->tokens(TenantId("alpha"))->front().last_used == used);
}

TEST_CASE("identity: fields outside their limits are refused by name") {
  Fixture world;
  world.add_tenant("alpha");
  Tenant tenant;
  tenant.id = TenantId("Bad Name");
  tenant.region = "eu";
  CHECK(world.directory->create_tenant(tenant).error().what.find("tenant") != std::string::npos);
  tenant.id = TenantId("good");
  tenant.plan = "gold";
  CHECK(world.directory->create_tenant(tenant).error().what.find("plan") != std::string::npos);
  tenant.plan = "pro";
  CHECK(world.directory->create_tenant(tenant).has_value());
  CHECK(world.directory->create_tenant(tenant).error().code == Code::conflict);
  CHECK(!world.directory->issue(world.wanted("alpha", kTokenLifetimeMax + seconds(1))));
  CHECK(!world.directory->issue(world.wanted("alpha", Nanos{0})));
  CHECK(world.directory->issue(world.wanted("nowhere")).error().code == Code::not_found);
  NewToken odd = world.wanted("alpha");
  odd.purposes = "curiosity";
  CHECK(world.directory->issue(odd).error().code == Code::invalid);
}

TEST_CASE("identity: the first start makes one operator token, later starts none") {
  Fixture world;
  const auto first = world.directory->bootstrap();
  REQUIRE(first.has_value());
  REQUIRE(first->has_value());
  const auto caller = world.directory->check((*first)->token.reveal(RevealToken()));
  REQUIRE(caller != nullptr);
  CHECK(caller->reads_other_tenants());
  CHECK(caller->may(Scope::admin_write));
  CHECK(!world.directory->bootstrap()->has_value());
}

TEST_CASE("identity: an auditor never writes, whatever the token says") {
  Caller caller;
  caller.roles = {Role::auditor, Role::tenant_admin};
  caller.scopes = {Scope::query, Scope::mutate, Scope::admin_read, Scope::admin_write};
  CHECK(caller.may(Scope::query));
  CHECK(caller.may(Scope::admin_read));
  CHECK(!caller.may(Scope::mutate));
  CHECK(!caller.may(Scope::admin_write));
}

TEST_CASE("identity: names of roles and scopes go both ways") {
  CHECK(join(*parse_roles("dpo, analyst")) == "analyst,dpo");
  CHECK(join(*parse_scopes("admin:write,query")) == "query,admin:write");
  CHECK(parse_roles("boss").error().what.find("operator") != std::string::npos);
  CHECK(!parse_scopes("").has_value());
}

// The n-th statement fails, before or after it took effect. Whoever asks again until the answer is
// final must find the door closed.
TEST_CASE("identity: a revocation or suspension that fails half-way is complete when repeated") {
  using Fault = sim::FaultyConnection::Fault;
  for (const bool suspend : {false, true}) {
    for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
      for (int n = 1; n <= 6; ++n) {
        CAPTURE(suspend);
        CAPTURE(n);
        Fixture world;
        world.add_tenant("alpha");
        const std::string token = world.issue("alpha");
        const std::string id = world.directory->check(token)->token_id;
        Tenant tenant = *world.directory->tenant(TenantId("alpha"));
        tenant.state = "suspended";
        const auto attempt = [&]() -> Status {
          if (!suspend) return world.directory->revoke(TenantId("alpha"), id);
          const auto updated = world.directory->update_tenant(tenant);
          return updated ? ok() : Status(tl::unexpected<Error>(updated.error()));
        };
        world.faulty->fail_at(n, fault);
        Status done = attempt();
        if (!done && done.error().code == Code::unavailable) done = attempt();
        const bool final = done || done.error().code != Code::unavailable;
        CHECK(final);
        CHECK(world.directory->check(token) == nullptr);
      }
    }
  }
}

TEST_CASE("identity: expired tokens do not count against the limit of a tenant") {
  Fixture world;
  world.add_tenant("alpha");
  for (std::size_t i = 0; i < kTokensPerTenantMax; ++i) world.issue("alpha", seconds(60));
  CHECK(world.directory->issue(world.wanted("alpha")).error().code == Code::conflict);
  world.clock.advance(seconds(61));
  CHECK(world.directory->check(world.issue("alpha")) != nullptr);
}

}  // namespace
}  // namespace mc::identity
