#include "contract/opa_world.h"

namespace mc::opa {
namespace {

using namespace testing;

TEST_CASE("opa: a batch answers each input by its key, with one status for all or each its own") {
  World world;
  const std::string allow = "/v1/batch/data/app/authz/allow";
  const net::Response good =
      world.post(allow, R"({"inputs":{"b":{"user":"eve"},"a":{"user":"ada"}}})");
  CHECK(good.status == 200);
  CHECK(text_at(parsed(good), {"batch_decision_id"}).size() == 30);
  CHECK(text_at(parsed(good), {"responses", "a", "result"}) == "true");
  CHECK(text_at(parsed(good), {"responses", "b", "result"}) == "false");
  CHECK(text_at(parsed(good), {"responses", "b", "http_status_code"}).empty());
  CHECK(text_at(parsed(good), {"responses", "a", "decision_id"}) !=
        text_at(parsed(good), {"responses", "b", "decision_id"}));

  const std::string both = "/v1/batch/data/app/authz/both";
  const std::string bad = R"({"one":true,"two":true})";
  const net::Response mixed =
      world.post(both, R"({"inputs":{"x":)" + bad + R"(,"y":{"two":true},"z":{}}})");
  CHECK(mixed.status == 207);
  const json::Value body = parsed(mixed);
  CHECK(text_at(body, {"responses", "x", "http_status_code"}) == "500");
  CHECK(text_at(body, {"responses", "x", "code"}) == "internal_error");
  CHECK(text_at(body, {"responses", "x", "message"}) ==
        "eval_conflict_error: complete rules must not produce multiple outputs");
  CHECK(text_at(body, {"responses", "y", "http_status_code"}) == "200");
  CHECK(text_at(body, {"responses", "y", "result"}) == "2");
  CHECK(body.find("responses")->find("z")->find("result") == nullptr);

  const net::Response failed = world.post(both, R"({"inputs":{"x":)" + bad + "}}");
  CHECK(failed.status == 500);
  CHECK(text_at(parsed(failed), {"responses", "x", "http_status_code"}).empty());
}

TEST_CASE("opa: what is common to a batch lies under each input") {
  World world;
  const net::Response reply = world.post(
      "/v1/batch/data/app/authz/both",
      R"({"common_input":{"one":true,"deep":{"a":1}},)"
      R"("inputs":{"own":{"one":false,"two":true},"both":{"two":true},"none":{},"other":7}})");
  const json::Value body = parsed(reply);
  CHECK(reply.status == 207);
  CHECK(text_at(body, {"responses", "own", "result"}) == "2");
  CHECK(text_at(body, {"responses", "none", "result"}) == "1");
  CHECK(text_at(body, {"responses", "both", "code"}) == "internal_error");
  CHECK(body.find("responses")->find("other")->find("result") == nullptr);
}

TEST_CASE("opa: batches have limits, and say when there is nothing in them") {
  World world({.batch_max = 2});
  const std::string allow = "/v1/batch/data/app/authz/allow";
  const net::Response many = world.post(allow, R"({"inputs":{"a":{},"b":{},"c":{}}})");
  CHECK(many.status == 400);
  CHECK(text_at(parsed(many), {"message"}) == "a batch of 3 inputs; the limit is 2");
  CHECK(world.post(allow, R"({"inputs":[]})").status == 400);
  CHECK(world.post(allow, "[]").status == 400);
  const json::Value none = parsed(world.post(allow, "{}"));
  CHECK(text_at(none, {"warning", "message"}) == "'inputs' key missing from the request");
  CHECK(text_at(none, {"responses"}) == "{}");
  CHECK(parsed(world.post(allow, R"({"inputs":{}})")).find("warning") == nullptr);
  CHECK(world.get(allow).status == 405);
}

// A clock that goes on with each look at it.
class RunningClock final : public sys::Clock {
 public:
  WallTime wall() override { return {1'767'225'600'000'000'000}; }
  MonoTime mono() override { return {now_ += millis(10).count}; }

 private:
  std::int64_t now_ = 0;
};

TEST_CASE("opa: a batch that takes too long answers what it has, and errors for the rest") {
  World world;
  RunningClock clock;
  metric::Registry metrics;
  OpaConfig config;
  config.batch_time_max = millis(100);
  auto api = DataApi::make(
      {clock, world.random, world.log, metrics, *world.directory, world.engine, ""}, config);
  REQUIRE(api.has_value());
  world.api = std::move(*api);
  std::string body = "{\"inputs\":{";
  for (int i = 0; i < 40; ++i) body += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":{}";
  const net::Response reply = world.post("/v1/batch/data/app/authz/allow", body + "}}");
  CHECK(reply.status == 207);
  const json::Value answers = parsed(reply);
  std::size_t cut = 0, made = 0;
  for (const json::Member& one : answers.find("responses")->as_object()->members()) {
    made += text_at(one.value, {"result"}) == "false" ? 1 : 0;
    cut += text_at(one.value, {"message"}) == "eval_cancel_error: the batch takes longer than 100ms"
               ? 1
               : 0;
  }
  CHECK(made > 0);
  CHECK(cut > 0);
  CHECK(made + cut == 40);
}

}  // namespace
}  // namespace mc::opa
