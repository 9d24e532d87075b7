#include "gateway/gateway.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "contract/guarded_world.h"
#include "gateway/documents.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::FakeRequest;
using sim::header_of;

const net::Headers kJsonHeaders = {{"Content-Type", "application/json"}};

std::string apq(const std::string& query, bool with_text) {
  std::string out = "{";
  if (with_text) out += "\"query\":\"" + query + "\",";
  return out + "\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"" +
         document_id(query).substr(7) + "\"}}}";
}
std::string line_with(World& world, const std::string& text) {
  for (const std::string& line : world.lines().lines()) {
    if (line.find(text) != std::string::npos) return line;
  }
  return "";
}
template <class T, class V>
RouteConfig with(T RouteConfig::* member, V value) {
  RouteConfig route;
  route.*member = value;
  return route;
}

TEST_CASE("gateway: a query is answered with the rows of the token's tenant") {
  World world;
  for (const std::string tenant : {"alpha", "bravo"}) {
    const std::string token = world.token({.tenant = tenant});
    const net::Response reply = world.query("{ person(id: \"p3\") { id email } }", token);
    CHECK(reply.status == 200);
    CHECK(reply.body ==
          R"({"data":{"person":{"id":"p3","email":"m3@)" + tenant + R"(.example"}}})");
  }
}

TEST_CASE("gateway: every reply has its request id in the header, in the log and in its errors") {
  World world;
  const std::string token = world.token();
  struct Row {
    std::string name;
    FakeRequest request;
    bool with_token;
    int status;
    std::string code;
  };
  const std::string good = guarded::body_of("{ person(id: \"p1\") { id } }");
  const net::Headers html = {{"Accept", "text/html"}, {"Content-Type", "application/json"}};
  const Row rows[] = {
      {"good", {.headers = kJsonHeaders, .body = good}, true, 200, ""},
      {"no token", {.headers = kJsonHeaders, .body = good}, false, 401, "UNAUTHENTICATED"},
      {"method", {.method = "PUT"}, true, 405, "METHOD_NOT_ALLOWED"},
      {"accept", {.headers = html, .body = good}, true, 406, "NOT_ACCEPTABLE"},
      {"type", {.body = good}, true, 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"json", {.headers = kJsonHeaders, .body = "{"}, true, 400, "BAD_REQUEST"},
      {"syntax",
       {.headers = kJsonHeaders, .body = guarded::body_of("{")},
       true,
       200,
       "GRAPHQL_PARSE_FAILED"},
      {"field",
       {.headers = kJsonHeaders, .body = guarded::body_of("{ nothing }")},
       true,
       200,
       "GRAPHQL_VALIDATION_FAILED"},
      {"apq",
       {.headers = kJsonHeaders, .body = apq("{ x }", false)},
       true,
       200,
       "PERSISTED_QUERY_NOT_FOUND"}};
  std::set<std::string> ids;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const net::Response reply = world.ask(row.request, row.with_token ? token : "");
    CHECK(reply.status == row.status);
    CHECK(code_of(reply) == row.code);
    const std::string id = header_of(reply.headers, "X-Request-Id");
    CHECK(id.starts_with("req_"));
    CHECK(ids.insert(id).second);
    const std::string line = line_with(world, id);
    CHECK(line.find("\"request.done\"") != std::string::npos);
    CHECK(line.find("\"status\":" + std::to_string(row.status)) != std::string::npos);
    if (!row.code.empty()) {
      CHECK(reply.body.find(id) != std::string::npos);
      CHECK(line.find(row.code) != std::string::npos);
    }
    CHECK(json::parse(reply.body).has_value());
  }
}

TEST_CASE("gateway: no token text is in any reply or log line") {
  World world;
  const std::string token = world.token();
  const std::string wrong = "mct_" + std::string(43, 'S');
  std::string seen;
  for (const std::string& given : {token, wrong, std::string("S3cret"), token + "x"}) {
    seen += world.query("{ nothing }", given).body;
    seen += world.query("{", given).body;
    seen += world.query("{ people { nodes { id } } }", given).body;
  }
  for (const std::string& line : world.lines().lines()) seen += line;
  for (const std::string& secret : {token.substr(4, 20), wrong.substr(4), std::string("S3cret")}) {
    CHECK(seen.find(secret) == std::string::npos);
  }
}

