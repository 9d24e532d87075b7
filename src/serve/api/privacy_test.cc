#include <doctest/doctest.h>

#include <set>

#include "accountant/accountant.h"
#include "contract/api_face.h"
#include "json/json.h"
#include "topup/topup.h"

namespace mc::api {
namespace {

const std::string kPrivacy = "/v1/tenants/alpha/privacy";
const std::string kTopUps = kPrivacy + "/top-ups";

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}
std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}
const json::Array& items_of(const json::Value& list) {
  return *list.find("items")->as_array();
}

std::unique_ptr<accountant::Accountant> open_books(Face& face) {
  auto writer = *sql::sqlite_driver()->open("sqlite::memory:", {});
  REQUIRE(sql::migrate(*writer, sql::built_in_migrations(), face.world.clock()).has_value());
  accountant::Settings settings;
  settings.other_datasets.all_tenants.epsilon = *accountant::parse_epsilon("100");
  auto out = accountant::Accountant::open({.writer = std::move(writer),
                                           .reader = nullptr,
                                           .clock = face.world.clock(),
                                           .random = face.world.random()},
                                          settings, "one");
  REQUIRE(out.has_value());
  return std::move(*out);
}

// The dataset "person" has private answers, and alpha spends for "demo".
struct World {
  Face face;
  std::unique_ptr<accountant::Accountant> books = open_books(face);
  topup::Desk desk{{face.world.directory(), *face.ledger, *books, face.world.clock(),
                    face.world.random(), face.world.log()}};
  Api api{api_world()};
  std::string protector =
      face.world.token({.principal = "dora", .roles = "dpo", .scopes = "admin:read,admin:write"});
  std::string reader = face.world.token(
      {.tenant = "system", .principal = "rita", .roles = "operator", .scopes = "admin:read"});
  std::string outside =
      face.world.token({.principal = "quinn", .roles = "analyst", .scopes = "query"});
  std::string warrant;

  World() {
    face.world.set_front(api);
    api.set_ready(true);
    const net::Response made =
        face.ask("POST", "/v1/tenants/alpha/warrants", face.operator_,
                 R"({"reference":"TKT-1","reason":"a study","actions":"read"})");
    REQUIRE_MESSAGE(made.status == 201, made.body);
    warrant = text_in(json_of(made), "id");
  }
  ApiWorld api_world() {
    ApiWorld out = face.api_world();
    out.privacy = {books.get(), &desk};
    return out;
  }
  std::string body(const std::string& epsilon = "\"4\"", const std::string& more = "") const {
    return R"({"dataset":"person","purpose":"demo","lifetime":"1h","epsilon":)" + epsilon +
           R"(,"warrant":")" + warrant + R"(","reason":"one more count for the study")" + more +
           "}";
  }
  net::Response get(const std::string& path, const std::string& token) {
    return face.ask("GET", kPrivacy + path, token);
  }
  net::Response post(const std::string& path, const std::string& token,
                     const std::string& text = "{}") {
    return face.ask("POST", kTopUps + path, token, text);
  }
  std::string spend(const char* cost, const std::string& key) {
    accountant::Charge charge;
    charge.tenant = TenantId("alpha");
    charge.dataset = "person";
    charge.purpose = "demo";
    charge.analyst = PrincipalId("ben");
    charge.query_type = "count";
    charge.mechanism = "discrete_laplace";
    charge.cost.epsilon = *accountant::parse_epsilon(cost);
    charge.query = "sha256:" + std::string(64, '0');
    charge.key = key;
    const auto reply = books->reserve(charge, accountant::Then::execute);
    REQUIRE(reply.has_value());
    const auto& held = std::get<accountant::Reservation>(*reply);
    REQUIRE(books->commit(held.charge, R"({"rows":[]})").has_value());
    return held.charge.id.get();
  }
};

