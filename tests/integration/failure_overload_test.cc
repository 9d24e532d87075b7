// More work than there are threads and places: refused with Retry-After, then back to normal.
#include <doctest/doctest.h>

#include <thread>

#include "failure_world.h"
#include "net/test_tools.h"

namespace mc::failure {
namespace {

using net::test::RawSocket;

const char* const kSlow = "{ slows(first: 1) { nodes { id } } }";

gateway::GatewayConfig narrow() {
  gateway::GatewayConfig config;
  config.workers = 1;
  config.worker_queue_max = 2;
  config.parsers = 1;
  config.parser_queue_max = 1;
  config.routes[0].timeout = seconds(60);
  return config;
}

// Keeps the only worker busy with a statement that never ends, as long as it lives.
class Blocker {
 public:
  explicit Blocker(World& world) : socket_(RawSocket::connect(world.port())) {
    const std::int64_t before = world.data_driver_->readers.counted();
    REQUIRE(socket_.send(world.raw_request(kSlow)));
    while (world.data_driver_->readers.counted() == before) std::this_thread::yield();
  }

 private:
  RawSocket socket_;
};

}  // namespace

TEST_CASE("a full queue of operations is 503 with Retry-After, and what was queued is answered") {
  World world({.gateway = narrow()});
  check_works(world);  // parsed
  std::vector<RawSocket> queued;
  std::atomic<int> answered = 0;
  {
    const Blocker blocker(world);
    for (int i = 0; i < 2; ++i) {
      queued.push_back(RawSocket::connect(world.port()));
      REQUIRE(queued.back().send(world.raw_request(kRead)));
    }
    // The two are in the queue once a third is refused.
    Reply refused = world.ask_apart("{ nobody }");
    for (int i = 0; i < 2; ++i) {
      refused = world.ask(kRead);
      check_failure(world, refused, 503, "OVERLOADED");
      CHECK(*parse_int(refused.retry_after) >= 1);
    }
  }
  for (RawSocket& socket : queued) {
    answered += net::test::status_of(socket.receive_reply()) == 200 ? 1 : 0;
  }
  CHECK(answered == 2);
  check_works(world);
}

TEST_CASE("a full queue of parsers is 503 with Retry-After") {
  World world({.gateway = narrow()});
  check_works(world);
  // Large novel documents, each a little different, many at once: one is parsed, one waits.
  std::string big = "{ people(first: 5) { nodes {";
  for (int i = 0; i < 1'500; ++i) big += " id name";
  big += " } } }";
  constexpr int kClients = 24;
  std::vector<RawSocket> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(RawSocket::connect(world.port()));
  for (int i = 0; i < kClients; ++i) {
    REQUIRE(clients[static_cast<std::size_t>(i)].send(
        world.raw_request(big + " # " + std::to_string(i))));
  }
  int refused = 0;
  int good = 0;
  for (RawSocket& client : clients) {
    const std::string reply = client.receive_reply();
    const int status = net::test::status_of(reply);
    good += status == 200 ? 1 : 0;
    if (status != 503) continue;
    ++refused;
    CHECK(reply.find("Retry-After: ") != std::string::npos);
    CHECK(reply.find("OVERLOADED") != std::string::npos);
    CHECK(reply.find("X-Request-Id: req_") != std::string::npos);
  }
  CHECK(refused + good == kClients);
  CHECK(refused > 0);
  CHECK(good > 0);
  check_works(world);
}

TEST_CASE("four times the load is answered or refused, never lost, and then all is well") {
  World world({.gateway = narrow()});
  check_works(world);
  constexpr int kThreads = 12;  // a worker, two places in the queue, times four
  constexpr int kEach = 40;
  std::atomic<int> good = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> other = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) {
        const Reply reply = world.ask_apart(kRead);
        if (reply.status == 200 && reply.code().empty()) {
          ++good;
        } else if (reply.status == 503 && reply.code() == "OVERLOADED") {
          ++refused;
        } else {
          ++other;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MESSAGE("answered " << good << ", refused " << refused);
  CHECK(other == 0);
  CHECK(good + refused == kThreads * kEach);
  CHECK(good > 0);
  for (int i = 0; i < 20; ++i) check_works(world);
}

}  // namespace mc::failure
