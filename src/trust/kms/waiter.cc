#include "kms/waiter.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace mc::kms {
namespace {

// Longer waits come in turns of this, so that no addition of times can overflow.
constexpr Nanos kTurnMax = seconds(60);

class ThreadWaiter final : public Waiter {
 public:
  explicit ThreadWaiter(sys::Clock& clock) : clock_(clock) {}

  std::uint64_t ticket() override {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  void wait(std::uint64_t ticket, MonoTime until) override {
    const MonoTime now = clock_.mono();
    if (until <= now) return;
    const Nanos turn = until > now + kTurnMax ? kTurnMax : until - now;
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::chrono::nanoseconds(turn.count), [&] { return count_ != ticket; });
  }
  void wake() override {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    woken_.notify_all();
  }

 private:
  sys::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<Waiter> thread_waiter(sys::Clock& clock) {
  return std::make_unique<ThreadWaiter>(clock);
}

}  // namespace mc::kms
