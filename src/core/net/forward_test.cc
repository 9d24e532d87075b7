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
using test::RawListener;
using test::RawSocket;
using test::status_of;

constexpr const char* kPost = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";

// A server that forwards every request to one upstream, and what became of each.
struct Gate {
  explicit Gate(UpstreamConfig config, const ServerConfig& server_config = {})
      : clock(sys::real_clock()), handler([this](std::shared_ptr<Exchange> exchange) {
          Forward forward = prepared;
          forward.on_failure = [](const ForwardResult& result) {
            return Response{.status = 502, .headers = {}, .body = result.error};
          };
          forward.on_done = [this](const ForwardResult& result) { results.put(result); };
          exchange->forward(upstream, std::move(forward));
        }) {
    auto started = Server::start(server_config, handler, *clock);
    REQUIRE(started.has_value());
    server = std::move(*started);
    upstream = server->upstream(config);
  }
  RawSocket connect() const { return RawSocket::connect(server->port()); }

  std::unique_ptr<sys::Clock> clock;
  Forward prepared;
  Mailbox<ForwardResult> results;
  std::shared_ptr<Upstream> upstream;
  FunctionHandler handler;
  std::unique_ptr<Server> server;
};

UpstreamConfig config_for(const RawListener& listener) {
  UpstreamConfig config;
  config.host = "127.0.0.1";
  config.port = listener.port();
  config.first_byte_timeout = millis(150);
  config.idle_read_timeout = millis(150);
  config.connect_timeout = millis(500);
  return config;
}

// Reads one request with Content-Length from a peer.
std::string receive_request(RawSocket& peer) {
  return peer.receive_reply();
}

TEST_CASE("forward: passes a request on and its reply back, without what is for one hop") {
  RawListener origin;
  Gate gate(config_for(origin));
  gate.prepared.target = "/graphql?x=1";
  const std::vector<HeaderView> received = {{"X-Keep", "1"},
                                            {"X-Ours", "2"},
                                            {"Connection", "X-Drop"},
                                            {"X-Drop", "1"},
                                            {"Keep-Alive", "3"},
                                            {"Host", "evil"},
                                            {"Content-Length", "9"},
                                            {"Te", "trailers"},
                                            {"Upgrade", "h2c"},
                                            {"Expect", "100-continue"},
                                            {"Transfer-Encoding", "chunked"}};
  gate.prepared.fields.pass_on(received, [](std::string_view name) { return name == "X-Ours"; });
  gate.prepared.fields.add("X-Mine", 7);
  gate.prepared.response_fields.add("X-Request-Id", "id-1");
  RawSocket client = gate.connect();
  client.send(kPost);
  RawSocket peer = origin.accept();
  const std::string request = receive_request(peer);
  CHECK(request ==
        "POST /graphql?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(origin.port()) +
            "\r\nX-Keep: 1\r\nX-Mine: 7\r\nContent-Length: 2\r\n\r\n{}");
  peer.send(
      "HTTP/1.1 201 Made\r\nX-Up: 1\r\nConnection: X-Hop\r\nX-Hop: 2\r\nX-Request-Id: theirs\r\n"
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 4\r\n\r\nbody");
  const std::string reply = client.receive_reply();
  CHECK(reply ==
        "HTTP/1.1 201 Created\r\nX-Up: 1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "X-Request-Id: id-1\r\nContent-Length: 4\r\n\r\nbody");
  const ForwardResult result = gate.results.take();
  CHECK(result.status == 201);
  CHECK(result.bytes == 4);
  CHECK(result.complete);
  CHECK(!result.retried);
  CHECK(result.error.empty());
}

TEST_CASE("forward: uses a connection again, the one that became idle last") {
  RawListener origin;
  Gate gate(config_for(origin));
  RawSocket client = gate.connect();
  client.send(kPost);
  RawSocket peer = origin.accept();
  for (int i = 0; i < 3; ++i) {
    receive_request(peer);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(i));
    CHECK(body_of(client.receive_reply()) == std::to_string(i));
    if (i < 2) client.send(kPost);
  }
}

struct Framing {
  std::string name;
  const char* reply;
  bool closes;          // the upstream ends its side after the reply
  const char* one_one;  // the body as an HTTP/1.1 client gets it, with its framing
  const char* one_zero;
};

TEST_CASE("forward: carries every framing of a reply to both versions of client") {
  const Framing rows[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, "abc", "abc"},
      {"chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;e=1\r\nab\r\n1\r\nc\r\n0\r\nT: "
       "1\r\n\r\n",
       false, "2;e=1\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc"},
      {"until close", "HTTP/1.1 200 OK\r\n\r\nabc", true, "3\r\nabc\r\n0\r\n\r\n", "abc"},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, "abc", "abc"},
      {"interim",
       "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
       false, "abc", "abc"},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, "", ""},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false, "", ""}};
  for (const Framing& row : rows) {
    for (const bool old : {false, true}) {
      CAPTURE(row.name);
      CAPTURE(old);
      RawListener origin;
      Gate gate(config_for(origin));
      RawSocket client = gate.connect();
      client.send(old ? "GET / HTTP/1.0\r\n\r\n"
                      : "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
      RawSocket peer = origin.accept();
      receive_request(peer);
      peer.send(row.reply);
      if (row.closes) peer.send_end();
      const std::string reply = client.receive_all();
      CHECK(body_of(reply) == (old ? row.one_zero : row.one_one));
      CHECK(gate.results.take().complete);
    }
  }
}

