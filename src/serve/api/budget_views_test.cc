#include <doctest/doctest.h>

#include <set>

#include "budget/denial.h"
#include "budget/explained.h"
#include "budget/override_desk.h"
#include "burn/burn.h"
#include "contract/api_face.h"
#include "contract/budget_recorder.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

using budget::Amounts;
using budget::Dimension;

const std::string kPreview = "/v1/tenants/alpha/budgets/overrides/preview";
const std::string kExplain = "/v1/budgets/explain/";
const std::string kDenials = "/v1/tenants/alpha/budgets/denials/";

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}
std::int64_t number_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_int() == nullptr ? -1 : *found->as_int();
}

// What a gateway would have counted: alpha asked five times for two a second, bravo twice.
struct Views {
  Face face;
  budget::Recorder recorder{header(face)};
  budget::OverrideDesk desk{{face.world.directory(), *face.ledger, face.world.clock(),
                             face.world.random(), face.world.log(), *recorder.book}};
  burn::Usage usage{{"/graphql"}, seconds(1), face.world.clock().mono()};
  burn::QuotaWatch quotas;
  Api api{world()};

  static budget::JournalHeader header(Face& face) {
    budget::JournalHeader out = budget::journal_header(
        R"({"budgets": {"starter": {"gql_qps": 2}}, "admission": {"global": {"gql_qps": 6}}})");
    out.started = face.world.clock().wall();
    out.paths = {"/graphql"};
    return out;
  }
  Views() {
    face.world.set_front(api);
    api.set_ready(true);
    for (const char* name : {"alpha", "bravo"}) {
      identity::Tenant held = *face.world.directory().tenant(TenantId(name));
      held.plan = "starter";
      REQUIRE(face.world.directory().update_tenant(held).has_value());
    }
    for (int i = 1; i <= 5; ++i) ask("alpha", "r" + std::to_string(i));
    for (int i = 1; i <= 2; ++i) ask("bravo", "b" + std::to_string(i));
  }
  ApiWorld world() {
    ApiWorld out = face.api_world();
    out.budgets = {&desk, &recorder.journal, &usage, &quotas};
    return out;
  }
  void ask(const std::string& tenant, const std::string& request) {
    const Amounts one = Amounts().set(Dimension::requests, 1);
    auto asked =
        recorder.ask({.request = request, .tenant = tenant, .plan = "starter", .amounts = one},
                     recorder.moment({}));
    if (asked.answer.admitted) recorder.end(asked, one, recorder.moment({}));
    const MonoTime now = face.world.clock().mono();
    usage.asked({tenant, "starter", 0}, one, {}, now);
    usage.ended({tenant, "starter", 0},
                {asked.answer.admitted ? burn::Outcome::served : burn::Outcome::rejected, {}, {}},
                now);
  }
  json::Value usage_of(const std::string& query, const std::string& token) {
    return json_of(face.ask("GET", "/v1/budgets/usage" + query, token));
  }
};

TEST_CASE("usage: the operator sees all tenants, others their own and nothing of the rest") {
  Views views;
  for (int i = 0; i < 480; ++i) {
    views.usage.asked({"alpha", "starter", 0}, Amounts().set(Dimension::requests, 1), {},
                      views.face.world.clock().mono());
  }
  (void)views.quotas.look(views.usage, *views.recorder.book, views.recorder.moment({}),
                          views.face.world.clock().mono(), views.face.world.clock().wall());
  const json::Value all = views.usage_of("?window=300", views.face.operator_);
  REQUIRE(all.find("rows")->as_array()->size() == 2);
  const json::Value& row = all.find("rows")->as_array()->front();
  CHECK(*row.find("tenant")->as_string() == "alpha");
  CHECK(*row.find("route")->as_string() == "/graphql");
  CHECK(number_in(row, "admitted") == 2);
  CHECK(number_in(row, "rejected") == 3);
  CHECK(number_in(row, "shed") == 0);
  CHECK(row.find("series")->as_array()->size() == 30);
  const json::Value& burn = all.find("budgets")->as_array()->front();
  CHECK(*burn.find("dimension")->as_string() == "requests");
  CHECK(number_in(burn, "level") == 80);
  CHECK(number_in(burn, "limit") == 2);
  CHECK(all.find("budgets")->as_array()->at(1).find("level")->is_null());

  for (const std::string& query : {"", "?tenant=bravo"}) {
    const net::Response own = views.face.ask("GET", "/v1/budgets/usage" + query, views.face.bravo);
    CHECK(own.status == 200);
    CHECK(json_of(own).find("rows")->as_array()->size() == 1);
    CHECK(own.body.find("alpha") == std::string::npos);
  }
  // Whether there is such a tenant or not.
  for (const char* path : {"/v1/budgets/usage?tenant=", "/v1/budgets/effective?tenant="}) {
    std::set<std::string> told;
    for (const std::string name : {"alpha", "qwert"}) {
      const net::Response reply = views.face.ask("GET", path + name, views.face.bravo);
      CHECK(reply.status == 404);
      std::string body = reply.body;
      const auto drop = [&](const std::string& what) {
        const std::size_t at = what.empty() ? std::string::npos : body.find(what);
        if (at != std::string::npos) body.erase(at, what.size());
      };
      drop(std::string(sim::header_of(reply.headers, "X-Request-Id")));
      drop(name);
      told.insert(body);
    }
    CHECK(told.size() == 1);
  }
  CHECK(views.face.ask("GET", "/v1/budgets/usage?tenant=nobody", views.face.operator_).status ==
        404);
  CHECK(views.face.ask("GET", "/v1/budgets/usage?window=60", views.face.operator_).status == 400);
  CHECK(views.face.ask("GET", "/v1/budgets/usage?x=1", views.face.operator_).status == 400);
  const std::string narrow = views.face.world.token({.principal = "ned", .scopes = "query"});
  CHECK(views.face.ask("GET", "/v1/budgets/usage", narrow).status == 403);
}