TEST_CASE("gateway: a token stops between two requests when revoked, expired or suspended") {
  World world;
  const std::string query = "{ person(id: \"p1\") { id } }";
  const auto status = [&](const std::string& token) { return world.query(query, token).status; };
  const std::string revoked = world.token();
  CHECK(status(revoked) == 200);
  const auto held = world.directory().check(revoked);
  REQUIRE(held != nullptr);
  REQUIRE(world.directory().revoke(TenantId("alpha"), held->token_id).has_value());
  CHECK(status(revoked) == 401);

  const std::string expiring = world.token({.lifetime = seconds(60)});
  CHECK(status(expiring) == 200);
  world.clock().advance(seconds(60));
  CHECK(status(expiring) == 401);

  const std::string suspended = world.token({.tenant = "bravo"});
  const std::string other = world.token();
  CHECK(status(suspended) == 200);
  auto tenant = world.directory().tenant(TenantId("bravo"));
  REQUIRE(tenant.has_value());
  tenant->state = "suspended";
  REQUIRE(world.directory().update_tenant(*tenant).has_value());
  CHECK(status(suspended) == 401);
  CHECK(status(other) == 200);
}

TEST_CASE("gateway: scopes and roles decide, and what is refused changes nothing") {
  World world;
  const std::string before = world.dump("alpha");
  const std::string create =
      "mutation { createOrder(input: {id: 900, personId: \"p1\", total: 1, status: \"x\"}) { id } "
      "}";
  struct Row {
    std::string principal, roles, scopes, query;
    int status;
    std::string code;
  };
  const std::string count = "{ people { totalCount } }";
  const std::string schema = "{ x: __schema { queryType { name } } }";
  const Row rows[] = {
      {"a", "analyst", "query", "{ person(id: \"p1\") { id } }", 200, ""},
      {"a", "analyst", "metrics", "{ person(id: \"p1\") { id } }", 403, "FORBIDDEN"},
      {"a", "analyst", "query", count, 200, "FORBIDDEN"},
      {"b", "dpo", "query", count, 200, ""},
      {"a", "analyst", "query", create, 403, "FORBIDDEN"},
      {"a", "analyst", "query,mutate", create, 200, "FORBIDDEN"},
      {"c", "auditor,tenant-admin", "query,mutate", create, 403, "FORBIDDEN"},
      {"a", "analyst", "query", schema, 403, "INTROSPECTION_DISABLED"},
      {"a", "analyst", "query,introspect", schema, 200, ""},
      {"a", "analyst", "query",
       "query A { ...F } fragment F on Query { __type(name: \"Person\") "
       "{ name } }",
       403, "INTROSPECTION_DISABLED"}};
  for (const Row& row : rows) {
    CAPTURE(row.scopes);
    CAPTURE(row.query);
    const std::string token =
        world.token({.principal = row.principal, .roles = row.roles, .scopes = row.scopes});
    const net::Response reply = world.query(row.query, token);
    CHECK(reply.status == row.status);
    CHECK(code_of(reply) == row.code);
  }
  CHECK(world.dump("alpha") == before);
  CHECK(code_of(world.query(create, world.token())) == "");
  CHECK(world.dump("alpha") != before);
}

TEST_CASE("gateway: GET runs queries only, also when the mutation is chosen by name") {
  World world;
  const std::string token = world.token();
  const std::string before = world.dump("alpha");
  const auto get = [&](const std::string& query) {
    return world.ask({.method = "GET", .target = "/graphql?query=" + query}, token);
  };
  CHECK(get("%7Bperson(id:%22p1%22)%7Bid%7D%7D").status == 200);
  const std::string both =
      "query+A%7Bperson(id:%22p1%22)%7Bid%7D%7Dmutation+B%7BdeleteOrder(id:1)%7D";
  CHECK(get(both + "&operationName=A").status == 200);
  const net::Response refused = get(both + "&operationName=B");
  CHECK(refused.status == 405);
  CHECK(header_of(refused.headers, "Allow") == "POST");
  CHECK(code_of(get(both)) == "OPERATION_RESOLUTION_FAILURE");
  CHECK(code_of(get(both + "&operationName=%F0%9F%98%80")) == "OPERATION_RESOLUTION_FAILURE");
  CHECK(world.dump("alpha") == before);
}

