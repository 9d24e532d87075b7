#include "access/terms.h"

#include <algorithm>

#include "contract/access_world.h"

namespace mc::access {
namespace {

using budget::Dimension;
using testing::Ada;
using testing::policies_of;
using testing::reading;

Result<Terms> read(const std::string& json) {
  const auto document = term::Document::parse(json);
  if (!document) FAIL(document.error().what);
  return read_terms(document->root());
}

// Policies of one file of package mc.budget.
std::shared_ptr<const policy::Policies> budget_rules(const std::string& rego) {
  return policies_of({{"mc/budget/all.rego", "package mc.budget\n\n" + rego + "\n"},
                      {".manifest", R"({"revision":"r1","roots":["mc"]})"}});
}

std::string shown(const Result<TermsPtr>& terms) {
  if (!terms) return "failed: " + terms.error().what;
  if (*terms == nullptr) return "plain";
  std::string out = (*terms)->class_name + ";";
  for (const std::string_view name : (*terms)->exempt.names()) out += " " + std::string(name);
  out += ";";
  for (const std::string& rule : (*terms)->rules) out += " " + rule;
  return out;
}

Resource route() {
  Resource::Facts facts;
  facts.kind = "route";
  facts.name = "/graphql";
  return Resource(std::move(facts));
}

// The clock is read once for an input and once for an evaluation, and not for what is remembered.
class CountingClock final : public sys::Clock {
 public:
  WallTime wall() override {
    ++readings;
    return clock_.wall();
  }
  MonoTime mono() override { return clock_.mono(); }
  void advance(Nanos by) { clock_.advance(by); }
  int readings = 0;

 private:
  sim::SimClock clock_;
};

struct World {
  CountingClock clock;
  sim::SimRandom random{7};
  policy::Engine engine;
  TermsGate gate{{engine, clock, random}};
  Ada ada;
  Resource resource = route();

