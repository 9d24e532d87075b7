#include "access/explain.h"

#include <algorithm>

#include "contract/decided_world.h"

namespace mc::access {
namespace {

Explanation explained(World& world, const LoggedDecision& decision) {
  auto out = explain({world.engine.current(), world.clock, world.random, world.find()}, decision);
  REQUIRE_MESSAGE(out, (out ? "" : out.error().what));
  return std::move(*out);
}
Explanation explained(World& world, const Asking& asking) {
  return explained(world, world.logged(asking));
}

// "purpose=training", pairs joined by " and ".
std::vector<std::string> ways_of(const Explanation& explanation) {
  std::vector<std::string> out;
  for (const Explanation::Changes& changes : explanation.would_allow) {
    std::string& text = out.emplace_back();
    for (const Explanation::Change& one : changes) {
      text += (text.empty() ? "" : " and ") + one.what + "=" + one.to;
    }
  }
  return out;
}

const Explanation::Input* input_named(const Explanation& explanation, std::string_view name) {
  const auto found = std::find_if(explanation.inputs.begin(), explanation.inputs.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found == explanation.inputs.end() ? nullptr : &*found;
}

TEST_CASE("explain: finds the one change that a denied request would have been allowed with") {
  World world;
  struct Row {
    const char* name;
    Asking asking;
    std::vector<std::string> ways;
  };
  Asking none;
  none.purpose = "";
  Asking other;
  other.purposes = {"support", "training"};
  other.purpose = "support";
  other.resource = "scores";
  Asking foreign;
  foreign.data_of = "bravo";
  Asking ungranted;
  ungranted.purpose = "support";
  Asking powerless;
  powerless.roles = {identity::Role::oncall};
  powerless.action = Action::write;
  Asking far;
  far.region = "us";
  Asking misplaced;
  misplaced.node_region = "us";
  Asking named;
  named.warrant = active_warrant();
  named.warrant->status = "revoked";
  const Row rows[] = {
      {"purpose missing", none, {"purpose=investigation"}},
      {"purpose of the resource", other, {"purpose=training"}},
      {"purpose not granted", ungranted, {"purpose=investigation", "granted-purpose=support"}},
      {"another tenant", foreign, {"warrant=active", "tenant=bravo"}},
      {"no role", powerless, {"role=operator", "role=platform"}},
      {"another region", far, {"warrant=active", "region=eu"}},
      {"a server elsewhere", misplaced, {"region=eu"}},
      {"a warrant that opens nothing", named, {"warrant=active", "no-warrant="}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Explanation out = explained(world, row.asking);
    CHECK(ways_of(out) == row.ways);
    CHECK(out.tried > 0);
    CHECK(out.same);
  }
}

TEST_CASE("explain: looks for pairs when no single change does, and for nothing when allowed") {
  World world;
  Asking asking;
  asking.purpose = "";
  asking.data_of = "bravo";
  const Explanation out = explained(world, asking);
  CHECK(ways_of(out) == std::vector<std::string>{"purpose=investigation and warrant=active",
                                                 "purpose=investigation and tenant=bravo"});
  CHECK(out.would_allow[0][0].text == "with the purpose 'investigation'");
  CHECK(out.tried <= kTriesMax);
  // Three things are wrong: no pair is enough, and no end is missed.
  asking.node_region = "us";
  const Explanation hopeless = explained(world, asking);
  CHECK(hopeless.would_allow.empty());
  CHECK(hopeless.tried > out.tried / 2);
  CHECK(hopeless.tried <= kTriesMax);
  const Explanation allowed = explained(world, Asking{});
  CHECK(allowed.would_allow.empty());
  CHECK(allowed.tried == 0);
}

TEST_CASE("explain: many purposes and a policy that denies all stay within the tries") {
  World world;
  world.engine.activate(compiled(changed_files(
      "mc/access/rules.rego", "denied_by contains \"purpose-missing\"",
      "denied_by contains \"closed\" if true\n\ndenied_by contains \"purpose-missing\"")));
  Asking asking;
  asking.purposes.clear();
  for (int i = 0; i < 500; ++i) asking.purposes.push_back("p" + std::to_string(i));
  const Explanation out = explained(world, asking);
  CHECK(out.would_allow.empty());
  CHECK(out.tried <= kTriesMax);
  CHECK(out.tried > 100);
}

TEST_CASE("explain: tells the rules with their metadata, and what they read") {
  World world;
  Asking asking;
  asking.data_of = "bravo";
  asking.purpose = "";
  const Explanation out = explained(world, asking);
  const auto rule = [&](std::string_view id) {
    const auto found = std::find_if(out.rules.begin(), out.rules.end(),
                                    [&](const auto& each) { return each.id == id; });
    REQUIRE(found != out.rules.end());
    return *found;
  };
  CHECK(rule("cross-tenant").denies);
  REQUIRE(rule("cross-tenant").note != nullptr);
  CHECK(rule("cross-tenant").note->title == "No tenant reaches into another one");
  CHECK(rule("cross-tenant").note->file == "policies/mc/access/rules.rego");
  CHECK(!rule("role-analyst").denies);
  REQUIRE(rule("role-analyst").note != nullptr);
  CHECK(rule("role-analyst").note->id == "role-*");
  // Through crosses_tenants and warranted, which the rule asks.
  const Explanation::Input* const theirs = input_named(out, "tenant.id");
  REQUIRE(theirs != nullptr);
  CHECK(theirs->json == "\"bravo\"");
  CHECK(theirs->rules == std::vector<std::string>{"cross-tenant"});
  REQUIRE(input_named(out, "principal.tenant") != nullptr);
  REQUIRE(input_named(out, "warrant") != nullptr);
  CHECK(!input_named(out, "warrant")->json);
  CHECK(input_named(out, "warrant.status") == nullptr);
  CHECK(input_named(out, "node.region") == nullptr);
  CHECK(out.summary ==
        "Denied: read of dataset 'events' by ann without a purpose; cross-tenant (No tenant "
        "reaches into another one), purpose-missing (A request states its purpose).");
}

TEST_CASE("explain: a rule of its own id is not taken for one of a family") {
  World world;
  world.engine.activate(
      compiled(changed_files("mc/access/rules.rego", "crosses_tenants if",
                             "denied_by contains \"role-closed\" if input.tenant.id == \"acme\"\n\n"
                             "crosses_tenants if")));
  const Explanation out = explained(world, Asking{});
  REQUIRE(out.rules.back().id == "role-closed");
  CHECK(out.rules.back().note->title.empty());
  REQUIRE(input_named(out, "tenant.id") != nullptr);
  CHECK(input_named(out, "tenant.id")->rules == std::vector<std::string>{"role-closed"});
  REQUIRE(input_named(out, "action") != nullptr);
  CHECK(input_named(out, "action")->rules == std::vector<std::string>{"role-analyst"});
}

TEST_CASE("explain: a reason that no rule has is told as well") {
  World world;
  Asking asking;
  asking.roles = {};
  const Explanation out = explained(world, asking);
  const auto found = std::find_if(out.rules.begin(), out.rules.end(),
                                  [](const auto& each) { return each.id == "role"; });
  REQUIRE(found != out.rules.end());
  CHECK(found->denies);
  CHECK(found->note == nullptr);
}

TEST_CASE("explain: masks stand with the sensitivity of their column") {
  World world;
  Asking asking;
  asking.purposes = {"support"};
  asking.purpose = "support";
  const Explanation out = explained(world, asking);
  REQUIRE(out.masks.size() == 2);
  CHECK(out.masks[0].column == "card");
  CHECK(out.masks[0].mask == "drop");
  CHECK(out.masks[0].sensitivity == "secret");
  CHECK(out.masks[1].column == "user");
  CHECK(out.summary.ends_with("; 2 columns masked."));
}

TEST_CASE("explain: says when the policies have changed since, and what they would decide") {
  World world;
  const LoggedDecision before = world.logged({});
  Explanation out = explained(world, before);
  CHECK(!out.now->policies_changed);
  CHECK(out.same);
  Files files =
      changed_files("mc/settings/data.json", R"("investigation", "support")", R"("support")");
  for (archive::Entry& file : files) {
    if (file.path == ".manifest") file.bytes.replace(file.bytes.find("one"), 3, "two");
  }
  world.engine.activate(compiled(files));
  out = explained(world, before);
  CHECK(out.now->policies_changed);
  CHECK(out.now->revision == "policies@two");
  CHECK(!out.same);
  REQUIRE(out.now->outcome);
  CHECK(out.now->outcome->reasons == std::vector<std::string>{"purpose-unknown"});
}

TEST_CASE("explain: where others decide, rules and masks are told and nothing is tried") {
  World world;
  Asking asking;
  asking.purpose = "";
  const LoggedDecision decision = world.logged(asking);
  const auto out = explain({nullptr, world.clock, world.random, world.find()}, decision);
  REQUIRE_MESSAGE(out, out.error().what);
  CHECK(out->summary.find("purpose-missing") != std::string::npos);
  REQUIRE(!out->rules.empty());
  for (const Explanation::Rule& rule : out->rules) CHECK(rule.note == nullptr);
  CHECK(out->inputs.empty());
  REQUIRE(out->masks.size() == 2);
  CHECK(out->masks[0].sensitivity == "secret");
  CHECK(!out->now);
  CHECK(!out->same);
  CHECK(out->would_allow.empty());
  CHECK(out->tried == 0);
}

TEST_CASE("explain: a decision whose resource has gone is told without the verdict of now") {
  World world;
  Asking asking;
  asking.resource = "scores";
  const LoggedDecision decision = world.logged(asking);
  world.resources.pop_back();
  const Explanation out = explained(world, decision);
  CHECK(!out.now->outcome);
  CHECK(!out.same);
  CHECK(out.tried == 0);
  const auto broken = explain({world.engine.current(), world.clock, world.random, world.find()},
                              {"dec_x", {}, false, R"({"decision_id":"dec_x","input":[]})"});
  REQUIRE(!broken);
  CHECK(broken.error().code == Code::corrupt);
}

}  // namespace
}  // namespace mc::access