TEST_CASE("privacy API: who reads budgets, and who asks for more") {
  World world;
  const std::string charge = world.spend("0.5", "k");
  const std::string id = text_in(json_of(world.post("", world.protector, world.body())), "id");
  REQUIRE(id.starts_with("top_"));
  struct Row {
    std::string method, path, body;
    // operator who only reads, alpha's auditor, analyst, analyst who may only query, bravo's
    // administrator, nobody
    std::vector<int> statuses;
  };
  const std::vector<int> reads = {200, 200, 200, 403, 404, 401};
  const std::vector<int> changes = {403, 403, 403, 403, 404, 401};
  const std::string preview = R"({"dataset":"person","purpose":"demo","epsilon":"1"})";
  const Row rows[] = {
      {"GET", "/budgets", "", reads},
      {"GET", "/burn-down?dataset=person&purpose=demo", "", reads},
      {"GET", "/spend?dataset=person", "", reads},
      {"GET", "/charges?dataset=person", "", reads},
      {"GET", "/charges/" + charge, "", reads},
      {"GET", "/accountant?dataset=person", "", reads},
      {"GET", "/top-ups", "", reads},
      {"POST", "/top-ups/preview", preview, reads},
      {"POST", "/top-ups", world.body(), changes},
      {"POST", "/top-ups?dry_run=true", world.body(), changes},
      {"POST", "/top-ups/" + id + "/approve", "{}", changes},
      {"POST", "/top-ups/" + id + "/refuse", "{}", changes},
      {"POST", "/top-ups/" + id + "/revoke", "{}", changes},
  };
  const std::string people[] = {world.reader,  world.face.auditor, world.face.analyst,
                                world.outside, world.face.bravo,   ""};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < std::size(people); ++i) {
      CAPTURE(row.method);
      CAPTURE(row.path);
      CAPTURE(i);
      const net::Response reply =
          world.face.ask(row.method, kPrivacy + row.path, people[i], row.body);
      CAPTURE(reply.body);
      CHECK(reply.status == row.statuses[i]);
      if (reply.status != 200) CHECK(reply.body.find(id) == std::string::npos);
    }
  }
  CHECK(world.desk.list(TenantId("alpha"))->size() == 1);
  CHECK(world.desk.find(TenantId("alpha"), id)->state == topup::State::pending);
  // Of its own a tenant sees its own, whatever it names.
  const std::string own = "/v1/tenants/bravo/privacy";
  const json::Value none =
      json_of(world.face.ask("GET", own + "/charges?dataset=person", world.face.bravo));
  CHECK(items_of(none).empty());
  CHECK(world.face.ask("GET", own + "/charges/" + charge, world.face.bravo).status == 404);
  CHECK(world.face.ask("POST", own + "/top-ups/" + id + "/revoke", world.face.bravo, "{}").status ==
        404);
}

TEST_CASE("privacy API: a top-up from the trial over another's approval to its revocation") {
  World world;
  const net::Response tried = world.post("?dry_run=true", world.protector, world.body());
  CHECK(tried.status == 200);
  CHECK(text_in(json_of(tried), "state") == "pending");
  CHECK(world.desk.list(TenantId("alpha"))->empty());
  const net::Response made = world.post("", world.protector, world.body());
  REQUIRE(made.status == 201);
  const json::Value one = json_of(made);
  CHECK(text_in(one, "epsilon") == "4");
  CHECK(text_in(one, "asked_by") == "dora@alpha");
  CHECK(one.find("approved_by")->is_null());
  CHECK(one.find("window_start")->is_null());
  CHECK(one.find("ticket")->is_null());
  const std::string path = "/" + text_in(one, "id");
  CHECK(world.post(path + "/approve", world.protector).status == 403);
  const std::string second = world.face.world.token(
      {.principal = "dora", .roles = "dpo", .scopes = "admin:read,admin:write"});
  CHECK(world.post(path + "/approve", second).status == 403);
  const net::Response approved = world.post(path + "/approve", world.face.admin);
  REQUIRE_MESSAGE(approved.status == 200, approved.body);
  CHECK(text_in(json_of(approved), "state") == "active");
  CHECK(text_in(json_of(approved), "approved_by") == "ada@alpha");
  CHECK(world.post(path + "/approve", world.face.admin).status == 409);
  const json::Value budgets = json_of(world.get("/budgets", world.face.analyst));
  const json::Value& budget = items_of(budgets).front();
  CHECK(text_in(budget, "scope") == "window");
  CHECK(text_in(budget, "epsilon_limit") == "10");
  CHECK(text_in(budget, "epsilon_top_up") == "4");
  CHECK(text_in(budget, "epsilon_left") == "14");
  CHECK(*budget.find("left_permille")->as_int() == 1'000);
  const net::Response revoked = world.post(path + "/revoke", world.protector);
  REQUIRE(revoked.status == 200);
  CHECK(text_in(json_of(revoked), "taken") == "4");
  const json::Value list = json_of(world.get("/top-ups", world.face.auditor));
  CHECK(text_in(items_of(list).front(), "state") == "revoked");
  // The operator's people may ask and approve too, each for others.
  const json::Value theirs = json_of(world.post("", world.face.operator_, world.body()));
  const std::string other = "/" + text_in(theirs, "id");
  CHECK(text_in(theirs, "asked_by") == "otto@system");
  CHECK(world.post(other + "/approve", world.face.operator_).status == 403);
  CHECK(world.post(other + "/approve", world.protector).status == 200);
  CHECK(world.post("/top_none/approve", world.face.admin).status == 404);
}

TEST_CASE("privacy API: what all tenants spent is for the operator alone") {
  World world;
  world.spend("0.5", "k");
  const auto scopes = [&](const std::string& token) {
    std::set<std::string> out;
    const json::Value list = json_of(world.get("/budgets?purpose=demo", token));
    for (const json::Value& each : items_of(list)) {
      out.insert(text_in(each, "scope"));
    }
    return out;
  };
  for (const std::string& token : {world.face.admin, world.protector, world.face.auditor}) {
    CHECK(scopes(token) == std::set<std::string>{"lifetime", "window"});
  }
  CHECK(scopes(world.reader) == std::set<std::string>{"dataset", "lifetime", "window"});
}

TEST_CASE("privacy API: pages of charges, newest first, each charge once") {
  World world;
  std::vector<std::string> made;
  for (int i = 0; i < 7; ++i) made.push_back(world.spend("0.25", "k" + std::to_string(i)));
  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 4; ++page) {
    const json::Value list = json_of(
        world.get("/charges?dataset=person&limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor),
                  world.face.analyst));
    for (const json::Value& each : items_of(list)) seen.push_back(text_in(each, "id"));
    cursor = text_in(list, "next_cursor");
    if (cursor.empty()) break;
  }
  CHECK(cursor.empty());
  REQUIRE(seen.size() == made.size());
  CHECK(std::set<std::string>(seen.begin(), seen.end()) ==
        std::set<std::string>(made.begin(), made.end()));
  const json::Value one = json_of(world.get("/charges/" + made[0], world.face.analyst));
  CHECK(text_in(one, "epsilon") == "0.25");
  CHECK(text_in(one, "state") == "committed");
  // The digest of the answer, and not the answer.
  CHECK(text_in(one, "result") ==
        "sha256:1633902c6cbba5e7770dbed172df754a25078bb76efe1f23474edc87f1a47655");
  CHECK(json::print(one).find("rows") == std::string::npos);
  const json::Value books = json_of(world.get("/accountant?dataset=person", world.face.auditor));
  CHECK(*books.find("charges")->as_int() == 7);
  CHECK(text_in(books, "epsilon") == "1.75");
  CHECK(text_in(books, "hash").starts_with("sha256:"));
}

