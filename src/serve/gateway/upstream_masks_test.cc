// Masks of policies on the answers of an upstream, seen from the gateway: FakeExchange keeps what
// would go to the upstream, and the test answers in its place.
#include <doctest/doctest.h>

#include "contract/guarded_world.h"
#include "gateway/gateway.h"
#include "gateway/masked_schema.h"
#include "json/describe.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

constexpr std::string_view kCanary = "canary-4711";
constexpr std::string_view kDocument = "{ person { id email } }";
const std::string kAnswer =
    R"({"data":{"person":{"id":"p1","email":")" + std::string(kCanary) + R"("}}})";

RouteConfig route() {
  RouteConfig out;
  out.kind = RouteKind::upstream;
  out.url = "http://127.0.0.1:4000/api";
  out.schema_file = "/up.graphql";
  out.fields = masked::listed_fields();
  return out;
}

guarded::WorldOptions options_of(const RouteConfig& config) {
  guarded::WorldOptions out;
  out.gateway.routes = {config};
  out.files = {{"/up.graphql", masked::kSdl}};
  out.governed = true;
  return out;
}

struct Upstream {
  explicit Upstream(const RouteConfig& config = route()) : world(options_of(config)) {}
  explicit Upstream(guarded::WorldOptions options) : world(std::move(options)) {}

  struct Sent {
    std::string document = std::string(kDocument);
    std::string variables = {};  // JSON
    net::Headers headers = {};
  };
  std::shared_ptr<sim::FakeExchange> send_body(const std::string& body, net::Headers headers) {
    headers.emplace_back("Content-Type", "application/json");
    auto exchange = world.send({.headers = std::move(headers), .body = body}, token);
    REQUIRE(exchange->wait());
    return exchange;
  }
  std::shared_ptr<sim::FakeExchange> send(const Sent& sent) {
    std::string body = guarded::body_of(sent.document);
    if (!sent.variables.empty()) body.insert(1, "\"variables\":" + sent.variables + ",");
    return send_body(body, sent.headers);
  }
  // What the client gets when the upstream answers so.
  net::Response answer(const Sent& sent, net::Response reply) {
    const auto exchange = send(sent);
    REQUIRE(exchange->forwarded());
    REQUIRE(exchange->forwarding().on_reply);
    const int status = reply.status;
    CHECK(exchange->give_reply(std::move(reply)));
    net::ForwardResult ended;
    ended.status = status;
    ended.complete = true;
    exchange->forwarding().on_done(ended);
    return exchange->response();
  }
  net::Response answer(const std::string& body) {
    return answer({}, {.status = 200,
                       .headers = {{"Content-Type", "application/json; charset=utf-8"}},
                       .body = body});
  }
  std::string as_hash(std::string_view value, const std::string& column) {
    std::string out;
    mask::apply({mask::Strategy::hash, 0},
                world.governed().mask_keys.column("alpha", "/graphql", column), mask::Form::text,
                value, out);
    return out;
  }

  World world;
  std::string token = world.token({.roles = "analyst"});
};

TEST_CASE("upstream masks: an answer is masked whole, with the tenant's keys, and nothing beside") {
  Upstream upstream;
  const net::Response reply = upstream.answer({}, {.status = 200,
                                                   .headers = {{"Content-Type", "application/json"},
                                                               {"ETag", "\"canary-4711\""},
                                                               {"Set-Cookie", "a=canary-4711"},
                                                               {"X-Debug", "canary-4711"},
                                                               {"Link", "<canary-4711>"},
                                                               {"Retry-After", "canary-4711"},
                                                               {"Content-Encoding", "identity"}},
                                                   .body = kAnswer});
  CHECK(reply.status == 200);
  CHECK(reply.body == R"({"data":{"person":{"id":"p1","email":")" +
                          upstream.as_hash(kCanary, "Person.email") + R"("}}})");
  for (const auto& [name, value] : reply.headers) {
    CAPTURE(name);
    CHECK(value.find(kCanary) == std::string::npos);
  }
  CHECK(header_of(reply.headers, "Content-Type").starts_with("application/json"));
  CHECK(header_of(reply.headers, "Cache-Control") == "no-store");
  CHECK(header_of(reply.headers, "X-IG-Decision-Id").starts_with("dec_"));
  CHECK(header_of(reply.headers, "X-IG-Rule-Id").find("mask-personal") != std::string::npos);
  CHECK(upstream.world.lines().count("request.done") == 1);
  const net::Response busy =
      upstream.answer({}, {.status = 503,
                           .headers = {{"Content-Type", "application/json"}, {"Retry-After", "17"}},
                           .body = R"({"errors":[{"message":"x"}]})"});
  CHECK(busy.status == 503);
  CHECK(header_of(busy.headers, "Retry-After") == "17");
}

