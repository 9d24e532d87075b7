// An in-memory twin of net's Server.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "net/net.h"

namespace mc::sim {

// Has no sockets; upstreams are null handles, which FakeExchange never follows.
class FakeServer final : public net::Server {
 public:
  std::uint16_t port() const override { return 0; }
  std::size_t loops() const override { return 1; }
  net::ServerCounters counters() const override { return {}; }
  bool drain(Nanos) override { return true; }
  // At once, in the caller's thread. What posts itself again comes after, not deeper. Once timers
  // are held, each waits for run_timers().
  void post_after(Nanos, std::function<void()> work) override {
    if (held_) {
      const std::lock_guard lock(mutex_);
      timers_.push_back(std::move(work));
      return;
    }
    static thread_local std::deque<std::function<void()>> waiting;
    waiting.push_back(std::move(work));
    if (waiting.size() > 1) return;
    for (; !waiting.empty(); waiting.pop_front()) waiting.front()();
  }
  void hold_timers() { held_ = true; }
  // Those that were posted until now.
  void run_timers() {
    std::vector<std::function<void()>> due;
    {
      const std::lock_guard lock(mutex_);
      due.swap(timers_);
    }
    for (const std::function<void()>& work : due) work();
  }
  std::shared_ptr<net::Upstream> upstream(const net::UpstreamConfig&) override { return nullptr; }

 private:
  std::atomic<bool> held_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> timers_;
};

}  // namespace mc::sim