enum class After { wait, junk, end, reset };

struct Failure {
  std::string name;
  const char* reply;
  After after;
  int status;         // 0 = the client's connection ends without a whole reply
  const char* error;  // begins with
};

TEST_CASE("forward: an upstream that fails before its body makes a reply, later it cuts") {
  const Failure rows[] = {
      {"silent", "", After::wait, 502, "timed out"},
      {"closes", "", After::end, 502, "closed by the upstream"},
      {"resets", "", After::reset, 502, "reset"},
      {"half a head", "HTTP/1.1 200 OK\r\nConte", After::end, 502, "bad framing"},
      {"slow head", "HTTP/1.1 200 OK\r\nConte", After::wait, 502, "timed out"},
      {"no HTTP", "hello\r\n\r\n", After::wait, 502, "bad framing"},
      {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", After::wait, 502, "bad framing"},
      {"both framings",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       After::wait, 502, "bad framing"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
       After::wait, 502, "bad framing"},
      {"switches", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", After::wait, 502,
       "bad framing"},
      {"too large", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", After::wait, 502,
       "reply too large"},
      {"short body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", After::end, 0,
       "closed by the upstream in the middle"},
      {"reset body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", After::reset, 0,
       "reset in the middle"},
      {"stalled body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", After::wait, 0,
       "timed out in the middle"},
      {"bad chunk at once", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       After::wait, 502, "bad framing: bad chunk"},
      {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc", After::junk, 0,
       "bad framing: bad chunk"},
      {"short chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       After::end, 0, "closed by the upstream in the middle"},
      {"reset until close", "HTTP/1.1 200 OK\r\n\r\nabc", After::reset, 0, "reset in the middle"},
  };
  for (const Failure& row : rows) {
    CAPTURE(row.name);
    RawListener origin;
    Gate gate(config_for(origin));
    gate.prepared.response_bytes_max = 4096;
    RawSocket client = gate.connect();
    client.send(kPost);
    RawSocket peer = origin.accept();
    receive_request(peer);
    peer.send(row.reply);
    if (row.status == 0) CHECK(client.receive_until("abc").find("abc") != std::string::npos);
    if (row.after == After::junk) peer.send("X");
    if (row.after == After::end) peer.send_end();
    if (row.after == After::reset) peer.reset();
    if (row.status != 0) {
      const std::string reply = client.receive_reply();
      CHECK(status_of(reply) == row.status);
      CHECK(body_of(reply).substr(0, std::string_view(row.error).size()) == row.error);
    } else {
      const std::string rest = client.receive_all();
      CHECK(rest.find("0\r\n\r\n") == std::string::npos);
    }
    const ForwardResult result = gate.results.take();
    CHECK(result.error.substr(0, std::string_view(row.error).size()) == row.error);
    CHECK(!result.complete);
    if (row.status != 0) {
      // The client's connection is as good as before.
      client.send(
          "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
      RawSocket next = origin.accept();
      receive_request(next);
      next.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      CHECK(status_of(client.receive_reply()) == 200);
    }
  }
}

TEST_CASE("forward: a kept connection that has died is replaced once, for idempotent requests") {
  for (const bool idempotent : {true, false}) {
    CAPTURE(idempotent);
    RawListener origin;
    Gate gate(config_for(origin));
    gate.prepared.idempotent = idempotent;
    RawSocket client = gate.connect();
    client.send(kPost);
    RawSocket peer = origin.accept();
    receive_request(peer);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(status_of(client.receive_reply()) == 200);
    gate.results.take();
    // The upstream takes the second request on the kept connection and dies without a byte.
    client.send(kPost);
    receive_request(peer);
    peer.reset();
    if (idempotent) {
      RawSocket fresh = origin.accept();
      CHECK(receive_request(fresh).find("{}") != std::string::npos);
      fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
    CHECK(status_of(client.receive_reply()) == (idempotent ? 200 : 502));
    const ForwardResult result = gate.results.take();
    CHECK(result.retried == idempotent);
    CHECK(result.complete == idempotent);
  }
}

TEST_CASE("forward: a fresh connection that dies is not tried again") {
  RawListener origin;
  Gate gate(config_for(origin));
  gate.prepared.idempotent = true;
  RawSocket client = gate.connect();
  client.send(kPost);
  RawSocket peer = origin.accept();
  receive_request(peer);
  peer.reset();
  CHECK(status_of(client.receive_reply()) == 502);
  CHECK(!gate.results.take().retried);
}

TEST_CASE("forward: a reply that says close or leaves bytes behind does not go to the pool") {
  const char* const replies[] = {
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n"};
  for (const char* reply : replies) {
    CAPTURE(reply);
    RawListener origin;
    Gate gate(config_for(origin));
    RawSocket client = gate.connect();
    client.send(kPost);
    RawSocket peer = origin.accept();
    receive_request(peer);
    peer.send(reply);
    CHECK(body_of(client.receive_reply()) == "x");
    CHECK(peer.at_end());
    client.send(kPost);
    RawSocket next = origin.accept();
    receive_request(next);
    next.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny");
    CHECK(body_of(client.receive_reply()) == "y");
  }
}

TEST_CASE("forward: a client that leaves ends the upstream's work") {
  for (const bool in_body : {false, true}) {
    CAPTURE(in_body);
    RawListener origin;
    UpstreamConfig config = config_for(origin);
    config.first_byte_timeout = config.idle_read_timeout = seconds(60);
    Gate gate(config);
    RawSocket client = gate.connect();
    client.send(kPost);
    RawSocket peer = origin.accept();
    receive_request(peer);
    if (in_body) {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
      client.receive_until("abc");
    }
    client.reset();
    CHECK(peer.at_end());
    const ForwardResult result = gate.results.take();
    CHECK(result.error == "client gone");
    CHECK(!result.complete);
  }
}

TEST_CASE("forward: another thread may forward, and hears of the end when the client has left") {
  for (const bool leaves : {false, true}) {
    CAPTURE(leaves);
    RawListener origin;
    const auto clock = sys::real_clock();
    Mailbox<std::shared_ptr<Exchange>> exchanges;
    Mailbox<ForwardResult> results;
    Mailbox<int> left;
    FunctionHandler handler([&](std::shared_ptr<Exchange> exchange) {
      exchange->on_cancel([&] { left.put(1); });
      exchanges.put(std::move(exchange));
    });
    auto server = Server::start({}, handler, *clock);
    REQUIRE(server.has_value());
    const auto upstream = (*server)->upstream(config_for(origin));
    RawSocket client = RawSocket::connect((*server)->port());
    REQUIRE(client.send(kPost));
    std::shared_ptr<Exchange> exchange = exchanges.take();
    REQUIRE(exchange != nullptr);
    if (leaves) {
      client.reset();
      REQUIRE(left.take() == 1);
      // The connection has ended once its counter is back.
      while ((*server)->counters().connections_open > 0) std::this_thread::yield();
    }
    Forward forward;
    forward.body = "{}";
    forward.on_done = [&](const ForwardResult& result) { results.put(result); };
    exchange->forward(upstream, std::move(forward));
    exchange.reset();
    if (!leaves) {
      RawSocket peer = origin.accept();
      CHECK(receive_request(peer).starts_with("POST /graphql HTTP/1.1"));
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      CHECK(body_of(client.receive_reply()) == "hi");
    }
    const ForwardResult result = results.take();
    CHECK(result.complete == !leaves);
    CHECK(result.error == (leaves ? "client gone" : ""));
  }
}

TEST_CASE("forward: deadlines, refused connections and bad names are told apart") {
  RawListener origin;
  UpstreamConfig closed = config_for(origin);
  {
    RawListener gone;
    closed.port = gone.port();
  }
  UpstreamConfig nowhere = config_for(origin);
  nowhere.host = "no-such-host.invalid";
  nowhere.connect_timeout = seconds(8);
  UpstreamConfig broken = config_for(origin);
  broken.tls = true;
  broken.ca_file = "/nonexistent.pem";
  struct Row {
    std::string name;
    UpstreamConfig config;
    const char* error;
  };
  const Row rows[] = {{"refused", closed, "connect refused"},
                      {"no host", nowhere, "host not found"},
                      {"no CA", broken, "ca_file /nonexistent.pem is not readable"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Gate gate(row.config);
    RawSocket client = gate.connect();
    client.send(kPost);
    const std::string reply = client.receive_reply();
    CHECK(status_of(reply) == 502);
    CHECK(body_of(reply).substr(0, std::string_view(row.error).size()) == row.error);
    CHECK(gate.results.take().status == 0);
  }
  Gate gate(config_for(origin));
  gate.prepared.deadline = gate.clock->mono() + millis(60);
  RawSocket client = gate.connect();
  client.send(kPost);
  CHECK(body_of(client.receive_reply()) == "deadline passed");
}

TEST_CASE("forward: streams a large reply through small buffers with a slow reader") {
  RawListener origin;
  UpstreamConfig config = config_for(origin);
  config.idle_read_timeout = config.first_byte_timeout = seconds(10);
  Gate gate(config);
  RawSocket client = RawSocket::connect(gate.server->port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  RawSocket peer = origin.accept();
  receive_request(peer);
  constexpr std::size_t kSize = 8 << 20;
  std::string body(kSize, '\0');
  for (std::size_t i = 0; i < kSize; ++i)
    body[i] = static_cast<char>('a' + (i * 7 + i / 4099) % 26);
  std::thread sender([&] {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    peer.send(body);
  });
  const std::string reply = client.receive_all();
  sender.join();
  CHECK(body_of(reply) == body);
  const ForwardResult result = gate.results.take();
  CHECK(result.complete);
  CHECK(result.bytes == kSize);
}

TEST_CASE("forward: a limit broken in the middle of a chunked reply cuts it") {
  RawListener origin;
  Gate gate(config_for(origin));
  gate.prepared.response_bytes_max = 10;
  RawSocket client = gate.connect();
  client.send(kPost);
  RawSocket peer = origin.accept();
  receive_request(peer);
  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.receive_until("abc");
  peer.send("9\r\n123456789\r\n0\r\n\r\n");
  CHECK(client.receive_all().find("123456789") == std::string::npos);
  CHECK(gate.results.take().error == "reply too large");
}

TEST_CASE("forward: the pool holds no more than its cap and drops what is too old") {
  RawListener origin;
  UpstreamConfig config = config_for(origin);
  config.idle_age_max = millis(30);
  config.connections_max = 1;
  Gate gate(config);
  RawSocket first = gate.connect();
  RawSocket second = gate.connect();
  first.send(kPost);
  RawSocket peer = origin.accept();
  receive_request(peer);
  second.send(kPost);
  CHECK(body_of(second.receive_reply()) == "no free connection");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(status_of(first.receive_reply()) == 200);
  CHECK(peer.at_end());  // closed by age, without any further request
  second.send(kPost);
  RawSocket next = origin.accept();
  receive_request(next);
  next.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(status_of(second.receive_reply()) == 200);
}

}  // namespace
}  // namespace mc::net
