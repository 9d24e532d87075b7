#include "access/access.h"

#include <atomic>
#include <thread>

#include "contract/access_world.h"
#include "json/json.h"

namespace mc::access {
namespace {

using testing::Ada;
using testing::joined;
using testing::masks_of;
using testing::people;
using testing::reading;
using testing::rules_of;

const std::string kAnswer = R"({"allow": true, "rules": ["r"], "reasons": [], "obligations": {}})";

struct World {
  explicit World(std::shared_ptr<const policy::Policies> policies) {
    engine.activate(std::move(policies));
  }
  Gate gate(DecisionLog* log = nullptr) { return Gate({engine, clock, random, log}); }
  Verdict decide(const Request& request) { return gate().decide(request); }

  sim::SimClock clock;
  sim::SimRandom inner;
  sim::SimFiles files;
  sys::Random& random = inner;
  policy::Engine engine;
};

Result<Verdict> read(const std::string& json, const Resource& resource) {
  const auto document = term::Document::parse(json);
  if (!document) FAIL(document.error().what);
  return read_verdict(document->root(), resource);
}

std::string with_obligations(const std::string& obligations) {
  return R"({"allow": true, "rules": [], "reasons": [], "obligations": )" + obligations + "}";
}

bool is_policy_error(const Verdict& verdict) {
  return !verdict.allow && verdict.reasons == std::vector<std::string>{"policy-error"} &&
         verdict.rule_ids.empty() && verdict.obligations == Obligations{} &&
         verdict.decision_id.starts_with("dec_");
}

TEST_CASE("access: an answer becomes a verdict") {
  const Resource resource = people();
  const auto verdict = read(R"({"allow": true, "rules": ["a", "b"], "reasons": ["c"],
    "obligations": {"step_up": true, "alert": true, "filter": ["email", "gone", "note"]},
    "more": "of the author's"})",
                            resource);
  REQUIRE(verdict.has_value());
  CHECK(verdict->allow);
  CHECK(joined(verdict->rule_ids) == "a b");
  CHECK(joined(verdict->reasons) == "c");
  CHECK(verdict->obligations.step_up);
  CHECK(verdict->obligations.alert);
  CHECK(verdict->obligations.filterable == std::vector<int>{2, 3});
  CHECK(verdict->obligations.masks.empty());
  const auto bare = read(R"({"allow": false, "rules": [], "reasons": []})", resource);
  REQUIRE(bare.has_value());
  CHECK(!bare->allow);
  CHECK(bare->obligations == Obligations{});
}

TEST_CASE("access: of several masks for a column the strictest stays") {
  struct Row {
    const char* obligations;
    const char* masks;
  };
  const Row rows[] = {
      {R"({"mask_class": {"personal": "hash", "unknown": "drop"}})", "keep keep hash keep keep"},
      {R"({"mask_class": {"personal": "hash"}, "mask": {"email": "partial"}})",
       "keep keep hash keep keep"},
      {R"({"mask_class": {"personal": "partial:2"}, "mask": {"email": "partial:3"}})",
       "keep keep partial:2 keep keep"},
      {R"({"mask_class": {"personal": "hash"}, "mask": {"email": "null"}})",
       "keep keep null keep keep"},
      {R"({"mask": {"email": "null"}, "redact": ["email", "id"]})", "drop keep drop keep keep"},
      {R"({"mask_class": {"personal": "keep"}, "mask": {"id": "keep"}})", ""},
      {R"({"mask_class": {}, "mask": {}, "redact": [], "filter": []})", ""},
      {R"({"mask": {"note": "generalise:12", "key": "tokenise"}})",
       "keep keep keep generalise:12 tokenise"}};
  const Resource resource = people();
  for (const Row& row : rows) {
    CAPTURE(row.obligations);
    const auto verdict = read(with_obligations(row.obligations), resource);
    REQUIRE(verdict.has_value());
    CHECK(masks_of(*verdict) == row.masks);
  }
}

