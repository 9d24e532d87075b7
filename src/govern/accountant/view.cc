#include "accountant/view.h"

#include <algorithm>
#include <utility>

#include "accountant/desk.h"

namespace mc::accountant {
namespace {

constexpr std::size_t kAccountsKept = 200'000;
constexpr std::size_t kReplaysKept = 10'000;
constexpr int kReplayAtOnce = 10'000;
constexpr std::int64_t kNamesMax = 1'000;

Charge charge_for(const Subject& subject, const std::string& plan) {
  Charge out;
  out.tenant = subject.tenant;
  out.dataset = subject.dataset;
  out.purpose = subject.purpose;
  out.plan = plan;
  return out;
}

Standing standing_of(const Account& account) {
  Standing out;
  out.key = account.key;
  out.filter = account.filter;
  if (account.end != kAllTime.end) out.resets_at = account.end;
  out.limit = account.limit;
  out.spent = account.spent;
  out.reserved = account.reserved;
  out.top_up = account.top_up;
  out.epsilon_left = account.epsilon_left();
  out.rho_left = account.rho_left();
  out.epsilon_reported = account.spent.epsilon;
  if (account.filter == Filter::zcdp) {
    const auto converted = [](PicoRho rho) {
      return rho > PicoRho() ? epsilon_of(rho, kReportDelta) : NanoEpsilon();
    };
    out.epsilon_reported = converted(account.spent.rho);
    if (out.rho_left) out.epsilon_left = converted(*out.rho_left);
  }
  if (account.filter == Filter::rdp && account.spent.curve != Curve{}) {
    out.epsilon_reported = epsilon_of(account.spent.curve, kReportDelta);
  }
  return out;
}

std::int64_t units_of(const sql::Rows& row, int column) {
  return row.integer(column);
}

std::string day_text(std::int64_t day) {
  return format_rfc3339(WallTime{} + seconds(86'400) * day).substr(0, 10);
}

}  // namespace

template <class Use>
auto View::reading(const Use& use) -> decltype(use(std::declval<sql::Connection&>())) {
  const std::lock_guard lock(world_.reader != nullptr ? reader_mutex_ : world_.turn_mutex);
  return use(world_.reader != nullptr ? *world_.reader : *world_.writer);
}

void View::publish(const std::vector<const Account*>& changed) {
  const std::lock_guard lock(accounts_mutex_);
  if (accounts_.size() > kAccountsKept) accounts_.clear();
  for (const Account* each : changed) accounts_.insert_or_assign(each->key, *each);
}

// As a reservation would find it now.
Result<Account> View::read(const AccountKey& key, const Charge& charge, const Window& window) {
  std::optional<Account> account;
  if (world_.alone) {
    const std::lock_guard lock(accounts_mutex_);
    const auto found = accounts_.find(key);
    if (found != accounts_.end()) account = found->second;
  }
  const DatasetRules& rules = world_.settings.dataset(charge.dataset);
  if (!account) {
    MC_TRY(account, reading([&](sql::Connection& connection) {
             return Store(connection, Store::Reading::peeks).account(key);
           }));
    if (account && world_.alone) {
      // What a turn has published meanwhile is newer.
      const std::lock_guard lock(accounts_mutex_);
      account = accounts_.emplace(key, *account).first->second;
    }
    if (!account) account = new_account(key, rules.filter, end_of(key, window));
  }
  account->end = end_of(key, window);
  for (const std::string& id : account->expired(world_.clock.wall())) account->end_top_up(id);
  const Limit limit = limit_of(key, charge.plan, world_.settings);
  MC_TRY_OK(account->follow(rules.filter, limit));
  return std::move(*account);
}

Result<std::vector<Account>> View::accounts_of(const Charge& charge) {
  const DatasetRules& rules = world_.settings.dataset(charge.dataset);
  const Window window = window_at(rules.length, world_.clock.wall());
  std::vector<WallTime> blocks;
  if (charge.events) {
    MC_TRY(blocks, blocks_of(charge, rules));
  }
  std::vector<Account> out;
  for (const AccountKey& key : keys_of(charge, window, blocks)) {
    if (key.scope == Scope::window && charge.purpose.empty()) continue;
    MC_TRY(Account one, read(key, charge, window));
    out.push_back(std::move(one));
  }
  return out;
}

Result<Quote> View::quote(const Charge& charge) {
  MC_TRY_OK(check_policy(charge, world_.settings));
  MC_TRY([[maybe_unused]] const auto blocks,
         blocks_of(charge, world_.settings.dataset(charge.dataset)));
  MC_TRY(const std::vector<Account> accounts, accounts_of(charge));
  Quote out;
  out.charges_left = INT64_MAX;
  for (const Account& each : accounts) {
    MC_TRY(const Amount amount, amount_of(charge.cost, each.filter));
    const Account::Short what = each.short_of(amount);
    if (what != Account::Short::nothing && !out.refusal) {
      out.refusal = refusal_of(each, what, amount);
    }
    out.charges_left = std::min(out.charges_left, each.charges_left(amount));
    out.accounts.push_back(standing_of(each));
  }
  return out;
}

// The lifetime and the blocks are as they are now: a new window gives nothing back of them.
Result<bool> View::fits_next(const Charge& charge, const std::vector<Charge>& before) {
  MC_TRY_OK(check_policy(charge, world_.settings));
  const DatasetRules& rules = world_.settings.dataset(charge.dataset);
  MC_TRY(const std::vector<WallTime> blocks, blocks_of(charge, rules));
  const Window present = window_at(rules.length, world_.clock.wall());
  const Window next = window_at(rules.length, present.end);
  for (const AccountKey& key : keys_of(charge, next, blocks)) {
    MC_TRY(Account account, read(key, charge, next));
    for (const Charge& each : before) {
      if (key.scope == Scope::window && each.purpose != charge.purpose) continue;
      MC_TRY(const Amount amount, amount_of(each.cost, account.filter));
      if (account.short_of(amount) != Account::Short::nothing) return false;
      account.reserve(amount);
    }
    MC_TRY(const Amount amount, amount_of(charge.cost, account.filter));
    if (account.short_of(amount) != Account::Short::nothing) return false;
  }
  return true;
}

Result<std::optional<ChargeRecord>> View::released(const TenantId& tenant,
                                                   const std::string& query) {
  return reading([&](sql::Connection& connection) {
    return Store(connection, Store::Reading::peeks).released(tenant, query);
  });
}

Result<std::optional<ChargeRecord>> View::by_key(const TenantId& tenant, const std::string& key) {
  return reading([&](sql::Connection& connection) {
    return Store(connection, Store::Reading::peeks).by_key(tenant, key);
  });
}

Result<std::vector<Standing>> View::standings(const Subject& subject, const std::string& plan) {
  MC_TRY(const std::vector<Account> accounts, accounts_of(charge_for(subject, plan)));
  std::vector<Standing> out;
  out.reserve(accounts.size());
  for (const Account& each : accounts) out.push_back(standing_of(each));
  return out;
}

Result<Standing> View::odometer(const TenantId& tenant, const std::string& dataset) {
  MC_TRY(const std::vector<Standing> all, standings({tenant, dataset, ""}, "default"));
  const auto found = std::find_if(all.begin(), all.end(), [](const Standing& each) {
    return each.key.scope == Scope::lifetime;
  });
  MC_CHECK(found != all.end());
  return *found;
}

Result<std::vector<Spend>> View::spend(const Subject& subject, SpendBy by, const Window& within) {
  constexpr std::string_view kNames[] = {"analyst", "query_type", "reserved_at / 86400000",
                                         "purpose"};
  const std::string name(kNames[static_cast<std::size_t>(by)]);
  std::vector<sql::Param> params = {subject.tenant.get(), subject.dataset, to_unix_ms(within.start),
                                    to_unix_ms(within.end), kNamesMax};
  if (!subject.purpose.empty()) params.emplace_back(subject.purpose);
  // The rest of a shard counts negative.
  const std::string sign = "(CASE WHEN reach = 4 THEN -1 ELSE 1 END)";
  static_assert(static_cast<int>(Reach::shard_rest) == 4);
  const std::string text =
      "SELECT " + name + ", CAST(sum(" + sign + " * epsilon) AS BIGINT), CAST(sum(" + sign +
      " * delta) AS BIGINT), CAST(sum(" + sign +
      " * rho) AS BIGINT), count(*) FROM dp_charge WHERE tenant_id = ?1 AND dataset = ?2 AND "
      "reserved_at >= ?3 AND reserved_at < ?4 AND seq IS NOT NULL" +
      (subject.purpose.empty() ? "" : " AND purpose = ?6") + " GROUP BY " + name + " ORDER BY " +
      name + " LIMIT ?5";
  return reading([&](sql::Connection& connection) -> Result<std::vector<Spend>> {
    MC_TRY(const auto rows, connection.query(text, params));
    std::vector<Spend> out;
    while (true) {
      MC_TRY(const bool more, rows->next());
      if (!more) return out;
      Spend one{by == SpendBy::day ? day_text(rows->integer(0)) : std::string(rows->text(0)),
                NanoEpsilon(units_of(*rows, 1)), AttoDelta(units_of(*rows, 2)),
                PicoRho(units_of(*rows, 3)), rows->integer(4)};
      out.push_back(std::move(one));
    }
  });
}

Result<BurnDown> View::burn_down(const Subject& subject, const std::string& plan) {
  const DatasetRules& rules = world_.settings.dataset(subject.dataset);
  const WallTime now = world_.clock.wall();
  BurnDown out;
  out.window = window_at(rules.length, now);
  MC_TRY(const std::vector<Spend> days, spend(subject, SpendBy::day, out.window));
  std::map<std::string, NanoEpsilon> by_day;
  for (const Spend& each : days) by_day[each.name] = each.epsilon;
  NanoEpsilon sum{};
  for (std::int64_t day = day_of(out.window.start); day <= day_of(now); ++day) {
    const auto found = by_day.find(day_text(day));
    if (found != by_day.end()) sum = sum + found->second;
    out.points.push_back({WallTime{} + seconds(86'400) * day, sum});
  }
  MC_TRY(const std::vector<Standing> all, standings(subject, plan));
  const Standing& window = all.front();
  if (window.key.scope != Scope::window || !window.limit.epsilon) return out;
  out.limit = *window.limit.epsilon + window.top_up;
  const NanoEpsilon left = std::max(*window.epsilon_left, NanoEpsilon());
  out.forecast = forecast(out.window, left, out.points, now);
  return out;
}

Result<ChargePage> View::charges(const Subject& subject, const std::string& cursor, int limit) {
  if (limit < 1 || limit > 200) return fail(Code::invalid, "limit is not from 1 to 200");
  std::int64_t before = INT64_MAX;
  std::string id;
  if (!cursor.empty()) {
    const std::vector<std::string_view> parts = split(cursor, '.');
    const auto time = parse_int(parts.front());
    if (parts.size() != 2 || !time) return fail(Code::invalid, "cursor is none of a page before");
    before = *time;
    id = parts[1];
  }
  ChargePage out;
  MC_TRY(out.charges, reading([&](sql::Connection& connection) {
           return Store(connection, Store::Reading::peeks)
               .page(subject.tenant, {subject.dataset, subject.purpose, before, id}, limit);
         }));
  if (out.charges.size() == static_cast<std::size_t>(limit)) {
    const ChargeRecord& last = out.charges.back();
    out.next = std::to_string(to_unix_ms(last.reserved_at)) + "." + last.id.get();
  }
  return out;
}

Result<ChargeRecord> View::charge(const ChargeRef& charge) {
  return reading([&](sql::Connection& connection) -> Result<ChargeRecord> {
    Store store(connection, Store::Reading::peeks);
    MC_TRY(std::optional<ChargeRecord> found, store.charge(charge));
    if (!found) return fail(Code::not_found, "there is no charge " + excerpt(charge.id.get()));
    if (found->state == State::committed) {
      MC_TRY(found->result, store.result(charge));
    }
    return std::move(*found);
  });
}

Result<std::vector<TopUp>> View::top_ups(const Subject& subject) {
  const DatasetRules& rules = world_.settings.dataset(subject.dataset);
  const WallTime now = world_.clock.wall();
  const AccountKey key{subject.tenant.get(), subject.dataset, subject.purpose, Scope::window,
                       window_at(rules.length, now).start};
  MC_TRY(std::vector<TopUp> out, reading([&](sql::Connection& connection) {
           return Store(connection, Store::Reading::peeks).active_top_ups(key);
         }));
  std::erase_if(out, [&](const TopUp& each) { return each.expires_at <= now; });
  return out;
}

Result<std::vector<ChargeRecord>> View::settled(const TenantId& tenant, const std::string& dataset,
                                                std::int64_t after, int limit) {
  if (limit < 1 || limit > kReplayAtOnce) {
    return fail(Code::invalid, "limit: is from 1 to " + std::to_string(kReplayAtOnce));
  }
  return reading([&](sql::Connection& connection) {
    return Store(connection, Store::Reading::peeks).settled(tenant, dataset, after, limit);
  });
}

Result<Reports::Ledger> View::accountant_hash(const TenantId& tenant, const std::string& dataset) {
  const std::lock_guard lock(replays_mutex_);
  const std::pair<std::string, std::string> key(tenant.get(), dataset);
  if (replays_.size() > kReplaysKept) replays_.clear();
  auto found = replays_.find(key);
  Replay replay = found != replays_.end() ? found->second : Replay(world_.settings.policy_version);
  while (true) {
    MC_TRY(const std::vector<ChargeRecord> more, reading([&](sql::Connection& connection) {
             return Store(connection, Store::Reading::peeks)
                 .settled(tenant, dataset, replay.charges(), kReplayAtOnce);
           }));
    for (const ChargeRecord& each : more) MC_TRY_OK(replay.add(each));
    if (more.size() < kReplayAtOnce) break;
  }
  replays_.insert_or_assign(key, replay);
  return Ledger{replay.hash(), replay.charges(), replay.spent()};
}

}  // namespace mc::accountant
