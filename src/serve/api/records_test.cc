#include <doctest/doctest.h>

#include <algorithm>

#include "contract/api_face.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}

// The records of a tenant, oldest first, as "type actor action".
std::vector<std::string> records(Face& face, const std::string& tenant) {
  // Outcomes are not waited for, but what comes after them is.
  REQUIRE(face.ledger->append({"fence", "fence", "test", "test", "wait", "test", "", "", {}}));
  std::vector<std::string> out;
  const std::string log = "audit/" + tenant;
  const auto head = face.ledger->store().head(log);
  for (std::uint64_t seq = 0; head && seq < head->size; ++seq) {
    const auto header = ledger::parse_leaf(face.ledger->store().read(log, seq)->leaf);
    out.push_back(header->type + " " + header->actor + " " + header->action);
  }
  return out;
}
using Lines = std::vector<std::string>;

TEST_CASE("records: what the operator reads of a tenant stands in the tenant's log") {
  Face face;
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  CHECK(records(face, "alpha") == Lines{"access otto@system GET /v1/tenants/{tenant}/tokens"});
  CHECK(face.ask("GET", "/v1/tenants", face.operator_).status == 200);
  CHECK(face.ask("GET", "/v1/overview", face.operator_).status == 200);
  CHECK(records(face, "system") ==
        Lines{"access otto@system GET /v1/tenants", "access otto@system GET /v1/overview"});
  // Of one's own nothing is an access.
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.admin).status == 200);
  CHECK(face.ask("GET", "/v1/overview", face.admin).status == 200);
  CHECK(face.ask("GET", "/v1/self", face.operator_).status == 200);
  CHECK(records(face, "alpha").size() == 1);
  CHECK(records(face, "system").size() == 2);
  // A tenant that is not there has no log.
  CHECK(face.ask("GET", "/v1/tenants/nobody/tokens", face.operator_).status == 404);
  CHECK(face.ledger->store().logs() == Lines{"audit/alpha", "audit/system", "fence", "root"});
}

TEST_CASE("records: a change is recorded before it is made, and then what came of it") {
  Face face;
  const std::string path = "/v1/tenants/alpha/principals";
  const std::string body = R"({"id":"eve","roles":"analyst"})";
  CHECK(face.ask("POST", path + "?dry_run=true", face.admin, body).status == 200);
  CHECK(records(face, "alpha").empty());
  CHECK(face.ask("POST", path, face.admin, body).status == 201);
  CHECK(face.ask("POST", path, face.admin, body).status == 409);
  const std::string action = "POST /v1/tenants/{tenant}/principals";
  CHECK(records(face, "alpha") == Lines{"change ada@alpha " + action, "outcome ada@alpha " + action,
                                        "change ada@alpha " + action,
                                        "outcome ada@alpha " + action});
  const json::Value page = json_of(face.ask("GET", "/v1/tenants/alpha/records", face.admin));
  const json::Array& items = *page.find("items")->as_array();
  REQUIRE(items.size() == 4);
  CHECK(*items[0].find("record")->as_int() == 3);  // newest first
  CHECK(*items[0].find("payload")->find("status")->as_int() == 409);
  CHECK(*items[0].find("payload")->find("of")->as_int() == 2);
  CHECK(*items[2].find("payload")->find("status")->as_int() == 201);
  CHECK(*items[3].find("payload")->find("object")->as_string() == path);
  CHECK(*items[3].find("payload")->find("roles")->as_string() == "tenant-admin");
  CHECK(items[3].find("warrant")->is_null());
}

TEST_CASE("records: a new tenant is recorded with the operator, who has a log from the first day") {
  Face face;
  const std::string body = R"({"id":"new","region":"eu-west-1"})";
  CHECK(face.ask("POST", "/v1/tenants", face.operator_, body).status == 201);
  CHECK(records(face, "system") ==
        Lines{"change otto@system POST /v1/tenants", "outcome otto@system POST /v1/tenants"});
  CHECK(face.ask("GET", "/v1/tenants/system/records", face.operator_).status == 200);
  CHECK(face.ask("GET", "/v1/tenants/system/records", face.admin).status == 404);
}

