#include "gateway/http_request.h"

#include <doctest/doctest.h>

#include "sim/fake_net.h"

namespace mc::gateway {
namespace {

using Read = tl::expected<GraphqlRequest, HttpError>;

Read post(const std::string& body, const std::string& type = "application/json",
          const LimitsConfig& limits = {}) {
  const sim::FakeExchange exchange({.headers = {{"Content-Type", type}}, .body = body});
  return read_graphql_request(exchange.request(), ReadFields(exchange.request()), limits);
}
Read get(const std::string& query) {
  const sim::FakeExchange exchange({.method = "GET", .target = "/graphql?" + query});
  return read_graphql_request(exchange.request(), ReadFields(exchange.request()), {});
}
std::string nested(int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) out += "{\"a\":";
  return out + "1" + std::string(static_cast<std::size_t>(depth), '}');
}

TEST_CASE("http request: a POST gives query, operation name, variables and document id") {
  const Read read = post(R"({"query":"{ a }","operationName":"A","variables":{"x":[1,null]},
                             "extensions":{"other":1}})");
  REQUIRE(read.has_value());
  CHECK(!read->batch);
  CHECK(!read->get);
  REQUIRE(read->items.size() == 1);
  const Params& params = read->items.front();
  CHECK(params.query == "{ a }");
  CHECK(params.operation_name == "A");
  CHECK(json::print(json::Value(params.variables)) == R"({"x":[1,null]})");
  CHECK(params.document_id.empty());
  CHECK(!params.apq);
}

TEST_CASE("http request: what is malformed is refused with a message that names the parameter") {
  struct Row {
    std::string body;
    std::string named;
  };
  const Row rows[] = {
      {"", ""},
      {"{", ""},
      {"null", "object"},
      {"1", "object"},
      {"[]", "batch"},
      {"[1]", "object"},
      {"{}", "query"},
      {R"({"query":""})", "query"},
      {R"({"query":null})", "query"},
      {R"({"query":1})", "query"},
      {R"({"query":["{ a }"]})", "query"},
      {R"({"query":"{ a }","operationName":1})", "operationName"},
      {R"({"query":"{ a }","variables":"x"})", "variables"},
      {R"({"query":"{ a }","variables":[]})", "variables"},
      {R"({"query":"{ a }","extensions":1})", "extensions"},
      {R"({"documentId":"md5:00"})", "documentId"},
      {R"({"documentId":1})", "documentId"},
      {R"({"extensions":{"persistedQuery":1}})", "persistedQuery"},
      {R"({"extensions":{"persistedQuery":{"version":2}}})", "version"},
      {R"({"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}})", "sha256Hash"},
      {R"({"query":"{ a }","query":"{ b }"})", "duplicate"},
      {R"({"query":"{ a }","variables":{"x":1,"x":2}})", "duplicate"},
      {R"({"query":"{ a }"} {})", ""},
      {"\xEF\xBB\xBF{\"query\":\"{ a }\"}", ""},
      {"{\"query\":\"\xFF\"}", ""},
      {R"({"query":"\ud800"})", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const Read read = post(row.body);
    REQUIRE(!read.has_value());
    CHECK(read.error().status == 400);
    CHECK(read.error().code == "BAD_REQUEST");
    CHECK(read.error().message.find(row.named) != std::string::npos);
    CHECK(read.error().message.size() < 400);
  }
}

TEST_CASE("http request: two ids that differ are refused, equal ones are one") {
  const std::string hash(64, 'a');
  const std::string apq = R"("extensions":{"persistedQuery":{"version":1,"sha256Hash":")";
  CHECK(!post(R"({"documentId":"sha256:bb",)" + apq + hash + "\"}}}").has_value());
  const Read same = post(R"({"documentId":"sha256:)" + hash + "\"," + apq + hash + "\"}}}");
  REQUIRE(same.has_value());
  CHECK(same->items.front().apq);
}

TEST_CASE("http request: media types and charsets of a POST") {
  struct Row {
    std::string type;
    bool good;
  };
  const Row rows[] = {{"application/json", true},
                      {"Application/JSON; Charset=\"UTF-8\"", true},
                      {"application/json;charset=utf8", true},
                      {"application/json; charset=utf-16", false},
                      {"application/json; charset=iso-8859-1", false},
                      {"", false},
                      {"text/plain", false},
                      {"application/x-www-form-urlencoded", false},
                      {"multipart/form-data", false},
                      {"application/jsonx", false},
                      {"application/graphql", false}};
  for (const Row& row : rows) {
    CAPTURE(row.type);
    const Read read = post(R"({"query":"{ a }"})", row.type);
    REQUIRE(read.has_value() == row.good);
    if (!row.good) CHECK(read.error().status == 415);
  }
}