TEST_CASE("access: an answer of another shape is refused by the name of the member") {
  struct Row {
    std::string answer;
    const char* named;
  };
  const std::string many = R"(["x")" + [] {
    std::string more;
    for (int i = 0; i < 256; ++i) more += R"(, "x")";
    return more;
  }() + "]";
  const std::string wide = R"([")" + std::string(129, 'x') + R"("])";
  const Row rows[] = {
      {"true", "decision"},
      {"[]", "decision"},
      {"{}", "allow"},
      {R"({"rules": [], "reasons": []})", "allow"},
      {R"({"allow": "true", "rules": [], "reasons": []})", "allow"},
      {R"({"allow": 1, "rules": [], "reasons": []})", "allow"},
      {R"({"allow": true, "reasons": []})", "rules"},
      {R"({"allow": true, "rules": "r", "reasons": []})", "rules"},
      {R"({"allow": true, "rules": {"r": "r"}, "reasons": []})", "rules"},
      {R"({"allow": true, "rules": [1], "reasons": []})", "rules"},
      {R"({"allow": true, "rules": )" + many + R"(, "reasons": []})", "rules: more than 256"},
      {R"({"allow": true, "rules": )" + wide + R"(, "reasons": []})", "rules: a text"},
      {R"({"allow": true, "rules": []})", "reasons"},
      {R"({"allow": true, "rules": [], "reasons": [null]})", "reasons"},
      {R"({"allow": true, "rules": [], "reasons": [], "obligations": null})", "obligations"},
      {R"({"allow": true, "rules": [], "reasons": [], "obligations": []})", "obligations"},
      {with_obligations(R"({"masks": {"email": "hash"}})"), "'masks'"},
      {with_obligations(R"({"mask_class": ["hash"]})"), "mask_class"},
      {with_obligations(R"({"mask_class": {"personal": 1}})"), "mask_class"},
      {with_obligations(R"({"mask_class": {"personal": "hsh"}})"), "'hsh'"},
      {with_obligations(R"({"mask_class": {"nobody's": "hsh"}})"), "'hsh'"},
      {with_obligations(R"({"mask": "hash"})"), "mask"},
      {with_obligations(R"({"mask": {"email": null}})"), "mask"},
      {with_obligations(R"({"mask": {"email": "partial:0"}})"), "partial:0"},
      {with_obligations(R"({"mask": {"e-mail": "hash"}})"), "no column 'e-mail'"},
      {with_obligations(R"({"redact": "email"})"), "redact"},
      {with_obligations(R"({"redact": [1]})"), "redact"},
      {with_obligations(R"({"redact": ["e-mail"]})"), "no column 'e-mail'"},
      {with_obligations(R"({"filter": "email"})"), "filter"},
      {with_obligations(R"({"filter": [["email"]]})"), "filter"},
      {with_obligations(R"({"step_up": "yes"})"), "step_up"},
      {with_obligations(R"({"step_up": null})"), "step_up"},
      {with_obligations(R"({"alert": 0})"), "alert"}};
  const Resource resource = people();
  const Ada ada;
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    const auto verdict = read(row.answer, resource);
    REQUIRE(!verdict.has_value());
    CHECK(verdict.error().code == Code::invalid);
    CAPTURE(verdict.error().what);
    CHECK(verdict.error().what.find(row.named) != std::string::npos);
    World world(rules_of("decision := " + row.answer));
    CHECK(is_policy_error(world.decide(reading(ada.caller, resource))));
  }
}

TEST_CASE("access: what only Rego can say is of another shape too") {
  const char* const decisions[] = {
      R"({"allow": true, "rules": {"r"}, "reasons": []})",
      R"({"allow": true, "rules": [], "reasons": set()})",
      R"({"allow": true, "rules": [], "reasons": [], "obligations": {"mask": {7: "hash"}}})",
      R"({"allow": true, "rules": [], "reasons": [], "obligations": {"mask_class": {7: "hash"}}})",
      R"({"allow": true, "rules": [], "reasons": [], "obligations": {["alert"]: true}})",
      R"({"allow": true, "rules": [], "reasons": [], "obligations": {"redact": {"email"}}})"};
  const Resource resource = people();
  const Ada ada;
  for (const char* const decision : decisions) {
    CAPTURE(decision);
    World world(rules_of(std::string("decision := ") + decision));
    CHECK(is_policy_error(world.decide(reading(ada.caller, resource))));
  }
}

TEST_CASE("access: no policies, no answer and an error all deny") {
  const Resource resource = people();
  const Ada ada;
  const Request request = reading(ada.caller, resource);
  policy::Engine none;
  sim::SimClock clock;
  sim::SimRandom random;
  const Verdict verdict = Gate({none, clock, random, nullptr}).decide(request);
  CHECK(is_policy_error(verdict));
  CHECK(verdict.revision.empty());
  struct Row {
    const char* name;
    std::string rego;
  };
  const Row rows[] = {
      {"another rule", "allow := true"},
      {"undefined", "decision := " + kAnswer + " if input.action == \"write\""},
      {"undefined member", R"(decision := {"allow": true, "rules": [], "reasons": input.none})"},
      {"conflict", "decision := " + kAnswer + " if true\ndecision := {\"allow\": true} if true"},
      {"too long", "decision := " + kAnswer +
                       " if count([1 | some i in numbers.range(1, 9000); some j in "
                       "numbers.range(1, 9000); i == "
                       "j]) > 0"},
      {"false", "decision := false"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world(rules_of(row.rego));
    const Verdict denied = world.decide(request);
    CHECK(is_policy_error(denied));
    CHECK(denied.revision == "main@r1");
  }
  World good(rules_of("decision := " + kAnswer));
  CHECK(good.decide(request).allow);
}

TEST_CASE("access: policies see the request as docs/formats/decision.md has it") {
  const std::string expected = R"({
    "action": "export", "purpose": "fraud-risk",
    "principal": {"id": "ada", "tenant": "alpha", "region": "eu", "roles": ["analyst", "dpo"],
                  "purposes": ["demo", "fraud-risk"], "kind": "person"},
    "tenant": {"id": "bravo", "region": "us"}, "node": {"region": "eu"},
    "resource": {"kind": "dataset", "name": "people", "purposes": ["demo"],
      "licence": "Open-Data-OK", "region": "eu",
      "columns": {
        "id": {"sensitivity": "public", "licence": "Open-Data-OK", "quasi_identifier": false},
        "team": {"sensitivity": "internal", "licence": "Open-Data-OK", "quasi_identifier": false},
        "email": {"sensitivity": "personal", "licence": "MIT-OK", "quasi_identifier": true},
        "note": {"sensitivity": "sensitive", "licence": "Open-Data-OK", "quasi_identifier": false},
        "key": {"sensitivity": "secret", "licence": "Open-Data-OK", "quasi_identifier": false}},
      "sensitivities": ["internal", "personal", "public", "secret", "sensitive"]},
    "time_ms": 1767225600000, "stepped_up": true,
    "warrant": {"id": "wrt_1", "kind": "legal", "reference": "TKT-1", "status": "active",
                "actions": ["read", "export"], "bound_to": "ada@alpha", "tenant": "bravo",
                "effective_ms": 1767225599000, "expires_ms": 1767225601000}})";
  World world(
      rules_of(R"(decision := {"allow": input == data.mc.expected, "rules": [], "reasons": []})",
               "r1", expected));
  Ada ada;
  ada.caller.roles.add(identity::Role::dpo);
  ada.caller.session_id = "ses_1";
  const WallTime now = world.clock.wall();
  const WarrantFacts warrant{.id = "wrt_1",
                             .kind = "legal",
                             .reference = "TKT-1",
                             .status = "active",
                             .actions = {"read", "export"},
                             .bound_to = "ada@alpha",
                             .expires = now + seconds(1),
                             .tenant = "bravo",
                             .effective = now + seconds(-1)};
  const Resource resource = people({"demo"});
  Request request = reading(ada.caller, resource);
  request.action = Action::export_;
  request.purpose = "fraud-risk";
  request.tenant = "bravo";
  request.tenant_region = "us";
  request.warrant = &warrant;
  request.stepped_up = true;
  CHECK(world.decide(request).allow);
  request.stepped_up = false;
  CHECK(!world.decide(request).allow);
}

