#include "gateway/byte_budget.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace mc::gateway {
namespace {

using Share = ByteBudget::Share;

TEST_CASE("byte budget: gives as much as there is, and takes it back") {
  ByteBudget budget(100);
  std::optional<Share> first = budget.take(60);
  REQUIRE(first);
  CHECK(!budget.take(41));
  std::optional<Share> second = budget.take(40);
  REQUIRE(second);
  CHECK(budget.held() == 100);
  CHECK(!budget.take(1));
  first->shrink(10);
  CHECK(first->bytes() == 10);
  CHECK(budget.held() == 50);
  first->shrink(20);  // never more again
  CHECK(budget.held() == 50);
  second.reset();
  CHECK(budget.held() == 10);
  first.reset();
  CHECK(budget.held() == 0);
  CHECK(!budget.take(101));
  CHECK(budget.held() == 0);
}

TEST_CASE("byte budget: a share that is moved is given back once") {
  ByteBudget budget(100);
  {
    Share kept;
    kept = *budget.take(30);
    Share other = std::move(kept);
    CHECK(budget.held() == 30);
    other = *budget.take(20);
    CHECK(other.bytes() == 20);
  }
  CHECK(budget.held() == 0);
}

TEST_CASE("byte budget: threads never hold more than there is, and lose nothing") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  ByteBudget budget(2);
  std::atomic<int> holding = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const std::optional<Share> share = budget.take(1);
        if (!share) continue;
        if (holding.fetch_add(1) >= 2) over = true;
        holding.fetch_sub(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(!over);
  CHECK(budget.held() == 0);
}

}  // namespace
}  // namespace mc::gateway
