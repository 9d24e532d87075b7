// The world of this module's tests: policies over rules and data, a directory with two tenants, a
// virtual clock, exchanges without sockets.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "json/json.h"
#include "opa/opa.h"
#include "sim/fake_net.h"
#include "sim/sim.h"
#include "sql/sql.h"

namespace mc::opa::testing {

using sim::FakeRequest;
using sim::header_of;

inline const std::string kRego = R"(package app.authz

default allow := false

allow if input.user == data.app.people.owner

allow if {
	some role in data.app.roles[input.user]
	role == "admin"
}

both := 1 if input.one
both := 2 if input.two

undefined_rule if false

reasons contains reason if {
	some reason in ["late", "early"]
	input.say == reason
}

table["a.b/c"] := {"x y": [10, {"deep": true}]}

squares[n] := n * n if some n in [1, 2]

kind_of_input := type_name(input)

strict := count(input.n)

slow := count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i < j]) if {
	input.slow
}

big := numbers.range(1, 200000) if input.big

chance := rand.intn("x", 1000000)
)";
inline const std::string kSystem = R"(package system

main := {"allowed": input.user == "ada"} if input.user

health.live if input.plugins_ready
)";
inline const std::string kData =
    R"({"app":{"people":{"owner":"ada"},"roles":{"bob":["admin"],"eve":["reader"]},)"
    R"("list":[{"n":1},{"n":2.50}],"odd/key":{"dot.ted":7}}})";

inline std::shared_ptr<const policy::Policies> policies_of(const std::string& rego,
                                                           const std::string& revision = "r1") {
  std::vector<archive::Entry> files = {
      {"app/authz.rego", rego},
      {"data.json", kData},
      {".manifest", R"({"revision":")" + revision + R"(","roots":["app","system","un"]})"}};
  files.push_back({"system.rego", kSystem});
  auto bundle = policy::read_files(std::move(files), {});
  if (!bundle) FAIL(bundle.error().what);
  std::vector<policy::Policies::NamedBundle> bundles;
  bundles.push_back({"main", std::move(*bundle)});
  auto made = policy::Policies::make(std::move(bundles));
  if (!made) FAIL(made.error().what);
  return *made;
}

struct Wanted {
  std::string tenant = "system";
  std::string scopes = "query,admin:read";
};

class World {
 public:
  explicit World(OpaConfig config = {}, bool active = true) {
    sql::Drivers drivers;
    drivers.add(sql::sqlite_driver());
    auto connection = drivers.open("sqlite::memory:");
    REQUIRE(connection.has_value());
    REQUIRE(sql::migrate(**connection, sql::built_in_migrations(), clock).has_value());
    directory = *identity::Directory::open(std::move(*connection), clock, random);
    for (const std::string id : {"system", "alpha"}) {
      identity::Tenant tenant;
      tenant.id = TenantId(id);
      tenant.region = "eu-west-1";
      REQUIRE(directory->create_tenant(tenant).has_value());
      REQUIRE(directory
                  ->create_principal({tenant.id,
                                      PrincipalId("pep"),
                                      "pep",
                                      *identity::parse_roles("platform"),
                                      "active",
                                      {}})
                  .has_value());
    }
    if (active) engine.activate(policies_of(kRego));
    auto made = DataApi::make({clock, random, log, metrics, *directory, engine, "1.2.3"}, config);
    if (!made) FAIL(made.error().what);
    api = std::move(*made);
    token = issue({});
  }

  std::string issue(const Wanted& wanted) {
    const auto issued =
        directory->issue({TenantId(wanted.tenant), PrincipalId("pep"),
                          *identity::parse_scopes(wanted.scopes), "demo", seconds(3600), ""});
    REQUIRE(issued.has_value());
    return std::string(issued->token.reveal(RevealToken()));
  }
  net::Response ask(FakeRequest request, const std::string& with) {
    request.received = clock.mono();
    if (!with.empty()) request.headers.emplace_back("Authorization", "Bearer " + with);
    const auto exchange = std::make_shared<sim::FakeExchange>(std::move(request));
    api->handle(exchange);
    CHECK(exchange->answers() == 1);
    return exchange->response();
  }
  net::Response ask(FakeRequest request) { return ask(std::move(request), token); }
  net::Response post(const std::string& target, const std::string& body) {
    return ask({.target = target, .body = body});
  }
  net::Response get(const std::string& target) { return ask({.method = "GET", .target = target}); }
  // What is answered, without what differs each time; "" = undefined.
  std::string result(const std::string& target, const std::string& body) {
    const net::Response reply = post(target, body);
    CHECK(reply.status == 200);
    const auto json = json::parse(reply.body);
    if (!json) return "no JSON: " + reply.body;
    const json::Value* const found = json->find("result");
    return found == nullptr ? "" : json::print(*found);
  }

  sim::SimClock clock;
  sim::SimRandom seeded{7};
  sim::LockedRandom random{seeded};
  log::MemorySink lines;
  log::Log log{clock, lines, {.level = log::Level::debug}};
  metric::Registry metrics;
  std::unique_ptr<identity::Directory> directory;
  policy::Engine engine;
  std::unique_ptr<DataApi> api;
  std::string token;
};

inline json::Value parsed(const net::Response& reply) {
  auto value = json::parse(reply.body, {.bytes_max = 64 << 20});
  CHECK_MESSAGE(value.has_value(), reply.body);
  return value ? std::move(*value) : json::Value();
}
inline std::string text_at(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* at = &value;
  for (const std::string_view name : path) {
    at = at == nullptr ? nullptr : at->find(name);
  }
  if (at == nullptr) return "";
  return at->as_string() == nullptr ? json::print(*at) : *at->as_string();
}
inline std::string code_of(const net::Response& reply) {
  return text_at(parsed(reply), {"code"});
}

}  // namespace mc::opa::testing
