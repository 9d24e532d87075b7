// What is read without a turn: quotes and reports. Private to the module.
//
// Where nobody else writes, accounts are as the last turn has published them; elsewhere, and for
// all else, the database is asked, through a connection of its own where there is one. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "accountant/accountant.h"
#include "accountant/replay.h"
#include "accountant/store.h"

namespace mc::accountant {

class View final : public Reports {
 public:
  struct World {
    sql::Connection* writer;
    std::unique_ptr<sql::Connection> reader;  // null: the writer is used
    sys::Clock& clock;
    const Settings& settings;
    std::mutex& turn_mutex;  // of the writer
    bool alone;
  };
  explicit View(World world) : world_(std::move(world)) {}

  void publish(const std::vector<const Account*>& changed);
  Result<Quote> quote(const Charge& charge);
  Result<bool> fits_next(const Charge& charge, const std::vector<Charge>& before);
  Result<std::optional<ChargeRecord>> released(const TenantId& tenant, const std::string& query);
  Result<std::optional<ChargeRecord>> by_key(const TenantId& tenant, const std::string& key);

  Result<std::vector<Standing>> standings(const Subject& subject, const std::string& plan) override;
  Result<Standing> odometer(const TenantId& tenant, const std::string& dataset) override;
  Result<std::vector<Spend>> spend(const Subject& subject, SpendBy by,
                                   const Window& within) override;
  Result<BurnDown> burn_down(const Subject& subject, const std::string& plan) override;
  Result<ChargePage> charges(const Subject& subject, const std::string& cursor, int limit) override;
  Result<ChargeRecord> charge(const ChargeRef& charge) override;
  Result<std::vector<ChargeRecord>> settled(const TenantId& tenant, const std::string& dataset,
                                            std::int64_t after, int limit) override;
  Result<std::vector<TopUp>> top_ups(const Subject& subject) override;
  Result<Ledger> accountant_hash(const TenantId& tenant, const std::string& dataset) override;

 private:
  // Calls `use` with the connection, held.
  template <class Use>
  auto reading(const Use& use) -> decltype(use(std::declval<sql::Connection&>()));
  Result<Account> read(const AccountKey& key, const Charge& charge, const Window& window);
  Result<std::vector<Account>> accounts_of(const Charge& charge);

  const World world_;
  std::mutex reader_mutex_;
  std::mutex accounts_mutex_;
  std::map<AccountKey, Account> accounts_;
  std::mutex replays_mutex_;
  std::map<std::pair<std::string, std::string>, Replay> replays_;  // by tenant and dataset
};

}  // namespace mc::accountant
