#include "identity/code_login.h"

#include <doctest/doctest.h>

#include <functional>

#include "contract/fake_provider.h"
#include "contract/identity_world.h"

namespace mc::identity {
namespace {

constexpr const char* kClient = "maestro portal";
constexpr const char* kRedirect = "https://mc.example.org/sign-in/callback";

struct Began {
  StartedCodeLogin started;
  net::Headers sent;  // the parameters for the provider

  std::string at(std::string_view name) const {
    for (const auto& [key, value] : sent) {
      if (key == name) return value;
    }
    return "";
  }
  std::string binding() const { return std::string(started.binding.reveal(RevealToken())); }
};

struct Portal : Fixture {
  FakeProvider provider;
  JwtMaker maker{"k1"};
  std::shared_ptr<Issuer> issuer;
  std::unique_ptr<CodeLogin> login;
  CodeLoginStart start{.return_to = "/tokens?tenant=alpha", .step_up = {}, .peer = "192.0.2.7"};

  explicit Portal(std::string secret = "s3cret") {
    add_tenant("alpha");
    IssuerConfig config = FakeProvider::config();
    config.client_id = kClient;
    REQUIRE(config.check().has_value());
    provider.publish(maker);
    issuer = std::make_shared<Issuer>(config, provider.client(), clock);
    login = std::make_unique<CodeLogin>(
        CodeLogin::World{*directory, issuer, provider.client(), clock, random}, config,
        Secret(std::move(secret)), kRedirect);
    REQUIRE(issuer->refresh().value().has_value());
  }
  Began begin() {
    Result<StartedCodeLogin> started = login->begin(start);
    REQUIRE(started.has_value());
    const std::string endpoint = "https://id.example.org/authorize?";
    REQUIRE(started->url.starts_with(endpoint));
    Result<net::Headers> sent = net::parse_query(started->url.substr(endpoint.size()));
    REQUIRE(sent.has_value());
    return {std::move(*started), std::move(*sent)};
  }
  using Change = std::function<void(json::Object& claims)>;
  // What the token endpoint will give.
  void grant(const Began& began, const Change& change = [](json::Object&) {}) {
    json::Object claims = FakeProvider::claims(clock.wall());
    claims.set("aud", kClient);
    claims.set("nonce", began.at("nonce"));
    claims.set("name", "Ina");
    change(claims);
    provider.token_reply = "{\"id_token\":\"" + maker.sign(claims) + "\"}";
  }
  Result<FinishedCodeLogin> finish(const Began& began, CodeAnswer answer, std::string binding) {
    if (answer.state.empty()) answer.state = began.at("state");
    return login->finish(answer, binding, {"192.0.2.7", "Browser/1"});
  }
  Result<FinishedCodeLogin> finish(const Began& began) {
    return finish(began, {"", "c-1", FakeProvider::kIssuer}, began.binding());
  }
  Code refusal(const Began& began) {
    const Result<FinishedCodeLogin> done = finish(began);
    REQUIRE(!done.has_value());
    CHECK(directory->principals(TenantId("alpha"))->size() == 1);
    return done.error().code;
  }
};

TEST_CASE("code login: the address asks for a code with PKCE, a state and a nonce") {
  Portal world;
  const Began began = world.begin();
  CHECK(began.at("response_type") == "code");
  CHECK(began.at("client_id") == kClient);
  CHECK(began.at("redirect_uri") == kRedirect);
  CHECK(began.at("scope") == "openid profile");
  CHECK(began.at("code_challenge_method") == "S256");
  for (const char* name : {"state", "nonce", "code_challenge"}) CHECK(began.at(name).size() == 43);
  CHECK(began.binding().starts_with("mcb_"));
  CHECK(began.started.url.find(began.binding()) == std::string::npos);
  CHECK(began.at("max_age") == "43200");
  CHECK(world.begin().at("state") != began.at("state"));
}

TEST_CASE("code login: the code is exchanged with the verifier, and a session begins") {
  Portal world;
  const Began began = world.begin();
  world.grant(began);
  const Result<FinishedCodeLogin> done = world.finish(began);
  REQUIRE(done.has_value());
  CHECK(done->return_to == "/tokens?tenant=alpha");
  const auto sent = net::parse_query(world.provider.last_exchange.body);
  REQUIRE(sent.has_value());
  const net::Headers expected = {{"grant_type", "authorization_code"},
                                 {"code", "c-1"},
                                 {"redirect_uri", kRedirect},
                                 {"code_verifier", sent->back().second}};
  CHECK(*sent == expected);
  CHECK(to_base64url(sys::sha256(sent->back().second)) == began.at("code_challenge"));
  // base64("maestro%20portal:s3cret")
  CHECK(std::find(
            world.provider.last_exchange.headers.begin(),
            world.provider.last_exchange.headers.end(),
            net::Headers::value_type{"Authorization", "Basic bWFlc3RybyUyMHBvcnRhbDpzM2NyZXQ="}) !=
        world.provider.last_exchange.headers.end());
  const auto caller = world.directory->check_session(done->session.cookie.reveal(RevealToken()));
  REQUIRE(caller != nullptr);
  CHECK(caller->tenant.get() == "alpha");
  CHECK(caller->name == "Ina");
  CHECK(caller->roles == Flags<Role>{Role::analyst});
  CHECK(done->session.info.method == SignInMethod::oidc);
  REQUIRE(caller->proof.has_value());
  CHECK(!caller->proof->time.has_value());
}

TEST_CASE("code login: a public client names itself in the form") {
  Portal world("");
  const Began began = world.begin();
  world.grant(began);
  REQUIRE(world.finish(began).has_value());
  CHECK(net::parse_query(world.provider.last_exchange.body)->back() ==
        net::Headers::value_type{"client_id", kClient});
  for (const auto& [name, value] : world.provider.last_exchange.headers) {
    CHECK(name != "Authorization");
  }
}

TEST_CASE("code login: a state works once, in its own browser, for ten minutes") {
  Portal world;
  SUBCASE("twice") {
    const Began began = world.begin();
    world.grant(began);
    REQUIRE(world.finish(began).has_value());
    CHECK(world.finish(began).error().code == Code::denied);
  }
  SUBCASE("another browser, and then nobody") {
    const Began began = world.begin();
    const Began other = world.begin();
    world.grant(began);
    const CodeAnswer answer{"", "c-1", FakeProvider::kIssuer};
    CHECK(world.finish(began, answer, other.binding()).error().code == Code::denied);
    CHECK(world.refusal(began) == Code::denied);
  }
  SUBCASE("no cookie") {
    const Began began = world.begin();
    world.grant(began);
    CHECK(world.finish(began, {"", "c-1", FakeProvider::kIssuer}, "").error().code == Code::denied);
  }
  SUBCASE("a state that nobody gave out") {
    const Began began = world.begin();
    world.grant(began);
    CHECK(world.finish(began, {"guessed", "c-1", FakeProvider::kIssuer}, began.binding())
              .error()
              .code == Code::denied);
    CHECK(world.finish(began).has_value());
  }
  SUBCASE("too late") {
    const Began began = world.begin();
    world.clock.advance(kCodeLoginLifetime);
    world.grant(began);
    CHECK(world.refusal(began) == Code::denied);
  }
}

TEST_CASE("code login: what the provider's answer does not prove is refused") {
  Portal world;
  const Began began = world.begin();
  struct Row {
    const char* what;
    Portal::Change change;
  };
  const Row rows[] = {
      {"nonce of another sign-in", [](json::Object& claims) { claims.set("nonce", "other"); }},
      {"no nonce", [](json::Object& claims) { claims.set("nonce", json::Value()); }},
      {"for another client", [](json::Object& claims) { claims.set("aud", "other"); }},
      {"an access token", [](json::Object& claims) { claims.set("aud", FakeProvider::kAudience); }},
      {"another party", [](json::Object& claims) { claims.set("azp", "other"); }},
      {"another issuer", [](json::Object& claims) { claims.set("iss", "https://id.example.com"); }},
      {"too old", [](json::Object& claims) { claims.set("exp", 1); }},
      {"no tenant", [](json::Object& claims) { claims.set("tenant", ""); }},
      {"an unknown tenant", [](json::Object& claims) { claims.set("tenant", "bravo"); }},
      {"no role", [](json::Object& claims) { claims.set("roles", "staff"); }}};
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Began each = world.begin();
    world.grant(each, row.change);
    CHECK(world.refusal(each) == Code::denied);
  }
}

TEST_CASE("code login: answers of another provider, and of one that does not say who it is") {
  Portal world;
  Began began = world.begin();
  world.grant(began);
  CHECK(world.finish(began, {"", "c", "https://id.example.com"}, began.binding()).error().code ==
        Code::denied);
  began = world.begin();
  world.grant(began);
  CHECK(world.finish(began, {"", "c", ""}, began.binding()).error().code == Code::denied);
  world.provider.names_itself = false;
  world.clock.advance(kIssuerRefreshEvery);
  REQUIRE(world.issuer->refresh().value().has_value());
  began = world.begin();
  world.grant(began);
  CHECK(world.finish(began, {"", "c", ""}, began.binding()).has_value());
}

TEST_CASE("code login: refusals and failures of the token endpoint") {
  Portal world;
  struct Row {
    int status;
    const char* body;
    Code code;
  };
  const Row rows[] = {{400, R"({"error":"invalid_grant"})", Code::denied},
                      {401, R"({"error":"invalid_client"})", Code::denied},
                      {200, R"({"access_token":"x"})", Code::denied},
                      {200, R"({"id_token":"x"})", Code::denied},
                      {200, "<html>", Code::invalid},
                      {503, R"({})", Code::unavailable}};
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const Began began = world.begin();
    world.provider.token_status = row.status;
    world.provider.token_reply = row.body;
    CHECK(world.refusal(began) == row.code);
  }
}

