#include "transparency/exports.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::transparency {
namespace {

ReadableRecord record() {
  ReadableRecord out;
  out.header = {"audit/alpha",
                7,
                WallTime{1'767'268'800'123'000'000},
                "access",
                "otto@system",
                "alpha",
                "GET /v1/tenants/{tenant}/tokens",
                "support",
                "TKT-1",
                {},
                {}};
  out.payload = *json::parse(
      R"({"fields":"id,scopes","object":"/v1/tenants/alpha/tokens","peer":"192.0.2.7",)"
      R"("reason":"customer-support","region":"local","request_id":"req_1","roles":"operator",)"
      R"("rows":2,"status":200})");
  return out;
}

TEST_CASE("exports: CSV has a line a record under one header") {
  CHECK(
      csv_header() ==
      "record,at,type,tenant,actor,action,purpose,warrant,reason,status,rows,fields,object,region,"
      "roles,request_id\r\n");
  CHECK(print_csv(record()) ==
        "7,2026-01-01T12:00:00.123Z,access,alpha,otto@system,GET /v1/tenants/{tenant}/tokens,"
        "support,TKT-1,customer-support,200,2,\"id,scopes\",/v1/tenants/alpha/tokens,local,"
        "operator,req_1\r\n");
}

TEST_CASE("exports: no cell of CSV is a formula, and none breaks out of its quotes") {
  ReadableRecord hostile = record();
  hostile.header.actor = "=HYPERLINK(\"http://evil\",\"x\")";
  hostile.header.purpose = "a\"b";
  hostile.header.warrant = "@cmd";
  hostile.payload = {};
  const std::string line = print_csv(hostile);
  CHECK(line.find("\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\"") != std::string::npos);
  CHECK(line.find("\"a\"\"b\"") != std::string::npos);
  CHECK(line.find(",'@cmd,") != std::string::npos);
}

TEST_CASE("exports: OCSF tells reads from changes, with the class's required members") {
  const auto read = json::parse(print_ocsf(record()));
  REQUIRE(read.has_value());
  CHECK(*read->find("class_uid")->as_int() == 6005);
  CHECK(*read->find("type_uid")->as_int() == 600'501);  // 2 would be an update
  CHECK(*read->find("time")->as_int() == 1'767'268'800'123);
  CHECK(*read->find("metadata")->find("uid")->as_string() == "audit/alpha/7");
  CHECK(*read->find("metadata")->find("sequence")->as_int() == 7);
  CHECK(*read->find("actor")->find("user")->find("name")->as_string() == "otto");
  CHECK(*read->find("src_endpoint")->find("ip")->as_string() == "192.0.2.7");
  CHECK(*read->find("table")->find("name")->as_string() == "/v1/tenants/alpha/tokens");
  ReadableRecord change = record();
  change.header.type = "change";
  change.header.action = "DELETE /v1/tenants/{tenant}/tokens/{token}";
  change.payload = {};  // erased
  const auto changed = json::parse(print_ocsf(change));
  CHECK(*changed->find("type_uid")->as_int() == 600'304);
  CHECK(*changed->find("src_endpoint")->find("name")->as_string() == "local");
  change.header.type = "denied";
  CHECK(*json::parse(print_ocsf(change))->find("status_id")->as_int() == 2);
}

TEST_CASE("exports: OCSF tells what was done of what was refused or has failed") {
  struct Row {
    const char* type;
    const char* action;
    const char* payload;
    std::int64_t type_uid;
    std::int64_t status;
  };
  const Row rows[] = {{"change", "POST /v1/x", "{}", 600'301, 1},
                      {"change", "PATCH /v1/x", "{}", 600'303, 1},
                      {"outcome", "POST /v1/x", R"({"status":201})", 600'301, 1},
                      {"outcome", "POST /v1/x", R"({"status":409})", 600'301, 2},
                      {"access", "GET /v1/x", R"({"status":404})", 600'501, 2},
                      {"denied", "GET /v1/x", "{}", 600'302, 2},
                      {"denied", "POST /v1/x", "{}", 600'301, 2},
                      {"redaction", "erase 7", "{}", 600'304, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.action);
    ReadableRecord of = record();
    of.header.type = row.type;
    of.header.action = row.action;
    of.payload = *json::parse(row.payload);
    const auto event = json::parse(print_ocsf(of));
    CHECK(*event->find("type_uid")->as_int() == row.type_uid);
    CHECK(*event->find("status_id")->as_int() == row.status);
  }
}

struct Told {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger = open();

  std::unique_ptr<ledger::Ledger> open() {
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.head"}, {files, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                *crypto::SigningKey::ed25519(Secret(std::string(32, 's')))));
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  void append(const std::string& payload) {
    const ledger::Header& of = record().header;
    REQUIRE(ledger->append(
        {of.log, of.type, of.actor, of.tenant, of.action, of.purpose, of.warrant, payload, {}}));
  }
  Result<std::string> send(const std::string& data, const std::string& type = "mc.access.read") {
    notify::Parcel parcel;
    parcel.endpoint.tenant = TenantId("alpha");
    parcel.event = "evt_1";
    parcel.type = type;
    parcel.body = R"({"time":"2026-01-01T12:00:00.123Z","data":)" + data + "}";
    return ocsf_of(ledger->store(), parcel);
  }
};

TEST_CASE("exports: an event that names a record goes out as that record") {
  Told told;
  told.append(json::canonical(record().payload));
  const auto sent = told.send(R"({"record":0})");
  REQUIRE_MESSAGE(sent.has_value(), sent.error().what);
  CHECK(sent == told.send(R"({"record":0})"));  // the same bytes at every attempt
  json::Value event = *json::parse(*sent);
  CHECK(*event.find("metadata")->find("correlation_uid")->as_string() == "evt_1");
  CHECK(*event.find("metadata")->find("uid")->as_string() == "audit/alpha/0");
  CHECK(*event.find("src_endpoint")->find("ip")->as_string() == "192.0.2.7");
  CHECK(*event.find("unmapped")->find("reason")->as_string() == "customer-support");
  // What was erased meanwhile is not told.
  REQUIRE(told.ledger->redact("audit/alpha", 0,
                              {"", "", "ada@alpha", "alpha", "", "erasure", "", "{}", {}}));
  const auto later = told.send(R"({"record":0})");
  REQUIRE(later.has_value());
  CHECK(later->find("192.0.2.7") == std::string::npos);
  CHECK(later->find("customer-support") == std::string::npos);
}

TEST_CASE("exports: a record that is not there yet is unavailable, an event without one invalid") {
  Told told;
  CHECK(told.send(R"({"record":0})").error().code == Code::unavailable);
  told.append("{}");
  CHECK(told.send(R"({"record":1})").error().code == Code::unavailable);
  for (const char* data : {"{}", R"({"record":"0"})", R"({"record":-1})", "null"}) {
    CAPTURE(data);
    CHECK(told.send(data).error().code == Code::invalid);
  }
}

TEST_CASE("exports: a test goes out as a base event of OCSF") {
  Told told;
  const auto sent = told.send("{}", "mc.test");
  REQUIRE(sent.has_value());
  const json::Value event = *json::parse(*sent);
  CHECK(*event.find("class_uid")->as_int() == 0);
  CHECK(*event.find("type_uid")->as_int() == 99);
  CHECK(*event.find("time")->as_int() == 1'767'268'800'123);
  CHECK(*event.find("metadata")->find("uid")->as_string() == "evt_1");
}

}  // namespace
}  // namespace mc::transparency
