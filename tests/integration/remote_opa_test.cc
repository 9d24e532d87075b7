// Decisions of an OPA server elsewhere, over real connections: as ours serves OPA's API, and of a
// peer that does what none should.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "access/remote.h"
#include "contract/access_world.h"
#include "contract/opa_world.h"
#include "net/test_tools.h"

namespace mc::access {
namespace {

using net::test::RawListener;
using net::test::RawSocket;
using testing::Ada;
using testing::people;
using testing::reading;

constexpr Nanos kEnough = seconds(10);  // for an answer that is sure to come
constexpr Nanos kShort = millis(60);    // for one that never does

std::string url_of(std::uint16_t port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

// What asks, with the policies of this process beside it.
struct Asking {
  explicit Asking(RemoteConfig config) {
    auto made = Remote::make({clock, *files, [] { return net::Client::make(); },
                              [this](const RemoteEvent& event) {
                                const std::lock_guard lock(mutex);
                                events.push_back(event);
                              }},
                             std::move(config));
    REQUIRE_MESSAGE(made, made.error().what);
    remote = std::move(*made);
    far.emplace(Gate::World{nothing, clock, random, nullptr, remote.get()});
  }
  Verdict ask() {
    const Ada ada;
    return far->decide(reading(ada.caller, resource));
  }

  sim::SimClock clock;
  sim::SimRandom random;
  std::unique_ptr<sys::Files> files = sys::real_files();
  policy::Engine nothing;
  Resource resource = people();
  std::mutex mutex;  // of the next
  std::vector<RemoteEvent> events;
  std::unique_ptr<Remote> remote;
  std::optional<Gate> far;
};

bool is_policy_error(const Verdict& verdict) {
  return !verdict.allow && verdict.reasons == std::vector<std::string>{"policy-error"} &&
         verdict.rule_ids.empty() && verdict.obligations == Obligations{};
}

// Our own listener of OPA's API.
struct OpaServer {
  explicit OpaServer(std::shared_ptr<const policy::Policies> policies)
      : world({.authentication = opa::Authentication::none}) {
    world.engine.activate(std::move(policies));
    auto started = net::Server::start(net::ServerConfig{}, *world.api, *clock);
    REQUIRE_MESSAGE(started, started.error().what);
    server = std::move(*started);
  }

  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  opa::testing::World world;
  std::unique_ptr<net::Server> server;
};

// A request of any kind, the likely ones more often.
class Requests {
 public:
  std::uint64_t below(std::uint64_t n) { return random_.next_u64() % n; }
  std::string one_of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + below(texts.size()));
  }

  template <class Use>
  void next(const Resource& resource, WallTime now, Use use) {
    Ada ada;
    ada.caller.roles = {};
    for (const auto role :
         {identity::Role::operator_, identity::Role::oncall, identity::Role::tenant_admin,
          identity::Role::analyst, identity::Role::dpo, identity::Role::platform}) {
      if (below(3) == 0) ada.caller.roles.add(role);
    }
    ada.caller.tenant = TenantId(one_of({"alpha", "alpha", "bravo", "system"}));
    ada.caller.region = one_of({"eu", "eu", "us", "local"});
    if (below(4) == 0) ada.caller.purposes = {one_of({"demo", "support", "r\u00e9sum\u00e9"})};
    if (below(2) == 0) ada.caller.session_id = "ses_1";
    const std::string purpose = one_of({"demo", "fraud-risk", "support", "", "\"odd\\\n\x01"});
    Request request = reading(ada.caller, resource);
    request.purpose = purpose;
    request.action = static_cast<Action>(below(7));
    const std::string tenant_region = one_of({"eu", "eu", "us", "local"});
    request.tenant_region = tenant_region;
    request.stepped_up = below(2) == 0;
    WarrantFacts warrant;
    warrant.id = "wrt_1";
    warrant.kind = "support-ticket";
    warrant.reference = one_of({"TKT-1", "\u2028"});
    warrant.status = one_of({"active", "active", "ended"});
    warrant.actions = {one_of({"*", "read", "write"})};
    warrant.bound_to = one_of({"", "ada@alpha", "dataset:people", "bea@alpha"});
    warrant.tenant = one_of({"alpha", "bravo"});
    warrant.effective = now + millis(static_cast<std::int64_t>(below(3)) - 1);
    warrant.expires = now + millis(static_cast<std::int64_t>(below(4)) - 1);
    if (below(2) == 0) request.warrant = &warrant;
    use(request);
  }

