#include "maestro/queue_crew.h"

#include <algorithm>

namespace mc::app {

QueueCrew::QueueCrew(Work work, std::size_t threads) : work_(std::move(work)) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { this->work(i); });
}

QueueCrew::~QueueCrew() {
  stop(Nanos());
}

Result<std::size_t> QueueCrew::tick() {
  std::set<TenantId> busy;
  {
    const std::lock_guard lock(mutex_);
    busy = busy_;  // before `due`: what has ended by now is not in it
  }
  if (busy.size() >= threads_.size()) return std::size_t{0};
  MC_TRY(std::vector<planner::QueuedQuery> due, work_.due());
  const std::lock_guard lock(mutex_);
  std::size_t handed = 0;
  for (planner::QueuedQuery& each : due) {
    if (end_ || busy_.size() >= threads_.size()) break;
    if (busy.contains(each.tenant) || !busy_.insert(each.tenant).second) continue;
    handed_.push_back(std::move(each));
    handed_out_.notify_one();
    ++handed;
  }
  return handed;
}

void QueueCrew::work(std::size_t index) {
  std::unique_lock lock(mutex_);
  for (;;) {
    handed_out_.wait(lock, [this] { return end_ || !handed_.empty(); });
    if (end_) return;
    const planner::QueuedQuery query = std::move(handed_.front());
    handed_.pop_front();
    lock.unlock();
    work_.run(index, query);
    lock.lock();
    busy_.erase(query.tenant);
    if (busy_.empty()) idle_.notify_all();
  }
}

void QueueCrew::stop(Nanos grace) {
  {
    std::unique_lock lock(mutex_);
    if (end_) return;
    end_ = true;
    for (const planner::QueuedQuery& each : handed_) busy_.erase(each.tenant);
    handed_.clear();
    handed_out_.notify_all();
    idle_.wait_for(lock, std::chrono::nanoseconds(grace.count), [this] { return busy_.empty(); });
    if (!busy_.empty()) {
      lock.unlock();
      work_.cancel();
    }
  }
  for (std::thread& each : threads_) each.join();
}

}  // namespace mc::app
