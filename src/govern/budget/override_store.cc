#include "budget/override_store.h"

namespace mc::budget {
namespace {

const std::string kColumns =
    "tenant_id, override_id, scope, route, dimension, amount, factor, from_at, until_at, reason, "
    "note, ticket, state, asked_by, asked_at, approved_by, ended_by, changed_at, quota_before, "
    "quota_after, record, version";
const std::string kIsOpen = "state IN ('pending', 'active')";

std::optional<std::int64_t> number_in(const sql::Rows& row, int column) {
  if (row.type(column) == sql::Type::null) return std::nullopt;
  return row.integer(column);
}

sql::Param param_of(const std::optional<std::int64_t>& number) {
  return number ? sql::Param(*number) : sql::Param();
}

Result<Override> read_override(const sql::Rows& row) {
  Override out;
  out.tenant = row.text(0);
  out.id = row.text(1);
  const auto scope = scope_of(row.text(2));
  out.route = row.text(3);
  const auto dimension = dimension_of(row.text(4));
  out.amount = number_in(row, 5);
  out.factor = number_in(row, 6);
  out.from = from_unix_ms(row.integer(7));
  out.until = from_unix_ms(row.integer(8));
  out.reason = row.text(9);
  out.note = row.text(10);
  out.ticket = row.text(11);
  const auto state = override_state_of(row.text(12));
  out.asked_by = row.text(13);
  out.asked = from_unix_ms(row.integer(14));
  out.approved_by = row.text(15);
  out.ended_by = row.text(16);
  out.changed = from_unix_ms(row.integer(17));
  out.before = number_in(row, 18);
  out.after = number_in(row, 19);
  out.record = row.integer(20);
  out.version = row.integer(21);
  if (!scope || !dimension || !state) {
    return fail(Code::corrupt, "override " + excerpt(out.id) + ": its row is not understood");
  }
  out.scope = *scope;
  out.dimension = *dimension;
  out.state = *state;
  return out;
}

Result<std::vector<Override>> read_all(sql::Rows& rows) {
  std::vector<Override> out;
  for (;;) {
    MC_TRY(const bool more, rows.next());
    if (!more) return out;
    MC_TRY(Override one, read_override(rows));
    out.push_back(std::move(one));
  }
}

}  // namespace

Result<std::vector<Override>> OverrideStore::open() {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns + " FROM budget_override WHERE " + kIsOpen +
                               " ORDER BY tenant_id, override_id",
                           {}));
  return read_all(*rows);
}

Result<std::vector<Override>> OverrideStore::list(const std::string& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM budget_override WHERE tenant_id = ?1 ORDER BY CASE WHEN " +
                               kIsOpen + " THEN 0 ELSE 1 END, override_id DESC LIMIT ?2",
                           {tenant, kOverridesShownMax}));
  return read_all(*rows);
}

Result<Override> OverrideStore::find(const std::string& tenant, const std::string& id) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM budget_override WHERE tenant_id = ?1 AND override_id = ?2",
                           {tenant, id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, "no override '" + excerpt(id) + "'");
  return read_override(*rows);
}

Result<std::int64_t> OverrideStore::count_open(const std::string& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT COUNT(*) FROM budget_override WHERE tenant_id = ?1 AND " + kIsOpen, {tenant}));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  return rows->integer(0);
}

Status OverrideStore::insert(const Override& one) {
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO budget_override (" + kColumns +
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
                 "?17, ?18, ?19, ?20, ?21, ?22)",
             {one.tenant,
              one.id,
              std::string(name_of(one.scope)),
              one.route,
              std::string(name_of(one.dimension)),
              param_of(one.amount),
              param_of(one.factor),
              to_unix_ms(one.from),
              to_unix_ms(one.until),
              one.reason,
              one.note,
              one.ticket,
              std::string(name_of(one.state)),
              one.asked_by,
              to_unix_ms(one.asked),
              one.approved_by,
              one.ended_by,
              to_unix_ms(one.changed),
              param_of(one.before),
              param_of(one.after),
              one.record,
              one.version}));
  return ok();
}

Status OverrideStore::change(const Override& one) {
  MC_TRY(
      const std::int64_t changed,
      connection_.execute(
          "UPDATE budget_override SET from_at = ?3, state = ?4, approved_by = ?5, ended_by = ?6, "
          "changed_at = ?7, quota_before = ?8, quota_after = ?9, record = ?10, version = ?11 "
          "WHERE tenant_id = ?1 AND override_id = ?2 AND version = ?12",
          {one.tenant, one.id, to_unix_ms(one.from), std::string(name_of(one.state)),
           one.approved_by, one.ended_by, to_unix_ms(one.changed), param_of(one.before),
           param_of(one.after), one.record, one.version, one.version - 1}));
  if (changed == 1) return ok();
  return fail(Code::conflict, "the override was changed meanwhile");
}

}  // namespace mc::budget
