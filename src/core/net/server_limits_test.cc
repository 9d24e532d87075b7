#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "net/net.h"
#include "net/test_tools.h"

namespace mc::net {
namespace {

using test::body_of;
using test::FunctionHandler;
using test::Mailbox;
using test::RawSocket;
using test::status_of;

struct Fixture {
  explicit Fixture(const ServerConfig& config, FunctionHandler::Function function = test::echo)
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

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_CASE("server: a malformed or too large request gets its status, then the connection ends") {
  ServerConfig config;
  config.body_bytes_max = 1000;
  config.head_bytes_max = 2000;
  config.target_bytes_max = 100;
  config.headers_max = 5;
  struct Row {
    std::string name;
    std::string request;
    int status;
  };
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  std::string fields;
  for (int i = 0; i < 6; ++i) fields += "A: 1\r\n";
  const Row rows[] = {
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two empty lines first", "\r\n\r\n" + std::string(kGet), 400},
      {"smuggled", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"bad chunk", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"version", "GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
      {"long target", "GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"endless target", "GET /" + std::string(500, 'a'), 414},
      {"many fields", "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n", 431},
      {"endless head", "GET / HTTP/1.1\r\nA: " + std::string(3000, 'a'), 431},
      {"long body", post + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'), 413},
      {"long chunks",
       post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
           "\r\n0\r\n\r\n",
       413},
      {"odd expectation", post + "Expect: x\r\nContent-Length: 1\r\n\r\n", 417}};
  Fixture fixture(config);
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RawSocket client = fixture.connect();
    client.send(row.request + kGet);
    const std::string reply = client.receive_reply();
    CHECK(status_of(reply) == row.status);
    CHECK(reply.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.at_end());
  }
  CHECK(fixture.server->counters().requests_total == 0);
  CHECK(fixture.server->counters().refused_total == std::size(rows));
  RawSocket client = fixture.connect();
  client.send("\r\n" + std::string(kGet));  // one empty line is skipped (RFC 9112 section 2.2)
  CHECK(status_of(client.receive_reply()) == 200);
}

TEST_CASE("server: slow senders get 408, idle connections end silently") {
  struct Row {
    std::string name;
    std::string sent;
    int status;  // 0 = closed without a word
  };
  const Row rows[] = {
      {"idle", "", 0},
      {"slow head", "GET / HT", 408},
      {"slow body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", 408},
      {"slow chunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n",
       408}};
  ServerConfig config;
  config.head_timeout = config.body_timeout = config.idle_timeout = millis(40);
  Fixture fixture(config);
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RawSocket client = fixture.connect();
    client.send(row.sent);
    const std::string reply = client.receive_all();
    CHECK(status_of(reply) == row.status);
    if (row.status == 0) CHECK(reply.empty());
  }
  // The same sender with time enough, but below the least rate.
  config.body_timeout = seconds(60);
  config.body_rate_grace = millis(40);
  config.body_bytes_per_s_min = 1'000'000;
  Fixture rated(config);
  RawSocket client = rated.connect();
  client.send(rows[2].sent);
  CHECK(status_of(client.receive_all()) == 408);
}

TEST_CASE("server: a reader that stands still is reset") {
  ServerConfig config;
  config.write_timeout = millis(50);
  Fixture fixture(config, [](const std::shared_ptr<Exchange>& exchange) {
    exchange->reply({.status = 200, .headers = {}, .body = std::string(32 << 20, 'x')});
  });
  RawSocket client = RawSocket::connect(fixture.server->port(), 4096);
  client.send(kGet);
  while (fixture.server->counters().requests_total == 0 ||
         fixture.server->counters().connections_open != 0) {
    std::this_thread::yield();
  }
  CHECK(client.receive_all().size() < (32U << 20));
}

TEST_CASE("server: Expect: 100-continue is answered before the body is sent") {
  Fixture fixture(ServerConfig{});
  RawSocket client = fixture.connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  CHECK(body_of(client.receive_reply()) == "POST / hi");
  // A body that would be refused is not asked for.
  client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  CHECK(status_of(client.receive_reply()) == 413);
}

TEST_CASE("server: connections above the limit get 503") {
  ServerConfig config;
  config.connections_max = 1;
  Fixture fixture(config);
  RawSocket first = fixture.connect();
  first.send(kGet);
  CHECK(status_of(first.receive_reply()) == 200);
  RawSocket second = fixture.connect();
  CHECK(status_of(second.receive_reply()) == 503);
  CHECK(second.at_end());
  first.send(kGet);
  CHECK(status_of(first.receive_reply()) == 200);
}

TEST_CASE("server: a reply cannot be split by what a handler copied into it") {
  Fixture fixture(ServerConfig{}, [](const std::shared_ptr<Exchange>& exchange) {
    exchange->reply(
        {.status = 200, .headers = {{"X-Echo", "a\r\nSet-Cookie: b"}}, .body = "secret"});
  });
  RawSocket client = fixture.connect();
  client.send(kGet);
  const std::string reply = client.receive_reply();
  CHECK(status_of(reply) == 500);
  CHECK(reply.find("Set-Cookie") == std::string::npos);
}

TEST_CASE("server: an exchange that is dropped unanswered is answered with 500") {
  Fixture fixture(ServerConfig{}, [](const std::shared_ptr<Exchange>&) {});
  RawSocket client = fixture.connect();
  client.send(kGet);
  CHECK(status_of(client.receive_reply()) == 500);
}

TEST_CASE("exchange: tells when the client leaves, and only then") {
  Mailbox<std::shared_ptr<Exchange>> waiting;
  Fixture fixture(ServerConfig{},
                  [&](std::shared_ptr<Exchange> exchange) { waiting.put(std::move(exchange)); });
  Mailbox<int> cancelled;
  RawSocket client = fixture.connect();
  client.send(std::string(kGet) + kGet);
  std::shared_ptr<Exchange> first = waiting.take();
  first->on_cancel([&] { cancelled.put(1); });
  test::echo(first);
  CHECK(status_of(client.receive_reply()) == 200);
  std::shared_ptr<Exchange> second = waiting.take();
  CHECK(!second->cancelled());
  second->on_cancel([&] { cancelled.put(2); });
  client.reset();
  CHECK(cancelled.take() == 2);  // the answered one stayed silent
  CHECK(second->cancelled());
  Mailbox<int> late;
  second->on_cancel([&] { late.put(3); });
  CHECK(late.take() == 3);
  CHECK(second->request().target == "/");  // the request outlives its connection
  test::echo(second);
}

TEST_CASE("exchange: outlives its server") {
  Mailbox<std::shared_ptr<Exchange>> waiting;
  std::shared_ptr<Exchange> kept;
  {
    Fixture fixture(ServerConfig{},
                    [&](std::shared_ptr<Exchange> exchange) { waiting.put(std::move(exchange)); });
    RawSocket client = fixture.connect();
    client.send(kGet);
    kept = waiting.take();
    CHECK(!fixture.server->drain(millis(20)));  // cut, and says so
    CHECK(client.at_end());
  }
  CHECK(kept->cancelled());
  CHECK(kept->request().method == "GET");
  test::echo(kept);
}

TEST_CASE("drain: lets running requests finish, closes idle connections, refuses new ones") {
  Mailbox<std::shared_ptr<Exchange>> waiting;
  Fixture fixture(ServerConfig{},
                  [&](std::shared_ptr<Exchange> exchange) { waiting.put(std::move(exchange)); });
  RawSocket idle = fixture.connect();
  RawSocket busy = fixture.connect();
  busy.send(kGet);
  std::shared_ptr<Exchange> exchange = waiting.take();
  bool clean = false;
  std::thread drainer([&] { clean = fixture.server->drain(seconds(10)); });
  CHECK(idle.at_end());
  CHECK(!fixture.connect().open());
  test::echo(exchange);
  exchange.reset();
  const std::string reply = busy.receive_reply();
  CHECK(status_of(reply) == 200);
  CHECK(reply.find("Connection: close") != std::string::npos);
  CHECK(busy.at_end());
  busy.close();
  drainer.join();
  CHECK(clean);
}

TEST_CASE("drain: under load no request that was sent fails") {
  ServerConfig config;
  config.threads = 2;
  auto workers = Workers::start(2, 1000);
  Fixture fixture(config, [&](const std::shared_ptr<Exchange>& exchange) {
    if (!workers->submit([exchange](int) { test::echo(exchange); })) test::echo(exchange);
  });
  constexpr int kClients = 8;
  std::atomic<int> answered{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      RawSocket client = fixture.connect();
      while (client.open()) {
        if (!client.send(kGet)) break;  // closed between two requests
        const std::string reply = client.receive_reply();
        if (status_of(reply) != 200) {
          failed.fetch_add(1);
          break;
        }
        answered.fetch_add(1);
        if (reply.find("Connection: close") != std::string::npos) break;
      }
    });
  }
  while (answered.load() < 500) std::this_thread::yield();
  CHECK(fixture.server->drain(seconds(10)));
  for (std::thread& client : clients) client.join();
  CHECK(failed.load() == 0);
}

TEST_CASE("server: a taken address is unavailable and is named, with several loops too") {
  Fixture fixture(ServerConfig{});
  for (const int threads : {1, 2}) {
    ServerConfig config;
    config.port = fixture.server->port();
    config.threads = threads;
    FunctionHandler handler(test::echo);
    const auto second = Server::start(config, handler, *fixture.clock);
    REQUIRE(!second.has_value());
    CHECK(second.error().code == Code::unavailable);
    CHECK(second.error().what.find(std::to_string(config.port)) != std::string::npos);
  }
}

TEST_CASE("server: impossible settings are refused by name") {
  ServerConfig config;
  config.threads = 0;
  CHECK(config.check().error().what.find("threads") != std::string::npos);
  config = ServerConfig{};
  config.tls_key_file = "key.pem";
  CHECK(!config.check().has_value());
  config = ServerConfig{};
  config.host = "no address";
  FunctionHandler handler(test::echo);
  const auto clock = sys::real_clock();
  CHECK(Server::start(config, handler, *clock).error().code == Code::invalid);
}

TEST_CASE("server: runs work after a delay on a loop") {
  Fixture fixture(ServerConfig{});
  Mailbox<bool> ran;
  const MonoTime start = fixture.clock->mono();
  fixture.server->post_after(millis(20), [&] { ran.put(true); });
  CHECK(ran.take());
  CHECK(fixture.clock->mono() - start >= millis(20));
}

}  // namespace
}  // namespace mc::net
