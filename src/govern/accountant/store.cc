#include "accountant/store.h"

#include <algorithm>
#include <utility>

#include "fixed/fixed.h"

namespace mc::accountant {
namespace {

using sql::Param;

std::string curve_text(const Curve& curve) {
  if (curve == Curve{}) return "";
  std::string out;
  for (const PicoRho each : curve) {
    if (!out.empty()) out += ' ';
    out += std::to_string(each.get());
  }
  return out;
}

Result<Curve> parse_curve(std::string_view text) {
  Curve out{};
  if (text.empty()) return out;
  const std::vector<std::string_view> parts = split(text, ' ');
  if (parts.size() != out.size()) {
    return fail(Code::corrupt, "a curve of dp_budget is not understood");
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    MC_TRY(const std::int64_t value, parse_int(parts[i]));
    out[i] = PicoRho(value);
  }
  return out;
}

template <class Unit>
Param limit_text(const std::optional<Unit>& limit) {
  return limit ? Param(to_decimal(*limit)) : Param();
}

// Sums are beyond what one amount may be, so the parsers of amounts do not do.
template <class Unit>
Result<Unit> read_sum(const sql::Rows& row, int column, int digits) {
  MC_TRY(
      const std::int64_t units,
      fixed::parse_decimal(row.text(column), {.name = "a column of dp_budget", .digits = digits}));
  return Unit(units);
}

template <class Unit>
Result<std::optional<Unit>> read_limit(const sql::Rows& row, int column, int digits) {
  if (row.type(column) == sql::Type::null) return std::optional<Unit>();
  MC_TRY(const Unit units, read_sum<Unit>(row, column, digits));
  return std::optional<Unit>(units);
}

Result<Amount> read_amount(const sql::Rows& row, int first) {
  Amount out;
  MC_TRY(out.epsilon, read_sum<NanoEpsilon>(row, first, kEpsilonDigits));
  MC_TRY(out.delta, read_sum<AttoDelta>(row, first + 1, kDeltaDigits));
  MC_TRY(out.rho, read_sum<PicoRho>(row, first + 2, kRhoDigits));
  MC_TRY(out.curve, parse_curve(row.text(first + 3)));
  return out;
}

Result<Account> read_account(const sql::Rows& row, const AccountKey& key) {
  Account out;
  out.key = key;
  MC_TRY(out.filter, parse_filter(row.text(0)));
  MC_TRY(out.spent, read_amount(row, 1));
  MC_TRY(out.reserved, read_amount(row, 5));
  MC_TRY(out.limit.epsilon, read_limit<NanoEpsilon>(row, 9, kEpsilonDigits));
  MC_TRY(out.limit.delta, read_limit<AttoDelta>(row, 10, kDeltaDigits));
  MC_TRY(out.limit.rho, read_limit<PicoRho>(row, 11, kRhoDigits));
  MC_TRY(out.top_up, read_sum<NanoEpsilon>(row, 12, kEpsilonDigits));
  MC_TRY(out.top_up_used, read_sum<NanoEpsilon>(row, 13, kEpsilonDigits));
  out.changed_at = from_unix_ms(row.integer(14));
  out.seq = row.integer(15);
  out.version = row.integer(16);
  out.end = row.type(17) == sql::Type::null ? kAllTime.end : WallTime{};
  const bool curve = out.filter == Filter::rdp && out.limit.epsilon && out.limit.delta;
  if (curve) out.curve_limit = curve_of(*out.limit.epsilon, *out.limit.delta);
  return out;
}

std::vector<Param> parameters_of(const Account& account) {
  std::vector<Param> out = {account.key.tenant, format_rfc3339(account.key.start),
                            account.key.dataset, account.key.purpose,
                            std::string(name_of(account.key.scope))};
  const bool ends = account.end != kAllTime.end;
  out.push_back(ends ? Param(format_rfc3339(account.end)) : Param());
  out.emplace_back(std::string(name_of(account.filter)));
  out.emplace_back(to_decimal(account.spent.epsilon));
  out.emplace_back(to_decimal(account.reserved.epsilon));
  out.push_back(limit_text(account.limit.epsilon));
  out.emplace_back(to_decimal(account.top_up));
  out.emplace_back(to_decimal(account.top_up_used));
  out.emplace_back(to_decimal(account.spent.delta));
  out.emplace_back(to_decimal(account.reserved.delta));
  out.push_back(limit_text(account.limit.delta));
  out.emplace_back(to_decimal(account.spent.rho));
  out.emplace_back(to_decimal(account.reserved.rho));
  out.push_back(limit_text(account.limit.rho));
  out.emplace_back(curve_text(account.spent.curve));
  out.emplace_back(curve_text(account.reserved.curve));
  out.emplace_back(to_unix_ms(account.changed_at));
  out.emplace_back(account.seq);
  out.emplace_back(account.version + 1);
  return out;
}

}  // namespace

std::string Store::locking(const std::string& text) const {
  const bool locks = !peeks_ && connection_.dialect() == sql::Dialect::postgres;
  return locks ? text + " FOR UPDATE" : text;
}

Result<std::optional<Account>> Store::account(const AccountKey& key) {
  std::optional<Account> out;
  {
    MC_TRY(const auto rows,
           connection_.query(
               locking("SELECT filter, epsilon_spent, delta_spent, rho_spent, curve_spent, "
                       "epsilon_reserved, delta_reserved, rho_reserved, curve_reserved, "
                       "epsilon_limit, delta_limit, rho_limit, epsilon_top_up, "
                       "epsilon_top_up_used, changed_at, seq, version, window_end FROM dp_budget "
                       "WHERE tenant_id = ?1 AND window_start = ?2 AND dataset = ?3 AND "
                       "purpose = ?4 AND scope = ?5"),
               {key.tenant, format_rfc3339(key.start), key.dataset, key.purpose,
                std::string(name_of(key.scope))}));
    MC_TRY(const bool found, rows->next());
    if (!found) return out;
    MC_TRY(out, read_account(*rows, key));
  }
  if (key.scope != Scope::window || out->top_up == NanoEpsilon()) return out;
  MC_TRY(const std::vector<TopUp> active, active_top_ups(key));
  for (const TopUp& each : active) out->top_ups.emplace(each.id, each);
  return out;
}

Status Store::save(Account& account) {
  constexpr std::string_view kInsert =
      "INSERT INTO dp_budget (tenant_id, window_start, dataset, purpose, scope, window_end, "
      "filter, "
      "epsilon_spent, epsilon_reserved, epsilon_limit, epsilon_top_up, epsilon_top_up_used, "
      "delta_spent, delta_reserved, delta_limit, rho_spent, rho_reserved, rho_limit, curve_spent, "
      "curve_reserved, changed_at, seq, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
      "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23) "
      "ON CONFLICT (tenant_id, window_start, dataset, purpose, scope) DO NOTHING";
  constexpr std::string_view kUpdate =
      "UPDATE dp_budget SET window_end = ?6, filter = ?7, epsilon_spent = ?8, "
      "epsilon_reserved = ?9, epsilon_limit = ?10, epsilon_top_up = ?11, "
      "epsilon_top_up_used = ?12, delta_spent = ?13, delta_reserved = ?14, delta_limit = ?15, "
      "rho_spent = ?16, rho_reserved = ?17, rho_limit = ?18, curve_spent = ?19, "
      "curve_reserved = ?20, changed_at = ?21, seq = ?22, version = ?23 WHERE tenant_id = ?1 AND "
      "window_start = ?2 AND dataset = ?3 AND purpose = ?4 AND scope = ?5 AND version = ?23 - 1";
  MC_TRY(const std::int64_t changed,
         connection_.execute(account.version == 0 ? kInsert : kUpdate, parameters_of(account)));
  if (changed != 1) {
    return fail(Code::conflict, "an account of dataset '" + excerpt(account.key.dataset) +
                                    "' was changed by somebody else");
  }
  ++account.version;
  return ok();
}

Result<WallTime> Store::latest_change() {
  MC_TRY(const auto rows,
         connection_.query("SELECT max(changed_at) FROM dp_budget WHERE scope = ?1",
                           {std::string(name_of(Scope::lifetime))}));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  return from_unix_ms(rows->integer(0));
}

Result<std::vector<TopUp>> Store::read_top_ups(std::string_view where,
                                               std::span<const Param> params) {
  MC_TRY(const auto rows,
         connection_.query("SELECT tenant_id, top_up_id, dataset, purpose, plan, epsilon, "
                           "window_from, expires_at, record FROM dp_top_up " +
                               std::string(where),
                           params));
  std::vector<TopUp> out;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out.push_back({TenantId(std::string(rows->text(0))), std::string(rows->text(1)),
                   std::string(rows->text(2)), std::string(rows->text(3)),
                   std::string(rows->text(4)), NanoEpsilon(rows->integer(5)),
                   from_unix_ms(rows->integer(6)), from_unix_ms(rows->integer(7)),
                   std::string(rows->text(8))});
  }
}

