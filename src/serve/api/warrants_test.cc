#include <doctest/doctest.h>

#include <set>

#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

const std::string kPeople = "/v1/tenants/alpha/principals";  // shut without a warrant
const std::string kTokens = "/v1/tenants/alpha/tokens";
const std::string kWarrants = "/v1/tenants/alpha/warrants";
const std::string kBody = R"({"reference":"TKT-123","reason":"help with sign-in"})";

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}

std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  REQUIRE(found != nullptr);
  return found->as_string() == nullptr ? "" : *found->as_string();
}

// The newest record of the tenant.
json::Value newest(Face& face, const std::string& tenant = "alpha") {
  const json::Value page =
      json_of(face.ask("GET", "/v1/tenants/" + tenant + "/records?limit=1", face.admin));
  return page.find("items")->as_array()->front();
}

std::string ask_for(Face& face, const std::string& body = kBody) {
  const net::Response made = face.ask("POST", kWarrants, face.operator_, body);
  REQUIRE_MESSAGE(made.status == 201, made.body);
  return text_in(json_of(made), "id");
}

// The types of the events in alpha's outbox, sorted: ids of one millisecond have no order.
std::multiset<std::string> told(Face& face) {
  std::multiset<std::string> out;
  REQUIRE(face.world.directory()
              .lend([&](sql::Connection& connection) -> Status {
                MC_TRY(const auto rows,
                       connection.query("SELECT type FROM notify_event WHERE tenant_id = 'alpha' "
                                        "AND (type LIKE 'mc.access.%' OR type LIKE 'mc.warrant.%')",
                                        {}));
                for (;;) {
                  MC_TRY(const bool more, rows->next());
                  if (!more) return ok();
                  out.emplace(rows->text(0));
                }
              })
              .has_value());
  return out;
}
using Types = std::multiset<std::string>;

TEST_CASE("warrants: without one the operator's read is recorded as such, and told") {
  Face face;
  CHECK(face.ask("GET", kTokens, face.operator_).status == 200);
  const json::Value record = newest(face);
  CHECK(text_in(record, "type") == "access");
  const json::Value& payload = *record.find("payload");
  CHECK(text_in(payload, "reason") == "no-warrant");
  CHECK(*payload.find("status")->as_int() == 200);
  CHECK(*payload.find("rows")->as_int() > 0);
  CHECK(text_in(payload, "fields").find("scopes") != std::string::npos);
  CHECK(told(face) == Types{"mc.access.unwarranted"});
  CHECK(face.gate.unwarranted().at("alpha") == 1);
}

TEST_CASE("warrants: what a rule shuts is refused, recorded and told; a warrant opens it") {
  Face face;
  const net::Response shut = face.ask("GET", kPeople, face.operator_);
  CHECK(shut.status == 403);
  CHECK(shut.body.find("no-warrant") != std::string::npos);
  CHECK(shut.body.find("ada") == std::string::npos);
  CHECK(text_in(newest(face), "type") == "denied");
  const std::string id = ask_for(face);
  CHECK(face.ask("GET", kPeople, face.operator_).status == 200);
  const json::Value record = newest(face);
  CHECK(text_in(record, "warrant") == "TKT-123");
  CHECK(text_in(*record.find("payload"), "reason") == "customer-support");
  CHECK(text_in(*record.find("payload"), "warrant") == id);
  CHECK(told(face) == Types{"mc.access.denied", "mc.warrant.issued", "mc.access.read"});
  const json::Value list = json_of(face.ask("GET", kWarrants, face.admin));
  CHECK(*list.find("items")->as_array()->front().find("uses")->as_int() == 1);
  // It is for reading, and a revoked one opens nothing.
  CHECK(face.ask("POST", "/v1/tenants/alpha/endpoints/nep_x/test", face.operator_).status == 503);
  CHECK(told(face).contains("mc.access.unwarranted"));
  CHECK(face.ask("POST", kWarrants + "/" + id + "/revoke", face.admin).status == 200);
  CHECK(face.ask("GET", kPeople, face.operator_).status == 403);
}

