// An export from its request to its files, what verifies of them, and what does not.
#include "export/export.h"

#include <doctest/doctest.h>

#include <set>

#include "contract/export_world.h"
#include "proof/proof.h"

namespace mc::exporting {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::int64_t count_of(const std::vector<std::string>& list, std::string_view one) {
  return std::count(list.begin(), list.end(), one);
}

proof::Report recheck_of(const std::string& table, const std::string& manifest) {
  recheck::Recheck recheck({.manifest = manifest, .hierarchies = {age_hierarchy(), "m;*\nw;*\n"}});
  recheck.add(table);
  return recheck.report();
}

std::string failed_step(const proof::Report& report) {
  return report.failure() == nullptr ? "" : report.failure()->reason;
}

proof::Report proof_of(ExportWorld& world, const std::string& bundle, const std::string& file) {
  const auto parsed = proof::parse_bundle(bundle);
  REQUIRE_MESSAGE(parsed, parsed.error().what);
  const proof::TrustedRoot root = world.signed_.signing->trust();
  return proof::check_bundle({.bundle = *parsed,
                              .root = root,
                              .artifact = {file},
                              .key = world.signed_.signing->signer(),
                              .now = world.signed_.clock.wall()});
}

Manifest manifest_in(const std::string& bundle) {
  const auto parsed = proof::parse_bundle(bundle);
  REQUIRE(parsed);
  const auto statement = proof::parse_statement(std::get<proof::Envelope>(parsed->content).payload);
  REQUIRE(statement);
  const Result<Manifest> out = manifest_of(*statement);
  REQUIRE_MESSAGE(out, out.error().what);
  return *out;
}

TEST_CASE("export: a table leaves with a proof of it and a record before it") {
  ExportWorld world;
  const Result<Shown> asked = world.ask();
  REQUIRE_MESSAGE(asked, asked.error().what);
  const std::string id = asked->run.id;
  CHECK(asked->run.state == State::running);
  CHECK(asked->job_state == "queued");
  CHECK(world.file(id, kTableFile).empty());
  world.work();
  const Shown done = world.now(id);
  REQUIRE_MESSAGE(done.run.state == State::ready, done.run.reason);
  CHECK(done.job_state == "done");
  CHECK(count_of(world.records(), "export.ready") == 1);
  CHECK(done.run.outcome.rows_in == 240);
  CHECK(done.run.outcome.rows_out + done.run.outcome.suppressed == 240);

  const std::string table = world.file(id, kTableFile);
  const std::string release = world.file(id, kReleaseFile);
  const std::string bundle = world.file(id, kBundleFile);
  CHECK(table.starts_with("age,illness,sex,team\n"));
  CHECK_FALSE(has(table, "example.org"));
  CHECK_FALSE(has(table, "p00"));
  const proof::Report checked = recheck_of(table, release);
  CHECK_MESSAGE(checked.verified(), print_text(checked));
  for (const std::string& file : {table, release}) {
    const proof::Report proven = proof_of(world, bundle, file);
    CHECK_MESSAGE(proven.verified(), print_text(proven));
  }

  const Manifest manifest = manifest_in(bundle);
  CHECK(manifest.tenant == "alpha");
  CHECK(manifest.requester == "ada@alpha");
  CHECK(manifest.purpose == "training");
  CHECK(manifest.absent == std::vector<std::string>{"licenseProof", "residencyProof"});
  CHECK(manifest.label.watermark == "alpha / ada@alpha / training / " + id);
  CHECK(manifest.kanon->k == 10);
  CHECK(manifest.lineage.rules == std::vector<std::string>{"export-dpo"});
  CHECK(recheck::print_manifest(manifest.kanon->release) == release);
  CHECK(manifest.input.columns == std::vector<std::string>{"id", "age", "illness", "sex", "team"});
}

TEST_CASE("export: one changed cell, one row less and one class below k are refused") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  world.work();
  const std::string table = world.file(id, kTableFile);
  const std::string release = world.file(id, kReleaseFile);
  const std::string bundle = world.file(id, kBundleFile);
  REQUIRE_FALSE(table.empty());

  std::string changed = table;
  const std::size_t cell = changed.find("flu");
  changed.replace(cell, 3, "flx");
  CHECK_FALSE(recheck_of(changed, release).verified());
  CHECK(failed_step(proof_of(world, bundle, changed)) == "artifact_mismatch");

