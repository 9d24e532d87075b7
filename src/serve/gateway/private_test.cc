// Private answers at the gateway: when they leave, what is told of them, how refusals are answered,
// and who has them.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "contract/guarded_world.h"
#include "gateway/gateway.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;
using Exchange = std::shared_ptr<sim::FakeExchange>;

bool soon(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

// Reads all rows, takes a time of the virtual clock, and answers or refuses by epsilon: 0 refuses
// until a window, a negative one for ever, and "bad" as no budget does.
class Planner final : public dataset::PrivateAnswers {
 public:
  Result<dataset::PrivateQuestion> read_sql(std::string_view) const override {
    return fail(Code::invalid, "no SQL here");
  }
  Result<dataset::PrivateKept> queued_call(const TenantId&, const dataset::PrivateCaller&,
                                           const std::string&) override {
    return fail(Code::not_found, "nothing waits here");
  }
  dataset::PrivateResult answer(const dataset::PrivateCall& call, dataset::RowScan& rows) override {
    {
      const std::lock_guard lock(mutex);
      calls.push_back(call);
      calls.back().where = nullptr;
      threads.push_back(std::this_thread::get_id());
    }
    if (clock != nullptr) clock->advance(takes);
    if (on_answer) on_answer();
    const auto refuse = [](Error error, std::string code, bool budget) {
      json::Object more;
      more.set("remaining", "0.1");
      return tl::unexpected<dataset::PrivateRefusal>(
          dataset::PrivateRefusal{std::move(error), std::move(code), std::move(more), budget});
    };
    if (call.dry_run) {
      dataset::PrivateAnswer quoted{"", "ALLOW", call.epsilon, "0", "test", "s", {}};
      quoted.quote.emplace();
      return quoted;
    }
    if (call.epsilon == "bad") return refuse({Code::invalid, "no epsilon"}, "", false);
    if (call.epsilon == "0") {
      return refuse({Code::exhausted, "not now", 90}, "DP_BUDGET_EXHAUSTED", true);
    }
    if (call.epsilon == "-1")
      return refuse({Code::exhausted, "never"}, "DP_BUDGET_EXHAUSTED", true);
    std::int64_t count = 0;
    const std::vector<int> unit = {0};
    const Status read = rows.scan(unit, call.where, [&](auto) {
      ++count;
      return ok();
    });
    if (!read) {
      return tl::unexpected<dataset::PrivateRefusal>(
          dataset::PrivateRefusal{read.error(), "DP_CHARGED", {}, false});
    }
    return dataset::PrivateAnswer{"rel_1",
                                  "ALLOW",
                                  call.epsilon,
                                  "0",
                                  "test",
                                  "s",
                                  {{{}, std::to_string(count), std::nullopt, std::nullopt}}};
  }

  std::mutex mutex;
  std::vector<dataset::PrivateCall> calls;
  std::vector<std::thread::id> threads;
  sim::SimClock* clock = nullptr;
  Nanos takes{};
  std::function<void()> on_answer;
};

std::string counted(const std::string& epsilon) {
  return "{ peopleDP { count(epsilon: \"" + epsilon + "\") { rows { value } } } }";
}

struct Bench {
  explicit Bench(guarded::Wanted wanted = {.roles = "analyst"}, bool governed = false,
                 GatewayConfig config = {})
      : world({.gateway = std::move(config),
               .traced = true,
               .governed = governed,
               .private_answers = &planner}),
        token(world.token(wanted)) {
    planner.clock = &world.clock();
    world.server().hold_timers();
  }
  Exchange send(const std::string& body, net::Headers headers = {}) {
    headers.emplace_back("Content-Type", "application/json");
    return world.send({.headers = std::move(headers), .body = body}, token);
  }
  // How long the answer is held back once it is there.
  Nanos held() {
    REQUIRE(soon([&] { return !world.server().delays().empty(); }));
    return world.server().delays().front();
  }
  void pass(Nanos time) {
    world.clock().advance(time);
    world.server().run_timers();
  }
  net::Response ask(const std::string& body, net::Headers headers = {}) {
    const Exchange sent = send(body, std::move(headers));
    pass(held());
    REQUIRE(sent->wait());
    return sent->response();
  }
  net::Response query(const std::string& document) { return ask(guarded::body_of(document)); }
  std::string last_line() {
    const auto lines = world.lines().lines();
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      if (line->find("\"request.done\"") != std::string::npos) return *line;
    }
    return "";
  }

  Planner planner;
  World world;
  std::string token;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("private: a quote tells the credits that the gateway charges for its run") {
  Bench bench;
  const auto told = [&](const std::string& fields, std::string_view more) {
    const net::Response reply =
        bench.ask(guarded::body_of("{ peopleDP { " + fields + " } }"), {{"X-MC-Cost", "include"}});
    const Result<json::Value> body = json::parse(reply.body);
    REQUIRE_MESSAGE(body.has_value(), reply.body);
    const json::Value* found = &*body;
    for (const std::string_view name : split(more, '.')) {
      found = found->find(name);
      REQUIRE_MESSAGE(found != nullptr, reply.body);
    }
    return found->as_int() == nullptr ? -1 : *found->as_int();
  };
  const std::string rows = "{ verdict rows { key value } ";
  const std::int64_t one = told("count(epsilon: 1) " + rows + "}", "extensions.cost.requested");
  CHECK(one > 10);
  CHECK(told("count(epsilon: 1, dryRun: true) " + rows + "quote { credits } }",
             "data.peopleDP.count.quote.credits") == one);
  const std::string both = " units(epsilon: 1) { verdict }";
  const std::int64_t two =
      told("count(epsilon: 1) " + rows + "}" + both, "extensions.cost.requested");
  CHECK(two > one);
  CHECK(told("count(epsilon: 1, dryRun: true) " + rows + "quote { credits rmse } }" + both,
             "data.peopleDP.count.quote.credits") == two);
}

TEST_CASE("private: an answer leaves at a multiple of the quantum after its request came") {
  struct Row {
    std::int64_t takes_us, held_us, told_us;
  };
  for (const Row& row : {Row{0, 50'000, 50'000}, Row{1, 49'999, 50'000}, Row{7'000, 43'000, 50'000},
                         Row{49'999, 1, 50'000}, Row{50'000, 0, 50'000},
                         Row{50'001, 49'999, 100'000}, Row{130'000, 20'000, 150'000}}) {
    CAPTURE(row.takes_us);
    Bench bench;
    bench.planner.takes = micros(row.takes_us);
    const Exchange sent = bench.send(guarded::body_of(counted("1")));
    REQUIRE(bench.held() == micros(row.held_us));
    CHECK(sent->response().status == 0);
    CHECK(bench.last_line().empty());
    CHECK(has(bench.world.metrics().text(),
              "mc_request_duration_seconds_count{route=\"/graphql\"} 0"));
    // A timer that is late tells nothing more.
    bench.pass(micros(row.held_us) + micros(1'234));
    REQUIRE(sent->wait());
    CHECK(sent->response().body == R"({"data":{"peopleDP":{"count":{"rows":[{"value":"40"}]}}}})");
    const std::string line = bench.last_line();
    CHECK_MESSAGE(has(line, "\"us\":" + std::to_string(row.told_us)), line);
    CHECK_FALSE(has(line, "\"rows\""));
    CHECK(sent->answers() == 1);
  }
}

TEST_CASE("private: of two answers of one quantum everything told is the same") {
  std::vector<std::string> told;
  for (const std::int64_t takes : {1, 48}) {
    for (const char* where : {"", ", where: {age: {lt: 30}}"}) {
      Bench bench;
      bench.planner.takes = millis(takes);
      const Exchange sent = bench.send(guarded::body_of("{ peopleDP { count(epsilon: 1" +
                                                        std::string(where) + ") { release } } }"));
      const Nanos held = bench.held();
      bench.pass(held);
      REQUIRE(sent->wait());
      std::string line = bench.last_line();
      const std::size_t id = line.find("req_");
      line.erase(id, 30);
      told.push_back(line + bench.world.metrics().text());
    }
  }
  CHECK(told[0] == told[2]);
  CHECK(told[1] == told[3]);
  // The filter is in the request and nowhere else: how much it left is not told.
  CHECK(told[0] == told[1]);
}

TEST_CASE("private: the quantum is what the configuration says") {
  GatewayConfig config;
  config.private_release_quantum = millis(8);
  Bench bench({.roles = "analyst"}, false, config);
  bench.planner.takes = millis(9);
  const Exchange sent = bench.send(guarded::body_of(counted("1")));
  CHECK(bench.held() == millis(7));
  bench.pass(millis(7));
  REQUIRE(sent->wait());
  CHECK(has(bench.last_line(), "\"us\":16000"));
}

TEST_CASE("private: other answers wait for nothing") {
  Bench bench;
  for (const char* document :
       {"{ people(first: 1) { nodes { id } } }", "{ peopleDP { __typename } }",
        "{ peopleDP { count(where: {age: {eq: null}}) { release } } }"}) {
    CAPTURE(document);
    const Exchange sent = bench.send(guarded::body_of(document));
    REQUIRE(sent->wait());
    CHECK(sent->response().status == 200);
    CHECK(bench.world.server().delays().empty());
  }
  CHECK(bench.planner.calls.empty());
}

TEST_CASE("private: budgets that refuse all of it make the status, others do not") {
  struct Row {
    const char* name;
    std::string body;
    int status;
    const char* retry_after;
    const char* code;
  };
  const auto one = [](const std::string& document) { return guarded::body_of(document); };
  const std::string both =
      "{ peopleDP { a: count(epsilon: 0) { release } b: count(epsilon: \"-1\") "
      "{ release } } }";
  const Row rows[] = {
      {"a window", one(counted("0")), 429, "90", "DP_BUDGET_EXHAUSTED"},
      {"no window", one(counted("-1")), 403, "", "DP_BUDGET_EXHAUSTED"},
      {"one of them never", one(both), 403, "", "DP_BUDGET_EXHAUSTED"},
      {"a wrong epsilon", one(counted("bad")), 200, "", "BAD_USER_INPUT"},
      {"one was answered",
       one("{ peopleDP { a: count(epsilon: 0) { release } b: count(epsilon: 1) { release } } }"),
       200, "", "DP_BUDGET_EXHAUSTED"},
      {"something else failed",
       one("{ peopleDP { count(epsilon: 0) { release } } peopleAggregate { count } }"), 200, "",
       "DP_BUDGET_EXHAUSTED"},
      {"a batch", "[" + one(counted("0")) + "," + one(counted("0")) + "]", 429, "90", ""},
      {"a batch of which one was answered", "[" + one(counted("0")) + "," + one(counted("1")) + "]",
       200, "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const char* accepted : {"application/json", "application/graphql-response+json"}) {
      Bench bench;
      bench.planner.takes = millis(3);
      const net::Response reply = bench.ask(row.body, {{"Accept", accepted}});
      CHECK(reply.status == row.status);
      CHECK(header_of(reply.headers, "Retry-After") == row.retry_after);
      if (*row.code != 0) CHECK(code_of(reply) == row.code);
      CHECK(has(reply.body, "\"remaining\":\"0.1\""));
      const std::string line = bench.last_line();
      CHECK(has(line, "\"us\":50000"));
      CHECK(has(line, "\"code\":\"DP_REFUSED\"") == (row.status != 200));
    }
  }
}

TEST_CASE("private: answers are made on a worker, each time they are asked for") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    CHECK(bench.query(counted("1")).status == 200);
    // Also where something short stands beside it.
    CHECK(bench.query("{ person(id: \"p1\") { id } peopleDP { units { release } } }").status ==
          200);
  }
  CHECK(bench.planner.calls.size() == 6);
  for (const std::thread::id thread : bench.planner.threads) {
    CHECK(thread != std::this_thread::get_id());
  }
  CHECK(has(bench.world.metrics().text(), "mc_dataset_runs_total{place=\"loop\"} 0"));
  const dataset::PrivateCall& call = bench.planner.calls.front();
  CHECK(call.caller.subject == "ada");
  CHECK(call.caller.purpose == "demo");
  CHECK(call.caller.request.starts_with("req_"));
}

TEST_CASE("private: whoever leaves is 499, at a time that tells nothing") {
  std::atomic<bool> made = false, left = false;
  Bench bench;
  bench.planner.takes = millis(60);
  Exchange sent;
  SUBCASE("while it is made") {
    bench.planner.on_answer = [&] {
      made = true;
      CHECK(soon([&] { return left.load(); }));
    };
    sent = bench.send(guarded::body_of(counted("1")));
    CHECK(soon([&] { return made.load(); }));
    sent->cancel();
    left = true;
    CHECK(soon([&] { return bench.world.server().delays().size() > 1; }));
  }
  SUBCASE("while it waits for its time") {
    sent = bench.send(guarded::body_of(counted("1")));
    bench.held();
    sent->cancel();
  }
  // An interrupt is sent again until the session is over; both are timers here.
  REQUIRE(soon([&] {
    bench.pass(millis(100));
    return sent->answers() == 1;
  }));
  const std::string line = bench.last_line();
  CHECK(has(line, "\"status\":499"));
  CHECK(has(line, "\"us\":100000"));
}

TEST_CASE("private: policies say who has them, and masked columns group nothing") {
  struct Row {
    const char* roles;
    bool noised, exact;
  };
  for (const Row& row : {Row{"analyst", true, false}, Row{"dpo", true, true},
                         Row{"tenant-admin", true, true}, Row{"platform", false, false}}) {
    for (const bool governed : {false, true}) {
      CAPTURE(row.roles);
      CAPTURE(governed);
      Bench bench({.roles = row.roles}, governed);
      const Exchange sent = bench.send(guarded::body_of(counted("1")));
      if (row.noised) bench.pass(bench.held());
      REQUIRE(sent->wait());
      CHECK(has(sent->response().body, "\"value\":\"40\"") == row.noised);
      if (!row.noised) CHECK(code_of(sent->response()) == "FORBIDDEN");
      const net::Response exact = bench.world.query("{ peopleAggregate { count } }", bench.token);
      CHECK((code_of(exact).empty()) == row.exact);
    }
  }
  // No purpose, no answer; and none of another tenant's.
  Bench bench({.roles = "analyst", .purposes = "support"}, true);
  const net::Response denied =
      bench.world.ask({.headers = {{"Content-Type", "application/json"}, {"X-MC-Purpose", "demo"}},
                       .body = guarded::body_of(counted("1"))},
                      bench.token);
  CHECK(code_of(denied) == "FORBIDDEN");
  CHECK(bench.planner.calls.empty());
}

TEST_CASE("private: another tenant's answers are not opened, unless policies of one's own do") {
  Bench bench({.tenant = "system", .principal = "olga", .roles = "operator", .purposes = "support"},
              true);
  REQUIRE(bench.world.governed().gate.lend([&](transparency::Warrants& warrants) -> Status {
    transparency::NewWarrant wanted;
    wanted.tenant = TenantId("bravo");
    wanted.principals = "*";
    wanted.actions = "read";
    wanted.lifetime = seconds(3'600);
    wanted.reference = "TKT-1";
    wanted.reason = "a test";
    wanted.issued_by = "root@system";
    MC_TRY([[maybe_unused]] const transparency::Warrant made, warrants.create(wanted));
    return ok();
  }));
  const net::Headers to = {{"X-MC-Tenant", "bravo"}};
  const Exchange shut = bench.send(guarded::body_of(counted("1")), to);
  REQUIRE(shut->wait());
  CHECK(code_of(shut->response()) == "FORBIDDEN");
  CHECK(bench.planner.calls.empty());
  bench.world.governed().use(
      {{"mc/access/all.rego",
        "package mc.access\n\ndecision := {\"allow\": true, \"rules\": [], \"reasons\": [], "
        "\"obligations\": {}}\n"},
       {".manifest", R"({"revision":"own","roots":["mc"]})"}});
  bench.planner.takes = millis(7);
  const Exchange open = bench.send(guarded::body_of(counted("1")), to);
  CHECK(bench.held() == millis(43));
  const auto told = [&] {
    std::size_t out = 0;
    const std::string records = bench.world.governed().records("bravo");
    for (std::size_t at = records.find("GraphQL query"); at != std::string::npos;
         at = records.find("GraphQL query", at + 1)) {
      ++out;
    }
    return out;
  };
  CHECK(told() == 1);  // that it was denied
  // Its record is made on a worker, and that has its own time.
  bench.pass(millis(44));
  CHECK(bench.held() == millis(49));
  CHECK(told() == 2);
  bench.pass(millis(49));
  REQUIRE(open->wait());
  CHECK(has(open->response().body, "\"value\":\"40\""));
  CHECK(bench.planner.calls.front().tenant == TenantId("bravo"));
  CHECK(has(bench.world.governed().records("bravo"), "\"rows\":0"));
  CHECK(has(bench.last_line(), "\"us\":100000"));
}

TEST_CASE("private: an answer has its price, which says nothing of the data") {
  Bench bench;
  const net::Response reply =
      bench.ask(guarded::body_of("{ peopleDP { a: count(epsilon: 1) { rows { value } } b: "
                                 "units(epsilon: 1) { release } } }"),
                {{"X-MC-Cost", "include"}});
  // 1 for peopleDP, 10 for each answer, 1 for each list of rows; or 1 + 2 answers + 10 rows.
  CHECK_MESSAGE(has(reply.body, R"("cost":{"requested":22,)"), reply.body);
}

TEST_CASE("private: two tenants with one question have an answer each") {
  Bench bench;
  const std::string bravo = bench.world.token({.tenant = "bravo", .roles = "analyst"});
  const std::string body = guarded::body_of(counted("1"));
  bench.ask(body);
  bench.token = bravo;
  bench.ask(body);
  REQUIRE(bench.planner.calls.size() == 2);
  CHECK(bench.planner.calls[0].tenant == TenantId("alpha"));
  CHECK(bench.planner.calls[1].tenant == TenantId("bravo"));
}

}  // namespace
}  // namespace mc::gateway
