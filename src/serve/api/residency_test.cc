#include "residency/residency.h"

#include <doctest/doctest.h>

#include "contract/api_face.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

const std::string kList = "/v1/residency";
const std::string kProbes = "/v1/residency/alpha/probes";

// The face with proofs of residency over its datasets.
struct ResidencyFace : Face {
  sim::SimFiles proofs;
  sql::Drivers drivers = with_sqlite();
  dataset::Writers writers{drivers, world.catalog().model(), false};
  residency::Residency residency{
      {world.clock(), world.random(), proofs, world.log(), world.directory(), *ledger, *signing,
       drivers, &world.catalog().model(), &writers},
      {},
      {"/data/residency", "node-1", "eu-west-1"}};
  Api with_proofs{proving_world()};

  ResidencyFace() {
    world.set_front(with_proofs);
    with_proofs.set_ready(true);
    for (const char* tenant : {"alpha", "bravo"}) {
      const auto made = residency.prove_now(TenantId(tenant));
      REQUIRE_MESSAGE(made.has_value(), made.error().what);
    }
    world.clock().advance(seconds(60));
  }
  static sql::Drivers with_sqlite() {
    sql::Drivers out;
    out.add(sql::sqlite_driver());
    return out;
  }
  ApiWorld proving_world() {
    ApiWorld out = api_world();
    out.residency = &residency;
    return out;
  }
  json::Value must(const std::string& method, const std::string& target, const std::string& token,
                   int status = 200) {
    const net::Response reply = ask(method, target, token);
    REQUIRE_MESSAGE(reply.status == status, reply.body);
    return *json::parse(reply.body);
  }
  std::vector<std::string> tenants_in(const json::Value& page) {
    std::vector<std::string> out;
    for (const json::Value& item : *page.find("items")->as_array()) {
      out.push_back(*item.find("tenant")->as_string());
    }
    return out;
  }
  json::Value newest_record() {
    const json::Value page = must("GET", "/v1/tenants/alpha/records?limit=1", admin);
    return page.find("items")->as_array()->front();
  }
};
using Names = std::vector<std::string>;

TEST_CASE("residency: the list has the proofs of those tenants that the caller may see") {
  ResidencyFace face;
  CHECK(face.tenants_in(face.must("GET", kList, face.operator_)) == Names{"alpha", "bravo"});
  for (const std::string& who : {face.admin, face.analyst, face.auditor}) {
    CHECK(face.tenants_in(face.must("GET", kList, who)) == Names{"alpha"});
  }
  CHECK(face.tenants_in(face.must("GET", kList + "?tenant=bravo", face.operator_)) ==
        Names{"bravo"});
  face.must("GET", kList + "?tenant=bravo", face.admin, 404);
  face.must("GET", kList + "?tenant=nobody", face.operator_, 404);

  const json::Value first = face.must("GET", kList + "?limit=1", face.operator_);
  CHECK(face.tenants_in(first) == Names{"alpha"});
  const std::string cursor = *first.find("next_cursor")->as_string();
  const json::Value second = face.must("GET", kList + "?cursor=" + cursor, face.operator_);
  CHECK(face.tenants_in(second) == Names{"bravo"});
  CHECK(second.find("next_cursor")->is_null());
  for (const char* bad : {"?limit=0", "?limit=201", "?limit=x", "?cursor=x", "?tenants=alpha",
                          "?ok=yes", "?from=then", "?from=2026-01-02&to=2026-01-02"}) {
    CAPTURE(bad);
    face.must("GET", kList + bad, face.operator_, 400);
  }
}

TEST_CASE("residency: a proof is served as it was signed, and verifies") {
  ResidencyFace face;
  const json::Value page = face.must("GET", kList, face.admin);
  const std::string period = *page.find("items")->as_array()->front().find("period")->as_string();
  const std::string path = "/v1/residency/alpha/" + period;
  const net::Response bundle = face.ask("GET", path, face.auditor);
  REQUIRE(bundle.status == 200);
  const net::Response document = face.ask("GET", path + "?form=document", face.auditor);
  REQUIRE(document.status == 200);
  const auto report = proof::verify({.file = bundle.body,
                                     .trust = proof::print_trusted_root(face.signing->trust()),
                                     .public_key = face.signing->signer().to_pem(),
                                     .artifact = proof::Artifact{document.body},
                                     .now = face.world.clock().wall()});
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK(report->verified());
  CHECK(*json::parse(document.body)->find("ok")->as_bool());

  face.must("GET", path + "?form=pdf", face.admin, 400);
  face.must("GET", path + "?tenant=alpha", face.admin, 400);
  face.must("GET", "/v1/residency/alpha/2026-01-01T00Z", face.admin, 404);
  face.must("GET", "/v1/residency/alpha/probes", face.admin, 404);
  face.must("GET", "/v1/residency/bravo/" + period, face.admin, 404);
  face.must("GET", "/v1/residency/nobody/" + period, face.operator_, 404);
  CHECK(face.ask("POST", path, face.admin).status == 405);
}

