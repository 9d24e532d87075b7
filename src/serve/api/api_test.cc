#include "api/api.h"

#include <doctest/doctest.h>

#include <set>

#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

using guarded::code_of;
using sim::header_of;

struct Call {
  std::string method, target, body;
};
// Every operation that changes something, for one tenant.
std::vector<Call> writes(const std::string& tenant, const std::string& token_id) {
  const std::string base = "/v1/tenants/" + tenant;
  return {{"PATCH", base, R"({"plan":"pro"})"},
          {"POST", base + "/principals", R"({"id":"eve","roles":"analyst"})"},
          {"POST", base + "/principals/ada/links", ""},
          {"POST", base + "/tokens", R"({"principal":"ada","scopes":"query"})"},
          {"DELETE", base + "/tokens/" + token_id, ""}};
}

TEST_CASE("api: what needs no token answers, and readiness ends before the server does") {
  Face face;
  CHECK(face.ask("GET", "/livez", "").status == 200);
  CHECK(face.ask("GET", "/readyz", "").status == 200);
  CHECK(json::parse(face.ask("GET", "/version", "").body).has_value());
  CHECK(face.ask("GET", "/", "").body.find("alpha") == std::string::npos);
  face.api.set_ready(false);
  const net::Response draining = face.ask("GET", "/readyz", "");
  CHECK(draining.status == 503);
  CHECK(header_of(draining.headers, "Retry-After") == "1");
  CHECK(face.ask("GET", "/livez", "").status == 200);
}

TEST_CASE("api: every refusal is problem+json with its request id in header, body and log") {
  Face face;
  struct Row {
    std::string method, target, token;
    int status;
  };
  const Row rows[] = {{"GET", "/v1/tenants", "", 401},
                      {"GET", "/v1/tenants", "mct_wrong", 401},
                      {"GET", "/v1/", face.admin, 404},
                      {"GET", "/v1/nothing", face.admin, 404},
                      {"GET", "/nothing", "", 404},
                      {"POST", "/livez", "", 404},
                      {"GET", "/metrics", "", 401},
                      {"GET", "/metrics", face.admin, 403},
                      {"DELETE", "/v1/tenants", face.operator_, 405},
                      {"DELETE", "/v1/tenants/alpha", face.operator_, 405},
                      {"PUT", "/v1/self", face.admin, 405},
                      {"GET", "/v1/tenants/bravo", face.admin, 404},
                      {"POST", "/v1/tenants", face.admin, 403}};
  for (const Row& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.target);
    const net::Response reply = face.ask(row.method, row.target, row.token, "{}");
    CHECK(reply.status == row.status);
    CHECK(header_of(reply.headers, "Content-Type") == "application/problem+json");
    const auto body = json::parse(reply.body);
    REQUIRE(body.has_value());
    for (const char* member : {"type", "title", "status", "detail", "code", "request_id"}) {
      CHECK(body->find(member) != nullptr);
    }
    CHECK(*body->find("status") == json::Value(row.status));
    const std::string id = header_of(reply.headers, "X-Request-Id");
    CHECK(id.starts_with("req_"));
    CHECK(*body->find("request_id") == json::Value(id));
    CHECK(face.world.lines().lines().back().find(id) != std::string::npos);
    CHECK(reply.body.find("mct_") == std::string::npos);
  }
}

TEST_CASE("api: a tenant-admin can do nothing to another tenant, nor see that it exists") {
  Face face;
  const std::string before = face.state();
  const std::string id = face.token_id(face.bravo);
  for (const std::string base : {"/v1/tenants/bravo", "/v1/tenants/system"}) {
    for (const std::string& path : {base, base + "/principals", base + "/tokens"}) {
      CAPTURE(path);
      const net::Response there = face.ask("GET", path, face.admin);
      CHECK(there.status == 404);
      CHECK(there.body.find("mct_") == std::string::npos);
    }
  }
  for (const Call& call : writes("bravo", id)) {
    CAPTURE(call.target);
    const net::Response there =
        face.ask(call.method, call.target, face.admin, call.body, {{"If-Match", "\"1\""}});
    CHECK(there.status == 404);
  }
  // By way of the own tenant: a token of another is not found there.
  CHECK(face.ask("DELETE", "/v1/tenants/alpha/tokens/" + id, face.admin).status == 404);
  for (const char* path :
       {"/v1/tenants/alpha/../bravo", "/v1/tenants/%62ravo", "/v1/tenants/BRAVO",
        "/v1/tenants/bravo/", "/v1/tenants//bravo", "/v1/tenants/alpha%2Fbravo"}) {
    CAPTURE(path);
    CHECK(face.ask("GET", path, face.admin).status == 404);
  }
  const net::Response list = face.ask("GET", "/v1/tenants", face.admin);
  CHECK(list.body.find("bravo") == std::string::npos);
  CHECK(list.body.find("alpha") != std::string::npos);
  CHECK(face.state() == before);
}

