// The policies and their decisions over the HTTP face: who sees what, and what is recorded of it.
#include <doctest/doctest.h>

#include <algorithm>

#include "contract/policy_face.h"

namespace mc::api {
namespace {

using archive::Entry;

std::vector<Entry> rules(const std::string& revision, const std::string& more = "") {
  return {{".manifest", R"({"revision":")" + revision + R"(","roots":["mc/access"]})"},
          {"mc/access/decision.rego", R"(package mc.access

decision := {
	"allow": allow,
	"rules": sort(denied_by | allowed_by),
	"reasons": sort(denied_by),
	"obligations": {"mask": {"card": "drop"}},
}

default allow := false

allow if {
	count(allowed_by) > 0
	count(denied_by) == 0
}

# METADATA
# title: Roles read
allowed_by contains concat("", ["role-", role]) if some role in input.principal.roles

# METADATA
# title: A request states its purpose
# description: Without one nothing is served
denied_by contains "purpose-missing" if input.purpose == ""

denied_by contains "cross-tenant" if input.principal.tenant != input.tenant.id
)" + more}};
}
const std::string kDenyAll = "\ndenied_by contains \"closed\" if true\n";

std::string json_files(const std::vector<Entry>& files) {
  json::Object list;
  for (const Entry& file : files) list.set(file.path, file.bytes);
  json::Object out;
  out.set("files", std::move(list));
  return json::print(out);
}

policy::Fetched files_of(std::vector<Entry> files) {
  policy::Fetched out;
  out.changed = true;
  out.files = std::move(files);
  return out;
}

// A server whose policies come from a source.
struct Server : PolicyFace {
  Server() : PolicyFace(Decides::here) {
    answers.emplace_back(files_of(rules("one")));
    REQUIRE(updater.start());
  }
};

// Type and action of the newest record of a tenant's log.
std::string newest_record(Server& server, const std::string& who, const std::string& tenant) {
  const auto page = json_of(server.ask("GET", "/v1/tenants/" + tenant + "/records?limit=1", who));
  const json::Value& record = list(page, "items").front();
  return text(record, "type") + " " + text(record, "action");
}

void shut(Server& server) {
  const net::Response held = server.ask("GET", "/v1/tenants/alpha/access", server.face.admin);
  const auto etag = std::find_if(held.headers.begin(), held.headers.end(),
                                 [](const auto& each) { return each.first == "ETag"; });
  REQUIRE(etag != held.headers.end());
  REQUIRE(server
              .ask("PUT", "/v1/tenants/alpha/access", server.face.admin,
                   R"({"approval_required":true})", {{"If-Match", etag->second}})
              .status == 200);
}

TEST_CASE("policy: says what is in use, and how often each rule spoke in the last hour") {
  Server server;
  server.decide({});
  server.face.world.clock().advance(seconds(3'500));
  const std::string otto = server.face.world.token(
      {.tenant = "system", .principal = "otto", .roles = "operator", .scopes = "admin:read"});
  const std::string ben = server.face.world.token({.principal = "ben", .roles = "analyst"});
  server.face.world.clock().advance(seconds(101));
  server.decide({});
  server.decide({.purpose = ""});
  server.decide({.tenant = "bravo", .data_of = "bravo"});
  const json::Value all = json_of(server.ask("GET", "/v1/policy", otto));
  CHECK(text(all, "bundle") == "policies");
  CHECK(text(all, "revision") == "one");
  CHECK(text(all, "location_kind") == "url");
  CHECK(text(all, "signed_by") == "null");
  CHECK(text(all, "problem") == "null");
  CHECK(text(all, "packed") == "false");
  CHECK(text(all, "expires_at") == "null");
  CHECK(text(all, "counted") == "3");
  CHECK(ids(all, "rules") == Ids{"cross-tenant", "purpose-missing", "role-analyst"});
  const json::Array& listed = list(all, "rules");
  CHECK(text(listed[0], "decisions") == "0");
  CHECK(text(listed[1], "title") == "A request states its purpose");
  CHECK(text(listed[1], "description") == "Without one nothing is served");
  CHECK(text(listed[1], "denied") == "1");
  CHECK(text(listed[2], "decisions") == "3");
  CHECK(text(listed[2], "denied") == "0");
  // A tenant's people count their own tenant's alone.
  const json::Value own = json_of(server.ask("GET", "/v1/policy", ben));
  CHECK(text(own, "counted") == "2");
  CHECK(server.ask("GET", "/v1/policy", "").status == 401);
  CHECK(server.ask("GET", "/v1/policy?x=1", ben).status == 400);
}

TEST_CASE("policy: a reload takes what the source has, or says why it does not") {
  Server server;
  const std::string target = "/v1/policy/reload";
  server.answers.emplace_back(files_of(rules("two")));
  CHECK(server.ask("POST", target, server.face.admin).status == 403);
  CHECK(text(json_of(server.ask("POST", target + "?dry_run=true", server.face.operator_)),
             "revision") == "one");
  CHECK(text(json_of(server.ask("POST", target, server.face.operator_)), "revision") == "two");
  CHECK(newest_record(server, server.face.operator_, "system").ends_with("/v1/policy/reload"));

  server.answers.emplace_back(files_of(rules("three", "\nallow if nowhere\n")));
  const net::Response refused = server.ask("POST", target, server.face.operator_);
  CHECK(refused.status == 409);
  CHECK(refused.body.find("mc/access/decision.rego") != std::string::npos);
  const json::Value after = json_of(server.ask("GET", "/v1/policy", server.face.operator_));
  CHECK(text(after, "revision") == "two");
  CHECK(text(after, "refused") == "1");
  CHECK(text(after, "problem").find("decision.rego") != std::string::npos);
  // Where the bundle lies is the operator's alone.
  const json::Value outside = json_of(server.ask("GET", "/v1/policy", server.face.admin));
  CHECK(text(outside, "problem") == "the newest policies could not be taken");

  server.answers.emplace_back(tl::unexpected<Error>(Error{Code::unavailable, "nobody answers"}));
  CHECK(server.ask("POST", target, server.face.operator_).status == 503);
}

TEST_CASE("decisions: a tenant's people list and read those on its own data, and no others") {
  Server server;
  const std::string first = server.decide({});
  const std::string denied = server.decide({.principal = "ada", .purpose = ""});
  const std::string theirs =
      server.decide({.tenant = "bravo", .principal = "bea", .data_of = "bravo"});
  const std::string reached = server.decide({.tenant = "bravo", .principal = "bea"});
  const auto found = [&](const std::string& query, const std::string& who) {
    return ids(json_of(server.ask("GET", "/v1/decisions" + query, who)));
  };
  const std::string& ada = server.face.admin;
  CHECK(found("", ada) == Ids{reached, denied, first});
  CHECK(found("", server.face.auditor) == Ids{reached, denied, first});
  CHECK(found("?tenant=alpha&allowed=true", ada) == Ids{first});
  CHECK(found("?allowed=false", ada) == Ids{reached, denied});
  CHECK(found("?principal=ada", ada) == Ids{denied});
  CHECK(found("?reason=cross-tenant", ada) == Ids{reached});
  CHECK(found("?rule=role-analyst&limit=2", ada) == Ids{reached, denied});
  CHECK(found("?to=2020-01-01", ada).empty());
  CHECK(found("", server.face.bravo) == Ids{theirs});
  CHECK(server.ask("GET", "/v1/decisions?tenant=bravo", ada).status == 404);
  // One of another tenant is as one that is not there.
  const net::Response foreign = server.ask("GET", "/v1/decisions/" + theirs, ada);
  CHECK(foreign.status == 404);
  CHECK(foreign.body.find("no decision '" + theirs + "'") != std::string::npos);
  CHECK(server.ask("GET", "/v1/decisions/dec_x", ada).status == 404);
  CHECK(server.ask("GET", "/v1/decisions/" + reached, ada).status == 200);
}

TEST_CASE("decisions: pages follow one another without a gap, whatever is decided meanwhile") {
  Server server;
  Ids made;
  for (int i = 0; i < 7; ++i) made.push_back(server.decide({}));
  std::reverse(made.begin(), made.end());
  Ids read;
  std::string cursor;
  do {
    const json::Value page = json_of(
        server.ask("GET", "/v1/decisions?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor),
                   server.face.admin));
    for (const std::string& id : ids(page)) read.push_back(id);
    cursor = at(page, "next_cursor").is_null() ? "" : text(page, "next_cursor");
    server.decide({});
  } while (!cursor.empty());
  CHECK(read == made);
}

TEST_CASE("decisions: a query that is not understood is refused by its name") {
  Server server;
  for (const char* query :
       {"allowed=yes", "limit=0", "limit=201", "limit=x", "cursor=dec_1", "from=then", "colour=red",
        "tenant=", "rule=", "from=2026-02-02&to=2026-02-01", "limit=1&limit=2"}) {
    CAPTURE(query);
    const net::Response reply =
        server.ask("GET", std::string("/v1/decisions?") + query, server.face.admin);
    CHECK(reply.status == 400);
    const std::string_view name =
        std::string_view(query).substr(0, std::string_view(query).find('='));
    CHECK(reply.body.find(name) != std::string::npos);
  }
}

TEST_CASE("decisions: the operator's people pass the tenant's gate, and its log says so") {
  Server server;
  const std::string id = server.decide({});
  const std::string& otto = server.face.operator_;
  CHECK(ids(json_of(server.ask("GET", "/v1/decisions", otto))).empty());  // its own tenant's
  CHECK(ids(json_of(server.ask("GET", "/v1/decisions?tenant=alpha", otto))) == Ids{id});
  CHECK(newest_record(server, server.face.admin, "alpha") == "access GET /v1/decisions");
  CHECK(server.ask("GET", "/v1/decisions/" + id, otto).status == 200);
  CHECK(newest_record(server, server.face.admin, "alpha") == "access GET /v1/decisions/{decision}");
  CHECK(server.ask("GET", "/v1/decisions?tenant=nowhere", otto).status == 404);
  shut(server);
  for (const std::string& target : {std::string("?tenant=alpha"), "/" + id}) {
    CAPTURE(target);
    const net::Response refused = server.ask("GET", "/v1/decisions" + target, otto);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("approval-required") != std::string::npos);
    CHECK(
        newest_record(server, server.face.admin, "alpha").starts_with("denied GET /v1/decisions"));
  }
  // Who reads the own tenant's is in no log.
  const std::string before = newest_record(server, server.face.admin, "alpha");
  CHECK(server.ask("GET", "/v1/decisions/" + id, server.face.admin).status == 200);
  CHECK(newest_record(server, server.face.admin, "alpha") == before);
}

TEST_CASE("decisions: one is explained, with what would have been allowed") {
  Server server;
  const std::string id = server.decide({.purpose = ""});
  server.answers.emplace_back(files_of(rules("two", kDenyAll)));
  const json::Value one = json_of(server.ask("GET", "/v1/decisions/" + id, server.face.admin));
  CHECK(text(one, "id") == id);
  CHECK(text(one, "allowed") == "false");
  CHECK(text(one, "reasons") == R"(["purpose-missing"])");
  CHECK(text(one, "masked") == R"({"card":"drop"})");
  CHECK(text(one, "resource") == R"({"kind":"dataset","name":"people"})");
  CHECK(text(at(one, "input"), "purpose").empty());
  const json::Value& explanation = at(one, "explanation");
  CHECK(ids(explanation, "rules") == Ids{"purpose-missing", "role-analyst"});
  CHECK(text(list(explanation, "rules")[0], "effect") == "deny");
  CHECK(text(list(explanation, "rules")[0], "file") == "policies/mc/access/decision.rego");
  CHECK(ids(explanation, "inputs", "name") == Ids{"principal.roles", "purpose"});
  CHECK(text(list(explanation, "inputs")[0], "value") == R"(["analyst"])");
  CHECK(text(list(explanation, "masks")[0], "sensitivity") == "secret");
  CHECK(text(at(explanation, "now"), "policies_changed") == "false");
  REQUIRE(list(explanation, "would_allow").size() == 1);
  const json::Value& change = list(list(explanation, "would_allow")[0], "changes")[0];
  CHECK(text(change, "what") == "purpose");
  CHECK(text(change, "text") == "with the purpose 'investigation'");
  json_of(server.ask("POST", "/v1/policy/reload", server.face.operator_));
  const json::Value later = json_of(server.ask("GET", "/v1/decisions/" + id, server.face.admin));
  const json::Value& now = at(at(later, "explanation"), "now");
  CHECK(text(now, "policies_changed") == "true");
  CHECK(text(now, "same") == "false");
  CHECK(text(at(now, "outcome"), "reasons") == R"(["closed","purpose-missing"])");
  CHECK(list(at(later, "explanation"), "would_allow").empty());
}

TEST_CASE("decisions: one of the Data API, whose input is not kept, is told without it") {
  Server server;
  const std::string id = server.decide({});
  std::string other = id;
  std::replace(other.begin() + 20, other.end(), other.back(), other.back() == 'Z' ? 'Y' : 'Z');
  server.log.add(
      {other, server.face.world.clock().wall(), true,
       R"({"decision_id":")" + other + R"(","path":"app/allow","revision":"r","at_ms":)" +
           std::to_string(to_unix_ms(server.face.world.clock().wall())) +
           R"(,"allowed":true,"tenant":"alpha","principal":"ada","rules":[],"reasons":[]})"});
  const json::Value page =
      json_of(server.ask("GET", "/v1/decisions?principal=ada", server.face.admin));
  REQUIRE(ids(page) == Ids{other});
  CHECK(text(list(page, "items")[0], "action") == "eval");
  CHECK(text(list(page, "items")[0], "resource") == R"({"kind":"data","name":"app/allow"})");
  const json::Value one = json_of(server.ask("GET", "/v1/decisions/" + other, server.face.admin));
  CHECK(text(at(at(one, "explanation"), "now"), "outcome") == "null");
  CHECK(text(one, "input") == "{}");
  const json::Value tried = json_of(
      server.ask("POST", "/v1/policy/what-if", server.face.operator_, json_files(rules("x"))));
  CHECK(text(tried, "skipped") == R"([{"reason":"no-input","count":1}])");
}

TEST_CASE("what-if: names what other policies would decide otherwise, and changes nothing") {
  Server server;
  const std::string allowed = server.decide({});
  const std::string denied = server.decide({.purpose = ""});
  const std::string target = "/v1/policy/what-if";
  const std::string& otto = server.face.operator_;
  const json::Value same = json_of(server.ask("POST", target, otto, json_files(rules("again"))));
  CHECK(text(same, "revision") == "policies@again");
  CHECK(text(same, "decisions") == "2");
  CHECK(text(same, "unchanged") == "2");
  CHECK(list(same, "changed").empty());
  CHECK(text(same, "complete") == "true");
  CHECK(newest_record(server, server.face.admin, "alpha") == "access POST /v1/policy/what-if");

  const std::string closed = json_files(rules("closed", kDenyAll));
  const json::Value other = json_of(server.ask("POST", target, otto, closed));
  CHECK(ids(other, "changed", "decision_id") == Ids{allowed, denied});
  const json::Value& first = list(other, "changed")[0];
  CHECK(text(at(first, "before"), "allow") == "true");
  CHECK(text(at(first, "after"), "reasons") == R"(["closed"])");
  CHECK(text(json_of(server.ask("GET", "/v1/policy", otto)), "revision") == "one");

  // The same as a bundle; a signature that nobody could check is no hindrance to looking.
  std::vector<Entry> files = rules("closed", kDenyAll);
  const auto signatures = policy::sign_files(files, {.key_id = "k",
                                                     .algorithm = "HS256",
                                                     .key = "0123456789abcdef0123456789abcdef",
                                                     .scope = "",
                                                     .expires = {}});
  REQUIRE(signatures);
  files.push_back({".signatures.json", *signatures});
  const auto bundle = archive::write_tar_gz(files);
  REQUIRE(bundle);
  const json::Value packed =
      json_of(server.ask("POST", target, otto, *bundle, {{"Content-Type", "application/gzip"}}));
  CHECK(list(packed, "changed").size() == 2);

  const json::Value few = json_of(server.ask("POST", target + "?limit=1", otto, closed));
  CHECK(ids(few, "changed", "decision_id") == Ids{allowed});
  CHECK(text(few, "complete") == "false");
  CHECK(text(json_of(server.ask("POST", target + "?to=2020-01-01", otto, closed)), "decisions") ==
        "0");
}

// One that was decided the same, of which the log keeps only this share.
void add_sampled(Server& server, double rate) {
  const access::LoggedDecision line = **server.log.find(server.decide({}));
  json::Value value = *json::parse(line.json);
  std::string id = line.id;
  id.back() = id.back() == '0' ? '1' : '0';
  value.as_object()->set("decision_id", id);
  value.as_object()->set("rate", rate);
  server.log.add({id, line.at, line.allowed, json::print(value)});
}

TEST_CASE("policy, what-if: counts of a log that keeps a share say so, and what they stand for") {
  Server server;
  const std::string& otto = server.face.operator_;
  const std::string target = "/v1/policy/what-if";
  server.decide({.purpose = ""});
  const json::Value before = json_of(server.ask("GET", "/v1/policy", otto));
  CHECK(text(before, "sampled") == "false");
  CHECK(text(before, "estimated") == "1");
  const json::Value whole = json_of(server.ask("POST", target, otto, json_files(rules("x"))));
  CHECK(text(whole, "sampled") == "false");
  CHECK(text(whole, "estimated") == "1");
  add_sampled(server, 0.25);
  add_sampled(server, 0.1);
  const json::Value after = json_of(server.ask("GET", "/v1/policy", otto));
  CHECK(text(after, "counted") == "5");
  CHECK(text(after, "sampled") == "true");
  CHECK(text(after, "estimated") == "17");  // 1 + (1 + 4) + (1 + 10)
  const json::Array& listed = list(after, "rules");
  CHECK(text(listed[1], "id") == "purpose-missing");
  CHECK(text(listed[1], "estimated") == "1");
  CHECK(text(listed[2], "id") == "role-analyst");
  CHECK(text(listed[2], "decisions") == "5");
  CHECK(text(listed[2], "estimated") == "17");
  const json::Value closed =
      json_of(server.ask("POST", target, otto, json_files(rules("closed", kDenyAll))));
  CHECK(list(closed, "changed").size() == 5);
  CHECK(text(closed, "sampled") == "true");
  CHECK(text(closed, "estimated") == "17");
  CHECK(text(closed, "estimated_to_change") == "17");
  const json::Value same = json_of(server.ask("POST", target, otto, json_files(rules("again"))));
  CHECK(text(same, "estimated") == "17");
  CHECK(text(same, "estimated_to_change") == "0");
  const json::Value page = json_of(server.ask("GET", "/v1/decisions?limit=2", server.face.admin));
  Ids rates = ids(page, "items", "rate");
  std::sort(rates.begin(), rates.end());
  CHECK(rates == Ids{"0.1", "1"});
}

TEST_CASE("what-if: looks an hour back when it is not told from when") {
  Server server;
  server.decide({});
  server.face.world.clock().advance(seconds(3'500));
  const std::string otto = server.face.world.token(
      {.tenant = "system", .principal = "otto", .roles = "operator", .scopes = "admin:read"});
  server.face.world.clock().advance(seconds(101));
  server.decide({});
  const std::string body = json_files(rules("x"));
  const auto looked_at = [&](const std::string& query) {
    return text(json_of(server.ask("POST", "/v1/policy/what-if" + query, otto, body)), "decisions");
  };
  CHECK(looked_at("") == "1");
  CHECK(looked_at("?from=2020-01-01") == "2");
}

TEST_CASE("what-if: a tenant whose gate is shut is passed over, and told that somebody tried") {
  Server server;
  server.decide({});
  const std::string theirs =
      server.decide({.tenant = "bravo", .principal = "bea", .data_of = "bravo"});
  shut(server);
  const std::string closed = json_files(rules("closed", kDenyAll));
  const std::string target = "/v1/policy/what-if";
  const json::Value tried = json_of(server.ask("POST", target, server.face.operator_, closed));
  CHECK(ids(tried, "changed", "decision_id") == Ids{theirs});
  CHECK(text(tried, "skipped") == R"([{"reason":"gate-shut","count":1}])");
  CHECK(newest_record(server, server.face.admin, "alpha") == "denied POST /v1/policy/what-if");
  CHECK(server.ask("POST", target + "?tenant=alpha", server.face.operator_, closed).status == 403);
  const json::Value one =
      json_of(server.ask("POST", target + "?tenant=bravo", server.face.operator_, closed));
  CHECK(text(one, "decisions") == "1");
  CHECK(server.ask("POST", target, server.face.admin, closed).status == 403);
}

TEST_CASE("what-if: what is no set of policies is refused with the reason") {
  Server server;
  struct Row {
    const char* name;
    std::string body;
    std::string said;
    net::Headers headers = {};
  };
  const std::vector<Row> rows = {
      {"nothing", "", "JSON"},
      {"no files", R"({"file":{}})", "files"},
      {"more than files", R"({"files":{},"x":1})", "files"},
      {"a number", R"({"files":{"a.rego":1}})", "a.rego"},
      {"a path that leaves", R"({"files":{"../a.rego":""}})", "../a.rego"},
      {"no Rego", R"({"files":{"a.rego":"package"}})", "a.rego"},
      {"does not compile", json_files(rules("x", "\nallow if nowhere\n")), "nowhere"},
      {"a delta", R"({"files":{"patch.json":"{\"data\":[]}"}})", "patch.json"},
      {"no gzip", "hello", "archive", {{"Content-Type", "application/gzip"}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const net::Response reply =
        server.ask("POST", "/v1/policy/what-if", server.face.operator_, row.body, row.headers);
    CHECK(reply.status == 400);
    CAPTURE(reply.body);
    CHECK(reply.body.find(row.said) != std::string::npos);
  }
  for (const char* query :
       {"limit=0", "limit=50001", "from=x", "dry_run=true", "to=2020-01-01&from=2021-01-01"}) {
    CAPTURE(query);
    CHECK(server
              .ask("POST", std::string("/v1/policy/what-if?") + query, server.face.operator_,
                   json_files(rules("x")))
              .status == 400);
  }
}

TEST_CASE("policy: without policies the endpoints say so") {
  Face face;
  for (const char* target : {"/v1/policy", "/v1/decisions", "/v1/decisions/dec_x"}) {
    CAPTURE(target);
    CHECK(face.ask("GET", target, face.operator_).status == 503);
  }
}

}  // namespace
}  // namespace mc::api