TEST_CASE("warrants: who names one means that one") {
  Face face;
  const std::string id = ask_for(face);
  CHECK(face.ask("GET", kTokens, face.operator_, "", {{"X-Maestro-Warrant", id}}).status == 200);
  CHECK(face.ask("GET", kTokens, face.operator_, "", {{"X-Maestro-Warrant", "wrt_other"}}).status ==
        403);
  const json::Value record = newest(face);
  CHECK(text_in(record, "type") == "denied");
  CHECK(text_in(*record.find("payload"), "reason") == "warrant-invalid");
  CHECK(text_in(*record.find("payload"), "warrant") == "wrt_other");
  CHECK(told(face) == Types{"mc.warrant.issued", "mc.access.read", "mc.access.denied"});
  // Of another tenant: the refusal stands in the log of the one that was reached for.
  const auto bravo =
      face.ask("GET", "/v1/tenants/bravo/tokens", face.operator_, "", {{"X-Maestro-Warrant", id}});
  CHECK(bravo.status == 403);
  CHECK(bravo.body.find("warrant-invalid: the named warrant does not open tenant bravo") !=
        std::string::npos);
  const json::Value page = json_of(face.ask("GET", "/v1/tenants/bravo/records", face.bravo));
  REQUIRE(!page.find("items")->as_array()->empty());
  CHECK(text_in(page.find("items")->as_array()->front(), "type") == "denied");
  // Revoked, and bytes that are no text.
  REQUIRE(face.ask("POST", kWarrants + "/" + id + "/revoke", face.operator_).status == 200);
  CHECK(face.ask("GET", kTokens, face.operator_, "", {{"X-Maestro-Warrant", id}}).status == 403);
  CHECK(text_in(*newest(face).find("payload"), "reason") == "warrant-invalid");
  CHECK(face.ask("GET", kTokens, face.operator_, "", {{"X-Maestro-Warrant", "\xff"}}).status ==
        403);
  CHECK(newest(face).find("payload")->find("warrant") == nullptr);
}

TEST_CASE("warrants: one is named once, and not with an empty name") {
  Face face;
  const std::string id = ask_for(face);
  const std::string name = "X-Maestro-Warrant";
  for (const net::Headers& headers :
       {net::Headers{{name, ""}}, net::Headers{{name, " "}}, net::Headers{{name, id}, {name, id}},
        net::Headers{{name, id}, {"x-maestro-warrant", "wrt_other"}}}) {
    for (const std::string& path : {kTokens, std::string("/v1/self")}) {
      const net::Response refused = face.ask("GET", path, face.operator_, "", headers);
      CHECK(refused.status == 400);
      CHECK(refused.body.find("X-Maestro-Warrant: ") != std::string::npos);
    }
  }
  CHECK(told(face) == Types{"mc.warrant.issued"});
}

TEST_CASE("warrants: one tenant's figures are a read of that tenant") {
  Face face;
  const std::string one = "/v1/overview?tenant=alpha";
  CHECK(face.ask("GET", one, face.operator_).status == 200);
  const json::Value record = newest(face);
  CHECK(text_in(record, "type") == "access");
  CHECK(text_in(record, "action") == "GET /v1/overview");
  CHECK(text_in(*record.find("payload"), "object") == one);
  CHECK(text_in(*record.find("payload"), "reason") == "no-warrant");
  CHECK(told(face) == Types{"mc.access.unwarranted"});
  CHECK(face.ask("PUT", "/v1/tenants/alpha/access", face.admin, R"({"approval_required":true})",
                 {{"If-Match", "\"0\""}})
            .status == 200);
  for (const char* query : {"?tenant=alpha", "?window=1h&%74enant=alpha", "?tenant=%61lpha"}) {
    CAPTURE(query);
    const net::Response shut = face.ask("GET", "/v1/overview" + std::string(query), face.operator_);
    CHECK(shut.status == 403);
    CHECK(shut.body.find("approval-required: ") != std::string::npos);
    CHECK(shut.body.find("requests") == std::string::npos);
    CHECK(text_in(newest(face), "type") == "denied");
  }
  // Of all of them, of one's own, of none.
  CHECK(face.ask("GET", "/v1/overview", face.operator_).status == 200);
  CHECK(face.ask("GET", "/v1/overview?tenant=system", face.operator_).status == 200);
  CHECK(face.ask("GET", "/v1/overview?tenant=nobody", face.operator_).status == 404);
  CHECK(face.ask("GET", one, face.admin).status == 200);
  CHECK(face.ask("GET", one, face.bravo).status == 404);
  const json::Value own = json_of(face.ask("GET", "/v1/tenants/system/records", face.operator_));
  CHECK(own.find("items")->as_array()->size() == 1);
}

