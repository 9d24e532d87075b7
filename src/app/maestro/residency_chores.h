// Proves hourly where data lie, on a thread of its own, as databases are waited for.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "residency/residency.h"

namespace mc::app {

class ResidencyChores {
 public:
  // It outlives this.
  explicit ResidencyChores(residency::Residency& residency);
  ~ResidencyChores();
  ResidencyChores(const ResidencyChores&) = delete;
  ResidencyChores& operator=(const ResidencyChores&) = delete;

 private:
  void run();

  residency::Residency& residency_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
