// Threads that run queued queries: at most one of a tenant at a time, so that one that is slow
// keeps no other tenant waiting as long as there are threads left.
//
// What is due is handed out by tick(), and by nothing else, so that what a tenant's query begins at
// does not tell how long another's took. Thread-safe but for tick(), which one thread calls.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/base.h"
#include "planner/queue.h"

namespace mc::app {

class QueueCrew {
 public:
  struct Work {
    // What is to be run, at most one of each tenant, the oldest first.
    std::function<Result<std::vector<planner::Queue::Due>>()> due;
    // On the thread of that index; when it returns the query has ended or was put off.
    std::function<void(std::size_t thread, const planner::Queue::Due&)> run;
    std::function<void()> cancel;  // what runs is to return soon
  };
  QueueCrew(Work work, std::size_t threads);
  ~QueueCrew();  // as stop(0)
  QueueCrew(const QueueCrew&) = delete;
  QueueCrew& operator=(const QueueCrew&) = delete;

  // Hands out what is due, of tenants of which none is under way, while threads are idle: first of
  // those that have waited for a turn for longest, however old what they wait with is. Gives how
  // many it was.
  Result<std::size_t> tick();
  void hold();  // begins no more
  // Begins no more; what still runs after `grace` is cancelled. Returns when nothing runs.
  void stop(Nanos grace);

 private:
  void work(std::size_t index);
  void in_turn(std::vector<planner::Queue::Due>& due);

  const Work work_;
  std::int64_t turn_ = 0;                  // of tick(), as the next one
  std::map<TenantId, std::int64_t> last_;  // the turn in which a tenant was handed one
  std::mutex mutex_;                       // of all below
  std::condition_variable handed_out_, idle_;
  std::deque<planner::Queue::Due> handed_;
  std::set<TenantId> busy_;  // whose one is handed out or runs
  bool hold_ = false;
  bool end_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mc::app