TEST_CASE("records: who may not know a tenant writes into no log but the own") {
  Face face;
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.bravo).status == 404);
  CHECK(face.ask("GET", "/v1/tenants/alpha/records", face.bravo).status == 404);
  CHECK(face.ask("GET", "/v1/tenants/alpha/records/0/receipt", face.bravo).status == 404);
  CHECK(records(face, "bravo").empty());
  CHECK(face.ask("POST", "/v1/tenants/alpha/tokens", face.bravo, "{}").status == 404);
  CHECK(records(face, "alpha").empty());
  CHECK(records(face, "bravo") == Lines{"change bea@bravo POST /v1/tenants/{tenant}/tokens",
                                        "outcome bea@bravo POST /v1/tenants/{tenant}/tokens"});
}

TEST_CASE("records: what cannot be recorded is neither served nor done") {
  Face face;
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const std::string before = face.state();
  face.disk.fail_at(1, sim::SimFiles::Fault::not_stored);
  for (int i = 0; i < 2; ++i) {  // the write that fails, and all after it
    const net::Response read = face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_);
    CHECK(read.status == 503);
    CHECK(read.body.find("tok_") == std::string::npos);
    CHECK(read.body.find("cannot be recorded") != std::string::npos);
    const net::Response change = face.ask("POST", "/v1/tenants/alpha/principals", face.admin,
                                          R"({"id":"eve","roles":"analyst"})");
    CHECK(change.status == 503);
    CHECK(face.ask("GET", "/v1/tenants", face.operator_).status == 503);
  }
  CHECK(face.state() == before);
  // What needs no record is served, and tells what is wrong: the operator where, nobody else.
  const std::string why = "the ledger has stopped; the operator's log says why";
  const json::Value ledger = json_of(face.ask("GET", "/v1/ledger", face.admin));
  CHECK(*ledger.find("state")->as_string() == "stopped");
  CHECK(*ledger.find("why")->as_string() == why);
  const json::Value whole = json_of(face.ask("GET", "/v1/ledger", face.operator_));
  CHECK(whole.find("why")->as_string()->find("injected") != std::string::npos);
  const net::Response change = face.ask("DELETE", "/v1/tenants/alpha/tokens/tok_x", face.admin);
  CHECK(change.status == 503);
  CHECK(*json_of(change).find("detail")->as_string() == why);
  const auto lines = face.world.lines().lines();
  const bool logged = std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("\"admin.failed\"") != std::string::npos &&
           line.find("injected") != std::string::npos;
  });
  CHECK(logged);
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.admin).status == 200);
}

TEST_CASE("records: where nobody can tell whether there is the tenant, nothing is done") {
  Face face;
  REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const auto run = [&](const char* sql) {
    REQUIRE(face.world.directory()
                .lend([&](sql::Connection& connection) { return connection.script(sql); })
                .has_value());
  };
  run("ALTER TABLE tenant RENAME TO away");
  const net::Response erased = face.ask("POST", "/v1/tenants/alpha/records/0/erase", face.admin,
                                        R"({"reason":"erasure request"})");
  CHECK(erased.status == 503);
  CHECK_FALSE(face.ledger->store().read("audit/alpha", 0)->erased);
  CHECK(face.ask("GET", "/v1/tenants/alpha/records", face.admin).status == 503);
  run("ALTER TABLE away RENAME TO tenant");
  CHECK(records(face, "alpha").size() == 1);
}

