#include "opa/opa.h"

#include "contract/opa_world.h"

namespace mc::opa {
namespace {

using namespace testing;

TEST_CASE("opa: only tokens with the scope, of the tenants that are named, may ask") {
  World world;
  const FakeRequest data = {.method = "GET", .target = "/v1/data/app/people"};
  const FakeRequest policies = {.method = "GET", .target = "/v1/policies"};
  const std::string query = world.issue({.scopes = "query"});
  const std::string other = world.issue({.scopes = "metrics"});
  const std::string alpha = world.issue({.tenant = "alpha"});
  struct Row {
    const char* name;
    const FakeRequest& request;
    std::string token;
    int status;
  };
  const Row rows[] = {{"good", data, world.token, 200},
                      {"none", data, "", 401},
                      {"unknown", data, "mct_" + std::string(43, 'x'), 401},
                      {"no scope", data, other, 403},
                      {"other tenant", data, alpha, 403},
                      {"may decide", data, query, 200},
                      {"may not look behind", policies, query, 403},
                      {"may look behind", policies, world.token, 200},
                      {"unknown paths say nothing either", {.target = "/v9"}, "", 401}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const net::Response reply = world.ask(row.request, row.token);
    CHECK(reply.status == row.status);
    if (row.status != 200) CHECK(code_of(reply) == "unauthorized");
    CHECK(header_of(reply.headers, "WWW-Authenticate") == (row.status == 401 ? "Bearer" : ""));
  }
  World everybody({.tenants = {}});
  CHECK(everybody.ask(data, everybody.issue({.tenant = "alpha"})).status == 200);
  std::string seen;
  for (const std::string& line : world.lines.lines()) seen += line;
  CHECK(seen.find("xxxxxxxx") == std::string::npos);
  CHECK(seen.find(alpha.substr(4, 16)) == std::string::npos);
}

TEST_CASE("opa: without authentication it listens on loopback and answers to its names only") {
  struct Row {
    std::string host;
    bool good;
  };
  for (const Row& row : {Row{"127.0.0.1", true}, Row{"127.8.9.1", true}, Row{"::1", true},
                         Row{"0.0.0.0", false}, Row{"10.0.0.1", false}, Row{"::", false},
                         Row{"localhost", false}, Row{"example.com", false}}) {
    CAPTURE(row.host);
    OpaConfig config;
    config.host = row.host;
    CHECK(config.check().has_value());
    config.authentication = Authentication::none;
    CHECK(config.check().has_value() == row.good);
  }
  World world({.authentication = Authentication::none});
  for (const Row& row :
       {Row{"127.0.0.1:8181", true}, Row{"localhost:8181", true}, Row{"LocalHost", true},
        Row{"[::1]:8181", true}, Row{"", false}, Row{"evil.example:8181", false},
        Row{"[fe80::1]", false}, Row{"[::1", false}, Row{"127.0.0.1.evil.example", false}}) {
    CAPTURE(row.host);
    FakeRequest request = {.method = "GET", .target = "/v1/data/app/people"};
    request.headers = {{"Host", row.host}};
    CHECK(world.ask(request, "").status == (row.good ? 200 : 421));
  }
}

TEST_CASE("opa: settings that contradict each other are refused by name") {
  OpaConfig config;
  config.tls_key_file = "key.pem";
  CHECK(config.check().error().what.find("opa.tls_certificate_file") != std::string::npos);
  config = {};
  config.default_decision = "system/main";
  CHECK(config.check().error().what.find("opa.default_decision") != std::string::npos);
  const net::ServerConfig server = to_server_config({.port = 1, .body_bytes_max = 2048});
  CHECK(server.port == 1);
  CHECK(server.body_bytes_max == 2048);
  CHECK(server.check().has_value());
}

TEST_CASE("opa: health is open and tells when policies are active") {
  World world({}, false);
  const auto health = [&](const std::string& target) {
    return world.ask({.method = "GET", .target = target}, "");
  };
  CHECK(health("/health").status == 200);
  CHECK(health("/health").body == "{}\n");
  CHECK(health("/health?bundles=true").status == 500);
  CHECK(health("/health?bundles").body ==
        "{\"error\":\"one or more bundles are not activated\"}\n");
  CHECK(health("/health?plugins").status == 500);
  CHECK(health("/health/live").status == 401);
  CHECK(world.get("/health/live").status == 500);
  world.engine.activate(policies_of(kRego));
  CHECK(health("/health?bundles&plugins").status == 200);
  CHECK(world.get("/health/live").status == 200);
  CHECK(world.get("/health/other").body ==
        "{\"error\":\"health check (data.system.health.other) was undefined\"}\n");
}

TEST_CASE("opa: policies are read by id, and nothing can be changed") {
  World world;
  const json::Value list = parsed(world.get("/v1/policies"));
  REQUIRE(list.find("result")->as_array()->size() == 2);
  CHECK(text_at(list.find("result")->as_array()->front(), {"id"}) == "main/app/authz.rego");
  CHECK(text_at(parsed(world.get("/v1/policies/main/app/authz.rego")), {"result", "raw"}) == kRego);
  const net::Response none = world.get("/v1/policies/main/none.rego");
  CHECK(none.status == 404);
  CHECK(code_of(none) == "resource_not_found");
  struct Row {
    std::string method, target;
    int status;
    std::string message;
  };
  const std::string read_only = "policies and data are read here; they come in bundles";
  const Row rows[] = {
      {"PUT", "/v1/data/app/people", 400, "path app/people is owned by bundle \"main\""},
      {"PATCH", "/v1/data/app", 400, "path app is owned by bundle \"main\""},
      {"PUT", "/v1/data", 400, "can't write to document root with bundle roots configured"},
      {"DELETE", "/v1/data/apple/x", 405, read_only},
      {"DELETE", "/v1/policies/main/app/authz.rego", 400,
       "path app/authz is owned by bundle \"main\""},
      {"PUT", "/v1/policies/mine.rego", 405, read_only},
      {"POST", "/v1/policies", 405, read_only}};
  for (const Row& row : rows) {
    CAPTURE(row.method + " " + row.target);
    const net::Response reply =
        world.ask({.method = row.method, .target = row.target, .body = "{}"});
    CHECK(reply.status == row.status);
    CHECK(text_at(parsed(reply), {"message"}) == row.message);
  }
  CHECK(world.result("/v1/data/app/people/owner", "{}") == "\"ada\"");
}

TEST_CASE("opa: status and config tell what is in use") {
  World world;
  const json::Value status = parsed(world.get("/v1/status"));
  CHECK(text_at(status, {"result", "bundles", "main", "active_revision"}) == "r1");
  CHECK(text_at(status, {"result", "plugins", "bundle", "state"}) == "OK");
  CHECK(text_at(parsed(world.get("/v1/config")), {"result", "default_decision"}) == "/system/main");
}

TEST_CASE("opa: each decision is told once, with all of it, and none without a decision") {
  World world;
  struct Told {
    std::string id, batch, path, input, result, error, revision, principal;
    bool has_chance = false;
  };
  std::vector<Told> told;
  world.api->on_decision([&](const Decision& decision) {
    told.push_back(
        {std::string(decision.id), std::string(decision.batch_id), std::string(decision.path),
         decision.input.is_undefined() ? "" : term::to_json(decision.input),
         decision.result.is_undefined() ? "" : term::to_json(decision.result),
         decision.error == nullptr ? "" : decision.error->code, decision.policies.revision(),
         decision.caller == nullptr ? "" : decision.caller->principal.get(),
         !decision.fixed_answers.is_undefined()});
  });
  const net::Response reply = world.post("/v1/data/app/authz/allow", R"({"input":{"user":"ada"}})");
  REQUIRE(told.size() == 1);
  CHECK(told[0].id == text_at(parsed(reply), {"decision_id"}));
  CHECK(told[0].path == "app/authz/allow");
  CHECK(told[0].input == R"({"user":"ada"})");
  CHECK(told[0].result == "true");
  CHECK(told[0].revision == "main@r1");
  CHECK(told[0].principal == "pep");
  CHECK(!told[0].has_chance);

  CHECK(world.post("/v1/data/app", "{").status == 400);
  CHECK(world.ask({.target = "/v1/data/app"}, "").status == 401);
  CHECK(world.get("/v1/policies").status == 200);
  CHECK(told.size() == 1);

  world.post("/v1/data/app/authz/both", R"({"input":{"one":true,"two":true}})");
  REQUIRE(told.size() == 2);
  CHECK(told[1].error == "eval_conflict_error");
  world.post("/v1/data/app/authz/chance", "{}");
  CHECK(told.at(2).has_chance);
  world.post("/", "{}");
  CHECK(told.at(3).path == "system/main");
  CHECK(told[3].input == "{}");
  const json::Value batch = parsed(
      world.post("/v1/batch/data/app/authz/allow", R"({"inputs":{"a":{},"b":{"user":"ada"}}})"));
  REQUIRE(told.size() == 6);
  CHECK(told[4].batch == text_at(batch, {"batch_decision_id"}));
  CHECK(told[5].id == text_at(batch, {"responses", "b", "decision_id"}));
  CHECK(told[5].result == "true");
}

TEST_CASE("opa: decisions are made by the policies of the moment") {
  World world({}, false);
  const std::string path = "/v1/data/app/authz/allow";
  CHECK(world.result(path, R"({"input":{"user":"ada"}})").empty());
  world.engine.activate(policies_of(kRego));
  CHECK(world.result(path, R"({"input":{"user":"ada"}})") == "true");
  world.engine.activate(policies_of("package app.authz\n\nallow := \"never\"\n", "r2"));
  CHECK(world.result(path, R"({"input":{"user":"ada"}})") == "\"never\"");
  CHECK(text_at(parsed(world.post(path + "?provenance", "{}")),
                {"provenance", "bundles", "main", "revision"}) == "r2");
}

TEST_CASE("opa: decisions and refusals are counted, failures are logged without what was sent") {
  World world;
  world.post("/v1/data/app/authz/allow", R"({"input":{"user":"ada"}})");
  world.post("/v1/data/app/authz/undefined_rule", "{}");
  world.post("/v1/data/app/authz/strict?strict-builtin-errors", R"({"input":{"n":"s3cret"}})");
  world.post("/v1/data/app/authz/both", R"({"input":{"one":true,"two":true,"user":"s3cret"}})");
  world.post("/v1/data/app", "s3cret");
  const std::string text = world.metrics.text();
  CHECK(text.find("mc_opa_decisions_total{outcome=\"result\"} 2") != std::string::npos);
  CHECK(text.find("mc_opa_decisions_total{outcome=\"undefined\"} 1") != std::string::npos);
  CHECK(text.find("mc_opa_decisions_total{outcome=\"error\"} 1") != std::string::npos);
  CHECK(text.find("mc_opa_refused_total{status=\"400\"} 1") != std::string::npos);
  CHECK(world.lines.count("opa.failed") == 1);
  for (const std::string& line : world.lines.lines()) {
    CHECK(line.find("s3cret") == std::string::npos);
  }
}

}  // namespace
}  // namespace mc::opa
