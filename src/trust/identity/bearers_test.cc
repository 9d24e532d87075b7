#include "identity/bearers.h"

#include <doctest/doctest.h>

#include "contract/fake_provider.h"
#include "contract/identity_world.h"

namespace mc::identity {
namespace {

struct Bound : Fixture {
  FakeProvider provider;
  JwtMaker maker{"k1"};
  std::shared_ptr<Issuer> issuer;

  Bound() {
    add_tenant("alpha");
    provider.publish(maker);
    issuer = std::make_shared<Issuer>(FakeProvider::config(), provider.client(), clock);
    directory->trust(issuer);
    REQUIRE(issuer->refresh()->has_value());
  }
  json::Object claims() { return FakeProvider::claims(clock.wall()); }
  std::shared_ptr<const Caller> check(const json::Object& claims) {
    return directory->check(maker.sign(claims));
  }
  void set_tenant(const char* state) {
    Tenant tenant = *directory->tenant(TenantId("alpha"));
    tenant.state = state;
    REQUIRE(directory->update_tenant(tenant).has_value());
  }
};

TEST_CASE("bearers: an access token is a caller with the scopes of its roles") {
  Bound world;
  const std::shared_ptr<const Caller> caller = world.check(world.claims());
  REQUIRE(caller != nullptr);
  CHECK(caller->tenant.get() == "alpha");
  CHECK(caller->region == "eu");
  CHECK(caller->plan == "starter");
  CHECK(caller->may(Scope::query));
  CHECK(!caller->may(Scope::admin_write));
  CHECK(caller->session_id.empty());
  CHECK(caller->token_id.starts_with("jwt_"));
  CHECK(world.directory->save_last_use().has_value());
}

TEST_CASE("bearers: a token is verified once, and a copy with one other byte is not good") {
  Bound world;
  const std::string token = world.maker.sign(world.claims());
  const std::shared_ptr<const Caller> caller = world.directory->check(token);
  REQUIRE(caller != nullptr);
  CHECK(world.directory->check(token) == caller);
  for (std::size_t i = 0; i < token.size(); i += 7) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(world.directory->check(changed) == nullptr);
  }
}

TEST_CASE("bearers: a remembered token ends with its expiry, skew included") {
  Bound world;
  const std::string token = world.maker.sign(world.claims());
  CHECK(world.directory->check(token) != nullptr);
  world.clock.advance(seconds(600) + kIssuerClockSkewMax - seconds(1));
  CHECK(world.directory->check(token) != nullptr);
  world.clock.advance(seconds(1));
  CHECK(world.directory->check(token) == nullptr);
}

TEST_CASE("bearers: a remembered token ends when its key is withdrawn") {
  Bound world;
  json::Object claims = world.claims();
  claims.set("exp", std::int64_t{4'000'000'000});
  const std::string token = world.maker.sign(claims);
  CHECK(world.directory->check(token) != nullptr);
  world.provider.publish(JwtMaker("k2"));
  world.clock.advance(kIssuerRefreshEvery);
  REQUIRE(world.issuer->refresh()->has_value());
  CHECK(world.directory->check(token) == nullptr);
}

TEST_CASE("bearers: a remembered token ends when no keys are known for a day") {
  Bound world;
  json::Object claims = world.claims();
  claims.set("exp", std::int64_t{4'000'000'000});
  const std::string token = world.maker.sign(claims);
  CHECK(world.directory->check(token) != nullptr);
  world.clock.advance(kIssuerKeysKept);
  CHECK(world.directory->check(token) == nullptr);
}

TEST_CASE("bearers: a suspended tenant has none, also when the index cannot be read again") {
  Bound world;
  const std::string token = world.maker.sign(world.claims());
  CHECK(world.directory->check(token) != nullptr);
  world.set_tenant("suspended");
  CHECK(world.directory->check(token) == nullptr);
  world.set_tenant("active");
  CHECK(world.directory->check(token) != nullptr);
  Tenant tenant = *world.directory->tenant(TenantId("alpha"));
  tenant.state = "suspended";
  // The look-up and the change are done; the reading of the index fails.
  world.faulty->fail_at(7, sim::FaultyConnection::Fault::not_run);
  CHECK(!world.directory->update_tenant(tenant).has_value());
  CHECK(world.directory->check(token) == nullptr);
}

TEST_CASE("bearers: tenants are those of the directory; a new one is known at once") {
  Bound world;
  json::Object claims = world.claims();
  for (const char* name : {"bravo", "ALPHA", "alpha ", " alpha", "alpha\n", "*", "alpha,system"}) {
    claims.set("tenant", name);
    CHECK(world.check(claims) == nullptr);
  }
  world.add_tenant("bravo");
  claims.set("tenant", "bravo");
  const std::shared_ptr<const Caller> caller = world.check(claims);
  REQUIRE(caller != nullptr);
  CHECK(caller->tenant.get() == "bravo");
  CHECK(!caller->reads_other_tenants());
}

TEST_CASE("bearers: a suspended principal has none") {
  Bound world;
  const std::string token = world.maker.sign(world.claims());
  const PrincipalId who = principal_of(FakeProvider::kIssuer, "user-1");
  REQUIRE(world.database
              ->execute("INSERT INTO principal (tenant_id, principal_id, name, roles, state, "
                        "created_at) VALUES ('alpha', ?1, 'A', 'analyst', 'suspended', 0)",
                        {who.get()})
              .has_value());
  world.issue("alpha");  // reads the index again
  CHECK(world.directory->check(token) == nullptr);
}

TEST_CASE("bearers: an auditor writes nothing, whatever else the token says") {
  Bound world;
  json::Object claims = world.claims();
  claims.set("roles", json::Value(json::Array{json::Value("operator"), json::Value("auditor")}));
  claims.set("scope", "mutate admin_write");
  const std::shared_ptr<const Caller> caller = world.check(claims);
  REQUIRE(caller != nullptr);
  CHECK(caller->may(Scope::admin_read));
  CHECK(!caller->may(Scope::mutate));
  CHECK(!caller->may(Scope::admin_write));
}

TEST_CASE("bearers: an ID token and a token for another server are no access tokens") {
  Bound world;
  json::Object claims = world.claims();
  claims.set("aud", "portal-client");
  CHECK(world.check(claims) == nullptr);
  claims.set("aud", "https://other.example.org");
  CHECK(world.check(claims) == nullptr);
}

TEST_CASE("bearers: without a provider no JWT is good") {
  Fixture world;
  world.add_tenant("alpha");
  CHECK(world.directory->check(JwtMaker("k1").sign(FakeProvider::claims(world.clock.wall()))) ==
        nullptr);
}

}  // namespace
}  // namespace mc::identity
