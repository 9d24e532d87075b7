#include "api/assets.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

using sim::header_of;

constexpr Asset kAsset = {"/assets/a.js", "text/javascript", "\"tag\"", "plain", "gzip", "brotli"};

net::Response serve(const net::Headers& headers, const Asset& asset = kAsset) {
  net::Request request;
  request.method = "GET";
  request.path = asset.path;
  for (const auto& [name, value] : headers) request.headers.push_back({name, value});
  return serve_asset(request, asset);
}

TEST_CASE("assets: the best form that the client takes") {
  struct Row {
    const char* accepts;
    const char* body;
    const char* coding;
  };
  const Row rows[] = {{"", "plain", ""},
                      {"gzip", "gzip", "gzip"},
                      {"gzip, deflate, br", "brotli", "br"},
                      {"BR", "brotli", "br"},
                      {"br;q=0, gzip;q=0.5", "gzip", "gzip"},
                      {"br; q=0.001", "brotli", "br"},
                      {"brotli", "plain", ""},
                      {"identity", "plain", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.accepts);
    const net::Response reply = serve({{"Accept-Encoding", row.accepts}});
    CHECK(reply.status == 200);
    CHECK(reply.body == row.body);
    CHECK(header_of(reply.headers, "Content-Encoding") == row.coding);
    CHECK(header_of(reply.headers, "Vary") == "Accept-Encoding");
  }
  Asset small = kAsset;
  small.gzip = small.brotli = "";
  CHECK(serve({{"Accept-Encoding", "br, gzip"}}, small).body == "plain");
}

TEST_CASE("assets: what the browser has is not sent again") {
  for (const char* tag : {"\"tag\"", "W/\"tag\"", "\"other\", \"tag\"", "*"}) {
    const net::Response reply = serve({{"If-None-Match", tag}});
    CHECK(reply.status == 304);
    CHECK(reply.body.empty());
    CHECK(header_of(reply.headers, "ETag") == "\"tag\"");
  }
  CHECK(serve({{"If-None-Match", "\"tagg\""}}).status == 200);
}

TEST_CASE("assets: only names with a hash are kept for good") {
  Asset page = kAsset;
  page.path = "/index.html";
  CHECK(header_of(serve({}).headers, "Cache-Control").find("immutable") != std::string::npos);
  CHECK(header_of(serve({}, page).headers, "Cache-Control") == "no-cache");
}

net::Response get(Face& face, const std::string& path, const char* accept) {
  net::Headers headers;
  if (accept != nullptr) headers.emplace_back("Accept", accept);
  return face.ask("GET", path, "", "", std::move(headers));
}

TEST_CASE("assets: a page is given to who takes any type, and what is none is not found") {
  const int found = find_asset("/index.html") == nullptr ? 404 : 200;
  Face face;
  struct Row {
    const char* path;
    const char* accept;
    int status;
  };
  const Row rows[] = {{"/verify", nullptr, found},
                      {"/verify", "*/*", found},
                      {"/verify", "text/html,*/*;q=0.8", found},
                      {"/verify", "application/json", 404},
                      {"/datasets/orders", "*/*", found},
                      {"/policy/decisions/dec_1", "*/*", found},
                      {"/sign-in", nullptr, found},
                      {"/nowhere", nullptr, 404},
                      {"/nowhere", "*/*", 404},
                      {"/nowhere", "text/html", found},
                      {"/assets/none.js", "text/html", 404},
                      {"/v1/none", "text/html", 401}};
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CAPTURE((row.accept == nullptr ? "-" : row.accept));
    CHECK(get(face, row.path, row.accept).status == row.status);
  }
  CHECK(face.ask("POST", "/verify", "").status == 404);
}

TEST_CASE("assets: the portal's own list has no page that is not known here") {
  std::ifstream file("portal/src/pages.ts");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string source = text.str();
  net::Request request;
  request.method = "GET";
  std::size_t pages = 0;
  const std::string mark = "{ path: \"";
  for (std::size_t at = source.find(mark); at != std::string::npos;
       at = source.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    const std::string path = source.substr(begin, source.find('"', begin) - begin);
    CAPTURE(path);
    request.path = path;
    CHECK(find_page(request) == find_asset("/index.html"));
    ++pages;
  }
  CHECK(pages >= 10);
}

TEST_CASE("assets: pages are under a policy without anything unsafe") {
  const std::string policy = header_of(serve({}).headers, "Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'"));
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(policy.find("require-trusted-types-for 'script'") != std::string::npos);
}

TEST_CASE("assets: the table is sorted, and the API's document is there for everybody") {
  const auto all = assets();
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const Asset& a, const Asset& b) { return a.path < b.path; }));
  Face face;
  const net::Response reply = face.ask("GET", "/v1/openapi.json", "");
  CHECK(reply.status == 200);
  CHECK(header_of(reply.headers, "Content-Type") == "application/json");
}

// Method and path of each operation; a star where no caller is needed.
std::set<std::string> described() {
  const auto document = json::parse(find_asset("/v1/openapi.json")->plain);
  REQUIRE(document.has_value());
  std::set<std::string> out;
  for (const json::Member& path : document->find("paths")->as_object()->members()) {
    for (const json::Member& operation : path.value.as_object()->members()) {
      if (operation.name == "parameters") continue;
      std::string method = operation.name;
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      const json::Value* security = operation.value.find("security");
      const bool open = security != nullptr && security->as_array()->empty();
      out.insert(method + " " + path.name + (open ? " *" : ""));
    }
  }
  return out;
}

TEST_CASE("assets: the API's document has every endpoint, and no other") {
  std::set<std::string> served = {"GET /v1/openapi.json *"};
  for (const Endpoint& endpoint : endpoints()) {
    served.insert(std::string(endpoint.method) + " " + std::string(endpoint.path) +
                  (endpoint.anonymous ? " *" : ""));
  }
  CHECK(described() == served);
}

}  // namespace
}  // namespace mc::api