// They are of all tenants.
TEST_CASE("api: a tenant's people see no metrics, whatever scopes their tokens say") {
  Face face;
  for (const char* roles : {"tenant-admin", "auditor", "analyst", "oncall", "platform"}) {
    CAPTURE(roles);
    const std::string token = face.world.token({.principal = std::string("m-") + roles,
                                                .roles = roles,
                                                .scopes = "query,admin:read,metrics"});
    CHECK(face.ask("GET", "/metrics", token).status == 403);
  }
}

// An id has the time and a hash of a count: its first 63 bits are those of the time alone.
TEST_CASE("api: the ids of requests do not count those of others") {
  Face face;
  std::set<std::string> times, rests;
  for (int i = 0; i < 200; ++i) {
    const std::string id(
        header_of(face.ask("GET", "/v1/self", face.admin).headers, "X-Request-Id"));
    REQUIRE(id.size() == 30);
    times.insert(id.substr(0, 17));
    rests.insert(id.substr(18));
  }
  CHECK(times.size() == 1);
  CHECK(rests.size() == 200);
}

TEST_CASE("api: an auditor and an analyst change nothing, whatever their scopes") {
  Face face;
  const std::string before = face.state();
  for (const std::string& token : {face.auditor, face.analyst}) {
    for (const Call& call : writes("alpha", face.token_id(face.admin))) {
      CAPTURE(call.target);
      const net::Response reply =
          face.ask(call.method, call.target, token, call.body, {{"If-Match", "\"1\""}});
      CHECK(reply.status == 403);
    }
    CHECK(face.ask("POST", "/v1/tenants", token, R"({"id":"new","region":"eu"})").status == 403);
  }
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.auditor).status == 200);
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.analyst).status == 403);
  CHECK(face.state() == before);
}

TEST_CASE("api: nobody gives more than they have") {
  Face face;
  const std::string chief = face.world.token({.tenant = "system",
                                              .principal = "chief",
                                              .roles = "tenant-admin",
                                              .scopes = "query,admin:read,admin:write"});
  const std::string before = face.state();
  struct Row {
    std::string token, target, body;
  };
  const std::string people = "/v1/tenants/alpha/principals";
  const Row rows[] = {
      {face.admin, people, R"({"id":"eve","roles":"operator"})"},
      {face.admin, people, R"({"id":"eve","roles":"analyst,platform"})"},
      {face.admin, "/v1/tenants/alpha/tokens", R"({"principal":"ada","scopes":"metrics"})"},
      {face.admin, "/v1/tenants", R"({"id":"new","region":"eu"})"},
      // A token for an operator would be one to act as an operator with.
      {chief, "/v1/tenants/system/tokens", R"({"principal":"otto","scopes":"admin:write"})"},
      {chief, "/v1/tenants/system/principals", R"({"id":"eve","roles":"operator"})"}};
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(face.ask("POST", row.target, row.token, row.body).status == 403);
  }
  CHECK(face.ask("PATCH", "/v1/tenants/alpha", face.admin, R"({"plan":"enterprise"})",
                 {{"If-Match", "\"1\""}})
            .status == 403);
  CHECK(face.state() == before);
}

TEST_CASE("api: dry_run answers like the real thing and changes nothing") {
  Face face;
  const std::string before = face.state();
  for (const Call& call : writes("alpha", face.token_id(face.analyst))) {
    CAPTURE(call.target);
    const std::string& who = call.method == "PATCH" ? face.operator_ : face.admin;
    const net::Response reply = face.ask(call.method, call.target + "?dry_run=true", who, call.body,
                                         {{"If-Match", "\"1\""}});
    CHECK(reply.status / 100 == 2);
    CHECK(reply.body.find("mct_") == std::string::npos);
  }
  const std::string create = R"({"id":"new","region":"eu"})";
  CHECK(face.ask("POST", "/v1/tenants?dry_run=true", face.operator_, create).status == 200);
  CHECK(face.ask("POST", "/v1/tenants?dry_run=true", face.admin, create).status == 403);
  CHECK(face.state() == before);
}

