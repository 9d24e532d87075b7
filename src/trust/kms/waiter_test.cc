#include "kms/waiter.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "sim/sim.h"

namespace mc::kms {
namespace {

// The clock stands still and the waits are long: who returns was woken, or had no reason to wait.
TEST_CASE("waiter: a wait ends by a wake, also by one that came between ticket and wait") {
  sim::SimClock clock;
  const auto waiter = thread_waiter(clock);
  const MonoTime far = clock.mono() + seconds(3'600);
  const std::uint64_t before = waiter->ticket();
  waiter->wake();
  waiter->wait(before, far);
  const std::uint64_t ticket = waiter->ticket();
  CHECK(ticket != before);
  std::atomic<bool> returned = false;
  std::thread other([&] {
    waiter->wait(ticket, far);
    returned = true;
  });
  waiter->wake();
  other.join();
  CHECK(returned);
}

TEST_CASE("waiter: a time that is over is not waited for") {
  sim::SimClock clock;
  const auto waiter = thread_waiter(clock);
  waiter->wait(waiter->ticket(), clock.mono());
  waiter->wait(waiter->ticket(), clock.mono() - seconds(1));
  waiter->wait(waiter->ticket(), clock.mono() + Nanos{1});  // a nanosecond of the real one
  CHECK(waiter->ticket() == 0);
}

}  // namespace
}  // namespace mc::kms
