// Decisions of a server elsewhere block, so none is made on an event loop.
#include <doctest/doctest.h>

#include <mutex>
#include <thread>

#include "access/remote.h"
#include "contract/guarded_world.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;

constexpr std::string_view kPath = "/up";
constexpr std::string_view kDocument = "{ person(id: \"p3\") { id email } }";

// What the server elsewhere says, and the threads that asked it.
struct Peer {
  std::mutex mutex;
  std::string body;
  std::vector<std::thread::id> threads;
  std::vector<std::string> asked;
};
class PeerClient final : public net::Client {
 public:
  explicit PeerClient(Peer& peer) : peer_(peer) {}
  Result<net::Response> fetch(const net::ClientRequest& request) override {
    const std::lock_guard lock(peer_.mutex);
    peer_.threads.push_back(std::this_thread::get_id());
    peer_.asked.push_back(request.body);
    return net::Response{.status = 200, .headers = {}, .body = peer_.body};
  }

 private:
  Peer& peer_;
};

GatewayConfig with_upstream() {
  GatewayConfig config;
  RouteConfig route;
  route.path = kPath;
  route.kind = RouteKind::upstream;
  route.url = "http://127.0.0.1:9/graphql";
  config.routes.push_back(route);
  return config;
}

struct Elsewhere {
  Elsewhere() { says(R"("allow": true)"); }
  void says(const std::string& members) {
    const std::lock_guard lock(peer.mutex);
    peer.body = R"({"result": {"rules": ["far"], "reasons": [], )" + members + "}}";
  }
  std::unique_ptr<access::Remote> make() {
    auto made =
        access::Remote::make({clock, files, [this] { return std::make_unique<PeerClient>(peer); },
                              [](const access::RemoteEvent&) {}},
                             {.url = "http://127.0.0.1:8181"});
    REQUIRE(made);
    return std::move(*made);
  }
  // A request, and whether all that it was decided by was asked on other threads than this one,
  // which is the loop.
  std::shared_ptr<sim::FakeExchange> send(std::string_view path) {
    const auto exchange = world.send({.target = std::string(path),
                                      .headers = {{"Content-Type", "application/json"}},
                                      .body = guarded::body_of(std::string(kDocument))},
                                     token);
    REQUIRE(exchange->wait());
    const std::lock_guard lock(peer.mutex);
    REQUIRE(!peer.threads.empty());
    for (const std::thread::id id : peer.threads) CHECK(id != std::this_thread::get_id());
    peer.threads.clear();
    return exchange;
  }

  Peer peer;
  sim::SimClock clock;
  sim::SimFiles files;
  std::unique_ptr<access::Remote> remote = make();
  World world{{.gateway = with_upstream(), .governed = true, .remote = remote.get()}};
  std::string token = world.token();
};

TEST_CASE("remote decisions: dataset operations are decided on workers, known documents too") {
  Elsewhere it;
  for (int i = 0; i < 3; ++i) {
    const net::Response reply = it.send("/graphql")->response();
    CHECK(reply.body == R"({"data":{"person":{"id":"p3","email":"m3@alpha.example"}}})");
    CHECK(sim::header_of(reply.headers, "X-IG-Rule-Id") == "far");
  }
  it.says(R"("allow": true, "obligations": {"redact": ["email"]})");
  CHECK(it.send("/graphql")->response().body == R"({"data":{"person":{"id":"p3","email":null}}})");
  it.says(R"("allow": false)");
  const net::Response denied = it.send("/graphql")->response();
  CHECK(code_of(denied) == "FORBIDDEN");
  CHECK(denied.body.find("m3@") == std::string::npos);
}

TEST_CASE("remote decisions: requests for an upstream are decided on workers, known or not") {
  Elsewhere it;
  for (int i = 0; i < 3; ++i) CHECK(it.send(kPath)->forwarded());
  CHECK(it.peer.asked.back().find(R"("action":"forward")") != std::string::npos);
  it.says(R"("allow": false)");
  const auto denied = it.send(kPath);
  CHECK(!denied->forwarded());
  CHECK(denied->response().status == 403);
  it.says(R"("allow": true, "obligations": {"step_up": true})");
  CHECK(it.send(kPath)->response().status == 401);
}

TEST_CASE("remote decisions: an answer that cannot be read opens nothing") {
  Elsewhere it;
  it.says(R"("allow": "yes")");
  CHECK(it.send("/graphql")->response().body.find("policy-error") != std::string::npos);
  const net::Response upstream = it.send(kPath)->response();
  CHECK(upstream.status == 403);
  CHECK(upstream.body.find("policy-error") != std::string::npos);
}

}  // namespace
}  // namespace mc::gateway