TEST_CASE("api: a write whose query string cannot be understood is not done") {
  Face face;
  const std::string before = face.state();
  for (const char* query :
       {"?dry_run=1", "?dry_run=TRUE", "?dry_run", "?dryrun=true", "?dry_run=true&x=%ZZ",
        "?dry_run=true&dry_run=false", "?dry-run=true"}) {
    CAPTURE(query);
    const net::Response reply =
        face.ask("POST", std::string("/v1/tenants/alpha/principals") + query, face.operator_,
                 R"({"id":"eve","roles":"analyst"})");
    CHECK(reply.status == 400);
  }
  CHECK(face.state() == before);
}

TEST_CASE("api: a field that the query has twice is refused by name, at every door") {
  Face face;
  const std::string before = face.state();
  struct Row {
    std::string method, target, named;
  };
  const std::string alpha = "/v1/tenants/alpha";
  const Row rows[] = {
      {"GET", alpha + "/records?actor=a&limit=1&actor=b", "actor: "},
      {"GET", alpha + "/records?form=json&%66orm=csv", "form: "},
      {"GET", alpha + "/deliveries?limit=1&limit=2", "limit: "},
      {"GET", "/v1/overview?window=15m&window=1h", "window: "},
      {"GET", "/v1/tenants?a=1&a=1", "a: "},
      {"GET", "/v1/sign-in?x&x=", "x: "},
      {"GET", "/v1/receipts?tenant=bravo&from=2026-01-01&tenant=alpha", "tenant: "},
      {"GET", "/transparency/receipts?tenant=alpha&tenant=alpha&from=2026-01-01", "tenant: "},
      {"GET", "/ledger/consistency?from=0&to=0&from=1", "from: "},
      {"POST", alpha + "/tokens?dry_run=true&dry_run=true", "dry_run: "}};
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const net::Response reply =
        face.ask(row.method, row.target, face.admin, R"({"principal":"ada","scopes":"query"})");
    CHECK(reply.status == 400);
    CHECK(reply.body.find("\"detail\":\"" + row.named) != std::string::npos);
  }
  CHECK(face.state() == before);
}