TEST_CASE("records: a record says what was asked for and what was served, in each form") {
  Face face;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  }
  const std::string path = "/v1/tenants/alpha/records";
  const std::pair<const char*, const char*> forms[] = {
      {"?form=csv&type=access&limit=2", "record,at,type"},
      {"?form=ocsf&limit=2", "activity_id,category_uid"},
      {"?limit=2", "record,at,type"}};
  for (const auto& [query, fields] : forms) {
    CAPTURE(query);
    REQUIRE(face.index->follow(1'000).has_value());
    REQUIRE(face.ask("GET", path + query, face.operator_).status == 200);
    const json::Value page = json_of(face.ask("GET", path + "?limit=1", face.admin));
    const json::Value& payload = *page.find("items")->as_array()->front().find("payload");
    CHECK(*payload.find("object")->as_string() == path + query);
    CHECK(*payload.find("rows")->as_int() == 2);
    CHECK(payload.find("fields")->as_string()->starts_with(fields));
  }
  // Two of these are files; a receipt is one too, whoever asks.
  CHECK(face.recorder.downloads().at("alpha") == 2);
  // As the query is read, not as it is written; what is refused is none.
  REQUIRE(face.ask("GET", path + "?actor=form=", face.operator_).status == 200);
  REQUIRE(face.ask("GET", path + "?form=json", face.operator_).status == 200);
  REQUIRE(face.ask("GET", path + "?form=pdf", face.operator_).status == 400);
  CHECK(face.recorder.downloads().at("alpha") == 2);
  REQUIRE(face.ask("GET", path + "?%66orm=csv", face.operator_).status == 200);
  CHECK(face.recorder.downloads().at("alpha") == 3);
  REQUIRE(face.ask("GET", path + "/0/receipt", face.admin).status == 200);
  CHECK(face.recorder.downloads().at("alpha") == 4);
  CHECK(face.ask("GET", path + "/0/receipt", face.bravo).status == 404);
  CHECK(face.recorder.downloads().size() == 1);
  const std::string many = path + "?actor=" + std::string(2'000, 'x');
  CHECK(face.ask("GET", many, face.operator_).status == 400);  // too long, and recorded
  const json::Value page = json_of(face.ask("GET", path + "?limit=1", face.admin));
  const json::Value& payload = *page.find("items")->as_array()->front().find("payload");
  CHECK(payload.find("object")->as_string()->size() < 600);
}

// The numbers of a page, and where the next one begins.
struct Numbers {
  std::vector<std::int64_t> records;
  std::int64_t next_after = 0;
};
Numbers numbers(Face& face, const std::string& query) {
  const net::Response got = face.ask("GET", "/v1/tenants/alpha/records?" + query, face.admin);
  REQUIRE_MESSAGE(got.status == 200, got.body);
  const json::Value page = json_of(got);
  Numbers out{{}, *page.find("next_after")->as_int()};
  CHECK(page.find("next_before")->is_null());
  for (const json::Value& item : *page.find("items")->as_array()) {
    out.records.push_back(*item.find("record")->as_int());
  }
  return out;
}

TEST_CASE("records: a reader goes on behind the last number, with or without filters") {
  Face face;
  const auto read = [&](const char* what, int times) {
    for (int i = 0; i < times; ++i) {
      REQUIRE(face.ask("GET", "/v1/tenants/alpha/" + std::string(what), face.operator_).status ==
              200);
    }
  };
  CHECK(numbers(face, "after=-1").next_after == -1);  // there is no log yet
  CHECK(numbers(face, "after=-1&actor=otto*").next_after == -1);
  read("tokens", 3);
  read("warrants", 2);
  std::vector<std::int64_t> all;
  std::int64_t after = -1;
  for (int i = 0; i < 3; ++i) {
    const Numbers page = numbers(face, "limit=2&after=" + std::to_string(after));
    all.insert(all.end(), page.records.begin(), page.records.end());
    CHECK(page.next_after == page.records.back());
    after = page.next_after;
  }
  CHECK(all == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(numbers(face, "after=4").records.empty());
  CHECK(numbers(face, "after=4").next_after == 4);
  CHECK(numbers(face, "after=40").next_after == 40);  // it is not led back
  // With a filter everything up to the newest was looked at.
  const std::string tokens = "action=GET+/v1/tenants/%7Btenant%7D/tokens&";
  CHECK(numbers(face, tokens + "after=0&limit=1").records == std::vector<std::int64_t>{1});
  CHECK(numbers(face, tokens + "after=0&limit=1").next_after == 1);
  CHECK(numbers(face, tokens + "after=0").records == std::vector<std::int64_t>{1, 2});
  CHECK(numbers(face, tokens + "after=0").next_after == 4);
  read("tokens", 1);
  CHECK(numbers(face, tokens + "after=4").records == std::vector<std::int64_t>{5});
}

TEST_CASE("records: behind a number in lines, and the header says where the next page begins") {
  Face face;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  }
  const auto header = [](const net::Response& response, std::string_view name) {
    for (const auto& [held, value] : response.headers) {
      if (equals_ignoring_case(held, name)) return value;
    }
    return std::string();
  };
  for (const char* form : {"csv", "ocsf"}) {
    CAPTURE(form);
    const std::string path = "/v1/tenants/alpha/records?form=" + std::string(form);
    const net::Response got = face.ask("GET", path + "&after=0&limit=1", face.admin);
    REQUIRE(got.status == 200);
    CHECK(header(got, "X-Next-After") == "1");
    CHECK(header(got, "X-Total") == "3");
    const bool second = got.body.find("audit/alpha/1\"") != std::string::npos ||
                        got.body.find("\r\n1,") != std::string::npos;
    CHECK(second);
    CHECK(header(face.ask("GET", path, face.admin), "X-Next-After").empty());
  }
  for (const auto& [query, named] :
       {std::pair{"after=1&before=2", "after, before"}, std::pair{"after=-2", "after"},
        std::pair{"after=x", "after"}, std::pair{"after=", "after"}}) {
    CAPTURE(query);
    const net::Response bad =
        face.ask("GET", "/v1/tenants/alpha/records?" + std::string(query), face.admin);
    CHECK(bad.status == 400);
    CHECK(json_of(bad).find("detail")->as_string()->starts_with(named));
  }
}

TEST_CASE("records: what was done without a warrant is found by its reason, in each form") {
  Face face;
  REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  REQUIRE(face.ask("GET", "/v1/tenants/alpha/principals", face.operator_).status == 403);
  REQUIRE(face.ask("GET", "/v1/tenants/alpha", face.operator_).status == 200);  // the contract
  REQUIRE(face.ask("GET", "/v1/tenants/alpha/records/0/receipt", face.admin).status == 200);
  CHECK(numbers(face, "after=-1&reason=no-warrant").records == std::vector<std::int64_t>{0, 1});
  CHECK(numbers(face, "after=-1&reason=no-warrant&type=denied").records ==
        std::vector<std::int64_t>{1});
  CHECK(numbers(face, "after=-1&reason=contract").records == std::vector<std::int64_t>{2});
  CHECK(numbers(face, "after=-1&reason=own-data").records == std::vector<std::int64_t>{3});
  for (const char* form : {"csv", "ocsf"}) {
    const net::Response got = face.ask(
        "GET", "/v1/tenants/alpha/records?reason=no-warrant&form=" + std::string(form), face.admin);
    CHECK(got.body.find("customer") == std::string::npos);
    CHECK(std::count(got.body.begin(), got.body.end(), '\n') == (form[0] == 'c' ? 3 : 2));
  }
  // An erased payload says no reason.
  REQUIRE(face.ask("POST", "/v1/tenants/alpha/records/0/erase", face.admin, R"({"reason":"why"})")
              .status == 200);
  CHECK(numbers(face, "after=-1&reason=no-warrant").records == std::vector<std::int64_t>{1});
}

TEST_CASE("records: a payload that is no JSON is corrupt, not erased") {
  Face face;
  REQUIRE(face.ledger->append(
      {"audit/alpha", "access", "otto", "alpha", "read", "support", "", "{\"reason\":", {}}));
  for (const char* form : {"json", "csv", "ocsf"}) {
    CAPTURE(form);
    const net::Response read =
        face.ask("GET", "/v1/tenants/alpha/records?form=" + std::string(form), face.admin);
    CHECK(read.status == 500);
    CHECK(read.body.find("record 0: its payload") != std::string::npos);
  }
}

TEST_CASE("records: a tenant verifies a receipt alone, and its download is recorded") {
  Face face;
  REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const json::Value ledger = json_of(face.ask("GET", "/v1/ledger", face.admin));
  CHECK(*ledger.find("state")->as_string() == "recording");
  const net::Response receipt = face.ask("GET", "/v1/tenants/alpha/records/0/receipt", face.admin);
  REQUIRE(receipt.status == 200);
  proof::VerifyQuestion question{receipt.body};
  question.log_keys = {*ledger.find("key")->as_string()};
  const auto report = proof::verify(question);
  REQUIRE(report);
  CHECK_MESSAGE(report->verified(), proof::print_text(*report));
  CHECK(records(face, "alpha").back() ==
        "access ada@alpha GET /v1/tenants/{tenant}/records/{record}/receipt");
  for (const char* bad : {"9", "-1", "x", "-0", "00", "01", "+0", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK(face.ask("GET", std::string("/v1/tenants/alpha/records/") + bad + "/receipt", face.admin)
              .status == 404);
  }
}

TEST_CASE("records: a tenant downloads a range that is proven complete, and that is recorded") {
  Face face;
  const std::string base = "/v1/tenants/alpha/receipts";
  const auto at = [&] { return format_rfc3339(whole_ms(face.world.clock().wall())); };
  const std::string begin = at();
  for (int i = 0; i < 4; ++i) {
    REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
    face.world.clock().advance(seconds(1));
  }
  const net::Response got = face.ask("GET", base + "?from=" + begin, face.admin);
  REQUIRE_MESSAGE(got.status == 200, got.body);
  proof::VerifyQuestion question{got.body};
  question.log_keys = {face.ledger->key().print()};
  const auto report = proof::verify(question);
  REQUIRE(report);
  CHECK_MESSAGE(report->verified(), proof::print_text(*report));
  CHECK(proof::parse_range_receipt(got.body)->records.size() == 5);
  CHECK(records(face, "alpha").back() == "access ada@alpha GET /v1/tenants/{tenant}/receipts");
  const std::string later = at();
  CHECK(face.ask("GET", base + "?from=" + begin + "&to=" + later, face.admin).status == 200);
  for (const std::string& bad :
       {std::string(), std::string("?from=x"), "?from=" + begin + "&to=x",
        "?from=" + later + "&to=" + begin, "?from=" + begin + "&other=1"}) {
    CAPTURE(bad);
    CHECK(face.ask("GET", base + bad, face.admin).status == 400);
  }
  CHECK(face.ask("GET", base + "?from=" + begin, face.bravo).status == 404);
  // What is to come is not asked for.
  CHECK(face.ask("GET", base + "?from=" + begin + "&to=2100-01-01", face.admin).status == 200);
}

TEST_CASE("records: a tenant's administrator erases a payload, nobody else does") {
  Face face;
  REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const std::string path = "/v1/tenants/alpha/records/0/erase";
  const std::string body = R"({"reason":"erasure request"})";
  CHECK(face.ask("POST", path, face.operator_, body).status == 403);
  CHECK(face.ask("POST", path, face.auditor, body).status == 403);
  CHECK(face.ask("POST", path, face.analyst, body).status == 403);
  CHECK(face.ask("POST", path, face.bravo, body).status == 404);
  for (const char* bad : {"{}", R"({"reason":""})", R"({"reason":"a\nb"})",
                          R"({"reason":"a\u202Eb"})", R"({"why":"x"})", ""}) {
    CAPTURE(bad);
    CHECK(face.ask("POST", path, face.admin, bad).status == 400);
  }
  CHECK(face.ask("POST", "/v1/tenants/alpha/records/999/erase", face.admin, body).status == 404);
  for (const char* other : {"00", "-0"}) {
    CHECK(face.ask("POST", "/v1/tenants/alpha/records/" + std::string(other) + "/erase", face.admin,
                   body)
              .status == 404);
  }
  CHECK(face.ask("POST", path + "?dry_run=true", face.admin, body).status == 200);
  CHECK_FALSE(face.ledger->store().read("audit/alpha", 0)->erased);
  const net::Response done = face.ask("POST", path, face.admin, body);
  CHECK(done.status == 200);
  CHECK(face.ledger->store().read("audit/alpha", 0)->erased);
  CHECK(face.ask("POST", path, face.admin, body).status == 409);
  CHECK(face.ask("POST", path + "?dry_run=true", face.admin, body).status == 409);

  const auto redaction = static_cast<std::uint64_t>(*json_of(done).find("redaction")->as_int());
  const auto held = face.ledger->store().read("audit/alpha", redaction);
  CHECK(ledger::parse_leaf(held->leaf)->action == "erase 0");
  CHECK(held->payload.find("erasure request") != std::string::npos);
  const json::Value page =
      json_of(face.ask("GET", "/v1/tenants/alpha/records?before=1", face.admin));
  const json::Value& item = page.find("items")->as_array()->front();
  CHECK(*item.find("erased")->as_bool());
  CHECK(item.find("payload")->is_null());
  CHECK(*item.find("actor")->as_string() == "otto@system");
}

TEST_CASE("records: what the operator's people did stands, but for an administrator of theirs") {
  Face face;
  REQUIRE(face.ask("GET", "/v1/tenants", face.operator_).status == 200);
  const std::string path = "/v1/tenants/system/records/0/erase";
  const std::string body = R"({"reason":"request 17"})";
  const std::string platform = face.world.token({.tenant = "system",
                                                 .principal = "petra",
                                                 .roles = "platform",
                                                 .scopes = "admin:read,admin:write"});
  for (const std::string& who : {face.operator_, platform}) {
    const net::Response refused = face.ask("POST", path, who, body);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("tenant-admin") != std::string::npos);
  }
  CHECK(face.ask("POST", path, face.admin, body).status == 404);
  CHECK_FALSE(face.ledger->store().read("audit/system", 0)->erased);
  const std::string chief = face.world.token({.tenant = "system",
                                              .principal = "chief",
                                              .roles = "tenant-admin",
                                              .scopes = "admin:read,admin:write"});
  CHECK(face.ask("POST", path, chief, body).status == 200);
  CHECK(face.ledger->store().read("audit/system", 0)->erased);
}

TEST_CASE("records: anybody sees that one checkpoint continues another, and no tenant's name") {
  Face face;
  const auto checkpoint = [&] {
    REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
    REQUIRE(face.ledger->publish());
    const net::Response got = face.ask("GET", "/ledger/checkpoint", "");
    CHECK(got.status == 200);
    const auto note = tlog::parse_note(got.body);
    REQUIRE(note);
    REQUIRE(tlog::Policy::of_logs({face.ledger->key()}).check(*note));
    return tlog::parse_checkpoint(note->text)->head;
  };
  const tlog::TreeHead older = checkpoint();
  for (int i = 0; i < 4; ++i) static_cast<void>(checkpoint());
  const tlog::TreeHead newer = checkpoint();
  CHECK(newer.size > older.size);
  const tlog::TileNodes nodes(
      newer.size, [&](const tlog::Tile& tile) -> Result<std::vector<tlog::Hash>> {
        const net::Response got = face.ask("GET", "/ledger/" + tlog::tile_path(tile), "");
        if (got.status != 200) return fail(Code::not_found, got.body);
        return tlog::parse_tile(got.body, tile);
      });
  CHECK(tlog::check_consistency(older, newer,
                                *tlog::prove_consistency(nodes, older.size, newer.size)));
  for (const char* path :
       {"/ledger/", "/ledger/tile/entries/000", "/ledger/tile/entries/000.p/1",
        "/ledger/tile/0/000", "/ledger/tile/0/001.p/1", "/ledger/tile/0/000.p/200",
        "/ledger/tile/0/../checkpoint", "/ledger/tile/63/000.p/1"}) {
    CAPTURE(path);
    const net::Response got = face.ask("GET", path, "");
    CHECK(got.status == 404);
    CHECK(got.body.find("alpha") == std::string::npos);
  }
  for (const char* method : {"POST", "OPTIONS"}) {
    const net::Response refused = face.ask(method, "/ledger/checkpoint", "");
    CHECK(refused.status == 405);
    CHECK(sim::header_of(refused.headers, "Allow") == "GET, HEAD");
  }
}

TEST_CASE("records: pages go back to the first record") {
  Face face;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  }
  std::vector<std::int64_t> seen;
  std::string target = "/v1/tenants/alpha/records?limit=2";
  while (!target.empty()) {
    const json::Value page = json_of(face.ask("GET", target, face.admin));
    CHECK(*page.find("total")->as_int() == 5);
    for (const json::Value& item : *page.find("items")->as_array()) {
      seen.push_back(*item.find("record")->as_int());
    }
    const std::int64_t* next = page.find("next_before")->as_int();
    target =
        next == nullptr ? "" : "/v1/tenants/alpha/records?limit=2&before=" + std::to_string(*next);
  }
  CHECK(seen == std::vector<std::int64_t>{4, 3, 2, 1, 0});
  CHECK(json_of(face.ask("GET", "/v1/tenants/bravo/records", face.bravo))
            .find("items")
            ->as_array()
            ->empty());
  for (const char* bad : {"limit=0", "limit=201", "limit=x", "before=-1", "other=1",
                          "from=2026-02-01&to=2026-02-01", "from=2026-02-02&to=2026-02-01"}) {
    CAPTURE(bad);
    CHECK(face.ask("GET", std::string("/v1/tenants/alpha/records?") + bad, face.admin).status ==
          400);
  }
}

}  // namespace
}  // namespace mc::api
