#include <doctest/doctest.h>

#include <algorithm>

#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

using sim::header_of;

const net::Headers kJson = {{"Content-Type", "application/json"},
                            {"User-Agent", "Browser/1"},
                            {"Sec-Fetch-Site", "same-origin"}};

// A browser: keeps the cookie, and sends what the portal sends.
struct Browser {
  Face& face;
  std::string cookie = "";  // name=value
  std::string csrf = "";

  net::Response go(const std::string& method, const std::string& target,
                   const std::string& body = "", net::Headers more = {}) {
    if (!cookie.empty()) more.emplace_back("Cookie", cookie);
    if (method != "GET" && !csrf.empty()) more.emplace_back("X-CSRF-Token", csrf);
    return face.ask(method, target, "", body, std::move(more));
  }
  net::Response sign_in(const std::string& secret) {
    net::Response reply = go("POST", "/v1/sessions", "{\"link\":\"" + secret + "\"}", kJson);
    const std::string set = header_of(reply.headers, "Set-Cookie");
    cookie = set.substr(0, set.find(';'));
    const auto body = json::parse(reply.body);
    if (const json::Value* told = body->find("csrf"); told != nullptr) csrf = *told->as_string();
    return reply;
  }
};

std::string link_for(Face& face, const std::string& tenant, const std::string& principal) {
  // Of a tenant's own administrator; the operator makes none there.
  const std::string who =
      tenant == identity::kSystemTenant
          ? face.operator_
          : face.world.token({.tenant = tenant, .principal = tenant == "alpha" ? "ada" : "bea"});
  const net::Response made =
      face.ask("POST", "/v1/tenants/" + tenant + "/principals/" + principal + "/links", who);
  REQUIRE(made.status == 201);
  const auto body = json::parse(made.body);
  const std::string path = *body->find("path")->as_string();
  REQUIRE(path.starts_with("/sign-in#mcl_"));
  return path.substr(path.find('#') + 1);
}

Browser signed_in(Face& face, const std::string& tenant = "alpha",
                  const std::string& principal = "ada") {
  Browser browser{face};
  REQUIRE(browser.sign_in(link_for(face, tenant, principal)).status == 201);
  return browser;
}

std::string text_of(const net::Response& reply, std::string_view member) {
  const auto body = json::parse(reply.body);
  const json::Value* value = body->find(member);
  return value == nullptr ? "absent" : json::print(*value);
}

