// personsDP with a planner that is told what to do: what it is asked, what it may read, what
// becomes of its answer, and who gets none.
#include "dataset/private.h"

#include <doctest/doctest.h>

#include "contract/dataset_folder.h"
#include "contract/dataset_gate.h"
#include "contract/exact_answers.h"

namespace mc::dataset {
namespace {

using contract::Reply;

struct Bench {
  Bench() {
    gate.answer = [this](int dataset, Use use) -> Result<DatasetAccess> {
      DatasetAccess out = gate.access(dataset);
      out.may = {.noised = use == Use::noised};
      return out;
    };
  }
  SessionOptions options() {
    SessionOptions out{.gate = &gate};
    out.private_answers = &planner;
    out.private_caller = {"ada", "demo", "req_1"};
    return out;
  }
  Reply ask(const std::string& query, const json::Object& variables = {},
            const std::string& tenant = "alpha") {
    return world.ask(tenant, query, variables, options());
  }
  const ExactAnswers::Asked& last() const {
    REQUIRE_FALSE(planner.asked.empty());
    return planner.asked.back();
  }
  int column(const std::string& name) const {
    return world.catalog().model().datasets[0].column_index(name);
  }
  std::unique_ptr<Session> session(const std::string& tenant = "alpha") {
    world.journal().tenant = tenant;
    auto made = Session::make(world.catalog(), TenantId(tenant), world.connections(),
                              {world.clock(), random}, options());
    REQUIRE(made.has_value());
    return std::move(*made);
  }