TEST_CASE("code login: keys that changed since they were fetched are fetched at once") {
  Portal world;
  const Began began = world.begin();
  world.clock.advance(kIssuerRefreshSoon);
  world.maker = JwtMaker("k2");
  world.provider.publish(world.maker);
  world.grant(began);
  CHECK(world.finish(began).has_value());
  // A key that nobody publishes stays unknown.
  const Began next = world.begin();
  world.clock.advance(kIssuerRefreshSoon);
  world.maker = JwtMaker("k3");
  world.grant(next);
  const Result<FinishedCodeLogin> done = world.finish(next);
  REQUIRE(!done.has_value());
  CHECK(done.error().code == Code::denied);
}

TEST_CASE("code login: not before the provider was reached, nor without its code flow") {
  Portal world;
  world.clock.advance(kIssuerKeysKept);
  CHECK(world.login->begin(world.start).error().code == Code::unavailable);
  world.provider.code_flow = false;
  REQUIRE(world.issuer->refresh().value().has_value());
  CHECK(world.login->begin(world.start).error().code == Code::unavailable);
}

TEST_CASE("code login: a step-up must prove a fresh sign-in of the right kind") {
  Portal world;
  world.start.step_up = {seconds(60), {"mfa", "hardware"}};
  const auto now = world.clock.wall().nanos / 1'000'000'000;
  struct Row {
    const char* acr;
    std::int64_t time;
    bool good;
  };
  const Row rows[] = {{"mfa", now, true},        {"hardware", now - 600, true}, {"pwd", now, false},
                      {"mfa", now - 661, false}, {"mfa", now + 61, false},      {"mfa", -1, false}};
  for (const Row& row : rows) {
    CAPTURE(row.acr);
    CAPTURE(row.time);
    const Began began = world.begin();
    CHECK(began.at("max_age") == "0");
    CHECK(began.at("acr_values") == "mfa hardware");
    world.grant(began, [&](json::Object& claims) {
      claims.set("acr", row.acr);
      if (row.time >= 0) claims.set("auth_time", row.time);
    });
    CHECK(world.finish(began).has_value() == row.good);
  }
}

