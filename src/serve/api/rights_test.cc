// Who gives rights in a tenant: its own people, and the operator's only before it has some.
#include <doctest/doctest.h>

#include <map>

#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

struct Call {
  std::string method, target, body;
};
// Everything that gives somebody rights in alpha, or takes its administrator's.
std::vector<Call> gifts(const std::string& token_id) {
  const std::string base = "/v1/tenants/alpha";
  return {{"POST", base + "/tokens", R"({"principal":"ada","scopes":"admin:read,admin:write"})"},
          {"POST", base + "/tokens", R"({"principal":"ben","scopes":"query"})"},
          {"POST", base + "/principals/ada/links", ""},
          {"POST", base + "/principals", R"({"id":"mallory","roles":"tenant-admin"})"},
          {"POST", base + "/principals", R"({"id":"eve","roles":"analyst"})"},
          {"POST", base + "/endpoints", R"({"target":"https://hooks.example.org"})"},
          {"POST", base + "/endpoints/nep_x/rotate", "{}"},
          {"PATCH", base + "/endpoints/nep_x", R"({"state":"disabled"})"},
          {"DELETE", base + "/endpoints/nep_x", ""},
          {"DELETE", base + "/tokens/" + token_id, ""}};
}

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}
std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

// The newest record of alpha, and how many there are.
json::Value newest(Face& face) {
  const auto page = json_of(face.ask("GET", "/v1/tenants/alpha/records?limit=1", face.admin));
  return page.find("items")->as_array()->front();
}

std::int64_t denials_told(Face& face) {
  std::int64_t out = -1;
  REQUIRE(face.world.directory()
              .lend([&](sql::Connection& connection) -> Status {
                MC_TRY(const auto rows,
                       connection.query("SELECT COUNT(*) FROM notify_event WHERE tenant_id = "
                                        "'alpha' AND type = 'mc.access.denied'",
                                        {}));
                MC_TRY([[maybe_unused]] const bool found, rows->next());
                out = rows->integer(0);
                return ok();
              })
              .has_value());
  return out;
}

std::string ask_for(Face& face, const std::string& more) {
  const net::Response made =
      face.ask("POST", "/v1/tenants/alpha/warrants", face.operator_,
               R"({"reference":"TKT-1","reason":"a test","actions":"read,change")" + more + "}");
  REQUIRE_MESSAGE(made.status == 201, made.body);
  return text_in(json_of(made), "id");
}

net::Response decide(Face& face, const std::string& id, const std::string& verb,
                     const std::string& body = "{}") {
  return face.ask("POST", "/v1/tenants/alpha/warrants/" + id + "/" + verb, face.admin, body);
}

TEST_CASE("rights: where a tenant has an administrator, the operator's people give nobody any") {
  Face face;
  const std::string platform = face.world.token({.tenant = "system",
                                                 .principal = "petra",
                                                 .roles = "platform",
                                                 .scopes = "query,admin:read,admin:write"});
  const std::string before = face.state();
  std::int64_t refused = 0;
  for (const Call& call : gifts(face.token_id(face.admin))) {
    for (const std::string& who : {face.operator_, platform}) {
      for (const char* dry : {"", "?dry_run=true"}) {
        CAPTURE(call.target);
        CAPTURE(call.body);
        const net::Response reply = face.ask(call.method, call.target + dry, who, call.body);
        CHECK(reply.status == 403);
        const std::string detail = text_in(json_of(reply), "detail");
        CHECK(detail.starts_with("has-administrator: tenant alpha "));
        CHECK(detail.find("/v1/tenants/alpha/warrants") != std::string::npos);
        CHECK(reply.body.find("mct_") == std::string::npos);
        const json::Value record = newest(face);
        CHECK(text_in(record, "type") == "denied");
        CHECK(text_in(*record.find("payload"), "reason") == "has-administrator");
        CHECK(denials_told(face) == ++refused);
      }
    }
  }
  CHECK(face.state() == before);
  // All else is as it was.
  const std::string other = "/v1/tenants/alpha/tokens/" + face.token_id(face.analyst);
  CHECK(face.ask("DELETE", other, face.operator_).status == 204);
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
}

TEST_CASE("rights: only a warrant of class approval opens that, once the tenant has approved it") {
  Face face;
  const Call gift = gifts("tok_x").front();
  const auto give = [&](const std::string& named = "") {
    const net::Headers headers =
        named.empty() ? net::Headers{} : net::Headers{{"X-Maestro-Warrant", named}};
    return face.ask(gift.method, gift.target, face.operator_, gift.body, headers);
  };
  for (const char* kind : {"support-ticket", "legal", "incident"}) {
    const std::string id = ask_for(face, R"(,"class":")" + std::string(kind) + "\"");
    CHECK(give().status == 403);
    CHECK(give(id).status == 403);
    CHECK(text_in(*newest(face).find("payload"), "warrant") == id);
  }
  const std::string id = ask_for(face, R"(,"class":"approval")");
  CHECK(give(id).status == 403);
  CHECK(face.ask("POST", "/v1/tenants/alpha/warrants/" + id + "/approve", face.operator_, "{}")
            .status == 403);
  CHECK(give(id).status == 403);
  // For reading alone it gives nothing.
  REQUIRE(decide(face, id, "approve", R"({"actions":"read"})").status == 200);
  CHECK(give(id).status == 403);
  const std::string whole = ask_for(face, R"(,"class":"approval")");
  REQUIRE(decide(face, whole, "approve").status == 200);
  const net::Response given = give();
  CHECK(given.status == 201);
  CHECK(given.body.find("mct_") != std::string::npos);
  REQUIRE(decide(face, whole, "revoke").status == 200);
  CHECK(give().status == 403);
  const json::Value page = json_of(face.ask("GET", "/v1/tenants/alpha/warrants", face.admin));
  std::map<std::string, std::int64_t> uses;
  for (const json::Value& each : *page.find("items")->as_array()) {
    uses[text_in(each, "class")] += *each.find("uses")->as_int();
  }
  CHECK(uses == std::map<std::string, std::int64_t>{
                    {"approval", 1}, {"incident", 0}, {"legal", 0}, {"support-ticket", 0}});
}

