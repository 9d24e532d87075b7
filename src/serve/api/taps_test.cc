#include <doctest/doctest.h>

#include "contract/api_face.h"
#include "json/json.h"
#include "tap/desk.h"

namespace mc::api {
namespace {

const std::string kBlock =
    R"({"tenant":"alpha","action":"block","lifetime":"1h","reason":"it burns"})";

json::Value json_of(const net::Response& response) {
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}
std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

struct Taps {
  Face face;
  tap::Board board{face.world.clock().mono()};
  std::unique_ptr<tap::Desk> desk = std::move(*tap::Desk::open(
      {face.disk, face.world.clock(), face.world.random(), face.world.log(), *face.ledger, board},
      {"/data/taps.json", {"/graphql"}, {}}));
  Api api{world()};

  Taps() {
    face.world.set_front(api);
    api.set_ready(true);
  }
  ApiWorld world() {
    ApiWorld out = face.api_world();
    out.taps = desk.get();
    return out;
  }
  net::Response ask(const std::string& method, const std::string& path, const std::string& token,
                    const std::string& body = "") {
    return face.ask(method, path, token, body);
  }
  std::size_t count() {
    return json_of(ask("GET", "/v1/taps", face.operator_)).find("items")->as_array()->size();
  }
};

TEST_CASE("taps: through the API, from the trial to the lifting, recorded by the desk alone") {
  Taps taps;
  const std::string& who = taps.face.operator_;
  const net::Response tried = taps.ask("POST", "/v1/taps?dry_run=true", who, kBlock);
  CHECK(tried.status == 200);
  CHECK(!*json_of(tried).find("stored")->as_bool());
  CHECK(taps.count() == 0);
  const net::Response made = taps.ask("POST", "/v1/taps", who, kBlock);
  REQUIRE(made.status == 201);
  const json::Value tap = json_of(made);
  CHECK(text_in(tap, "set_by") == "otto@system");
  CHECK(text_in(tap, "way") == "api");
  CHECK(*tap.find("stored")->as_bool());
  CHECK(tap.find("record")->is_null());
  CHECK(taps.count() == 1);
  const std::string path = "/v1/taps/" + text_in(tap, "id");
  CHECK(text_in(json_of(taps.ask("GET", path, who)), "reason") == "it burns");
  CHECK(taps.ask("DELETE", path + "?dry_run=true", who).status == 200);
  CHECK(taps.count() == 1);
  CHECK(taps.ask("DELETE", path, who).status == 200);
  CHECK(taps.count() == 0);
  CHECK(taps.ask("DELETE", path, who).status == 404);
  CHECK(taps.ask("GET", path, who).status == 404);
  REQUIRE(taps.desk->record().has_value());
  CHECK(taps.face.ledger->store().head("audit/system")->size == 2);
}

TEST_CASE("taps: what is wrong is named, and nobody but the operator's people sees or sets any") {
  Taps taps;
  const net::Response wrong = taps.ask("POST", "/v1/taps", taps.face.operator_,
                                       R"({"tenant":"alpha","action":"block","reason":"x"})");
  CHECK(wrong.status == 400);
  CHECK(text_in(json_of(wrong), "detail").starts_with("until:"));
  const std::string reader = taps.face.world.token(
      {.tenant = "system", .principal = "rita", .roles = "operator", .scopes = "admin:read"});
  CHECK(taps.ask("GET", "/v1/taps", reader).status == 200);
  CHECK(taps.ask("POST", "/v1/taps", reader, kBlock).status == 403);
  CHECK(taps.ask("DELETE", "/v1/taps/tap_x", reader).status == 403);
  for (const std::string& who :
       {taps.face.admin, taps.face.auditor, taps.face.analyst, taps.face.bravo}) {
    CHECK(taps.ask("GET", "/v1/taps", who).status == 403);
    CHECK(taps.ask("GET", "/v1/taps/tap_x", who).status == 403);
    CHECK(taps.ask("POST", "/v1/taps", who, kBlock).status == 403);
    CHECK(taps.ask("POST", "/v1/taps?dry_run=true", who, kBlock).status == 403);
    CHECK(taps.ask("DELETE", "/v1/taps/tap_x", who).status == 403);
  }
  CHECK(taps.ask("POST", "/v1/taps", "", kBlock).status == 401);
  CHECK(taps.count() == 0);
  taps.face.world.set_front(taps.face.api);  // a server without any
  CHECK(taps.ask("GET", "/v1/taps", taps.face.operator_).status == 503);
}

TEST_CASE("taps: set and lifted while the ledger records nothing, which it does later") {
  Taps taps;
  taps.face.ledger->refuse({Code::unavailable, "the disk is gone"});
  // What must be recorded first is refused meanwhile.
  const std::string people = "/v1/tenants/alpha/principals";
  CHECK(taps.ask("POST", people, taps.face.operator_, R"({"id":"eve","roles":"analyst"})").status ==
        503);
  const net::Response made = taps.ask("POST", "/v1/taps", taps.face.operator_, kBlock);
  CHECK(made.status == 201);
  CHECK(taps.count() == 1);
  CHECK(!taps.desk->record().has_value());
  CHECK(
      taps.ask("DELETE", "/v1/taps/" + text_in(json_of(made), "id"), taps.face.operator_).status ==
      200);
  CHECK(taps.desk->unrecorded() == 2);
}

}  // namespace
}  // namespace mc::api
