#include "access/what_if.h"

#include "contract/decided_world.h"

namespace mc::access {
namespace {

class FixedClock final : public sys::Clock {
 public:
  explicit FixedClock(WallTime at) : at_(at) {}
  WallTime wall() override { return at_; }
  MonoTime mono() override { return {0}; }

 private:
  WallTime at_;
};

template <class T>
const T& any_of(sim::SimRandom& random, const std::vector<T>& from) {
  return from[random.next_u64() % from.size()];
}

Asking any_asking(sim::SimRandom& random, WallTime now) {
  using identity::Flags;
  using identity::Role;
  const std::vector<std::string> tenants = {"acme", "bravo", "system"};
  const std::vector<std::string> purposes = {"investigation", "fraud-risk", "training", "support",
                                             "cooking"};
  Asking out;
  out.tenant = any_of(random, tenants);
  out.data_of = random.next_u64() % 3 != 0 ? out.tenant : any_of(random, tenants);
  out.region = any_of<std::string>(random, {"eu", "us", ""});
  out.data_region = any_of<std::string>(random, {"eu", "us"});
  out.roles = any_of<Flags<Role>>(
      random,
      {{Role::analyst}, {Role::dpo}, {Role::operator_, Role::analyst}, {Role::auditor}, {}});
  out.purposes = {any_of(random, purposes), any_of(random, purposes)};
  out.purpose = random.next_u64() % 4 != 0 ? out.purposes[0] : any_of(random, purposes);
  if (random.next_u64() % 10 == 0) out.purpose = "";
  out.action = any_of<Action>(random, {Action::read, Action::aggregate, Action::export_});
  out.resource = any_of<std::string>(random, {"events", "scores"});
  out.stepped_up = random.next_u64() % 2 == 0;
  if (random.next_u64() % 4 == 0) {
    // Some end within the milliseconds in which the decisions are made.
    out.warrant = active_warrant();
    out.warrant->expires = now + millis(static_cast<std::int64_t>(random.next_u64() % 14));
  }
  return out;
}

// The texts of the masks, column by column.
std::vector<std::string> masks_of(const Verdict& verdict, const Resource& resource) {
  std::vector<std::string> out(resource.facts().columns.size());
  for (std::size_t i = 0; i < verdict.obligations.masks.size(); ++i) {
    out[i] = mask::to_text(verdict.obligations.masks[i]);
  }
  for (std::string& text : out) {
    if (text == "keep") text.clear();
  }
  return out;
}

// Slow and obvious: every request is asked again at a gate of its own, and nothing is read back.
struct Twin {
  struct Past {
    Asking asking;
    Verdict verdict;
    WallTime at;
  };
  World& world;
  std::vector<Past> past = {};