Result<std::vector<TopUp>> Store::active_top_ups(const AccountKey& window) {
  const Param params[] = {window.tenant, window.dataset, window.purpose, to_unix_ms(window.start)};
  return read_top_ups(
      "WHERE tenant_id = ?1 AND dataset = ?2 AND purpose = ?3 AND window_from = ?4 AND "
      "state = 'active' ORDER BY top_up_id",
      params);
}

Result<std::vector<TopUp>> Store::expired_top_ups(WallTime now, int limit) {
  const Param params[] = {to_unix_ms(now), std::int64_t{limit}};
  return read_top_ups(
      "WHERE state = 'active' AND expires_at <= ?1 ORDER BY expires_at, tenant_id, top_up_id "
      "LIMIT ?2",
      params);
}

Result<std::optional<Store::StoredTopUp>> Store::top_up(const TenantId& tenant,
                                                        const std::string& id) {
  const Param params[] = {tenant.get(), id};
  MC_TRY(std::vector<TopUp> found, read_top_ups("WHERE tenant_id = ?1 AND top_up_id = ?2", params));
  std::optional<StoredTopUp> out;
  if (found.empty()) return out;
  MC_TRY(const auto rows,
         connection_.query("SELECT state FROM dp_top_up WHERE tenant_id = ?1 AND top_up_id = ?2",
                           params));
  MC_TRY([[maybe_unused]] const bool there, rows->next());
  const std::string_view state = rows->text(0);
  out = StoredTopUp{std::move(found.front()), TopUpState::active};
  if (state == name_of(TopUpState::revoked)) out->state = TopUpState::revoked;
  if (state == name_of(TopUpState::expired)) out->state = TopUpState::expired;
  return out;
}

