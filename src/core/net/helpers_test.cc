#include <doctest/doctest.h>

#include <atomic>
#include <set>

#include "net/net.h"
#include "net/test_tools.h"

namespace mc::net {
namespace {

using test::FunctionHandler;
using test::Mailbox;

TEST_CASE("query: decodes pairs and refuses bad escapes") {
  struct Row {
    std::string query;
    Headers pairs;
  };
  const Row rows[] = {{"", {}},
                      {"a=1", {{"a", "1"}}},
                      {"a=1&b=%20x%2B", {{"a", "1"}, {"b", " x+"}}},
                      {"a+b=c+d", {{"a b", "c d"}}},
                      {"a&&b=", {{"a", ""}, {"b", ""}}},
                      {"=x", {{"", "x"}}},
                      {"a=b=c", {{"a", "b=c"}}},
                      {"%e2%82%ac=1", {{"\xe2\x82\xac", "1"}}},
                      {"a=1&", {{"a", "1"}}}};
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const Result<Headers> pairs = parse_query(row.query);
    REQUIRE(pairs.has_value());
    CHECK(*pairs == row.pairs);
  }
  for (const char* bad : {"a=%", "a=%2", "a=%zz", "%=1", "a=%2z"}) {
    CHECK(parse_query(bad).error().code == Code::invalid);
  }
  std::string many;
  for (int i = 0; i < 257; ++i) many += "a=1&";
  CHECK(!parse_query(many).has_value());
}

TEST_CASE("workers: a full queue refuses, and stop finishes what was taken") {
  auto workers = Workers::start(1, 2);
  Mailbox<bool> started;
  Mailbox<bool> go;
  std::atomic<int> done{0};
  CHECK(workers->submit([&](int) {
    started.put(true);
    go.take();
    done.fetch_add(1);
  }));
  CHECK(started.take());
  CHECK(workers->submit([&](int) { done.fetch_add(1); }));
  CHECK(workers->submit([&](int) { done.fetch_add(1); }));
  CHECK(workers->queued() == 2);
  CHECK(!workers->submit([&](int) { done.fetch_add(100); }));
  go.put(true);
  workers->stop();
  CHECK(done.load() == 3);
  CHECK(!workers->submit([](int) {}));
}

TEST_CASE("workers: every thread has its own number") {
  auto workers = Workers::start(3, 10);
  Mailbox<int> numbers;
  std::atomic<int> inside{0};
  for (int i = 0; i < 3; ++i) {
    workers->submit([&](int worker) {
      inside.fetch_add(1);
      while (inside.load() < 3) std::this_thread::yield();  // so that all three take part
      numbers.put(worker);
    });
  }
  const std::set<int> seen = {numbers.take(), numbers.take(), numbers.take()};
  CHECK(seen == std::set<int>{0, 1, 2});
}

TEST_CASE("client: fetches, keeps its connection, and stays within its limits") {
  const auto clock = sys::real_clock();
  FunctionHandler handler([](const std::shared_ptr<Exchange>& exchange) {
    const Request& request = exchange->request();
    if (request.path == "/large") {
      return exchange->reply({.status = 200, .headers = {}, .body = std::string(5000, 'x')});
    }
    if (request.path == "/away") {
      return exchange->reply(
          {.status = 302, .headers = {{"Location", "/elsewhere"}}, .body = "moved"});
    }
    Response response;
    response.headers = {{"X-Type", std::string(request.header("content-type"))},
                        {"X-Empty", std::string(request.header("x-empty"))}};
    response.body = std::string(request.method) + " " + std::string(request.body);
    exchange->reply(std::move(response));
  });
  auto server = Server::start(ServerConfig{}, handler, *clock);
  REQUIRE(server.has_value());
  const std::string base = "http://127.0.0.1:" + std::to_string((*server)->port());
  auto client = Client::make();
  ClientRequest request;
  request.url = base + "/x";
  for (const char* method : {"GET", "POST", "DELETE"}) {
    request.method = method;
    request.body = method == std::string("GET") ? "" : "body";
    request.headers = {{"Content-Type", "text/x"}};
    const Result<Response> response = client->fetch(request);
    REQUIRE(response.has_value());
    CHECK(response->status == 200);
    CHECK(response->body == std::string(method) + " " + request.body);
    bool typed = false;
    for (const auto& [name, value] : response->headers)
      typed |= name == "X-Type" && value == "text/x";
    CHECK(typed);
  }
  CHECK((*server)->counters().connections_total == 1);

  request.method = "GET";
  request.body.clear();
  request.url = base + "/away";
  CHECK(client->fetch(request)->status == 302);  // not followed
  request.url = base + "/large";
  request.response_bytes_max = 4999;
  CHECK(client->fetch(request).error().code == Code::exhausted);
  request.response_bytes_max = 5000;
  CHECK(client->fetch(request)->body.size() == 5000);
  request.headers = {{"Bad", "a\r\nb"}};
  CHECK(client->fetch(request).error().code == Code::invalid);
  request.headers.clear();
  for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "no url"}) {
    request.url = url;
    CHECK(client->fetch(request).error().code == Code::invalid);
  }
}

TEST_CASE("client: gives up after its time-out and says unavailable when nobody listens") {
  test::RawListener silent;
  auto client = Client::make();
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(silent.port());
  request.timeout = millis(50);
  CHECK(client->fetch(request).error().code == Code::unavailable);
  {
    test::RawListener gone;
    request.url = "http://127.0.0.1:" + std::to_string(gone.port());
  }
  CHECK(client->fetch(request).error().code == Code::unavailable);
}

}  // namespace
}  // namespace mc::net