TEST_CASE("gateway: a batch with one invalid operation executes none of them") {
  World world;
  const std::string token = world.token();
  const std::string before = world.dump("alpha");
  const std::string remove = guarded::body_of("mutation { deleteOrder(id: 1) }");
  for (const std::string& bad :
       {guarded::body_of("{ nothing }"), guarded::body_of("{"), std::string("{}"), std::string("1"),
        guarded::body_of("subscription { x }"), apq("{ never }", false)}) {
    CAPTURE(bad);
    for (const std::string& batch :
         {"[" + remove + "," + bad + "]", "[" + bad + "," + remove + "]"}) {
      CHECK(code_of(world.post(batch, token)) != "");
      CHECK(world.dump("alpha") == before);
    }
  }
  const std::string one = guarded::body_of("{ person(id: \"p1\") { id } }");
  CHECK(world.post("[" + one + "," + one + "]", token).body ==
        R"([{"data":{"person":{"id":"p1"}}},{"data":{"person":{"id":"p1"}}}])");
  CHECK(world.post("[" + one + "]", token).body == R"([{"data":{"person":{"id":"p1"}}}])");
}

TEST_CASE("gateway: persisted queries are kept for their tenant and must fit their hash") {
  World world;
  const std::string alpha = world.token();
  const std::string bravo = world.token({.tenant = "bravo"});
  const std::string query = "{ __typename }";
  CHECK(code_of(world.post(apq(query, false), alpha)) == "PERSISTED_QUERY_NOT_FOUND");
  CHECK(code_of(world.post(apq(query, true), alpha)) == "");
  CHECK(code_of(world.post(apq(query, false), alpha)) == "");
  CHECK(code_of(world.post(apq(query, false), bravo)) == "PERSISTED_QUERY_NOT_FOUND");
  std::string poisoned = apq(query, true);
  poisoned.replace(poisoned.find("__typename"), 10, "people{nodes{id}}");
  CHECK(code_of(world.post(poisoned, bravo)) == "PERSISTED_QUERY_HASH_MISMATCH");
  CHECK(code_of(world.post(apq(query, false), bravo)) == "PERSISTED_QUERY_NOT_FOUND");
}

TEST_CASE("gateway: an allow-list runs registered documents only") {
  guarded::WorldOptions options;
  const std::string query = "{ __typename }";
  options.files["/documents.json"] = "{\"" + document_id(query) + "\":\"" + query + "\"}";
  const RouteConfig open;
  RouteConfig closed;
  closed.path = "/closed";
  closed.documents = DocumentMode::allow_list;
  closed.documents_file = "/documents.json";
  options.gateway.routes = {open, closed};
  World world(std::move(options));
  const std::string token = world.token();
  const auto post = [&](const std::string& body) {
    return world.ask({.target = "/closed", .headers = kJsonHeaders, .body = body}, token);
  };
  CHECK(code_of(post(guarded::body_of(query))) == "");
  CHECK(code_of(post(apq(query, false))) == "");
  CHECK(code_of(post("{\"documentId\":\"" + document_id(query) + "\"}")) == "");
  CHECK(code_of(post(guarded::body_of(query + " "))) == "PERSISTED_QUERY_ONLY");
  CHECK(code_of(post(apq("{ x: __typename }", true))) == "PERSISTED_QUERY_NOT_FOUND");
  CHECK(code_of(post(apq("{ x: __typename }", false))) == "PERSISTED_QUERY_NOT_FOUND");
  // Not even one that the open route has learned.
  CHECK(code_of(world.post(apq("{ x: __typename }", true), token)) == "");
  CHECK(code_of(post(apq("{ x: __typename }", false))) == "PERSISTED_QUERY_NOT_FOUND");
}

TEST_CASE("gateway: replies before attach, and full queues, say when to retry") {
  guarded::WorldOptions options;
  options.attached = false;
  options.gateway.loop_steps_max = 0;  // so that known documents need a worker too
  World world(std::move(options));
  const std::string token = world.token();
  const net::Response early = world.query("{ __typename }", token);
  CHECK(early.status == 503);
  CHECK(header_of(early.headers, "Retry-After") == "1");
  world.gateway().attach(world.server());
  CHECK(world.query("{ __typename }", token).status == 200);
  world.gateway().stop();  // a pool that takes nothing more is what a full one looks like
  for (const char* query : {"{ __typename }", "{ new: __typename }"}) {
    const net::Response late = world.query(query, token);
    CHECK(late.status == 503);
    CHECK(code_of(late) == "OVERLOADED");
    CHECK(!header_of(late.headers, "Retry-After").empty());
  }
}

