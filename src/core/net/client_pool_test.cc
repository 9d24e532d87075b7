#include "net/client_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "net/test_tools.h"

namespace mc::net {
namespace {

// Answers with its number; waits for a word from the test when it is asked to.
class NumberedClient final : public Client {
 public:
  NumberedClient(int number, test::Mailbox<int>& asked, test::Mailbox<int>& may_answer)
      : number_(number), asked_(asked), may_answer_(may_answer) {}
  Result<Response> fetch(const ClientRequest& request) override {
    if (request.url == "wait") {
      asked_.put(number_);
      may_answer_.take();
    }
    if (request.url == "fail") return fail(Code::unavailable, "refused");
    return Response{.status = 200, .headers = {}, .body = std::to_string(number_)};
  }

 private:
  int number_;
  test::Mailbox<int>& asked_;
  test::Mailbox<int>& may_answer_;
};

struct World {
  explicit World(std::size_t most)
      : pool(most, [this] { return std::make_unique<NumberedClient>(++made, asked, may_answer); }) {
  }
  std::string ask(const std::string& url, Nanos timeout = seconds(10)) {
    ClientRequest request;
    request.url = url;
    request.timeout = timeout;
    const auto reply = pool.fetch(std::move(request));
    return reply ? reply->body : std::string(code_name(reply.error().code));
  }

  std::atomic<int> made = 0;
  test::Mailbox<int> asked, may_answer;
  ClientPool pool;
};

TEST_CASE("client pool: one client serves request after request, also after a failure") {
  World world(3);
  CHECK(world.made == 0);
  CHECK(world.ask("now") == "1");
  CHECK(world.ask("fail") == "unavailable");
  CHECK(world.ask("now") == "1");
  CHECK(world.made == 1);
}

TEST_CASE("client pool: another one is made while the first is in use, the last one goes first") {
  World world(2);
  std::string first;
  std::thread thread([&] { first = world.ask("wait"); });
  CHECK(world.asked.take() == 1);
  CHECK(world.ask("now") == "2");
  world.may_answer.put(1);
  thread.join();
  CHECK(first == "1");
  CHECK(world.ask("now") == "1");
  CHECK(world.made == 2);
}

TEST_CASE("client pool: with all in use a request waits for its time, or until one is free") {
  World world(1);
  std::string first;
  std::thread holder([&] { first = world.ask("wait"); });
  CHECK(world.asked.take() == 1);
  CHECK(world.ask("now", millis(5)) == "exhausted");
  std::string second;
  std::thread waiter([&] { second = world.ask("now"); });
  world.may_answer.put(1);
  holder.join();
  waiter.join();
  CHECK(first == "1");
  CHECK(second == "1");
  CHECK(world.made == 1);
}

TEST_CASE("client pool: never more than so many at once") {
  World world(3);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) good += world.ask("now").size() == 1 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 8 * 200);
  CHECK(world.made <= 3);
}

}  // namespace
}  // namespace mc::net