TEST_CASE("upstream masks: the upstream is asked for an answer that can be read, and all of it") {
  Upstream upstream;
  const net::Headers headers = {{"Accept", "application/graphql-response+json, multipart/mixed"},
                                {"Accept-Encoding", "gzip, br"},
                                {"If-None-Match", "\"x\""},
                                {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"},
                                {"Range", "bytes=0-10"},
                                {"Accept-Language", "de"}};
  const auto exchange = upstream.send({.variables = "", .headers = headers});
  REQUIRE(exchange->forwarded());
  const net::Headers seen = sim::fields_of(exchange->forwarding().fields);
  CHECK(header_of(seen, "Accept") == "application/graphql-response+json, application/json;q=0.9");
  CHECK(header_of(seen, "Accept-Encoding") == "identity");
  CHECK(header_of(seen, "Accept-Language") == "de");
  for (const char* gone : {"If-None-Match", "If-Modified-Since", "Range"}) {
    CHECK(header_of(seen, gone).empty());
  }
  CHECK(exchange->forwarding().response_bytes_max == static_cast<std::int64_t>(kMaskedBytesMax));
}

TEST_CASE("upstream masks: where no mask is reached the answer is streamed as ever") {
  Upstream upstream;
  const std::string admin = upstream.world.token({.principal = "bea", .roles = "tenant-admin"});
  struct Row {
    std::string document;
    bool analyst;
    bool streamed;
  };
  for (const Row& row :
       {Row{std::string(kDocument), true, false}, Row{std::string(kDocument), false, true},
        Row{"{ person { id nick } }", true, true}, Row{"{ __typename count }", true, true},
        Row{"{ contact { email } }", true, false},
        Row{"{ pets { ... on Cat { nick } } }", true, true},
        Row{"{ __schema { types { name } } }", true, true},
        Row{"mutation { rename(id: 1) { name } }", true, false}}) {
    CAPTURE(row.document);
    const auto exchange = upstream.world.send(
        {.headers = {{"Content-Type", "application/json"}, {"Accept-Encoding", "gzip"}},
         .body = guarded::body_of(row.document)},
        row.analyst ? upstream.token : admin);
    REQUIRE(exchange->wait());
    REQUIRE(exchange->forwarded());
    const net::Forward& forward = exchange->forwarding();
    CHECK(static_cast<bool>(forward.on_reply) == !row.streamed);
    CHECK((forward.response_bytes_max == 64 << 20) == row.streamed);
    CHECK((header_of(sim::fields_of(forward.fields), "Accept-Encoding") == "gzip") == row.streamed);
  }
}

TEST_CASE("upstream masks: what cannot be masked is 502, counted, and quoted nowhere") {
  const std::string json = "application/json";
  struct Row {
    std::string name;
    net::Headers headers;
    std::string body;
  };
  const std::vector<Row> rows = {
      {"no JSON", {{"Content-Type", json}}, "<p>canary-4711</p>"},
      {"cut off", {{"Content-Type", json}}, R"({"data":{"person":{"id":"canary-4711)"},
      {"an unknown key", {{"Content-Type", json}}, R"({"data":{"canary-4711":1}})"},
      {"another shape", {{"Content-Type", json}}, R"({"data":{"person":"canary-4711"}})"},
      {"empty", {{"Content-Type", json}}, ""},
      {"a batch", {{"Content-Type", json}}, R"([{"data":{"person":{"email":"canary-4711"}}}])"},
      {"compressed", {{"Content-Type", json}, {"Content-Encoding", "gzip"}}, kAnswer},
      {"encoded twice", {{"Content-Type", json}, {"content-encoding", "identity, br"}}, kAnswer},
      {"no type", {}, kAnswer},
      {"HTML", {{"Content-Type", "text/html"}}, kAnswer},
      {"deferred", {{"Content-Type", "multipart/mixed; boundary=\"-\""}}, kAnswer},
      {"events", {{"Content-Type", "text/event-stream"}}, kAnswer},
      {"almost JSON", {{"Content-Type", "application/json-seq"}}, kAnswer},
  };
  Upstream upstream;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const net::Response reply =
        upstream.answer({}, {.status = 200, .headers = row.headers, .body = row.body});
    CHECK(reply.status == 502);
    CHECK(code_of(reply) == "MASKING_FAILED");
    const std::string id = header_of(reply.headers, "X-Request-Id");
    CHECK(id.starts_with("req_"));
    CHECK(reply.body.find(id) != std::string::npos);
    CHECK(reply.body.find(kCanary) == std::string::npos);
  }
  CHECK(upstream.world.lines().count("upstream.unmasked") == rows.size());
  CHECK(upstream.world.lines().count("request.done") == rows.size());
  for (const std::string& line : upstream.world.lines().lines()) {
    CHECK(line.find(kCanary) == std::string::npos);
  }
  CHECK(upstream.world.metrics().text().find("mc_requests_refused_total{code=\"MASKING_FAILED\"} " +
                                             std::to_string(rows.size())) != std::string::npos);
  // That is no reason to leave the upstream alone.
  CHECK(upstream.world.gateway().status().front().healthy);
  CHECK(upstream.answer(kAnswer).status == 200);
}