TEST_CASE("warrants: what the tenant's contract opens is not told as its own doing") {
  Face face;
  for (const std::string path :
       {"/v1/tenants/alpha", "/v1/tenants/alpha/access", "/v1/tenants/alpha/warrants"}) {
    CAPTURE(path);
    CHECK(face.ask("GET", path, face.operator_).status == 200);
    CHECK(text_in(newest(face), "actor") == "otto@system");
    CHECK(text_in(*newest(face).find("payload"), "reason") == "contract");
  }
  CHECK(face.ask("GET", "/v1/tenants", face.operator_).status == 200);
  const json::Value own =
      json_of(face.ask("GET", "/v1/tenants/system/records?limit=1", face.operator_));
  CHECK(text_in(*own.find("items")->as_array()->front().find("payload"), "reason") == "own-data");
}

// Changes where a tenant is, past the API.
void move(Face& face, const std::string& tenant, const std::string& region) {
  auto held = face.world.directory().tenant(TenantId(tenant));
  REQUIRE(held.has_value());
  held->region = region;
  REQUIRE(face.world.directory().update_tenant(*held).has_value());
}

TEST_CASE("warrants: nobody reaches another region by changing a region over HTTP") {
  Face face;
  move(face, "bravo", "us");
  const auto patch = [&](const std::string& tenant, const std::string& body) {
    const std::string path = "/v1/tenants/" + tenant;
    const net::Response read = face.ask("GET", path, face.operator_);
    const std::string version = std::to_string(*json_of(read).find("version")->as_int());
    return face.ask("PATCH", path, face.operator_, body, {{"If-Match", "\"" + version + "\""}});
  };
  const std::string here = R"({"region":"eu-west-1"})";
  CHECK(face.ask("GET", "/v1/tenants/bravo/tokens", face.operator_).status == 403);
  const net::Response moved = patch("bravo", here);
  CHECK(moved.status == 403);
  CHECK(moved.body.find("cross-region: ") != std::string::npos);
  CHECK(patch("bravo", R"({"region":"us","plan":"pro"})").status == 200);
  for (const char* region : {"us", "local"}) {
    const net::Response own = patch("system", R"({"region":")" + std::string(region) + "\"}");
    CHECK(own.status == 403);
    CHECK(own.body.find("cross-region: ") != std::string::npos);
  }
  CHECK(face.ask("GET", "/v1/tenants/bravo/tokens", face.operator_).status == 403);
  // Of the own region, of all regions, and on the machine itself.
  CHECK(patch("alpha", R"({"region":"eu-west-2"})").status == 200);
  CHECK(patch("alpha", here).status == 403);
  move(face, "system", "local");
  CHECK(patch("alpha", here).status == 200);
  const auto held = face.world.directory().tenant(TenantId("system"));
  const net::Response local =
      serve_locally({face.world.clock(), face.world.directory(), face.recorder, *face.signing,
                     face.gate, *face.index},
                    {.method = "PATCH",
                     .path = "/v1/tenants/system",
                     .body = here,
                     .headers = {{"If-Match", "\"" + std::to_string(held->version) + "\""}}});
  CHECK_MESSAGE(local.status == 200, local.body);
}

