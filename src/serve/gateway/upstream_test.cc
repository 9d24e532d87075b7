// Forwarding, seen from the gateway: FakeExchange keeps what would go to the upstream, and the
// test answers in its place.
#include <doctest/doctest.h>

#include <algorithm>

#include "contract/guarded_world.h"
#include "gateway/gateway.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::FakeRequest;
using sim::header_of;

const net::Headers kJsonHeaders = {{"Content-Type", "application/json"}};

guarded::WorldOptions upstream_options() {
  RouteConfig route;
  route.kind = RouteKind::upstream;
  route.url = "http://127.0.0.1:4000/api";
  guarded::WorldOptions options;
  options.gateway.routes = {route};
  return options;
}

net::ForwardResult ended(int status, std::string error = "") {
  net::ForwardResult out;
  out.status = status;
  out.error = std::move(error);
  return out;
}

struct Upstream {
  explicit Upstream(guarded::WorldOptions options = upstream_options())
      : world(std::move(options)), token(world.token()) {}

  std::shared_ptr<sim::FakeExchange> send(const std::string& body, net::Headers headers = {}) {
    headers.emplace_back("Content-Type", "application/json");
    auto exchange = world.send({.headers = std::move(headers), .body = body}, token);
    REQUIRE(exchange->wait());
    return exchange;
  }
  // What the upstream would see of this request.
  net::Headers sees(net::Headers headers) {
    const auto exchange = send(guarded::body_of("{ a }"), std::move(headers));
    REQUIRE(exchange->forwarded());
    return sim::fields_of(exchange->forwarding().fields);
  }
  // One request to its end: `status` 0 = no reply came. The status the client gets.
  int round(int status, const std::string& error = "") {
    const auto exchange = send(guarded::body_of("{ a }"));
    if (!exchange->forwarded()) return exchange->response().status;
    const net::ForwardResult result = ended(status, error);
    int seen = status;
    if (status == 0) seen = exchange->forwarding().on_failure(result).status;
    exchange->forwarding().on_done(result);
    return seen;
  }

  World world;
  std::string token;
};

int count(const net::Headers& headers, std::string_view name) {
  return static_cast<int>(std::count_if(headers.begin(), headers.end(), [&](const auto& header) {
    return equals_ignoring_case(header.first, name);
  }));
}

TEST_CASE("upstream: what a client says about identity never gets through, in no spelling") {
  Upstream upstream;
  const net::Headers hostile = {{"X-MC-Tenant", "HOSTILE"},
                                {"x-mc-principal", "HOSTILE"},
                                {"X-MC-Unheard-Of", "HOSTILE"},
                                {"X-Maestro-Warrant", "HOSTILE"},
                                {"X_MC_Tenant", "HOSTILE"},
                                {"x_mc-tenant", "HOSTILE"},
                                {"X-IG-Anything", "HOSTILE"},
                                {"X_IG_ANYTHING", "HOSTILE"},
                                {"Forwarded", "for=HOSTILE"},
                                {"X-Forwarded-For", "HOSTILE"},
                                {"X_Forwarded_For", "HOSTILE"},
                                {"X-Forwarded-User", "HOSTILE"},
                                {"X-Forwarded-Prefix", "HOSTILE"},
                                {"X-Real-IP", "HOSTILE"},
                                {"True-Client-IP", "HOSTILE"},
                                {"X-Tenant-Id", "HOSTILE"},
                                {"Cookie", "HOSTILE"},
                                {"Authorization", "Basic HOSTILE"},
                                {"Proxy-Authorization", "HOSTILE"},
                                {"X-Request-Id", "HOSTILE"},
                                {"Content-Type", "application/json;x=HOSTILE"},
                                {"Host", "HOSTILE"},
                                {"Content-Length", "7"},
                                {"Expect", "HOSTILE"},
                                {"X-HTTP-Method-Override", "HOSTILE"},
                                {"X-Original-URL", "HOSTILE"}};
  // The token's own Authorization stands first here, as a client with two would send them.
  net::Headers first = {{"Authorization", "Bearer " + upstream.token}};
  first.insert(first.end(), hostile.begin(), hostile.end());
  first.insert(first.begin() + 1, {"Content-Type", "application/json"});
  auto exchange = upstream.world.send({.headers = first, .body = guarded::body_of("{ a }")}, "");
  REQUIRE(exchange->wait());
  REQUIRE(exchange->forwarded());
  const net::Headers seen = sim::fields_of(exchange->forwarding().fields);
  for (const auto& [name, value] : seen) {
    CAPTURE(name);
    CHECK(value.find("HOSTILE") == std::string::npos);
    CHECK(value.find(upstream.token) == std::string::npos);
  }
  CHECK(header_of(seen, "X-MC-Tenant") == "alpha");
  CHECK(header_of(seen, "X-MC-Principal") == "ada");
  CHECK(header_of(seen, "X-MC-Purpose") == "demo");
  CHECK(header_of(seen, "X-Forwarded-For") == "192.0.2.7");
  CHECK(header_of(seen, "X-MC-Deadline-Ms") == "10000");
  CHECK(header_of(seen, "X-Request-Id").starts_with("req_"));
  for (const char* once : {"X-MC-Tenant", "Content-Type", "X-Request-Id", "X-Forwarded-For"}) {
    CHECK(count(seen, once) == 1);
  }
}

