// An account: what was spent of one budget, and what may be.
//
// For each account, at every instant: spent + reserved <= limit + top-ups. A limit that is lowered
// and a top-up that ends or is revoked take away only what is not yet spent or reserved.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accountant/cost.h"
#include "accountant/window.h"

namespace mc::accountant {

// In the order in which a charge is held against them.
enum class Scope : std::uint8_t {
  window,    // tenant x dataset x purpose, one window
  dataset,   // dataset over all tenants, one window; tenant and purpose are ""
  lifetime,  // tenant x dataset, for good; purpose is ""
  block,     // dataset's rows of a span of event time, over all tenants, for good
};
std::string_view name_of(Scope scope);
Result<Scope> parse_scope(std::string_view name);

struct AccountKey {
  std::string tenant;
  std::string dataset;
  std::string purpose;
  Scope scope = Scope::window;
  WallTime start{};  // of the window or block; 0 of lifetime
  auto operator<=>(const AccountKey&) const = default;
};

// An allowance over the limit of one window's account, approved elsewhere.
struct TopUp {
  TenantId tenant;
  std::string id;  // "top_...", by who approves it
  std::string dataset;
  std::string purpose;
  std::string plan = "default";  // whose caps hold
  NanoEpsilon epsilon{};
  WallTime window_start{};  // of the one window that it is good for
  WallTime expires_at{};    // or the window's end, whichever is first
  std::string record;       // of warrant and approval in the ledger; good for one top-up
  bool operator==(const TopUp&) const = default;
  Status check() const;
};
enum class TopUpState : std::uint8_t { active, revoked, expired };
std::string_view name_of(TopUpState state);

struct Account {
  AccountKey key;
  Filter filter = Filter::pure;
  WallTime end{};
  Limit limit{};        // in force: as configured, or what was spent before it was lowered
  Curve curve_limit{};  // rdp: of `limit`, without top-ups
  Amount spent{};
  Amount reserved{};
  NanoEpsilon top_up{};       // of active ones, and what is used of those that have ended
  NanoEpsilon top_up_used{};  // the latter
  std::map<std::string, TopUp> top_ups{};  // active ones by id
  WallTime changed_at{};                   // the latest charge
  std::int64_t seq = 0;                    // lifetime: of its newest settled charge
  std::int64_t version = 0;                // of its row; 0 = none yet
  bool operator==(const Account&) const = default;

  // Whether one more of `amount` fits, and what is short when it does not.
  enum class Short : std::uint8_t { nothing, epsilon, delta, rho, orders };
  Short short_of(const Amount& amount) const;
  bool holds() const;  // the invariant

  void reserve(const Amount& amount);  // which fits
  void release(const Amount& amount);
  void settle(const Amount& amount);     // from reserved to spent
  void take_back(const Amount& amount);  // of what was spent: the rest of a shard
  void configure(const Limit& configured);
  // configure(), under the filter that is configured now. An account of pure goes on as one of
  // approx and the other way round, since both sum up epsilon and delta. `invalid`, and nothing has
  // changed: its sums do not say what the filter needs, or the limit does not suit the filter.
  Status follow(Filter configured, const Limit& limit);
  void add(const TopUp& more);
  // Of an active one: what is not used of it goes, and is what this gives.
  NanoEpsilon end_top_up(const std::string& id);
  std::vector<std::string> expired(WallTime now) const;  // active ones whose time is over

  // What is left of epsilon (pure, approx, rdp) or of rho (zcdp); nothing when it has no limit.
  std::optional<NanoEpsilon> epsilon_left() const;
  std::optional<PicoRho> rho_left() const;
  // How many more of `amount` fit, one after the other; INT64_MAX without a limit.
  std::int64_t charges_left(const Amount& amount) const;

 private:
  std::int64_t order_left(std::size_t order) const;  // 10^-12
  std::int64_t best_order_left() const;              // the same of the order with the most
  void configure_orders(const Limit& configured);
  void shrink_used_top_up();
};
std::string_view name_of(Account::Short what);

}  // namespace mc::accountant
