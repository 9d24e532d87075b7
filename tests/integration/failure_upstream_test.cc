// An upstream that is slow, gone, lying or broken, played byte by byte on a raw socket.
#include <doctest/doctest.h>

#include <functional>
#include <thread>

#include "failure_world.h"
#include "net/test_tools.h"

namespace mc::failure {
namespace {

using net::test::RawListener;
using net::test::RawSocket;

const char* const kQuery = "{ name }";
const char* const kMutation = "mutation { rename }";
const char* const kPath = "/up";

gateway::GatewayConfig with_upstream(std::uint16_t port, std::int64_t breaker_failures = 1'000) {
  gateway::GatewayConfig config;
  gateway::RouteConfig route;
  route.path = kPath;
  route.kind = gateway::RouteKind::upstream;
  route.url = "http://127.0.0.1:" + std::to_string(port) + "/graphql";
  route.timeout = millis(400);
  route.response_bytes_max = 4096;
  config.routes.push_back(route);
  config.breaker_failures = breaker_failures;
  config.breaker_pause = millis(200);
  return config;
}

std::string good_reply(std::string_view body = R"({"data":{"name":"ok"}})") {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string failing_reply(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " Bad\r\nContent-Length: 2\r\n\r\n{}";
}

// One scripted connection: takes a request, then plays.
class Play {
 public:
  Play(RawListener& listener, std::function<void(RawSocket&)> script)
      : thread_([&listener, script = std::move(script)] {
          RawSocket socket = listener.accept();
          if (socket.open()) script(socket);
        }) {}
  ~Play() { thread_.join(); }
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

 private:
  std::thread thread_;
};

struct Case {
  std::string name;
  std::string bytes;  // sent after the request was read
  bool reset;         // then RST, otherwise FIN
  int status;         // 0 = cut off: no reply that looks whole
  const char* code;
};

std::string chunked(std::string_view chunks) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

std::vector<Case> cases() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string part = R"({"data":{"name":")";
  return {
      {"closed before the head", "", false, 502, "UPSTREAM_UNAVAILABLE"},
      {"reset before the head", "", true, 502, "UPSTREAM_UNAVAILABLE"},
      {"closed in the head", "HTTP/1.1 200 OK\r\nConte", false, 502, "UPSTREAM_PROTOCOL_ERROR"},
      {"garbage", "\x16\x03\x01 no http\r\n\r\n", false, 502, "UPSTREAM_PROTOCOL_ERROR"},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, 502, "UPSTREAM_PROTOCOL_ERROR"},
      {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false, 502,
       "UPSTREAM_PROTOCOL_ERROR"},
      {"length and chunks", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", false,
       502, "UPSTREAM_PROTOCOL_ERROR"},
      {"a negative length", ok + "Content-Length: -2\r\n\r\n{}", false, 502,
       "UPSTREAM_PROTOCOL_ERROR"},
      {"a head without end", ok + "X-Big: " + std::string(70'000, 'x'), false, 502,
       "UPSTREAM_PROTOCOL_ERROR"},
      {"a bad chunk at once", chunked("zz\r\n"), false, 502, "UPSTREAM_PROTOCOL_ERROR"},
      {"a promised length over the limit", ok + "Content-Length: 5000\r\n\r\n{", false, 502,
       "RESPONSE_TOO_LARGE"},
      {"length too long, closed", ok + "Content-Length: 40\r\n\r\n" + part, false, 0, ""},
      {"length too long, reset", ok + "Content-Length: 40\r\n\r\n" + part, true, 0, ""},
      {"chunks without an end", chunked("11\r\n" + part + "\r\n"), false, 0, ""},
      {"chunks cut by a reset", chunked("11\r\n" + part + "\r\n"), true, 0, ""},
      {"a bad chunk later",
       chunked("800\r\n" + std::string(2048, ' ') + "\r\n11\r\n" + part + "\r\nzz\r\n"), false, -1,
       ""},
      {"more than the limit, closed by the end", ok + "\r\n" + std::string(9'000, ' '), false, -1,
       ""},
      {"until close, reset", ok + "\r\n" + part, true, -1, ""},
  };
}

}  // namespace

TEST_CASE("every way an upstream breaks has its code, and no cut reply looks whole") {
  RawListener listener;
  World world({.gateway = with_upstream(listener.port())});
  for (const Case& broken : cases()) {
    CAPTURE(broken.name);
    {
      const Play play(listener, [&](RawSocket& socket) {
        socket.receive_until("rename }\"}");
        socket.send(broken.bytes);
        if (broken.reset) {
          socket.reset();
        } else {
          socket.send_end();
          socket.receive_all();
        }
      });
      const Reply reply = world.ask(kMutation, kPath);
      if (broken.status > 0) {
        check_failure(world, reply, broken.status, broken.code);
        const std::string logged = "\"status\":" + std::to_string(broken.status);
        CHECK(world.logged("request.done", {reply.request_id, logged}));
      } else if (broken.status == 0) {
        CHECK_MESSAGE(reply.status == 0, reply.body);
      } else {
        // Where the pieces fall decides between an error with a code and a cut.
        CHECK((reply.status == 0 || (reply.status == 502 && !reply.code().empty())));
      }
    }
    const Play play(listener, [&](RawSocket& socket) {
      socket.receive_until("name }\"}");
      socket.send(good_reply());
      socket.send_end();
    });
    const Reply next = world.ask(kQuery, kPath);
    CHECK(next.status == 200);
    CHECK(next.text({"data", "name"}) == "\"ok\"");
  }
}

TEST_CASE("a failure is logged and counted with the status that the client got") {
  RawListener listener;
  World world({.gateway = with_upstream(listener.port())});
  const Play play(listener, [&](RawSocket& socket) {
    socket.receive_until("name }\"}");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{");
    socket.receive_all();
  });
  const Reply reply = world.ask(kQuery, kPath);
  check_failure(world, reply, 502, "RESPONSE_TOO_LARGE");
  CHECK(world.logged("request.done", {reply.request_id, "\"status\":502"}));
}

TEST_CASE("an upstream that is silent is given up at the route's timeout") {
  RawListener listener;
  World world({.gateway = with_upstream(listener.port())});
  SUBCASE("before the first byte") {
    const Play play(listener, [&](RawSocket& socket) { socket.receive_all(); });
    const Reply reply = world.ask(kMutation, kPath);
    check_failure(world, reply, 504, "UPSTREAM_TIMEOUT");
    CHECK(reply.took >= millis(350));
    CHECK(reply.took < seconds(3));
  }
  SUBCASE("in the head") {
    const Play play(listener, [&](RawSocket& socket) {
      socket.send("HTTP/1.1 200 OK\r\nCont");
      socket.receive_all();
    });
    check_failure(world, world.ask(kMutation, kPath), 504, "UPSTREAM_TIMEOUT");
  }
  SUBCASE("in the body, which is cut and not ended") {
    const Play play(listener, [&](RawSocket& socket) {
      socket.receive_until("rename }\"}");
      socket.send(chunked("2\r\n{\"\r\n"));
      socket.receive_all();  // ends when the gateway gives up
    });
    const Reply reply = world.ask(kMutation, kPath);
    CHECK(reply.status == 0);
    CHECK(reply.took < seconds(3));
  }
  const Play play(listener, [&](RawSocket& socket) {
    socket.receive_until("name }\"}");
    socket.send(good_reply());
    socket.send_end();
  });
  CHECK(world.ask(kQuery, kPath).status == 200);
}

TEST_CASE("an upstream that does not listen is 502, and reached again when it does") {
  auto listener = std::make_unique<RawListener>();
  const std::uint16_t port = listener->port();
  listener.reset();
  World world({.gateway = with_upstream(port)});
  check_failure(world, world.ask(kQuery, kPath), 502, "UPSTREAM_UNAVAILABLE");
  check_failure(world, world.ask(kMutation, kPath), 502, "UPSTREAM_UNAVAILABLE");
  check_works(world);  // the other route does not care
}

TEST_CASE("a mutation is sent once, whatever becomes of the connection") {
  RawListener listener;
  World world({.gateway = with_upstream(listener.port())});
  // The first reply leaves a kept connection behind, which then breaks under the mutation.
  std::atomic<int> mutations = 0;
  std::atomic<int> queries = 0;
  std::thread upstream([&] {
    for (int connection = 0; connection < 3; ++connection) {
      RawSocket socket = listener.accept();
      if (!socket.open()) return;
      socket.receive_until("name }\"}");
      ++queries;
      socket.send(good_reply());
      const std::string second = socket.receive_until("}\"}");
      if (second.find("rename") != std::string::npos) ++mutations;
      if (second.find("{ name") != std::string::npos) ++queries;
      socket.reset();
    }
  });
  CHECK(world.ask(kQuery, kPath).status == 200);
  check_failure(world, world.ask(kMutation, kPath), 502, "UPSTREAM_UNAVAILABLE");
  CHECK(mutations == 1);
  CHECK(world.ask(kQuery, kPath).status == 200);
  // A query may go again: on a new connection it is answered.
  CHECK(world.ask(kQuery, kPath).status == 200);
  CHECK(mutations == 1);
  CHECK(queries == 4);
  // Ends the third connection.
  CHECK(world.ask(kMutation, kPath).status == 502);
  upstream.join();
  CHECK(mutations == 2);
}

TEST_CASE("a run of 5xx opens the circuit with Retry-After, and one good trial closes it") {
  RawListener listener;
  World world({.gateway = with_upstream(listener.port(), 3)});
  for (int i = 0; i < 3; ++i) {
    const Play play(listener, [&](RawSocket& socket) {
      socket.receive_until("name }\"}");
      socket.send(failing_reply(503));
      socket.send_end();
    });
    CHECK(world.ask(kQuery, kPath).status == 503);
  }
  const Reply refused = world.ask(kMutation, kPath);
  check_failure(world, refused, 503, "UPSTREAM_CIRCUIT_OPEN");
  CHECK(*parse_int(refused.retry_after) >= 1);
  CHECK_FALSE(world.gateway_->status()[1].healthy);
  const MonoTime open_since = world.clock_.mono();
  while (world.clock_.mono() - open_since < millis(250)) std::this_thread::yield();
  const Play play(listener, [&](RawSocket& socket) {
    socket.receive_until("name }\"}");
    socket.send(good_reply());
    socket.send_end();
  });
  CHECK(world.ask(kQuery, kPath).status == 200);
  // The outcome is noted behind the last byte of the reply.
  CHECK(eventually([&] { return world.gateway_->status()[1].healthy; }));
}

TEST_CASE("a trial whose client leaves does not keep the circuit open for good") {
  RawListener listener;
  World world({.gateway = with_upstream(listener.port(), 1)});
  {
    const Play play(listener, [&](RawSocket& socket) { socket.reset(); });
    CHECK(world.ask(kQuery, kPath).status == 502);
  }
  const auto wait_for_trial = [&] {
    const MonoTime since = world.clock_.mono();
    while (world.clock_.mono() - since < millis(250)) std::this_thread::yield();
  };
  wait_for_trial();
  {
    RawSocket client = RawSocket::connect(world.port());
    REQUIRE(client.send(world.raw_request(kQuery, kPath)));
    RawSocket upstream = listener.accept();
    upstream.receive_until("name }\"}");
    client.reset();
    CHECK(upstream.at_end());  // the upstream connection is closed with the client's
  }
  wait_for_trial();
  const Play play(listener, [&](RawSocket& socket) {
    socket.receive_until("name }\"}");
    socket.send(good_reply());
    socket.send_end();
  });
  const Reply healed = world.ask(kQuery, kPath);
  CHECK_MESSAGE(healed.status == 200, healed.body);
  if (healed.status != 200) static_cast<void>(RawSocket::connect(listener.port()));
}

}  // namespace mc::failure