TEST_CASE("browser: a link signs in once; the session says who and what") {
  Face face;
  const std::string link = link_for(face, "alpha", "ada");
  Browser browser{face};
  const net::Response reply = browser.sign_in(link);
  REQUIRE(reply.status == 201);
  const std::string set = header_of(reply.headers, "Set-Cookie");
  CHECK(set.starts_with("mc_session=mcs_"));
  CHECK(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"));
  const net::Response session = browser.go("GET", "/v1/session");
  REQUIRE(session.status == 200);
  CHECK(text_of(session, "principal") == "\"ada\"");
  CHECK(text_of(session, "roles") == "[\"tenant-admin\"]");
  CHECK(text_of(session, "tenants") == "[\"alpha\"]");
  CHECK(text_of(session, "csrf") == "\"" + browser.csrf + "\"");
  Browser thief{face};
  CHECK(thief.sign_in(link).status == 403);
  CHECK(thief.cookie.empty());
}

TEST_CASE("browser: over TLS the cookie is secure and of this host alone") {
  Face face;
  const std::string body = "{\"link\":\"" + link_for(face, "alpha", "ada") + "\"}";
  const net::Response reply = face.world.ask(
      {.method = "POST", .target = "/v1/sessions", .headers = kJson, .body = body, .tls = true},
      "");
  const std::string set = header_of(reply.headers, "Set-Cookie");
  CHECK(set.starts_with("__Host-mc_session=mcs_"));
  CHECK(set.ends_with("; Secure"));
  // Its name counts: one that another host or a plain connection could have set is not looked at.
  const std::string value = set.substr(set.find('='), set.find(';') - set.find('='));
  const auto status = [&](const std::string& name) {
    return face.world
        .ask({.method = "GET",
              .target = "/v1/session",
              .headers = {{"Cookie", name + value}},
              .tls = true},
             "")
        .status;
  };
  CHECK(status("__Host-mc_session") == 200);
  CHECK(status("mc_session") == 401);
  CHECK(status("__host-mc_session") == 401);
}

TEST_CASE("browser: a change needs the token of its own session, and no other site") {
  Face face;
  Browser ada = signed_in(face);
  const Browser other = signed_in(face);
  const std::string target = "/v1/tenants/alpha/principals?dry_run=true";
  const std::string body = R"({"id":"eve","roles":"analyst"})";
  CHECK(ada.go("POST", target, body).status == 200);
  CHECK(ada.go("POST", target, body, {{"Sec-Fetch-Site", "same-origin"}}).status == 200);
  for (const char* site : {"cross-site", "same-site", "nonsense"}) {
    CHECK(ada.go("POST", target, body, {{"Sec-Fetch-Site", site}}).status == 403);
  }
  for (const std::string& wrong : {std::string("x"), other.csrf, ada.csrf + "A"}) {
    Browser forged{face, ada.cookie, wrong};
    CHECK(forged.go("POST", target, body).status == 403);
  }
  Browser silent{face, ada.cookie, ""};
  CHECK(silent.go("POST", target, body).status == 403);
  CHECK(silent.go("DELETE", "/v1/session").status == 403);
  CHECK(silent.go("GET", "/v1/session").status == 200);
}

TEST_CASE("browser: signing in refuses what another site could send") {
  Face face;
  const std::string body = "{\"link\":\"" + link_for(face, "alpha", "ada") + "\"}";
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"}) {
    CHECK(face.ask("POST", "/v1/sessions", "", body, {{"Content-Type", type}}).status == 400);
  }
  const net::Headers foreign = {{"Content-Type", "application/json"},
                                {"Sec-Fetch-Site", "cross-site"}};
  CHECK(face.ask("POST", "/v1/sessions", "", body, foreign).status == 403);
  for (const char* bad : {"{}", "[]", "", "{\"link\":1}", "{\"link\":\"x\",\"more\":1}"}) {
    CHECK(face.ask("POST", "/v1/sessions", "", bad, kJson).status == 400);
  }
  CHECK(face.ask("POST", "/v1/sessions", "", body, kJson).status == 201);
}

TEST_CASE("browser: signing out ends the session at the server") {
  Face face;
  Browser ada = signed_in(face);
  const net::Response reply = ada.go("DELETE", "/v1/session");
  CHECK(reply.status == 204);
  CHECK(header_of(reply.headers, "Set-Cookie").starts_with("mc_session=; "));
  CHECK(ada.go("GET", "/v1/session").status == 401);
}

TEST_CASE("browser: people see and end their own sessions, nobody else's") {
  Face face;
  Browser first = signed_in(face);
  Browser second = signed_in(face);
  Browser bea = signed_in(face, "bravo", "bea");
  const net::Response list = second.go("GET", "/v1/sessions");
  const auto body = json::parse(list.body);
  const json::Array& items = *body->find("items")->as_array();
  REQUIRE(items.size() == 2);
  CHECK(list.body.find("mcs_") == std::string::npos);
  std::string other;
  for (const json::Value& item : items) {
    if (!*item.find("current")->as_bool()) other = *item.find("id")->as_string();
  }
  CHECK(bea.go("DELETE", "/v1/sessions/" + other).status == 404);
  CHECK(first.go("GET", "/v1/session").status == 200);
  CHECK(second.go("DELETE", "/v1/sessions/" + other).status == 204);
  CHECK(first.go("GET", "/v1/session").status == 401);
  CHECK(second.go("GET", "/v1/session").status == 200);
  CHECK(face.ask("DELETE", "/v1/session", face.admin).status == 400);
}

