// What is done about the ledger while it runs, on a thread of its own: the index of its records
// follows it, and its batches are read again and checked.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ledger/ledger.h"
#include "log/log.h"
#include "metric/metric.h"
#include "search/search.h"
#include "sys/sys.h"

namespace mc::app {

class LedgerChores {
 public:
  // All outlive it. `folder` is that of the open ledger.
  LedgerChores(sys::Files& files, const std::string& folder, ledger::Ledger& ledger,
               search::Index& index, log::Log& log);
  ~LedgerChores();
  LedgerChores(const LedgerChores&) = delete;
  LedgerChores& operator=(const LedgerChores&) = delete;

  void add_metrics(metric::Registry& metrics) const;

 private:
  void run();
  void check();
  void follow();

  ledger::Ledger& ledger_;
  search::Index& index_;
  log::Log& log_;
  ledger::SelfCheck check_;
  int failed_checks_ = 0;  // one after the other
  bool behind_told_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