TEST_CASE("upstream: other headers and the trace go on") {
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  Upstream plain;
  const net::Headers seen = plain.sees(
      {{"traceparent", parent}, {"tracestate", "a=1"}, {"Accept-Language", "de"}, {"X-Own", "1"}});
  CHECK(header_of(seen, "traceparent") == parent);
  CHECK(header_of(seen, "tracestate") == "a=1");
  CHECK(header_of(seen, "Accept-Language") == "de");
  CHECK(header_of(seen, "X-Own") == "1");
  CHECK(count(plain.sees({{"traceparent", "00-broken"}}), "traceparent") == 0);
  guarded::WorldOptions options = upstream_options();
  options.traced = true;
  Upstream traced(std::move(options));
  const std::string child = header_of(traced.sees({{"traceparent", parent}}), "traceparent");
  CHECK(child.substr(0, 36) == parent.substr(0, 36));
  CHECK(child.substr(36, 16) != parent.substr(36, 16));
}

TEST_CASE("upstream: the client's bytes go on unless something else could be read in them") {
  Upstream upstream;
  const auto body = [&](const std::string& json) {
    const auto exchange = upstream.send(json);
    REQUIRE(exchange->forwarded());
    return exchange->forwarding().body.value_or(std::string(exchange->request().body));
  };
  const std::string plain = R"( {"query" : "{ a }", "variables":{"n":12345678901234567890}} )";
  CHECK(body(plain) == plain);
  CHECK(body(R"({"query":"{ a }","id":"evil","operationName":""})") == R"({"query":"{ a }"})");
  CHECK(body(R"([{"query":"{ a }","variables":{"x":1}},{"query":"{ b }","queryId":1}])") ==
        R"([{"query":"{ a }","variables":{"x":1}},{"query":"{ b }"}])");
  const auto got = upstream.world.send({.method = "GET", .target = "/graphql?query=%7Ba%7D&evil=1"},
                                       upstream.token);
  REQUIRE(got->wait());
  REQUIRE(got->forwarded());
  CHECK(got->forwarding().method == "POST");
  CHECK(got->forwarding().target == "/api");
  CHECK(got->forwarding().body == R"({"query":"{a}"})");
}

