// Exports for a legal hold: who lets them leave, what is recorded, and what leaves.
#include "export/hold.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "contract/export_world.h"
#include "proof/proof.h"

namespace mc::exporting {
namespace {

constexpr const char* kReason = "preserved for the court in case 17, by its order of March";

struct HoldWorld : ExportWorld {
  identity::Caller ben, cleo;  // of alpha: a dpo, and a tenant-admin
  explicit HoldWorld(int rows = 30) : ExportWorld(rows) {
    fill(ben, "alpha", "ben");
    fill(cleo, "alpha", "cleo");
    cleo.roles = {identity::Role::tenant_admin};
    settings.hold_machines = true;
    open();
  }
  Result<Shown> hold(const identity::Caller& by, Hold hold = {"CASE-17", kReason, {}},
                     Trial trial = Trial::real) {
    return exports->request({.caller = by,
                             .tenant = ada.tenant,
                             .kind = Kind::hold,
                             .dataset = "person",
                             .hold = std::move(hold)},
                            trial);
  }
  Result<Shown> approve(const identity::Caller& by, const std::string& id,
                        Trial trial = Trial::real) {
    return exports->approve({by}, ada.tenant, id, trial);
  }
  // Asked by ada, approved by ben.
  std::string granted(std::vector<std::string> columns = {}, const std::string& of = "CASE-17") {
    const Result<Shown> asked = hold(ada, {of, kReason, std::move(columns)});
    REQUIRE_MESSAGE(asked, asked.error().what);
    REQUIRE(approve(ben, asked->run.id));
    work(20);
    REQUIRE_MESSAGE(now(asked->run.id).run.state == State::ready, now(asked->run.id).run.reason);
    return asked->run.id;
  }
  Manifest manifest(const std::string& id) {
    const auto bundle = proof::parse_bundle(file(id, kBundleFile));
    REQUIRE(bundle);
    const auto statement =
        proof::parse_statement(std::get<proof::Envelope>(bundle->content).payload);
    REQUIRE(statement);
    Result<Manifest> out = manifest_of(*statement);
    REQUIRE_MESSAGE(out, out.error().what);
    return *out;
  }
  std::string payload_of(std::string_view action) {
    const ledger::Store& store = signed_.ledger->store();
    const auto head = store.head("audit/alpha");
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      const auto record = transparency::read_record(store, "audit/alpha", i);
      if (record && record->header.action == action) return json::print(record->payload);
    }
    return "";
  }
  void set(const std::string& from, const std::string& to) {
    std::vector<archive::Entry> files = access::default_policies();
    for (archive::Entry& each : files) {
      const std::size_t at = each.bytes.find(from);
      if (at != std::string::npos) each.bytes.replace(at, from.size(), to);
    }
    engine.activate(access::testing::policies_of(files));
  }
};

TEST_CASE("hold: rows leave as they are when a second person approves, recorded as an exception") {
  HoldWorld world;
  const Result<Shown> asked = world.hold(world.ada);
  REQUIRE_MESSAGE(asked, asked.error().what);
  const std::string id = asked->run.id;
  CHECK(asked->run.state == State::pending);
  world.work(10);
  CHECK(world.now(id).run.state == State::pending);
  CHECK(world.file(id, kTableFile).empty());
  REQUIRE(world.approve(world.ben, id, Trial::dry));
  CHECK(world.now(id).run.state == State::pending);
  REQUIRE(world.approve(world.ben, id));
  world.work(20);
  const Run run = world.now(id).run;
  REQUIRE_MESSAGE(run.state == State::ready, run.reason);
  CHECK(world.records() == std::vector<std::string>{"export.hold_asked", "export.hold_approved",
                                                    "export.exception", "export.ready"});
  const std::string table = world.file(id, kTableFile);
  CHECK(
      table.starts_with("id,age,sex,zip,illness,mail,team\np00000,20,m,10000,flu,p0@example.org"));
  CHECK(std::count(table.begin(), table.end(), '\n') == 31);

  const std::string told = world.payload_of("export.exception");
  for (const std::string& part :
       {std::string("\"pet\":\"none\""), std::string("\"reference\":\"CASE-17\""),
        std::string("\"reason\":\"preserved"), std::string("\"requester\":\"ada@alpha\""),
        std::string("\"approved_by\":\"ben@alpha\""), std::string("\"dataset\":\"person\""),
        std::string("\"columns\":[\"id\",\"age\",\"sex\""), std::string("\"format\":\"csv\""),
        digest_text(sys::sha256(table))}) {
    CHECK_MESSAGE(told.find(part) != std::string::npos, part);
  }
  const Manifest manifest = world.manifest(id);
  REQUIRE(manifest.hold);
  CHECK(manifest.hold->pet == "none");
  CHECK(manifest.hold->reference == "CASE-17");
  CHECK(manifest.hold->approved_by == "ben@alpha");
  CHECK(manifest.hold->exception == run.outcome.exception);
  CHECK(manifest.label.handling == "no-privacy-technology");
  CHECK(manifest.input.snapshot == digest_text(sys::sha256(table)));
  CHECK(manifest.lineage.rules == std::vector<std::string>{"role-dpo"});
}

TEST_CASE("hold: a verifier says that nothing was applied, for which case, and who approved it") {
  HoldWorld world;
  const std::string id = world.granted({}, "CASE-17\") of \"k");
  const std::string table = world.file(id, kTableFile);
  const auto bundle = proof::parse_bundle(world.file(id, kBundleFile));
  const proof::TrustedRoot root = world.signed_.signing->trust();
  const proof::Report report = proof::check_bundle({.bundle = *bundle,
                                                    .root = root,
                                                    .artifact = {table},
                                                    .key = world.signed_.signing->signer(),
                                                    .now = world.signed_.clock.wall()});
  CHECK(report.verified());
  CHECK(print_text(report).find("NO privacy technology was applied (pet: none), approved by "
                                "ben@alpha; legal hold \"CASE-17') of 'k\"") != std::string::npos);
}

TEST_CASE("hold: refused without its permission, and that of who may export does not do") {
  HoldWorld world;
  const Result<Shown> asked = world.hold(world.cleo);
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Code::denied);
  CHECK(asked.error().what.find("role") != std::string::npos);
  CHECK(world.records() == std::vector<std::string>{"export.refused"});
  CHECK(world.payload_of("export.refused").find("CASE-17") != std::string::npos);
  // The same person may export by a profile.
  CHECK(world.exports->request(
      {.caller = world.cleo, .tenant = world.cleo.tenant, .profile = "people"}, Trial::dry));
  // Approving takes the permission too, in the tenant itself; who tried is recorded.
  const std::string id = world.hold(world.ada)->run.id;
  CHECK(world.approve(world.cleo, id).error().code == Code::denied);
  CHECK(world.approve(world.bea, id).error().code == Code::denied);
  CHECK(world.exports->approve({world.bea}, world.bea.tenant, id, Trial::real).error().code ==
        Code::not_found);
  CHECK(world.now(id).run.state == State::pending);
  CHECK(world.records() == std::vector<std::string>{"export.refused", "export.hold_asked",
                                                    "export.hold_refused", "export.hold_refused"});
  CHECK(world.payload_of("export.hold_refused").find("role") != std::string::npos);
}

