#include "transparency/exports.h"

#include <doctest/doctest.h>

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
  CHECK(*read->find("type_uid")->as_int() == 600'502);
  CHECK(*read->find("time")->as_int() == 1'767'268'800'123);
  CHECK(*read->find("metadata")->find("uid")->as_string() == "audit/alpha/7");
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

}  // namespace
}  // namespace mc::transparency