 private:
  sim::SimRandom random_{11};
};

// Undefined, of another shape, two at once, allowed, denied: by the request.
const char* const kAnswersOfAllKinds = R"(
decision := {"allow": true, "rules": [], "reasons": [], "obligations": input.none} if {
	input.action == "export"
}

decision := {"allow": "yes", "rules": [], "reasons": []} if input.action == "forward"

decision := {"allow": true, "rules": ["a"], "reasons": []} if input.stepped_up

decision := {"allow": false, "rules": ["b"], "reasons": [input.purpose]} if input.action == "read"
)";

TEST_CASE("remote opa: both ways of deciding agree on any request") {
  constexpr int kRequests = 2'000;
  struct Row {
    const char* name;
    std::shared_ptr<const policy::Policies> policies;
  };
  const Row rows[] = {
      {"the policies of a new installation", testing::policies_of(default_policies())},
      {"answers of all kinds", testing::rules_of(kAnswersOfAllKinds)}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    OpaServer server(row.policies);
    Asking asking({.url = url_of(server.server->port()), .timeout = kEnough});
    policy::Engine engine;
    engine.activate(row.policies);
    Gate near({engine, asking.clock, asking.random});
    Requests requests;
    int allowed = 0, errors = 0;
    for (int i = 0; i < kRequests; ++i) {
      CAPTURE(i);
      asking.clock.advance(millis(1));
      requests.next(asking.resource, asking.clock.wall(), [&](const Request& request) {
        const Verdict own = near.decide(request);
        const Verdict other = asking.far->decide(request);
        CHECK(other.allow == own.allow);
        CHECK(other.rule_ids == own.rule_ids);
        CHECK(other.reasons == own.reasons);
        CHECK(other.obligations == own.obligations);
        allowed += own.allow ? 1 : 0;
        errors += is_policy_error(own) ? 1 : 0;
        // Of a failed evaluation OPA says neither.
        const bool has_failed = is_policy_error(own) && other.opa_decision_id.empty();
        CHECK(other.revision == (has_failed ? "opa" : own.revision));
        CHECK((is_policy_error(own) || !other.opa_decision_id.empty()));
      });
    }
    CHECK(allowed > 0);
    CHECK(allowed < kRequests);
    CHECK((errors > 0) == (row.policies == rows[1].policies));
    CHECK(asking.remote->counters().failed == 0);
    CHECK(server.server->counters().connections_total == 1);
  }
}

struct Reply {
  const char* name;
  std::string bytes;
  bool reset = false;  // RST behind them, otherwise FIN
};

