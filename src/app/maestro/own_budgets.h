// The budgets of the configuration, and what changes them for a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "admission/settings.h"
#include "base/base.h"
#include "budget/book.h"
#include "budget/journal.h"
#include "budget/override_desk.h"
#include "gateway/gateway.h"
#include "log/log.h"
#include "maestro/record_spool.h"
#include "search/search.h"

namespace mc::app {

struct Machine;
struct Settings;

// Of `budgets` and `admission`, over the gateway's routes. `invalid` names the setting.
Result<std::unique_ptr<budget::Book>> make_book(const Settings& settings);

// What the gateway is made with: seats and the queue for them, and who gets what of them.
struct OwnAdmission {
  admission::Settings seats;
  gateway::PlanShares shares;
};
// `invalid` names the setting.
Result<OwnAdmission> make_admission(const Settings& settings);

// The admission log, in `admission` of the data directory; null when nothing is limited.
Result<std::unique_ptr<budget::Journal>> make_journal(Machine& machine, const Settings& settings,
                                                      const budget::Book& book);

// What the ledger lacks of the settings that the server starts with: that they are others than this
// node has recorded last. When the ledger takes nothing the record waits, and the server starts.
// Where the ledger does not tell what was before there is a record: once too often, never too few.
struct SettingsHistory {
  RecordSpool& records;
  search::Index& index;
  const ledger::Store& store;
  log::Log& log;
};
struct SettingsStart {
  budget::BudgetSettings settings;
  std::string node;
  WallTime at;
};
void record_settings(const SettingsHistory& history, const SettingsStart& start);

// Takes over each second what was changed, also by another server, and records what has ended; on a
// thread of its own, as the ledger is waited for. The first time before the constructor returns.
class BudgetChores {
 public:
  // Both outlive it.
  BudgetChores(budget::OverrideDesk& desk, log::Log& log);
  ~BudgetChores();
  BudgetChores(const BudgetChores&) = delete;
  BudgetChores& operator=(const BudgetChores&) = delete;

 private:
  void step();
  void run();

  budget::OverrideDesk& desk_;
  log::Log& log_;
  bool behind_told_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
