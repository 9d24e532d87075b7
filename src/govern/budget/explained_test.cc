#include "budget/explained.h"

#include <doctest/doctest.h>

#include "budget/book.h"
#include "budget/journal.h"
#include "budget/settings.h"
#include "json/json.h"
#include "sim/sim.h"

namespace mc::budget {
namespace {

Explained denied() {
  Explained out;
  out.run = "adm_1";
  out.decision.request = "r1";
  out.decision.tenant = "alpha";
  out.decision.plan = "starter";
  out.decision.user = "ana";
  out.decision.wall = from_unix_ms(1'800'000'000'000);
  out.decision.asked.set(Dimension::seats, 1);
  out.mark = Mark{.dimension = Dimension::seats, .amount = 1, .quota = 4};
  out.wait = Explained::Wait{};
  out.window = kJournalAgeMax;
  out.neighbours = {{.seq = 1,
                     .request = "r0",
                     .user = "ben",
                     .route = "/shop",
                     .before = millis(1'500),
                     .amount = 3,
                     .open = true}};
  out.neighbours_count = 1;
  out.neighbours_amount = 3;
  return out;
}

TEST_CASE("budget explain: a denial, a line for each thing that is known") {
  CHECK(to_text({.decisions = {denied()}, .queue = {}}) ==
        "request   r1 of tenant alpha: denied\n"
        "at        2027-01-15T08:00:00.000Z\n"
        "user      ana, plan starter, route -\n"
        "asked     1 seats\n"
        "limit     tenant-seats: 4, of which 0 were left for the 1 asked\n"
        "let in    as soon as others let go of what they hold\n"
        "others    1 of the tenant had 3; the largest:\n"
        "          3  r0, user ben, route /shop, 1.500 s before, still running\n");
}

TEST_CASE("budget explain: what the policies said of it, when they did") {
  budget::Explained one = denied();
  one.decision.class_name = "batch";
  one.decision.exempt.add(budget::Dimension::bytes).add(budget::Dimension::requests);
  CHECK(to_text({.decisions = {one}, .queue = {}})
            .find("route -\n"
                  "class     batch\n"
                  "exempt    from its own limits of requests, bytes\n"
                  "asked     1 seats\n") != std::string::npos);
  CHECK(to_json({.decisions = {one}, .queue = {}})
            .find(R"("class":"batch","exempt":["requests","bytes"])") != std::string::npos);
  CHECK(to_json({.decisions = {denied()}, .queue = {}}).find(R"("class":"","exempt":[])") !=
        std::string::npos);
}

TEST_CASE("budget explain: when it would have been let in") {
  struct Row {
    Explained::Wait wait;
    const char* text;
    const char* json;
  };
  const Row rows[] = {
      {{}, "as soon as others let go", R"("let_in":{"when":"when_let_go"})"},
      {{.never = true, .wait = {}, .at = {}}, "never: it is more", R"("let_in":{"when":"never"})"},
      {{.known = true, .wait = micros(2'500), .at = from_unix_ms(3)},
       "after 2.5 ms, at 1970-01-01T00:00:00.003Z",
       R"("let_in":{"when":"at","wait_ns":2500000,"at":"1970-01-01T00:00:00.003Z"})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Explained one = denied();
    one.wait = row.wait;
    CHECK(to_text({.decisions = {one}, .queue = {}}).find(row.text) != std::string::npos);
    const std::string text = to_json({.decisions = {one}, .queue = {}});
    CHECK(text.find(row.json) != std::string::npos);
    CHECK(json::parse(text).has_value());
  }
}

TEST_CASE("budget explain: a tenant hears of its own limits, and that there was a shared one") {
  Explained own = denied();
  own.decision.against = {{.scope = Scope::tenant, .dimension = Dimension::seats},
                          {.scope = Scope::global, .dimension = Dimension::requests}};
  own.wait = Explained::Wait{.known = true, .wait = millis(5), .at = from_unix_ms(3)};
  Explained shared = own;
  shared.mark = Mark{.scope = Scope::plan, .dimension = Dimension::requests, .quota = 77};
  shared.shared = true;
  shared.window = seconds(33);
  QueueFact fact;
  fact.request = "r1";
  fact.tenant = "alpha";
  fact.waited = millis(9);
  fact.seats = 8;
  fact.in_use = 7;
  fact.position = 6;
  fact.shed = "evicted";
  const Explanation told = for_tenant({.decisions = {own, shared}, .queue = {fact}});
  CHECK(told.decisions[0].mark->quota == 4);
  CHECK(told.decisions[0].wait.has_value());
  REQUIRE(told.decisions[0].decision.against.size() == 1);
  CHECK(told.decisions[0].decision.against[0].scope == Scope::tenant);
  const std::string json = to_json(told), text = to_text(told);
  CHECK(json.find(R"("limit":{"shared":true})") != std::string::npos);
  for (const char* secret : {"77", "plan-", "global-", "33", R"("seats":8)"}) {
    CAPTURE(secret);
    CHECK(json.find(secret) == std::string::npos);
    CHECK(text.find(secret) == std::string::npos);
  }
  CHECK(text.find("limit     one that tenants share\n") != std::string::npos);
  CHECK(text.find("others    1 of the tenant had 3; the largest:\n") != std::string::npos);
  CHECK(text.ends_with("queue     waited 9 ms: turned away, overload\n"));
}

TEST_CASE("budget explain: of a shared limit that only warned a tenant hears nothing") {
  Explained one = denied();
  one.decision.admitted = one.decision.warned = true;
  one.decision.has_nearest = true;
  one.decision.nearest = {.dimension = Dimension::requests, .amount = 1, .quota = 9, .left = 8};
  one.decision.against = {
      {.scope = Scope::global, .dimension = Dimension::bytes, .quota = 77, .warns = true}};
  one.mark = one.decision.against[0];
  one.shared = true;
  one.next = one.decision;
  Explanation told = for_tenant({.decisions = {one}, .queue = {}});
  CHECK(outcome_of(told.decisions[0].decision) == "admitted");
  CHECK(outcome_of(*told.decisions[0].next) == "admitted");
  CHECK(policy_of(*told.decisions[0].mark) == "tenant-requests");
  CHECK(told.decisions[0].neighbours_count == 0);

  one.decision.against.push_back({.dimension = Dimension::requests, .quota = 9, .warns = true});
  told = for_tenant({.decisions = {one}, .queue = {}});
  CHECK(outcome_of(told.decisions[0].decision) == "warned");
  CHECK(told.decisions[0].mark->warns);
}

// What alpha is told of its third request, beside `others` requests of bravo.
std::string told_beside(int others) {
  BudgetSettings settings;
  settings.plans["starter"].gql_qps = 2;
  settings.admission.global.gql_qps = 12;
  const auto book = Book::make(settings, {}).value();
  sim::SimFiles files;
  JournalHeader header;
  header.run = "adm_1";
  header.settings = settings;
  Journal journal(files, header, {});
  const Amounts one = Amounts().set(Dimension::requests, 1);
  std::vector<Reservation> held(64);
  std::size_t next = 0;
  const auto ask = [&](std::string_view tenant, std::string_view plan, const std::string& id) {
    const Book::Who who{.tenant = tenant, .plan = plan, .user = "ana"};
    const Moment at = Moment::of(seconds(1), from_unix_ms(1'800'000'000'000));
    Journal::Turn turn = journal.turn();
    std::vector<Mark> against;
    const Answer answer = book->reserve(who, one, at, held[next++], &against);
    turn.decided({who, id}, one, at, answer, against);
  };
  ask("alpha", "starter", "a1");
  for (int i = 0; i < others; ++i) ask("bravo", "free", "b" + std::to_string(i));
  ask("alpha", "starter", "a2");
  ask("alpha", "starter", "a3");
  ask("alpha", "starter", "a4");
  const Explanation told = for_tenant(explain(journal, "alpha", "a3").value());
  CHECK(told.decisions[0].decision.admitted == false);
  return to_json(told) + to_text(told);
}

TEST_CASE("budget explain: a tenant is told the same whatever others do") {
  const std::string alone = told_beside(0);
  CHECK(alone.find("tenant-requests: 2, of which 0 were left") != std::string::npos);
  CHECK(alone.find("\nlet in    after 500 ms") != std::string::npos);
  for (const int others : {1, 7, 10}) {  // with ten the limit of all is used up, too
    CAPTURE(others);
    CHECK(told_beside(others) == alone);
  }
}

TEST_CASE("budget explain: names from outside stay on their line and as they are read") {
  for (const char* hostile : {"a\nlimit     none", "a\x1b[2J",
                              "a\u202e"
                              "b"}) {
    Explained one = denied();
    one.decision.user = hostile;
    one.neighbours[0].request = hostile;
    const std::string text = to_text({.decisions = {one}, .queue = {}});
    CHECK(std::count(text.begin(), text.end(), '\n') == 8);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\u202e") == std::string::npos);
    const auto read = json::parse(to_json({.decisions = {one}, .queue = {}}));
    REQUIRE(read.has_value());
    CHECK(*(*read->find("decisions")->as_array())[0].find("user")->as_string() == hostile);
  }
}

}  // namespace
}  // namespace mc::budget
