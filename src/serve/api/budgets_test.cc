#include <doctest/doctest.h>

#include "budget/override_desk.h"
#include "budget/settings.h"
#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

const std::string kOverrides = "/v1/tenants/alpha/budgets/overrides";
const std::string kWhy = R"("reason":"incident","note":"the shop is slow","ticket":"TKT-1")";
const std::string kTriple = R"({"dimension":"requests","factor":"3","lifetime":"1h",)" + kWhy + "}";
const std::string kTenfold =
    R"({"dimension":"requests","factor":"10","lifetime":"1h",)" + kWhy + "}";

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}
std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}
std::int64_t number_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_int() == nullptr ? -1 : *found->as_int();
}

std::unique_ptr<budget::Book> book_of_two() {
  budget::BudgetSettings settings;
  settings.plans["starter"].gql_qps = 2;
  settings.plans["starter"].users.seats = 3;
  settings.plans["starter"].classes["batch"].seats = 1;
  auto made = budget::Book::make(settings, {"/graphql"});
  REQUIRE(made.has_value());
  return std::move(*made);
}

struct Desk {
  Face face;
  std::unique_ptr<budget::Book> book = book_of_two();
  budget::OverrideDesk desk{{face.world.directory(), *face.ledger, face.world.clock(),
                             face.world.random(), face.world.log(), *book}};
  Api api{world()};
  std::string platform = face.world.token({.tenant = "system",
                                           .principal = "petra",
                                           .roles = "platform",
                                           .scopes = "admin:read,admin:write"});

  Desk() {
    face.world.set_front(api);
    api.set_ready(true);
    for (const char* name : {"alpha", "bravo"}) {
      identity::Tenant held = *face.world.directory().tenant(TenantId(name));
      held.plan = "starter";
      REQUIRE(face.world.directory().update_tenant(held).has_value());
    }
  }
  ApiWorld world() {
    ApiWorld out = face.api_world();
    out.budgets.overrides = &desk;
    return out;
  }
  net::Response post(const std::string& path, const std::string& token,
                     const std::string& body = "{}") {
    return face.ask("POST", path, token, body);
  }
  json::Value effective(const std::string& query, const std::string& token) {
    return json_of(face.ask("GET", "/v1/budgets/effective" + query, token));
  }
  std::int64_t limit() {
    return number_in(effective("?tenant=alpha", face.operator_).find("items")->as_array()->front(),
                     "limit");
  }
  // The types and actions of alpha's records of overrides, the oldest first.
  std::vector<std::string> recorded() {
    std::vector<std::string> out;
    const json::Value page =
        json_of(face.ask("GET", "/v1/tenants/alpha/records?type=override", face.admin));
    for (const json::Value& each : *page.find("items")->as_array()) {
      out.insert(out.begin(), text_in(each, "action"));
    }
    return out;
  }
};
using Texts = std::vector<std::string>;

TEST_CASE("budgets: an override through the API, from the trial to its end") {
  Desk desk;
  CHECK(desk.limit() == 2);
  const net::Response tried = desk.post(kOverrides + "?dry_run=true", desk.face.operator_, kTriple);
  CHECK(tried.status == 200);
  CHECK(number_in(json_of(tried), "limit_before") == 2);
  CHECK(number_in(json_of(tried), "limit_after") == 6);
  CHECK(json_of(tried).find("record")->is_null());
  CHECK(desk.limit() == 2);
  CHECK(desk.recorded().empty());
  const net::Response made = desk.post(kOverrides, desk.face.operator_, kTriple);
  CHECK(made.status == 201);
  const json::Value one = json_of(made);
  CHECK(text_in(one, "state") == "active");
  CHECK(text_in(one, "factor") == "3");
  CHECK(text_in(one, "asked_by") == "otto@system");
  CHECK(desk.limit() == 6);
  CHECK(desk.recorded() == Texts{"budget.override.begin"});
  // The record says what was changed, from what, until when and why; its place is in the answer.
  const std::string number = std::to_string(number_in(one, "record"));
  const json::Value page = json_of(
      desk.face.ask("GET", "/v1/tenants/alpha/records?type=override&limit=1", desk.face.admin));
  const json::Value& record = page.find("items")->as_array()->front();
  CHECK(std::to_string(number_in(record, "record")) == number);
  CHECK(text_in(record, "actor") == "otto@system");
  CHECK(text_in(record, "warrant") == "TKT-1");
  CHECK(number_in(*record.find("payload"), "limit_before") == 2);
  CHECK(number_in(*record.find("payload"), "limit_after") == 6);
  CHECK(text_in(*record.find("payload"), "until") == text_in(one, "until"));
  // The tenant sees it, with what is left.
  const json::Value own = desk.effective("", desk.face.admin);
  CHECK(text_in(own, "tenant") == "alpha");
  const json::Value& line = own.find("items")->as_array()->front();
  CHECK(text_in(line, "source") == "override");
  CHECK(text_in(line, "override") == text_in(one, "id"));
  CHECK(number_in(line, "limit_of_plan") == 2);
  CHECK(number_in(line, "left") == 6);
  CHECK(line.find("class")->is_null());
  CHECK(own.find("items")->as_array()->at(1).find("left")->is_null());
  CHECK(number_in(desk.effective("?user=ada", desk.face.admin).find("items")->as_array()->at(1),
                  "left") == 3);
  const json::Value& of_class = own.find("items")->as_array()->back();
  CHECK(text_in(of_class, "scope") == "tenant-class");
  CHECK(text_in(of_class, "class") == "batch");
  CHECK(text_in(of_class, "source") == "plan");
  CHECK(number_in(of_class, "limit") == 1);
  CHECK(number_in(of_class, "left") == 1);
  const std::string id = text_in(one, "id");
  CHECK(desk.post(kOverrides + "/" + id + "/revoke?dry_run=true", desk.face.operator_).status ==
        200);
  CHECK(desk.limit() == 6);
  CHECK(desk.post(kOverrides + "/" + id + "/revoke", desk.face.operator_).status == 200);
  CHECK(desk.limit() == 2);
  CHECK(desk.recorded() == Texts{"budget.override.begin", "budget.override.revoke"});
  CHECK(desk.post(kOverrides + "/" + id + "/revoke", desk.face.operator_).status == 409);
  const json::Value list = json_of(desk.face.ask("GET", kOverrides, desk.face.admin));
  CHECK(text_in(list.find("items")->as_array()->front(), "state") == "revoked");
}

