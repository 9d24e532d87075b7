#include "budget/denial.h"

#include <doctest/doctest.h>

#include "contract/budget_recorder.h"

namespace mc::budget {
namespace {

constexpr const char* kSettings = R"({
  "budgets": {"starter": {"gql_qps": 2}, "pro": {"gql_qps": 50}},
  "admission": {"global": {"gql_qps": 4}}})";

Recorder::Asked ask(Recorder& recorder, const char* tenant, const char* plan, const char* request,
                    std::int64_t requests = 1) {
  return recorder.ask({.request = request,
                       .tenant = tenant,
                       .plan = plan,
                       .amounts = Amounts().set(Dimension::requests, requests)},
                      recorder.moment(seconds(1)));
}

std::string text_of(const Recorder& recorder, const char* tenant, const char* request) {
  const auto found = denial_of(recorder.journal, tenant, request);
  return found ? json::canonical(*found) : found.error().what;
}

TEST_CASE("denial: of its own budget all of it is told") {
  Recorder recorder(journal_header(kSettings));
  for (const char* request : {"r1", "r2", "r3"}) ask(recorder, "alpha", "starter", request);
  CHECK(text_of(recorder, "alpha", "r3") ==
        R"({"again_at":"2027-01-15T08:00:01.500Z","asked":{"requests":1},)"
        R"("at":"2027-01-15T08:00:01.000Z","kind":"mc.denial/v1",)"
        R"("limit":{"asked":1,"left":0,"policy":"tenant-requests","quota":2},)"
        R"("plan":"starter","policies":["tenant-requests"],"request":"r3","route":"/graphql",)"
        R"("run":"adm_1","status":429,"tenant":"alpha","user":"ana","why":"budget"})");
}

TEST_CASE("denial: of what is shared only that it was so") {
  Recorder recorder(journal_header(kSettings));
  for (int i = 0; i < 4; ++i) ask(recorder, "bravo", "pro", "b");
  ask(recorder, "alpha", "starter", "r1");
  CHECK(text_of(recorder, "alpha", "r1") ==
        R"({"asked":{"requests":1},"at":"2027-01-15T08:00:01.000Z","kind":"mc.denial/v1",)"
        R"("plan":"starter","policies":[],"request":"r1","route":"/graphql","run":"adm_1",)"
        R"("status":503,"tenant":"alpha","user":"ana","why":"shared"})");
}

// Its own limit lets it in after half a second; what all share, after a second.
TEST_CASE("denial: when it would have been let in is not told of what is shared") {
  std::string seen;
  for (const int others : {0, 4}) {
    Recorder recorder(journal_header(R"({
      "budgets": {"starter": {"gql_qps": 2}, "pro": {"gql_qps": 50}},
      "admission": {"global": {"gql_qps": 1, "burst": 6}}})"));
    for (const char* request : {"r1", "r2"}) ask(recorder, "alpha", "starter", request);
    for (int i = 0; i < others; ++i) ask(recorder, "bravo", "pro", "b");
    ask(recorder, "alpha", "starter", "r3");
    const std::string text = text_of(recorder, "alpha", "r3");
    CHECK(text.find(R"("again_at":"2027-01-15T08:00:01.500Z")") != std::string::npos);
    CHECK((seen.empty() || text == seen));
    seen = text;
  }
}

TEST_CASE("denial: what no time helps, and what got no seat") {
  Recorder recorder(journal_header(kSettings));
  ask(recorder, "alpha", "starter", "big", 3);
  const std::string big = text_of(recorder, "alpha", "big");
  CHECK(big.find(R"("status":400)") != std::string::npos);
  CHECK(big.find(R"("again_at":null)") != std::string::npos);
  auto asked = ask(recorder, "alpha", "starter", "shed");
  {
    auto turn = recorder.journal.turn();
    turn.queued({.of = asked.seq,
                 .request = "shed",
                 .tenant = "alpha",
                 .waited = millis(250),
                 .seats = 8,
                 .in_use = 8,
                 .position = 77,
                 .shed = "waited"},
                recorder.moment(seconds(2)));
  }
  const std::string shed = text_of(recorder, "alpha", "shed");
  CHECK(shed.find(R"("status":503)") != std::string::npos);
  CHECK(shed.find(R"("why":"overload")") != std::string::npos);
  CHECK(shed.find(R"("waited_us":250000)") != std::string::npos);
  CHECK(shed.find("77") == std::string::npos);  // where it stood tells of others
}

TEST_CASE("denial: nothing of what was let through, of another tenant, or unknown") {
  Recorder recorder(journal_header(kSettings));
  for (const char* request : {"r1", "r2", "r3"}) ask(recorder, "alpha", "starter", request);
  for (const auto& [tenant, request] :
       {std::pair{"alpha", "r1"}, {"bravo", "r3"}, {"alpha", "r4"}, {"", "r3"}}) {
    const auto found = denial_of(recorder.journal, tenant, request);
    REQUIRE(!found.has_value());
    CHECK(found.error().code == Code::not_found);
  }
}

TEST_CASE("denial: its statement is about the document") {
  Recorder recorder(journal_header(kSettings));
  ask(recorder, "alpha", "starter", "big", 3);
  const auto denial = denial_of(recorder.journal, "alpha", "big");
  REQUIRE(denial.has_value());
  const auto statement = statement_of(*denial);
  REQUIRE(statement.has_value());
  CHECK(statement->predicate_type == "urn:maestro-conductor:denial:v1");
  CHECK(statement->subjects.front().name == "denial/alpha/big");
  CHECK(proof::find_subject(*statement, {json::canonical(*denial)}).has_value());
  CHECK_FALSE(proof::find_subject(*statement, {json::canonical(*denial) + " "}).has_value());
}

}  // namespace
}  // namespace mc::budget