TEST_CASE("residency: what the operator reads of a tenant's proofs stands in the tenant's log") {
  ResidencyFace face;
  const json::Value page = face.must("GET", kList + "?tenant=alpha", face.operator_);
  json::Value record = face.newest_record();
  CHECK(*record.find("action")->as_string() == "GET /v1/residency");
  const std::string period = *page.find("items")->as_array()->front().find("period")->as_string();
  CHECK(face.ask("GET", "/v1/residency/alpha/" + period, face.operator_).status == 200);
  record = face.newest_record();
  CHECK(*record.find("action")->as_string() == "GET /v1/residency/{tenant}/{period}");
  CHECK(*record.find("type")->as_string() == "access");
  CHECK(*record.find("payload")->find("reason")->as_string() == "contract");
}

TEST_CASE("residency: a probe is asked for by who administers the tenant, and is recorded") {
  ResidencyFace face;
  CHECK(face.must("POST", kProbes + "?dry_run=true", face.admin).as_object()->empty());
  CHECK(face.tenants_in(face.must("GET", kList, face.admin)).size() == 1);
  const json::Value made = face.must("POST", kProbes, face.admin, 201);
  CHECK(*made.find("ok")->as_bool());
  CHECK(*made.find("tenant")->as_string() == "alpha");
  CHECK(face.tenants_in(face.must("GET", kList, face.admin)).size() == 2);
  const json::Value records = face.must("GET", "/v1/tenants/alpha/records?limit=3", face.admin);
  Names types;
  for (const json::Value& each : *records.find("items")->as_array()) {
    types.push_back(*each.find("type")->as_string());
  }
  CHECK(types == Names{"outcome", "residency", "change"});
  face.world.clock().advance(seconds(1));
  face.must("POST", kProbes, face.operator_, 201);
  for (const std::string& who : {face.analyst, face.auditor}) face.must("POST", kProbes, who, 403);
  face.must("POST", kProbes, face.bravo, 404);
  face.must("POST", "/v1/residency/nobody/probes", face.operator_, 404);
}

TEST_CASE("residency: the list is filtered by time and by what the proofs say") {
  ResidencyFace face;
  const auto count = [&](const std::string& query) {
    return face.tenants_in(face.must("GET", kList + query, face.admin)).size();
  };
  CHECK(count("?ok=true") == 1);
  CHECK(count("?ok=false") == 0);
  CHECK(count("?to=2020-01-01") == 0);
  CHECK(count("?from=2020-01-01&ok=true") == 1);
  const json::Value page = face.must("GET", kList, face.admin);
  const json::Value& proof = page.find("items")->as_array()->front();
  CHECK(*proof.find("probes")->as_int() == *proof.find("probes_ok")->as_int());
  CHECK(*proof.find("probes")->as_int() > 0);
  CHECK(*proof.find("reads")->as_int() == 0);
}

TEST_CASE("residency: where a tenant's data lie is told to its own people and to the operator") {
  ResidencyFace face;
  const std::string path = kList + "/alpha";
  for (const std::string& who : {face.admin, face.analyst, face.auditor, face.operator_}) {
    const json::Value found = face.must("GET", path, who);
    CHECK(*found.find("tenant")->as_string() == "alpha");
    CHECK(*found.find("node")->find("region")->as_string() == "eu-west-1");
    CHECK(*found.find("proven")->as_bool());
    CHECK_FALSE(found.find("places")->as_array()->empty());
  }
  const json::Value record = face.newest_record();
  CHECK(*record.find("action")->as_string() == "GET /v1/residency/{tenant}");
  CHECK(*record.find("type")->as_string() == "access");
  face.must("GET", path, face.bravo, 404);
  face.must("GET", kList + "/nobody", face.operator_, 404);
  face.must("GET", path + "?form=pdf", face.admin, 400);
}

// Two attempts of ada, one of ben, and what a probe found.
void plant_attempts(ResidencyFace& face) {
  residency::Attempt attempt{TenantId("alpha"), "ada@alpha", "read",  "support", "main", "eu", "us",
                             "cross-region",    "req_1",     "person"};
  face.residency.attempt(attempt);
  attempt.actor = "ben@alpha";
  attempt.action = "write";
  face.residency.attempt(attempt);
  attempt.actor = "ada@alpha";
  attempt.code = "region-unstated";
  attempt.dst = "";
  face.residency.attempt(attempt);
  ledger::Entry found;
  found.log = "audit/alpha";
  found.type = residency::kViolationType;
  found.actor = "residency@system";
  found.tenant = "alpha";
  found.action = "residency probe";
  found.purpose = "not stated";
  found.payload = R"({"reason":"foreign-sentinel","object":"main","action":"read","count":1,)"
                  R"("period":"2026-01-01T00Z","region_src":"eu","region_dst":"us"})";
  REQUIRE(face.ledger->append(std::move(found)));
}