  const std::size_t last = table.rfind('\n', table.size() - 2);
  const std::string shorter = table.substr(0, last + 1);
  CHECK_FALSE(recheck_of(shorter, release).verified());
  CHECK(failed_step(proof_of(world, bundle, shorter)) == "artifact_mismatch");

  // A table whose manifest is made for it, and that has a class of one row.
  Result<recheck::Manifest> other = recheck::parse_manifest(release);
  REQUIRE(other);
  const std::string small = table + "*,flu,m,red\n";
  other->release.bytes = static_cast<std::int64_t>(small.size());
  other->release.rows += 1;
  other->release.sha256 = to_hex(sys::sha256(small));
  other->input.rows += 1;
  other->classes.count += 1;
  other->classes.min = 1;
  other->classes.histogram.insert(other->classes.histogram.begin(), {1, 1});
  const proof::Report below = recheck_of(small, recheck::print_manifest(*other));
  CHECK(failed_step(below) == "k_violated");
}

TEST_CASE("export: lines of JSON leave beside the table, with the same rows") {
  ExportWorld world;
  const Result<Shown> asked = world.exports->request({.caller = world.ada,
                                                      .tenant = world.ada.tenant,
                                                      .profile = "people",
                                                      .format = Format::jsonl},
                                                     Trial::real);
  REQUIRE(asked);
  world.work();
  const std::string id = asked->run.id;
  const std::string lines = world.file(id, kLinesFile);
  const std::string table = world.file(id, kTableFile);
  CHECK(std::count(lines.begin(), lines.end(), '\n') + 1 ==
        std::count(table.begin(), table.end(), '\n'));
  const Result<json::Value> first = json::parse(lines.substr(0, lines.find('\n')));
  REQUIRE(first);
  CHECK(first->find("illness") != nullptr);
  CHECK(proof_of(world, world.file(id, kBundleFile), lines).verified());
}

TEST_CASE(
    "export: a second one that would tell apart fewer than k is denied, with what would pass") {
  ExportWorld world;
  Profile by_zip = people_profile();
  by_zip.columns.erase("age");
  by_zip.columns["zip"] = {Role::quasi, "/etc/zip.csv", {}};
  world.settings.profiles["zip"] = by_zip;
  by_zip.columns["zip"].hierarchy = "/etc/zip-high.csv";
  world.settings.profiles["zip-high"] = by_zip;
  std::string high;
  for (int zip = 10; zip < 20; ++zip) {
    high += std::to_string(zip) + "000;" + (zip < 15 ? "low" : "high") + "\n";
  }
  world.write("/etc/zip-high.csv", high);
  world.open();
  const std::string first = world.ask()->run.id;
  world.work();
  REQUIRE(world.now(first).run.state == State::ready);

  const std::string second = world.ask("zip")->run.id;
  world.work();
  const Run refused = world.now(second).run;
  CHECK(refused.state == State::refused);
  CHECK(has(refused.reason, "export-intersects: together with export " + first));
  CHECK(has(refused.reason, "apart a group of 6, and 10 is the least"));
  CHECK(has(refused.reason, "would pass: generalise column 'zip' to level 1"));
  CHECK(count_of(world.records(), "export.refused") == 1);
  for (const std::string_view name : {kTableFile, kReleaseFile, kBundleFile}) {
    CHECK(world.file(second, name).empty());
  }

  // The same again is held against the first alone, and tells nothing more.
  const std::string again = world.ask()->run.id;
  world.work();
  CHECK(world.now(again).run.state == State::ready);
  // The digest of the same rows is another one each time: it confirms nobody's guess of them.
  CHECK(world.now(again).run.outcome.snapshot != world.now(first).run.outcome.snapshot);
  CHECK(manifest_in(world.file(again, kBundleFile)).lineage.earlier ==
        std::vector<std::string>{first});

  // One row more is a group of one, told apart by who has both.
  world.people.add("alpha", 240);
  const std::string later = world.ask()->run.id;
  world.work();
  CHECK(world.now(later).run.state == State::refused);
  CHECK(has(world.now(later).run.reason, "a group of 1, and 10"));
}