  SqliteFolder folder;
  contract::World world{folder.backend(), {"bravo", "alpha"}, 20};
  TestGate gate{world.catalog().model()};
  ExactAnswers planner{world.catalog().model()};
  sim::SimRandom random{1};
};

std::string message(const Reply& reply) {
  const json::Value* errors = reply.json.find("errors");
  if (errors == nullptr) return "";
  return *errors->as_array()->front().find("message")->as_string();
}

TEST_CASE("private: an answer has all that the planner says") {
  Bench bench;
  const Reply reply = bench.ask(
      "{ peopleDP { count(epsilon: 0.5) { release verdict epsilon delta mechanism snapshot "
      "rows { key value low high } } } }");
  CHECK(reply.body ==
        R"({"data":{"peopleDP":{"count":{"release":"rel_1","verdict":"ALLOW","epsilon":"0.5",)"
        R"("delta":"0","mechanism":"exact","snapshot":"snap_1",)"
        R"("rows":[{"key":null,"value":"20","low":"0","high":null}]}}}})");
  CHECK(bench.gate.asked == decltype(bench.gate.asked){{{"person", Use::noised}, 1}});
  CHECK(reply.report.private_answers.asked == 1);
  CHECK(reply.report.datasets == std::vector<std::string_view>{"person"});
}

TEST_CASE("private: consent is what is said, and what waits is found by its id through the gate") {
  Bench bench;
  struct Row {
    const char* consent;
    bool degrade, queue;
  };
  const Row rows[] = {{"[]", false, false},
                      {"[DEGRADE]", true, false},
                      {"[QUEUE]", false, true},
                      {"[DEGRADE, QUEUE]", true, true},
                      {"[QUEUE, DEGRADE]", true, true}};
  for (const Row& row : rows) {
    CAPTURE(row.consent);
    bench.ask("{ peopleDP { count(consent: " + std::string(row.consent) + ") { verdict } } }");
    CHECK(bench.last().call.may_degrade == row.degrade);
    CHECK(bench.last().call.may_queue == row.queue);
    CHECK_FALSE(bench.last().call.canonical);
  }
  PrivateKept kept;
  kept.call.dataset = 0;
  kept.call.canonical = true;
  kept.where = *json::parse(R"({"not":{"and":[]}})");
  for (int i = 0; i < 10; ++i) {  // deeper than what is written may be
    json::Array only;
    only.push_back(std::move(kept.where));
    json::Object deeper;
    deeper.set("and", std::move(only));
    kept.where = std::move(deeper);
  }
  bench.planner.kept.emplace("dpq_1", std::move(kept));
  const Reply reply = bench.ask(
      R"({ queuedDP(id: "dpq_1") { verdict queued { id state runsAt expiresAt why } } })");
  CHECK(reply.body == R"({"data":{"queuedDP":{"verdict":"ALLOW","queued":null}}})");
  CHECK(bench.last().call.queued == "dpq_1");
  CHECK(bench.last().where == R"({"or":[]})");
  const std::size_t asked = bench.planner.asked.size();
  CHECK(bench.ask(R"({ queuedDP(id: "dpq_2") { verdict } })").code() == "NOT_FOUND");
  bench.gate.answer = [](int, Use) -> Result<DatasetAccess> {
    return fail(Code::denied, "not any more");
  };
  CHECK(bench.ask(R"({ queuedDP(id: "dpq_1") { verdict } })").code() == "FORBIDDEN");
  CHECK(bench.planner.asked.size() == asked);
}

TEST_CASE("private: decimals reach the planner as they were written") {
  Bench bench;
  struct Row {
    const char* literal;
    const char* text;
  };
  const Row rows[] = {{"\"0.10\"", "0.10"},
                      {"0.1", "0.1"},
                      {"1", "1"},
                      {"-2", "-2"},
                      {"\"NaN\"", "NaN"},
                      {"1e-300", "1e-300"},
                      {"\"1e-300\"", "1e-300"},
                      {"0.30000000000000004", "0.30000000000000004"}};
  for (const Row& row : rows) {
    CAPTURE(row.literal);
    const std::string query =
        "{ peopleDP { count(epsilon: " + std::string(row.literal) + ") { release } } }";
    CHECK(bench.ask(query).code().empty());
    CHECK(bench.last().call.epsilon == row.text);
  }
  bench.ask("query($e: Decimal) { peopleDP { count(epsilon: $e) { release } } }",
            *json::parse(R"({"e":0.1})")->as_object());
  CHECK(bench.last().call.epsilon == "0.1");
  bench.ask("query($e: Decimal) { peopleDP { count(epsilon: $e) { release } } }");
  CHECK(bench.last().call.epsilon.empty());
  const std::size_t asked = bench.planner.asked.size();
  for (const char* bad : {"true", "[1]", "{a: 1}", "\"\""}) {
    CAPTURE(bad);
    const Reply reply =
        bench.ask("{ peopleDP { count(epsilon: " + std::string(bad) + ") { release } } }");
    CHECK(reply.code() == "BAD_USER_INPUT");
  }
  CHECK(bench.planner.asked.size() == asked);
}

TEST_CASE("private: every argument reaches the planner, and who asks") {
  Bench bench;
  bench.ask(
      "{ peopleDP { a: quantile(of: score, q: \"0.5\", where: {age: {ne: 3}}, epsilon: 1, "
      "mechanism: GAUSSIAN, idempotencyKey: \"key\", quote: \"q_1\", consent: [DEGRADE]) "
      "{ release } } }");
  const PrivateCall& call = bench.last().call;
  CHECK(call.tenant == TenantId("alpha"));
  CHECK(call.caller.subject == "ada");
  CHECK(call.caller.purpose == "demo");
  CHECK(call.caller.request == "req_1");
  CHECK(call.dataset == 0);
  CHECK(call.aggregate == PrivateAggregate::quantile);
  CHECK(call.of == bench.column("score"));
  CHECK(call.q == "0.5");
  CHECK(call.mechanism == "GAUSSIAN");
  CHECK(call.idempotency_key == "key");
  CHECK(call.quote == "q_1");
  CHECK(call.may_degrade);
  CHECK(bench.last().where == R"({"age":{"notIn":[3]}})");
  bench.ask("{ peopleDP { histogram(of: age, bins: 4, consent: [DEGRADE]) { release } } }");
  CHECK(bench.last().call.k == 4);
  CHECK(bench.last().call.may_degrade);
  bench.ask("{ peopleDP { topK(of: name, k: 3) { release } } }");
  CHECK_FALSE(bench.last().call.may_degrade);
  CHECK(bench.last().call.k == 3);
  CHECK(bench.last().call.of == bench.column("name"));
  bench.ask("{ peopleDP { units(groupBy: [active, name]) { release } } }");
  CHECK(bench.last().call.group_by ==
        std::vector<int>{bench.column("active"), bench.column("name")});
  CHECK(bench.last().where == "{}");
}

TEST_CASE("private: what cannot be asked is refused before the planner is") {
  Bench bench;
  struct Row {
    const char* field;
    const char* message;
  };
  const std::string long_text(300, 'x');
  const std::string long_key = "count(idempotencyKey: \"" + long_text + "\")";
  const Row rows[] = {
      {"count(groupBy: [active, active])", "groupBy: active twice"},
      {"topK(of: name, k: 0)", "k: must be at least 1"},
      {"topK(of: name, k: -1)", "k: must be at least 1"},
      {"histogram(of: age, bins: 0)", "bins: must be at least 1"},
      {"count(idempotencyKey: \"\")", "idempotencyKey: must have 1 to 256 bytes"},
      {long_key.c_str(), "idempotencyKey: must have 1 to 256 bytes"},
      {"count(where: {age: {eq: null}})", "where.age.eq: must not be null"},
      {"count(where: {born: {eq: \"2026-13-01\"}})", "where.born.eq: must be a date"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    const Reply reply = bench.ask("{ peopleDP { " + std::string(row.field) + " { release } } }");
    CHECK(reply.code() == "BAD_USER_INPUT");
    CHECK_MESSAGE(message(reply).find(row.message) == 0, message(reply));
    CHECK(reply.report.statements == 0);
  }
  CHECK(bench.planner.asked.empty());
}

TEST_CASE("private: a gate that denies lets nothing be asked, nor read") {
  Bench bench;
  const std::string query = "{ peopleDP { count { release } } }";
  bench.gate.answer = [](int, Use) -> Result<DatasetAccess> {
    return fail(Code::denied, "denied by policy");
  };
  const Reply denied = bench.ask(query);
  CHECK(denied.code() == "FORBIDDEN");
  CHECK(message(denied) == "denied by policy");
  // Whoever may read, aggregate and write has no noised answers by it.
  bench.gate.answer = [](int, Use) -> Result<DatasetAccess> {
    return DatasetAccess{.may = {.aggregates = true, .writes = true}};
  };
  CHECK(bench.ask(query).code() == "FORBIDDEN");
  SessionOptions plain{.may = {.aggregates = true, .writes = true}};
  plain.private_answers = &bench.planner;
  CHECK(bench.world.ask("alpha", query, {}, plain).code() == "FORBIDDEN");
  CHECK(bench.planner.asked.empty());
  // And the other way round.
  Bench noised;
  const Reply exact = noised.ask("{ peopleAggregate { count } }");
  CHECK(exact.code() == "FORBIDDEN");
}

TEST_CASE("private: without a planner there are no answers, and a brief session has none") {
  Bench bench;
  SessionOptions options = bench.options();
  options.private_answers = nullptr;
  const std::string query = "{ peopleDP { count { release } } }";
  const Reply none = bench.world.ask("alpha", query, {}, options);
  CHECK(none.code() == "NOT_FOUND");
  CHECK(message(none) == "there is no differential privacy here");
  options = bench.options();
  options.brief = {100'000, 1'000, 3};
  const Reply brief = bench.world.ask("alpha", query, {}, options);
  CHECK(brief.report.too_long);
  CHECK(bench.planner.asked.empty());
  CHECK(bench.gate.asked.size() == 1);
}

TEST_CASE("private: masked columns are summed, and grouped or filtered only where they may be") {
  Bench bench;
  bench.gate.mask("person", "age", "null");
  bench.gate.mask("person", "name", "hash");
  bench.gate.mask("person", "id", "drop");
  CHECK(bench.ask("{ peopleDP { sum(of: age) { rows { value } } } }").code().empty());
  const std::size_t asked = bench.planner.asked.size();
  for (const char* field :
       {"count(groupBy: [name])", "topK(of: name, k: 2)", "count(where: {name: {eq: \"Anna\"}})",
        "count(where: {not: {or: [{age: {gt: 3}}]}})", "sum(of: age, where: {age: {gt: 3}})",
        "count(where: {id: {eq: \"p1\"}})"}) {
    CAPTURE(field);
    const Reply reply = bench.ask("{ peopleDP { " + std::string(field) + " { release } } }");
    CHECK(reply.code() == "FORBIDDEN");
    CHECK_MESSAGE(message(reply).find("is masked") != std::string::npos, message(reply));
    CHECK(reply.report.statements == 0);
  }
  CHECK(bench.planner.asked.size() == asked);
  bench.gate.filterable.insert({"person", "name"});
  const Reply grouped =
      bench.ask("{ peopleDP { count(groupBy: [name, active]) { rows { key value } } } }");
  REQUIRE_MESSAGE(grouped.code().empty(), grouped.body);
  CHECK(grouped.body.find("Anna") == std::string::npos);
  CHECK(grouped.body.find("true") != std::string::npos);
  CHECK(bench.gate.keys_asked.contains("person.name"));
}

TEST_CASE("private: a tenant's scan reads its own rows, whatever the call says") {
  Bench bench;
  const std::string query = "{ peopleDP { count(groupBy: [name]) { rows { key value } } } }";
  const Reply alpha = bench.ask(query);
  CHECK(alpha.body.find("bravo") == std::string::npos);
  CHECK(bench.last().call.tenant == TenantId("alpha"));
  const Reply bravo = bench.ask(query, {}, "bravo");
  CHECK(bravo.body.find("bravo") != std::string::npos);
  CHECK(bench.last().call.tenant == TenantId("bravo"));
  // The same question in another form, with somebody else's name in it.
  const auto session = bench.session();
  PrivateCall forged;
  forged.tenant = TenantId("bravo");
  forged.caller = {"eve", "", ""};
  forged.dataset = 0;
  const json::Value where = *json::parse(R"({"not":{"name":{"startsWith":"bravo"}}})");
  forged.where = &where;
  const PrivateResult result = session->answer(forged);
  REQUIRE(result.has_value());
  CHECK(bench.last().call.tenant == TenantId("alpha"));
  CHECK(bench.last().call.caller.subject == "ada");
  const auto found = session->check(forged);
  REQUIRE(found.has_value());
  CHECK(json::print(*found) == R"({"not":{"name":{"startsWith":"bravo"}}})");
  forged.dataset = 99;
  CHECK_FALSE(session->answer(forged).has_value());
  forged.dataset = 0;
  forged.group_by = {99};
  CHECK_FALSE(session->answer(forged).has_value());
  forged.group_by = {bench.column("email")};
  CHECK_FALSE(session->answer(forged).has_value());
  forged.group_by = {};
  forged.of = bench.column("age");
  CHECK_FALSE(session->answer(forged).has_value());
}

TEST_CASE("private: a scan gives the unit and the columns of the section, and nothing else") {
  Bench bench;
  std::vector<std::string> errors;
  bench.planner.instead = [&](const PrivateCall&, RowScan& rows) {
    const auto try_column = [&](int column) {
      const std::vector<int> columns = {column};
      const Status done = rows.scan(columns, nullptr, [](auto) { return ok(); });
      errors.push_back(done ? "" : std::string(code_name(done.error().code)));
    };
    for (const char* name : {"id", "age", "name", "email", "version", "extra"}) {
      try_column(bench.column(name));
    }
    try_column(-1);
    try_column(99);
    const Status none = rows.scan({}, nullptr, [](auto) { return ok(); });
    errors.push_back(none ? "" : std::string(code_name(none.error().code)));
    // A filter is checked again.
    const json::Value where = *json::parse(R"({"email":{"eq":"x"}})");
    const std::vector<int> id = {bench.column("id")};
    CHECK_FALSE(rows.scan(id, &where, [](auto) { return ok(); }).has_value());
    return ok();
  };
  CHECK(bench.ask("{ peopleDP { count { release } } }").code().empty());
  CHECK(errors == std::vector<std::string>{"", "", "", "denied", "denied", "denied", "denied",
                                           "denied", "invalid"});
}

TEST_CASE("private: what a scan meets is told to nobody") {
  Bench bench;
  std::vector<Error> met;
  const auto scan = [&](RowScan& rows) {
    const std::vector<int> id = {bench.column("id")};
    const Status done = rows.scan(id, nullptr, [](auto) { return ok(); });
    if (!done) met.push_back(done.error());
    return done;
  };
  SUBCASE("a database that fails") {
    bench.planner.instead = [&](const PrivateCall&, RowScan& rows) {
      const auto writer = bench.world.writers().borrow("main", seconds(1));
      REQUIRE(writer.has_value());
      const std::string table = bench.world.catalog().model().datasets[0].table;
      bench.world.journal().watching = false;  // no statement of a session's
      REQUIRE((*writer)->execute("ALTER TABLE " + table + " RENAME TO gone", {}).has_value());
      return scan(rows);
    };
    const Reply reply = bench.ask("{ peopleDP { count { release } } }");
    CHECK(reply.code() == "UNAVAILABLE");
    CHECK(message(reply) == "the data source did not answer");
    REQUIRE(reply.report.faults.size() == 1);
    const std::string& what = reply.report.faults[0].error.what;
    CHECK_MESSAGE(what.find("no such table") == std::string::npos, what);
    CHECK(reply.report.faults[0].use == Use::noised);
  }
  SUBCASE("a planner that gives up") {
    bench.planner.instead = [&](const PrivateCall&, RowScan& rows) {
      const std::vector<int> id = {bench.column("id")};
      return rows.scan(id, nullptr,
                       [](auto) -> Status { return fail(Code::exhausted, "too many groups"); });
    };
    const Reply reply = bench.ask("{ peopleDP { count { release } } }");
    CHECK(message(reply) == "too many groups");
    CHECK(reply.report.faults.empty());
    CHECK(reply.report.rows == 0);
  }
}

TEST_CASE("private: after a cancel no row is read, and no further answer is asked for") {
  Bench bench;
  const auto session = bench.session();
  int rows_read = 0;
  bench.planner.instead = [&](const PrivateCall&, RowScan& rows) {
    const std::vector<int> id = {bench.column("id")};
    const Status done = rows.scan(id, nullptr, [&](auto) {
      ++rows_read;
      session->cancel();
      return ok();
    });
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().what == "the request was cancelled");
    return done;
  };
  PrivateCall call;
  call.dataset = 0;
  CHECK_FALSE(session->answer(call).has_value());
  CHECK(rows_read == 1);
  const PrivateResult second = session->answer(call);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().error.what == "the request has been stopped");
  CHECK(bench.planner.asked.size() == 1);
  CHECK(session->report().rows == 0);
}

TEST_CASE("private: who has left, or is late, asks for nothing") {
  Bench bench;
  PrivateCall call;
  call.dataset = 0;
  const auto left = bench.session();
  left->cancel();
  CHECK_FALSE(left->answer(call).has_value());
  SessionOptions options = bench.options();
  options.deadline = bench.world.clock().mono();
  const Reply late = bench.world.ask("alpha", "{ peopleDP { count { release } } }", {}, options);
  CHECK(late.code() == "DEADLINE_EXCEEDED");
  CHECK(bench.planner.asked.empty());
}

TEST_CASE("private: a refusal says more, and what it is counts in the report") {
  Bench bench;
  std::int64_t wait = 60;
  bench.planner.refuse = [&](const PrivateCall& call) -> std::optional<PrivateRefusal> {
    if (call.epsilon == "1") return std::nullopt;
    json::Object more;
    more.set("remaining", "0.2");
    more.set("requested", call.epsilon);
    PrivateRefusal out{{Code::exhausted, "the budget does not allow it"},
                       "DP_BUDGET_EXHAUSTED",
                       std::move(more),
                       true};
    if (wait > 0) out.error.retry_after_s = wait;
    wait -= 60;
    return out;
  };
  const Reply reply = bench.ask(
      "{ peopleDP { a: count(epsilon: 2) { release } b: count(epsilon: 1) { release } } }");
  CHECK(reply.body ==
        R"({"errors":[{"message":"the budget does not allow it","locations":[{"line":1,)"
        R"("column":14}],"path":["peopleDP","a"],"extensions":{"code":"DP_BUDGET_EXHAUSTED",)"
        R"("remaining":"0.2","requested":"2"}}],"data":{"peopleDP":{"a":null,)"
        R"("b":{"release":"rel_1"}}}})");
  CHECK(reply.report.private_answers.asked == 2);
  CHECK(reply.report.private_answers.refused == 1);
  CHECK(reply.report.private_answers.waiting_helps);
  CHECK(reply.report.private_answers.retry_after_s == 60);
  const Reply never = bench.ask("{ peopleDP { count(epsilon: 3) { release } } }");
  CHECK_FALSE(never.report.private_answers.waiting_helps);
}

TEST_CASE("private: a request has so many answers and no more; aliases are answers") {
  Bench bench;
  std::string query = "{ peopleDP {";
  for (int i = 0; i < 51; ++i) query += " c" + std::to_string(i) + ": count { release }";
  const Reply reply = bench.ask(query + " } }");
  CHECK(reply.code() == "LIMIT_EXCEEDED");
  CHECK(bench.planner.asked.size() == 50);
  CHECK(reply.json.find("errors")->as_array()->size() == 1);
}

TEST_CASE("private: the schema offers what the section names") {
  Bench bench;
  const std::string& sdl = bench.world.catalog().sdl();
  const auto has = [&](std::string_view text) { return sdl.find(text) != std::string::npos; };
  CHECK(has("enum PersonDPNumber { age score big }"));
  CHECK(has("enum PersonDPKey { big active name born bossId }"));
  CHECK(has("enum OrderDPKey { status }"));
  CHECK(has("  ordersDP: OrderDP\n"));
  // No field for the unit, nor for a column outside of the section.
  CHECK_FALSE(has("email }"));
  const Reply kinds = bench.ask("{ __type(name: \"PersonDP\") { fields { name } } }");
  CHECK(kinds.body ==
        R"({"data":{"__type":{"fields":[{"name":"count"},{"name":"sum"},{"name":"mean"},)"
        R"({"name":"quantile"},{"name":"histogram"},{"name":"topK"},{"name":"units"}]}}})");
  // Without the section there is nothing of it.
  Model model = bench.world.catalog().model();
  for (Dataset& dataset : model.datasets) dataset.privacy.reset();
  const std::string plain = dataset::sdl(model);
  CHECK(plain.find("DP") == std::string::npos);
  CHECK(plain.find("Decimal") == std::string::npos);
  // Numbers alone have no groups, keys alone no sums.
  model.datasets[0].privacy = DatasetPrivacy{"id", 1, 1, {{"age", "0", "9", "1", {}}}};
  model.datasets[1].privacy = DatasetPrivacy{"personId", 1, 1, {{"status", "", "", "", {}}}};
  REQUIRE(model.problems().empty());
  const std::string parted = dataset::sdl(model);
  CHECK(parted.find("PersonDPKey") == std::string::npos);
  CHECK(parted.find("OrderDPNumber") == std::string::npos);
  CHECK(Catalog::make(model, {.cursor_key = Secret("0123456789abcdef")}).has_value());
}

}  // namespace
}  // namespace mc::dataset