TEST_CASE("hold: who asked never approves, whatever token they come with") {
  HoldWorld world;
  const std::string id = world.hold(world.ada)->run.id;
  identity::Caller again;
  HoldWorld::fill(again, "alpha", "ada");
  again.session_id = "another";
  again.roles = {identity::Role::dpo, identity::Role::tenant_admin};
  for (const auto* caller : {&world.ada, &again}) {
    const Result<Shown> approved = world.approve(*caller, id);
    REQUIRE_FALSE(approved);
    CHECK(approved.error().what.starts_with("export-hold: it is approved by somebody else"));
  }
  world.work(10);
  CHECK(world.now(id).run.state == State::pending);
  CHECK(world.exports->steer(world.ada, world.ada.tenant, id, Steer::resume).error().code ==
        Code::conflict);
}

TEST_CASE("hold: refused without a reference, without a reason, and as another kind") {
  HoldWorld world;
  CHECK(world.hold(world.ada, {"", kReason, {}}).error().what ==
        "legal_hold.reference: it is missing");
  CHECK(world.hold(world.ada, {std::string(65, 'c'), kReason, {}}).error().code == Code::invalid);
  CHECK(world.hold(world.ada, {"two\nlines", kReason, {}}).error().code == Code::invalid);
  CHECK(world.hold(world.ada, {"CASE-17", "short", {}}).error().code == Code::invalid);
  for (const char* blank : {" ", "   ", "CASE-17 ", " CASE-17", "\xE2\x80\xA8",
                            "CASE\xE2\x80\xA8"
                            "17",
                            "\xE2\x80\x8B",
                            "\xC2\xA0"
                            "CASE-17",
                            "CASE-17\xE3\x80\x80"}) {
    CAPTURE(blank);
    CHECK(world.hold(world.ada, {blank, kReason, {}}).error().code == Code::invalid);
  }
  CHECK(world.hold(world.ada, {"CASE-17", std::string(30, ' '), {}}).error().code == Code::invalid);
  CHECK(world.hold(world.ada, {"\xE6\xA1\x88\xE4\xBB\xB6", kReason, {}}, Trial::dry));
  CHECK(world.hold(world.ada, {"CASE-17", kReason, {"nobody"}}).error().code == Code::invalid);
  Ask ask{.caller = world.ada, .tenant = world.ada.tenant, .kind = Kind::hold, .dataset = "person"};
  CHECK(world.exports->request(ask, Trial::real).error().code == Code::invalid);
  Ask other{.caller = world.ada,
            .tenant = world.ada.tenant,
            .profile = "people",
            .hold = Hold{"CASE-17", kReason, {}}};
  CHECK(world.exports->request(other, Trial::real).error().code == Code::invalid);
  world.ada.purpose = "two\nlines";
  CHECK(world.hold(world.ada).error().what == "purpose: it is one line");
  CHECK(world.records().empty());
}