  void ask(const Asking& asking) {
    Verdict verdict = world.decide(asking);
    past.push_back({asking, std::move(verdict), world.clock.wall()});
  }
  std::vector<std::string> changed(const std::shared_ptr<const policy::Policies>& candidate) {
    policy::Engine engine;
    engine.activate(candidate);
    std::vector<std::string> out;
    for (const Past& one : past) {
      FixedClock at(one.at);
      const Verdict after = world.decide_by(engine, one.asking, at, nullptr);
      const Resource& resource = *world.find()("dataset", one.asking.resource);
      const bool same = after.allow == one.verdict.allow && after.reasons == one.verdict.reasons &&
                        masks_of(after, resource) == masks_of(one.verdict, resource);
      if (!same) out.push_back(one.verdict.decision_id);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
};

// Queries for one thing.
WhatIfQuery of_tenant(const std::string& tenant) {
  WhatIfQuery out;
  out.tenant = tenant;
  return out;
}
WhatIfQuery of_time(WallTime from, WallTime to) {
  WhatIfQuery out;
  out.from = from;
  out.to = to;
  return out;
}
WhatIfQuery of_first(std::size_t limit) {
  WhatIfQuery out;
  out.limit = limit;
  return out;
}
WhatIfQuery told_by(std::function<bool(std::size_t, std::size_t)> progress) {
  WhatIfQuery out;
  out.progress = std::move(progress);
  return out;
}

WhatIf tried(World& world, const std::shared_ptr<const policy::Policies>& candidate,
             WhatIfQuery query = {}) {
  auto out = what_if({candidate, world.log, world.clock, world.random, world.find()}, query);
  REQUIRE(out);
  return std::move(*out);
}

std::vector<std::string> ids_of(const WhatIf& result) {
  std::vector<std::string> out;
  for (const WhatIf::Changed& one : result.changed) out.push_back(one.decision.id);
  return out;
}

const std::string kSettings = "mc/settings/data.json";

TEST_CASE("what-if: names exactly the decisions that a slow and obvious twin finds changed") {
  World world;
  Twin twin{world};
  for (int i = 0; i < 400; ++i) {
    if (i == 250) REQUIRE(world.log.flush());  // some on disk, some queued
    twin.ask(any_asking(world.random, world.clock.wall()));
  }
  struct Row {
    const char* name;
    Files files;
    bool changes;
  };
  const Row rows[] = {
      {"the same", policy_files(), false},
      {"another revision alone", changed_files(".manifest", "one", "two"), false},
      {"another title alone", changed_files("mc/access/rules.rego", "states its", "says its"),
       false},
      {"dpo reads less", changed_files(kSettings, R"("dpo": ["read", )", R"("dpo": [)"), true},
      {"another mask", changed_files(kSettings, R"("personal": "hash")", R"("personal": "drop")"),
       true},
      {"a purpose is gone", changed_files(kSettings, R"("training"])", R"("teaching"])"), true},
      {"warrants open nothing",
       changed_files("mc/access/rules.rego", "input.warrant.expires_ms > input.time_ms", "false"),
       true},
      {"another reason for the same denial",
       changed_files("mc/access/rules.rego", R"("cross-tenant" if)", R"("other-tenant" if)"), true},
      {"one more rule",
       changed_files("mc/access/rules.rego", "crosses_tenants if",
                     "denied_by contains \"late\" if input.time_ms % 2 == 0\n\ncrosses_tenants if"),
       true},
      {"an answer of another shape",
       changed_files("mc/access/decision.rego", R"("allow": allow)", R"("allow": "yes")"), true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto candidate = compiled(row.files);
    const std::vector<std::string> wanted = twin.changed(candidate);
    CHECK(wanted.empty() == !row.changes);
    const WhatIf found = tried(world, candidate);
    CHECK(ids_of(found) == wanted);
    CHECK(found.decisions == 400);
    CHECK(found.unchanged == 400 - wanted.size());
    CHECK(found.skipped.empty());
    CHECK(found.complete);
    CHECK(found.revision == candidate->revision());
  }
}

TEST_CASE("what-if: says what was and what would be") {
  World world;
  Asking asking;
  const std::string id = world.decide(asking).decision_id;
  const auto mask = tried(
      world, compiled(changed_files(kSettings, R"("secret": "drop")", R"("secret": "hash")")));
  REQUIRE(mask.changed.size() == 1);
  CHECK(mask.changed[0].decision.id == id);
  CHECK(mask.changed[0].decision.principal == "ann");
  CHECK(mask.changed[0].decision.resource_name == "events");
  CHECK(mask.changed[0].decision.outcome ==
        Outcome{.allow = true, .reasons = {}, .masked = {{"card", "drop"}}});
  CHECK(mask.changed[0].after ==
        Outcome{.allow = true, .reasons = {}, .masked = {{"card", "hash"}}});
  const auto deny = tried(world, compiled(changed_files(kSettings, R"("investigation", )", "")));
  REQUIRE(deny.changed.size() == 1);
  CHECK(!deny.changed[0].after.allow);
  CHECK(deny.changed[0].after.reasons == std::vector<std::string>{"purpose-unknown"});
  // What cannot be decided is denied, as at the gate.
  const auto broken = tried(world, policy::Policies::none());
  REQUIRE(broken.changed.size() == 1);
  CHECK(broken.changed[0].after ==
        Outcome{.allow = false, .reasons = {"policy-error"}, .masked = {}});
}

TEST_CASE("what-if: counts what it passes over, with why, and takes only what is asked for") {
  World world;
  Asking scores;
  scores.resource = "scores";
  Asking bravo;
  bravo.tenant = bravo.data_of = "bravo";
  world.decide({});
  const WallTime middle = world.clock.wall() + millis(1);
  world.decide(scores);
  world.decide(bravo);
  world.log.add({"dec_zzz", world.clock.wall(), true,
                 R"({"decision_id":"dec_zzz","at_ms":1,"allowed":true,"tenant":"acme"})"});
  const auto none = policy::Policies::none();
  CHECK(ids_of(tried(world, none)).size() == 3);
  CHECK(tried(world, none).skipped == std::map<std::string, std::size_t>{{"unreadable", 1}});
  world.resources.pop_back();
  const WhatIf all = tried(world, none);
  CHECK(all.decisions == 4);
  CHECK(all.changed.size() == 2);
  CHECK(all.skipped == std::map<std::string, std::size_t>{{"resource-gone", 1}, {"unreadable", 1}});

  const WhatIf one = tried(world, none, of_tenant("bravo"));
  CHECK(one.decisions == 1);
  REQUIRE(one.changed.size() == 1);
  CHECK(one.changed[0].decision.tenant == "bravo");
  CHECK(tried(world, none, of_time(middle, WallTime{INT64_MAX})).decisions == 3);
  CHECK(tried(world, none, of_time({}, middle)).decisions == 1);

  const WhatIf few = tried(world, none, of_first(2));
  CHECK(few.decisions == 2);
  CHECK(!few.complete);
  CHECK(tried(world, none, of_first(4)).complete);

  WhatIfQuery gated;
  gated.passes_over = [](const std::string& tenant) {
    return std::string(tenant == "bravo" ? "gate-shut" : "");
  };
  const WhatIf shut = tried(world, none, gated);
  CHECK(shut.changed.size() == 1);
  CHECK(shut.skipped.at("gate-shut") == 1);
}

TEST_CASE("what-if: tells how far it is, and ends when it is told to") {
  World world;
  for (int i = 0; i < 2'500; ++i) world.decide({});
  std::vector<std::size_t> told;
  const WhatIf all = tried(world, policy::Policies::none(),
                           told_by([&](std::size_t decisions, std::size_t changed) {
                             CHECK(changed == decisions);
                             told.push_back(decisions);
                             return true;
                           }));
  CHECK(told == std::vector<std::size_t>{1'000, 2'000, 2'500});
  CHECK(all.complete);
  const WhatIf ended = tried(world, policy::Policies::none(),
                             told_by([](std::size_t, std::size_t) { return false; }));
  CHECK(ended.decisions == 1'000);
  CHECK(!ended.complete);
}

}  // namespace
}  // namespace mc::access
