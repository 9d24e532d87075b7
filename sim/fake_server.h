// An in-memory twin of net's Server.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "net/net.h"

namespace mc::sim {

// Has no sockets; upstreams are null handles, which FakeExchange never follows.
class FakeServer final : public net::Server {
 public:
  FakeServer() = default;
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() override { stop(); }

  std::uint16_t port() const override { return 0; }
  std::size_t loops() const override { return 1; }
  net::ServerCounters counters() const override { return {}; }
  std::vector<net::LoopLoad> take_loads() override { return {}; }
  bool drain(Nanos) override { return true; }
  // As soon as may be, on a thread of its own as with the real one: a caller that goes on only when
  // the work was done once more would wait for itself. Once timers are held, each waits for
  // run_timers().
  void post_after(Nanos delay, std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    timers_.push_back(std::move(work));
    delays_.push_back(delay);
    if (held_) return;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    posted_.notify_one();
  }
  // Before the first is posted.
  void hold_timers() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  // What each of those that wait was posted with.
  std::vector<Nanos> delays() {
    const std::lock_guard lock(mutex_);
    return delays_;
  }
  // Those that were posted until now.
  void run_timers() {
    std::vector<std::function<void()>> due;
    {
      const std::lock_guard lock(mutex_);
      due.swap(timers_);
      delays_.clear();
    }
    for (const std::function<void()>& work : due) work();
  }
  // None runs after it.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      posted_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    timers_.clear();
  }
  std::shared_ptr<net::Upstream> upstream(const net::UpstreamConfig&) override { return nullptr; }

 private:
  void run() {
    while (true) {
      {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [this] { return stopping_ || !timers_.empty(); });
        if (stopping_) return;
      }
      run_timers();
      std::this_thread::yield();  // what posts itself again and again leaves room for others
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<std::function<void()>> timers_;
  std::vector<Nanos> delays_;  // one for each timer
  bool held_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mc::sim
