#include <doctest/doctest.h>

#include "policy/policy.h"
#include "sim/sim.h"

namespace mc::policy {
namespace {

using term::Value;

std::shared_ptr<const Policies> policies_of(std::vector<archive::Entry> files,
                                            const vm::Capabilities& capabilities = {}) {
  auto bundle = read_files(std::move(files), {});
  if (!bundle) FAIL(bundle.error().what);
  std::vector<Policies::NamedBundle> bundles;
  bundles.push_back({"b", std::move(*bundle)});
  auto made = Policies::make(std::move(bundles), capabilities);
  if (!made) FAIL(made.error().what);
  return *made;
}

struct World {
  explicit World(std::vector<archive::Entry> files, const vm::Capabilities& capabilities = {}) {
    engine.activate(policies_of(std::move(files), capabilities));
  }
  // As JSON; "" = undefined, the code of an error.
  std::string at(const std::vector<std::string_view>& names) {
    evaluator.reset();
    const auto made = evaluator.evaluate(Path(names), term::Value());
    if (!made) return made.error().code;
    return made->value.is_undefined() ? "" : term::to_json(made->value);
  }
  sim::SimClock clock;
  sim::SimRandom random;
  Engine engine;
  Evaluator evaluator{engine, clock, random};
};

TEST_CASE("policy: a path is a rule, a package, base data, or what lies in one of them") {
  World world({{"a.rego",
                "package a\n\np := {\"x\": [1, {\"y\": 2}]}\n\nf(x) := x\n\nq[n] := n if some n in "
                "[1, 2]\n\ns contains \"m\"\n\nr.of.refs := 3\n\nclash := 1\n\nclash := 2\n"},
               {"deep.rego", "package a.inner.most\n\np := \"deep\"\n"},
               {"odd.rego", "package a[\"b/c\"]\n\np := \"odd\"\n"},
               {"data.json", R"({"a":{"base":{"k":[5]}},"z":{"w":true}})"}});
  struct Row {
    std::vector<std::string_view> path;
    std::string value;
  };
  const Row rows[] = {
      {{"a", "p", "x", "1", "y"}, "2"},
      {{"a", "p", "x", "2"}, ""},
      {{"a", "p", "x", "-1"}, ""},
      {{"a", "q"}, R"({"1":1,"2":2})"},
      {{"a", "q", "2"}, "2"},
      {{"a", "s", "m"}, "\"m\""},
      {{"a", "s", "n"}, ""},
      {{"a", "r"}, R"({"of":{"refs":3}})"},
      {{"a", "r", "of", "refs"}, "3"},
      {{"a", "inner", "most", "p"}, "\"deep\""},
      {{"a", "inner"}, R"({"most":{"p":"deep"}})"},
      {{"a", "f"}, ""},
      {{"a", "base", "k", "0"}, "5"},
      {{"z", "w"}, "true"},
      {{"z", "w", "v"}, ""},
      {{"none"}, ""},
      // Whoever asks for the whole package asks for the rule that fails too.
      {{"a", "clash"}, "eval_conflict_error"},
      {{"a"}, "eval_conflict_error"},
      {{"a", "b/c", "p"}, "eval_conflict_error"},
      {{}, "eval_conflict_error"},
  };
  for (const Row& row : rows) {
    std::string shown;
    for (const std::string_view name : row.path) shown.append("/").append(name);
    CAPTURE(shown);
    CHECK(world.at(row.path) == row.value);
  }
}

TEST_CASE("policy: names with slashes and empty names are found under what they lie in") {
  World world(
      {{"odd.rego", "package a[\"b/c\"]\n\np[\"\"] := \"empty\"\n\np[\"/\"] := \"slash\"\n"},
       {"data.json", R"({"a":{"d/e":{"":4}}})"}});
  CHECK(world.at({"a", "b/c", "p", ""}) == "\"empty\"");
  CHECK(world.at({"a", "b/c", "p", "/"}) == "\"slash\"");
  CHECK(world.at({"a", "b", "c"}).empty());
  CHECK(world.at({"a", "d/e", ""}) == "4");
}

TEST_CASE("policy: a text path leaves out empty parts") {
  World world({{"a.rego", "package a\n\np := 1\n"}});
  for (const std::string_view path : {"a/p", "/a/p", "a//p/", "///a/p"}) {
    CAPTURE(path);
    world.evaluator.reset();
    const auto made = world.evaluator.evaluate(path, term::Value());
    REQUIRE(made.has_value());
    CHECK(made->value.small() == 1);
  }
}

TEST_CASE("policy: what base data decide has read nothing of the input, whatever ran before") {
  const std::vector<std::string_view> path = {"a", "p"};
  for (const bool all : {false, true}) {
    CAPTURE(all);
    World world(
        {{"a.rego", std::string("package a\n\np := ") + (all ? "input" : "input.x") + "\n"}});
    const std::weak_ptr<const Policies> rules = world.engine.current();
    for (int i = 0; i < 2; ++i) {
      Value input = term::object(world.evaluator.arena());
      term::insert(world.evaluator.arena(), input, "x", Value::integer(i));
      REQUIRE(world.evaluator.evaluate(Path(path), input));
      CHECK(world.evaluator.may_have_read("x"));
      CHECK(world.evaluator.may_have_read("y") == all);
    }
    world.engine.activate(policies_of({{"data.json", R"({"a":{"p":7}})"}}));
    CHECK(world.at(path) == "7");
    CHECK(rules.expired());  // and so is the program that the machine ran last
    CHECK_FALSE(world.evaluator.may_have_read("x"));
    CHECK_FALSE(world.evaluator.may_have_read("y"));
    CHECK(world.at({"a", "none"}) == "");
    CHECK_FALSE(world.evaluator.may_have_read("x"));
  }
}

TEST_CASE("policy: the sources are kept with their packages") {
  const std::string text = "package a.b\n\np := 1\n";
  const auto made = policies_of({{"x/a.rego", text}});
  REQUIRE(made->sources().size() == 1);
  CHECK(made->sources()[0].id == "b/x/a.rego");
  CHECK(made->sources()[0].package == "a/b");
  CHECK(made->sources()[0].text == text);
  CHECK(made->find(std::vector<std::string_view>{"a", "b", "p"}).is_rule);
  CHECK(!made->find(std::vector<std::string_view>{"a", "b"}).is_rule);
}

class NotingZones final : public builtin::ZoneSource {
 public:
  Result<std::shared_ptr<const builtin::TimeZone>> find(std::string_view name) override {
    asked.emplace_back(name);
    return fail(Code::not_found, "unknown time zone");
  }
  std::vector<std::string> asked;
};

TEST_CASE("policy: time zones by name come from the source among the capabilities") {
  const auto zones = std::make_shared<NotingZones>();
  vm::Capabilities capabilities;
  capabilities.zones = zones;
  World world({{"a.rego", "package a\n\np := time.date([0, \"Europe/Here\"])\n"}}, capabilities);
  CHECK(world.at({"a", "p"}).empty());
  CHECK(zones->asked == std::vector<std::string>{"Europe/Here"});
}

}  // namespace
}  // namespace mc::policy
