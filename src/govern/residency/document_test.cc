#include "residency/document.h"

#include <doctest/doctest.h>

#include "contract/signing_world.h"

namespace mc::residency {
namespace {

Evidence evidence() {
  Evidence out;
  out.tenant = "alpha";
  out.region = "eu";
  out.period = "2026-01-01T00Z";
  out.from = *parse_rfc3339("2026-01-01T00:00:00Z");
  out.to = *parse_rfc3339("2026-01-01T01:00:00.25Z");
  out.at = *parse_rfc3339("2026-01-01T01:00:01Z");
  out.node = "node-1";
  out.node_region = "eu";
  out.sources = {{"graph", "eu", "eu", "PostgreSQL 15.18", "ok", "ok", 3, 2}};
  out.traffic = {{"eu", "eu", 120, 4}};
  return out;
}

TEST_CASE("residency: the document is these bytes (docs/formats/residency.md has them too)") {
  Evidence held = evidence();
  held.permitted = {"ap"};
  held.violations.push_back({*parse_rfc3339("2026-01-01T00:10:00Z"), "cross-region", "ada@alpha",
                             "read", "graph", "eu", "us", 2, true});
  CHECK(json::canonical(document_of(held)) ==
        R"({"at":"2026-01-01T01:00:01.000Z","from":"2026-01-01T00:00:00.000Z",)"
        R"("kind":"mc.residency/v1","node":{"name":"node-1","region":"eu"},"ok":true,)"
        R"("period":"2026-01-01T00Z","permitted":["ap"],)"
        R"("reads":[{"count":120,"dst":"eu","ok":true,"src":"eu"}],"region":"eu",)"
        R"("sources":[{"claim":"eu","database":"PostgreSQL 15.18","name":"graph","read":"ok",)"
        R"("read_ms":2,"region":"eu","write":"ok","write_ms":3}],"tenant":"alpha",)"
        R"("to":"2026-01-01T01:00:00.250Z","unstated":"allow",)"
        R"("violations":[{"action":"read","actor":"ada@alpha","at":"2026-01-01T00:10:00.000Z",)"
        R"("code":"cross-region","count":2,"denied":true,"dst":"us","source":"graph",)"
        R"("src":"eu"}],"violations_more":0,)"
        R"("writes":[{"count":4,"dst":"eu","ok":true,"src":"eu"}]})");
  const auto statement = statement_of(held);
  REQUIRE(statement);
  CHECK(statement->predicate_type == "urn:maestro-conductor:residency:v1");
  CHECK(statement->subjects.front().name == "residency/alpha/2026-01-01T00Z");
  const std::string document = json::canonical(document_of(held));
  CHECK(proof::find_subject(*statement, {document}).has_value());
  CHECK_FALSE(proof::find_subject(*statement, {document + "\n"}).has_value());
}

TEST_CASE("residency: a document says that it held only when all of it did") {
  struct Row {
    const char* name;
    void (*change)(Evidence&);
    bool ok;
  };
  const Row rows[] = {
      {"as it is", [](Evidence&) {}, true},
      {"no source", [](Evidence& e) { e.sources.clear(); }, false},
      {"no source and no traffic",
       [](Evidence& e) {
         e.sources.clear();
         e.traffic.clear();
       },
       false},
      {"no traffic", [](Evidence& e) { e.traffic.clear(); }, true},
      {"no write", [](Evidence& e) { e.sources[0].write = "unavailable"; }, false},
      {"no read", [](Evidence& e) { e.sources[0].read = "mismatch"; }, false},
      {"an attempt", [](Evidence& e) { e.violations.push_back({.code = "cross-region"}); }, true},
      {"a find",
       [](Evidence& e) { e.violations.push_back({.code = "foreign-sentinel", .denied = false}); },
       false},
      {"traffic elsewhere", [](Evidence& e) { e.traffic.push_back({"eu", "us", 1, 0}); }, false},
      {"traffic to a permitted place that was not probed",
       [](Evidence& e) {
         e.permitted = {"us"};
         e.traffic.push_back({"eu", "us", 1, 0});
       },
       false},
      {"the server stands elsewhere",
       [](Evidence& e) {
         e.node_region = "us";
         e.traffic.clear();
       },
       false},
      {"the server does not say where", [](Evidence& e) { e.node_region = ""; }, true},
      {"the source does not say where",
       [](Evidence& e) {
         e.sources[0].region = "";
         e.traffic = {{"eu", "", 1, 0}};
       },
       false},
      {"the same, of a tenant that is bound to no region",
       [](Evidence& e) {
         e.region = "local";
         e.sources[0].region = "";
         e.traffic = {{"eu", "", 1, 0}};
       },
       true},
      {"only a source that is closed to the tenant",
       [](Evidence& e) {
         e.traffic.clear();
         e.sources[0].write = e.sources[0].read = "not-permitted";
       },
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Evidence held = evidence();
    row.change(held);
    CHECK(holds(held) == row.ok);
    const json::Object document = document_of(held);
    CHECK(*document.find("ok")->as_bool() == row.ok);
  }
}

TEST_CASE("residency: traffic that must not be is a violation that was not denied") {
  Evidence held = evidence();
  held.traffic.push_back({"eu", "us", 3, 2});
  held.traffic.push_back({"us", "eu", 1, 0});
  judge_traffic(held);
  REQUIRE(held.violations.size() == 2);
  CHECK(held.violations[0] ==
        Violation{held.from, "cross-region", "", "read, write", "", "eu", "us", 5, false});
  CHECK(held.violations[1].src == "us");
  CHECK_FALSE(holds(held));
}

TEST_CASE("residency: of too many violations those that were not denied are listed first") {
  Evidence held = evidence();
  for (int i = 0; i < 150; ++i) held.violations.push_back({.code = "cross-region"});
  held.violations.push_back({.code = "foreign-sentinel", .denied = false});
  const json::Object document = document_of(held);
  const json::Array& listed = *document.find("violations")->as_array();
  CHECK(listed.size() == kViolationsMax);
  CHECK(*listed.front().find("code")->as_string() == "foreign-sentinel");
  CHECK(*document.find("violations_more")->as_int() == 51);
  CHECK_FALSE(*document.find("ok")->as_bool());
}

TEST_CASE("residency: periods have names that sort as they came") {
  const WallTime at = *parse_rfc3339("2026-11-22T11:42:07.9Z");
  CHECK(hour_name(at) == "2026-11-22T11Z");
  CHECK(moment_name(at) == "2026-11-22T11-42-07Z");
  CHECK(moment_name(at) < hour_name(at));
  CHECK(hour_name(at) < moment_name(at + seconds(1'200)));
  CHECK(hour_of(at) == *parse_rfc3339("2026-11-22T11:00:00Z"));
  for (const char* good : {"2026-11-22T11Z", "2026-11-22T11-42-07Z"}) CHECK(is_period(good));
  for (const char* bad : {"", "2026-11-22T11", "2026-11-22t11Z", "../../2026-11-22",
                          "2026-11-22T1:Z", "2026-11-22T11-42-07Z.json", "2026-11-22T11-42Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_period(bad));
  }
}

TEST_CASE("residency: the figures of a stored proof are the sums of its document") {
  Evidence held = evidence();
  held.traffic = {{"eu", "eu", 120, 4}, {"eu", "us", 3, 2}};
  held.sources.push_back({"slow", "eu", "", "", "ok", "unavailable", 1, 0});
  held.sources.push_back({"closed", "us", "", "", "not-permitted", "not-permitted", 0, 0});
  held.violations.resize(150, {.code = "cross-region"});
  signing::SigningWorld world;
  const auto bundle = world.signing->sign(*statement_of(held));
  REQUIRE(bundle);
  const auto stored = read_stored(proof::print_bundle(*bundle));
  REQUIRE_MESSAGE(stored.has_value(), stored.error().what);
  CHECK(stored->summary.reads == 123);
  CHECK(stored->summary.writes == 6);
  CHECK(stored->summary.probes == 2);
  CHECK(stored->summary.probes_ok == 1);
  CHECK(stored->summary.violations == 150);
}

TEST_CASE("residency: what is stored and is no proof of residency is damage") {
  CHECK(read_stored("{}").error().code == Code::corrupt);
  CHECK(read_stored("").error().code == Code::corrupt);
}

}  // namespace
}  // namespace mc::residency