TEST_CASE("access: who has a session or a proof is a person, a token is a machine's") {
  World world(
      rules_of(R"(decision := {"allow": true, "rules": [input.principal.kind], "reasons": []})"));
  const Resource resource = people();
  const auto kind = [&](const Ada& ada) {
    return joined(world.decide(reading(ada.caller, resource)).rule_ids);
  };
  CHECK(kind(Ada()) == "machine");
  Ada browser;
  browser.caller.session_id = "ses_1";
  CHECK(kind(browser) == "person");
  Ada vouched;
  vouched.caller.proof.emplace();
  CHECK(kind(vouched) == "person");
}

TEST_CASE("access: names of actions") {
  std::string names;
  for (int i = 0; i < 9; ++i) names += std::string(action_name(static_cast<Action>(i))) + " ";
  CHECK(names == "read aggregate write introspect forward export admin noised admit ");
}

TEST_CASE("access: the policies of a new installation decide") {
  World world(testing::policies_of(default_policies()));
  Ada ada;
  const Resource resource = people({"demo"});
  const Verdict verdict = world.decide(reading(ada.caller, resource));
  CHECK(verdict.allow);
  CHECK(verdict.reasons.empty());
  CHECK(joined(verdict.rule_ids) == "mask-personal mask-secret mask-sensitive role-analyst");
  CHECK(masks_of(verdict) == "keep keep hash partial drop");
  CHECK(verdict.obligations.filterable.empty());
  CHECK(verdict.revision == "main@default-1");
  Request abroad = reading(ada.caller, resource);
  abroad.tenant = "bravo";
  abroad.purpose = "";
  const Verdict denied = world.decide(abroad);
  CHECK(!denied.allow);
  CHECK(joined(denied.reasons) == "cross-tenant purpose-missing");
}

