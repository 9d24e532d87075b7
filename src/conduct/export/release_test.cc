// What a release tells of the rows that it leaves out: nothing.
#include "export/release.h"

#include <doctest/doctest.h>

#include <set>

namespace mc::exporting {
namespace {

struct Row {
  const char* age;
  std::string pay;
};

Profile profile_with(const std::vector<CriterionSettings>& criteria) {
  Profile out;
  out.dataset = "person";
  out.purposes = {"training"};
  out.suppression = "0.2";
  out.columns = {{"age", {Role::quasi, "/age.csv", {}}}, {"pay", {Role::sensitive, "", criteria}}};
  return out;
}

// Ages young and old stand at level 0 and 1; those who are old and few are suppressed.
std::unique_ptr<Release> made(const Profile& profile, const std::vector<Row>& rows) {
  Intake intake({"id", "age", "pay"}, std::string(32, 's'), 1 << 20);
  int number = 0;
  for (const Row& row : rows) REQUIRE(intake.add({std::to_string(number++), row.age, row.pay}));
  Result<Intake::Taken> taken = intake.finish();
  REQUIRE(taken);
  std::map<std::string, kanon::Hierarchy> hierarchies;
  hierarchies.emplace("age", *kanon::Hierarchy::read("age", "young;*\nmid;*\nold;*\n"));
  Result<std::unique_ptr<Release>> out =
      Release::make(std::move(*taken), profile, std::move(hierarchies));
  REQUIRE_MESSAGE(out, out.error().what);
  const Status found = (*out)->search([](const kanon::Progress&) { return kanon::Go::on; });
  REQUIRE_MESSAGE(found, found.error().what);
  return std::move(*out);
}

struct Written {
  std::string table;
  recheck::Manifest manifest;
};
Written written(const Release& release, const Profile& profile) {
  Written out;
  REQUIRE(release.write_csv([&](std::string_view bytes) {
    out.table += bytes;
    return ok();
  }));
  const Result<recheck::Manifest> manifest =
      release.manifest(profile,
                       {.bytes = static_cast<std::int64_t>(out.table.size()),
                        .rows = release.rows_out(),
                        .sha256 = to_hex(sys::sha256(out.table))},
                       "test");
  REQUIRE_MESSAGE(manifest, manifest.error().what);
  out.manifest = *manifest;
  return out;
}

std::vector<Row> crowd() {
  std::vector<Row> out;
  for (int i = 0; i < 60; ++i) out.push_back({i < 30 ? "young" : "mid", i % 2 == 0 ? "10" : "20"});
  return out;
}

TEST_CASE("release: values of suppressed rows stand nowhere in what leaves") {
  const Profile profile = profile_with({{.kind = CriterionKind::t_equal, .t = "0.2"}});
  std::vector<Row> rows = crowd();
  const Written whole = written(*made(profile, rows), profile);
  CHECK(whole.manifest.suppression.rows == 0);
  CHECK(whole.manifest.criteria[1].distribution.has_value());
  // Ten are as many as a class, and their values are theirs all the same.
  for (int i = 0; i < 10; ++i) rows.push_back({"old", "99"});
  const Written less = written(*made(profile, rows), profile);
  REQUIRE(less.manifest.suppression.rows == 10);
  CHECK_FALSE(less.manifest.criteria[1].distribution.has_value());
  CHECK(recheck::print_manifest(less.manifest).find("\"99\"") == std::string::npos);
}

TEST_CASE("release: an order has no value that only suppressed rows have") {
  const Profile profile = profile_with({{.kind = CriterionKind::t_ordered, .t = "0.2"}});
  std::vector<Row> rows = crowd();
  using Order = std::vector<std::string>;
  CHECK(written(*made(profile, rows), profile).manifest.criteria[1].order == Order{"10", "20"});
  rows.push_back({"old", "99"});
  const Written less = written(*made(profile, rows), profile);
  REQUIRE(less.manifest.suppression.rows == 1);
  CHECK_FALSE(less.manifest.criteria[1].order.has_value());
  CHECK(recheck::print_manifest(less.manifest).find("\"99\"") == std::string::npos);
  // One whose value others have too changes nothing.
  rows.back().pay = "20";
  CHECK(written(*made(profile, rows), profile).manifest.criteria[1].order == Order{"10", "20"});
}

TEST_CASE("release: what its own verifier would refuse is not signed") {
  const Profile profile = profile_with({{.kind = CriterionKind::t_ordered, .t = "1"}});
  const std::vector<Row> rows = crowd();
  const Written good = written(*made(profile, rows), profile);
  const std::string text = recheck::print_manifest(good.manifest);
  CHECK(recheck_written(text, good.table, 7));
  CHECK(recheck_written(text, good.table + "young,10\n", 7).error().code == Code::invalid);
  // More values than an order may have.
  std::vector<Row> many;
  for (int i = 0; i < 6000; ++i) many.push_back({"young", std::to_string(i)});
  const Written wide = written(*made(profile, many), profile);
  const Status refused = recheck_written(recheck::print_manifest(wide.manifest), wide.table, 7);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::invalid);
  CHECK(refused.error().what.find("order") != std::string::npos);
}

}  // namespace
}  // namespace mc::exporting
