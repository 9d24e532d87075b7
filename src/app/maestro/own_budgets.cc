#include "maestro/own_budgets.h"

#include <chrono>

#include "maestro/machine.h"
#include "maestro/settings.h"

namespace mc::app {

Result<std::unique_ptr<budget::Journal>> make_journal(Machine& machine, const Settings& settings,
                                                      const budget::Book& book) {
  if (!book.is_limited()) return std::unique_ptr<budget::Journal>();
  budget::JournalHeader header;
  header.started = machine.clock->wall();
  const auto started_ms = static_cast<std::uint64_t>(to_unix_ms(header.started));
  header.run = to_crockford(started_ms << 16, machine.random->next_u64(), "adm_");
  header.settings = {settings.budgets, settings.admission};
  for (const gateway::RouteConfig& route : settings.gateway.routes) {
    header.paths.push_back(route.path);
  }
  budget::JournalConfig config;
  if (settings.admission.log_files_max > 0) {
    config.folder = settings.data_dir + "/admission";
    config.files_max = settings.admission.log_files_max;
    MC_TRY_OK(machine.files->make_folders(config.folder));
  }
  MC_TRY_OK(config.check());
  return std::make_unique<budget::Journal>(*machine.files, header, config);
}

BudgetChores::BudgetChores(budget::OverrideDesk& desk, log::Log& log) : desk_(desk), log_(log) {
  step();
  thread_ = std::thread([this] { run(); });
}

BudgetChores::~BudgetChores() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

// Told once, until it goes well again.
void BudgetChores::step() {
  const Status done = desk_.tick();
  if (!done && !behind_told_) {
    log_.warn("budget.overrides_behind", {{"why", done.error().what}});
  }
  behind_told_ = !done;
}

void BudgetChores::run() {
  constexpr auto kEach = std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kEach, [this] { return end_; })) {
    lock.unlock();
    step();
    lock.lock();
  }
}

}  // namespace mc::app