TEST_CASE("privacy API: what is wrong is named") {
  World world;
  const std::pair<std::string, std::string> queries[] = {
      {"/budgets?speed=1", "'speed'"},
      {"/spend", "dataset: "},
      {"/spend?dataset=person&by=moon", "by: "},
      {"/burn-down?purpose=demo", "dataset: "},
      {"/burn-down?dataset=person", "purpose: "},
      {"/charges", "dataset: "},
      {"/charges?dataset=person&limit=0", "limit: "},
      {"/charges?dataset=person&limit=201", "limit: "},
      {"/charges?dataset=person&limit=x", "limit: "},
      {"/charges?dataset=person&cursor=nonsense", "cursor"},
      {"/accountant", "dataset: "},
      {"/accountant?dataset=person&by=day", "'by'"}};
  for (const auto& [path, named] : queries) {
    CAPTURE(path);
    const net::Response refused = world.get(path, world.face.admin);
    CHECK(refused.status == 400);
    CAPTURE(refused.body);
    CHECK(refused.body.find(named) != std::string::npos);
  }
  const std::pair<std::string, std::string> bodies[] = {
      {"{}", "dataset"},
      {world.body("4"), "epsilon"},
      {world.body("\"four\""), "epsilon: "},
      {world.body("\"0\""), "epsilon: "},
      {world.body("\"-4\""), "epsilon: "},
      {world.body("\"1\"", R"(,"expires":"2030-01-01T00:00:00Z")"), "expires: "},
      {world.body("\"1\"", R"(,"speed":1)"), "speed"}};
  for (const auto& [text, named] : bodies) {
    CAPTURE(text);
    const net::Response refused = world.post("", world.face.admin, text);
    CHECK(refused.status == 400);
    CAPTURE(refused.body);
    CHECK(refused.body.find(named) != std::string::npos);
    CHECK(refused.body.find(named + named) == std::string::npos);  // "epsilon: epsilon: ..."
  }
  for (const char* path : {"", "/preview"}) {
    for (const char* dataset : {"order", "moon"}) {
      std::string text = world.body();
      text.replace(text.find("person"), 6, dataset);
      const net::Response refused = world.post(path, world.face.admin, text);
      CHECK(refused.status == 400);
      CHECK(refused.body.find("dataset: '" + std::string(dataset)) != std::string::npos);
    }
  }
  CHECK(world.post("", world.face.admin, world.body("\"11\"")).status == 403);
  CHECK(world.desk.list(TenantId("alpha"))->empty());
}

TEST_CASE("privacy API: whoever asks and whoever approves see the same of it") {
  World world;
  world.spend("2", "k");
  const std::string wanted = R"({"dataset":"person","purpose":"demo","epsilon":"2"})";
  const net::Response one = world.post("/preview", world.protector, wanted);
  const net::Response other = world.post("/preview", world.face.admin, world.body("\"2\""));
  REQUIRE_MESSAGE(one.status == 200, one.body);
  CHECK(one.body == other.body);
  const json::Value seen = json_of(one);
  CHECK(text_in(seen, "limit_after") == "12");
  CHECK(text_in(seen, "left_before") == "8");
  CHECK(text_in(seen, "left_after") == "10");
  CHECK(text_in(seen, "odds_before") == "22026.47");
  CHECK(text_in(seen, "error_after") == "30");
  CHECK(text_in(seen, "lifetime_spent") == "2");
}

TEST_CASE("privacy API: a server without private answers says so") {
  Face face;
  for (const char* path : {"/budgets", "/charges?dataset=person", "/top-ups"}) {
    CHECK(face.ask("GET", kPrivacy + path, face.admin).status == 503);
  }
}

}  // namespace
}  // namespace mc::api