  std::string ask(std::string_view purpose = "demo") {
    const int before = clock.readings;
    Request request = reading(ada.caller, resource);
    request.purpose = purpose;
    const std::string out = shown(gate.ask(request));
    asked = clock.readings > before;
    return out;
  }
  bool asked = false;  // the policies, by the last ask()
};

TEST_CASE("terms: an answer is read, and what is not as it should be is named") {
  const auto whole =
      read(R"({"class": "batch", "exempt": ["bytes", "requests", "bytes"], "rules": ["a", "b"]})");
  REQUIRE(whole.has_value());
  CHECK(whole->class_name == "batch");
  CHECK(whole->exempt == budget::DimensionSet().add(Dimension::requests).add(Dimension::bytes));
  CHECK(whole->rules == std::vector<std::string>{"a", "b"});
  CHECK(*read("{}") == Terms());
  CHECK(read(R"({"exempt": []})")->exempt.empty());
  CHECK(read(R"({"class": ")" + std::string(64, 'x') + R"("})").has_value());
  for (std::size_t i = 0; i < budget::kDimensions; ++i) {
    const std::string name(budget::name_of(static_cast<Dimension>(i)));
    CHECK(read(R"({"exempt": [")" + name + R"("]})")->exempt.names().at(0) == name);
  }
  struct Row {
    std::string json, refused;
  };
  const Row rows[] = {
      {"[]", "decision is array, wanted object"},
      {"true", "decision is boolean"},
      {R"({"class": 7})", "class is number"},
      {R"({"class": null})", "class is null"},
      {R"({"class": ""})", "class: '' is not 1 to 64"},
      {R"({"class": "Batch"})", "class: 'Batch' is not"},
      {R"({"class": ")" + std::string(65, 'x') + R"("})", "class: "},
      {R"({"exempt": "requests"})", "exempt is string, wanted array"},
      {R"({"exempt": ["speed"]})", "exempt: there is no dimension 'speed'"},
      {R"({"exempt": [1]})", "exempt is number"},
      {R"({"exempt": [["requests"]]})", "exempt is array, wanted string"},
      {R"({"exempt": {"requests": true}})", "exempt is object"},
      {R"({"rules": "a"})", "rules is string"},
      {R"({"rules": [1]})", "rules is number"},
      {R"({"rules": [")" + std::string(129, 'x') + R"("]})", "rules: a text of more than 128"},
      {R"({"exempts": ["requests"]})", "it has a member 'exempts' that is not known"},
      {R"({"class": "batch", "allow": true})", "it has a member 'allow'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    const auto refused = read(row.json);
    REQUIRE_FALSE(refused.has_value());
    CAPTURE(refused.error().what);
    CHECK(refused.error().what.find(row.refused) != std::string::npos);
  }
}

TEST_CASE("terms: they apply where there is a rule or a package, by generation of the engine") {
  struct Row {
    const char* name;
    std::vector<archive::Entry> files;
    bool applies;
  };
  const Row rows[] = {
      {"a rule", {{"a.rego", "package mc.budget\n\ndecision := {}\n"}}, true},
      {"a package", {{"a.rego", "package mc.budget.decision\n\nclass := \"batch\"\n"}}, true},
      {"a package above", {{"a.rego", "package mc\n\nbudget := {\"decision\": {}}\n"}}, true},
      {"another rule", {{"a.rego", "package mc.budget\n\nother := 1\n"}}, false},
      {"data alone", {{"data.json", R"({"mc": {"budget": {"decision": {"class": "a"}}}})"}}, false},
      {"those of a new installation", default_policies(), false},
  };
  World world;
  CHECK_FALSE(world.gate.applies());
  CHECK(world.ask() == "plain");
  CHECK_FALSE(world.asked);
  for (const Row& row : rows) {
    CAPTURE(row.name);
    world.engine.activate(policies_of(row.files));
    CHECK(world.gate.applies() == row.applies);
    CHECK(world.ask().find("failed") == std::string::npos);
    CHECK(world.asked == row.applies);
  }
}

TEST_CASE("terms: the input is that of an access decision, with the action admit") {
  World world;
  world.engine.activate(budget_rules(R"(decision := {"class": "fits"} if {
	input.action == "admit"
	input.purpose == "demo"
	input.principal == {"id": "ada", "tenant": "alpha", "region": "eu", "roles": ["analyst"],
		"purposes": ["demo", "fraud-risk"], "kind": "machine"}
	input.tenant == {"id": "alpha", "region": "eu"}
	input.node == {"region": "eu"}
	input.resource.kind == "route"
	input.resource.name == "/graphql"
	not input.stepped_up
	not input.warrant
})"));
  CHECK(world.ask() == "fits;;");
  CHECK(world.ask("fraud-risk") == "plain");
}

TEST_CASE("terms: a purpose that the token does not hold is none") {
  World world;
  world.engine.activate(budget_rules(R"(decision := {"class": "seen", "exempt": ["requests"],
	"rules": [sprintf("<%s>", [input.purpose])]})"));
  CHECK(world.ask("demo") == "seen; requests; <demo>");
  CHECK(world.ask("fraud-risk") == "seen; requests; <fraud-risk>");
  CHECK(world.ask("migration") == "seen; requests; <>");
  // And so all that are not held are one question.
  CHECK(world.ask("another") == "seen; requests; <>");
  CHECK_FALSE(world.asked);
  CHECK(world.ask("Demo") == "seen; requests; <>");
  CHECK(world.ask("") == "seen; requests; <>");
  world.ada.caller.purposes = {"migration"};
  CHECK(world.ask("migration") == "seen; requests; <migration>");
  CHECK(world.ask("demo") == "seen; requests; <>");
}

TEST_CASE("terms: a steady answer is remembered until the policies change, also none") {
  World world;
  world.engine.activate(
      budget_rules(R"(decision := {"class": "batch"} if input.purpose == "demo")"));
  CHECK(world.ask() == "batch;;");
  CHECK(world.asked);
  CHECK(world.ask() == "batch;;");
  CHECK_FALSE(world.asked);
  CHECK(world.ask("fraud-risk") == "plain");
  CHECK(world.asked);
  CHECK(world.ask("fraud-risk") == "plain");
  CHECK_FALSE(world.asked);
  const Resource other = route();
  CHECK(shown(world.gate.ask(reading(world.ada.caller, other))) == "batch;;");
  world.ada.caller.principal = PrincipalId("ben");
  CHECK(world.ask() == "batch;;");
  CHECK(world.asked);
  world.engine.activate(budget_rules(R"(decision := {"class": "other"})"));
  CHECK(world.ask() == "other;;");
  CHECK(world.asked);
  world.engine.activate(policies_of(default_policies()));
  CHECK(world.ask() == "plain");
  CHECK_FALSE(world.asked);
}

TEST_CASE("terms: what depends on the time is asked anew") {
  for (const char* even : {"input.time_ms % 2000 == 0", "time.now_ns() % 2000000000 == 0"}) {
    CAPTURE(even);
    World world;
    world.engine.activate(budget_rules(std::string(R"(decision := {"class": "even"} if )") + even));
    std::vector<std::string> said;
    for (int i = 0; i < 4; ++i) {
      said.push_back(world.ask());
      CHECK(world.asked);
      world.clock.advance(seconds(1));
    }
    CHECK(std::ranges::count(said, "even;;") == 2);
    CHECK(std::ranges::count(said, "plain") == 2);
  }
}

TEST_CASE("terms: policies that fail say why, each time") {
  struct Row {
    const char* rules;
    const char* why;
  };
  const Row rows[] = {
      {"decision := {\"class\": \"a\"}\n\ndecision := {\"class\": \"b\"} if input.purpose == "
       "\"demo\"",
       "eval_conflict_error"},
      {"decision := {\"exempt\": {\"requests\"}}", "exempt is set, wanted array"},
      {"decision := 7", "decision is number"},
  };
  for (const Row& row : rows) {
    World world;
    world.engine.activate(budget_rules(row.rules));
    for (int i = 0; i < 2; ++i) {
      const std::string said = world.ask();
      CAPTURE(said);
      CHECK(said.starts_with("failed: "));
      CHECK(said.find(row.why) != std::string::npos);
      CHECK(world.asked);
    }
  }
}

}  // namespace
}  // namespace mc::access
