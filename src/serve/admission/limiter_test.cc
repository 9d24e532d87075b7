#include "admission/limiter.h"

#include <doctest/doctest.h>

#include <cmath>
#include <queue>
#include <random>

namespace mc::admission {
namespace {

constexpr MonoTime kStart{1'000'000'000};

TEST_CASE("log histogram: quantiles to an eighth of a power of two") {
  LogHistogram all;
  CHECK(all.quantile(0.5) == Nanos{});
  for (int i = 1; i <= 1'000; ++i) all.add(micros(10 * i));
  CHECK(all.count() == 1'000);
  for (const double share : {0.05, 0.25, 0.5, 0.9, 0.99}) {
    CAPTURE(share);
    const double right = share * 10e6;
    CHECK(std::abs(static_cast<double>(all.quantile(share).count) - right) < right * 0.125);
  }
  LogHistogram odd;
  odd.add(Nanos{-5});
  odd.add(Nanos{0});
  odd.add(Nanos{INT64_MAX});
  CHECK(odd.quantile(0.1) < micros(2));
  CHECK(odd.quantile(1) > seconds(100));
  odd.add(all);
  CHECK(odd.count() == 1'003);
  odd.clear();
  CHECK(odd.count() == 0);
}

// A service that does `places` requests at a time, each in `mean` (exponential), and lets the rest
// wait in a queue of its own: the knee is at `places`. `demand` requests would run if they might.
class Service {
 public:
  Service(Limiter& limiter, std::uint32_t seed) : limiter_(limiter), random_(seed) {}
  int places = 50;
  double mean_ms = 20;
  double failed = 0;
  std::int64_t demand = 100'000;
  std::int64_t seats_most = 0;  // since it was set

  void run(Nanos duration) {
    const MonoTime end = now_ + duration;
    while (true) {
      while (in_use_ < std::min(limiter_.seats(), demand)) begin();
      if (running_.empty() || running_.top().at > end) break;
      const Running next = running_.top();
      running_.pop();
      now_ = next.at;
      const std::int64_t before = in_use_--;
      while (!queue_.empty() && static_cast<int>(running_.size()) < places) {
        work_on(queue_.front());
        queue_.pop();
      }
      const bool ok = std::uniform_real_distribution<>(0, 1)(random_) >= failed;
      limiter_.add({.service = now_ - next.since, .in_use = before, .ok = ok, .now = now_});
      seats_most = std::max(seats_most, limiter_.seats());
    }
    now_ = end;
  }

 private:
  struct Running {
    MonoTime at, since;
    bool operator<(const Running& other) const { return at > other.at; }
  };
  void begin() {
    ++in_use_;
    if (static_cast<int>(running_.size()) < places) {
      work_on(now_);
    } else {
      queue_.push(now_);
    }
  }
  void work_on(MonoTime since) {
    const double took = std::exponential_distribution<>(1 / mean_ms)(random_);
    running_.push({now_ + Nanos{static_cast<std::int64_t>(took * 1e6)}, since});
  }
  Limiter& limiter_;
  std::mt19937 random_;
  MonoTime now_ = kStart;
  std::int64_t in_use_ = 0;
  std::priority_queue<Running> running_;
  std::queue<MonoTime> queue_;
};

TEST_CASE("limiter: finds the knee of a queueing server from below and from above") {
  for (const std::int64_t start : {10, 64, 400}) {
    for (const int places : {20, 50, 150}) {
      CAPTURE(start);
      CAPTURE(places);
      Limiter limiter({.seats_min = 4, .seats_start = 10, .seats_max = 1'000});
      Service service(limiter, 7);
      service.places = 400;  // what it is without load, once
      service.demand = 5;
      service.run(seconds(60));
      service.places = places;
      service.demand = start;
      service.run(seconds(10));
      service.demand = 100'000;
      service.run(seconds(60));
      CHECK(limiter.seats() >= places);
      CHECK(limiter.seats() <= 1.6 * places + 10);
    }
  }
}

// Nothing but saturation from the first request on, for hours: what is taken for normal must not
// rise with the queue that the limiter itself lets stand.
TEST_CASE("limiter: is not led on by its own queue") {
  Limiter limiter({.seats_min = 4, .seats_start = 20, .seats_max = 1'000});
  Service service(limiter, 3);
  service.places = 20;
  service.mean_ms = 50;
  service.run(seconds(600));
  const std::int64_t first = limiter.seats();
  service.seats_most = 0;
  service.run(seconds(3 * 3'600));
  CHECK(first >= 20);
  CHECK(service.seats_most <= 45);
  CHECK(limiter.seats() >= 20);
  CHECK(limiter.no_load(0) < millis(45));  // the median is 35 ms
}

TEST_CASE(
    "limiter: a service that becomes slower or faster is learnt again in less than a minute") {
  Limiter limiter({.seats_min = 4, .seats_start = 20, .seats_max = 1'000});
  Service service(limiter, 5);
  service.run(seconds(120));
  REQUIRE(limiter.seats() >= 50);
  service.mean_ms = 60;
  service.run(seconds(60));
  CHECK(limiter.seats() >= 50);
  CHECK(limiter.seats() <= 95);
  service.mean_ms = 20;
  service.run(seconds(60));
  CHECK(limiter.seats() >= 50);
  CHECK(limiter.seats() <= 95);
  service.places = 20;  // part of it is gone
  service.run(seconds(60));
  CHECK(limiter.seats() >= 20);
  CHECK(limiter.seats() <= 50);
}

TEST_CASE("limiter: does not grow while half of the seats are not in use") {
  Limiter limiter({.seats_min = 4, .seats_start = 100, .seats_max = 1'000});
  Service service(limiter, 1);
  service.demand = 49;
  service.run(seconds(60));
  CHECK(limiter.seats() == 100);
  service.demand = 51;
  service.places = 60;
  service.run(seconds(60));
  CHECK(limiter.seats() > 100);
  CHECK(limiter.seats() <= 120);
}

TEST_CASE("limiter: failures take seats, and quick ones are not what is normal") {
  Limiter limiter({.seats_min = 4, .seats_start = 100, .seats_max = 1'000});
  Service service(limiter, 2);
  service.run(seconds(30));
  const std::int64_t before = limiter.seats();
  const Nanos no_load = limiter.no_load(0);
  for (int i = 0; i < 1'000; ++i) {
    limiter.add({.service = micros(50),
                 .in_use = 50,
                 .ok = false,
                 .now = kStart + seconds(30) + millis(10 * i)});
  }
  CHECK(limiter.seats() < before);
  CHECK(limiter.seats() >= 4);
  CHECK(limiter.no_load(0) == no_load);
}

TEST_CASE("limiter: a service that fails beside one that does not takes none of its seats") {
  for (const bool both : {false, true}) {
    CAPTURE(both);
    Limiter limiter({.seats_min = 4, .seats_start = 100, .seats_max = 100});
    for (int i = 0; i < 4'000; ++i) {
      const auto of = static_cast<std::uint32_t>(i % 2);
      limiter.add({.route_class = of,
                   .service = millis(20),
                   .in_use = 50,
                   .ok = of == 0 && !(both && i % 3 == 0),
                   .now = kStart + millis(5 * i)});
    }
    CHECK((limiter.seats() == 100) == !both);
    CHECK(limiter.no_load(1) == Nanos{});
  }
}

TEST_CASE("limiter: classes of routes have times of their own, within bounds, and are reset") {
  Limiter limiter({.seats_min = 4, .seats_start = 20, .seats_max = 40});
  MonoTime now = kStart;
  for (int i = 0; i < 20'000; ++i) {
    now = now + millis(1);
    const auto of = static_cast<std::uint32_t>(i % 2);
    limiter.add({.route_class = of == 0 ? 3U : 4'000'000'000U,
                 .service = of == 0 ? millis(5) : millis(500),
                 .in_use = 15,
                 .now = now});
  }
  CHECK(limiter.seats() >= 20);
  CHECK(std::abs(to_millis(limiter.no_load(3)) - 5) <= 1);
  CHECK(std::abs(to_millis(limiter.no_load(kRouteClassesMax - 1)) - 500) <= 65);
  CHECK(limiter.no_load(0) == Nanos{});
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    limiter.add({.route_class = i, .service = millis(5), .in_use = 1, .now = now});
  }
  CHECK(limiter.bytes() <= kRouteClassesMax * 4'096);
  limiter.reset({.seats_min = 10, .seats_start = 5, .seats_max = 40});
  CHECK(limiter.seats() == 10);
  CHECK(limiter.no_load(3) == Nanos{});
  CHECK(limiter.bytes() == 0);
}

}  // namespace
}  // namespace mc::admission