TEST_CASE("gateway: known short reads run on the loop, long ones move to a worker for good") {
  guarded::WorldOptions options;
  options.gateway.loop_steps_max = 1'000;
  World world(std::move(options));
  const std::string token = world.token();
  const auto runs = [&] {
    std::map<std::string, std::string> out;
    const std::string text = world.metrics().text();
    for (const std::string_view line : split(text, '\n')) {
      constexpr std::string_view kName = "mc_dataset_runs_total{place=\"";
      if (!line.starts_with(kName)) continue;
      const std::string_view place =
          line.substr(kName.size(), line.find('"', kName.size()) - kName.size());
      out[std::string(place)] = line.substr(line.rfind(' ') + 1);
    }
    return out;
  };
  const std::string by_key = "{ person(id: \"p1\") { name } }";
  // Each person is looked up by its key: more than a thousand steps in all.
  const std::string longer =
      "{ people(first: 40) { nodes { id name email orders { nodes { id } } } } }";
  // A document is known from its second request on.
  CHECK(world.query(by_key, token).body == world.query(by_key, token).body);
  CHECK(runs() ==
        std::map<std::string, std::string>{{"loop", "1"}, {"moved", "0"}, {"worker", "1"}});
  const std::string first = world.query(longer, token).body;
  CHECK(first.find("errors") == std::string::npos);
  CHECK(world.query(longer, token).body == first);
  CHECK(runs() ==
        std::map<std::string, std::string>{{"loop", "1"}, {"moved", "1"}, {"worker", "3"}});
  CHECK(world.query(longer, token).body == first);
  CHECK(runs() ==
        std::map<std::string, std::string>{{"loop", "1"}, {"moved", "1"}, {"worker", "4"}});
  // Writes never run there.
  const std::string write = "mutation { deletePerson(id: \"nobody\") { id } }";
  for (int i = 0; i < 3; ++i) world.query(write, token);
  CHECK(runs()["loop"] == "1");
}

// Another process changes the file in the middle of a turn.
TEST_CASE("gateway: requests of one turn of the loop read one state, the next turn a newer one") {
  World world;
  const std::string token = world.token();
  const std::string query = "{ person(id: \"p1\") { name } }";
  const std::string before = world.query(query, token).body;  // makes the document known
  const auto driver = sql::sqlite_driver();
  const auto other = driver->open(world.catalog().model().sources.front().url, {});
  REQUIRE(other.has_value());
  const auto rename = [&](const char* name) {
    const auto done = (*other)->execute("UPDATE person SET name = ?1", {sql::Param(name)});
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
  };
  const auto send = [&] {
    return world.send(
        {.headers = {{"Content-Type", "application/json"}}, .body = guarded::body_of(query)},
        token);
  };
  const auto first = send();
  rename("Newer");
  const auto second = send();
  CHECK(first->response().body == before);
  CHECK(second->response().body == before);
  CHECK(first->wait());  // ends the turn
  const auto third = send();
  CHECK(third->response().body == R"({"data":{"person":{"name":"Newer"}}})");
  CHECK(third->wait());
}