TEST_CASE("preview: what an override would have done, before it is asked for") {
  Views views;
  const auto preview = [&](const std::string& body, const std::string& token) {
    return views.face.ask("POST", kPreview, token, body);
  };
  const net::Response twice =
      preview(R"({"dimension":"requests","factor":"2"})", views.face.operator_);
  REQUIRE(twice.status == 200);
  json::Value seen = json_of(twice);
  CHECK(number_in(seen, "decisions") == 5);
  CHECK(number_in(seen, "rejected_before") == 3);
  CHECK(number_in(seen, "rejected_after") == 1);
  CHECK(number_in(seen, "admitted_instead") == 2);
  CHECK(number_in(seen, "limit_before") == 2);
  CHECK(number_in(seen, "limit_after") == 4);
  CHECK(*seen.find("takes_two")->as_bool() == false);
  CHECK(seen.find("payers")->as_array()->empty());

  // The body of an override is taken as it is. Five of six leave bravo one of its two.
  const std::string whole = R"({"dimension":"requests","amount":100,"lifetime":"1h",)"
                            R"("reason":"incident","note":"n","ticket":"T"})";
  seen = json_of(preview(whole, views.face.operator_));
  CHECK(*seen.find("takes_two")->as_bool() == true);
  REQUIRE(seen.find("payers")->as_array()->size() == 1);
  CHECK(*seen.find("payers")->as_array()->front().find("tenant")->as_string() == "bravo");
  CHECK(number_in(seen.find("payers")->as_array()->front(), "more_refused") == 1);
  // Who pays is not the tenant's to know.
  const net::Response own = preview(whole, views.face.admin);
  CHECK(own.status == 200);
  CHECK(own.body.find("bravo") == std::string::npos);
  CHECK(preview(whole, views.face.bravo).status == 404);
  CHECK(preview(R"({"dimension":"credits","factor":"2"})", views.face.operator_).status == 400);
  CHECK(preview(R"({"dimension":"nothing","amount":2})", views.face.operator_).status == 400);
  CHECK(
      preview(R"({"dimension":"requests","factor":"2","amount":2})", views.face.operator_).status ==
      400);
  CHECK(preview(R"({"factor":"2"})", views.face.operator_).status == 400);
  CHECK(preview(R"({"dimension":"requests","amount":2,"x":1})", views.face.operator_).status ==
        400);
  const net::Response list =
      views.face.ask("GET", "/v1/tenants/alpha/budgets/overrides", views.face.operator_);
  CHECK(json_of(list).find("items")->as_array()->empty());
}

TEST_CASE("overrides: while an error budget burns, more takes two and less does not") {
  Views views;
  const auto create = [&](const std::string& factor) {
    const net::Response made = views.face.ask(
        "POST", "/v1/tenants/alpha/budgets/overrides?dry_run=true", views.face.operator_,
        R"({"dimension":"requests","factor":")" + factor +
            R"(","lifetime":"1h","reason":"incident","note":"n","ticket":"T-1"})");
    REQUIRE_MESSAGE(made.status == 200, made.body);
    return *json_of(made).find("state")->as_string();
  };
  CHECK(create("2") == "active");
  views.desk.set_slo_guard(true);
  CHECK(create("2") == "pending");
  CHECK(create("0.5") == "active");
  views.desk.set_slo_guard(false);
  CHECK(create("2") == "active");
}

