#include "identity/issuer.h"

#include <doctest/doctest.h>

#include "contract/fake_provider.h"
#include "sim/sim.h"

namespace mc::identity {
namespace {

struct World {
  sim::SimClock clock;
  FakeProvider provider;
  JwtMaker maker{"k1"};
  Issuer issuer{FakeProvider::config(), provider.client(), clock};

  World() { provider.publish(maker); }
  void refresh_well() {
    const std::optional<Status> done = issuer.refresh();
    REQUIRE(done.has_value());
    CHECK(done->has_value());
  }
  std::string token(const JwtMaker& by) { return by.sign(FakeProvider::claims(clock.wall())); }
  Code refusal(const std::string& token) {
    const Result<Bearer> read = issuer.read(token);
    REQUIRE(!read.has_value());
    return read.error().code;
  }
};

TEST_CASE("issuer: a token is read with the keys that were fetched") {
  World world;
  const std::string token = world.token(world.maker);
  CHECK(world.refusal(token) == Code::unavailable);
  world.refresh_well();
  CHECK(world.provider.fetches == 2);
  const Result<Bearer> bearer = world.issuer.read(token);
  REQUIRE(bearer.has_value());
  CHECK(bearer->tenant.get() == "alpha");
  CHECK(bearer->principal == principal_of(FakeProvider::kIssuer, "user-1"));
  CHECK(bearer->name == "user-1");
  CHECK(bearer->roles == Flags<Role>{Role::analyst});
  CHECK(bearer->expires == WallTime{world.clock.wall().nanos / 1'000'000'000 * 1'000'000'000} +
                               seconds(600) + kIssuerClockSkewMax);
  CHECK(world.issuer.fetched() == world.clock.wall());
}

TEST_CASE("issuer: keys are fetched every five minutes, and not more often") {
  World world;
  world.refresh_well();
  CHECK(!world.issuer.refresh().has_value());
  world.clock.advance(kIssuerRefreshEvery - millis(1));
  CHECK(!world.issuer.refresh().has_value());
  world.clock.advance(millis(1));
  world.refresh_well();
  CHECK(world.provider.fetches == 4);
}

TEST_CASE("issuer: a rotation is seen by the first token with the new key") {
  World world;
  world.refresh_well();
  const JwtMaker next("k2", crypto::Algorithm::es256);
  world.provider.publish(next);
  world.clock.advance(kIssuerRefreshSoon);
  CHECK(world.refusal(world.token(next)) == Code::denied);
  world.refresh_well();
  CHECK(world.issuer.read(world.token(next)).has_value());
  CHECK(world.refusal(world.token(world.maker)) == Code::denied);  // taken back by the provider
}

TEST_CASE("issuer: tokens with unknown keys cause one fetch each kIssuerRefreshSoon") {
  World world;
  world.refresh_well();
  const JwtMaker stranger("k9");
  for (int i = 0; i < 600; ++i) {
    CHECK(world.refusal(world.token(stranger)) == Code::denied);
    [[maybe_unused]] const auto done = world.issuer.refresh();
    world.clock.advance(millis(100));
  }
  CHECK(world.provider.fetches == 2 + 2 * 11);  // at 5 s, 10 s, ... 55 s
}

TEST_CASE("issuer: while the provider is down the last keys are good for a day, then none is") {
  World world;
  world.refresh_well();
  world.provider.status = 503;
  world.clock.advance(kIssuerKeysKept - seconds(1));
  CHECK(world.issuer.refresh()->error().code == Code::unavailable);
  CHECK(world.issuer.read(world.token(world.maker)).has_value());
  world.clock.advance(seconds(1));
  CHECK(world.refusal(world.token(world.maker)) == Code::unavailable);
  CHECK(!world.issuer.refresh().has_value());  // a failure is not repeated at once
  world.clock.advance(kIssuerRefreshSoon);
  world.provider.status = 200;
  world.refresh_well();
  CHECK(world.issuer.read(world.token(world.maker)).has_value());
}

TEST_CASE("issuer: metadata that could lead elsewhere is refused, the old keys stay") {
  World world;
  world.refresh_well();
  const auto refused = [&](Code code) {
    world.clock.advance(kIssuerRefreshEvery);
    const std::optional<Status> done = world.issuer.refresh();
    REQUIRE(done.has_value());
    REQUIRE(!done->has_value());
    CHECK(done->error().code == code);
    CHECK(world.issuer.read(world.token(world.maker)).has_value());
  };
  world.provider.issuer = "https://id.example.org/realm/";  // not byte for byte
  refused(Code::invalid);
  world.provider.issuer = FakeProvider::kIssuer;
  for (const char* url : {"http://id.example.org/keys", "file:///etc/passwd", "", "https://",
                          "http://localhost@evil.example/", "http://localhost:80@evil.example/",
                          "http://127.0.0.1.evil.example/", "https://a b/"}) {
    CAPTURE(url);
    world.provider.keys_url = url;
    refused(Code::invalid);
  }
  world.provider.keys_url = "http://127.0.0.1:9/keys";
  world.clock.advance(kIssuerRefreshEvery);
  world.refresh_well();
  for (const char* keys : {"", "[]", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"oct"}]})"}) {
    CAPTURE(keys);
    world.provider.key_set = keys;
    refused(Code::invalid);
  }
}

