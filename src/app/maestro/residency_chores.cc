#include "maestro/residency_chores.h"

#include <chrono>

namespace mc::app {

ResidencyChores::ResidencyChores(residency::Residency& residency)
    : residency_(residency), thread_([this] { run(); }) {}

ResidencyChores::~ResidencyChores() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void ResidencyChores::run() {
  constexpr auto kStep = std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  while (!end_) {
    lock.unlock();
    const bool more = residency_.step();
    lock.lock();
    if (!more && !end_) ended_.wait_for(lock, kStep);
  }
}

}  // namespace mc::app
