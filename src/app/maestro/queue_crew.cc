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
  MC_TRY(std::vector<planner::Queue::Due> due, work_.due());
  in_turn(due);
  const std::lock_guard lock(mutex_);
  std::size_t handed = 0;
  for (planner::Queue::Due& each : due) {
    if (hold_ || busy_.size() >= threads_.size()) break;
    if (busy.contains(each.tenant) || !busy_.insert(each.tenant).second) continue;
    last_[each.tenant] = ++turn_;
    handed_.push_back(std::move(each));
    handed_out_.notify_one();
    ++handed;
  }
  return handed;
}

// Those first who were never handed one, or longest ago; who has none due is forgotten.
void QueueCrew::in_turn(std::vector<planner::Queue::Due>& due) {
  std::map<TenantId, std::int64_t> last;
  for (const planner::Queue::Due& each : due) {
    const auto found = last_.find(each.tenant);
    last[each.tenant] = found == last_.end() ? 0 : found->second;
  }
  last_ = std::move(last);
  // Of those with the same turn the order stays: ids are in the order of their making.
  std::ranges::sort(due, {}, [&](const planner::Queue::Due& each) {
    return std::pair(last_.at(each.tenant), std::string_view(each.id));
  });
}

void QueueCrew::hold() {
  const std::lock_guard lock(mutex_);
  hold_ = true;
  for (const planner::Queue::Due& each : handed_) busy_.erase(each.tenant);
  handed_.clear();
}

void QueueCrew::work(std::size_t index) {
  std::unique_lock lock(mutex_);
  for (;;) {
    handed_out_.wait(lock, [this] { return end_ || !handed_.empty(); });
    if (end_) return;
    const planner::Queue::Due query = std::move(handed_.front());
    handed_.pop_front();
    lock.unlock();
    work_.run(index, query);
    lock.lock();
    busy_.erase(query.tenant);
    if (busy_.empty()) idle_.notify_all();
  }
}

void QueueCrew::stop(Nanos grace) {
  hold();
  {
    std::unique_lock lock(mutex_);
    if (end_) return;
    end_ = true;
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