TEST_CASE("upstream masks: errors of the upstream keep their place alone") {
  Upstream upstream;
  const net::Response reply = upstream.answer(
      R"({"errors":[{"message":"canary-4711","path":["person"],"extensions":{"x":"canary-4711"}}],)"
      R"("data":{"person":null},"extensions":{"canary-4711":1}})");
  CHECK(reply.status == 200);
  CHECK(reply.body == R"({"errors":[{"message":")" + std::string(kWithheldMessage) +
                          R"(","path":["person"]}],"data":{"person":null}})");
}

TEST_CASE("upstream masks: a batch is masked by its operations") {
  Upstream upstream;
  const std::string plain = guarded::body_of("{ person { email: nick } }");
  const auto exchange =
      upstream.send_body("[" + plain + "," + guarded::body_of(std::string(kDocument)) + "]", {});
  REQUIRE(exchange->forwarded());
  REQUIRE(exchange->forwarding().on_reply);
  const std::string open = R"({"data":{"person":{"email":"open"}}})";
  CHECK(exchange->give_reply({.status = 200,
                              .headers = {{"Content-Type", "application/json"}},
                              .body = "[" + open + "," + kAnswer + "]"}));
  const std::string body = exchange->response().body;
  CHECK(body.starts_with("[" + open + ","));
  CHECK(body.find(kCanary) == std::string::npos);
}