TEST_CASE("denials: a tenant gets a proof of what was refused, which holds without the server") {
  Views views;
  const net::Response found = views.face.ask("GET", kDenials + "r4", views.face.admin);
  REQUIRE(found.status == 200);
  CHECK(number_in(json_of(found), "status") == 429);
  CHECK(*json_of(found).find("why")->as_string() == "budget");
  const net::Response receipt =
      views.face.ask("POST", kDenials + "r4/receipt", views.face.admin, "{}");
  REQUIRE(receipt.status == 200);
  const auto bundle = proof::parse_bundle(receipt.body);
  REQUIRE(bundle.has_value());
  const auto& envelope = std::get<proof::Envelope>(bundle->content);
  const auto statement = proof::parse_statement(envelope.payload);
  REQUIRE(statement.has_value());
  CHECK(statement->predicate_type == budget::kDenialPredicate);
  CHECK(proof::find_subject(*statement, {found.body}).has_value());

  for (const char* none : {"r1", "b1", "unknown"}) {
    CHECK(views.face.ask("GET", kDenials + none, views.face.admin).status == 404);
    CHECK(views.face.ask("POST", kDenials + none + "/receipt", views.face.admin, "{}").status ==
          404);
  }
  CHECK(views.face.ask("GET", kDenials + "r4", views.face.bravo).status == 404);
  CHECK(views.face.ask("GET", "/v1/tenants/bravo/budgets/denials/r4", views.face.bravo).status ==
        404);
}

TEST_CASE("explain: a tenant hears of its own requests, and its operators of any") {
  Views views;
  const auto explain = [&](const std::string& what, const std::string& token) {
    return views.face.ask("GET", kExplain + what, token);
  };
  struct Row {
    const char* request;
    const char* outcome;
  };
  for (const Row& row : {Row{"r1", "admitted"}, Row{"r4", "denied"}}) {
    CAPTURE(row.request);
    const net::Response own = explain(row.request, views.face.admin);
    REQUIRE(own.status == 200);
    const json::Value told = json_of(own);
    REQUIRE(told.find("decisions")->as_array()->size() == 1);
    const json::Value& one = told.find("decisions")->as_array()->front();
    CHECK(*one.find("outcome")->as_string() == row.outcome);
    CHECK(*one.find("limit")->find("policy")->as_string() == "tenant-requests");
    CHECK(number_in(*one.find("limit"), "quota") == 2);
    // The same as the admission log says; to the tenant without what counts others' requests.
    const auto found = budget::explain(views.recorder.journal, "alpha", row.request);
    REQUIRE(found.has_value());
    CHECK(told == *json::parse(to_json(budget::for_tenant(*found))));
    const std::string of_alpha = row.request + std::string("?tenant=alpha");
    CHECK(json_of(explain(of_alpha, views.face.admin)) == told);
    CHECK(json_of(explain(of_alpha, views.face.operator_)) == *json::parse(to_json(*found)));
    CHECK(number_in(one, "seq") == 0);
    const net::Response text = explain(row.request + std::string("?form=text"), views.face.admin);
    CHECK(text.status == 200);
    CHECK(text.body == to_text(*found));
  }
  const json::Value denied = json_of(explain("r4", views.face.admin));
  const json::Value& one = denied.find("decisions")->as_array()->front();
  CHECK(number_in(one, "neighbours_count") == 2);
  CHECK(*one.find("next")->find("request")->as_string() == "r5");
}

TEST_CASE("explain: another tenant's request is as one that never was") {
  Views views;
  const auto explain = [&](const std::string& what, const std::string& token) {
    return views.face.ask("GET", kExplain + what, token);
  };
  const std::string none = explain("rx", views.face.bravo).body;
  const net::Response others = explain("r4", views.face.bravo);
  CHECK(others.status == 404);
  const auto what = [](std::string body, const std::string& id) {
    const std::size_t at = body.find("no request " + id);
    REQUIRE(at != std::string::npos);
    body.erase(at, 11 + id.size());
    return body.substr(at, body.find('"', at) - at);
  };
  CHECK(what(others.body, "r4") == what(none, "rx"));
  struct Row {
    const char* query;
    std::string token;
    int status;
  };
  const std::string narrow = views.face.world.token({.principal = "ned", .scopes = "query"});
  for (const Row& row : {Row{"r4?tenant=alpha", views.face.bravo, 404},
                         {"b1?tenant=alpha", views.face.admin, 404},
                         {"r4?tenant=bravo", views.face.operator_, 404},
                         {"r4", views.face.operator_, 404},
                         {"r4?tenant=nowhere", views.face.operator_, 404},
                         {"r4?tenant=", views.face.operator_, 404},
                         {"r4?form=xml", views.face.admin, 400},
                         {"r4?x=1", views.face.admin, 400},
                         {"r4", narrow, 403},
                         {"r4", "", 401}}) {
    CAPTURE(row.query);
    CHECK(explain(row.query, row.token).status == row.status);
  }
}

