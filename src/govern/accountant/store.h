// The tables of the accountant (db/migrations/*/0013_dp_budget.sql). Private to the module.
//
// Works on a connection that it does not own, and in the transaction that is open there. On
// PostgreSQL what is read here is locked until that ends; `peek` reads without.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accountant/account.h"
#include "accountant/charge.h"
#include "sql/sql.h"

namespace mc::accountant {

class Store {
 public:
  enum class Reading : std::uint8_t { locks, peeks };
  explicit Store(sql::Connection& connection, Reading reading = Reading::locks)
      : connection_(connection), peeks_(reading == Reading::peeks) {}

  // With its active top-ups; nothing when there is no row.
  Result<std::optional<Account>> account(const AccountKey& key);
  // `conflict` when somebody else has changed the row since it was read.
  Status save(Account& account);
  Result<WallTime> latest_change();  // of all accounts; 0 without any

  // False when the tenant has a charge with that key.
  Result<bool> insert(const ChargeRecord& charge);
  // Without results, but for by_key() and released().
  Result<std::optional<ChargeRecord>> charge(const ChargeRef& ref);
  Result<std::optional<ChargeRecord>> by_key(const TenantId& tenant, const std::string& key);
  // The COMMITTED one of a query that has the greatest epsilon.
  Result<std::optional<ChargeRecord>> released(const TenantId& tenant, const std::string& query);
  Result<std::string> result(const ChargeRef& ref);
  // False unless it was RESERVED.
  Result<bool> execute(const ChargeRef& ref, const std::string& holder);
  // State, seq, settled_at, result and why of a charge that was open.
  Status settle(const ChargeRecord& charge);
  // Open ones, oldest first: of a holder ("" = of all) that were reserved before.
  Result<std::vector<ChargeRef>> open(const std::string& holder, WallTime before, int limit);
  // Settled ones of tenant x dataset after a place in the journal, in its order.
  Result<std::vector<ChargeRecord>> settled(const TenantId& tenant, const std::string& dataset,
                                            std::int64_t after, int limit);
  // Newest first, before a time and id; purpose "" = all.
  struct PageOf {
    std::string dataset, purpose;
    std::int64_t before_ms = 0;
    std::string before_id;
  };
  Result<std::vector<ChargeRecord>> page(const TenantId& tenant, const PageOf& page, int limit);

  struct StoredTopUp {
    TopUp top_up;
    TopUpState state = TopUpState::active;
  };
  // False when its id or record is there already.
  Result<bool> insert(const TopUp& top_up, WallTime now);
  Result<std::optional<StoredTopUp>> top_up(const TenantId& tenant, const std::string& id);
  Status end(const TopUp& top_up, TopUpState state, NanoEpsilon taken, WallTime now);
  Result<std::vector<TopUp>> expired_top_ups(WallTime now, int limit);
  Result<std::vector<TopUp>> active_top_ups(const AccountKey& window);
  // What those of tenant x dataset have added and not taken back, in a window or (0) ever.
  Result<NanoEpsilon> topped_up(const TopUp& like, WallTime window_from);

 private:
  Result<std::vector<ChargeRecord>> read_charges(std::string_view where,
                                                 std::span<const sql::Param> params);
  Result<std::vector<TopUp>> read_top_ups(std::string_view where,
                                          std::span<const sql::Param> params);
  std::string locking(const std::string& text) const;

  sql::Connection& connection_;
  const bool peeks_;
};

}  // namespace mc::accountant