TEST_CASE("upstream masks: a large answer is masked by a worker, one that is too large by nobody") {
  RouteConfig config = route();
  config.response_bytes_max = 300'000;
  Upstream upstream(config);
  const auto people = [](int count) {
    std::string out = R"({"data":{"people":[)";
    for (int i = 0; i < count; ++i) {
      out += (i > 0 ? "," : "") + std::string(R"({"email":"canary-4711"})");
    }
    return out + "]}}";
  };
  const auto ask = [&](int count) {
    return upstream.answer(
        {.document = "{ people { email } }"},
        {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = people(count)});
  };
  const net::Response masked = ask(5'000);
  CHECK(masked.status == 200);
  CHECK(masked.body.size() > 5'000 * 32);
  CHECK(masked.body.find(kCanary) == std::string::npos);
  // It grows past the limit.
  const net::Response grown = ask(8'000);
  CHECK(grown.status == 502);
  CHECK(code_of(grown) == "RESPONSE_TOO_LARGE");
  CHECK(grown.body.find("300000 bytes") != std::string::npos);
}

constexpr std::string_view kMutation = "mutation { rename(id: 1) { email } }";
const std::string kRenamed = R"({"data":{"rename":{"email":")" + std::string(kCanary) + R"("}}})";

net::Response json_answer(std::string body) {
  return {
      .status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

// Blanks between values do not count, but as bytes.
std::string blown_up(std::string answer, std::size_t bytes) {
  answer.insert(1, bytes, ' ');
  return answer;
}

TEST_CASE("upstream masks: a mutation that nobody could mask is not asked for again") {
  Upstream upstream;
  // Sent while there was room; a pool that takes nothing more is what a full one looks like.
  const auto query = upstream.send({});
  const auto mutation = upstream.send({.document = std::string(kMutation)});
  REQUIRE(query->forwarded());
  REQUIRE(mutation->forwarded());
  upstream.world.gateway().stop();
  CHECK(query->give_reply(json_answer(blown_up(kAnswer, 70'000))));
  CHECK(query->response().status == 503);
  CHECK(code_of(query->response()) == "OVERLOADED");
  CHECK(!header_of(query->response().headers, "Retry-After").empty());
  CHECK(mutation->give_reply(json_answer(blown_up(kRenamed, 70'000))));
  const net::Response reply = mutation->response();
  CHECK(reply.status == 502);
  CHECK(code_of(reply) == "MASKING_FAILED");
  CHECK(header_of(reply.headers, "Retry-After").empty());
  CHECK(reply.body.find("the mutation may have been done") != std::string::npos);
  CHECK(reply.body.find(kCanary) == std::string::npos);
  CHECK(upstream.world.lines().count("upstream.unmasked") == 1);
}

TEST_CASE("upstream masks: answers share one limit, which is reserved before anything is sent") {
  guarded::WorldOptions options = options_of(route());
  options.gateway.masked_bytes_max = 2 * static_cast<std::int64_t>(kMaskedBytesMax);
  Upstream upstream(std::move(options));
  const auto first = upstream.send({});
  const auto second = upstream.send({});
  REQUIRE(first->forwarded());
  REQUIRE(second->forwarded());
  for (const std::string& document : {std::string(kDocument), std::string(kMutation)}) {
    const auto third = upstream.send({.document = document});
    CHECK(!third->forwarded());
    CHECK(third->response().status == 503);
    CHECK(code_of(third->response()) == "OVERLOADED");
    CHECK(third->response().body.find("the server is at its limit") != std::string::npos);
    CHECK(!header_of(third->response().headers, "Retry-After").empty());
  }
  // What is streamed needs none of it.
  CHECK(upstream.send({.document = "{ person { id } }"})->forwarded());
  // An answer that has been masked holds what it is long, until the client has it.
  CHECK(first->give_reply(json_answer(kAnswer)));
  CHECK(!upstream.send({})->forwarded());
  first->release();
  const auto fourth = upstream.send({});
  CHECK(fourth->forwarded());
  // One that never came gives back all of it.
  CHECK(!upstream.send({})->forwarded());
  second->release();
  CHECK(upstream.send({})->forwarded());
}

TEST_CASE("upstream masks: a smaller limit of the route lets more answers in") {
  RouteConfig config = route();
  config.response_bytes_max = 4 << 20;
  guarded::WorldOptions options = options_of(config);
  options.gateway.masked_bytes_max = 16 << 20;
  Upstream upstream(std::move(options));
  std::vector<std::shared_ptr<sim::FakeExchange>> sent;
  for (int i = 0; i < 5; ++i) sent.push_back(upstream.send({}));
  CHECK(sent[3]->forwarded());
  CHECK(!sent[4]->forwarded());
}

TEST_CASE("upstream masks: behind the deadline of the route there is no answer any more") {
  Upstream upstream;
  for (const auto& [document, answer] :
       {std::pair(std::string(kDocument), kAnswer), std::pair(std::string(kMutation), kRenamed)}) {
    const auto just = upstream.send({.document = document});
    REQUIRE(just->forwarded());
    upstream.world.clock().advance(route().timeout - millis(1));
    CHECK(just->give_reply(json_answer(answer)));
    CHECK(just->response().status == 200);
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{70'000}}) {  // loop, worker
      const auto late = upstream.send({.document = document});
      REQUIRE(late->forwarded());
      upstream.world.clock().advance(route().timeout);
      CHECK(late->give_reply(json_answer(blown_up(answer, bytes))));
      const net::Response reply = late->response();
      CHECK(reply.status == 504);
      CHECK(code_of(reply) == "DEADLINE_EXCEEDED");
      CHECK((reply.body.find("the mutation may have been done") != std::string::npos) ==
            (document == kMutation));
      CHECK(reply.body.find(kCanary) == std::string::npos);
    }
  }
}

TEST_CASE("upstream masks: what selects much is masked by a worker, however short the answer is") {
  Upstream upstream;
  const auto selecting = [](int fields) {
    std::string out = "{ person { email";
    for (int i = 1; i < fields; ++i) out += " nick";
    return guarded::body_of(out + " } }");
  };
  const std::string answer = R"({"data":{"person":null}})";
  const auto batch = [](const std::string& one, int count) {
    std::string out = "[" + one;
    for (int i = 1; i < count; ++i) out += "," + one;
    return out + "]";
  };
  struct Row {
    std::string body, answer;
    bool on_loop;
  };
  const std::vector<Row> rows = {{selecting(1'900), answer, true},
                                 {selecting(2'100), answer, false},
                                 {batch(selecting(250), 7), batch(answer, 7), true},
                                 {batch(selecting(250), 9), batch(answer, 9), false}};
  std::vector<std::shared_ptr<sim::FakeExchange>> sent;
  for (const Row& row : rows) sent.push_back(upstream.send_body(row.body, {}));
  upstream.world.gateway().stop();  // the loop alone answers
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    REQUIRE(sent[i]->forwarded());
    CHECK(sent[i]->give_reply(json_answer(rows[i].answer)));
    CHECK(sent[i]->response().status == (rows[i].on_loop ? 200 : 503));
  }
}

TEST_CASE("upstream masks: a client that leaves gets nothing, and is recorded once") {
  Upstream upstream;
  const auto exchange = upstream.send({});
  REQUIRE(exchange->forwarded());
  exchange->cancel();
  CHECK(exchange->give_reply({.status = 200, .headers = {}, .body = kAnswer}));
  CHECK(exchange->response().status == 499);
  CHECK(exchange->response().body.empty());
  net::ForwardResult ended;
  ended.status = 200;
  ended.error = "client gone";
  exchange->forwarding().on_done(ended);
  CHECK(upstream.world.lines().count("request.done") == 1);
  // One that gets no answer from the upstream is recorded as ever.
  const auto failed = upstream.send({});
  REQUIRE(failed->forwarded());
  net::ForwardResult refused;
  refused.error = "connect refused";
  CHECK(code_of(failed->forwarding().on_failure(refused)) == "UPSTREAM_UNAVAILABLE");
  failed->forwarding().on_done(refused);
  CHECK(upstream.world.lines().count("request.done") == 2);
}

constexpr std::string_view kMaskedArgument =
    ": is masked; nothing can be found, ordered or grouped by it";

TEST_CASE("upstream masks: nothing is found by a value that is masked") {
  struct Row {
    std::string document, variables;
    std::string place;  // "" = goes on
  };
  const std::vector<Row> rows = {
      {"{ person(email: \"x\") { id } }", "", "Query.person.email"},
      {"{ a: count b: person(id: 1, email: \"x\") { id } }", "", "Query.person.email"},
      {"{ ...F } fragment F on Query { people(filter: {and: [{email: \"x\"}]}) { id } }", "",
       "Query.people.filter"},
      {"query($f: PersonFilter) { people(filter: $f) { id } }", R"({"f":{"email":"x"}})",
       "Query.people.filter"},
      {"query($f: PersonFilter) { people(filter: $f) { id } }", R"({"f":null})",
       "Query.people.filter"},
      {"query($f: PersonFilter) { people(filter: $f) { id } }", "{}", ""},
      {"query($e: String = \"x\") { person(email: $e) { id } }", "{}", "Query.person.email"},
      {"query($e: String) { people(filter: {email: $e}) { id } }", R"({"e":"x"})",
       "Query.people.filter"},
      {"{ person { friends(like: \"x\") { id } } }", "", "Person.friends.like"},
      {"mutation { rename(id: 1, to: \"x\") { id } }", "", "Mutation.rename.to"},
      {"{ person(id: 1) { id } people { nick } }", "", ""},
  };
  Upstream upstream;
  for (const Row& row : rows) {
    CAPTURE(row.document);
    const auto exchange = upstream.send({.document = row.document, .variables = row.variables});
    CHECK(exchange->forwarded() == row.place.empty());
    if (row.place.empty()) continue;
    const net::Response reply = exchange->response();
    CHECK(reply.status == 403);
    CHECK(code_of(reply) == "FORBIDDEN");
    CHECK(reply.body.find(row.place + std::string(kMaskedArgument)) != std::string::npos);
    CHECK(header_of(reply.headers, "X-IG-Decision-Id").starts_with("dec_"));
  }
  // In the second operation of a batch as well.
  const std::string good = guarded::body_of("{ count }");
  const auto batch =
      upstream.send_body("[" + good + "," + guarded::body_of(rows.front().document) + "]", {});
  CHECK(!batch->forwarded());
  // Whoever may see the value may ask for it.
  upstream.token = upstream.world.token({.principal = "bea", .roles = "tenant-admin"});
  CHECK(upstream.send({.document = rows.front().document})->forwarded());
}

TEST_CASE("upstream masks: policies may let a masked value be looked for") {
  Upstream upstream;
  std::vector<archive::Entry> files = access::default_policies();
  const std::string part = R"("filter_masked": [])";
  for (archive::Entry& file : files) {
    const std::size_t at = file.bytes.find(part);
    if (at != std::string::npos)
      file.bytes.replace(at, part.size(), R"("filter_masked": ["analyst"])");
  }
  upstream.world.governed().use(std::move(files));
  const auto exchange = upstream.send({.document = "{ person(email: \"x\") { email } }"});
  REQUIRE(exchange->forwarded());
  CHECK(exchange->forwarding().on_reply);
}

TEST_CASE("upstream masks: a sensitivity of each field is what policies mask it by") {
  RouteConfig config = route();
  config.fields[0].sensitivity = dataset::Sensitivity::internal;
  config.fields[4].sensitivity = dataset::Sensitivity::secret;
  Upstream upstream(config);
  const auto exchange = upstream.send({.document = "{ person { email } }"});
  CHECK(!exchange->forwarding().on_reply);
  const net::Response reply = upstream.answer({.document = "{ person { email salary } }"},
                                              {.status = 200,
                                               .headers = {{"Content-Type", "application/json"}},
                                               .body = R"({"data":{"person":{"email":"e",)"
                                                       R"("salary":4711}}})"});
  CHECK(reply.body == R"({"data":{"person":{"email":"e","salary":null}}})");
  const access::Resource* const resource =
      upstream.world.gateway().find_resource("route", "/graphql");
  REQUIRE(resource != nullptr);
  CHECK(resource->facts().columns.size() == config.fields.size());
  CHECK(resource->facts().columns[4].name == "Person.salary");
  CHECK(resource->facts().columns[4].sensitivity == "secret");
}

TEST_CASE("upstream masks: a configuration that cannot be names the route and the field") {
  RouteConfig config = route();
  config.fields[2].field = "Person.bornn";
  sim::SimFiles files;
  REQUIRE(files.write_atomic("/up.graphql", masked::kSdl));
  World world(options_of(route()));
  const auto make = [&](const RouteConfig& with) {
    GatewayConfig gateway;
    gateway.routes = {with};
    metric::Registry metrics;
    return Gateway::make(gateway, {world.clock(), world.random(), files, world.log(), metrics,
                                   nullptr, world.directory()});
  };
  const auto unknown = make(config);
  REQUIRE(!unknown);
  CHECK(unknown.error().what ==
        "route /graphql: field Person.bornn: the type 'Person' has no field 'bornn'");
  config = route();
  config.schema_file.clear();
  const auto schemaless = make(config);
  REQUIRE(!schemaless);
  CHECK(schemaless.error().what.find("routes[0].fields") != std::string::npos);

  const auto read = [](const std::string& text) {
    const auto value = json::parse(text);
    REQUIRE(value);
    return json::read<RouteConfig>(*value);
  };
  const auto bad = read(R"({"fields":[{"field":"Person.email","sensitivity":"private"}]})");
  REQUIRE(!bad);
  CHECK(bad.error().what.find("fields[0].sensitivity") != std::string::npos);
  CHECK(!read(R"({"fields":[{"field":"Person.email"}]})"));
  const auto good = read(R"({"fields":[{"field":"Person.email","sensitivity":"secret",)"
                         R"("licence_class":"MIT-OK","quasi_identifier":true,)"
                         R"("arguments":["Query.people.email"]}]})");
  REQUIRE(good);
  CHECK(good->fields[0].sensitivity == dataset::Sensitivity::secret);
  CHECK(good->fields[0].arguments == std::vector<std::string>{"Query.people.email"});
}

}  // namespace
}  // namespace mc::gateway