std::string reply_of(const std::string& head, const std::string& body) {
  return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// Plays one reply to each connection.
class Player {
 public:
  explicit Player(std::string bytes, bool reset = false)
      : thread_([this, bytes = std::move(bytes), reset] {
          for (;;) {
            RawSocket socket = listener_.accept();
            if (ends_ || !socket.open()) return;
            ++connections;
            socket.receive_reply();  // a request is read in the same way
            socket.send(bytes);
            if (reset) socket.reset();
          }
        }) {}
  ~Player() {
    ends_ = true;
    RawSocket::connect(listener_.port()).close();
    thread_.join();
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;
  std::uint16_t port() const { return listener_.port(); }

  std::atomic<int> connections = 0;

 private:
  RawListener listener_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

TEST_CASE("remote opa: whatever a peer sends that is no answer denies") {
  const std::string good = R"({"result": {"allow": true, "rules": [], "reasons": []}})";
  const std::string large = R"({"result": {"allow": true, "rules": [], "reasons": [], "x": ")" +
                            std::string(kRemoteAnswerBytesMax, 'x') + R"("}})";
  const Reply rows[] = {
      {"nothing", ""},
      {"a reset", "", true},
      {"half a head", "HTTP/1.1 200 OK\r\nConte"},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
      {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + good},
      {"chunks without an end",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n37\r\n" + good + "\r\n"},
      {"too many bytes", reply_of("200 OK", large)},
      {"a head without an end", "HTTP/1.1 200 OK\r\nX: " + std::string(400'000, 'x')},
      {"a redirect", reply_of("307 Temporary Redirect\r\nLocation: /elsewhere", good)},
      {"an error", reply_of("500 Internal Server Error", "{}")},
      {"a page", reply_of("200 OK", "<html></html>")},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n"}};
  for (const Reply& row : rows) {
    CAPTURE(row.name);
    Player player(row.bytes, row.reset);
    Asking asking({.url = url_of(player.port()), .timeout = kEnough});
    CHECK(is_policy_error(asking.ask()));
    CHECK(asking.remote->counters().failed == 1);
    REQUIRE(asking.events.size() == 1);
    CAPTURE(asking.events[0].why);
    CHECK(asking.events[0].why.find("ada") == std::string::npos);
  }
  Player player(reply_of("200 OK", good));
  Asking asking({.url = url_of(player.port()), .timeout = kEnough});
  CHECK(asking.ask().allow);
}

TEST_CASE("remote opa: a redirect is not followed") {
  Player elsewhere(
      reply_of("200 OK", R"({"result": {"allow": true, "rules": [], "reasons": []}})"));
  Player player(reply_of("307 Temporary Redirect\r\nLocation: " + url_of(elsewhere.port()), ""));
  Asking asking({.url = url_of(player.port()), .timeout = kEnough});
  CHECK(is_policy_error(asking.ask()));
  CHECK(elsewhere.connections == 0);
  CHECK(player.connections == 1);
}

TEST_CASE("remote opa: nobody there, and somebody who never answers") {
  std::uint16_t closed = 0;
  {
    RawListener listener;
    closed = listener.port();
  }
  Asking nobody({.url = url_of(closed), .timeout = kEnough});
  CHECK(is_policy_error(nobody.ask()));
  RawListener silent;  // the system accepts, nobody reads
  Asking waiting({.url = url_of(silent.port()), .timeout = kShort});
  CHECK(is_policy_error(waiting.ask()));
  REQUIRE(waiting.events.size() == 1);
  CHECK(waiting.events[0].why.find("timed out") != std::string::npos);
}

TEST_CASE("remote opa: decisions that wait for a connection wait no longer than their time") {
  RawListener silent;
  Asking asking({.url = url_of(silent.port()), .timeout = kShort, .connections_max = 1});
  std::vector<std::thread> threads;
  std::atomic<int> errors = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const std::unique_ptr<Decisions> decisions = asking.remote->decisions();
      term::Value input = term::object(decisions->begin());
      errors += is_policy_error(decisions->decide(input, asking.resource)) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(errors == 4);
  CHECK(asking.remote->counters().failed == 4);
}

TEST_CASE("remote opa: during a pause no connection is made; afterwards it recovers") {
  auto player = std::make_unique<Player>("", true);
  const std::uint16_t port = player->port();
  Asking asking({.url = url_of(port), .timeout = kEnough, .failures = 3, .pause = seconds(5)});
  for (int i = 0; i < 3; ++i) CHECK(is_policy_error(asking.ask()));
  const int made = player->connections;
  CHECK(made >= 3);
  for (int i = 0; i < 20; ++i) CHECK(is_policy_error(asking.ask()));
  CHECK(player->connections == made);
  CHECK(asking.remote->counters().unasked == 20);
  CHECK(!asking.remote->paused().empty());
  asking.clock.advance(seconds(5));
  CHECK(is_policy_error(asking.ask()));
  CHECK(player->connections > made);
  player.reset();

  OpaServer server(testing::policies_of(default_policies()));
  Asking good({.url = url_of(server.server->port()), .timeout = kEnough, .failures = 1});
  CHECK(good.ask().allow);
  // The next decision finds its connection gone, and makes another.
  net::ServerConfig config;
  config.port = server.server->port();
  REQUIRE(server.server->drain(seconds(5)));
  server.server.reset();
  auto again = net::Server::start(config, *server.world.api, *server.clock);
  REQUIRE_MESSAGE(again, again.error().what);
  CHECK(good.ask().allow);
  CHECK((*again)->counters().connections_total == 1);
}

}  // namespace
}  // namespace mc::access