TEST_CASE("gateway: a whole batch keeps to the limit of bytes of one reply") {
  guarded::WorldOptions options;
  RouteConfig route;
  route.response_bytes_max = 4'096;
  options.gateway.routes = {route};
  World world(std::move(options));
  const std::string one = guarded::body_of("{ people(first: 20) { nodes { id name email } } }");
  std::string batch = "[" + one;
  for (int i = 0; i < 9; ++i) batch += "," + one;
  const net::Response reply = world.post(batch + "]", world.token());
  CHECK(reply.body.size() < 4'096 + 10 * 200);
  CHECK(reply.body.find("RESPONSE_TOO_LARGE") != std::string::npos);
}

// Clients leave at any moment while parsers and workers hold their calls (run under TSan, ASan).
TEST_CASE("gateway: clients that leave at any moment do no harm") {
  World world;
  const std::string token = world.token();
  std::vector<std::shared_ptr<sim::FakeExchange>> exchanges;
  for (int i = 0; i < 150; ++i) {
    const std::string query = "{ a" + std::to_string(i % 60) +
                              ": people(first: 50) { nodes { id orders { nodes { id } } } } }";
    exchanges.push_back(
        world.send({.headers = kJsonHeaders, .body = guarded::body_of(query)}, token));
    if (i % 3 == 0) exchanges.back()->cancel();
    if (i % 5 == 0 && i >= 5) exchanges[static_cast<std::size_t>(i) - 5]->cancel();
  }
  for (const auto& exchange : exchanges) {
    CHECK(exchange->wait());
    CHECK(exchange->answers() == 1);
  }
  exchanges.clear();
  CHECK(world.query("{ __typename }", token).status == 200);
}

TEST_CASE("gateway: a client that has left costs no parsing and no statement") {
  World world;
  const std::string token = world.token();
  auto gone = std::make_shared<sim::FakeExchange>(FakeRequest{
      .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}},
      .body = guarded::body_of("{ people { nodes { id } } }"),
      .received = world.clock().mono()});
  gone->cancel();
  world.gateway().handle(gone);
  REQUIRE(gone->wait());
  CHECK(gone->response().status == 499);
  const std::string line = line_with(world, "\"status\":499");
  CHECK(line.find("\"statements\":0") != std::string::npos);
  // Its document was not kept either: the next one has to parse it.
  CHECK(world.query("{ people { nodes { id } } }", token).status == 200);
  CHECK(line_with(world, "\"status\":200").find("\"known\":false") != std::string::npos);
  const std::string text = world.metrics().text();
  CHECK(text.find("status=\"499\"") != std::string::npos);
}

TEST_CASE("gateway: a client that leaves just before its operation runs stops it") {
  World world;
  const std::string token = world.token();
  for (int i = 0; i < 5; ++i) {
    auto gone = std::make_shared<sim::FakeExchange>(FakeRequest{
        .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}},
        .body = guarded::body_of("{ people(first: 50) { nodes { id orders { nodes { id } } } } }"),
        .received = world.clock().mono()});
    gone->leave_when_hooked();
    world.gateway().handle(gone);
    REQUIRE(gone->wait());
    CHECK((gone->response().status == 499 || gone->response().status == 200));
  }
  CHECK(world.query("{ __typename }", token).status == 200);
}

TEST_CASE("gateway: a request that waited past its deadline reads nothing") {
  World world;
  const std::string token = world.token();
  auto late = std::make_shared<sim::FakeExchange>(FakeRequest{
      .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}},
      .body = guarded::body_of("{ people { nodes { id } } }"),
      .received = world.clock().mono()});
  world.clock().advance(seconds(11));
  world.gateway().handle(late);
  REQUIRE(late->wait());
  CHECK(code_of(late->response()) == "DEADLINE_EXCEEDED");
  CHECK(line_with(world, "request.done").find("\"statements\":0") != std::string::npos);
}

TEST_CASE("gateway: routes that would shadow others or contradict themselves are refused") {
  struct Row {
    RouteConfig route;
    std::string named;
  };
  const Row rows[] = {{with(&RouteConfig::path, "graphql"), "path"},
                      {with(&RouteConfig::path, "/v1/x"), "path"},
                      {with(&RouteConfig::path, "/v1"), "path"},
                      {with(&RouteConfig::path, "/livez"), "path"},
                      {with(&RouteConfig::path, "/readyz"), "path"},
                      {with(&RouteConfig::path, "/metrics"), "path"},
                      {with(&RouteConfig::path, "/"), "path"},
                      {with(&RouteConfig::path, "/a?b"), "path"},
                      {with(&RouteConfig::kind, RouteKind::upstream), "url"},
                      {with(&RouteConfig::url, "http://h/"), "url"},
                      {with(&RouteConfig::schema_file, "/x.graphql"), "schema_file"},
                      {with(&RouteConfig::documents, DocumentMode::allow_list), "documents_file"}};
  for (const Row& row : rows) {
    CAPTURE(row.route.path);
    CAPTURE(row.named);
    GatewayConfig config;
    config.routes = {row.route};
    const Status checked = config.check();
    REQUIRE(!checked.has_value());
    CHECK(checked.error().what.find(row.named) != std::string::npos);
  }
  GatewayConfig twice;
  twice.routes = {RouteConfig{}, RouteConfig{}};
  CHECK(!twice.check().has_value());
  CHECK(GatewayConfig{}.check().has_value());
}

}  // namespace
}  // namespace mc::gateway
