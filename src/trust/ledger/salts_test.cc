#include "ledger/salts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "sim/sim.h"

namespace mc::ledger {
namespace {

// Counts from 1 in every 32 bytes, and how often it is asked.
class Counting final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    ++calls;
    REQUIRE(out.size() % sizeof(Salt) == 0);
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    for (std::size_t at = 0; at < out.size(); at += sizeof(Salt)) {
      ++given;
      for (std::size_t i = 0; i < 8; ++i) {
        out[at + i] = static_cast<std::uint8_t>(given >> (8 * i));
      }
    }
  }
  std::uint64_t given = 0;
  int calls = 0;
};

TEST_CASE("salts: each of what is drawn is given once, to whichever thread") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 2'000;
  Counting random;
  Salts salts(random);
  std::vector<std::vector<Salt>> drawn(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<Salt>& mine : drawn) {
    threads.emplace_back([&salts, &mine] {
      for (std::size_t i = 0; i < kEach; ++i) mine.push_back(salts.draw());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Salt> all;
  for (const std::vector<Salt>& mine : drawn) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == kThreads * kEach);
  CHECK_FALSE(all.contains(Salt{}));
  CHECK(random.given == kThreads * kEach);
  CHECK(random.calls == static_cast<int>(kThreads * kEach / 8));
}

TEST_CASE("salts: of one seed they are the same, of another ledger's others") {
  sim::SimRandom random{3};
  sim::SimRandom again{3};
  Salts salts(random);
  Salts same(again);
  Salts other(random);
  for (int i = 0; i < 8; ++i) {  // the first block of each
    const Salt salt = salts.draw();
    CHECK(salt == same.draw());
    CHECK(salt != other.draw());
  }
}

}  // namespace
}  // namespace mc::ledger