TEST_CASE("upstream: only requests without any mutation may be sent twice") {
  Upstream upstream;
  const std::string q = guarded::body_of("{ a }");
  const std::string m = guarded::body_of("mutation { a }");
  struct Row {
    std::string body;
    bool idempotent;
  };
  for (const Row& row :
       {Row{q, true}, Row{m, false}, Row{"[" + q + "," + q + "]", true},
        Row{"[" + q + "," + m + "]", false}, Row{"[" + m + "," + q + "]", false}}) {
    CAPTURE(row.body);
    CHECK(upstream.send(row.body)->forwarding().idempotent == row.idempotent);
  }
}

TEST_CASE("upstream: what is refused is never forwarded") {
  Upstream upstream;
  const std::string reader = upstream.world.token({.scopes = "query"});
  for (const std::string& document :
       {std::string("{"), std::string("mutation { a }"), std::string("subscription { a }"),
        std::string("{ __schema { x } }"), std::string("query A { a } mutation A { b }"),
        std::string("query A { a } query B { b }"), "{" + std::string(30, 'x') + "}}"}) {
    CAPTURE(document);
    const auto exchange =
        upstream.world.send({.headers = kJsonHeaders, .body = guarded::body_of(document)}, reader);
    REQUIRE(exchange->wait());
    CHECK(!exchange->forwarded());
    CHECK(code_of(exchange->response()) != "");
  }
}

TEST_CASE("upstream: failures open the circuit, one trial decides, Retry-After is the rest") {
  Upstream upstream;
  for (int i = 0; i < 5; ++i) CHECK(upstream.round(0, "connect refused") == 502);
  const auto refused = upstream.send(guarded::body_of("{ a }"));
  REQUIRE(!refused->forwarded());
  CHECK(refused->response().status == 503);
  CHECK(code_of(refused->response()) == "UPSTREAM_CIRCUIT_OPEN");
  CHECK(header_of(refused->response().headers, "Retry-After") == "5");
  CHECK(!upstream.world.gateway().status().front().healthy);
  // Waiting exactly that long is enough, for one.
  upstream.world.clock().advance(seconds(5));
  const auto trial = upstream.send(guarded::body_of("{ a }"));
  CHECK(trial->forwarded());
  CHECK(!upstream.send(guarded::body_of("{ a }"))->forwarded());
  trial->forwarding().on_done(ended(200));
  CHECK(upstream.round(200) == 200);
  CHECK(upstream.world.gateway().status().front().healthy);
}

TEST_CASE("upstream: a client that leaves is nobody's failure") {
  Upstream upstream;
  for (int i = 0; i < 20; ++i) {
    const auto exchange = upstream.send(guarded::body_of("{ a }"));
    REQUIRE(exchange->forwarded());
    exchange->cancel();
    exchange->forwarding().on_done(ended(0, "client gone"));
  }
  CHECK(upstream.world.gateway().status().front().healthy);
  CHECK(upstream.world.lines().count("request.done") == 20);
}

TEST_CASE("upstream: failures become GraphQL errors that tell the kind, with the request id") {
  struct Row {
    std::string error;
    int status;
    std::string code;
  };
  Upstream upstream;
  for (const Row& row : {Row{"connect refused", 502, "UPSTREAM_UNAVAILABLE"},
                         Row{"timed out", 504, "UPSTREAM_TIMEOUT"},
                         Row{"deadline passed", 504, "UPSTREAM_TIMEOUT"}}) {
    CAPTURE(row.error);
    const auto exchange = upstream.send(guarded::body_of("{ a }"));
    const net::Response reply = exchange->forwarding().on_failure(ended(0, row.error));
    exchange->forwarding().on_done(ended(0, row.error));
    CHECK(reply.status == row.status);
    CHECK(code_of(reply) == row.code);
    const std::string id = header_of(reply.headers, "X-Request-Id");
    CHECK(id == header_of(sim::fields_of(exchange->forwarding().fields), "X-Request-Id"));
    CHECK(reply.body.find(id) != std::string::npos);
    const std::vector<std::string> lines = upstream.world.lines().lines();
    CHECK(lines.back().find(id) != std::string::npos);
    CHECK(lines.back().find("\"status\":" + std::to_string(row.status)) != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::gateway
