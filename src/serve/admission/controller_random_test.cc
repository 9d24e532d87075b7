// Whatever happens in which order, and in which thread: each token ends exactly once.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "admission/controller.h"

namespace mc::admission {
namespace {

constexpr MonoTime kStart{1'000'000'000};

// One controller, and a twin of it that is a set of who is where.
class Chaos {
 public:
  explicit Chaos(std::mt19937& random) : random_(random), controller_(settings()) {}

  void step(bool after_a_pause) {
    now_ = now_ + micros(random_() % (after_a_pause ? 1'500'000 : 4'000));
    const std::uint32_t what = random_() % 20;
    if (storm_ > 0 && !waiting_.empty() && random_() % 2 == 0) {
      --storm_;
      withdraw();
    } else if (what < 10) {
      arrive();
    } else if (what < 17 && !running_.empty()) {
      finish();
    } else if (what == 17 && !waiting_.empty()) {
      if (random_() % 20 == 0) storm_ = waiting_.size();
      withdraw();
    } else if (what == 18) {
      controller_.report({.loop_lag = millis(random_() % 40)}, now_);
    } else {
      controller_.tick(now_, effects_);
      REQUIRE(effects_.next_tick > now_);
    }
    follow();
    compare();
  }

  void end() {
    const Snapshot seen = controller_.snapshot();
    CHECK(seen.late + seen.shed + seen.full == refused_);
    CHECK(seen.withdrawn == withdrawn_);
    CHECK(seen.expired + seen.evicted == ended_.size());
    CHECK(token_ == refused_ + withdrawn_ + ended_.size() + seen.finished + running_.size() +
                        waiting_.size());
    controller_.tick(now_ + seconds(1), effects_);
    CHECK(effects_.started.size() + effects_.ended.size() == waiting_.size());
  }

 private:
  using Tickets = std::map<std::uint64_t, Ticket>;

  Settings settings() {
    Settings out;
    out.limiter = {.seats_min = 2,
                   .seats_start = 1 + static_cast<std::int64_t>(random_() % 30),
                   .seats_max = 60};
    out.queue.waiting_max = 1 + random_() % 60;
    out.queue.of_tenant_max = 1 + random_() % 30;
    out.lend_pct = random_() % 101;
    out.tenant_pct = 1 + random_() % 100;
    out.cursor.window_requests = 100;
    REQUIRE(check(out).has_value());
    return out;
  }
  Tickets::iterator any_of(Tickets& from) {
    return std::next(from.begin(), static_cast<std::ptrdiff_t>(random_() % from.size()));
  }
  void arrive() {
    const std::string name = "t" + std::to_string(random_() % 12);
    Arrival made{.token = ++token_, .tenant = name, .now = now_};
    made.weight = random_() % 8;
    made.priority = random_() % 64;
    made.in = static_cast<Class>(random_() % 4);
    made.seats = random_() % 5 == 0 ? 1 + random_() % 12 : 1;
    if (random_() % 4 == 0) made.deadline = now_ + millis(random_() % 100);
    const Arrived out = controller_.arrive(made, effects_);
    if (out.answer == Answer::refused) {
      ++refused_;
    } else {
      (out.answer == Answer::runs ? running_ : waiting_)[token_] = out.ticket;
    }
  }
  void finish() {
    const auto at = any_of(running_);
    REQUIRE(controller_.finish(at->second,
                               {.now = now_,
                                .service = millis(1 + random_() % 40),
                                .ok = random_() % 50 != 0,
                                .seats = static_cast<std::uint32_t>(random_() % 4)},
                               effects_));
    running_.erase(at);
  }
  // What leaves frees no seat: who runs now took one that there was, or is not hindered any more.
  void withdraw() {
    const auto at = any_of(waiting_);
    const Ticket ticket = at->second;
    const Snapshot before = controller_.snapshot();
    REQUIRE(controller_.withdraw(ticket, now_, effects_));
    REQUIRE_FALSE(controller_.withdraw(ticket, now_, effects_));
    REQUIRE_FALSE(controller_.finish(ticket, {.now = now_}, effects_));
    const Snapshot after = controller_.snapshot();
    REQUIRE(after.seats == before.seats);
    REQUIRE(
        (effects_.started.empty() ? after.in_use == before.in_use : after.in_use <= after.seats));
    waiting_.erase(at);
    ++withdrawn_;
  }
  void follow() {
    for (const Effects::Started& of : effects_.started) {
      REQUIRE(waiting_.contains(of.token));
      REQUIRE(waiting_[of.token] == of.ticket);
      running_[of.token] = of.ticket;
      waiting_.erase(of.token);
    }
    for (const Effects::Ended& of : effects_.ended) {
      REQUIRE(waiting_.erase(of.token) == 1);
      REQUIRE(ended_.insert(of.token).second);
    }
    effects_.clear();
  }
  // No more runs than there are seats, nor more than there was when their number fell.
  void compare() {
    const Snapshot seen = controller_.snapshot();
    REQUIRE(seen.in_use <= std::max(seen.seats, in_use_before_));
    in_use_before_ = seen.in_use;
    std::uint64_t waits = 0;
    for (const ClassSnapshot& of : seen.classes) waits += of.waiting;
    REQUIRE(waits == waiting_.size());
    REQUIRE((seen.in_use > 0) == !running_.empty());
    REQUIRE((running_.empty() ? waits == 0 : true));  // nobody waits for nothing
  }

  std::mt19937& random_;
  Controller controller_;
  Effects effects_;
  Tickets waiting_, running_;
  std::set<std::uint64_t> ended_;
  std::uint64_t token_ = 0, refused_ = 0, withdrawn_ = 0, storm_ = 0;
  std::int64_t in_use_before_ = 0;
  MonoTime now_ = kStart;
};

TEST_CASE("controller: nothing is lost and nothing is doubled, whatever happens in which order") {
  std::mt19937 random(11);
  for (int round = 0; round < 40; ++round) {
    Chaos chaos(random);
    for (int step = 0; step < 4'000; ++step) chaos.step(step % 500 == 0);
    chaos.end();
  }
}

// What one thread's call starts another one may finish.
class Crowd {
 public:
  static constexpr std::uint64_t kEach = 4'000, kThreads = 4;
  Crowd() : controller_(settings()) {}

  void send(std::uint64_t thread) {
    std::mt19937 random(static_cast<std::uint32_t>(thread));
    Effects effects;
    for (std::uint64_t i = 0; i < kEach; ++i) {
      const std::string tenant = "t" + std::to_string(random() % 9);
      Arrival made{.token = thread * kEach + i, .tenant = tenant, .now = {clock_ += 30'000}};
      made.in = static_cast<Class>(random() % 4);
      const Arrived out = controller_.arrive(made, effects);
      if (out.answer == Answer::refused) ++refused_;
      if (out.answer == Answer::runs) {
        ++started_;
        const std::lock_guard lock(mutex_);
        running_.push_back(out.ticket);
      }
      act_on(effects);
      if (out.answer == Answer::waits && random() % 8 == 0 &&
          controller_.withdraw(out.ticket, {clock_.load()}, effects)) {
        ++withdrawn_;
      }
      if (i % 16 == 0) controller_.tick({clock_.load()}, effects);
      act_on(effects);
      finish_some(effects, 4);
    }
  }
  void end() {
    Effects effects;
    finish_some(effects, 0);
    controller_.tick({clock_ += seconds(1).count}, effects);
    act_on(effects);
    finish_some(effects, 0);
    const Snapshot seen = controller_.snapshot();
    CHECK(seen.in_use == 0);
    CHECK(started_ == finished_);
    CHECK(started_ + ended_ + refused_ + withdrawn_ == kEach * kThreads);
    CHECK(seen.finished == finished_);
  }

 private:
  static Settings settings() {
    Settings out;
    out.limiter = {.seats_min = 6, .seats_start = 6, .seats_max = 6};
    out.queue.wait_max = millis(5);
    out.queue.waiting_max = 40;
    return out;
  }
  void act_on(Effects& effects) {
    started_ += effects.started.size();
    ended_ += effects.ended.size();
    const std::lock_guard lock(mutex_);
    for (const Effects::Started& of : effects.started) running_.push_back(of.ticket);
    effects.clear();
  }
  void finish_some(Effects& effects, std::size_t leave) {
    while (true) {
      Ticket ticket;
      {
        const std::lock_guard lock(mutex_);
        if (running_.size() <= leave) return;
        ticket = running_.back();
        running_.pop_back();
      }
      const Finish finish{.now = {clock_ += 20'000}, .service = micros(50)};
      if (controller_.finish(ticket, finish, effects)) ++finished_;
      act_on(effects);
    }
  }

  Controller controller_;
  std::mutex mutex_;
  std::vector<Ticket> running_;
  std::atomic<std::uint64_t> started_ = 0, ended_ = 0, refused_ = 0, withdrawn_ = 0, finished_ = 0;
  std::atomic<std::int64_t> clock_{kStart.nanos};
};

TEST_CASE("controller: threads conserve tokens") {
  Crowd crowd;
  std::vector<std::thread> threads;
  threads.reserve(Crowd::kThreads);
  for (std::uint64_t t = 0; t < Crowd::kThreads; ++t) {
    threads.emplace_back([&crowd, t] { crowd.send(t); });
  }
  for (std::thread& thread : threads) thread.join();
  crowd.end();
}

}  // namespace
}  // namespace mc::admission
