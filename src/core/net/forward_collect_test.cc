// Replies that are taken whole instead of being streamed (Forward::on_reply).
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <thread>

#include "net/net.h"
#include "net/test_tools.h"

namespace mc::net {
namespace {

using test::body_of;
using test::FunctionHandler;
using test::Mailbox;
using test::RawListener;
using test::RawSocket;
using test::status_of;

constexpr const char* kPost = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";

// A server that takes every reply whole, and answers with it in brackets; or leaves that to the
// test, when `held` is set.
struct Gate {
  explicit Gate(const RawListener& origin, Nanos wait = seconds(30))
      : clock(sys::real_clock()), handler(forwarding()) {
    auto started = Server::start({}, handler, *clock);
    REQUIRE(started.has_value());
    server = std::move(*started);
    UpstreamConfig config;
    config.host = "127.0.0.1";
    config.port = origin.port();
    config.first_byte_timeout = config.idle_read_timeout = wait;
    upstream = server->upstream(config);
  }
  FunctionHandler::Function forwarding() {
    return [this](std::shared_ptr<Exchange> exchange) {
      Forward forward;
      forward.response_bytes_max = 1'000;
      forward.on_failure = [](const ForwardResult& result) {
        return Response{.status = 502, .headers = {}, .body = result.error};
      };
      forward.on_done = [this](const ForwardResult& result) { results.put(result); };
      forward.on_reply = [this, exchange](const Response& reply) {
        replies.put(reply);
        if (held) return exchanges.put(exchange);
        exchange->reply({.status = 203, .headers = {}, .body = "[" + reply.body + "]"});
      };
      exchange->forward(upstream, std::move(forward));
    };
  }
  RawSocket connect() const { return RawSocket::connect(server->port()); }