TEST_CASE("http request: a compressed body is refused, not passed on") {
  const sim::FakeExchange exchange(
      {.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}},
       .body = R"({"query":"{ a }"})"});
  const Read read = read_graphql_request(exchange.request(), ReadFields(exchange.request()), {});
  REQUIRE(!read.has_value());
  CHECK(read.error().status == 415);
}

TEST_CASE("http request: a GET reads its query string strictly") {
  const Read good = get("query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&other=1");
  REQUIRE(good.has_value());
  CHECK(good->get);
  CHECK(good->items.front().query == "{a}");
  CHECK(json::print(json::Value(good->items.front().variables)) == R"({"x":1})");
  for (const std::string bad :
       {"", "query=", "query=%ZZ", "query=a&query=b", "query=a&variables=1",
        "query=a&variables=%7B", "query=a&variables=%7B%22x%22%3A1%2C%22x%22%3A2%7D",
        "query=a&extensions=%5B%5D", "query=%FF", "query=a&variables=%7B%22a%22%3A%22%FF%22%7D"}) {
    CAPTURE(bad);
    const Read read = get(bad);
    REQUIRE(!read.has_value());
    CHECK(read.error().status == 400);
  }
}

TEST_CASE("http request: limits hold at their edge") {
  LimitsConfig limits;
  limits.batch_max = 3;
  limits.variables_depth_max = 5;
  const std::string type = "application/json";
  const std::string one = R"({"query":"{ a }"})";
  CHECK(post("[" + one + "," + one + "," + one + "]", type, limits)->items.size() == 3);
  const Read four = post("[" + one + "," + one + "," + one + "," + one + "]", type, limits);
  REQUIRE(!four.has_value());
  CHECK(four.error().code == "BATCH_LIMIT_EXCEEDED");
  const auto with = [&](int depth) {
    return post(R"({"query":"{ a }","variables":)" + nested(depth) + "}", type, limits);
  };
  CHECK(with(5).has_value());
  CHECK(!with(6).has_value());
  CHECK(!with(100'000).has_value());
  const auto batched = [&](int depth) {
    return post(R"([{"query":"{ a }","variables":)" + nested(depth) + "}]", type, limits);
  };
  CHECK(batched(5).has_value());
  CHECK(!batched(6).has_value());
}

TEST_CASE("http request: a large body that the server let in is read") {
  const std::string text(3 << 20, 'x');
  CHECK(post(R"({"query":"{ a }","variables":{"x":")" + text + "\"}}").has_value());
}

TEST_CASE("http request: other methods are refused") {
  for (const char* method : {"HEAD", "PUT", "DELETE", "OPTIONS", "get", "post", ""}) {
    CAPTURE(method);
    const sim::FakeExchange exchange({.method = method});
    const Read read = read_graphql_request(exchange.request(), ReadFields(exchange.request()), {});
    REQUIRE(!read.has_value());
    CHECK(read.error().status == 405);
  }
}

TEST_CASE("http request: only a body of known members may be sent on as it is") {
  CHECK(post(R"({"query":"{ a }","variables":{},"operationName":null})")->items[0].exact);
  CHECK(!post(R"({"query":"{ a }","id":"other"})")->items[0].exact);
  CHECK(!post(R"({"query":"{ a }","extensions":{"x":1}})")->items[0].exact);
  CHECK(!get("query=a")->items[0].exact);
}

TEST_CASE("http request: negotiation gives a type that the client takes, or none") {
  struct Row {
    const char* accept;
    std::optional<std::string_view> type;
  };
  const Row rows[] = {{"", kJsonType},
                      {"*/*", kJsonType},
                      {"application/*", kJsonType},
                      {"application/json", kJsonType},
                      {"application/graphql-response+json", kGraphqlType},
                      {"APPLICATION/GraphQL-Response+JSON; charset=utf-8", kGraphqlType},
                      {"text/html, */*;q=0.1", kJsonType},
                      {"text/html", std::nullopt},
                      {"application/json;q=0", std::nullopt},
                      {"application/json;q=0.000", std::nullopt},
                      {"application/json; charset=utf-16", std::nullopt},
                      {",,,", std::nullopt},
                      {";", std::nullopt}};
  for (const Row& row : rows) {
    CAPTURE(row.accept);
    CHECK(negotiate(row.accept) == row.type);
  }
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "text/x,";
  CHECK(!negotiate(many));
}

TEST_CASE("http request: bodies of errors are JSON whatever the message holds") {
  const std::string body = error_body({400, "CODE", "\"quoted\" \n </script>"}, "req_1");
  const auto value = json::parse(body);
  REQUIRE(value.has_value());
  const json::Value& error = value->find("errors")->as_array()->front();
  CHECK(*error.find("message")->as_string() == "\"quoted\" \n </script>");
  CHECK(*error.find("extensions")->find("code")->as_string() == "CODE");
  CHECK(*error.find("extensions")->find("requestId")->as_string() == "req_1");
}

}  // namespace
}  // namespace mc::gateway
