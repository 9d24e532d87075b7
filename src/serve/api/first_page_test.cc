#include "api/first_page.h"

#include <doctest/doctest.h>

#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

using sim::header_of;

constexpr std::string_view kPlain = "<html><body><div id=\"app\"></div></body></html>";
constexpr std::string_view kOpen = "<script type=\"application/json\" id=\"answers\">";
constexpr Asset kPage = {"/index.html", "text/html; charset=utf-8", "\"tag\"", kPlain, "gz", "br"};

// A person's browser, and what it gets for an address.
struct Visit {
  explicit Visit(const std::string& name = "") {
    identity::Directory& directory = face.world.directory();
    identity::Principal person;
    person.tenant = TenantId("alpha");
    person.id = PrincipalId("guest");
    person.name = name;
    person.roles = {identity::Role::analyst};
    REQUIRE(directory.create_principal(person).has_value());
    const auto link = directory.issue_link(person.tenant, person.id, seconds(60));
    REQUIRE(link.has_value());
    const auto session =
        directory.sign_in(link->link.reveal(RevealToken()), {"127.0.0.1", "Browser/1"});
    REQUIRE(session.has_value());
    cookie = session->cookie.reveal(RevealToken());
  }
  net::Response get(std::string_view query = "") {
    net::Request http;
    http.method = "GET";
    http.path = "/";
    http.query = query;
    const auto caller = face.world.directory().check_session(cookie);
    const AdminWorld world{.clock = face.world.clock(),
                           .directory = face.world.directory(),
                           .gateway = &face.world.gateway(),
                           .version = "0.1.0",
                           .random = with_alerts ? &random : nullptr};
    return first_page(world, {http, caller.get(), "req_1", cookie}, kPage);
  }
  // What stands in the data block.
  json::Object answers(std::string_view query = "") {
    const std::string body = get(query).body;
    const std::size_t begin = body.find(kOpen) + kOpen.size();
    const std::size_t end = body.find("</script>", begin);
    REQUIRE(end != std::string::npos);
    CHECK(body.substr(end) == "</script>" + std::string(kPlain.substr(kPlain.find("<div"))));
    const auto block = json::parse(std::string_view(body).substr(begin, end - begin));
    REQUIRE(block.has_value());
    return *block->as_object();
  }
  std::string targets(std::string_view query = "") {
    std::string out;
    const json::Object all = answers(query);
    for (const json::Member& member : all.members()) out += member.name + " ";
    return out;
  }

  Face face;
  sim::SimRandom random{1};
  std::string cookie;
  bool with_alerts = true;
};

TEST_CASE("first page: the answers are those that the script would get") {
  Visit visit;
  const json::Object answers = visit.answers();
  CHECK(visit.targets() == "/v1/session /v1/overview?window=15m /v1/alerts ");
  for (const char* target : {"/v1/session", "/v1/overview?window=15m"}) {
    CAPTURE(target);
    const net::Response asked = visit.face.world.ask(
        {.method = "GET", .target = target, .headers = {{"Cookie", "mc_session=" + visit.cookie}}},
        "");
    REQUIRE(asked.status == 200);
    CHECK(json::print(*answers.find(target)) + "\n" == asked.body);
  }
  CHECK(answers.find("/v1/alerts")->find("items")->as_array()->empty());
}

TEST_CASE("first page: the figures are those of the address, and of nobody else") {
  Visit visit;
  visit.with_alerts = false;  // refused: only a running server has them
  struct Row {
    const char* query;
    const char* overview;
  };
  const Row rows[] = {{"", "/v1/overview?window=15m "},
                      {"window=1h", "/v1/overview?window=1h "},
                      {"window=24h&tenant=alpha", "/v1/overview?tenant=alpha&window=24h "},
                      {"window=9y", "/v1/overview?window=15m "},
                      {"tenant=bravo", ""},
                      {"tenant=nobody", ""},
                      {"tenant=%22%3C", ""},
                      {"tenant=alpha%26window=1h", ""},
                      {"tenant=%zz", ""},
                      {"page=2", "/v1/overview?window=15m "}};
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(visit.targets(row.query) == "/v1/session " + std::string(row.overview));
  }
}

TEST_CASE("first page: no text ends the block") {
  Visit visit("</script><script>alert(1)</script><!--<script>");
  CHECK(visit.get().body.find("</script><script>") == std::string::npos);
  CHECK(*visit.answers().find("/v1/session")->find("name")->as_string() ==
        "</script><script>alert(1)</script><!--<script>");
}

TEST_CASE("first page: it is kept nowhere, and confined as every page") {
  Visit visit;
  const net::Response reply = visit.get();
  CHECK(reply.status == 200);
  CHECK(header_of(reply.headers, "Cache-Control") == "no-store");
  CHECK(header_of(reply.headers, "ETag").empty());
  CHECK(header_of(reply.headers, "Content-Encoding").empty());
  for (const auto& [name, value] : page_headers()) CHECK(header_of(reply.headers, name) == value);
}

TEST_CASE("first page: only for a browser that opens the overview") {
  struct Row {
    const char* method;
    const char* path;
    const char* accept;
    bool wants;
  };
  const Row rows[] = {{"GET", "/", "text/html,*/*;q=0.8", true},
                      {"HEAD", "/", "text/html", false},
                      {"GET", "/", "*/*", false},
                      {"GET", "/datasets", "text/html", false}};
  for (const Row& row : rows) {
    CAPTURE(row.path);
    net::Request request;
    request.method = row.method;
    request.path = row.path;
    request.headers.push_back({"Accept", row.accept});
    CHECK(wants_first_page(request) == row.wants);
  }
}

}  // namespace
}  // namespace mc::api