  std::unique_ptr<sys::Clock> clock;
  bool held = false;
  Mailbox<ForwardResult> results;
  Mailbox<Response> replies;
  Mailbox<std::shared_ptr<Exchange>> exchanges;
  std::shared_ptr<Upstream> upstream;
  FunctionHandler handler;
  std::unique_ptr<Server> server;
};

TEST_CASE("forward: a reply of any framing is taken whole, and the handler answers") {
  struct Row {
    std::string name;
    const char* reply;
    bool closes;
    const char* body;
  };
  const Row rows[] = {
      {"length", "HTTP/1.1 201 Made\r\nX-Up: 1\r\nContent-Length: 3\r\n\r\nabc", false, "abc"},
      {"empty", "HTTP/1.1 201 Made\r\nX-Up: 1\r\nContent-Length: 0\r\n\r\n", false, ""},
      {"chunked",
       "HTTP/1.1 201 Made\r\nX-Up: 1\r\nTransfer-Encoding: chunked\r\n\r\n2;e=1\r\nab\r\n1\r\nc\r\n"
       "0\r\nT: 1\r\n\r\n",
       false, "abc"},
      {"until close", "HTTP/1.1 201 Made\r\nX-Up: 1\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nabc",
       true, "abc"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RawListener origin;
    Gate gate(origin);
    RawSocket client = gate.connect();
    for (int turn = 0; turn < 2; ++turn) {
      client.send(kPost);
      RawSocket peer = origin.accept();
      peer.receive_reply();
      peer.send(row.reply);
      if (row.closes) peer.send_end();
      const std::string answer = client.receive_reply();
      CHECK(status_of(answer) == 203);
      CHECK(body_of(answer) == "[" + std::string(row.body) + "]");
      const Response reply = gate.replies.take();
      CHECK(reply.status == 201);
      CHECK(reply.headers == Headers{{"X-Up", "1"}});
      const ForwardResult result = gate.results.take();
      CHECK(result.status == 201);
      CHECK(result.bytes == static_cast<std::int64_t>(std::string_view(row.body).size()));
      CHECK(result.complete);
      CHECK(result.error.empty());
      if (row.closes) continue;
      // The upstream's connection is free again.
      client.send(kPost);
      CHECK(!peer.receive_reply().empty());
      peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nd");
      CHECK(body_of(client.receive_reply()) == "[d]");
      gate.replies.take();
      gate.results.take();
    }
  }
}

TEST_CASE("forward: a reply that breaks off before it is whole is a failure with an answer") {
  enum class After : std::uint8_t { wait, end, reset };
  struct Row {
    std::string name;
    const char* reply;
    After after;
    const char* error;  // begins with
  };
  const std::string large(600, 'x');
  const std::string two = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n" + large +
                          "\r\n258\r\n" + large + "\r\n";
  const Row rows[] = {
      {"short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", After::end,
       "closed by the upstream in the middle"},
      {"reset", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", After::reset,
       "reset in the middle"},
      {"stalled", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", After::wait,
       "timed out in the middle"},
      {"reset until close", "HTTP/1.1 200 OK\r\n\r\nabc", After::reset, "reset in the middle"},
      {"short chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       After::end, "closed by the upstream in the middle"},
      {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX", After::wait,
       "bad framing: bad chunk"},
      {"announced too large", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", After::wait,
       "reply too large"},
      {"too large", two.c_str(), After::wait, "reply too large"},
      {"silent", "", After::wait, "timed out before"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RawListener origin;
    Gate gate(origin, millis(150));
    RawSocket client = gate.connect();
    client.send(kPost);
    RawSocket peer = origin.accept();
    peer.receive_reply();
    peer.send(row.reply);
    if (row.after == After::end) peer.send_end();
    if (row.after == After::reset) peer.reset();
    const std::string answer = client.receive_reply();
    CHECK(status_of(answer) == 502);
    CHECK(body_of(answer).starts_with(row.error));
    const ForwardResult result = gate.results.take();
    CHECK(result.error.starts_with(row.error));
    CHECK(!result.complete);
    CHECK(gate.replies.empty());
  }
}

TEST_CASE("forward: the answer to a reply taken whole may come from another thread") {
  RawListener origin;
  Gate gate(origin);
  gate.held = true;
  RawSocket client = gate.connect();
  client.send(kPost);
  RawSocket peer = origin.accept();
  peer.receive_reply();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  std::shared_ptr<Exchange> exchange = gate.exchanges.take();
  REQUIRE(exchange != nullptr);
  CHECK(gate.results.empty());
  exchange->reply({.status = 200, .headers = {}, .body = "late"});
  exchange->reply({.status = 200, .headers = {}, .body = "twice"});
  CHECK(body_of(client.receive_reply()) == "late");
  CHECK(gate.results.take().complete);
}

// What forwards in place of the gate, told by a test what it does with the reply.
struct Forwarder {
  using OnReply = std::function<void(std::shared_ptr<Exchange>& exchange)>;
  Forwarder(const RawListener& origin, OnReply on_reply_in)
      : clock(sys::real_clock()),
        on_reply(std::move(on_reply_in)),
        handler([this](std::shared_ptr<Exchange> exchange) {
          exchange->forward(upstream, one(exchange));
        }) {
    auto started = Server::start({}, handler, *clock);
    REQUIRE(started.has_value());
    server = std::move(*started);
    UpstreamConfig config;
    config.host = "127.0.0.1";
    config.port = origin.port();
    upstream = server->upstream(config);
  }
  Forward one(const std::shared_ptr<Exchange>& exchange) {
    Forward forward;
    // Both hold the exchange, as what answers by it does.
    forward.on_failure = [exchange](const ForwardResult&) { return Response{}; };
    forward.on_reply = [this, held = exchange](const Response&) mutable { on_reply(held); };
    forward.on_done = [this](const ForwardResult& result) { results.put(result); };
    return forward;
  }

  std::unique_ptr<sys::Clock> clock;
  OnReply on_reply;
  Mailbox<ForwardResult> results;
  std::shared_ptr<Upstream> upstream;
  FunctionHandler handler;
  std::unique_ptr<Server> server;
};

TEST_CASE("forward: an exchange that is dropped with the reply is answered with 500") {
  Mailbox<std::shared_ptr<Exchange>> elsewhere;
  enum class Drop : std::uint8_t { at_once, not_at_all, elsewhere };
  for (const Drop drop : {Drop::at_once, Drop::not_at_all, Drop::elsewhere}) {
    CAPTURE(static_cast<int>(drop));
    RawListener origin;
    Forwarder gate(origin, [&](std::shared_ptr<Exchange>& exchange) {
      if (drop == Drop::at_once) exchange.reset();
      if (drop == Drop::elsewhere) elsewhere.put(std::move(exchange));
    });
    RawSocket client = RawSocket::connect(gate.server->port());
    client.send(kPost);
    RawSocket peer = origin.accept();
    peer.receive_reply();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    if (drop == Drop::elsewhere) elsewhere.take().reset();
    CHECK(status_of(client.receive_reply()) == 500);
    CHECK(gate.results.take().complete);
    // The connection goes on.
    client.send(kPost);
    CHECK(!peer.receive_reply().empty());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    if (drop == Drop::elsewhere) elsewhere.take().reset();
    CHECK(status_of(client.receive_reply()) == 500);
    gate.results.take();
  }
}

TEST_CASE("forward: a reply taken whole is not answered by another forward, which has its end") {
  RawListener origin;
  Forwarder gate(origin, [&](std::shared_ptr<Exchange>& exchange) {
    exchange->forward(gate.upstream, gate.one(exchange));
  });
  RawSocket client = RawSocket::connect(gate.server->port());
  client.send(kPost);
  RawSocket peer = origin.accept();
  peer.receive_reply();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  const std::string answer = client.receive_reply();
  CHECK(status_of(answer) == 500);
  CHECK(body_of(answer).find("forwarded twice") != std::string::npos);
  CHECK(gate.results.take().error == "forwarded twice");
  CHECK(gate.results.take().complete);
}

TEST_CASE("forward: a client that leaves ends what is taken whole, and the wait for its answer") {
  for (const bool whole : {false, true}) {
    CAPTURE(whole);
    RawListener origin;
    Gate gate(origin);
    gate.held = true;
    RawSocket client = gate.connect();
    client.send(kPost);
    RawSocket peer = origin.accept();
    peer.receive_reply();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
    std::shared_ptr<Exchange> exchange;
    if (whole) {
      peer.send("c");
      exchange = gate.exchanges.take();
      REQUIRE(exchange != nullptr);
    }
    client.reset();
    const ForwardResult result = gate.results.take();
    CHECK(!result.complete);
    CHECK(result.error == "client gone");
    if (!whole) continue;
    CHECK(exchange->cancelled());
    exchange->reply({.status = 200, .headers = {}, .body = "late"});
  }
}

}  // namespace
}  // namespace mc::net
