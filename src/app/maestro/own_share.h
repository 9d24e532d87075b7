// The budgets that this server shares with others, and the threads that keep that going: one asks
// the store and hears it, one tells the ledger when the store was lost and when it was back.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/base.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "maestro/budget_store_settings.h"
#include "maestro/machine.h"
#include "metric/metric.h"
#include "share/share.h"

namespace mc::app {

inline constexpr std::size_t kStoreEventsMax = 1'000;  // that wait for the ledger

class OwnShare {
 public:
  // All outlive it.
  struct World {
    Machine& machine;
    log::Log& log;
    ledger::Ledger& ledger;
  };
  // Null when none are shared. `invalid` names the setting. Nothing is connected yet.
  static Result<std::unique_ptr<OwnShare>> start(World world, const BudgetStoreSettings& settings);
  ~OwnShare();
  OwnShare(const OwnShare&) = delete;
  OwnShare& operator=(const OwnShare&) = delete;

  share::Share& share() { return *share_; }
  budget::OnLoss on_loss() const { return on_loss_; }
  void add_metrics(metric::Registry& metrics);
  // Who waits for the store is denied, and no event is recorded any more.
  void stop();

 private:
  OwnShare(World world, budget::OnLoss on_loss) : world_(world), on_loss_(on_loss) {}
  void turn();
  void record();
  void tell(const share::Event& event);

  struct Told {
    share::Event event;
    WallTime at;
    std::int64_t number = 0;
  };
  Status append(const Told& told);

  const World world_;
  const budget::OnLoss on_loss_;
  std::string node_;
  std::mutex mutex_;  // of the following
  std::condition_variable woken_, told_;
  bool due_ = false, end_ = false;
  std::deque<Told> unrecorded_;
  std::int64_t told_events_ = 0;
  std::unique_ptr<share::Store> store_;
  std::unique_ptr<share::Share> share_;
  std::thread turner_, recorder_;
};

}  // namespace mc::app