TEST_CASE("explain: of a limit that tenants share its own people hear that it was one") {
  Views views;
  const Amounts three = Amounts().set(Dimension::requests, 3);
  (void)views.recorder.ask({.request = "s1", .tenant = "alpha", .plan = "none", .amounts = three},
                           views.recorder.moment({}));
  views.recorder.journal.turn().queued({.request = "s1",
                                        .tenant = "alpha",
                                        .waited = millis(250),
                                        .seats = 8,
                                        .in_use = 7,
                                        .position = 3,
                                        .shed = "expired"},
                                       views.recorder.moment({}));
  const std::string path = kExplain + "s1?tenant=alpha";
  const json::Value all = json_of(views.face.ask("GET", path, views.face.operator_));
  const json::Value own = json_of(views.face.ask("GET", path, views.face.admin));
  const auto first = [](const json::Value& value, const char* list) -> const json::Value& {
    return value.find(list)->as_array()->front();
  };
  CHECK(*first(all, "decisions").find("limit")->find("policy")->as_string() == "global-requests");
  CHECK(number_in(*first(all, "decisions").find("limit"), "quota") == 6);
  CHECK(number_in(first(all, "queue"), "seats") == 8);

  const json::Value& told = first(own, "decisions");
  CHECK(*told.find("outcome")->as_string() == "denied");
  CHECK(json::print(*told.find("limit")) == R"({"shared":true})");
  CHECK(told.find("against")->as_array()->empty());
  CHECK(told.find("let_in")->is_null());
  CHECK(number_in(told, "window_ns") == 0);
  CHECK(number_in(told, "neighbours_count") == 2);  // its own part
  for (const char* of_all : {"seats", "in_use", "position"}) {
    CHECK(number_in(first(own, "queue"), of_all) == 0);
  }
  CHECK(number_in(first(own, "queue"), "waited_ns") == millis(250).count);
  const net::Response text = views.face.ask("GET", path + "&form=text", views.face.admin);
  CHECK(text.body.find("limit     one that tenants share\n") != std::string::npos);
  CHECK(text.body.find("global") == std::string::npos);
}

TEST_CASE("explain: what is over 15 minutes old is gone when there is so much that is newer") {
  Views views;
  CHECK(views.face.ask("GET", kExplain + "r4", views.face.admin).status == 200);
  // Parts of the memory leave when all of them is too old.
  for (const Nanos later : {seconds(1'000), seconds(2'000)}) {
    const auto at = views.recorder.moment(later);
    for (int i = 0; i < 2'000; ++i) {
      (void)views.recorder.ask({.request = "later", .tenant = "bravo", .plan = "starter"}, at);
    }
  }
  CHECK(views.face.ask("GET", kExplain + "r4", views.face.admin).status == 404);
}

TEST_CASE("explain: a look of the operator's people stands in the log of the tenant") {
  Views views;
  const auto size = [&] {
    const auto head = views.face.ledger->store().head("audit/alpha");
    return head ? head->size : 0;
  };
  const std::uint64_t before = size();
  CHECK(views.face.ask("GET", kExplain + "r4", views.face.admin).status == 200);
  CHECK(size() == before);
  CHECK(views.face.ask("GET", kExplain + "r4?tenant=alpha", views.face.operator_).status == 200);
  REQUIRE(size() == before + 1);
  const auto leaf =
      ledger::parse_leaf(views.face.ledger->store().read("audit/alpha", before)->leaf);
  CHECK(leaf->type == "access");
  CHECK(leaf->action == "GET /v1/budgets/explain/{request}");
}

TEST_CASE("budgets: a server that counts nothing says so") {
  Face face;
  for (const auto& [method, path] : {std::pair{"GET", std::string("/v1/budgets/usage")},
                                     {"GET", kExplain + "r1?tenant=alpha"},
                                     {"GET", kDenials + "r1"},
                                     {"POST", kDenials + "r1/receipt"},
                                     {"POST", kPreview}}) {
    const std::string body = R"({"dimension":"requests","amount":1})";
    const bool reads = method == std::string("GET");
    CHECK(face.ask(method, path, face.operator_, reads ? "" : body).status == 503);
  }
}

}  // namespace
}  // namespace mc::api