TEST_CASE("warrants: where the tenant wants to be asked, nothing opens before it approves") {
  Face face;
  const std::string access = "/v1/tenants/alpha/access";
  const net::Headers first = {{"If-Match", "\"0\""}};
  const std::string on = R"({"approval_required":true})";
  CHECK(face.ask("PUT", access, face.operator_, on, first).status == 403);
  CHECK(face.ask("PUT", access, face.analyst, on, first).status == 403);
  CHECK(face.ask("PUT", access, face.admin, on).status == 400);
  CHECK(face.ask("PUT", access, face.admin, on, first).status == 200);
  CHECK(face.ask("PUT", access, face.admin, on, first).status == 409);
  CHECK(face.ask("GET", kTokens, face.operator_).status == 403);
  const std::string id = ask_for(face);
  CHECK(face.ask("GET", kTokens, face.operator_).status == 403);
  CHECK(face.ask("POST", kWarrants + "/" + id + "/approve", face.operator_, "{}").status == 403);
  CHECK(face.ask("POST", kWarrants + "/" + id + "/approve", face.analyst, "{}").status == 403);
  CHECK(face.ask("POST", kWarrants + "/" + id + "/approve", face.bravo, "{}").status == 404);
  CHECK(face.ask("POST", kWarrants + "/" + id + "/approve", face.admin, "{}").status == 200);
  CHECK(face.ask("GET", kTokens, face.operator_).status == 200);
  CHECK(face.ask("POST", kWarrants + "/" + id + "/deny", face.admin).status == 409);
  const std::string other = ask_for(face);
  CHECK(face.ask("POST", kWarrants + "/" + other + "/deny", face.admin).status == 200);
  CHECK(told(face) == Types{"mc.access.denied", "mc.warrant.requested", "mc.access.denied",
                            "mc.warrant.approved", "mc.access.read", "mc.warrant.requested",
                            "mc.warrant.denied"});
  // The tenant's own people are never asked.
  CHECK(face.ask("GET", kTokens, face.admin).status == 200);
}

TEST_CASE("warrants: one from before the tenant wanted to be asked opens nothing") {
  Face face;
  const std::string id = ask_for(face);
  CHECK(face.ask("GET", kPeople, face.operator_).status == 200);
  CHECK(face.ask("PUT", "/v1/tenants/alpha/access", face.admin, R"({"approval_required":true})",
                 {{"If-Match", "\"0\""}})
            .status == 200);
  const net::Response shut = face.ask("GET", kPeople, face.operator_);
  CHECK(shut.status == 403);
  CHECK(shut.body.find("approval-required") != std::string::npos);
}

TEST_CASE("warrants: only the operator's people ask for one, and bad ones are refused by name") {
  Face face;
  CHECK(face.ask("POST", kWarrants, face.admin, kBody).status == 403);
  CHECK(face.ask("POST", kWarrants, face.bravo, kBody).status == 404);
  CHECK(face.ask("POST", "/v1/tenants/nobody/warrants", face.operator_, kBody).status == 404);
  CHECK(face.ask("POST", "/v1/tenants/system/warrants", face.operator_, kBody).status == 400);
  for (const std::string body :
       {R"({"reference":"","reason":"x"})", R"({"reason":"x"})", R"({"reference":"T"})",
        R"({"reference":"T","reason":"x","class":"whim"})",
        R"({"reference":"TKT-1\u202E321","reason":"x"})", R"({"reference":"T\u2066","reason":"x"})",
        R"({"reference":"T","reason":"a\u200Fb"})",
        R"({"reference":"T","reason":"x","principals":"ot\u200Eto"})",
        R"({"reference":"T","reason":"x","actions":"all"})",
        R"({"reference":"T","reason":"x","lifetime":"91d"})", R"({"reference":"T\u0000"})", "[]"}) {
    CAPTURE(body);
    CHECK(face.ask("POST", kWarrants, face.operator_, body).status == 400);
  }
  CHECK(face.ask("POST", kWarrants + "?dry_run=true", face.operator_, kBody).status == 200);
  CHECK(json_of(face.ask("GET", kWarrants, face.operator_)).find("items")->as_array()->empty());
}

TEST_CASE("warrants: what cannot be recorded is not served, with a warrant neither") {
  Face face;
  ask_for(face);
  face.disk.fail_at(1, sim::SimFiles::Fault::not_stored);
  const net::Response read = face.ask("GET", kTokens, face.operator_);
  CHECK(read.status == 503);
  CHECK(read.body.find("tok_") == std::string::npos);
}

}  // namespace
}  // namespace mc::api