TEST_CASE("browser: a bearer token wins over a cookie, and a wrong one is not saved by it") {
  Face face;
  Browser ada = signed_in(face);
  const net::Headers cookie = {{"Cookie", ada.cookie}};
  CHECK(text_of(face.ask("GET", "/v1/session", face.bravo, "", cookie), "tenant") == "\"bravo\"");
  CHECK(face.ask("GET", "/v1/session", "mct_wrong", "", cookie).status == 401);
}

TEST_CASE("browser: links are given by who may give that much access") {
  Face face;
  const auto ask = [&](const std::string& token, const std::string& tenant,
                       const std::string& principal) {
    return face.ask("POST", "/v1/tenants/" + tenant + "/principals/" + principal + "/links", token)
        .status;
  };
  CHECK(ask(face.admin, "alpha", "ben") == 201);
  CHECK(ask(face.admin, "alpha", "nobody") == 404);
  CHECK(ask(face.admin, "bravo", "bea") == 404);
  CHECK(ask(face.analyst, "alpha", "ben") == 403);
  CHECK(ask(face.auditor, "alpha", "ben") == 403);
  const std::string narrow = face.world.token(
      {.principal = "robot", .roles = "tenant-admin", .scopes = "admin:read,admin:write"});
  CHECK(ask(narrow, "alpha", "ada") == 403);
  const std::string chief = face.world.token({.tenant = "system",
                                              .principal = "chief",
                                              .roles = "tenant-admin",
                                              .scopes = "query,mutate,introspect,admin:read,"
                                                        "admin:write,metrics"});
  CHECK(ask(chief, "system", "otto") == 403);
}

TEST_CASE("browser: a session asks the gateway, with the token of its page") {
  Face face;
  Browser ada = signed_in(face);
  Browser bea = signed_in(face, "bravo", "bea");
  const std::string body = R"({"query":"{ people { nodes { id } } }"})";
  const net::Response own = ada.go("POST", "/graphql", body, kJson);
  CHECK(own.status == 200);
  CHECK(own.body.find("\"errors\"") == std::string::npos);
  CHECK(text_of(own, "data") ==
        text_of(face.ask("POST", "/graphql", face.admin, body, kJson), "data"));
  CHECK(text_of(bea.go("POST", "/graphql", body, kJson), "data") ==
        text_of(face.ask("POST", "/graphql", face.bravo, body, kJson), "data"));
  // Without that token, with another's, and by GET, which a link of another site could be.
  CHECK(Browser{face, ada.cookie, ""}.go("POST", "/graphql", body, kJson).status == 403);
  CHECK(Browser{face, ada.cookie, bea.csrf}.go("POST", "/graphql", body, kJson).status == 403);
  CHECK(ada.go("GET", "/graphql?query=%7Bpeople%7Bid%7D%7D").status == 403);
  CHECK(face.ask("POST", "/graphql", "", body, {kJson[0], {"Cookie", ada.cookie + "A"}}).status ==
        401);
  // A bearer token that is wrong is not saved by a cookie.
  CHECK(
      ada.go("POST", "/graphql", body, {kJson[0], {"Authorization", "Bearer mct_wrong"}}).status ==
      401);
  CHECK(ada.go("DELETE", "/v1/session").status == 204);
  CHECK(ada.go("POST", "/graphql", body, kJson).status == 401);
}