TEST_CASE("access: who has noised answers, and who has exact ones") {
  World world(testing::policies_of(default_policies()));
  using identity::Role;
  struct Row {
    Role role;
    bool noised, exact;
  };
  const Row rows[] = {{Role::analyst, true, false},     {Role::dpo, true, true},
                      {Role::tenant_admin, true, true}, {Role::operator_, false, true},
                      {Role::oncall, false, true},      {Role::platform, false, false},
                      {Role::auditor, false, false}};
  const Resource resource = people({"demo"});
  for (const Row& row : rows) {
    CAPTURE(identity::role_name(row.role));
    Ada ada;
    ada.caller.roles = {row.role};
    Request request = reading(ada.caller, resource);
    request.action = Action::noised;
    CHECK(world.decide(request).allow == row.noised);
    request.action = Action::aggregate;
    CHECK(world.decide(request).allow == row.exact);
    // A purpose is asked for all the same, and another tenant is another tenant's.
    request.action = Action::noised;
    request.purpose = "fraud-risk";
    CHECK_FALSE(world.decide(request).allow);
    Request abroad = reading(ada.caller, resource);
    abroad.action = Action::noised;
    abroad.tenant = "bravo";
    CHECK_FALSE(world.decide(abroad).allow);
  }
}

TEST_CASE("access: a column of a sensitivity that nobody knows is not shown") {
  World world(testing::policies_of(default_policies()));
  const Ada ada;
  const Resource odd({.kind = "dataset",
                      .name = "odd",
                      .purposes = {},
                      .licence_class = "",
                      .region = "",
                      .columns = {{"a", "Public", "", false},
                                  {"b", "", "", false},
                                  {"c", "public", "", false},
                                  {"d", "top-secret", "", false}}});
  const Verdict verdict = world.decide(reading(ada.caller, odd));
  CHECK(verdict.allow);
  CHECK(masks_of(verdict) == "drop drop keep drop");
}