TEST_CASE("hold: the same rows make the same bytes, in whatever order they lie") {
  HoldWorld world;
  const std::string first = world.granted(), second = world.granted();
  CHECK(world.file(first, kTableFile) == world.file(second, kTableFile));
  CHECK(world.manifest(first).input.snapshot == world.manifest(second).input.snapshot);
  HoldRows a({"x", "y"}, 1'000), b({"x", "y"}, 1'000);
  const std::vector<std::vector<std::string>> rows = {
      {"b", "1"}, {"a", "two\nlines"}, {"a", "say \"x\", y"}, {"", ""}, {"a", "two\nlines"}};
  for (const auto& row : rows) REQUIRE(a.add(row));
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) REQUIRE(b.add(*row));
  std::string text_a, text_b, lines;
  const auto into = [](std::string& to) {
    return [&to](std::string_view bytes) {
      to += bytes;
      return ok();
    };
  };
  a.sort();
  b.sort();
  REQUIRE(a.write_csv(into(text_a)));
  REQUIRE(b.write_csv(into(text_b)));
  REQUIRE(a.write_jsonl(into(lines)));
  CHECK(text_a == text_b);
  CHECK(text_a == "x,y\n,\na,\"say \"\"x\"\", y\"\na,\"two\nlines\"\na,\"two\nlines\"\nb,1\n");
  CHECK(lines.starts_with("{\"x\":\"\",\"y\":\"\"}\n{\"x\":\"a\",\"y\":\"say"));
  CHECK(HoldRows({"x"}, 10).add({"1234567"}).error().code == Code::exhausted);
}

TEST_CASE("hold: columns that the policies mask leave masked, and rows in no order of theirs") {
  HoldWorld world;
  world.set("\"column_masks\": {}",
            R"("column_masks": {"person": {"id": "hash", "mail": "drop"}})");
  const std::string id = world.granted({"mail", "age"});
  const std::string table = world.file(id, kTableFile);
  CHECK(table.starts_with("id,age,mail\n"));
  CHECK(table.find("p000") == std::string::npos);
  CHECK(table.find("example.org") == std::string::npos);
  std::vector<std::string> lines;
  for (std::size_t at = table.find('\n') + 1; at < table.size();) {
    const std::size_t end = table.find('\n', at);
    lines.push_back(table.substr(at, end - at));
    at = end + 1;
  }
  CHECK(lines.size() == 30);
  CHECK(std::is_sorted(lines.begin(), lines.end()));
  CHECK(world.manifest(id).hold->masked == std::vector<std::string>{"id: hash", "mail: drop"});
}

