#include "budget/explained.h"

#include <doctest/doctest.h>

#include "json/json.h"

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
  CHECK(text.ends_with("queue     waited 9 ms: turned away, evicted\n"));
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
