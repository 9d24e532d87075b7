// What the exports under way are doing now, between the checkpoints of their jobs, and which of
// them are to end at once. Private to the module. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "job/job.h"

namespace mc::exporting {

class Board {
 public:
  void put(const std::string& job, job::Progress progress) {
    const std::lock_guard lock(mutex_);
    live_[job] = std::move(progress);
  }
  std::optional<job::Progress> find(const std::string& job) const {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(job);
    return found == live_.end() ? std::nullopt : std::optional(found->second);
  }
  void stop(const std::string& job) {
    const std::lock_guard lock(mutex_);
    stopped_.insert(job);
  }
  bool stops(const std::string& job) const {
    const std::lock_guard lock(mutex_);
    return stopped_.contains(job);
  }
  void forget(const std::string& job) {
    const std::lock_guard lock(mutex_);
    live_.erase(job);
    stopped_.erase(job);
  }

 private:
  mutable std::mutex mutex_;  // of the next
  std::map<std::string, job::Progress> live_;
  std::set<std::string> stopped_;
};

}  // namespace mc::exporting
