#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "net/net.h"

namespace mc::net {
namespace {

class WorkersImpl final : public Workers {
 public:
  WorkersImpl(int threads, std::size_t queue_max) : queue_max_(queue_max) {
    threads_.reserve(static_cast<std::size_t>(threads));
    for (int worker = 0; worker < threads; ++worker) {
      threads_.emplace_back([this, worker] { run(worker); });
    }
  }
  ~WorkersImpl() override { stop(); }

  bool submit(std::function<void(int worker)> work) override {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || queue_.size() >= queue_max_) return false;
      queue_.push_back(std::move(work));
    }
    filled_.notify_one();
    return true;
  }

  std::size_t queued() const override {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    filled_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void run(int worker) {
    while (true) {
      std::function<void(int)> work;
      {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        work = std::move(queue_.front());
        queue_.pop_front();
      }
      work(worker);
    }
  }

  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void(int)>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Workers> Workers::start(int threads, std::size_t queue_max) {
  return std::make_unique<WorkersImpl>(threads, queue_max);
}

}  // namespace mc::net