TEST_CASE("api: HEAD is answered where GET is, and recorded as one") {
  Face face;
  CHECK(face.ask("HEAD", "/v1/self", face.admin).status == 200);
  CHECK(face.ask("HEAD", "/v1/sign-in", "").status == 200);
  CHECK(face.ask("HEAD", "/v1/self", "").status == 401);
  CHECK(face.ask("HEAD", "/v1/tenants/alpha/principals", face.operator_).status == 403);
  CHECK(face.ask("HEAD", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  CHECK(face.ledger->store().head("audit/alpha")->size == 2);
  const net::Response wrong = face.ask("DELETE", "/v1/tenants", face.operator_);
  CHECK(header_of(wrong.headers, "Allow") == "GET, HEAD, POST");
  CHECK(face.ask("HEAD", "/v1/tenants/alpha/records/0/erase", face.admin).status == 405);
}

TEST_CASE("api: bodies are read strictly and refusals name the field") {
  Face face;
  const std::string before = face.state();
  struct Row {
    std::string target, body, named;
  };
  const std::string people = "/v1/tenants/alpha/principals";
  const Row rows[] = {
      {people, R"({"id":"eve","roles":"analyst","rolez":"x"})", "rolez"},
      {people, R"({"id":"eve"})", "roles"},
      {people, R"({"id":"eve","roles":"king"})", "king"},
      {people, R"({"id":"eve","id":"ave","roles":"analyst"})", "id"},
      {people, R"({"id":"../x","roles":"analyst"})", "principal"},
      {people, R"({"id":1,"roles":"analyst"})", "id"},
      {people, "[]", "object"},
      {people, "", ""},
      {"/v1/tenants", R"({"id":"new","region":"eu","plan":"gold"})", "plan"},
      {"/v1/tenants", R"({"region":"eu"})", "tenant"},
      {"/v1/tenants/alpha/tokens", R"({"principal":"ada","lifetime":"900d"})", "lifetime"},
      {"/v1/tenants/alpha/tokens", R"({"principal":"ada","scopes":""})", "scope"}};
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const std::string& who = row.target == "/v1/tenants" ? face.operator_ : face.admin;
    const net::Response reply = face.ask("POST", row.target, who, row.body);
    CHECK(reply.status == 400);
    CHECK(reply.body.find(row.named) != std::string::npos);
  }
  CHECK(face.state() == before);
}

TEST_CASE("api: a tenant is changed only by who has seen its present version") {
  Face face;
  const auto patch = [&](const std::string& match) {
    net::Headers headers;
    if (!match.empty()) headers.emplace_back("If-Match", match);
    return face.ask("PATCH", "/v1/tenants/bravo", face.operator_, R"({"state":"suspended"})",
                    std::move(headers));
  };
  const std::string seen =
      header_of(face.ask("GET", "/v1/tenants/bravo", face.operator_).headers, "ETag");
  CHECK(seen == "\"1\"");
  CHECK(patch("").status == 400);
  CHECK(patch("\"2\"").status == 409);
  CHECK(patch("*").status == 409);
  const net::Response done = patch(seen);
  CHECK(done.status == 200);
  CHECK(header_of(done.headers, "ETag") == "\"2\"");
  CHECK(patch(seen).status == 409);
  CHECK(face.ask("GET", "/v1/self", face.bravo).status == 401);
}

TEST_CASE("api: a token is told once, works, and ends with its revocation") {
  Face face;
  const net::Response made =
      face.ask("POST", "/v1/tenants/alpha/tokens", face.admin,
               R"({"principal":"ben","scopes":"query,admin:read","purposes":"demo"})");
  REQUIRE(made.status == 201);
  CHECK(header_of(made.headers, "Cache-Control") == "no-store");
  const auto body = json::parse(made.body);
  const std::string token = *body->find("token")->as_string();
  CHECK(face.ask("GET", "/v1/self", token).status == 200);
  const net::Response list = face.ask("GET", "/v1/tenants/alpha/tokens", face.admin);
  CHECK(list.body.find("mct_") == std::string::npos);
  const std::string path = "/v1/tenants/alpha/tokens/" + *body->find("id")->as_string();
  CHECK(face.ask("DELETE", path + "?dry_run=true", face.admin).status == 204);
  CHECK(face.ask("GET", "/v1/self", token).status == 200);
  CHECK(face.ask("DELETE", path, face.admin).status == 204);
  CHECK(face.ask("GET", "/v1/self", token).status == 401);
  CHECK(face.ask("DELETE", path, face.admin).status == 404);
  CHECK(face.ask("DELETE", path + "?dry_run=true", face.admin).status == 404);
  for (const std::string& line : face.world.lines().lines()) {
    CHECK(line.find(token.substr(4)) == std::string::npos);
  }
}

TEST_CASE("api: full queues and the one table of codes say when to retry") {
  struct Row {
    Code code;
    int status;
  };
  for (const Row& row : {Row{Code::invalid, 400}, Row{Code::denied, 403}, Row{Code::not_found, 404},
                         Row{Code::conflict, 409}, Row{Code::exhausted, 429},
                         Row{Code::corrupt, 500}, Row{Code::unavailable, 503}}) {
    CAPTURE(row.status);
    const net::Response reply = problem({row.code, "why \"quoted\""}, "req_1");
    CHECK(reply.status == row.status);
    const bool later = row.status == 429 || row.status == 503;
    CHECK((header_of(reply.headers, "Retry-After") == "1") == later);
    CHECK(json::parse(reply.body).has_value());
  }
  Face face;
  face.api.stop();
  for (const char* path : {"/v1/self", "/metrics"}) {
    const net::Response reply = face.ask("GET", path, face.operator_);
    CHECK(reply.status == 503);
    CHECK(header_of(reply.headers, "Retry-After") == "1");
    CHECK(header_of(reply.headers, "X-Request-Id").starts_with("req_"));
  }
}

TEST_CASE("api: how to sign in is told to anybody; without a provider there is none") {
  Face face;
  const net::Response reply = face.ask("GET", "/v1/sign-in", "");
  CHECK(reply.status == 200);
  CHECK(reply.body == "{\"oidc\":null}\n");
}

TEST_CASE("api: people and tokens of a tenant that does not exist are not an empty list") {
  Face face;
  for (const char* path : {"/v1/tenants/nowhere/principals", "/v1/tenants/nowhere/tokens"}) {
    CHECK(face.ask("GET", path, face.operator_).status == 404);
  }
  const net::Response made = face.ask("POST", "/v1/tenants/nowhere/principals?dry_run=true",
                                      face.operator_, R"({"id":"a","name":"A","roles":"analyst"})");
  CHECK(made.status == 404);
}

}  // namespace
}  // namespace mc::api
