#include <random>
#include <set>

#include "contract/access_world.h"
#include "json/json.h"

namespace mc::access {
namespace {

using testing::Ada;
using testing::joined;
using testing::masks_of;
using testing::people;
using testing::policies_of;
using testing::reading;
using testing::rules_of;

std::string shown(const Verdict& verdict) {
  return std::string(verdict.allow ? "allow " : "deny ") + joined(verdict.rule_ids) + "; " +
         joined(verdict.reasons) + "; " + masks_of(verdict) + "; " + verdict.revision +
         (verdict.obligations.alert ? " alert" : "") +
         (verdict.obligations.step_up ? " step-up" : "");
}

// A gate reads the time so often for a decision, and an evaluation once more: so it shows whether
// the policies were asked.
constexpr int kReadings = 2;

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

struct Decided {
  CountingClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  policy::Engine engine;
  DecisionLog log{files, "/decisions", {}};
  Gate gate{{engine, clock, random, &log}};

  // What the gate says, and how often the policies were asked for that.
  std::string decide(const Request& request) {
    const int before = clock.readings;
    const Verdict verdict = gate.decide(request);
    evaluations = clock.readings - before - kReadings;
    return shown(verdict);
  }
  int evaluations = 0;

  // What a gate says that has never been asked before.
  std::string anew(const Request& request) {
    Gate fresh({engine, clock, random, nullptr});
    const int before = clock.readings;
    const Verdict verdict = fresh.decide(request);
    CHECK(clock.readings - before == kReadings + 1);
    return shown(verdict);
  }
};

// Callers, purposes, tenants and resources of a few values each, in so many questions that come
// again and again.
class Questions {
 public:
  static constexpr std::size_t kQuestions = 400;
  Questions() {
    resources_.push_back(people());
    resources_.push_back(people({"fraud-risk"}));
    Resource::Facts route;
    route.kind = "route";
    route.name = "/up";
    resources_.emplace_back(std::move(route));
  }
  Request next(Ada& ada, const WarrantFacts& warrant) {
    std::mt19937_64 own(below(kQuestions));
    const auto pick = [&](std::size_t bound) { return own() % bound; };
    identity::Caller& caller = ada.caller;
    caller.principal = PrincipalId(pick(2) == 0 ? "ada" : "ben");
    caller.tenant = TenantId(pick(4) == 0 ? "system" : "alpha");
    caller.region = pick(5) == 0 ? "us" : "eu";
    caller.roles = {};
    if (pick(2) == 0) caller.roles.add(identity::Role::analyst);
    if (pick(3) == 0) caller.roles.add(identity::Role::operator_);
    if (pick(6) == 0) caller.roles.add(identity::Role::auditor);
    caller.purposes = {"demo"};
    if (pick(2) == 0) caller.purposes.push_back("fraud-risk");
    caller.session_id = pick(3) == 0 ? "ses_1" : "";
    constexpr std::string_view kPurposes[] = {"demo", "fraud-risk", "", "curiosity"};
    constexpr Action kActions[] = {Action::read, Action::write, Action::aggregate, Action::admin};
    constexpr std::string_view kRegions[] = {"eu", "us", "", "local"};
    Request out = reading(caller, resources_[pick(resources_.size())]);
    out.purpose = kPurposes[pick(4)];
    out.action = kActions[pick(4)];
    out.tenant = pick(4) == 0 ? "bravo" : "alpha";
    out.tenant_region = kRegions[pick(2)];
    out.node_region = kRegions[pick(4)];
    out.stepped_up = pick(2) == 0;
    out.warrant = pick(3) == 0 ? &warrant : nullptr;
    return out;
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  std::mt19937_64 random_{11};
  std::vector<Resource> resources_;
};

TEST_CASE("memo: a gate that remembers says what one says that was never asked") {
  Decided it;
  Ada ada;
  Questions questions;
  const auto built_in = policies_of(default_policies());
  const auto other = rules_of(R"(decision := {"allow": input.purpose == "demo", "rules": ["other"],
    "reasons": [], "obligations": {"mask_class": {"personal": "null"}}})",
                              "r2");
  it.engine.activate(built_in);
  WarrantFacts warrant{"wrt_1", "support-ticket", "TKT-1", "active", {"read"}, "", {}, "bravo", {}};
  std::set<std::string> different;
  int evaluations = 0, remembered = 0, returned = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (questions.below(500) == 0) it.engine.activate(questions.below(2) == 0 ? other : built_in);
    if (questions.below(50) == 0) it.clock.advance(seconds(60));
    warrant.effective = it.clock.wall() - seconds(60);
    warrant.expires =
        it.clock.wall() + (questions.below(2) == 0 ? seconds(60) : Nanos{} - seconds(1));
    const Request request = questions.next(ada, warrant);
    for (const bool again : {false, true}) {
      const std::string said = it.decide(request);
      REQUIRE((it.evaluations == 0 || it.evaluations == 1));
      if (request.warrant != nullptr) CHECK(it.evaluations == 1);
      if (request.warrant == nullptr && again) CHECK(it.evaluations == 0);
      (it.evaluations == 0 ? remembered : evaluations) += 1;
      if (it.evaluations == 0 && !again) ++returned;
      CHECK(said == it.anew(request));
      different.insert(said);
      it.clock.advance(seconds(1));
    }
  }
  CHECK(different.size() > 50);
  CHECK(returned > 1'000);  // questions that came again behind others
  CHECK(evaluations > 10'000);
  MESSAGE(different.size(), " different verdicts, ", remembered, " remembered");
}

TEST_CASE("memo: what depends on the time or on chance is asked anew") {
  struct Row {
    std::string_view name;
    std::string rule;
  };
  const Row rows[] = {
      {"the time of the input", "input.time_ms % 2000 == 0"},
      {"all of the input",
       "count([v | v := input[_]; v == input.time_ms]) >= 1; "
       "input.time_ms % 2000 == 0"},
      {"a member of a name that is found", R"(some k in ["time_ms"]; input[k] % 2000 == 0)"},
      {"the clock", "time.now_ns() % 2000000000 < 1000000000"},
      {"the input with another member", R"(t := input.time_ms
    x with input.purpose as t)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Decided it;
    const Ada ada;
    it.engine.activate(
        rules_of("decision := {\"allow\": true, \"rules\": rules, \"reasons\": [], "
                 "\"obligations\": {}}\n\nx if input.purpose % 2000 == 0\n\n"
                 "rules := [\"even\"] if {\n    " +
                 row.rule + "\n} else := [\"odd\"]"));
    const Resource resource = people();
    std::set<std::string> said;
    for (int i = 0; i < 4; ++i) {
      said.insert(it.decide(reading(ada.caller, resource)));
      CHECK(it.evaluations == 1);
      it.clock.advance(seconds(1));
    }
    CHECK(said.size() == 2);
  }
}

TEST_CASE("memo: the same question is put to the same policies once") {
  Decided it;
  Ada ada;
  const Resource resource = people(), other = people();
  const auto policies = policies_of(default_policies());
  it.engine.activate(policies);
  const auto asks = [&](const Request& request) {
    it.clock.advance(seconds(1));
    it.decide(request);
    return it.evaluations;
  };
  const Request request = reading(ada.caller, resource);
  CHECK(asks(request) == 1);
  for (int i = 0; i < 3; ++i) CHECK(asks(request) == 0);
  Request again = reading(ada.caller, resource);
  again.request_id = "req_2";
  CHECK(asks(again) == 0);
  const Request elsewhere = reading(ada.caller, other);
  CHECK(asks(elsewhere) == 1);
  CHECK(asks(elsewhere) == 0);
  Request writing = request;
  writing.action = Action::write;
  CHECK(asks(writing) == 1);
  ada.caller.region = "us";  // of the same principal
  CHECK(asks(request) == 1);
  CHECK(asks(request) == 0);
  it.engine.activate(policies);
  CHECK(asks(request) == 1);
  CHECK(asks(request) == 0);
  WarrantFacts warrant{"wrt_1", "support-ticket", "TKT-1", "active", {"read"}, "", {}, "alpha", {}};
  Request opened = request;
  opened.warrant = &warrant;
  for (int i = 0; i < 3; ++i) CHECK(asks(opened) == 1);
  CHECK(asks(request) == 0);
}

TEST_CASE("memo: data that decide in place of rules are asked and remembered") {
  Decided it;
  const Ada ada;
  const Resource resource = people();
  const Request request = reading(ada.caller, resource);
  for (const char* rules : {"input.purpose", "input", "input.time_ms"}) {
    CAPTURE(rules);
    it.engine.activate(rules_of(std::string("x := ") + rules +
                                "\n\ndecision := {\"allow\": true, \"rules\": [\"r\"], "
                                "\"reasons\": [], \"obligations\": {}} if x != null"));
    CHECK(it.decide(request).starts_with("allow r;"));
    CHECK(it.evaluations == 1);
    it.engine.activate(policies_of(
        {{"data.json",
          R"({"mc":{"access":{"decision":{"allow":false,"rules":["x"],"reasons":[]}}}})"}}));
    for (int i = 0; i < 2; ++i) {
      CHECK(it.decide(request).starts_with("deny x;"));
      CHECK(it.evaluations == 0);  // no rule is there to evaluate
    }
  }
}

TEST_CASE("memo: each decision has its own id, time and line") {
  Decided it;
  const Ada ada;
  it.engine.activate(policies_of(default_policies()));
  const Resource resource = people();
  std::set<std::string> ids, rest;
  for (int i = 0; i < 5; ++i) {
    Request request = reading(ada.caller, resource);
    const std::string id = "req_\"" + std::to_string(i);
    request.request_id = id;
    const Verdict verdict = it.gate.decide(request);
    ids.insert(verdict.decision_id);
    const auto line = it.log.find(verdict.decision_id);
    REQUIRE(line);
    REQUIRE(line->has_value());
    auto parsed = json::parse((*line)->json);
    REQUIRE(parsed);
    CHECK(*parsed->find("request_id")->as_string() == id);
    CHECK(*parsed->find("decision_id")->as_string() == verdict.decision_id);
    CHECK(*parsed->find("at_ms")->as_int() == to_unix_ms(it.clock.wall()));
    CHECK(*parsed->find("input")->find("time_ms")->as_int() == to_unix_ms(it.clock.wall()));
    json::Object& object = *parsed->as_object();
    for (const char* own : {"request_id", "decision_id", "at_ms"}) object.erase(own);
    object.find("input")->as_object()->erase("time_ms");
    rest.insert(json::canonical(object));
    it.clock.advance(seconds(1));
  }
  CHECK(ids.size() == 5);
  CHECK(rest.size() == 1);
}

}  // namespace
}  // namespace mc::access
