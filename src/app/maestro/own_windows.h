// The counts of days and months that this server keeps in the state database, and the thread that
// writes them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "budget/book.h"
#include "budget/journal.h"
#include "budget/window_keeper.h"
#include "identity/identity.h"
#include "log/log.h"
#include "maestro/machine.h"
#include "metric/metric.h"

namespace mc::app {

// Writes each second what has changed. What fails is tried again, and told once until it goes well.
class OwnWindows {
 public:
  // All outlive it.
  struct World {
    Machine& machine;
    log::Log& log;
    identity::Directory& directory;
    budget::Book& book;
    budget::Journal* journal = nullptr;
  };
  // Null when nothing is limited. What the database has of this node is in the book when it
  // returns; when the database fails, that comes with a later second.
  static std::unique_ptr<OwnWindows> start(World world, std::string node);
  ~OwnWindows();
  OwnWindows(const OwnWindows&) = delete;
  OwnWindows& operator=(const OwnWindows&) = delete;

  void add_metrics(metric::Registry& metrics);
  void stop();  // writes a last time

 private:
  OwnWindows(const World& world, std::string node);
  void tell(const Status& done);
  void run();

  const World world_;
  budget::WindowKeeper keeper_;
  bool failing_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