TEST_CASE("hold: without a ledger nothing is asked, approved or ready") {
  HoldWorld world;
  world.signed_.files.set_capacity(0);
  CHECK(world.hold(world.ada).error().code == Code::unavailable);
  CHECK(world.exports->list(world.ada.tenant, "", 50)->items.empty());

  HoldWorld later;
  const std::string id = later.hold(later.ada)->run.id;
  later.signed_.files.set_capacity(0);
  CHECK(later.approve(later.ben, id).error().code == Code::unavailable);
  CHECK(later.now(id).run.state == State::pending);

  HoldWorld last;
  const std::string other = last.hold(last.ada)->run.id;
  REQUIRE(last.approve(last.ben, other));
  last.signed_.files.set_capacity(0);
  last.work(40);
  CHECK(last.now(other).run.state != State::ready);
  for (const std::string_view name : {kTableFile, kBundleFile})
    CHECK(last.file(other, name).empty());
}

TEST_CASE("hold: who has lost the permission gets nothing, before it is ready and after") {
  HoldWorld world;
  const std::string id = world.hold(world.ada)->run.id;
  REQUIRE(world.approve(world.ben, id));
  const std::string without = R"("introspect", "forward", "export"],
    "platform")";
  const std::string with = R"("introspect", "forward", "export", "hold"],
    "platform")";
  world.set(with, without);
  world.work(20);
  CHECK(world.now(id).run.state == State::refused);

  world.engine.activate(access::testing::policies_of(access::default_policies()));
  const Run ready = world.now(world.granted()).run;
  CHECK(world.exports->check_taker(world.ada, ready, "req_1"));
  CHECK(world.exports->check_taker(world.ben, ready, "req_1").error().code == Code::denied);
  CHECK(world.exports->check_taker(world.cleo, ready, "req_1").error().code == Code::denied);
  CHECK(world.exports->check_taker(world.bea, ready, "req_1").error().code == Code::denied);
  world.ada.roles = {identity::Role::analyst};
  CHECK(world.exports->check_taker(world.ada, ready, "req_1").error().code == Code::denied);
}

TEST_CASE("hold: a token approves nothing unless the settings let it, a person does") {
  HoldWorld world;
  world.settings.hold_machines = false;
  world.open();
  const std::string id = world.hold(world.ada)->run.id;
  const Result<Shown> refused = world.approve(world.ben, id);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::denied);
  CHECK(refused.error().what.find("not with a token") != std::string::npos);
  CHECK(world.records() == std::vector<std::string>{"export.hold_asked", "export.hold_refused"});
  world.ben.proof.emplace();
  CHECK(world.approve(world.ben, id));
}

TEST_CASE("hold: who may not read the rows approves none, nor who has lost it since") {
  HoldWorld world;
  const std::string platform = R"("platform": ["read", "write")";
  world.ben.roles = {identity::Role::platform};
  world.set(platform, R"("platform": ["hold", "write")");
  const std::string id = world.hold(world.ada)->run.id;
  const Result<Shown> refused = world.approve(world.ben, id);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find(", read)") != std::string::npos);
  world.set(platform, R"("platform": ["hold", "read")");
  REQUIRE(world.approve(world.ben, id));
  world.engine.activate(access::testing::policies_of(access::default_policies()));
  world.work(20);
  CHECK(world.now(id).run.state == State::refused);
  CHECK(world.now(id).run.reason.starts_with("who approved it: "));
}

TEST_CASE("hold: rows never leave under masks that are out of date, whenever these change") {
  int again = 0;
  for (int turns = 0; turns <= 4; ++turns) {
    CAPTURE(turns);
    HoldWorld world;
    const std::string id = world.hold(world.ada)->run.id;
    REQUIRE(world.approve(world.ben, id));
    for (int i = 0; i < turns; ++i) REQUIRE(world.worker->turn());
    if (world.now(id).run.state == State::ready) continue;
    ++again;
    world.set("\"column_masks\": {}", R"("column_masks": {"person": {"mail": "drop"}})");
    world.work(20);
    CHECK(world.now(id).run.state == State::ready);
    CHECK(world.file(id, kTableFile).find("example.org") == std::string::npos);
    CHECK(world.manifest(id).hold->masked == std::vector<std::string>{"mail: drop"});
  }
  CHECK(again >= 3);
}