TEST_CASE("rights: a new tenant gets its first administrator from the operator, and no second") {
  Face face;
  const std::string base = "/v1/tenants/fresh";
  const auto post = [&](const std::string& path, const std::string& body) {
    return face.ask("POST", base + path, face.operator_, body).status;
  };
  REQUIRE(face.ask("POST", "/v1/tenants", face.operator_, R"({"id":"fresh","region":"eu-west-1"})")
              .status == 201);
  const std::string token = R"({"principal":"fay","scopes":"admin:read,admin:write"})";
  CHECK(post("/principals", R"({"id":"fred","roles":"analyst"})") == 201);
  CHECK(post("/tokens", R"({"principal":"fred","scopes":"query"})") == 201);
  CHECK(post("/principals", R"({"id":"fay","roles":"tenant-admin"})") == 201);
  CHECK(post("/principals/fay/links", "") == 201);
  // One that writes nothing decides nothing either.
  CHECK(post("/tokens", R"({"principal":"fay","scopes":"query"})") == 201);
  CHECK(post("/tokens", token) == 201);
  CHECK(post("/tokens", token) == 403);
  CHECK(post("/principals/fay/links", "") == 403);
  CHECK(post("/principals", R"({"id":"flo","roles":"tenant-admin"})") == 403);
}

TEST_CASE("rights: who has administrators is told by what can act, not by what was") {
  Face face;
  identity::Directory& directory = face.world.directory();
  const TenantId charlie("charlie");
  identity::Tenant wanted;
  wanted.id = charlie;
  wanted.region = "eu-west-1";
  REQUIRE(directory.create_tenant(wanted).has_value());
  const auto has = [&] { return *directory.has_administrator(charlie); };
  const auto token = [&](const std::string& id, const std::string& roles,
                         const std::string& scopes) {
    return face.token_id(
        face.world.token({.tenant = "charlie", .principal = id, .roles = roles, .scopes = scopes}));
  };
  token("cid", "analyst", "admin:read,admin:write");
  token("cleo", "tenant-admin,auditor", "admin:read,admin:write");
  token("cora", "tenant-admin", "admin:read");
  CHECK_FALSE(has());
  const std::string id = token("cora", "tenant-admin", "query,admin:write");
  CHECK(has());
  REQUIRE(directory.revoke(charlie, id).has_value());
  CHECK_FALSE(has());
  token("cora", "tenant-admin", "admin:write,query");
  CHECK(has());
  // A tenant that is suspended keeps its administrators.
  identity::Tenant held = *directory.tenant(charlie);
  held.state = "suspended";
  REQUIRE(directory.update_tenant(held).has_value());
  CHECK(has());
  held = *directory.tenant(charlie);
  held.state = "active";
  REQUIRE(directory.update_tenant(held).has_value());
  face.world.clock().advance(seconds(3'600));
  CHECK_FALSE(has());
  // Who signed in once can do so again; a link that nobody used is nobody yet.
  const auto link = directory.issue_link(charlie, PrincipalId("cora"), seconds(60));
  REQUIRE(link.has_value());
  CHECK_FALSE(has());
  REQUIRE(directory.sign_in(link->link.reveal(RevealToken()), {"127.0.0.1", "B/1"}).has_value());
  face.world.clock().advance(seconds(90LL * 24 * 3'600));
  CHECK(has());
}

TEST_CASE("rights: on the machine itself its owner gives them, and that is recorded") {
  Face face;
  const Call gift = gifts("tok_x").front();
  const net::Response local =
      serve_locally({face.world.clock(), face.world.directory(), face.recorder, *face.signing,
                     face.gate, *face.index},
                    {.method = gift.method, .path = gift.target, .body = gift.body, .headers = {}});
  CHECK(local.status == 201);
  const json::Value page = json_of(face.ask("GET", "/v1/tenants/alpha/records", face.admin));
  CHECK(text_in(page.find("items")->as_array()->back(), "actor") == "local@system");
  CHECK(text_in(page.find("items")->as_array()->back(), "type") == "change");
}

TEST_CASE("rights: what the tenant alone decides stays its own, with any warrant") {
  Face face;
  const std::string id = ask_for(face, R"(,"class":"approval")");
  REQUIRE(decide(face, id, "approve").status == 200);
  const std::string asked = ask_for(face, R"(,"class":"approval")");
  const std::string base = "/v1/tenants/alpha";
  const Call calls[] = {{"POST", base + "/warrants/" + asked + "/approve", "{}"},
                        {"POST", base + "/warrants/" + asked + "/deny", ""},
                        {"PUT", base + "/access", R"({"approval_required":false})"},
                        {"POST", base + "/records/0/erase", R"({"reason":"request 17"})"}};
  for (const Call& call : calls) {
    for (const net::Headers& more : {net::Headers{}, net::Headers{{"X-Maestro-Warrant", id}}}) {
      CAPTURE(call.target);
      net::Headers headers = more;
      headers.emplace_back("If-Match", "\"0\"");
      CHECK(face.ask(call.method, call.target, face.operator_, call.body, headers).status == 403);
    }
  }
  CHECK_FALSE(face.ledger->store().read("audit/alpha", 0)->erased);
}

}  // namespace
}  // namespace mc::api