TEST_CASE("code login: the provider leads in name and roles; a suspended person stays out") {
  Portal world;
  const auto sign_in = [&](const char* name, const char* role) {
    const Began began = world.begin();
    world.grant(began, [&](json::Object& claims) {
      claims.set("name", name);
      claims.set("roles", role);
    });
    return world.finish(began);
  };
  const auto first = sign_in("Ina", "analyst");
  REQUIRE(first.has_value());
  REQUIRE(sign_in("Ina B", "dpo").has_value());
  const auto people = world.directory->principals(TenantId("alpha"));
  REQUIRE(people->size() == 2);
  const Principal& ina = people->back();
  CHECK(ina.id == principal_of(FakeProvider::kIssuer, "user-1"));
  CHECK(ina.name == "Ina B");
  CHECK(ina.roles == Flags<Role>{Role::dpo});
  // The earlier session has the new roles too.
  const auto caller = world.directory->check_session(first->session.cookie.reveal(RevealToken()));
  REQUIRE(caller != nullptr);
  CHECK(caller->roles == Flags<Role>{Role::dpo});
  REQUIRE(world.database
              ->execute("UPDATE principal SET state = 'suspended' WHERE principal_id = ?1",
                        {ina.id.get()})
              .has_value());
  CHECK(sign_in("Ina", "analyst").error().code == Code::denied);
  CHECK(world.directory->principals(TenantId("alpha"))->back().state == "suspended");
}