Result<bool> Store::insert(const TopUp& top_up, WallTime now) {
  // Without a target it gives way to both unique keys: the id and the record.
  MC_TRY(const std::int64_t changed,
         connection_.execute(
             "INSERT INTO dp_top_up (tenant_id, top_up_id, dataset, purpose, plan, epsilon, "
             "window_from, expires_at, record, state, taken, added_at, ended_at) VALUES "
             "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'active', 0, ?10, 0) ON CONFLICT DO NOTHING",
             {top_up.tenant.get(), top_up.id, top_up.dataset, top_up.purpose, top_up.plan,
              top_up.epsilon.get(), to_unix_ms(top_up.window_start), to_unix_ms(top_up.expires_at),
              top_up.record, to_unix_ms(now)}));
  return changed == 1;
}

Status Store::end(const TopUp& top_up, TopUpState state, NanoEpsilon taken, WallTime now) {
  MC_TRY(const std::int64_t changed,
         connection_.execute("UPDATE dp_top_up SET state = ?3, taken = ?4, ended_at = ?5 WHERE "
                             "tenant_id = ?1 AND top_up_id = ?2 AND state = 'active'",
                             {top_up.tenant.get(), top_up.id, std::string(name_of(state)),
                              taken.get(), to_unix_ms(now)}));
  if (changed == 1) return ok();
  return fail(Code::conflict, "top-up " + excerpt(top_up.id) + " was ended by somebody else");
}

Result<NanoEpsilon> Store::topped_up(const TopUp& like, WallTime window_from) {
  const bool ever = window_from == WallTime{};
  const Param window = to_unix_ms(window_from);
  const std::string text =
      "SELECT CAST(coalesce(sum(epsilon - taken), 0) AS BIGINT) FROM dp_top_up WHERE "
      "tenant_id = ?1 AND dataset = ?2" +
      std::string(ever ? "" : " AND purpose = ?3 AND window_from = ?4");
  std::vector<Param> params = {like.tenant.get(), like.dataset};
  if (!ever) {
    params.emplace_back(like.purpose);
    params.push_back(window);
  }
  MC_TRY(const auto rows, connection_.query(text, params));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  return NanoEpsilon(rows->integer(0));
}

}  // namespace mc::accountant
