#include "residency/residency.h"

#include <doctest/doctest.h>

#include "contract/residency_world.h"

namespace mc::residency {
namespace {

constexpr Nanos kHour = seconds(3'600);
const TenantId kAlpha("alpha");

std::vector<std::string> periods(ResidencyWorld& world, const std::string& tenant = "alpha") {
  const auto listed = world.residency->list({.tenants = {tenant}, .limit = 200});
  REQUIRE(listed);
  std::vector<std::string> out;
  for (const Summary& each : listed->items) out.push_back(each.period);
  return out;
}

std::int64_t reads_of(ResidencyWorld& world, const std::string& period) {
  const json::Value document = world.document("alpha", period);
  return *document.find("reads")->as_array()->front().find("count")->as_int();
}

// As `maestro verify BUNDLE --trust ROOT --key SIGNER --artifact DOCUMENT` does it.
bool verifies(ResidencyWorld& world, const Residency::Proof& proof) {
  const auto report =
      proof::verify({.file = proof.bundle,
                     .trust = proof::print_trusted_root(world.signing.signing->trust()),
                     .public_key = world.signing.signing->signer().to_pem(),
                     .artifact = proof::Artifact{proof.document},
                     .now = world.signing.clock.wall()});
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  return report->verified();
}

std::string payload_of(const transparency::ReadableRecord& record, const char* name) {
  return transparency::payload_text(record.payload, name);
}

TEST_CASE("residency: a start and every hour give a proof that verifies, with the hour's traffic") {
  ResidencyWorld world;
  world.settle();
  CHECK(periods(world) == std::vector<std::string>{"2026-01-01T00-00-00Z"});
  world.settle();
  CHECK(periods(world).size() == 1);  // nothing is due before the hour is over

  world.residency->counts().add(kAlpha, {"eu", "eu", 7, 2});
  world.signing.clock.advance(kHour - millis(1));
  world.settle();
  CHECK(periods(world).size() == 1);
  world.signing.clock.advance(millis(1));
  world.settle();
  CHECK(periods(world) == std::vector<std::string>{"2026-01-01T00Z", "2026-01-01T00-00-00Z"});
  const auto proof = world.residency->read(kAlpha, "2026-01-01T00Z");
  REQUIRE(proof);
  CHECK(verifies(world, *proof));
  Residency::Proof changed = *proof;
  changed.document.replace(changed.document.find("\"count\":7"), 9, "\"count\":8");
  CHECK_FALSE(verifies(world, changed));

  const json::Value document = world.document("alpha", "2026-01-01T00Z");
  CHECK(*document.find("ok")->as_bool());
  CHECK(json::canonical(*document.find("reads")) ==
        R"([{"count":7,"dst":"eu","ok":true,"src":"eu"}])");
  CHECK(json::canonical(*document.find("writes")) ==
        R"([{"count":2,"dst":"eu","ok":true,"src":"eu"}])");
  CHECK(*document.find("to")->as_string() == "2026-01-01T01:00:00.000Z");

  // The next hour begins with nothing.
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK(json::canonical(*world.document("alpha", "2026-01-01T01Z").find("reads")) ==
        R"([{"count":0,"dst":"eu","ok":true,"src":"eu"}])");
}

TEST_CASE("residency: each proof stands in the tenant's log, with its digest") {
  ResidencyWorld world;
  world.settle();
  const auto listed = world.residency->list({.tenants = {"alpha"}});
  REQUIRE(listed);
  const auto records = world.records("alpha");
  REQUIRE(records.size() == 1);
  CHECK(records[0].header.type == "residency");
  CHECK(records[0].header.actor == "residency@system");
  CHECK(records[0].header.action == "residency probe");
  CHECK(payload_of(records[0], "sha256") == listed->items[0].sha256);
  CHECK(payload_of(records[0], "period") == listed->items[0].period);
  CHECK(listed->items[0].ok);
  CHECK(listed->items[0].node_region == "eu");
}

TEST_CASE("residency: a failover of a source keeps it true; one to another region does not") {
  ResidencyWorld world;
  world.settle();
  world.eu.down = true;
  world.servers["eu"] = &world.standby;
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK(*world.document("alpha", "2026-01-01T00Z").find("ok")->as_bool());

  world.servers["eu"] = &world.us;
  world.standby.down = true;
  world.signing.clock.advance(kHour);
  world.settle();
  const json::Value document = world.document("alpha", "2026-01-01T01Z");
  CHECK_FALSE(*document.find("ok")->as_bool());
  CHECK(document.find("violations")->as_array()->size() == 2);
  const auto proof = world.residency->read(kAlpha, "2026-01-01T01Z");
  CHECK(verifies(world, *proof));
  std::size_t denied = 0;
  for (const auto& record : world.records("alpha")) {
    if (record.header.type != "denied") continue;
    ++denied;
    CHECK(payload_of(record, "reason") == "wrong-region");
    CHECK(payload_of(record, "region_dst") == "us");
  }
  CHECK(denied == 2);
  CHECK(world.sink.count("residency.not_held") == 1);
}

TEST_CASE("residency: an attempt is recorded, logged, counted, and in the proof of its hour") {
  ResidencyWorld world;
  world.settle();
  const Attempt attempt{kAlpha, "ada@alpha", "read",         "fraud-risk", "graph",
                        "eu",   "us",        "cross-region", "req_7"};
  for (int i = 0; i < 3; ++i) world.residency->attempt(attempt);
  CHECK(world.sink.count("residency.denied") == 1);
  auto records = world.records("alpha");
  CHECK(records.back().header.type == "denied");
  CHECK(records.back().header.purpose == "fraud-risk");
  CHECK(payload_of(records.back(), "reason") == "cross-region");

  metric::Registry metrics;
  world.residency->add_metrics(metrics);
  CHECK(metrics.text().find("mc_residency_violations_total{tenant=\"alpha\"} 3") !=
        std::string::npos);
  CHECK(metrics.text().find("mc_residency_holds{tenant=\"alpha\"} 1") != std::string::npos);

  world.signing.clock.advance(kHour);
  world.settle();
  records = world.records("alpha");
  CHECK(*records[records.size() - 2].payload.find("count")->as_int() == 2);  // the other two
  const json::Value document = world.document("alpha", "2026-01-01T00Z");
  CHECK(*document.find("ok")->as_bool());  // it was denied
  const json::Value& violation = document.find("violations")->as_array()->front();
  CHECK(*violation.find("count")->as_int() == 3);
  CHECK(*violation.find("denied")->as_bool());
}

TEST_CASE("residency: a request is admitted, counted and refused by the regions of its dataset") {
  ResidencyWorld world;
  world.model.sources.push_back({"plain", "test:us", "us"});
  world.model.datasets.push_back(test_dataset("plain"));
  world.settle();
  identity::Caller ada;
  ada.tenant = kAlpha;
  ada.principal = PrincipalId("ada");
  ada.region = "eu";
  const Residency::Touch graph{ada,    ada.tenant,   ada.region, world.model.datasets[0],
                               "read", "fraud-risk", "req_1"};
  const Residency::Touch plain{ada,     ada.tenant, ada.region, world.model.datasets[1],
                               "write", "",         "req_2"};
  CHECK(world.residency->region_of(graph) == "eu");
  CHECK(world.residency->region_of(plain) == "us");
  CHECK(world.residency->admit(graph).has_value());
  const Status refused = world.residency->admit(plain);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::denied);
  CHECK(refused.error().what ==
        "cross-region: data of tenant alpha are not served from where those of plain are "
        "(source-outside)");
  auto records = world.records("alpha");
  CHECK(records.back().header.action == "residency: write of plain");
  CHECK(records.back().header.actor == "ada@alpha");
  CHECK(payload_of(records.back(), "region_dst") == "us");

  world.residency->count(graph, 4);
  world.residency->count({ada, ada.tenant, ada.region, world.model.datasets[0], "write"}, 3);
  CHECK(world.residency->counts().of(kAlpha) == std::vector<Traffic>{{"eu", "eu", 4, 3}});

  world.residency->note_elsewhere(graph, "us");
  records = world.records("alpha");
  CHECK(payload_of(records.back(), "reason") == "wrong-region");
  CHECK(payload_of(records.back(), "region_dst") == "us");

  // A tenant without a placement has nothing to touch, which is no attempt.
  ada.region = "ap";
  CHECK(world.residency->admit(graph).has_value());
  CHECK(world.residency->region_of(graph).empty());
}

TEST_CASE("residency: traffic that went elsewhere makes the proof say so, and a record") {
  ResidencyWorld world;
  world.settle();
  world.residency->counts().add(kAlpha, {"eu", "us", 1, 0});
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK_FALSE(*world.document("alpha", "2026-01-01T00Z").find("ok")->as_bool());
  const auto records = world.records("alpha");
  const auto& record = records[records.size() - 2];
  CHECK(record.header.type == "violation");
  CHECK(payload_of(record, "region_dst") == "us");
}

TEST_CASE("residency: a proof of this moment leaves the hour as it is") {
  ResidencyWorld world;
  world.settle();
  world.residency->counts().add(kAlpha, {"eu", "eu", 5, 0});
  world.signing.clock.advance(seconds(90));
  const auto made = world.residency->prove_now(kAlpha);
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  CHECK(made->period == "2026-01-01T00-01-30Z");
  CHECK(made->ok);
  CHECK(world.residency->prove_now(kAlpha).error().code == Code::conflict);  // the same second
  world.signing.clock.advance(kHour);
  world.settle();
  for (const char* period : {"2026-01-01T00-01-30Z", "2026-01-01T00Z"}) {
    CHECK(*world.document("alpha", period)
               .find("reads")
               ->as_array()
               ->front()
               .find("count")
               ->as_int() == 5);
  }
  CHECK(world.residency->prove_now(TenantId("nobody")).error().code == Code::not_found);
  CHECK(world.residency->prove_now(TenantId("system")).error().code == Code::not_found);
}

TEST_CASE("residency: a proof that could not be made is made later, with all that was counted") {
  ResidencyWorld world;
  world.settle();
  world.residency->counts().add(kAlpha, {"eu", "eu", 5, 0});
  world.signing.clock.advance(kHour);
  // The list of tenants is read, the tenant is not.
  world.faulty->fail_at(2, sim::FaultyConnection::Fault::not_run);
  world.settle();
  CHECK(world.sink.count("residency.unproven") == 1);
  world.settle();
  CHECK(periods(world).size() == 1);                            // not tried again at once
  world.residency->counts().add(kAlpha, {"eu", "eu", 100, 0});  // of the next hour
  world.signing.clock.advance(seconds(60));
  world.settle();
  CHECK(reads_of(world, "2026-01-01T00Z") == 5);
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK(reads_of(world, "2026-01-01T01Z") == 100);
}

TEST_CASE("residency: an hour whose proof was not made is covered by that of the next one") {
  ResidencyWorld world;
  world.settle();
  world.residency->counts().add(kAlpha, {"eu", "eu", 5, 0});
  world.signing.clock.advance(kHour);
  world.faulty->fail_at(2, sim::FaultyConnection::Fault::not_run);
  world.settle();
  world.residency->counts().add(kAlpha, {"eu", "eu", 100, 0});
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK(periods(world) == std::vector<std::string>{"2026-01-01T01Z", "2026-01-01T00-00-00Z"});
  CHECK(reads_of(world, "2026-01-01T01Z") == 105);
  CHECK(*world.document("alpha", "2026-01-01T01Z").find("from")->as_string() ==
        "2026-01-01T00:00:00.000Z");
}

TEST_CASE("residency: an hour ends also when the list of tenants is read at the second try only") {
  ResidencyWorld world;
  world.settle();
  world.residency->counts().add(kAlpha, {"eu", "eu", 5, 0});
  world.signing.clock.advance(kHour);
  world.faulty->fail_at(1, sim::FaultyConnection::Fault::not_run);
  world.settle();
  CHECK(world.sink.count("residency.unproven") == 1);
  world.signing.clock.advance(seconds(60));
  world.settle();
  CHECK(reads_of(world, "2026-01-01T00Z") == 5);
}

TEST_CASE("residency: no proof is ever replaced, also when a clock went back") {
  ResidencyWorld world;
  world.settle();
  const std::string taken = "/data/residency/alpha/2026-01-01T00Z.json";
  REQUIRE(world.signing.files.write_atomic(taken, "x"));
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK(*world.signing.files.bytes_of(taken) == "x");
  CHECK(*world.document("alpha", "2026-01-01T01-00-00Z").find("ok")->as_bool());
}

TEST_CASE("residency: a ledger that has stopped gives no proof") {
  ResidencyWorld world;
  world.settle();
  world.signing.files.set_capacity(0);
  world.signing.clock.advance(kHour);
  world.settle();
  CHECK(world.sink.count("residency.unproven") == 1);
  CHECK(periods(world).size() == 1);
}

TEST_CASE("residency: a restart makes a proof at once only when the last one is old") {
  ResidencyWorld world;
  world.settle();
  world.open();
  world.settle();
  CHECK(periods(world).size() == 1);
  world.signing.clock.advance(kHour * 5 + seconds(60));
  world.open();
  world.settle();
  CHECK(periods(world) == std::vector<std::string>{"2026-01-01T05-01-00Z", "2026-01-01T00-00-00Z"});
}

TEST_CASE("residency: every tenant with data has proofs; the oldest ones go at the limit") {
  ResidencyWorld world({.proofs_max = 3}, "");
  world.add_tenant("bravo", "us");
  world.add_tenant("charlie", "ap");  // there is no placement
  for (int i = 0; i < 5; ++i) {
    world.settle();
    world.signing.clock.advance(kHour);
  }
  CHECK(periods(world) ==
        std::vector<std::string>{"2026-01-01T03Z", "2026-01-01T02Z", "2026-01-01T01Z"});
  CHECK(periods(world, "bravo").size() == 3);
  CHECK(periods(world, "charlie").empty());
  CHECK(periods(world, "system").empty());
}

TEST_CASE("residency: the list goes in pages, the newest first, over all tenants asked for") {
  ResidencyWorld world({}, "");
  world.add_tenant("bravo", "us");
  for (int i = 0; i < 3; ++i) {
    world.settle();
    world.signing.clock.advance(kHour);
  }
  std::vector<std::string> seen;
  Residency::Question question{.tenants = {"bravo", "alpha"}, .limit = 2};
  do {
    const auto page = world.residency->list(question);
    REQUIRE(page);
    for (const Summary& each : page->items) seen.push_back(each.period + " " + each.tenant);
    question.cursor = page->next_cursor;
  } while (!question.cursor.empty());
  CHECK(seen == std::vector<std::string>{"2026-01-01T01Z alpha", "2026-01-01T01Z bravo",
                                         "2026-01-01T00Z alpha", "2026-01-01T00Z bravo",
                                         "2026-01-01T00-00-00Z alpha",
                                         "2026-01-01T00-00-00Z bravo"});
  for (const char* bad : {"x", "!", "YWJj"}) {
    CHECK(world.residency->list({.tenants = {"alpha"}, .cursor = bad}).error().code ==
          Code::invalid);
  }
  CHECK(world.residency->read(kAlpha, "../bravo/2026-01-01T01Z").error().code == Code::not_found);
  CHECK(world.residency->read(kAlpha, "2027-01-01T01Z").error().code == Code::not_found);
}

TEST_CASE("residency: the list gives those of a time, and those that held or did not") {
  ResidencyWorld world;
  for (int i = 0; i < 4; ++i) {
    world.settle();
    world.signing.clock.advance(kHour);
    world.eu.down = i == 1;  // when the proof of hour 1 is made
  }
  const auto at = [](const char* text) { return std::optional(*parse_rfc3339(text)); };
  const auto listed = [&](Residency::Question question) {
    question.tenants = {"alpha"};
    const auto page = world.residency->list(question);
    REQUIRE(page);
    std::vector<std::string> out;
    for (const Summary& each : page->items) out.push_back(each.period.substr(11));
    return out;
  };
  using Periods = std::vector<std::string>;
  CHECK(listed({}) == Periods{"02Z", "01Z", "00Z", "00-00-00Z"});
  CHECK(listed({.ok = true}) == Periods{"02Z", "00Z", "00-00-00Z"});
  CHECK(listed({.ok = false}) == Periods{"01Z"});
  CHECK(listed({.from = at("2026-01-01T01:00:00Z")}) == Periods{"02Z", "01Z"});
  CHECK(listed({.from = at("2026-01-01T01:59:59Z")}) == Periods{"02Z", "01Z"});
  CHECK(listed({.from = at("2026-01-01T00:00:00Z"), .to = at("2026-01-01T01:00:00Z")}) ==
        Periods{"00Z", "00-00-00Z"});
  CHECK(listed({.to = at("2026-01-01T00:00:00Z")}).empty());
  CHECK(listed({.to = at("2026-01-01T00:00:01Z")}) == Periods{"00Z", "00-00-00Z"});
  CHECK(listed({.from = at("2026-01-01T00:00:01Z"), .ok = true}) == Periods{"02Z", "00Z"});
}

TEST_CASE("residency: what a proof covers counts, not what its name is") {
  ResidencyWorld world;
  world.settle();  // at 00:00
  const auto at = [](const char* text) { return std::optional(*parse_rfc3339(text)); };
  const auto until = [&](const char* to) {
    const auto page = world.residency->list({.tenants = {"alpha"}, .to = at(to)});
    REQUIRE(page);
    std::vector<std::string> out;
    for (const Summary& each : page->items) out.push_back(each.period.substr(11));
    return out;
  };
  using Periods = std::vector<std::string>;
  // One of this moment covers all of its hour so far.
  world.signing.clock.advance(seconds(1'800));
  REQUIRE(world.residency->prove_now(kAlpha));
  CHECK(until("2026-01-01T00:15:00Z") == Periods{"00-30-00Z", "00-00-00Z"});
  CHECK(until("2026-01-01T00:00:00Z").empty());
  // That of hour 1 cannot be made; that of hour 2 covers both.
  world.signing.clock.advance(seconds(1'800));
  world.settle();
  world.signing.clock.advance(kHour);
  world.faulty->fail_at(2, sim::FaultyConnection::Fault::not_run);
  world.settle();
  world.signing.clock.advance(kHour);
  world.settle();
  world.signing.clock.advance(kHour);
  world.settle();
  REQUIRE(periods(world) == Periods{"2026-01-01T03Z", "2026-01-01T02Z", "2026-01-01T00Z",
                                    "2026-01-01T00-30-00Z", "2026-01-01T00-00-00Z"});
  CHECK(until("2026-01-01T01:30:00Z") == Periods{"02Z", "00Z", "00-30-00Z", "00-00-00Z"});
  CHECK(until("2026-01-01T01:00:00Z") == Periods{"00Z", "00-30-00Z", "00-00-00Z"});
  CHECK(until("2026-01-01T03:00:00Z") == Periods{"02Z", "00Z", "00-30-00Z", "00-00-00Z"});
}

TEST_CASE("residency: a page of the list reads only so many proofs, and the next goes on behind") {
  ResidencyWorld world({.proofs_max = 2'000});
  world.settle();
  const std::string bundle = world.residency->read(kAlpha, "2026-01-01T00-00-00Z")->bundle;
  WallTime hour = *parse_rfc3339("2025-01-01T00:00:00Z");
  for (std::size_t i = 0; i < kProofsReadMax + 5; ++i, hour = hour + kHour) {
    const std::string path = "/data/residency/alpha/" + hour_name(hour) + ".json";
    REQUIRE(world.signing.files.write_atomic(path, bundle));
  }
  Residency::Question question{.tenants = {"alpha"}, .ok = false};
  auto page = world.residency->list(question);
  REQUIRE(page);
  CHECK(page->items.empty());
  REQUIRE_FALSE(page->next_cursor.empty());
  question.cursor = page->next_cursor;
  page = world.residency->list(question);
  REQUIRE(page);
  CHECK(page->next_cursor.empty());
}

TEST_CASE("residency: the figures of a list are those of the documents") {
  ResidencyWorld world;
  world.residency->counts().add(kAlpha, {"eu", "eu", 7, 2});
  world.eu.refuses_tables = true;
  const auto proof = world.residency->prove_now(kAlpha);
  REQUIRE(proof);
  CHECK(proof->reads == 7);
  CHECK(proof->writes == 2);
  CHECK(proof->probes == 1);
  CHECK(proof->probes_ok == 0);
}

TEST_CASE("residency: where data lie is told as the rules judge it") {
  ResidencyWorld world;
  world.model.sources.push_back({"archive", "test:us", "us"});
  world.model.sources.push_back({"lost", "test:us", ""});
  world.model.datasets.push_back(test_dataset("archive"));
  world.model.datasets.push_back(test_dataset("lost"));
  world.open({.permitted = {{"bravo", {"us"}}}, .unstated = Unstated::deny});
  world.add_tenant("bravo", "eu");
  world.add_tenant("charlie", "ap");
  const auto located = world.residency->locate(kAlpha);
  REQUIRE(located);
  CHECK(located->region == "eu");
  REQUIRE(located->places.size() == 3);
  CHECK(located->places[0].source == "graph");
  CHECK(located->places[0].region == "eu");
  CHECK(located->places[0].datasets == std::vector<std::string>{"graph"});
  CHECK(located->places[0].answer == Answer::permitted);
  CHECK(located->places[1].answer == Answer::source_outside);
  CHECK(located->places[2].answer == Answer::source_unstated);
  CHECK(located->absent.empty());
  CHECK(world.residency->locate(TenantId("bravo"))->places[1].answer == Answer::permitted);
  // Neither of the placements of `graph` is in its region.
  const auto charlie = world.residency->locate(TenantId("charlie"));
  REQUIRE(charlie);
  CHECK(charlie->absent == std::vector<std::string>{"graph"});
  CHECK(world.residency->locate(TenantId("nobody")).error().code == Code::not_found);
}

TEST_CASE("residency: without datasets, or switched off, nothing is proven") {
  ResidencyWorld off({.probes = false});
  off.settle();
  CHECK(periods(off).empty());
}

TEST_CASE("residency: fails at any disk operation, and no proof is half there") {
  for (std::int64_t n = 1; n <= 40; ++n) {
    for (const auto fault :
         {sim::SimFiles::Fault::not_stored, sim::SimFiles::Fault::stored_but_reported_failed}) {
      ResidencyWorld world;
      world.sink.expect_error("ledger.failed");
      world.signing.files.fail_at(n, fault);
      static_cast<void>(world.residency->prove_now(kAlpha));
      const auto listed = world.residency->list({.tenants = {"alpha"}});
      REQUIRE(listed);
      for (const Summary& each : listed->items) {
        CHECK(verifies(world, *world.residency->read(kAlpha, each.period)));
      }
    }
  }
}

}  // namespace
}  // namespace mc::residency