TEST_CASE("residency: attempts and finds are listed from the tenant's log, with their records") {
  ResidencyFace face;
  plant_attempts(face);
  const std::string path = kList + "/alpha/attempts";
  const auto codes = [&](const std::string& query, const std::string& who) {
    Names out;
    const json::Value page = face.must("GET", path + query, who);
    for (const json::Value& each : *page.find("items")->as_array()) {
      out.push_back(*each.find("code")->as_string());
    }
    return out;
  };
  const Names all = {"foreign-sentinel", "region-unstated", "cross-region", "cross-region"};
  for (const std::string& who : {face.admin, face.analyst, face.auditor, face.operator_}) {
    CHECK(codes("", who) == all);
  }
  CHECK(*face.newest_record().find("action")->as_string() == "GET /v1/residency/{tenant}/attempts");
  CHECK(codes("?code=cross-region", face.admin).size() == 2);
  CHECK(codes("?code=foreign-sentinel", face.admin).size() == 1);
  CHECK(codes("?actor=ben*", face.admin).size() == 1);
  CHECK(codes("?from=2020-01-01&to=2020-01-02", face.admin).empty());

  json::Value page = face.must("GET", path + "?limit=1&code=cross-region", face.admin);
  const json::Value write = page.find("items")->as_array()->front();
  CHECK(*write.find("actor")->as_string() == "ben@alpha");
  CHECK(*write.find("action")->as_string() == "write");
  CHECK(*write.find("dataset")->as_string() == "person");
  CHECK(*write.find("src")->as_string() == "eu");
  CHECK(*write.find("dst")->as_string() == "us");
  CHECK(*write.find("denied")->as_bool());
  const std::string record = std::to_string(*write.find("record")->as_int());
  const json::Value held =
      face.must("GET", "/v1/tenants/alpha/records?limit=1&type=denied&actor=ben*", face.admin);
  CHECK(std::to_string(*held.find("items")->as_array()->front().find("record")->as_int()) ==
        record);

  // Page by page it is the same list.
  Names paged;
  std::string cursor;
  do {
    page = face.must("GET", path + "?limit=1" + cursor, face.admin);
    paged.push_back(*page.find("items")->as_array()->front().find("code")->as_string());
    const json::Value* next = page.find("next_cursor");
    cursor = next->is_null() ? "" : "&cursor=" + *next->as_string();
  } while (!cursor.empty());
  CHECK(paged == all);

  face.must("GET", path, face.bravo, 404);
  for (const char* bad : {"?limit=0", "?cursor=x", "?cursor=-1", "?type=denied", "?from=then"}) {
    CAPTURE(bad);
    face.must("GET", path + bad, face.admin, 400);
  }
  const net::Response posted = face.ask("POST", path, face.admin);
  CHECK(posted.status == 405);
}

TEST_CASE("residency: a denied attempt whose payload was erased is still listed") {
  ResidencyFace face;
  plant_attempts(face);
  const json::Value page = face.must("GET", kList + "/alpha/attempts?actor=ben*", face.admin);
  const std::int64_t record = *page.find("items")->as_array()->front().find("record")->as_int();
  const std::string erase = "/v1/tenants/alpha/records/" + std::to_string(record) + "/erase";
  REQUIRE(face.ask("POST", erase, face.admin, R"({"reason":"a test"})").status == 200);
  const json::Value after = face.must("GET", kList + "/alpha/attempts?actor=ben*", face.admin);
  REQUIRE(after.find("items")->as_array()->size() == 1);
  const json::Value& erased = after.find("items")->as_array()->front();
  CHECK(*erased.find("erased")->as_bool());
  for (const char* gone : {"code", "action", "dataset", "source", "src", "dst", "count"}) {
    CHECK(erased.find(gone)->is_null());
  }
}

TEST_CASE("residency: a server without proofs says so") {
  Face face;
  for (const std::string& target : {kList, kList + "/alpha", kList + "/alpha/2026-01-01T00Z"}) {
    CHECK(face.ask("GET", target, face.admin).status == 503);
  }
  CHECK(face.ask("POST", kProbes, face.admin).status == 503);
}

}  // namespace
}  // namespace mc::api
