#include "maestro/own_windows.h"

#include <chrono>

namespace mc::app {

OwnWindows::OwnWindows(const World& world, std::string node)
    : world_(world),
      keeper_({world.directory, *world.machine.clock, world.book, world.journal}, std::move(node)) {
}

std::unique_ptr<OwnWindows> OwnWindows::start(World world, std::string node) {
  if (!world.book.is_limited()) return nullptr;
  std::unique_ptr<OwnWindows> own(new OwnWindows(world, std::move(node)));
  own->tell(own->keeper_.restore());
  own->thread_ = std::thread([made = own.get()] { made->run(); });
  return own;
}

OwnWindows::~OwnWindows() {
  stop();
}

void OwnWindows::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
  tell(keeper_.flush());
}

void OwnWindows::add_metrics(metric::Registry& metrics) {
  metrics.collect_gauge({.name = "mc_budget_windows_unsaved",
                         .help = "Counts of days and months that changed and that the state "
                                 "database refused."},
                        [this] { return static_cast<double>(keeper_.unsaved()); });
}

// Told once, until it goes well again.
void OwnWindows::tell(const Status& done) {
  if (!done && !failing_) {
    world_.log.warn("budget.windows_unsaved", {{"why", done.error().what}});
  }
  failing_ = !done;
}

void OwnWindows::run() {
  constexpr auto kEach = std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kEach, [this] { return end_; })) {
    lock.unlock();
    tell(keeper_.flush());
    lock.lock();
  }
}

}  // namespace mc::app