TEST_CASE("hold: masks that change between two steps of reading begin it anew") {
  HoldWorld world(20'500);
  const std::string id = world.hold(world.ada)->run.id;
  REQUIRE(world.approve(world.ben, id));
  REQUIRE(world.worker->turn());
  world.set("\"column_masks\": {}", R"("column_masks": {"person": {"mail": "drop"}})");
  world.work(20);
  REQUIRE(world.now(id).run.state == State::ready);
  CHECK(world.file(id, kTableFile).find("example.org") == std::string::npos);
}

TEST_CASE("hold: those that wait have a limit of their own, and are in no other's way") {
  HoldWorld world;
  world.settings.hold_pending_max = 5;
  world.open();
  for (int i = 0; i < 5; ++i) REQUIRE(world.hold(world.ada));
  const Result<Shown> more = world.hold(world.ada);
  REQUIRE_FALSE(more);
  CHECK(more.error().code == Code::exhausted);
  CHECK(more.error().what.find("exports.hold_pending_max") != std::string::npos);
  CHECK(world.ask());
}

TEST_CASE("hold: which columns leave is settled when it is asked for") {
  HoldWorld world;
  CHECK(world.hold(world.ada)->run.hold->columns ==
        std::vector<std::string>{"id", "age", "sex", "zip", "illness", "mail", "team"});
  CHECK(world.hold(world.ada, {"CASE-17", kReason, {"mail", "age"}})->run.hold->columns ==
        std::vector<std::string>{"id", "age", "mail"});
}

TEST_CASE("hold: one that nobody approves ends with its time, and one that is cancelled at once") {
  HoldWorld world;
  const std::string id = world.hold(world.ada)->run.id;
  world.signed_.clock.advance(world.settings.retention);
  CHECK(world.approve(world.ben, id).error().code == Code::conflict);
  world.work(10);
  CHECK(world.now(id).run.state == State::cancelled);
  CHECK(world.now(id).run.reason == "nobody approved it in time");
  const std::string other = world.hold(world.ada)->run.id;
  REQUIRE(world.exports->steer(world.cleo, world.ada.tenant, other, Steer::cancel));
  CHECK(world.approve(world.ben, other).error().code == Code::conflict);
  CHECK(world.now(other).job_state == "cancelled");
}

TEST_CASE("hold: a manifest that hides what it is, or whose approver asked, is refused") {
  HoldWorld world;
  const Manifest good = world.manifest(world.granted());
  REQUIRE(good.check());
  Manifest bad = good;
  bad.label.handling = "k-anonymous";
  CHECK(bad.check().error().what ==
        "manifest: label.handling: it does not say how the rows are protected");
  bad = good;
  bad.hold->approved_by = bad.requester;
  CHECK_FALSE(bad.check());
  bad = good;
  bad.hold.reset();
  CHECK_FALSE(bad.check());
  bad = good;
  bad.input.snapshot = digest_text(sys::sha256("other"));
  CHECK_FALSE(bad.check());
  std::string text = print_manifest(good);
  const std::size_t at = text.find("\"pet\":\"none\"");
  REQUIRE(at != std::string::npos);
  text.replace(at, 12, "\"pet\":\"some\"");
  CHECK_FALSE(parse_manifest(text));
}

TEST_CASE("hold: a server that ends after any step goes on, with one exception for what left") {
  for (int turns = 0; turns <= 5; ++turns) {
    CAPTURE(turns);
    HoldWorld world;
    const std::string id = world.hold(world.ada)->run.id;
    REQUIRE(world.approve(world.ben, id));
    for (int i = 0; i < turns; ++i) REQUIRE(world.worker->turn());
    world.disk.crash();
    world.open();
    world.signed_.clock.advance(world.settings.lease);
    world.work(20);
    CHECK(world.now(id).run.state == State::ready);
    const auto records = world.records();
    CHECK(std::count(records.begin(), records.end(), "export.exception") == 1);
  }
}

}  // namespace
}  // namespace mc::exporting
