#include <algorithm>
#include <set>

#include "contract/opa_world.h"

namespace mc::opa {
namespace {

using namespace testing;

TEST_CASE("opa: a decision is the value at the path for the input") {
  World world;
  struct Row {
    const char* name;
    std::string target, body, result;
  };
  const std::string ada = R"({"input":{"user":"ada"}})";
  const Row rows[] = {
      {"allowed", "/v1/data/app/authz/allow", ada, "true"},
      {"denied", "/v1/data/app/authz/allow", R"({"input":{"user":"eve"}})", "false"},
      {"by role", "/v1/data/app/authz/allow", R"({"input":{"user":"bob"}})", "true"},
      {"trailing and doubled slashes", "/v1/data//app/authz//allow/", ada, "true"},
      {"undefined rule", "/v1/data/app/authz/undefined_rule", ada, ""},
      {"no such rule", "/v1/data/app/authz/none/at/all", ada, ""},
      {"set", "/v1/data/app/authz/reasons", R"({"input":{"say":"late"}})", R"(["late"])"},
      {"member of a set", "/v1/data/app/authz/reasons/late", R"({"input":{"say":"late"}})",
       R"("late")"},
      {"escaped names and an index", "/v1/data/app/authz/table/a.b%2fc/x%20y/1/deep", "{}", "true"},
      {"past the end of an array", "/v1/data/app/authz/table/a.b%2Fc/x%20y/2", "{}", ""},
      {"a number for a key", "/v1/data/app/authz/squares/2", "{}", "4"},
      {"base data", "/v1/data/app/roles/bob/0", "{}", R"("admin")"},
      {"numbers keep their text", "/v1/data/app/list/1/n", "{}", "2.5"},
      {"base data with odd names", "/v1/data/app/odd%2Fkey/dot.ted", "{}", "7"},
      {"below a scalar", "/v1/data/app/people/owner/x", "{}", ""},
      {"a percent sign that escapes nothing", "/v1/data/app/%zz", "{}", ""},
      {"input null", "/v1/data/app/authz/kind_of_input", R"({"input":null})", R"("null")"},
      {"input array", "/v1/data/app/authz/kind_of_input", R"({"input":[1]})", R"("array")"},
      {"no input", "/v1/data/app/authz/kind_of_input", "{}", ""},
      {"other members", "/v1/data/app/authz/allow", R"({"x":1,"input":{"user":"ada"}})", "true"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(world.result(row.target, row.body) == row.result);
  }
}

TEST_CASE("opa: packages and all of data are documents, rules and base data together") {
  World world;
  const json::Value package = parsed(world.post("/v1/data/system", R"({"input":{"user":"x"}})"));
  CHECK(text_at(package, {"result"}) == R"({"health":{},"main":{"allowed":false}})");
  const json::Value all = parsed(world.post("/v1/data", R"({"input":{"user":"ada"}})"));
  CHECK(text_at(all, {"result", "app", "people", "owner"}) == "ada");
  CHECK(text_at(all, {"result", "app", "authz", "allow"}) == "true");
  const json::Value app = parsed(world.get("/v1/data/app?input=%7B%22user%22:%22ada%22%7D"));
  CHECK(text_at(app, {"result", "people", "owner"}) == "ada");
  CHECK(text_at(app, {"result", "authz", "allow"}) == "true");
}

TEST_CASE("opa: each decision has an id of its own, in the house's form") {
  World world;
  std::set<std::string> ids;
  for (int i = 0; i < 200; ++i) {
    const std::string id = text_at(parsed(world.get("/v1/data/app/people")), {"decision_id"});
    REQUIRE(id.size() == 30);
    CHECK(id.starts_with("dec_"));
    CHECK(id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 4) == std::string::npos);
    CHECK(ids.insert(id).second);
  }
}

TEST_CASE("opa: the warning says that the input is missing, and that nothing is explained") {
  World world;
  const std::string path = "/v1/data/app/authz/allow";
  struct Row {
    std::string target, body, warning;
  };
  const std::string missing = "'input' key missing from the request";
  const std::string explained = "decisions are not explained: the parameter 'explain' is ignored";
  const Row rows[] = {{path, "", missing},
                      {path, "{}", missing},
                      {path, "null", missing},
                      {path, R"({"input":null})", ""},
                      {path + "?explain=off", R"({"input":1})", ""},
                      {path + "?explain=full", R"({"input":1})", explained},
                      {path + "?explain=notes", "", missing + "; " + explained}};
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CAPTURE(row.body);
    const json::Value reply = parsed(world.post(row.target, row.body));
    CHECK(text_at(reply, {"warning", "message"}) == row.warning);
    CHECK(text_at(reply, {"warning", "code"}) == (row.warning.empty() ? "" : "api_usage_warning"));
  }
  CHECK(parsed(world.get(path)).find("warning") == nullptr);
}

TEST_CASE("opa: GET takes the last input of its query") {
  World world;
  const std::string path = "/v1/data/app/authz/allow";
  CHECK(text_at(parsed(world.get(path)), {"result"}) == "false");
  CHECK(text_at(parsed(world.get(path + "?input=%7B%7D&input=%7B%22user%22%3A%22ada%22%7D")),
                {"result"}) == "true");
  const net::Response bad = world.get(path + "?input=%7B");
  CHECK(bad.status == 400);
  CHECK(code_of(bad) == "invalid_parameter");
  CHECK(world.get(path + "?input=%").status == 400);
}

TEST_CASE("opa: flags add provenance, metrics and line feeds") {
  World world;
  const std::string path = "/v1/data/app/authz/allow";
  const json::Value plain = parsed(world.post(path, "{\"input\":{}}"));
  CHECK(plain.as_object()->size() == 2);
  const json::Value provenance = parsed(world.post(path + "?provenance=true", "{}"));
  CHECK(text_at(provenance, {"provenance", "version"}) == "1.2.3");
  CHECK(text_at(provenance, {"provenance", "bundles", "main", "revision"}) == "r1");
  for (const std::string flag : {"?metrics", "?metrics=TRUE", "?instrument=true"}) {
    const json::Value metrics = parsed(world.post(path + flag, "{\"input\":{}}"));
    CHECK(text_at(metrics, {"metrics", "timer_rego_query_eval_ns"}) == "0");  // the clock stands
    CHECK(text_at(metrics, {"metrics", "timer_server_handler_ns"}) == "0");
    CHECK(text_at(metrics, {"metrics", "timer_rego_input_parse_ns"}) == "0");
    const auto counted =
        parse_int(text_at(metrics, {"metrics", "counter_regovm_eval_instructions"}));
    REQUIRE(counted.has_value());
    CHECK(*counted > 0);
  }
  CHECK(parsed(world.post(path + "?metrics=false", "{}")).find("metrics") == nullptr);
  const net::Response pretty = world.get("/v0/data/app/list?pretty");
  CHECK(pretty.body == "[\n  {\n    \"n\": 1\n  },\n  {\n    \"n\": 2.50\n  }\n]\n");
}

TEST_CASE("opa: v0 takes the bare input and answers the bare value, or 404") {
  World world;
  const net::Response allowed = world.post("/v0/data/app/authz/allow", R"({"user":"ada"})");
  CHECK(allowed.status == 200);
  CHECK(allowed.body == "true\n");
  CHECK(world.post("/v0/data/app/authz/kind_of_input", "").body == "\"null\"\n");
  CHECK(world.get("/v0/data/app/authz/allow?input=%7B%22user%22:%22ada%22%7D").body == "true\n");
  struct Row {
    std::string path, message;
  };
  const Row rows[] = {
      {"app/authz/undefined_rule", "document undefined: data.app.authz.undefined_rule"},
      {"un/known/0/x-y", "document missing: data.un.known[0][\"x-y\"]"}};
  for (const Row& row : rows) {
    const net::Response reply = world.post("/v0/data/" + row.path, "{}");
    CHECK(reply.status == 404);
    CHECK(code_of(reply) == "undefined_document");
    CHECK(text_at(parsed(reply), {"message"}) == row.message);
  }
}

TEST_CASE("opa: POST / decides the default path, which may be set") {
  World world;
  CHECK(world.post("/", R"({"user":"ada"})").body == "{\"allowed\":true}\n");
  const net::Response none = world.post("/", "{}");
  CHECK(none.status == 404);
  CHECK(text_at(parsed(none), {"message"}) == "document undefined: data.system.main");
  CHECK(world.get("/").status == 405);
  World other({.default_decision = "/app/authz/allow"});
  CHECK(other.post("/", R"({"user":"ada"})").body == "true\n");
  World before({}, false);
  CHECK(text_at(parsed(before.post("/", "{}")), {"message"}) ==
        "document missing: data.system.main");
}

TEST_CASE("opa: a failed evaluation is a 500 with the error and its place") {
  World world;
  const net::Response reply =
      world.post("/v1/data/app/authz/both", R"({"input":{"one":true,"two":true}})");
  CHECK(reply.status == 500);
  const json::Value body = parsed(reply);
  CHECK(text_at(body, {"code"}) == "internal_error");
  CHECK(text_at(body, {"message"}) == "error(s) occurred while evaluating query");
  const json::Value& error = body.find("errors")->as_array()->front();
  CHECK(text_at(error, {"code"}) == "eval_conflict_error");
  CHECK(text_at(error, {"message"}) == "complete rules must not produce multiple outputs");
  CHECK(text_at(error, {"location", "file"}) == "main/app/authz.rego");
  // The next decision is a new one.
  CHECK(world.result("/v1/data/app/authz/both", R"({"input":{"one":true}})") == "1");
}

TEST_CASE("opa: errors of builtins are undefined, or end a strict decision") {
  World world;
  const std::string path = "/v1/data/app/authz/strict";
  CHECK(world.result(path, R"({"input":{"n":7}})").empty());
  const net::Response strict =
      world.post(path + "?strict-builtin-errors=true", R"({"input":{"n":7}})");
  CHECK(strict.status == 500);
  CHECK(text_at(parsed(strict).find("errors")->as_array()->front(), {"code"}) == "eval_type_error");
}

TEST_CASE("opa: an evaluation past its limits is cut and says so") {
  struct Row {
    const char* name;
    OpaConfig config;
    std::string rule;
  };
  const Row rows[] = {{"instructions", {.evaluation_instructions_max = 50'000}, "slow"},
                      {"memory", {.evaluation_bytes_max = 1 << 20}, "big"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world(row.config);
    const net::Response reply =
        world.post("/v1/data/app/authz/" + row.rule, "{\"input\":{\"" + row.rule + "\":true}}");
    REQUIRE(reply.status == 500);
    CHECK(text_at(parsed(reply).find("errors")->as_array()->front(), {"code"}) ==
          "eval_cancel_error");
    CHECK(world.result("/v1/data/app/authz/allow", R"({"input":{"user":"ada"}})") == "true");
  }
}

TEST_CASE("opa: requests that say nothing sound are refused in OPA's form") {
  World world({.json_depth_max = 5});
  const std::string path = "/v1/data/app/authz/allow";
  struct Row {
    const char* name;
    FakeRequest request;
    int status;
    std::string code;
  };
  std::string long_path = "/v1/data";
  for (int i = 0; i < 257; ++i) long_path += "/a";
  const Row rows[] = {
      {"broken JSON", {.target = path, .body = "{"}, 400, "invalid_parameter"},
      {"two values", {.target = path, .body = "{} {}"}, 400, "invalid_parameter"},
      {"an array", {.target = path, .body = "[]"}, 400, "invalid_parameter"},
      {"not UTF-8", {.target = path, .body = "{\"input\":\"\xff\"}"}, 400, "invalid_parameter"},
      {"deep", {.target = path, .body = R"({"input":[[[[[[1]]]]]]})"}, 400, "invalid_parameter"},
      {"packed",
       {.target = path, .headers = {{"Content-Encoding", "gzip"}}, .body = "\x1f\x8b"},
       415,
       "invalid_parameter"},
      {"YAML",
       {.target = path, .headers = {{"Content-Type", "application/x-yaml"}}, .body = "input: 1"},
       415,
       "invalid_parameter"},
      {"path not UTF-8", {.target = "/v1/data/%ff", .body = "{}"}, 400, "invalid_parameter"},
      {"long path", {.target = long_path, .body = "{}"}, 400, "invalid_parameter"},
      {"query", {.target = "/v1/query", .body = "{}"}, 501, "invalid_operation"},
      {"compile", {.target = "/v1/compile/app/x", .body = "{}"}, 501, "invalid_operation"},
      {"nowhere", {.target = "/v2/data/app", .body = "{}"}, 404, "resource_not_found"},
      {"nearly", {.target = "/v1/database", .body = "{}"}, 404, "resource_not_found"},
      {"status is read", {.target = "/v1/status"}, 405, "invalid_operation"},
      {"patch of v0", {.method = "PUT", .target = "/v0/data/app"}, 405, "invalid_operation"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const net::Response reply = world.ask(row.request);
    CHECK(reply.status == row.status);
    CHECK(code_of(reply) == row.code);
    CHECK(!text_at(parsed(reply), {"message"}).empty());
    CHECK(header_of(reply.headers, "Content-Type") == "application/json");
  }
  CHECK(world.post(path, R"({"input":[[[[[1]]]]]})").status == 200);  // as deep as it may be
}

}  // namespace
}  // namespace mc::opa