TEST_CASE("browser: giving access to others needs a sign-in that is fresh") {
  Face face;
  Browser ada = signed_in(face);
  const std::vector<std::pair<std::string, std::string>> gifts = {
      {"/v1/tenants/alpha/principals?dry_run=true", R"({"id":"eve","roles":"analyst"})"},
      {"/v1/tenants/alpha/principals/ada/links?dry_run=true", ""},
      {"/v1/tenants/alpha/tokens?dry_run=true", R"({"principal":"ada","scopes":"query"})"}};
  for (const auto& [target, body] : gifts) CHECK(ada.go("POST", target, body).status == 200);
  // Not idle, and still older than an hour in the end.
  for (int i = 0; i < 2; ++i) {
    face.world.clock().advance(seconds(1'801));
    CHECK(ada.go("GET", "/v1/session").status == 200);
  }
  for (const auto& [target, body] : gifts) {
    CAPTURE(target);
    const net::Response reply = ada.go("POST", target, body);
    CHECK(reply.status == 401);
    CHECK(header_of(reply.headers, "WWW-Authenticate") ==
          "Bearer error=\"insufficient_user_authentication\", error_description=\"this needs a "
          "sign-in that is not older than 3600 s\", max_age=\"3600\"");
    CHECK(text_of(reply, "code") == "\"denied\"");
  }
  CHECK(ada.go("GET", "/v1/tenants/alpha/tokens").status == 200);
  CHECK(signed_in(face).go("POST", gifts[0].first, gifts[0].second).status == 200);
}

TEST_CASE("browser: signing in again ends the session that the browser had") {
  Face face;
  Browser ada = signed_in(face);
  const Browser before = ada;
  REQUIRE(ada.sign_in(link_for(face, "alpha", "ada")).status == 201);
  CHECK(ada.cookie != before.cookie);
  CHECK(Browser(before).go("GET", "/v1/session").status == 401);
  CHECK(ada.go("GET", "/v1/session").status == 200);
}

TEST_CASE("browser: without a provider nobody signs in there") {
  Face face;
  Browser browser{face};
  CHECK(browser.go("POST", "/v1/sign-in/oidc", "{}", kJson).status == 404);
  const std::string code = R"({"state":"a","code":"b"})";
  CHECK(browser.go("POST", "/v1/sign-in/oidc/code", code, kJson).status == 404);
}

TEST_CASE("browser: no secret is in the log") {
  Face face;
  const std::string link = link_for(face, "alpha", "ada");
  Browser browser{face};
  browser.sign_in(link);
  browser.go("GET", "/v1/session");
  for (const std::string& line : face.world.lines().lines()) {
    CHECK(line.find(link.substr(4)) == std::string::npos);
    CHECK(line.find(browser.cookie.substr(15)) == std::string::npos);
    CHECK(line.find(browser.csrf) == std::string::npos);
  }
}

TEST_CASE("browser: the overview counts, and keeps tenants apart") {
  Face face;
  Browser ada = signed_in(face);
  Browser otto = signed_in(face, "system", "otto");
  for (int i = 0; i < 3; ++i) face.world.query("{ people { id } }", face.admin);
  face.world.query("{ people { id } }", face.bravo);
  face.world.gateway().traffic().tick();
  face.world.clock().advance(seconds(20));
  face.world.gateway().traffic().tick();
  const auto own = json::parse(ada.go("GET", "/v1/overview").body);
  REQUIRE(own->find("tenants")->as_array()->size() == 1);
  CHECK(*own->find("total")->find("requests")->as_int() == 3);
  CHECK(ada.go("GET", "/v1/overview?tenant=bravo").status == 404);
  CHECK(ada.go("GET", "/v1/overview?tenant=nowhere").status == 404);
  const auto all = json::parse(otto.go("GET", "/v1/overview?window=1h").body);
  CHECK(all->find("tenants")->as_array()->size() == 3);
  CHECK(*all->find("total")->find("requests")->as_int() == 4);
  CHECK(all->find("total")->find("series")->find("requests")->as_array()->size() == 360);
  const auto one = json::parse(otto.go("GET", "/v1/overview?tenant=bravo").body);
  CHECK(*one->find("total")->find("requests")->as_int() == 1);
  CHECK(ada.go("GET", "/v1/overview?window=2h").status == 400);
  CHECK(ada.go("GET", "/v1/overview?windows=1h").status == 400);
}

}  // namespace
}  // namespace mc::api