TEST_CASE("budgets: far above what there is it takes two people") {
  Desk desk;
  const json::Value asked = json_of(desk.post(kOverrides, desk.face.operator_, kTenfold));
  CHECK(text_in(asked, "state") == "pending");
  CHECK(desk.limit() == 2);
  const std::string path = kOverrides + "/" + text_in(asked, "id");
  CHECK(desk.post(path + "/approve", desk.face.operator_).status == 403);
  CHECK(desk.post(path + "/approve", desk.face.admin).status == 403);
  CHECK(desk.limit() == 2);
  const net::Response approved = desk.post(path + "/approve", desk.platform);
  CHECK(approved.status == 200);
  CHECK(text_in(json_of(approved), "approved_by") == "petra@system");
  CHECK(desk.limit() == 20);
  CHECK(desk.recorded() == Texts{"budget.override.ask", "budget.override.approve"});
  const std::string other =
      kOverrides + "/" + text_in(json_of(desk.post(kOverrides, desk.platform, kTenfold)), "id");
  CHECK(desk.post(other + "/refuse", desk.face.operator_).status == 200);
  CHECK(desk.post(other + "/approve", desk.face.operator_).status == 409);
}

TEST_CASE("budgets: who changes them, and who may see what") {
  Desk desk;
  const std::string id =
      text_in(json_of(desk.post(kOverrides, desk.face.operator_, kTenfold)), "id");
  const std::string reader = desk.face.world.token(
      {.tenant = "system", .principal = "rita", .roles = "operator", .scopes = "admin:read"});
  const std::string auditor = desk.face.world.token({.tenant = "system",
                                                     .principal = "aud",
                                                     .roles = "auditor",
                                                     .scopes = "admin:read,admin:write"});
  const std::string outside =
      desk.face.world.token({.principal = "quinn", .roles = "analyst", .scopes = "query"});
  struct Row {
    std::string method, target, body;
    // operator who only reads, auditor of the operator's, alpha's administrator, auditor and
    // analyst, who may only query, bravo's administrator, nobody
    std::vector<int> statuses;
  };
  const std::string one = kOverrides + "/" + id;
  const Row rows[] = {
      {"GET", kOverrides, "", {200, 404, 200, 200, 200, 403, 404, 401}},
      {"GET", "/v1/budgets/effective?tenant=alpha", "", {200, 404, 200, 200, 200, 403, 404, 401}},
      {"GET", "/v1/budgets/explain/r1?tenant=alpha", "", {503, 404, 503, 503, 503, 403, 404, 401}},
      {"POST", kOverrides, kTriple, {403, 404, 403, 403, 403, 403, 404, 401}},
      {"POST", kOverrides + "?dry_run=true", kTriple, {403, 404, 403, 403, 403, 403, 404, 401}},
      {"POST", one + "/approve", "{}", {403, 404, 403, 403, 403, 403, 404, 401}},
      {"POST", one + "/refuse", "{}", {403, 404, 403, 403, 403, 403, 404, 401}},
      {"POST", one + "/revoke", "{}", {403, 404, 403, 403, 403, 403, 404, 401}},
  };
  const std::string people[] = {
      reader,          auditor, desk.face.admin, desk.face.auditor, desk.face.analyst, outside,
      desk.face.bravo, ""};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < std::size(people); ++i) {
      CAPTURE(row.method);
      CAPTURE(row.target);
      CAPTURE(i);
      const net::Response reply = desk.face.ask(row.method, row.target, people[i], row.body);
      CHECK(reply.status == row.statuses[i]);
      if (reply.status != 200) CHECK(reply.body.find(id) == std::string::npos);
    }
  }
  CHECK(desk.recorded() == Texts{"budget.override.ask"});
  // Of another tenant a tenant learns nothing, not even by its own name with another's override.
  const json::Value bravo = desk.effective("", desk.face.bravo);
  CHECK(text_in(bravo, "tenant") == "bravo");
  CHECK(json_of(desk.face.ask("GET", "/v1/tenants/bravo/budgets/overrides", desk.face.bravo))
            .find("items")
            ->as_array()
            ->empty());
  CHECK(desk.post("/v1/tenants/bravo/budgets/overrides/" + id + "/revoke", desk.face.operator_)
            .status == 404);
  CHECK(desk.face.ask("GET", "/v1/budgets/effective?tenant=nowhere", desk.face.operator_).status ==
        404);
}

