// Builds the world once and wires it: every object a server needs, in the order it needs them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/api.h"
#include "config/config.h"
#include "dataset/dataset.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "log/log.h"
#include "maestro/cosign_rounds.h"
#include "maestro/ledger_chores.h"
#include "maestro/machine.h"
#include "maestro/notifier.h"
#include "maestro/own_budgets.h"
#include "maestro/own_burn.h"
#include "maestro/own_exports.h"
#include "maestro/own_ledger.h"
#include "maestro/own_policy.h"
#include "maestro/own_pressure.h"
#include "maestro/own_privacy.h"
#include "maestro/own_privacy_queue.h"
#include "maestro/own_share.h"
#include "maestro/own_signing.h"
#include "maestro/own_taps.h"
#include "maestro/own_windows.h"
#include "maestro/record_spool.h"
#include "maestro/residency_chores.h"
#include "maestro/settings.h"
#include "metric/metric.h"
#include "net/net.h"
#include "opa/opa.h"
#include "sql/sql.h"
#include "sys/sys.h"
#include "trace/trace.h"

namespace mc::app {

// The state database of a data directory, migrated, with its lock held. One process at a time.
struct State {
  std::unique_ptr<sys::FolderLock> lock;
  std::unique_ptr<identity::Directory> directory;
  std::string database;  // "SQLite 3.40.1"
};
std::string state_url(const Settings& settings);
Result<State> open_state(Machine& machine, const Settings& settings);

struct LogOutput {
  std::unique_ptr<sys::File> file;
  std::unique_ptr<log::FileSink> sink;
  std::unique_ptr<log::Log> log;
};
Result<LogOutput> open_log(Machine& machine, const LogSettings& settings,
                           const std::string& path = "");  // "" = standard output

// A running server. Made by start(), ended by stop(); members are in the order of their making.
class Running {
 public:
  static Result<std::unique_ptr<Running>> start(Machine& machine, const Settings& settings,
                                                LogOutput& output, bool demo);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::uint16_t port() const { return server_->port(); }
  std::uint16_t opa_port() const { return opa_server_ == nullptr ? 0 : opa_server_->port(); }
  identity::Directory& directory() { return *state_.directory; }
  // Periodic work: log flushing, last-use times, health checks, keys of the provider, trace
  // export. Call ten times a second from one thread.
  void tick();
  // Refuses new connections, lets running requests end, writes what is in memory. False when
  // requests were cut at the time limit.
  bool stop();

 private:
  Running(Machine& machine, const Settings& settings, LogOutput& output)
      : machine_(machine), settings_(settings), output_(output) {}
  Status build(bool demo);
  Status build_catalog();
  void build_tracer();
  Status build_budgets();
  Status build_gateway();
  Status build_taps();
  Status build_ledger();
  Status build_oidc();
  Status build_opa();
  void build_residency();
  Status build_exports();
  void build_pressure();
  api::PrivacyDesk privacy_desk();
  void add_metrics();
  void add_ledger_metrics();
  void flush_journal();
  void export_traces();
  void refresh_issuer();

  Machine& machine_;
  Settings settings_;
  LogOutput& output_;
  std::shared_ptr<identity::Issuer> issuer_;  // null without a provider
  State state_;
  OwnLedger ledger_;
  std::unique_ptr<CosignRounds> cosigning_;    // null without witnesses
  std::unique_ptr<witness::Witness> witness_;  // null when no log is witnessed
  std::unique_ptr<signing::Signing> signing_;
  std::unique_ptr<transparency::Gate> gate_;
  std::unique_ptr<OwnPolicy> policy_;
  std::unique_ptr<search::Index> index_;
  std::unique_ptr<RecordSpool> records_;
  std::unique_ptr<LedgerChores> chores_;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<identity::CodeLogin> code_login_;  // null without a client for the portal
  metric::Registry metrics_;
  std::unique_ptr<trace::Tracer> tracer_;
  std::unique_ptr<trace::Pump> pump_;
  std::unique_ptr<net::Client> otlp_client_;
  std::unique_ptr<const dataset::Catalog> catalog_;
  std::unique_ptr<budget::Book> budgets_;
  OwnAdmission admission_;
  std::unique_ptr<budget::Journal> journal_;  // null when nothing is limited
  std::unique_ptr<OwnWindows> windows_;       // null when nothing is limited
  bool journal_failing_ = false;
  MonoTime journal_flushed_;
  std::unique_ptr<OwnBurn> burn_;
  std::unique_ptr<OwnShare> share_;      // null: no budgets are shared
  std::unique_ptr<OwnPrivacy> privacy_;  // null: no dataset has private answers
  std::unique_ptr<tap::Board> tap_board_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<OwnTaps> taps_;
  std::unique_ptr<budget::OverrideDesk> overrides_;
  std::unique_ptr<BudgetChores> budget_chores_;
  std::unique_ptr<BurnChores> burn_chores_;
  std::unique_ptr<residency::Residency> residency_;
  std::unique_ptr<ResidencyChores> residency_chores_;
  std::unique_ptr<OwnExports> exports_;
  std::unique_ptr<PrivacyQueue> privacy_queue_;  // null without privacy_
  std::optional<api::PolicyDesk> desk_;          // there as soon as the gateway is
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<sys::Host> host_;
  std::unique_ptr<OwnPressure> pressure_;
  std::unique_ptr<PressureChores> pressure_chores_;
  std::unique_ptr<opa::DataApi> opa_;  // null when it is not enabled
  std::unique_ptr<net::Server> opa_server_;
  MonoTime last_use_saved_;
  MonoTime health_checked_;
  bool stopped_ = false;
};

}  // namespace mc::app
