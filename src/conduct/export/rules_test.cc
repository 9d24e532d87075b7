// What policies say of exports, read and held against profiles.
#include "export/rules.h"

#include <doctest/doctest.h>

#include "contract/export_world.h"

namespace mc::exporting {
namespace {

CriterionSettings criterion(CriterionKind kind, const std::string& l, const std::string& c = "",
                            const std::string& t = "") {
  return {.kind = kind, .l = l, .c = c, .t = t};
}

Result<Rules> read(const std::string& json) {
  term::Document document = *term::Document::parse(json);
  return read_rules(document.root());
}

std::string what(const Status& status) {
  return status ? "" : status.error().what;
}

TEST_CASE("rules: an answer of another shape is none") {
  const std::string bound =
      R"({"rule":"b","k":10,"suppression_ppm":20000,"criteria":[{"kind":"distinct-l","l":"2"}]})";
  const std::string good = R"({"allow":true,"rules":["r"],"reasons":[],"bounds":[)" + bound + "]}";
  const Result<Rules> whole = read(good);
  REQUIRE(whole);
  CHECK(whole->bounds ==
        std::vector<Bound>{{"b", 10, 20'000, {criterion(CriterionKind::distinct_l, "2")}}});
  const auto bounds = [](const std::string& list) {
    return R"({"allow":true,"rules":[],"reasons":[],"bounds":[)" + list + "]}";
  };
  const auto bound_of = [&](const std::string& k, const std::string& ppm, const std::string& list) {
    return bounds(R"({"rule":"b","k":)" + k + R"(,"suppression_ppm":)" + ppm + R"(,"criteria":[)" +
                  list + "]}");
  };
  CHECK(read(bound_of("1", "0", "")));
  for (const std::string& bad : std::vector<std::string>{
           "{}", "true", "[]", bounds(""), R"({"allow":true,"rules":[],"reasons":[]})",
           R"({"allow":1,"rules":[],"reasons":[],"bounds":[)" + bound + "]}",
           R"({"allow":true,"rules":[7],"reasons":[],"bounds":[)" + bound + "]}",
           R"({"allow":true,"rules":[],"reasons":[],"more":1,"bounds":[)" + bound + "]}",
           bounds(R"({"rule":"b","k":10})"), bound_of("-1", "0", ""), bound_of("1.5", "0", ""),
           bound_of("1", "1000001", ""), bound_of("1", "0", R"({"kind":"odd","l":"2"})"),
           bound_of("1", "0", R"({"kind":"distinct-l","l":"1"})")}) {
    CAPTURE(bad);
    CHECK_FALSE(read(bad));
  }
  CHECK(read(R"({"allow":false,"rules":[],"reasons":["no"],"bounds":[]})"));
}

TEST_CASE("rules: a criterion implies what each table that fulfils it fulfils, and nothing else") {
  using K = CriterionKind;
  struct Row {
    CriterionSettings asked, wanted;
    bool implies;
  };
  const Row rows[] = {
      {criterion(K::distinct_l, "2"), criterion(K::distinct_l, "2"), true},
      {criterion(K::distinct_l, "3"), criterion(K::distinct_l, "2"), true},
      {criterion(K::distinct_l, "2"), criterion(K::distinct_l, "3"), false},
      {criterion(K::entropy_l, "2.5"), criterion(K::distinct_l, "2"), true},
      {criterion(K::entropy_l, "1.5"), criterion(K::distinct_l, "2"), false},
      {criterion(K::recursive_cl, "3", "4"), criterion(K::distinct_l, "3"), true},
      {criterion(K::distinct_l, "9"), criterion(K::entropy_l, "2"), false},
      {criterion(K::recursive_cl, "9", "1"), criterion(K::entropy_l, "2"), false},
      {criterion(K::recursive_cl, "3", "2"), criterion(K::recursive_cl, "3", "2"), true},
      {criterion(K::recursive_cl, "3", "3"), criterion(K::recursive_cl, "3", "2"), false},
      {criterion(K::recursive_cl, "2", "1"), criterion(K::recursive_cl, "3", "2"), false},
      {criterion(K::t_equal, "", "", "0.1"), criterion(K::t_equal, "", "", "0.2"), true},
      {criterion(K::t_equal, "", "", "0.3"), criterion(K::t_equal, "", "", "0.2"), false},
      {criterion(K::t_ordered, "", "", "0.1"), criterion(K::t_equal, "", "", "0.2"), false},
      {criterion(K::t_equal, "", "", "0"), criterion(K::distinct_l, "2"), false}};
  for (const Row& row : rows) {
    CAPTURE(row.asked.text());
    CAPTURE(row.wanted.text());
    CHECK(implies(row.asked, row.wanted) == row.implies);
  }
}

TEST_CASE("rules: a profile keeps to every bound, and the one that it does not is named") {
  const Bound bound{"bound-default", 10, 20'000, {criterion(CriterionKind::distinct_l, "2")}};
  Profile profile = people_profile();
  CHECK(check_bounds(profile, {bound}));
  Bound strict = bound;
  strict.rule = "bound-role-dpo";
  strict.k = 11;
  CHECK(what(check_bounds(profile, {bound, strict})) ==
        "export-k: the profile's k is 10, and at least 11 is wanted (rule bound-role-dpo)");
  profile.suppression = "0.020001";
  CHECK(what(check_bounds(profile, {bound})).starts_with("export-suppression: "));
  profile.suppression = "0.02";
  strict.k = 10;
  strict.criteria = {criterion(CriterionKind::entropy_l, "2")};
  CHECK(what(check_bounds(profile, {bound, strict})) ==
        "export-criteria: column 'illness' has none that is at least entropy-l(l 2) "
        "(rule bound-role-dpo)");
  // A sensitive column that names no criteria has two different values, not none.
  profile.columns["illness"].criteria.clear();
  CHECK(check_bounds(profile, {bound}));
}

TEST_CASE("rules: by role, purpose and profile, with the policies of a new installation") {
  ExportWorld world;
  struct Row {
    const char* name;
    identity::Role role;
    const char* purpose;
    std::int64_t k;
    const char* suppression;
    const char* says;  // "" = it is let
  };
  using identity::Role;
  const Row rows[] = {
      {"as it should be", Role::dpo, "training", 10, "0.02", ""},
      {"another purpose of the profile", Role::dpo, "demo", 10, "0.02", ""},
      {"the tenant's administrator", Role::tenant_admin, "training", 10, "0.02", ""},
      {"stronger", Role::dpo, "training", 20, "0", ""},
      {"k below", Role::dpo, "training", 9, "0.02", "export-k:"},
      {"too many left out", Role::dpo, "training", 10, "0.03", "export-suppression:"},
      {"a purpose of the caller alone", Role::dpo, "support", 10, "0.02", "purpose-not-of-profile"},
      {"a purpose of nobody", Role::dpo, "benchmarking", 10, "0.02", "purpose-not-granted"},
      {"an analyst", Role::analyst, "training", 10, "0.02", "export-role"},
      {"an auditor", Role::auditor, "training", 10, "0.02", "export-role-forbids"},
      {"somebody on call", Role::oncall, "training", 10, "0.02", "export-role"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Profile profile = people_profile();
    profile.k = row.k;
    profile.suppression = row.suppression;
    world.settings.profiles["people"] = profile;
    world.open();
    world.ada.roles = {row.role};
    const Result<Shown> asked = world.exports->request({.caller = world.ada,
                                                        .tenant = world.ada.tenant,
                                                        .profile = "people",
                                                        .purpose = row.purpose},
                                                       Trial::dry);
    CHECK(asked.has_value() == std::string_view(row.says).empty());
    if (!asked) {
      CHECK(asked.error().code == Code::denied);
      CHECK_MESSAGE(asked.error().what.find(row.says) != std::string::npos, asked.error().what);
    }
  }
}

TEST_CASE(
    "rules: without a purpose, and with policies that say nothing of exports, nothing leaves") {
  ExportWorld world;
  world.ada.purpose = "";
  const Result<Shown> asked = world.ask();
  REQUIRE_FALSE(asked);
  CHECK(asked.error().what.find("purpose-missing") != std::string::npos);
  CHECK(world.records() == std::vector<std::string>{"export.refused"});
  world.ada.purpose = "training";
  world.engine.activate(access::testing::rules_of("decision := {\"allow\": true}"));
  CHECK(world.ask().error().what == "export-denied: policy-error");
  world.engine.activate(policy::Policies::none());
  CHECK(world.ask().error().what == "export-denied: policy-error");
}

TEST_CASE("rules: a masked quasi-identifier is refused by name, and other columns leave masked") {
  ExportWorld world;
  std::vector<archive::Entry> files = access::default_policies();
  for (archive::Entry& file : files) {
    const std::size_t at = file.bytes.find("\"column_masks\": {}");
    if (at == std::string::npos) continue;
    file.bytes.replace(at, 18,
                       R"("column_masks": {"person": {"age": "hash", "team": "partial:1"}})");
  }
  world.engine.activate(access::testing::policies_of(files));
  const Result<Shown> asked = world.ask();
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Code::denied);
  CHECK(asked.error().what.starts_with("export-masked: the policies mask age for who asks"));
  Profile profile = people_profile();
  profile.columns.erase("age");
  profile.columns["mail"] = {Role::insensitive, "", {}};
  world.settings.profiles["people"] = profile;
  world.open();
  const Result<Shown> other = world.ask();
  REQUIRE_MESSAGE(other, other.error().what);
  world.work();
  REQUIRE(world.now(other->run.id).run.state == State::ready);
  const std::string table = world.file(other->run.id, kTableFile);
  CHECK(table.find("**d") != std::string::npos);
  CHECK(table.find("red") == std::string::npos);
  CHECK(table.find("example.org") == std::string::npos);
}

TEST_CASE("rules: they are asked again before the search and before anything can be had") {
  for (const int turns : {1, 2, 3}) {
    CAPTURE(turns);
    const auto end_of = [&](const auto& change) {
      ExportWorld world;
      const std::string id = world.ask()->run.id;
      for (int i = 0; i < turns; ++i) REQUIRE(world.worker->turn());
      CHECK(world.now(id).run.state == State::running);
      change(world);
      world.signed_.clock.advance(world.settings.lease);
      world.work();
      CHECK(world.file(id, kTableFile).empty());
      return world.now(id).run.reason;
    };
    CHECK(end_of([](ExportWorld& world) {
            world.settings.profiles["people"].k = 12;
            world.open();
          }).starts_with("export-profile: "));
    CHECK(end_of([](ExportWorld& world) {
            world.settings.profiles.clear();
            world.open();
          }).starts_with("export-profile: "));
    CHECK(end_of([](ExportWorld& world) {
            world.engine.activate(access::testing::rules_of("decision := {\"allow\": true}"));
          }) == "export-denied: policy-error");
  }
}

TEST_CASE("rules: one that is paused past its time ends, and is held against nobody") {
  ExportWorld world;
  world.settings.retention = seconds(3600);
  world.open();
  const std::string id = world.ask()->run.id;
  for (int i = 0; i < 2; ++i) REQUIRE(world.worker->turn());
  REQUIRE(world.exports->steer(world.ada, world.ada.tenant, id, Steer::pause));
  world.work(5);
  CHECK(world.now(id).run.state == State::running);
  world.signed_.clock.advance(seconds(3600));
  world.work(10);
  CHECK(world.now(id).run.state == State::cancelled);
  CHECK(world.now(id).job_state == "cancelled");
  CHECK(world.now(id).run.reason == "its time was over before it was ready");
}

TEST_CASE("rules: who proved themselves at the request has not at a later resume") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  REQUIRE(world.exports->steer(world.ada, world.ada.tenant, id, Steer::pause));
  CHECK(world.now(id).run.changed == world.now(id).run.asked);
  REQUIRE(world.exports->steer(world.ada, world.ada.tenant, id, Steer::resume));
  CHECK(world.now(id).run.changed > world.now(id).run.asked);
  world.work();
  CHECK(world.now(id).run.state == State::ready);
}

}  // namespace
}  // namespace mc::exporting
