#include "maestro/budget_explained.h"

#include <doctest/doctest.h>

#include "json/json.h"

namespace mc::app {
namespace {

budget::Explained denied() {
  budget::Explained out;
  out.run = "adm_1";
  out.decision.request = "r1";
  out.decision.tenant = "alpha";
  out.decision.plan = "starter";
  out.decision.user = "ana";
  out.decision.wall = from_unix_ms(1'800'000'000'000);
  out.decision.asked.set(budget::Dimension::seats, 1);
  out.mark = budget::Mark{.dimension = budget::Dimension::seats, .amount = 1, .quota = 4};
  out.wait = budget::Explained::Wait{};
  out.window = budget::kJournalAgeMax;
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
    budget::Explained::Wait wait;
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
    budget::Explained one = denied();
    one.wait = row.wait;
    CHECK(to_text({.decisions = {one}, .queue = {}}).find(row.text) != std::string::npos);
    const std::string text = to_json({.decisions = {one}, .queue = {}});
    CHECK(text.find(row.json) != std::string::npos);
    CHECK(json::parse(text).has_value());
  }
}

TEST_CASE("budget explain: names from outside stay on their line and as they are read") {
  for (const char* hostile : {"a\nlimit     none", "a\x1b[2J",
                              "a\u202e"
                              "b"}) {
    budget::Explained one = denied();
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
}  // namespace mc::app
