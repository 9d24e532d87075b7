// The manifest of an export: its one form, what it refuses, and reports of private answers.
#include "export/manifest.h"

#include <doctest/doctest.h>

#include "contract/export_world.h"
#include "json/json.h"

namespace mc::exporting {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

DpReport report() {
  DpReport out{"0.75", "0.000001", "id", kDigest, {}};
  out.answers.push_back({{"0", "0.5", "discrete-laplace", "rel_1", "snap_1"},
                         "count by team",
                         {{{"red"}, "12", "8", "16"}, {{"a,\"b\""}, "-1", {}, {}}}});
  out.answers.push_back({{"0.000001", "0.25", "discrete-gaussian", "rel_2", "snap_1"},
                         "count",
                         {{{}, "40", {}, {}}}});
  return out;
}

struct FakeReports final : DpReports {
  Result<DpReport> report(const TenantId& tenant, const std::string& dataset,
                          const std::vector<std::string>& releases) override {
    asked.push_back(tenant.get() + "/" + dataset + "/" + std::to_string(releases.size()));
    if (releases.front() != "rel_1") return fail(Code::not_found, "no release 'rel_x'");
    return exporting::report();
  }
  std::vector<std::string> asked;
};

Manifest manifest_of_report() {
  Manifest out;
  out.absent = {"licenseProof", "residencyProof"};
  out.created_at = "2026-01-01T00:00:00.000Z";
  out.dataset = "person";
  out.dp = part_of(report());
  out.id = "exp_00000000000000000000000000";
  out.input.snapshot = kDigest;
  out.items = {{10, "text/csv", "report.csv", 3, kDigest}};
  out.label = {"differentially-private", "w"};
  out.lineage.engine = "maestro test";
  out.lineage.source = "dataset/person";
  out.purpose = "training";
  out.requester = "ada@alpha";
  out.tenant = "alpha";
  return out;
}

TEST_CASE("manifest: it has one form, which reads back to the same") {
  const Manifest manifest = manifest_of_report();
  REQUIRE(manifest.check());
  const std::string text = print_manifest(manifest);
  const Result<Manifest> again = parse_manifest(text);
  REQUIRE_MESSAGE(again, again.error().what);
  CHECK(*again == manifest);
  CHECK_FALSE(parse_manifest(text + "\n"));
  CHECK_FALSE(parse_manifest(" " + text));
  CHECK(text.find("null") == std::string::npos);
  const auto statement = statement_of(manifest);
  REQUIRE(statement);
  CHECK(statement->subjects.front().name ==
        "exports/alpha/exp_00000000000000000000000000/report.csv");
  CHECK(*manifest_of(*statement) == manifest);
}

TEST_CASE("manifest: what does not add up is no manifest") {
  const auto broken = [](const auto& change) {
    Manifest out = manifest_of_report();
    change(out);
    return !out.check().has_value();
  };
  CHECK(broken([](Manifest& m) { m.absent = {}; }));
  CHECK(broken([](Manifest& m) { m.absent = {"residencyProof", "licenseProof"}; }));
  CHECK(broken([](Manifest& m) { m.residency_proof = kDigest; }));
  CHECK(broken([](Manifest& m) { m.residency_proof = "sha256:x"; }));
  CHECK(broken([](Manifest& m) { m.dp.reset(); }));
  CHECK(broken([](Manifest& m) { m.kanon = KanonPart{}; }));
  CHECK(broken([](Manifest& m) { m.items[0].name = "../x"; }));
  CHECK(broken([](Manifest& m) { m.items.push_back(m.items[0]); }));
  CHECK(broken([](Manifest& m) { m.items[0].sha256 = std::string(64, 'a'); }));
  CHECK(broken([](Manifest& m) { m.input.snapshot = ""; }));
  CHECK(broken([](Manifest& m) { m.created_at = "2026-01-01"; }));
  CHECK(broken([](Manifest& m) { m.dp->accountant = "sha256:zz"; }));

  Result<proof::Statement> statement = statement_of(manifest_of_report());
  REQUIRE(statement);
  statement->subjects.front().digests["sha256"] = std::string(64, 'b');
  CHECK_FALSE(manifest_of(*statement));
  statement->subjects.clear();
  CHECK_FALSE(manifest_of(*statement));
}

TEST_CASE("manifest: a proof that is there is not said to be absent") {
  Manifest manifest = manifest_of_report();
  manifest.residency_proof = kDigest;
  manifest.absent = {"licenseProof"};
  REQUIRE(manifest.check());
  CHECK(print_manifest(manifest).find("\"residencyProof\":\"" + kDigest) != std::string::npos);
}

TEST_CASE("report: answers leave as they were released, with what they cost") {
  ExportWorld world;
  FakeReports reports;
  world.dp = &reports;
  world.open();
  const auto ask = [&](const std::string& release) {
    return world.exports->request({.caller = world.ada,
                                   .tenant = world.ada.tenant,
                                   .kind = Kind::dp,
                                   .dataset = "person",
                                   .format = Format::jsonl,
                                   .releases = {release, "rel_2"}},
                                  Trial::real);
  };
  const Result<Shown> asked = ask("rel_1");
  REQUIRE_MESSAGE(asked, asked.error().what);
  world.work();
  const std::string id = asked->run.id;
  REQUIRE_MESSAGE(world.now(id).run.state == State::ready, world.now(id).run.reason);
  CHECK(reports.asked.front() == "alpha/person/2");
  CHECK(world.file(id, kReportFile) ==
        "release,query,key,value,low,high\n"
        "rel_1,count by team,\"[\"\"red\"\"]\",12,8,16\n"
        "rel_1,count by team,\"[\"\"a,\\\"\"b\\\"\"\"\"]\",-1,,\n"
        "rel_2,count,[],40,,\n");
  const auto bundle = proof::parse_bundle(world.file(id, kBundleFile));
  REQUIRE(bundle);
  const auto statement = proof::parse_statement(std::get<proof::Envelope>(bundle->content).payload);
  const Result<Manifest> manifest = manifest_of(*statement);
  REQUIRE_MESSAGE(manifest, manifest.error().what);
  CHECK(manifest->dp->epsilon == "0.75");
  CHECK(manifest->dp->mechanism == "several");
  CHECK(manifest->dp->unit == "id");
  CHECK(manifest->dp->accountant == kDigest);
  CHECK(manifest->input.rows == 0);
  CHECK(manifest->items.size() == 2);

  // A release that is not the tenant's ends the export.
  const std::string other = ask("rel_x")->run.id;
  world.work();
  CHECK(world.now(other).run.state == State::failed);
  CHECK(world.now(other).run.reason == "no release 'rel_x'");
}

}  // namespace
}  // namespace mc::exporting