TEST_CASE("issuer: claims say tenant and roles, and without either there is no bearer") {
  IssuerConfig config = FakeProvider::config();
  json::Object claims = FakeProvider::claims({});
  CHECK(read_bearer(claims, config).has_value());

  claims.set("roles", "dpo");  // one text instead of a list
  CHECK(read_bearer(claims, config)->roles == Flags<Role>{Role::dpo});
  claims.set("roles", json::Value(json::Array{json::Value("root"), json::Value(7)}));
  CHECK(read_bearer(claims, config).error().code == Code::denied);

  config.roles = {{"mc-people", "analyst"}, {"mc-people", "oncall"}, {"mc-ops", "operator"}};
  claims.set("roles", json::Value(json::Array{json::Value("mc-people"), json::Value("operator")}));
  CHECK(read_bearer(claims, config)->roles == Flags<Role>{Role::analyst, Role::oncall});

  config.roles_claim = "realm_access.roles";
  CHECK(read_bearer(claims, config).error().code == Code::denied);
  claims.set("realm_access", json::Value(json::Object()));
  json::Object access;
  access.set("roles", json::Value(json::Array{json::Value("mc-ops")}));
  claims.set("realm_access", json::Value(access));
  CHECK(read_bearer(claims, config)->roles == Flags<Role>{Role::operator_});

  for (const json::Value& tenant : {json::Value(), json::Value(""), json::Value(7)}) {
    claims.set("tenant", tenant);
    CHECK(read_bearer(claims, config).error().code == Code::denied);
  }
}

TEST_CASE("issuer: a name is one that a page can show") {
  const IssuerConfig config = FakeProvider::config();
  json::Object claims = FakeProvider::claims({});
  claims.set("preferred_username", "ana@example.org");
  CHECK(read_bearer(claims, config)->name == "ana@example.org");
  claims.set("name", "Ana Álvarez");
  CHECK(read_bearer(claims, config)->name == "Ana Álvarez");
  for (const std::string& bad : {std::string("a\0b", 3), std::string("a\nb"), std::string(201, 'a'),
                                 std::string("\xff"), std::string("\x7f")}) {
    claims.set("name", bad);
    CHECK(read_bearer(claims, config)->name == "ana@example.org");
  }
}

TEST_CASE("issuer: a principal is its issuer and its subject together") {
  CHECK(principal_of("https://a", "b") == principal_of("https://a", "b"));
  CHECK(principal_of("https://a", "b") != principal_of("https://b", "b"));
  CHECK(principal_of("https://a", "b") != principal_of("https://a", "c"));
  CHECK(principal_of("https://a", "b").get().size() == 31);
}

TEST_CASE("issuer: a configuration names its wrong field") {
  const auto refusal = [](const auto& change) {
    IssuerConfig config = FakeProvider::config();
    change(config);
    const Status checked = config.check();
    return checked ? std::string() : checked.error().what;
  };
  CHECK(refusal([](IssuerConfig&) {}).empty());
  CHECK(refusal([](IssuerConfig& c) {
          c.issuer = "";
          c.audience = "";
        }).empty());
  CHECK(refusal([](IssuerConfig& c) { c.issuer = "http://id.example.org"; }).find("oidc.issuer") !=
        std::string::npos);
  CHECK(refusal([](IssuerConfig& c) { c.audience = ""; }).find("oidc.audience") !=
        std::string::npos);
  CHECK(refusal([](IssuerConfig& c) { c.roles = {{"a", "boss"}}; }).find("oidc.roles") !=
        std::string::npos);
  CHECK(refusal([](IssuerConfig& c) { c.cli_client_id = c.audience; }).find("cli_client_id") !=
        std::string::npos);
}

}  // namespace
}  // namespace mc::identity
