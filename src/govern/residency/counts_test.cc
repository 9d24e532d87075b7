#include "residency/counts.h"

#include <doctest/doctest.h>

#include <thread>

namespace mc::residency {
namespace {

using List = std::vector<Traffic>;

TEST_CASE("residency: counts are summed by tenant and places, and begin anew when taken") {
  ResidencyCounts counts;
  const TenantId alpha("alpha");
  counts.add(alpha, {"eu", "us", 1, 0});
  counts.add(alpha, {"eu", "eu", 2, 1});
  counts.add(alpha, {"eu", "us", 3, 4});
  counts.add(TenantId("bravo"), {"eu", "eu", 5, 0});
  CHECK(counts.of(alpha) == List{{"eu", "eu", 2, 1}, {"eu", "us", 4, 4}});
  CHECK(counts.of(TenantId("charlie")).empty());
  const ResidencyCounts::All all = counts.take_all();
  CHECK(all.size() == 2);
  CHECK(all.at("bravo") == List{{"eu", "eu", 5, 0}});
  CHECK(all.at("alpha").size() == 2);
  CHECK(counts.of(alpha).empty());
  CHECK(counts.take_all().empty());
}

TEST_CASE("residency: nothing that several threads count is lost or counted twice") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2'000;
  ResidencyCounts counts;
  List taken;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&counts] {
      for (int round = 0; round < kRounds; ++round) {
        counts.add(TenantId(round % 2 == 0 ? "alpha" : "bravo"), {"eu", "eu", 1, 2});
      }
    });
  }
  const auto take = [&] {
    for (const auto& [tenant, list] : counts.take_all()) {
      for (const Traffic& each : list) add_traffic(taken, each);
    }
  };
  for (int i = 0; i < 50; ++i) take();
  for (std::thread& thread : threads) thread.join();
  take();
  CHECK(taken == List{{"eu", "eu", kThreads * kRounds, 2 * kThreads * kRounds}});
}

}  // namespace
}  // namespace mc::residency
