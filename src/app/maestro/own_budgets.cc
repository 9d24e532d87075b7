#include "maestro/own_budgets.h"

#include <chrono>

#include "budget/settings_record.h"
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

namespace {

constexpr std::int64_t kSettingsSoughtMax = 1'000;  // records of all nodes, newest first

// Of what waits, else of the newest record of this node.
Result<budget::SettingsBefore> settings_before(const SettingsHistory& history,
                                               std::string_view node) {
  budget::SettingsBefore out;
  if (const auto waiting = history.records.newest(budget::kSettingsAction)) {
    if (const auto said = budget::settings_in(waiting->payload)) out.hash = said->hash;
    out.record = "key " + to_hex({waiting->key.data(), waiting->key.size()});
    out.unknown = !out.hash;
    return out;
  }
  const std::string log(budget::kSettingsLog);
  search::Query query;
  query.type = "budget";
  query.action = budget::kSettingsAction;
  query.limit = kSettingsSoughtMax;
  const Result<search::Found> found = history.index.find(log, query);
  if (!found && found.error().code == Code::not_found) return out;  // there is no such log yet
  if (!found) return tl::unexpected<Error>(found.error());
  for (const std::uint64_t record : found->records) {
    MC_TRY(const ledger::ReadRecord read, history.store.read(log, record));
    const std::optional<budget::SettingsSaid> said = budget::settings_in(read.payload);
    if (said && said->node != node) continue;
    // One whose payload was erased may be of this node.
    if (!said) return fail(Code::not_found, "record " + std::to_string(record) + " is erased");
    out.hash = said->hash;
    out.record = "number " + std::to_string(record);
    return out;
  }
  if (found->more) return fail(Code::not_found, "the newest records are all of other nodes");
  return out;
}

}  // namespace

void record_settings(const SettingsHistory& history, const SettingsStart& start) {
  (void)history.records.record();  // what waits since before comes first; it tells what fails
  Result<budget::SettingsBefore> before = settings_before(history, start.node);
  if (!before) {
    history.log.warn("budget.settings_unknown", {{"why", before.error().what}});
    before = budget::SettingsBefore{.hash = std::nullopt, .record = "", .unknown = true};
  }
  std::optional<ledger::Entry> entry =
      budget::record_of({start.settings, start.node, start.at}, *before);
  if (!entry) return;
  history.log.event("budget.settings_changed",
                    {{"hash", hash_of(start.settings)}, {"before", before->hash.value_or("")}});
  history.records.put(std::move(*entry));
  (void)history.records.record();
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