TEST_CASE("access: ids are new each time, and the revision is that of the policies that decided") {
  World world(rules_of("decision := " + kAnswer, "one"));
  const Ada ada;
  const Resource resource = people();
  Gate gate = world.gate();
  const Verdict first = gate.decide(reading(ada.caller, resource));
  world.clock.advance(millis(1));
  const Verdict second = gate.decide(reading(ada.caller, resource));
  CHECK(first.revision == "main@one");
  CHECK(first.decision_id < second.decision_id);
  world.engine.activate(rules_of("decision := input.none", "two"));
  const Verdict third = gate.decide(reading(ada.caller, resource));
  CHECK(is_policy_error(third));
  CHECK(third.revision == "main@two");
}

TEST_CASE("access: no decision is made by two revisions while policies are swapped") {
  const auto policies = [](const std::string& name) {
    return rules_of(
        "decision := {\"allow\": true, \"rules\": [a], \"reasons\": [b]}\n\na := \"main@" + name +
            "\"\n\nb := \"main@" + name + "\"",
        name);
  };
  const std::shared_ptr<const policy::Policies> both[] = {policies("one"), policies("two")};
  World world(both[0]);
  std::atomic<int> mixed = 0, decided = 0;
  std::atomic<bool> end = false;
  const auto decide = [&](std::uint64_t seed) {
    const Ada ada;
    const Resource resource = people();
    sim::SimRandom random(seed);
    Gate gate({world.engine, world.clock, random, nullptr});
    while (!end) {
      const Verdict verdict = gate.decide(reading(ada.caller, resource));
      const bool whole = verdict.allow && verdict.rule_ids.size() == 1 &&
                         verdict.rule_ids == verdict.reasons &&
                         verdict.rule_ids.front() == verdict.revision;
      mixed += whole ? 0 : 1;
      ++decided;
    }
  };
  std::thread threads[] = {std::thread(decide, 1), std::thread(decide, 2)};
  for (int i = 0; decided < 2'000 || i < 500; ++i) world.engine.activate(both[i % 2]);
  end = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(mixed == 0);
}

TEST_CASE("access: a decision is logged in one line, which gives its input again") {
  World world(testing::policies_of(default_policies()));
  DecisionLog log(world.files, "decisions", {});
  Ada ada;
  ada.caller.session_id = "ses_1";
  const Resource resource = people({"demo"});
  const WarrantFacts warrant{.id = "wrt_1",
                             .kind = "legal",
                             .reference = "a \"quoted\"\nline",
                             .status = "active",
                             .actions = {"read"},
                             .bound_to = "ada@alpha",
                             .expires = world.clock.wall() + seconds(60),
                             .tenant = "alpha"};
  Gate gate = world.gate(&log);
  Request request = reading(ada.caller, resource);
  request.warrant = &warrant;
  const Verdict verdict = gate.decide(request);
  const auto logged = log.find(verdict.decision_id);
  REQUIRE((logged && *logged));
  CHECK((*logged)->json.find('\n') == std::string::npos);
  const auto line = json::parse((*logged)->json);
  REQUIRE(line.has_value());
  CHECK(*line->find("decision_id")->as_string() == verdict.decision_id);
  CHECK(*line->find("allowed")->as_bool() == verdict.allow);
  CHECK(*line->find("path")->as_string() == "mc/access/decision");
  CHECK(*line->find("revision")->as_string() == "main@default-1");
  CHECK(*line->find("masked")->find("email")->as_string() == "hash");
  CHECK(line->find("masked")->find("id") == nullptr);

  const FindResource find = [&](std::string_view kind, std::string_view name) {
    return kind == "dataset" && name == "people" ? &resource : nullptr;
  };
  policy::Evaluator evaluator(world.engine, world.clock, world.random);
  const term::Value input = input_of(evaluator.arena(), **logged, find);
  REQUIRE(input.is_object());
  const auto again = evaluator.evaluate("mc/access/decision", input);
  REQUIRE(again.has_value());
  const auto same = read_verdict(again->value, resource);
  REQUIRE(same.has_value());
  CHECK(same->allow == verdict.allow);
  CHECK(same->rule_ids == verdict.rule_ids);
  CHECK(same->obligations == verdict.obligations);
  term::Arena arena;
  CHECK(input_of(arena, **logged, [](auto, auto) { return nullptr; }).is_undefined());
  for (const char* const broken : {"", "{", "[]", "{}", R"({"input": []})", R"({"input": 1})"}) {
    CHECK(input_of(arena, {"dec_1", {}, true, broken}, find).is_undefined());
  }
}

TEST_CASE("access: the example of docs/formats/decision.md is a line as it is written") {
  World world(testing::policies_of(default_policies()));
  DecisionLog log(world.files, "decisions", {});
  Ada ada;
  ada.caller.tenant = TenantId("system");
  ada.caller.region = "local";
  ada.caller.roles = {identity::Role::operator_};
  const WarrantFacts warrant{.id = "wrt_01kdvk5c00e2xbhpbx1hj8zq5g",
                             .kind = "support-ticket",
                             .reference = "TKT-123",
                             .status = "active",
                             .actions = {"read"},
                             .bound_to = "",
                             .expires = world.clock.wall() + seconds(3'600),
                             .tenant = "alpha",
                             .effective = world.clock.wall()};
  const Resource resource = people({"demo"});
  Request request = reading(ada.caller, resource);
  request.warrant = &warrant;
  const Verdict verdict = world.gate(&log).decide(request);
  CHECK(verdict.allow);
  REQUIRE(log.flush().has_value());
  const std::string line = (*log.find(verdict.decision_id))->json;
  CHECK(*world.files.bytes_of("decisions/decisions-" + verdict.decision_id + ".jsonl") ==
        line + "\n");
  const auto page = sys::real_files()->read_all("docs/formats/decision.md");
  REQUIRE(page.has_value());
  CAPTURE(line);
  CHECK(page->find("\n```json\n" + line + "\n```\n") != std::string::npos);
  CHECK(page->find("one line of " + std::to_string(line.size() + 1) + " bytes") !=
        std::string::npos);
}

TEST_CASE(
    "access: of allowed decisions a share is logged by rule, of denied and notable ones all") {
  World world(rules_of(R"(decision := {
	"allow": input.purpose != "none",
	"rules": [concat("-", ["for", input.purpose])],
	"reasons": [],
	"obligations": {"alert": input.purpose == "alert", "step_up": input.purpose == "step"},
})"));
  const SamplingConfig shares{
      .otherwise = 0.5,
      .rules = {{"for-demo", 0.1}, {"for-none", 0}, {"for-alert", 0}, {"for-step", 0}}};
  DecisionLog log(world.files, "decisions", {.sample = shares});
  const Ada ada;
  const Resource resource = people();
  Gate gate = world.gate(&log);
  std::map<std::string, std::vector<std::string>> kept;
  std::size_t left_out = 0;
  for (int i = 0; i < 200; ++i) {
    for (const auto& [purpose, rate] : {std::pair<std::string, double>{"demo", 0.1},
                                        {"other", 0.5},
                                        {"none", 1},
                                        {"alert", 1},
                                        {"step", 1}}) {
      Request request = reading(ada.caller, resource);
      request.purpose = purpose;
      const Verdict verdict = gate.decide(request);
      CHECK(verdict.allow == (purpose != "none"));
      const auto line = *log.find(verdict.decision_id);
      CHECK(line.has_value() == is_kept(verdict.decision_id, rate));
      left_out += line ? 0 : 1;
      if (!line) continue;
      kept[purpose].push_back(line->id);
      std::string share = "\"rate\":";
      json::append_double(share, rate);
      CHECK(line->json.find(share + ",") != std::string::npos);
    }
  }
  for (const char* whole : {"none", "alert", "step"}) CHECK(kept[whole].size() == 200);
  CHECK(kept["demo"].size() < kept["other"].size());
  CHECK(kept["other"].size() < 200);
  CHECK(log.counters().sampled_out == left_out);
}

}  // namespace
}  // namespace mc::access