TEST_CASE("code login: what is open is bounded, for all and for each address") {
  Portal world;
  const Began first = world.begin();
  for (std::size_t i = 1; i < kCodeLoginsPerPeerMax; ++i) (void)world.begin();
  world.start.peer = "192.0.2.8";
  const Began other = world.begin();
  world.start.peer = "192.0.2.7";
  const Began last = world.begin();
  world.grant(first);
  CHECK(!world.finish(first).has_value());
  world.grant(other);
  CHECK(world.finish(other).has_value());
  for (std::size_t i = 0; i < kCodeLoginsMax; ++i) {
    world.start.peer = std::to_string(i);
    (void)world.begin();
  }
  world.grant(last);
  CHECK(!world.finish(last).has_value());
}

TEST_CASE("code login: nothing leads out of the portal") {
  for (const char* good : {"/", "/tokens", "/tokens?tenant=alpha&window=1h", "/a/b%20c"}) {
    CAPTURE(good);
    CHECK(check_return_path(good).has_value());
  }
  const std::string bad[] = {
      "",          "tokens",      "//evil.example", "/\\evil.example",
      "https://e", "/a\r\nb: c",  "/a#b",           "/a b",
      "/\xC3\xA9", "javascript:", "/<script>",      "/" + std::string(512, 'a')};
  for (const std::string& path : bad) {
    CAPTURE(path);
    CHECK(check_return_path(path).error().code == Code::invalid);
  }
}

TEST_CASE("code login: a failure of the database leaves no session and no person") {
  for (int n = 1;; ++n) {
    Portal world;
    const Began began = world.begin();
    world.grant(began);
    world.faulty->fail_at(n, sim::FaultyConnection::Fault::not_run);
    const Result<FinishedCodeLogin> done = world.finish(began);
    world.faulty->fail_at(1'000'000, sim::FaultyConnection::Fault::not_run);
    const auto people = world.directory->principals(TenantId("alpha"));
    CAPTURE(n);
    if (done) {
      CHECK(people->size() == 2);
      CHECK(n > 5);
      break;
    }
    CHECK(people->size() == 1);
    REQUIRE(n < 100);
  }
}

}  // namespace
}  // namespace mc::identity