TEST_CASE("export: a later one of smaller k is held against an earlier one by the larger k") {
  ExportWorld world;
  Profile strict = people_profile();
  strict.k = 20;
  world.settings.profiles["strict"] = strict;
  world.open();
  const std::string first = world.ask("strict")->run.id;
  world.work();
  REQUIRE(world.now(first).run.state == State::ready);
  for (int i = 0; i < 12; ++i) world.people.add("alpha", 240 + 40 * i);  // of one class
  const std::string second = world.ask()->run.id;
  world.work();
  CHECK(world.now(second).run.state == State::refused);
  CHECK(has(world.now(second).run.reason, "a group of 12, and 20"));
}

TEST_CASE("export: no other tenant's exports, and no other names of files") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  world.work();
  REQUIRE_FALSE(world.file(id, kTableFile).empty());
  const TenantId bravo("bravo");
  CHECK(world.exports->find(bravo, id).error().code == Code::not_found);
  CHECK(world.exports->list(bravo, "", 50)->items.empty());
  CHECK(world.exports->list(world.ada.tenant, "", 50)->items.size() == 1);
  for (const auto steer : {Steer::pause, Steer::resume, Steer::cancel}) {
    CHECK(world.exports->steer(world.bea, bravo, id, steer).error().code == Code::not_found);
  }
  for (const char* name :
       {"table.csv", "../alpha/x", "..", ".", "", "/etc/age.csv", "table.csv/", "%2e%2e",
        "table.csv.part", "../../../etc/age.csv", "manifest.sigstore.json"}) {
    CAPTURE(name);
    CHECK(world.exports->file(bravo, id, name).error().code == Code::not_found);
    const bool own = std::string(name) == kTableFile || std::string(name) == kBundleFile;
    CHECK(world.exports->file(world.ada.tenant, id, name).has_value() == own);
  }
  for (const char* other :
       {"../exp", "exp_", "EXP_00000000000000000000000000", "", "exp_../../../x"}) {
    CHECK(world.exports->file(world.ada.tenant, other, "table.csv").error().code ==
          Code::not_found);
  }
  // Rows are the tenant's own.
  CHECK(world.now(id).run.outcome.rows_in == 240);
}

TEST_CASE("export: the same key gives the same export, and another request under it is refused") {
  ExportWorld world;
  Ask ask{.caller = world.ada,
          .tenant = world.ada.tenant,
          .profile = "people",
          .idempotency_key = "k1"};
  const Result<Shown> first = world.exports->request(ask, Trial::real);
  REQUIRE(first);
  CHECK(world.exports->request(ask, Trial::real)->run.id == first->run.id);
  world.work();
  CHECK(world.exports->request(ask, Trial::real)->run.state == State::ready);
  ask.purpose = "demo";
  CHECK(world.exports->request(ask, Trial::real).error().code == Code::conflict);
  ask.idempotency_key = std::string(201, 'k');
  CHECK(world.exports->request(ask, Trial::real).error().code == Code::invalid);
  CHECK(world.exports->list(world.ada.tenant, "", 50)->items.size() == 1);
}

TEST_CASE("export: a trial leaves no trace") {
  ExportWorld world;
  const Result<Shown> tried = world.ask("people", Trial::dry);
  REQUIRE(tried);
  CHECK(tried->run.job.empty());
  CHECK(world.exports->list(world.ada.tenant, "", 50)->items.empty());
  CHECK(world.ask("nobody", Trial::dry).error().code == Code::not_found);
  CHECK(world.records().empty());
  CHECK(world.exports->counters().asked == 0);
}

TEST_CASE("export: one that is cancelled leaves nothing, one that is paused goes on") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  REQUIRE(world.worker->turn());
  const auto steer = [&](Steer how) {
    return world.exports->steer(world.ada, world.ada.tenant, id, how);
  };
  REQUIRE(steer(Steer::pause));
  world.work(5);
  CHECK(world.now(id).job_state == "paused");
  CHECK(world.now(id).run.state == State::running);
  REQUIRE(steer(Steer::resume));
  world.work();
  CHECK(world.now(id).run.state == State::ready);
  CHECK(steer(Steer::cancel).error().code == Code::conflict);

  for (int turns = 0; turns < 4; ++turns) {
    CAPTURE(turns);
    const std::string other = world.ask()->run.id;
    for (int i = 0; i < turns; ++i) REQUIRE(world.worker->turn());
    const Result<Shown> cancelled =
        world.exports->steer(world.ada, world.ada.tenant, other, Steer::cancel);
    if (!cancelled) {
      CHECK(cancelled.error().code == Code::conflict);
      break;
    }
    world.work(10);
    CHECK(world.now(other).run.state == State::cancelled);
    CHECK(world.file(other, kTableFile).empty());
    CHECK(world.disk.list("/data/exports/alpha/" + other)
              .value_or(std::vector<std::string>{})
              .empty());
  }
  CHECK(count_of(world.records(), "export.cancelled") >= 3);
}

