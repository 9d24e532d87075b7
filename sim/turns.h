// Virtual time for calls that wait for each other. Tasks run on threads of their own, one at a
// time; one that waits gives its turn to another, chosen by the seed, and when all wait the clock
// moves to the earliest end of a wait. So a run depends on its seed alone, and takes no time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kms/waiter.h"
#include "sim/sim.h"

namespace mc::sim {

class Turns final : public kms::Waiter {
 public:
  explicit Turns(SimClock& clock, std::uint64_t seed = 1) : clock_(clock), random_(seed) {}

  // Returns when all tasks have.
  void run(const std::vector<std::function<void()>>& tasks) {
    tasks_.assign(tasks.size(), {});
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      threads.emplace_back([this, i, &tasks] {
        self() = i;
        {
          std::unique_lock lock(mutex_);
          turned_.wait(lock, [&] { return running_ == i; });
        }
        tasks[i]();
        const std::lock_guard lock(mutex_);
        tasks_[i].over = true;
        pass_on();
      });
    }
    {
      const std::lock_guard lock(mutex_);
      pass_on();
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::uint64_t ticket() override {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  // Outside of run() there is nobody to wait for, and the clock moves at once.
  void wait(std::uint64_t ticket, MonoTime until) override {
    if (!self()) {
      if (until > clock_.mono()) clock_.advance(until - clock_.mono());
      return;
    }
    std::unique_lock lock(mutex_);
    const std::size_t own = *self();
    tasks_[own].ticket = ticket;
    tasks_[own].until = until;
    pass_on();
    turned_.wait(lock, [&] { return running_ == own; });
  }
  void wake() override {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  // A task's own work takes this long; the others run meanwhile.
  void spend(Nanos time) {
    const MonoTime until = clock_.mono() + time;
    do {
      wait(ticket(), until);
    } while (clock_.mono() < until);
  }

 private:
  struct Task {
    bool over = false;
    std::uint64_t ticket = std::numeric_limits<std::uint64_t>::max();
    MonoTime until;
  };
  static std::optional<std::size_t>& self() {
    thread_local std::optional<std::size_t> own;
    return own;
  }
  // With the lock held: whose turn it is now.
  void pass_on() {
    running_.reset();
    for (;;) {
      std::vector<std::size_t> ready;
      std::optional<MonoTime> next;
      for (std::size_t i = 0; i < tasks_.size(); ++i) {
        const Task& task = tasks_[i];
        if (task.over) continue;
        if (task.ticket != count_ || task.until <= clock_.mono()) ready.push_back(i);
        if (!next || task.until < *next) next = task.until;
      }
      if (!next) break;  // all are over
      if (!ready.empty()) {
        running_ = ready[random_.next_u64() % ready.size()];
        break;
      }
      clock_.advance(*next - clock_.mono());
    }
    turned_.notify_all();
  }

  SimClock& clock_;
  SimRandom random_;
  std::mutex mutex_;
  std::condition_variable turned_;
  std::vector<Task> tasks_;
  std::optional<std::size_t> running_;
  std::uint64_t count_ = 0;
};

}  // namespace mc::sim
