#include "admission/fair_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string>

namespace mc::admission {
namespace {

constexpr MonoTime kStart{1'000'000'000};
constexpr MonoTime kNeverLate{INT64_MAX};

FairQueue::Waiting waiting(std::uint64_t token, MonoTime now = kStart, std::uint32_t weight = 1,
                           std::uint32_t cost = 1) {
  return {token, weight, cost, now, kNeverLate};
}

FairQueueLimits patient() {
  return {.waiting_max = 100'000, .of_tenant_max = 100'000, .wait_max = seconds(3'600)};
}

std::vector<std::uint64_t> pop_all(FairQueue& queue, MonoTime now = kStart) {
  std::vector<std::uint64_t> out, expired;
  while (const auto next = queue.pop(now, expired)) out.push_back(next->token);
  CHECK(expired.empty());
  return out;
}

TEST_CASE("fair queue: tenants in turn, each in the order they came") {
  FairQueue queue(patient());
  for (const std::uint64_t token : {1U, 2U, 3U, 4U}) queue.push("alpha", waiting(token));
  for (const std::uint64_t token : {11U, 12U}) queue.push("bravo", waiting(token));
  queue.push("carla", waiting(21));
  CHECK(queue.size() == 7);
  CHECK(queue.size_of("alpha") == 4);
  CHECK(pop_all(queue) == std::vector<std::uint64_t>{1, 11, 21, 2, 12, 3, 4});
  CHECK(queue.size() == 0);
}

TEST_CASE("fair queue: by weight, and by what a request costs") {
  FairQueue queue(patient());
  for (std::uint64_t i = 0; i < 60; ++i) {
    queue.push("heavy", waiting(100 + i, kStart, 3));
    queue.push("light", waiting(200 + i, kStart, 1));
    queue.push("wide", waiting(300 + i, kStart, 1, 4));
  }
  std::map<std::uint64_t, int> served;
  std::vector<std::uint64_t> expired;
  for (int i = 0; i < 68; ++i) ++served[queue.pop(kStart, expired)->token / 100];
  CHECK(served[1] == 48);  // 3 : 1 : 1/4
  CHECK(served[2] == 16);
  CHECK(served[3] == 4);
}

TEST_CASE("fair queue: who was away has saved nothing, and who comes waits for one of each") {
  FairQueue queue(patient());
  std::vector<std::uint64_t> expired;
  for (std::uint64_t i = 0; i < 1'000; ++i) queue.push("elephant", waiting(i));
  for (int i = 0; i < 500; ++i) queue.pop(kStart, expired);
  for (std::uint64_t i = 0; i < 3; ++i) queue.push("mouse", waiting(5'000 + i));
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 6; ++i) order.push_back(queue.pop(kStart, expired)->token);
  CHECK(std::ranges::count_if(order, [](std::uint64_t token) { return token >= 5'000; }) == 3);
  CHECK(std::ranges::find(order, 5'000) - order.begin() <= 1);
}

TEST_CASE("fair queue: what a request has cost beyond the estimate is paid by its tenant") {
  FairQueue queue(patient());
  for (std::uint64_t i = 0; i < 10; ++i) {
    queue.push("alpha", waiting(100 + i));
    queue.push("bravo", waiting(200 + i));
  }
  std::vector<std::uint64_t> expired;
  REQUIRE(queue.pop(kStart, expired)->token == 100);
  queue.settle("alpha", 3);
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 6; ++i) order.push_back(queue.pop(kStart, expired)->token / 100);
  CHECK(order == std::vector<std::uint64_t>{2, 2, 2, 2, 1, 2});
  // Less than was estimated comes back, but nobody gets before the others for it.
  queue.settle("bravo", -1'000);
  CHECK(queue.pop(kStart, expired).has_value());
  queue.settle("nobody", 5);
}

TEST_CASE("fair queue: when it is full the queue that is longest for its weight gives way") {
  FairQueue queue({.waiting_max = 10, .of_tenant_max = 8, .wait_max = seconds(1)});
  for (std::uint64_t i = 0; i < 6; ++i) queue.push("alpha", waiting(100 + i, kStart, 10));
  for (std::uint64_t i = 0; i < 4; ++i) queue.push("bravo", waiting(200 + i, kStart, 1));
  const FairQueue::Pushed made = queue.push("carla", waiting(300));
  CHECK(made.result == FairQueue::Push::queued);
  CHECK(made.evicted == 203);  // four of weight 1 are more than six of weight 10
  CHECK(queue.push("bravo", waiting(204)).result == FairQueue::Push::full);
  CHECK(queue.size() == 10);
  for (std::uint64_t i = 6; i < 8; ++i) queue.push("alpha", waiting(100 + i, kStart, 10));
  CHECK(queue.push("alpha", waiting(108, kStart, 10)).result == FairQueue::Push::tenant_full);
  CHECK(queue.size() == 10);
}

TEST_CASE("fair queue: who has waited too long is not served") {
  FairQueue queue({.waiting_max = 10, .of_tenant_max = 10, .wait_max = millis(250)});
  FairQueue::Waiting hurried = waiting(1);
  hurried.deadline = kStart + millis(100);
  queue.push("alpha", hurried);
  queue.push("alpha", waiting(2));
  queue.push("bravo", waiting(3, kStart + millis(50)));
  std::vector<std::uint64_t> expired;
  const auto next = queue.pop(kStart + millis(100), expired);
  REQUIRE(next.has_value());
  CHECK(next->token == 2);
  CHECK(next->waited == millis(100));
  CHECK(expired == std::vector<std::uint64_t>{1});
  queue.expire(kStart + millis(299), expired);
  CHECK(queue.size() == 1);
  queue.expire(kStart + millis(300), expired);
  CHECK(expired == std::vector<std::uint64_t>{1, 3});
  CHECK_FALSE(queue.pop(kStart + millis(300), expired).has_value());
}

TEST_CASE("fair queue: clients that leave") {
  FairQueue queue(patient());
  FairQueue::Place third;
  for (const std::uint64_t token : {1U, 2U, 3U, 4U}) {
    const FairQueue::Pushed made = queue.push("alpha", waiting(token));
    if (token == 3) third = made.place;
  }
  CHECK(queue.remove(third));
  CHECK_FALSE(queue.remove(third));
  CHECK(pop_all(queue) == std::vector<std::uint64_t>{1, 2, 4});
  queue.push("alpha", waiting(5));  // in the third's slot, maybe
  CHECK_FALSE(queue.remove(third));
  CHECK_FALSE(queue.remove({1'000, 1}));
  CHECK(queue.size() == 1);
}

TEST_CASE("fair queue: in a standing queue the newest goes first and the oldest expire") {
  FairQueue queue({.waiting_max = 100, .of_tenant_max = 20, .wait_max = millis(250)});
  std::vector<std::uint64_t> expired;
  std::uint64_t token = 0;
  const auto come = [&](MonoTime now) {
    FairQueue::Waiting made = waiting(++token, now);
    made.keep = 2;
    return queue.push("alpha", made);
  };
  // One comes each 10 ms; every other one is served: the oldest waits longer and longer.
  for (int i = 0; i < 11; ++i) {
    const MonoTime now = kStart + millis(10 * i);
    come(now);
    if (i % 2 == 1) REQUIRE(queue.pop(now, expired).has_value());
  }
  CHECK_FALSE(queue.standing("alpha"));  // above 5 ms since 10 ms
  CHECK(queue.peek(kStart + millis(101), expired) == 6);
  come(kStart + millis(111));
  CHECK(queue.standing("alpha"));
  CHECK(queue.standing() == 1);
  CHECK(expired.empty());
  const auto next = queue.pop(kStart + millis(112), expired);
  REQUIRE(next.has_value());
  CHECK(next->token == 12);  // the newest
  CHECK(next->waited == millis(1));
  CHECK(expired == std::vector<std::uint64_t>{6, 7, 8, 9, 10});
  CHECK(queue.size() == 1);  // the other of the two that are kept
  CHECK(queue.standing() == 1);
  CHECK(queue.pop(kStart + millis(113), expired)->token == 11);
  CHECK(queue.standing() == 0);  // it is empty
  come(kStart + millis(120));
  come(kStart + millis(121));
  CHECK(queue.pop(kStart + millis(122), expired)->token == 13);  // the oldest again
}

TEST_CASE("fair queue: a standing queue that is full gives up its oldest") {
  FairQueue queue({.waiting_max = 5, .of_tenant_max = 4, .wait_max = seconds(1)});
  for (std::uint64_t token = 1; token <= 4; ++token) queue.push("alpha", waiting(token));
  CHECK(queue.push("alpha", waiting(5)).result == FairQueue::Push::tenant_full);
  std::vector<std::uint64_t> expired;
  queue.peek(kStart + millis(10), expired);
  CHECK(queue.peek(kStart + millis(110), expired) == 4);  // 1 to 3 have waited too long
  CHECK(expired == std::vector<std::uint64_t>{1, 2, 3});
  for (std::uint64_t token = 6; token <= 8; ++token) {
    CHECK_FALSE(queue.push("alpha", waiting(token, kStart + millis(110))).evicted);
  }
  const FairQueue::Pushed of_its_own = queue.push("alpha", waiting(9, kStart + millis(111)));
  CHECK(of_its_own.result == FairQueue::Push::queued);
  CHECK(of_its_own.evicted == 4);
  queue.push("bravo", waiting(10, kStart + millis(111)));
  CHECK(queue.push("carla", waiting(11, kStart + millis(111))).evicted == 6);
}

TEST_CASE("fair queue: a deadline that comes before the end of waiting is kept") {
  FairQueue queue({.waiting_max = 10, .of_tenant_max = 10, .wait_max = millis(250)});
  CHECK(queue.next_expiry() == kNeverLate);
  queue.push("alpha", waiting(1));
  CHECK(queue.next_expiry() == kStart + millis(250));
  FairQueue::Waiting hurried = waiting(2);
  hurried.deadline = kStart + millis(40);
  const FairQueue::Place place = queue.push("bravo", hurried).place;
  hurried.token = 3;
  hurried.deadline = kStart + millis(30);
  queue.push("bravo", hurried);
  CHECK(queue.next_expiry() == kStart + millis(30));
  std::vector<std::uint64_t> expired;
  queue.expire(kStart + millis(30), expired);
  CHECK(expired == std::vector<std::uint64_t>{3});
  CHECK(queue.next_expiry() == kStart + millis(40));
  CHECK(queue.remove(place));
  CHECK(queue.next_expiry() == kStart + millis(250));
}

TEST_CASE("fair queue: a tenant that is held is passed over") {
  FairQueue queue(patient());
  for (std::uint64_t token = 1; token <= 3; ++token) queue.push("alpha", waiting(token));
  queue.hold("alpha");
  CHECK_FALSE(queue.runnable());
  queue.push("alpha", waiting(4));
  std::vector<std::uint64_t> expired;
  CHECK_FALSE(queue.pop(kStart, expired).has_value());
  for (std::uint64_t token = 11; token <= 13; ++token) queue.push("bravo", waiting(token));
  CHECK(queue.pop(kStart, expired)->token == 11);
  CHECK(queue.pop(kStart, expired)->token == 12);
  CHECK(queue.size() == 5);
  queue.release("alpha");
  queue.release("nobody");
  CHECK(pop_all(queue) == std::vector<std::uint64_t>{1, 13, 2, 3, 4});  // nothing was saved up
  queue.hold("alpha");                                                  // it does not wait
  queue.push("alpha", waiting(5));
  CHECK_FALSE(queue.runnable());
  queue.release("alpha");
  CHECK(queue.pop(kStart, expired)->token == 5);
}

TEST_CASE("fair queue: who passes those that wait is charged for it") {
  FairQueue queue(patient());
  for (std::uint64_t i = 0; i < 10; ++i) {
    queue.push("alpha", waiting(100 + i));
    queue.push("bravo", waiting(200 + i));
  }
  CHECK(queue.pass("carla", 1, 2));
  CHECK_FALSE(queue.pass("carla", 1, 1));
  queue.push("carla", waiting(300));
  std::vector<std::uint64_t> order, expired;
  for (int i = 0; i < 5; ++i) order.push_back(queue.pop(kStart, expired)->token / 100);
  CHECK(order == std::vector<std::uint64_t>{1, 2, 1, 2, 3});
}

// The tags of a tenant of weight 1 pass their end in this, and begin anew.
TEST_CASE("fair queue: shares stay as they are when virtual time begins anew") {
  FairQueue queue(patient());
  std::map<std::uint64_t, int> served;
  std::vector<std::uint64_t> expired;
  for (int i = 0; i < 1'200'000; ++i) {
    while (queue.size_of("alpha") < 2) queue.push("alpha", waiting(1, kStart, 1, kCostMax));
    while (queue.size_of("bravo") < 2) queue.push("bravo", waiting(2, kStart, 1, kCostMax));
    ++served[queue.pop(kStart, expired)->token];
    if (i % 1'000 == 999) REQUIRE(std::abs(served[1] - served[2]) <= 1);
  }
}

// The obvious twin: a list of requests, searched whole each time. A tag is what a tenant has had;
// who waits starts there, or now when that has passed.
class Twin {
 public:
  void push(const std::string& name, std::uint64_t token, std::uint32_t weight,
            std::uint32_t cost) {
    Tenant& tenant = tenants_[name];
    tenant.weight = weight;
    if (tenant.waiting.empty()) tenant.turn = ++turns_;
    tenant.waiting.emplace_back(token, cost);
  }
  std::optional<std::uint64_t> pop() {
    Tenant* best = nullptr;
    for (auto& [name, tenant] : tenants_) {
      if (tenant.waiting.empty()) continue;
      if (best == nullptr || start_of(tenant) < start_of(*best)) best = &tenant;
    }
    if (best == nullptr) return std::nullopt;
    const auto [token, cost] = best->waiting.front();
    best->waiting.pop_front();
    now_ = best->tag = start_of(*best).first;
    move_on(*best, cost);
    return token;
  }
  void settle(const std::string& name, std::int64_t more) {
    const auto found = tenants_.find(name);
    if (found != tenants_.end()) move_on(found->second, more);
  }

 private:
  struct Tenant {
    std::int64_t tag = 0;
    std::uint64_t turn = 0;
    std::uint32_t weight = 1;
    std::deque<std::pair<std::uint64_t, std::uint32_t>> waiting;
  };
  std::pair<std::int64_t, std::uint64_t> start_of(const Tenant& tenant) const {
    return {std::max(tenant.tag, now_), tenant.turn};
  }
  void move_on(Tenant& tenant, std::int64_t cost) {
    tenant.tag = std::max(tenant.tag + cost * 1'000'000 / tenant.weight, now_);
    tenant.turn = ++turns_;
  }
  std::map<std::string, Tenant> tenants_;
  std::int64_t now_ = 0;
  std::uint64_t turns_ = 0;
};

// All have had something, so none is made later, and none is forgotten: what it had would be too.
void begin(FairQueue& queue, Twin& twin, std::uint32_t tenants) {
  std::vector<std::uint64_t> expired;
  for (std::uint32_t who = 0; who < tenants; ++who) {
    const std::string name = "t" + std::to_string(who);
    twin.push(name, 0, 1 + who % 5, 1);
    queue.push(name, waiting(0, kStart, 1 + who % 5));
  }
  for (std::uint32_t who = 0; who < tenants; ++who) {
    REQUIRE(twin.pop().has_value());
    REQUIRE(queue.pop(kStart, expired).has_value());
  }
}

TEST_CASE("fair queue: as the obvious twin, for random tenants, weights and costs") {
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    FairQueue queue(patient());
    Twin twin;
    const std::uint32_t tenants = 1 + random() % 40;
    std::vector<std::uint32_t> weights(tenants);
    for (std::uint32_t& weight : weights) weight = 1 + random() % 20;
    std::vector<std::uint64_t> expired;
    begin(queue, twin, tenants);
    for (std::uint64_t token = 1; token < 3'000; ++token) {
      const std::uint32_t who = random() % tenants;
      const std::string name = "t" + std::to_string(who);
      const std::uint32_t what = random() % 10;
      if (what < 5) {
        const std::uint32_t cost = 1 + random() % 10;
        twin.push(name, token, weights[who], cost);
        REQUIRE(queue.push(name, waiting(token, kStart, weights[who], cost)).result ==
                FairQueue::Push::queued);
      } else if (what < 9) {
        const auto next = queue.pop(kStart, expired);
        REQUIRE((next ? std::optional(next->token) : std::nullopt) == twin.pop());
      } else {
        const auto more = static_cast<std::int64_t>(random() % 7) - 3;
        twin.settle(name, more);
        queue.settle(name, more);
      }
    }
    REQUIRE(expired.empty());
  }
}

// Some clients leave while they wait, the last of them when it is their turn: the twin has never
// seen any of them.
class Leavers {
 public:
  explicit Leavers(std::mt19937& random) : random_(random) {}
  FairQueue queue{patient()};

  void come(const std::string& name, std::uint32_t weight) {
    const std::uint64_t token = kFirst + ++made_;
    const FairQueue::Pushed made =
        queue.push(name, waiting(token, kStart, weight, 1 + random_() % 10));
    REQUIRE(made.result == FairQueue::Push::queued);
    here_.emplace(token, made.place);
  }
  void one_leaves() {
    if (here_.empty()) return;
    leave(std::next(here_.begin(), static_cast<std::ptrdiff_t>(random_() % here_.size())));
  }
  void who_is_next_leaves() {
    while (const auto next = queue.peek(kStart, expired)) {
      if (*next < kFirst) return;
      leave(here_.find(*next));
    }
  }
  std::vector<std::uint64_t> expired;

 private:
  using Here = std::map<std::uint64_t, FairQueue::Place>;
  static constexpr std::uint64_t kFirst = 1'000'000;
  void leave(Here::iterator who) {
    REQUIRE(queue.remove(who->second));
    here_.erase(who);
  }
  std::mt19937& random_;
  Here here_;
  std::uint64_t made_ = 0;
};

TEST_CASE("fair queue: who comes and leaves again changes nothing for anybody, nor for itself") {
  std::mt19937 random(21);
  for (int round = 0; round < 60; ++round) {
    Leavers some(random);
    Twin twin;
    const std::uint32_t tenants = 1 + random() % 12;
    const std::uint32_t leavers = random() % 30;
    begin(some.queue, twin, tenants);
    for (std::uint64_t token = 1; token < 3'000; ++token) {
      const std::uint32_t who = random() % tenants;
      const std::string name = "t" + std::to_string(who);
      const std::uint32_t weight = 1 + who % 5;
      const std::uint32_t what = random() % (20 + 2 * leavers);
      if (what < 10) {
        const std::uint32_t cost = 1 + random() % 10;
        twin.push(name, token, weight, cost);
        some.queue.push(name, waiting(token, kStart, weight, cost));
      } else if (what < 18) {
        some.who_is_next_leaves();
        const auto next = some.queue.pop(kStart, some.expired);
        REQUIRE((next ? std::optional(next->token) : std::nullopt) == twin.pop());
      } else if (what < 20) {
        const auto more = static_cast<std::int64_t>(random() % 40) - 10;
        twin.settle(name, more);
        some.queue.settle(name, more);
      } else if (what < 20 + leavers) {
        some.come(name, weight);
      } else {
        some.one_leaves();
      }
    }
    REQUIRE(some.expired.empty());
  }
}

// Served work by weight of any two tenants that both wait differs by one request of each at most.
TEST_CASE("fair queue: the bound of start-time fair queueing holds in every interval") {
  std::mt19937 random(9);
  for (int round = 0; round < 20; ++round) {
    FairQueue queue(patient());
    const std::uint32_t tenants = 2 + random() % 6;
    std::vector<std::uint32_t> weights(tenants);
    for (std::uint32_t& weight : weights) weight = 1 + random() % 9;
    constexpr std::uint32_t kMost = 10;
    std::map<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>> known;  // tenant and cost
    for (std::uint64_t token = 0; token < 4'000; ++token) {
      const auto who = static_cast<std::uint32_t>(token % tenants);
      const std::uint32_t cost = 1 + random() % kMost;
      known[token] = {who, cost};
      queue.push("t" + std::to_string(who), waiting(token, kStart, weights[who], cost));
    }
    std::vector<std::vector<double>> work(1, std::vector<double>(tenants, 0.0));
    std::vector<std::uint64_t> expired;
    for (int i = 0; i < 500; ++i) {  // nobody's queue is empty by then
      const auto [who, cost] = known[queue.pop(kStart, expired)->token];
      work.push_back(work.back());
      work.back()[who] += static_cast<double>(cost) / weights[who];
    }
    double worst = 0;
    for (std::size_t from = 0; from < work.size(); ++from) {
      for (std::size_t to = from; to < work.size(); ++to) {
        for (std::uint32_t a = 0; a < tenants; ++a) {
          for (std::uint32_t b = 0; b < tenants; ++b) {
            const double apart = (work[to][a] - work[from][a]) - (work[to][b] - work[from][b]);
            const double allowed = double{kMost} / weights[a] + double{kMost} / weights[b];
            worst = std::max(worst, apart - allowed);
          }
        }
      }
    }
    CHECK(worst <= 1e-3);
  }
}

// 8 places, each request holds one for 1 to 3 ms, twice as much comes as fits.
TEST_CASE("fair queue: one elephant and many mice at twice the capacity") {
  std::mt19937 random(2);
  FairQueue queue({.waiting_max = 2'000, .of_tenant_max = 500, .wait_max = millis(250)});
  constexpr int kMice = 20, kPlaces = 8, kMillis = 4'000;
  constexpr double kServed = kPlaces / 2.0;         // a millisecond, of 2 ms each
  constexpr double kShare = kServed / (kMice + 1);  // of each, if all ask for it
  std::vector<MonoTime> busy(kPlaces);
  std::vector<int> served(kMice + 1, 0);
  std::vector<std::uint64_t> expired;
  std::map<std::uint64_t, int> owner;
  std::uint64_t token = 0;
  double mouse_due = 0;
  for (int ms = 0; ms < kMillis; ++ms) {
    const MonoTime now = kStart + millis(ms);
    const auto come = [&](int who) {
      owner[++token] = who;
      queue.push("t" + std::to_string(who), waiting(token, now));
    };
    for (int i = 0; i < 4; ++i) come(0);  // the elephant asks for all there is
    mouse_due += kShare;                  // each mouse for its share: together again as much
    for (; mouse_due >= 1; mouse_due -= 1) {
      for (int mouse = 1; mouse <= kMice; ++mouse) come(mouse);
    }
    for (MonoTime& until : busy) {
      if (until > now) continue;
      const auto next = queue.pop(now, expired);
      if (!next) break;
      until = now + millis(1 + static_cast<std::int64_t>(random() % 3));
      ++served[static_cast<std::size_t>(owner[next->token])];
    }
    queue.expire(now, expired);
  }
  for (int mouse = 1; mouse <= kMice; ++mouse) {
    CAPTURE(mouse);
    CHECK(served[static_cast<std::size_t>(mouse)] >= 0.95 * kShare * kMillis);
  }
  CHECK(served[0] >= 0.95 * kShare * kMillis);
}

TEST_CASE("fair queue: tenants that are idle are forgotten, and cost little") {
  FairQueue queue(patient());
  std::vector<std::uint64_t> expired;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    queue.push("tenant-" + std::to_string(i), waiting(i));
    if (i % 2 == 1) queue.pop(kStart, expired);
  }
  while (queue.pop(kStart, expired)) {
  }
  CHECK(queue.bytes() < 64 << 20);
  queue.rest();
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    queue.push("new-" + std::to_string(i), waiting(200'000 + i));
    queue.pop(kStart, expired);
  }
  CHECK(queue.tenants() < 20'000);
}

}  // namespace
}  // namespace mc::admission
