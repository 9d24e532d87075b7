#include "net/net.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "net/test_tools.h"

namespace mc::net {
namespace {

using test::body_of;
using test::FunctionHandler;
using test::Mailbox;
using test::RawSocket;
using test::status_of;

struct Fixture {
  explicit Fixture(FunctionHandler::Function function, const ServerConfig& config = {})
      : clock(sys::real_clock()), handler(std::move(function)) {
    auto started = Server::start(config, handler, *clock);
    REQUIRE(started.has_value());
    server = std::move(*started);
  }
  RawSocket connect() const { return RawSocket::connect(server->port()); }

  std::unique_ptr<sys::Clock> clock;
  FunctionHandler handler;
  std::unique_ptr<Server> server;
};

TEST_CASE("server: answers requests of one connection in order, also when they are pipelined") {
  Fixture fixture(test::echo);
  RawSocket client = fixture.connect();
  client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string first = client.receive_reply();
  CHECK(status_of(first) == 200);
  CHECK(body_of(first) == "GET /a ");
  CHECK(first.find("\r\nDate: ") != std::string::npos);
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  }
  client.send(many);
  for (int i = 0; i < 200; ++i) {
    CHECK(body_of(client.receive_reply()) == "POST /" + std::to_string(i) + " abc");
  }
  CHECK(fixture.server->counters().requests_total == 201);
}

TEST_CASE("server: a loop that is held up is late") {
  Mailbox<bool> go_on;
  ServerConfig config;
  config.threads = 2;
  Fixture fixture(
      [&](const std::shared_ptr<Exchange>& exchange) {
        CHECK(go_on.take());
        test::echo(exchange);
      },
      config);
  REQUIRE(fixture.server->take_loads().size() == 2);
  RawSocket client = fixture.connect();
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  Nanos most;
  for (int looks = 0; looks < 1'000'000 && most < millis(50); ++looks) {
    for (const LoopLoad& load : fixture.server->take_loads()) {
      most = std::max(most, load.late);
      CHECK(load.busy >= 0);
      CHECK(load.busy <= 1'000);
    }
    std::this_thread::yield();
  }
  CHECK(most >= millis(50));
  go_on.put(true);
  CHECK(status_of(client.receive_reply()) == 200);
}

TEST_CASE(
    "server: answers all that are ready in one turn of the loop, though some leave meanwhile") {
  Mailbox<bool> entered;
  Mailbox<bool> go_on;
  Fixture fixture([&](const std::shared_ptr<Exchange>& exchange) {
    // Holds up the loop, so that the next turn finds everybody else ready.
    if (exchange->request().target == "/block") {
      entered.put(true);
      CHECK(go_on.take());
    }
    test::echo(exchange);
  });
  constexpr std::size_t kClients = 40;
  std::vector<RawSocket> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(fixture.connect());
    REQUIRE(clients.back().send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n"));
    REQUIRE(body_of(clients.back().receive_reply()) == "GET /first ");
  }
  RawSocket blocker = fixture.connect();
  blocker.send("GET /block HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(entered.take());
  for (std::size_t i = 0; i < kClients; ++i) {
    // Two requests at once: the second reply is held again.
    const std::string n = std::to_string(i);
    const std::string end = " HTTP/1.1\r\nHost: h\r\n\r\n";
    REQUIRE(clients[i].send("GET /a" + n + end + "GET /b" + n + end));
    if (i % 5 == 0) clients[i].reset();
  }
  go_on.put(true);
  CHECK(body_of(blocker.receive_reply()) == "GET /block ");
  for (std::size_t i = 0; i < kClients; ++i) {
    if (i % 5 == 0) continue;
    CHECK(body_of(clients[i].receive_reply()) == "GET /a" + std::to_string(i) + " ");
    CHECK(body_of(clients[i].receive_reply()) == "GET /b" + std::to_string(i) + " ");
  }
}

TEST_CASE("server: work after a turn runs when all requests at hand have been handled") {
  Mailbox<bool> entered;
  Mailbox<bool> go_on;
  Mailbox<std::string> order;
  Fixture fixture([&](const std::shared_ptr<Exchange>& exchange) {
    const std::string target(exchange->request().target);
    if (target == "/block") {
      entered.put(true);
      CHECK(go_on.take());
    } else {
      order.put(target);
      exchange->after_turn([&order, target] { order.put("after " + target); });
    }
    test::echo(exchange);
  });
  RawSocket blocker = fixture.connect();
  RawSocket first = fixture.connect();
  RawSocket second = fixture.connect();
  blocker.send("GET /block HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(entered.take());
  first.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  second.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  go_on.put(true);
  for (RawSocket* client : {&blocker, &first, &second}) {
    CHECK(status_of(client->receive_reply()) == 200);
  }
  const std::string one = order.take();
  const std::string two = order.take();
  CHECK(one + two != "/1after /1");
  CHECK(one + two != "/2after /2");
  CHECK(order.take() == "after " + one);
  CHECK(order.take() == "after " + two);
}

TEST_CASE("server: keeps order when replies come late from another thread") {
  Mailbox<std::shared_ptr<Exchange>> waiting;
  Fixture fixture([&](std::shared_ptr<Exchange> exchange) { waiting.put(std::move(exchange)); });
  RawSocket client = fixture.connect();
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  for (const char* expected : {"GET /1 ", "GET /2 "}) {
    std::shared_ptr<Exchange> exchange = waiting.take();
    REQUIRE(exchange);
    CHECK(waiting.empty());  // the second waits for the answer of the first
    test::echo(exchange);
    exchange->reply({.status = 500, .headers = {}, .body = "second answer"});
    CHECK(body_of(client.receive_reply()) == expected);
  }
}

TEST_CASE("server: reads bodies by length and in chunks, and hands out spare bytes behind them") {
  Fixture fixture([&](const std::shared_ptr<Exchange>& exchange) {
    const std::string_view body = exchange->request().body;
    volatile char sum = 0;
    for (std::size_t i = 0; i < 64; ++i)
      sum = static_cast<char>(sum + body.data()[body.size() + i]);
    test::echo(exchange);
  });
  const std::string large(900'000, 'x');
  struct Row {
    std::string name;
    std::string request;
    std::string body;
  };
  const Row rows[] = {
      {"length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"zero length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", ""},
      {"large", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n" + large, large},
      {"chunks",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
       "abcde"},
      {"large chunk",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\ndbba0\r\n" + large +
           "\r\n0\r\n\r\n",
       large}};
  RawSocket client = fixture.connect();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::thread sender([&] { client.send(row.request); });
    const std::string reply = client.receive_reply();
    sender.join();
    CHECK(status_of(reply) == 200);
    CHECK(body_of(reply) == "POST / " + row.body);
  }
  // Byte by byte: every boundary between reads is tried.
  for (const char c : rows[3].request) client.send(std::string_view(&c, 1));
  CHECK(body_of(client.receive_reply()) == "POST / abcde");
}

TEST_CASE("server: closes when asked to, and follows HTTP/1.0") {
  Fixture fixture(test::echo);
  struct Row {
    const char* request;
    bool stays;
    const char* connection;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false, "Connection: close"},
      {"GET / HTTP/1.0\r\n\r\n", false, "Connection: close"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "Connection: keep-alive"}};
  for (const Row& row : rows) {
    CAPTURE(row.request);
    RawSocket client = fixture.connect();
    client.send(row.request);
    const std::string reply = client.receive_reply();
    CHECK(status_of(reply) == 200);
    CHECK(reply.find(row.connection) != std::string::npos);
    if (row.stays) {
      client.send(row.request);
      CHECK(status_of(client.receive_reply()) == 200);
    } else {
      CHECK(client.at_end());
    }
  }
}

TEST_CASE("server: HEAD, 204 and 304 have no body") {
  Fixture fixture([](const std::shared_ptr<Exchange>& exchange) {
    const std::string_view path = exchange->request().path;
    exchange->reply({.status = path == "/204"   ? 204
                               : path == "/304" ? 304
                                                : 200,
                     .headers = {},
                     .body = "body"});
  });
  RawSocket client = fixture.connect();
  client.send(
      "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /204 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /304 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string head = client.receive_until("\r\n\r\n");
  CHECK(head.find("Content-Length: 4") != std::string::npos);
  const std::string none = client.receive_until("\r\n\r\n");
  CHECK(status_of(none) == 204);
  CHECK(none.find("Content-Length") == std::string::npos);
  CHECK(status_of(client.receive_until("\r\n\r\n")) == 304);
  const std::string last = client.receive_all();
  CHECK(status_of(last) == 200);
  CHECK(body_of(last) == "body");
}

}  // namespace
}  // namespace mc::net