TEST_CASE("budgets: what is wrong is named") {
  Desk desk;
  struct Row {
    std::string body;
    std::string what;
  };
  const std::string from_now = R"("lifetime":"1h",)";
  const std::string requests = R"({"dimension":"requests",)";
  const Row rows[] = {
      {"{}", "dimension"},
      {R"({"dimension":"speed","factor":"2",)" + from_now + kWhy + "}", "dimension"},
      {R"({"dimension":"exports","amount":2,)" + from_now + kWhy + "}", "dimension: exports"},
      {requests + R"("factor":2,)" + from_now + kWhy + "}", "factor"},
      {requests + R"("factor":"1e3",)" + from_now + kWhy + "}", "factor: "},
      {requests + R"("factor":"2","amount":3,)" + from_now + kWhy + "}", "amount: "},
      {requests + from_now + kWhy + "}", "amount: "},
      {requests + R"("amount":0,)" + from_now + kWhy + "}", "amount"},
      {requests + R"("amount":5000000000,)" + from_now + kWhy + "}", "amount: gql_qps: "},
      {requests + R"("factor":"2",)" + kWhy + "}", "until: "},
      {requests + R"("factor":"2","lifetime":"25h",)" + kWhy + "}", "lifetime"},
      {requests + R"("factor":"2","until":"tomorrow",)" + kWhy + "}", "until: "},
      {requests + R"("factor":"2","until":"2020-01-01T00:00:00Z",)" + kWhy + "}", "until: "},
      {requests + R"("factor":"2","from":"2020-01-01T00:00:00Z",)" + from_now + kWhy + "}",
       "from: "},
      {requests + R"("factor":"2","scope":"global",)" + from_now + kWhy + "}", "scope"},
      {requests + R"("factor":"2","scope":"tenant-route",)" + from_now + kWhy + "}", "route: "},
      {requests + R"("amount":2,"scope":"tenant-route","route":"/no",)" + from_now + kWhy + "}",
       "route: there is no route '/no'"},
      {requests + R"("amount":2,"scope":"tenant-class",)" + from_now + kWhy + "}", "tenant-class"},
      {requests + R"("factor":"2","scope":"tenant-user",)" + from_now + kWhy + "}",
       "factor: the plan has no limit of requests of scope tenant-user"},
      {requests + R"("factor":"2",)" + from_now + R"("reason":"fun","note":"n","ticket":"T"})",
       "reason"},
      {requests + R"("factor":"2",)" + from_now + R"("reason":"incident","note":"","ticket":"T"})",
       "note"},
      {requests + R"("factor":"2",)" + from_now + R"("reason":"incident","note":"n"})", "ticket"},
      {requests + R"("factor":"2","speed":1,)" + from_now + kWhy + "}", "speed"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const net::Response refused = desk.post(kOverrides, desk.face.operator_, row.body);
    CHECK(refused.status == 400);
    CAPTURE(refused.body);
    CHECK(refused.body.find(row.what) != std::string::npos);
  }
  for (const char* query : {"?speed=1", "?tenant=alpha&tenant=bravo", "?tenant=alpha&route=/no"}) {
    CHECK(desk.face.ask("GET", "/v1/budgets/effective" + std::string(query), desk.face.operator_)
              .status == 400);
  }
  CHECK(desk.limit() == 2);
  CHECK(desk.recorded().empty());
}

TEST_CASE("budgets: without a ledger nothing is changed") {
  Desk desk;
  const std::string id =
      text_in(json_of(desk.post(kOverrides, desk.face.operator_, kTriple)), "id");
  desk.face.ledger->refuse({Code::unavailable, "the disk is gone"});
  CHECK(desk.post(kOverrides, desk.face.operator_, kTenfold).status == 503);
  CHECK(desk.post(kOverrides + "/" + id + "/revoke", desk.face.operator_).status == 503);
  const auto now = budget::Moment::of(seconds(1), desk.face.world.clock().wall());
  CHECK(desk.book->effective({"alpha", "starter", "", 0}, now)[0].quota == 6);
  CHECK(desk.desk.list(TenantId("alpha"))->size() == 1);
}

TEST_CASE("budgets: a server without them says so") {
  Face face;
  CHECK(face.ask("GET", kOverrides, face.admin).status == 503);
  CHECK(face.ask("POST", kOverrides, face.operator_, kTriple).status == 503);
  CHECK(face.ask("GET", "/v1/budgets/effective", face.admin).status == 503);
}

}  // namespace
}  // namespace mc::api
