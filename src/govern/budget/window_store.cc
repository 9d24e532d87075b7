#include "budget/window_store.h"

#include <utility>

#include "budget/override.h"

namespace mc::budget {
namespace {

Result<WindowCount> read_count(const sql::Rows& row) {
  WindowCount out;
  out.tenant = row.text(0);
  const auto scope = scope_of(row.text(1));
  out.user = row.text(2);
  out.plan = row.text(3);
  out.route = row.text(4);
  const auto dimension = dimension_of(row.text(5));
  const std::int64_t window = row.integer(6);
  out.used = row.integer(7);
  const bool fits =
      window >= 0 && window <= kWindowNumberMax && out.used >= 0 && out.used <= kWindowUsedMax;
  const bool is_window =
      dimension == Dimension::day_credits || dimension == Dimension::month_credits;
  if (!scope || !is_window || !fits) {
    return fail(Code::corrupt,
                "a row of budget_window of tenant '" + excerpt(out.tenant) + "' is not understood");
  }
  out.scope = *scope;
  if (out.scope == Scope::tenant_user && !out.plan.empty()) {
    out.scope = Scope::tenant_class;
    out.class_name = std::exchange(out.plan, {});
  }
  out.dimension = *dimension;
  out.window = static_cast<std::int32_t>(window);
  return out;
}

}  // namespace

Status WindowStore::read(std::size_t size, const Use& use) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT tenant_id, scope, user_name, plan, route, dimension, window_number, used "
             "FROM budget_window WHERE node = ?1 ORDER BY window_number DESC, tenant_id, scope, "
             "user_name, plan, route, dimension",
             {node_}));
  std::vector<WindowCount> part;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (more) {
      MC_TRY(WindowCount one, read_count(*rows));
      part.push_back(std::move(one));
    }
    if (part.empty()) return ok();
    if (more && part.size() < size) continue;
    MC_TRY_OK(use(part));
    part.clear();
    if (!more) return ok();
  }
}

Status WindowStore::write(std::span<const WindowCount> counts) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  for (const WindowCount& one : counts) {
    const bool of_class = one.scope == Scope::tenant_class;
    MC_TRY([[maybe_unused]] const std::int64_t changed,
           connection_.execute(
               "INSERT INTO budget_window (tenant_id, node, scope, user_name, plan, route, "
               "dimension, window_number, used) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
               "ON CONFLICT (tenant_id, node, scope, user_name, plan, route, dimension) "
               "DO UPDATE SET window_number = excluded.window_number, used = excluded.used",
               {one.tenant, node_, std::string(name_of(of_class ? Scope::tenant_user : one.scope)),
                one.user, of_class ? one.class_name : one.plan, one.route,
                std::string(name_of(one.dimension)), std::int64_t{one.window}, one.used}));
  }
  return transaction.commit();
}

Status WindowStore::remove_old(const Moment& at, Whose whose) {
  for (const Dimension dimension : {Dimension::day_credits, Dimension::month_credits}) {
    const bool days = dimension == Dimension::day_credits;
    const std::int64_t now = days ? at.day : at.month;
    const std::int64_t of_others =
        whose == Whose::own ? 0 : now - (days ? kOthersDaysKept : kOthersMonthsKept);
    MC_TRY([[maybe_unused]] const std::int64_t removed,
           connection_.execute(
               "DELETE FROM budget_window WHERE dimension = ?1 AND ((node = ?2 AND (window_number "
               "< ?3 OR window_number > ?3 + 1)) OR window_number < ?4)",
               {std::string(name_of(dimension)), node_, now, of_others}));
  }
  return ok();
}

}  // namespace mc::budget