TEST_CASE("export: files that are written cannot be had before their record is") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  const std::string path = "/data/exports/alpha/" + id + "/manifest.sigstore.json";
  for (int i = 0; i < 10 && world.disk.bytes_of(path) == nullptr; ++i)
    REQUIRE(world.worker->turn());
  REQUIRE(world.disk.bytes_of(path) != nullptr);
  CHECK(world.now(id).run.state == State::running);
  for (const std::string_view name : {kTableFile, kReleaseFile, kBundleFile}) {
    CHECK(world.exports->file(world.ada.tenant, id, std::string(name)).error().code ==
          Code::not_found);
  }
  // Ended now, it is held against nobody.
  const auto held = [&] {
    const auto rows =
        *world.database->query("SELECT COUNT(*) FROM export_classes WHERE length(classes) > 0", {});
    REQUIRE(*rows->next());
    return rows->integer(0);
  };
  CHECK(held() == 1);
  REQUIRE(world.exports->steer(world.ada, world.ada.tenant, id, Steer::cancel));
  CHECK(held() == 0);
  // Its place is not given again: whoever looked before it ended would miss who came after.
  const std::string next = world.ask()->run.id;
  world.work();
  REQUIRE(world.now(next).run.state == State::ready);
  const auto place =
      *world.database->query("SELECT place FROM export_classes WHERE export_id = ?1", {next});
  REQUIRE(*place->next());
  CHECK(place->integer(0) == 2);
}

TEST_CASE("export: limits are of rows, bytes, exports under way and exports kept") {
  ExportWorld world;
  world.settings.rows_max = 239;
  world.open();
  std::string id = world.ask()->run.id;
  world.work();
  CHECK(world.now(id).run.state == State::failed);
  CHECK(has(world.now(id).run.reason, "more than 239 rows (exports.rows_max)"));
  world.settings.rows_max = 240;
  world.settings.bytes_max = 2'000;
  world.open();
  id = world.ask()->run.id;
  world.work();
  CHECK(has(world.now(id).run.reason, "(exports.bytes_max)"));
  world.settings.bytes_max = 1 << 20;
  world.settings.open_max = 2;
  world.settings.kept_max = 2;
  world.open();
  REQUIRE(world.ask());
  REQUIRE(world.ask());
  CHECK(has(world.ask().error().what, "(exports.open_max)"));
  world.work();
  CHECK(has(world.ask().error().what, "(exports.kept_max)"));
}

TEST_CASE("export: files go when their time is over, and later exports are held against it on") {
  ExportWorld world;
  world.settings.retention = seconds(3600);
  world.open();
  const std::string id = world.ask()->run.id;
  world.work();
  REQUIRE_FALSE(world.file(id, kTableFile).empty());
  world.signed_.clock.advance(seconds(3600));
  world.work(3);
  CHECK(world.now(id).run.state == State::expired);
  CHECK(world.file(id, kTableFile).empty());
  CHECK(count_of(world.records(), "export.expired") == 1);
  world.people.add("alpha", 240);
  const std::string later = world.ask()->run.id;
  world.work();
  CHECK(has(world.now(later).run.reason, "export-intersects: together with export " + id));
}

TEST_CASE("export: a file that was changed on the disk is not given away") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  world.work();
  std::string* const bytes = world.disk.bytes_of("/data/exports/alpha/" + id + "/table.csv");
  REQUIRE(bytes != nullptr);
  bytes->back() = 'x';
  CHECK(world.exports->file(world.ada.tenant, id, "table.csv").error().code == Code::corrupt);
}

}  // namespace
}  // namespace mc::exporting
